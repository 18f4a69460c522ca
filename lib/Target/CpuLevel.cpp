//===- CpuLevel.cpp - Levels of the x86-64 instruction set ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CpuLevel.h"
#include "amk/Target/CpuObject.h"

#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::amk;
using llvm::StringLiteral;

// The psABI's levels, in the features that amk::runtime::cpuHasFeature knows.
static constexpr StringLiteral kV2[] = {"sse3", "ssse3", "sse4.1", "sse4.2",
                                        "popcnt"};
static constexpr StringLiteral kV3[] = {"avx",  "avx2", "fma",
                                        "f16c", "bmi",  "bmi2"};
static constexpr StringLiteral kV4[] = {"avx512f", "avx512bw", "avx512cd",
                                        "avx512dq", "avx512vl"};

ArrayRef<CpuLevel> mlir::amk::cpuLevels() {
  static const CpuLevel levels[] = {
      {"x86-64-v2", kV2}, {"x86-64-v3", kV3}, {"x86-64-v4", kV4}};
  return levels;
}

static const CpuLevel *nativeLevel() {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  const CpuLevel *best = nullptr;
  for (const CpuLevel &level : cpuLevels()) {
    if (!llvm::all_of(level.features,
                      [&](StringRef name) { return host.lookup(name); }))
      break;
    best = &level;
  }
  return best;
}

const CpuLevel *mlir::amk::findCpuLevel(StringRef name) {
  if (name == "native")
    return nativeLevel();
  for (const CpuLevel &level : cpuLevels())
    if (level.name == name)
      return &level;
  return nullptr;
}

std::string mlir::amk::cpuLevelNames() {
  std::string names;
  for (const CpuLevel &level : cpuLevels())
    names += level.name.str() + ", ";
  return names + "native";
}

bool mlir::amk::isCpuLevel(StringRef name) {
  return name == "native" || findCpuLevel(name);
}

//===- GpuArchs.h - GPU architectures by name -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What planning and tools need of the table in KernelToNVVM/Arch.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_CONVERSION_GPUARCHS_H
#define AMK_CONVERSION_GPUARCHS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace mlir::amk {

/// On the gpu.module of a persistent kernel: the #amk.gpu of its program.
constexpr llvm::StringLiteral kGpuAttrName = "amk.gpu";

/// Whether code is generated for an architecture of that name. With "+trace" at
/// its end, which all of these functions take, code writes clock stamps.
bool isGpuArch(StringRef name);

/// "sm_80, sm_86, ...", for help texts and errors.
std::string gpuArchNames();

/// All of them but those that a later name replaces: sm_90a runs where sm_90
/// does, and so on.
std::vector<std::string> allGpuArchs();

/// Of a stage of the ring for code that shares its weights' layout: the
/// smallest of the architectures' own. All names must be known.
unsigned commonStageBytes(ArrayRef<std::string> archs);

} // namespace mlir::amk

#endif // AMK_CONVERSION_GPUARCHS_H

//===- CpuLevel.h - Levels of the x86-64 instruction set --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_CPULEVEL_H
#define AMK_LIB_TARGET_CPULEVEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::amk {

struct CpuLevel {
  llvm::StringLiteral name; ///< as clang's -march
  /// Features that the runtime asks the machine for, besides those of the level
  /// below.
  llvm::ArrayRef<llvm::StringLiteral> features;
};

/// From the lowest to the highest.
llvm::ArrayRef<CpuLevel> cpuLevels();

/// The level of that name, "native" included; null if there is none.
const CpuLevel *findCpuLevel(llvm::StringRef name);

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_CPULEVEL_H

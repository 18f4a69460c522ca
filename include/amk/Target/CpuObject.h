//===- CpuObject.h - Machine code for x86-64 --------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM dialect to a shared library that the runtime loads.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TARGET_CPUOBJECT_H
#define AMK_TARGET_CPUOBJECT_H

#include "amk/Target/BundleWriter.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::amk {

enum class Sanitizer { None, Thread, Address };

struct CpuObjectOptions {
  /// "x86-64-v2", "x86-64-v3", "x86-64-v4", or "native": the highest of them
  /// that this machine has.
  std::string level = "native";
  Sanitizer sanitizer = Sanitizer::None;
  /// Where machine code is kept and taken from for equal modules, an existing
  /// directory; empty for none. Nothing in it is checked: it is for tests that
  /// compile many schedules of the same bodies.
  std::string cacheDirectory;
};

/// The names that CpuObjectOptions::level takes, for help texts.
std::string cpuLevelNames();

/// Whether `name` is one of them.
bool isCpuLevel(StringRef name);

/// Translates, optimises and links the functions of `module`, which must define
/// amk_worker_main, and reports errors on it. Only that function and
/// amk_abi_version are visible outside the result. Operations other than LLVM's
/// must be gone.
FailureOr<::amk::CodeFile> compileCpuObject(ModuleOp module,
                                            const CpuObjectOptions &options);

} // namespace mlir::amk

#endif // AMK_TARGET_CPUOBJECT_H

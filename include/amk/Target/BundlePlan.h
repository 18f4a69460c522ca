//===- BundlePlan.h - What a bundle says about a schedule -------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns a placed schedule whose tasks are bound to kernel bodies into the
// contents of manifest.json and tables.bin.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TARGET_BUNDLEPLAN_H
#define AMK_TARGET_BUNDLEPLAN_H

#include "amk/Target/BundleWriter.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::amk {

/// Expects a module that `amk-verify-kernel` accepts, with one schedule and one
/// kernel program; reports what is wrong with another.
FailureOr<::amk::BundlePlan> planBundle(ModuleOp module);

} // namespace mlir::amk

#endif // AMK_TARGET_BUNDLEPLAN_H

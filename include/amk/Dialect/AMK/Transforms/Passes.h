//===- Passes.h - Passes within the amk dialect -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_TRANSFORMS_PASSES_H
#define AMK_DIALECT_AMK_TRANSFORMS_PASSES_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::amk {

#define GEN_PASS_DECL
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_TRANSFORMS_PASSES_H

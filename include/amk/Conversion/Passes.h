//===- Passes.h - Passes that change the level or the dialect -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_CONVERSION_PASSES_H
#define AMK_CONVERSION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::amk {

#define GEN_PASS_DECL
#include "amk/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "amk/Conversion/Passes.h.inc"

} // namespace mlir::amk

#endif // AMK_CONVERSION_PASSES_H

//===- InitAll.h - Registers everything of amk -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_INITALL_H
#define AMK_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::amk {

/// The amk dialect and the upstream ones that its passes produce.
void registerAllDialects(DialectRegistry &registry);

/// Translations to LLVM IR and conversion interfaces of those dialects.
void registerAllExtensions(DialectRegistry &registry);

/// All passes and pipelines of amk, and the upstream passes that the
/// pipelines use.
void registerAllPasses();

} // namespace mlir::amk

#endif // AMK_INITALL_H

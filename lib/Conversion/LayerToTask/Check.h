//===- Check.h - Which models have a task graph -----------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_CHECK_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_CHECK_H

#include "amk/Dialect/AMK/IR/AMK.h"

namespace mlir::amk {

/// Emits an error on every operation of the model that has no task form. The
/// conversion itself then cannot fail.
LogicalResult checkHasTaskForm(ModelOp model);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_CHECK_H

//===- GpuGraph.h - Task graphs for GPUs ------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_GPUGRAPH_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_GPUGRAPH_H

#include "Tiling.h"

#include "amk/Dialect/AMK/IR/AMK.h"

namespace mlir::amk {

/// Emits an error on every operation of the model that kernels of GPUs cannot
/// run. The model has a task form.
LogicalResult checkHasGpuForm(ModelOp model, const TilingOptions &options);

/// Fills the graph of a model that has a GPU form.
void convertForGpu(ModelOp model, GraphOp graph, const TilingOptions &options);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_GPUGRAPH_H

//===- PackWeights.cpp - One stream of weights per worker -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/Support/MathExtras.h"

namespace mlir::amk {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// Streams are read in whole cache lines.

/// Bytes of the packed weights, or nothing if they cannot be counted.
static std::optional<int64_t> packedBytes(const WeightUse &use) {
  int64_t rows, elements, bytes;
  if (llvm::MulOverflow(use.tileCount(), use.tileRows, rows) ||
      llvm::MulOverflow(rows, use.paddedColumns(), elements) ||
      llvm::MulOverflow<int64_t>(
          elements, use.element.getIntOrFloatBitWidth() / 8, bytes))
    return std::nullopt;
  return bytes;
}

static LogicalResult packQueue(QueueOp queue) {
  Builder builder(queue.getContext());
  int64_t offset = 0;
  for (auto task : queue.getBody().front().getOps<TaskOpInterface>()) {
    std::optional<WeightUse> use = task.getWeightUse();
    if (!use)
      continue;
    task.setStreamOffsetAttr(builder.getI64IntegerAttr(offset));
    std::optional<int64_t> bytes = packedBytes(*use);
    int64_t end;
    if (!bytes || llvm::AddOverflow(offset, *bytes, end) ||
        end > std::numeric_limits<int64_t>::max() - kSegmentAlignment)
      return task->emitOpError()
             << "makes the stream of worker " << queue.getWorker()
             << " longer than 2^63 bytes";
    offset = llvm::alignTo(end, kSegmentAlignment);
  }
  return success();
}

namespace {

struct PackWeights : public mlir::amk::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    for (auto queue : getOperation().getBody().front().getOps<QueueOp>())
      if (failed(packQueue(queue)))
        return signalPassFailure();
  }
};

} // namespace

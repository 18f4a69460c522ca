//===- PackWeights.cpp - One stream of weights per worker -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/Support/MathExtras.h"

namespace mlir::amk {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// Bytes of the packed weights, or nothing if they cannot be counted; for a GPU
/// with stages of `stageBytes`, if there are any, or an error.
static FailureOr<std::optional<int64_t>>
packedBytes(TaskOpInterface task, const WeightUse &use,
            std::optional<uint32_t> stageBytes) {
  if (!stageBytes)
    return use.streamBytes();
  FailureOr<WeightRun> run = weightRun(task, *stageBytes);
  if (failed(run))
    return failure();
  // Below 2^32 stages of at most 2^14 bytes.
  return std::optional<int64_t>(run->bytes());
}

static LogicalResult packQueue(QueueOp queue,
                               std::optional<uint32_t> stageBytes) {
  Builder builder(queue.getContext());
  int64_t alignment = segmentAlignment(stageBytes);
  int64_t offset = 0;
  for (auto task : queue.getBody().front().getOps<TaskOpInterface>()) {
    std::optional<WeightUse> use = task.getWeightUse();
    if (!use)
      continue;
    task.setStreamOffsetAttr(builder.getI64IntegerAttr(offset));
    FailureOr<std::optional<int64_t>> bytes =
        packedBytes(task, *use, stageBytes);
    if (failed(bytes))
      return failure();
    int64_t end;
    if (!*bytes || llvm::AddOverflow(offset, **bytes, end) ||
        end > std::numeric_limits<int64_t>::max() - alignment)
      return task->emitOpError()
             << "makes the stream of worker " << queue.getWorker()
             << " longer than 2^63 bytes";
    offset = llvm::alignTo(end, alignment);
  }
  return success();
}

namespace {

struct PackWeights : public mlir::amk::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    FailureOr<std::optional<uint32_t>> stageBytes =
        ringStageBytes(getOperation());
    if (failed(stageBytes))
      return signalPassFailure();
    for (auto queue : getOperation().getBody().front().getOps<QueueOp>())
      if (failed(packQueue(queue, *stageBytes)))
        return signalPassFailure();
  }
};

} // namespace

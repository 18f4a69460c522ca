//===- VerifySchedule.cpp - Gate of the schedule level --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
using ::amk::abi::Space;

/// Whether the tables address a buffer of this space by its offset. The host's
/// state has fixed places, and packed weights are found through streams.
static bool needsOffset(Space space) {
  return space != Space::IO && space != Space::Stream;
}

static LogicalResult verifyBuffers(ScheduleOp schedule) {
  LogicalResult result = success();
  Block &block = schedule.getBody().front();
  bool hasActivations = false;
  for (auto buffer : block.getOps<BufferOp>()) {
    hasActivations |= buffer.getKind() == BufferKind::Activation;
    if (needsOffset(addressSpace(buffer.getKind())) && !buffer.getOffset())
      result = buffer.emitOpError() << "'" << buffer.getName()
                                    << "' has no offset";
  }
  if (hasActivations && !schedule.getArenaBytes())
    result = schedule.emitOpError("has activations but no arena_bytes");
  // Activations may share bytes; the schedule's verifier decides about them.
  for (Space space : {Space::KVCache, Space::Constant, Space::External})
    if (failed(verifyDisjoint(block, [&](BufferOp buffer) {
          return addressSpace(buffer.getKind()) == space;
        })))
      result = failure();
  return result;
}

/// Segments of one worker's stream: placed, aligned and apart.
static LogicalResult verifyStream(QueueOp queue) {
  constexpr int64_t alignment = 64;
  LogicalResult result = success();
  SmallVector<std::pair<int64_t, TaskOpInterface>> segments;
  for (auto task : queue.getOps<TaskOpInterface>()) {
    if (!task.getWeightUse())
      continue;
    std::optional<int64_t> offset = task.getStreamOffset();
    if (!offset)
      result = task->emitOpError("uses weights but has no stream_offset");
    else if (*offset < 0 || *offset % alignment != 0)
      result = task->emitOpError()
               << "expects a stream_offset that is a multiple of " << alignment
               << ", found " << *offset;
    else
      segments.push_back({*offset, task});
  }
  llvm::stable_sort(segments, llvm::less_first());

  for (size_t i = 1; i < segments.size(); ++i) {
    auto [begin, before] = segments[i - 1];
    auto [offset, task] = segments[i];
    uint64_t end = static_cast<uint64_t>(begin) +
                   before.getWeightUse()->streamBytes();
    if (static_cast<uint64_t>(offset) >= end)
      continue;
    InFlightDiagnostic diag = task->emitOpError()
                              << "has its weights at byte " << offset
                              << ", inside those of another task";
    diag.attachNote(before->getLoc())
        << "task " << taskName(before) << " uses bytes [" << begin << ", "
        << end << ")";
    result = failure();
  }
  return result;
}

namespace {

struct VerifySchedule : mlir::amk::impl::VerifyScheduleBase<VerifySchedule> {
  void runOnOperation() override {
    LogicalResult result = verifyLevel(
        getOperation(), {"schedule",
                         {"amk.schedule"},
                         {"amk.buffer", "amk.counter", "amk.queue", "amk.wait",
                          "amk.signal", "amk.task."}});
    for (auto schedule : getOperation().getOps<ScheduleOp>()) {
      if (schedule.getUnsynchronized())
        result = schedule.emitOpError("is not synchronised; run "
                                      "amk-insert-sync");
      if (failed(verifyBuffers(schedule)))
        result = failure();
      for (auto queue : schedule.getOps<QueueOp>())
        if (failed(verifyStream(queue)))
          result = failure();
    }
    if (failed(result))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

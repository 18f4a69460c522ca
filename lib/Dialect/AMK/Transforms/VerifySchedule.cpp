//===- VerifySchedule.cpp - Gate of the schedule level --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include <map>

namespace mlir::amk {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
using ::amk::abi::IOLayout;
using ::amk::abi::Space;

/// Where the host keeps what it shares with the kernel.
static std::optional<uint64_t> fixedOffset(BufferKind kind) {
  switch (kind) {
  case BufferKind::Token:
    return IOLayout::kToken;
  case BufferKind::Control:
    return IOLayout::kControl;
  case BufferKind::Logits:
    return IOLayout::kLogits;
  default:
    return std::nullopt;
  }
}

/// What a buffer takes of its space: bytes, but a table is one of a list.
static uint64_t extentOf(BufferOp buffer) {
  return buffer.getKind() == BufferKind::Table ? 1 : buffer.getBytes();
}

/// Reports buffers that overlap. All are of one space and have a place.
static LogicalResult verifyDisjoint(SmallVector<BufferOp> buffers) {
  LogicalResult result = success();
  llvm::sort(buffers, [](BufferOp a, BufferOp b) {
    return *a.getOffset() < *b.getOffset();
  });
  BufferOp farthest;
  uint64_t end = 0;
  for (BufferOp buffer : buffers) {
    uint64_t begin = *buffer.getOffset();
    if (farthest && begin < end) {
      InFlightDiagnostic diag = buffer.emitOpError()
                                << "'" << buffer.getName() << "' begins at "
                                << begin << ", inside another buffer";
      diag.attachNote(farthest.getLoc())
          << "'" << farthest.getName() << "' ends at " << end;
      result = failure();
    }
    if (!farthest || begin + extentOf(buffer) > end) {
      farthest = buffer;
      end = begin + extentOf(buffer);
    }
  }
  return result;
}

static LogicalResult verifyBuffers(ScheduleOp schedule) {
  LogicalResult result = success();
  std::map<Space, SmallVector<BufferOp>> placed;
  for (auto buffer : schedule.getOps<BufferOp>()) {
    Space space = addressSpace(buffer.getKind());
    if (space == Space::Stream)
      continue; // found through stream_offset
    std::optional<uint64_t> offset = buffer.getOffset();
    std::optional<uint64_t> fixed = fixedOffset(buffer.getKind());
    if (!offset)
      result = buffer.emitOpError()
               << "'" << buffer.getName() << "' has no offset";
    else if (fixed && *offset != *fixed)
      result = buffer.emitOpError()
               << "'" << buffer.getName() << "' expects offset " << *fixed
               << ", found " << *offset;
    else if (!isTokenOfWorkers(buffer)) // nowhere in the host's memory
      placed[space].push_back(buffer);
  }
  if (placed.count(Space::Arena) && !schedule.getArenaBytes())
    result = schedule.emitOpError("has activations but no arena_bytes");
  // The kernel finds a table by its place in a list without gaps.
  ArrayRef<BufferOp> tables = placed[Space::External];
  for (BufferOp table : tables)
    if (*table.getOffset() >= tables.size())
      result = table.emitOpError()
               << "'" << table.getName() << "' expects an offset less than "
               << tables.size() << ", the number of tables, found "
               << *table.getOffset();
  // Activations may share bytes; the schedule's own verifier decides that.
  placed.erase(Space::Arena);
  for (auto &[space, buffers] : placed)
    if (failed(verifyDisjoint(buffers)))
      result = failure();
  return result;
}

namespace {
struct StreamSegment {
  uint64_t begin, end;
  TaskOpInterface task;
};
} // namespace

/// Appends the segment of a task with weights if it is placed and aligned.
static LogicalResult addSegment(TaskOpInterface task,
                                std::optional<uint32_t> ringStageBytes,
                                SmallVectorImpl<StreamSegment> &segments) {
  int64_t alignment = segmentAlignment(ringStageBytes);
  IntegerAttr offset = task.getStreamOffsetAttr();
  if (!offset)
    return task->emitOpError("uses weights but has no stream_offset");
  if (offset.getInt() < 0 || offset.getInt() % alignment != 0)
    return task->emitOpError()
           << "expects a stream_offset that is a multiple of " << alignment
           << ", found " << offset.getInt();
  uint64_t begin = offset.getInt(), bytes;
  if (ringStageBytes) {
    FailureOr<WeightRun> run = weightRun(task, *ringStageBytes);
    if (failed(run))
      return failure();
    bytes = run->bytes();
  } else {
    FailureOr<int64_t> counted = streamBytes(task);
    if (failed(counted))
      return failure();
    bytes = *counted;
  }
  segments.push_back({begin, begin + bytes, task});
  return success();
}

/// Segments of one worker's stream: placed, aligned and apart.
static LogicalResult verifyStream(QueueOp queue,
                                  std::optional<uint32_t> ringStageBytes) {
  LogicalResult result = success();
  SmallVector<StreamSegment> segments;
  for (auto task : queue.getOps<TaskOpInterface>())
    if (task.getWeightUse() &&
        failed(addSegment(task, ringStageBytes, segments)))
      result = failure();
  llvm::sort(segments, [](const StreamSegment &a, const StreamSegment &b) {
    return a.begin < b.begin;
  });

  for (size_t i = 1; i < segments.size(); ++i) {
    StreamSegment before = segments[i - 1], segment = segments[i];
    if (segment.begin >= before.end)
      continue;
    InFlightDiagnostic diag = segment.task->emitOpError()
                              << "has its weights at byte " << segment.begin
                              << ", inside those of another task";
    diag.attachNote(before.task->getLoc())
        << "task " << taskName(before.task) << " uses bytes [" << before.begin
        << ", " << before.end << ")";
    result = failure();
  }
  return result;
}

namespace {

struct VerifySchedule : mlir::amk::impl::VerifyScheduleBase<VerifySchedule> {
  void runOnOperation() override {
    LogicalResult result =
        verifyLevel(getOperation(), {"schedule",
                                     {"amk.schedule"},
                                     {"amk.buffer", "amk.counter", "amk.queue",
                                      "amk.wait", "amk.signal", "amk.task."}});
    for (auto schedule : getOperation().getOps<ScheduleOp>()) {
      if (schedule.getUnsynchronized())
        result = schedule.emitOpError("is not synchronised; run "
                                      "amk-insert-sync");
      if (failed(verifyBuffers(schedule)))
        result = failure();
      FailureOr<std::optional<uint32_t>> stageBytes = ringStageBytes(schedule);
      if (failed(stageBytes)) {
        result = failure();
        continue;
      }
      for (auto queue : schedule.getOps<QueueOp>())
        if (failed(verifyStream(queue, *stageBytes)))
          result = failure();
    }
    if (failed(result))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

//===- VerifySchedule.cpp - Gate of the schedule level --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

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
    else
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

/// Segments of one worker's stream: placed, aligned and apart.
static LogicalResult verifyStream(QueueOp queue) {
  LogicalResult result = success();
  SmallVector<std::pair<int64_t, TaskOpInterface>> segments;
  for (auto task : queue.getOps<TaskOpInterface>()) {
    if (!task.getWeightUse())
      continue;
    IntegerAttr attr = task.getStreamOffsetAttr();
    if (!attr) {
      result = task->emitOpError("uses weights but has no stream_offset");
      continue;
    }
    int64_t offset = attr.getInt();
    if (offset < 0 || offset % kSegmentAlignment != 0)
      result = task->emitOpError()
               << "expects a stream_offset that is a multiple of "
               << kSegmentAlignment << ", found " << offset;
    else
      segments.push_back({offset, task});
  }
  llvm::sort(segments, llvm::less_first());

  for (size_t i = 1; i < segments.size(); ++i) {
    auto [begin, before] = segments[i - 1];
    auto [offset, task] = segments[i];
    uint64_t end =
        static_cast<uint64_t>(begin) + before.getWeightUse()->streamBytes();
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

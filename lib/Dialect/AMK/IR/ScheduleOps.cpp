//===- ScheduleOps.cpp - Verifiers of the schedule level -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

void CounterOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), getName());
}

sched::Protocol CounterOp::getProtocol() {
  if (getTagBase())
    return sched::Protocol::Tag;
  return getBarriers() ? sched::Protocol::Parity : sched::Protocol::Release;
}

/// The bytes after `of`.
static LogicalResult verifyWords(CounterOp counter) {
  Value words = counter.getBuffer();
  RangeAttr bytes = counter.getBytesAttr();
  if (!words && !bytes)
    return success();
  if (!words || !bytes || !counter.getTagBase())
    return counter.emitOpError(
        "expects a buffer and bytes of it together, and a tag base with them");
  auto buffer = words.getDefiningOp<BufferOp>();
  if (!buffer)
    return counter.emitOpError()
           << "expects an amk.buffer after `of`, found " << words;
  // Dominance is checked last: a counter may precede its buffer here.
  if (failed(buffer.verify()))
    return failure();
  auto refuse = [&](const Twine &expected) {
    InFlightDiagnostic diag = counter.emitOpError()
                              << "expects " << expected << ", found ["
                              << bytes.getBegin() << " to " << bytes.getEnd()
                              << "]";
    diag.attachNote(buffer.getLoc()) << "see the buffer here";
    return diag;
  };
  if (buffer.getHandOff() != HandOff::Tag)
    return refuse("bytes of a buffer with `hand_off tag`");
  if (bytes.getEnd() > buffer.getBytes())
    return refuse("bytes of its buffer, which has " + Twine(buffer.getBytes()));
  if (bytes.getBegin() % kWordBytes != 0 || bytes.getEnd() % kWordBytes != 0)
    return refuse("whole words of " + Twine(kWordBytes) + " bytes");
  return success();
}

LogicalResult CounterOp::verify() {
  if (getTagBase() && getBarriers())
    return emitOpError("expects a tag base or a number of barriers, not both");
  if (getTagBase() && static_cast<int64_t>(*getTagBase()) < 0)
    return emitOpError() << "expects a tag base from 0 on, found "
                         << static_cast<int64_t>(*getTagBase());
  if (getBarriers() && (*getBarriers() < 1 ||
                        *getBarriers() > std::numeric_limits<uint32_t>::max()))
    return emitOpError() << "expects 1 to 2^32 - 1 barriers, found "
                         << static_cast<int64_t>(*getBarriers());
  return verifyWords(*this);
}

LogicalResult GraphOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<BufferOp, TaskOpInterface>(op))
      return op.emitOpError("is not allowed in a graph; expects buffers and "
                            "tasks");
  return success();
}

LogicalResult QueueOp::verifyRegions() {
  Operation *openWait = nullptr;
  bool hasTask = false;
  for (Operation &op : getBody().front()) {
    if (isa<WaitOp>(op)) {
      openWait = &op;
    } else if (isa<SignalOp>(op)) {
      if (!hasTask)
        return op.emitOpError("expects a task before it in its queue");
      if (openWait)
        return op.emitOpError("expects no wait between it and its task")
                   .attachNote(openWait->getLoc())
               << "see the wait here";
    } else if (isa<TaskOpInterface>(op)) {
      hasTask = true;
      openWait = nullptr;
    } else {
      return op.emitOpError("is not allowed in a queue; expects waits, tasks "
                            "and signals");
    }
  }
  if (openWait)
    return openWait->emitOpError("expects a task after it in its queue");
  return success();
}

/// One queue per worker in order, each followed by its loader if it has one.
static LogicalResult verifyQueues(ScheduleOp schedule) {
  int64_t queues = 0;
  bool hasLoader = true; // before the first queue there is nothing to load for
  for (auto queue : schedule.getOps<QueueOp>()) {
    auto worker = static_cast<int64_t>(queue.getWorker());
    if (queue.getLoader()) {
      if (hasLoader || worker != queues - 1)
        return queue.emitOpError() << "expects the queue of worker " << worker
                                   << " just before its loader";
      hasLoader = true;
      continue;
    }
    if (worker != queues)
      return queue.emitOpError()
             << "expects worker " << queues << ", found " << worker;
    ++queues;
    hasLoader = false;
  }
  int64_t workers = schedule.getWorkers();
  if (workers > ::amk::abi::kMaxWorkers)
    return schedule.emitOpError()
           << "expects at most " << ::amk::abi::kMaxWorkers
           << " workers, found " << workers;
  if (workers < 1 || workers != queues)
    return schedule.emitOpError() << "expects one queue per worker, found "
                                  << queues << " for " << workers;
  return success();
}

/// Buffers, counters and queues; nothing else.
static LogicalResult verifyStructure(ScheduleOp schedule) {
  for (Operation &op : schedule.getBody().front())
    if (!isa<BufferOp, CounterOp, QueueOp>(op))
      return op.emitOpError("is not allowed in a schedule; expects buffers, "
                            "counters and queues");
  if (schedule.getArenaBytes() &&
      static_cast<int64_t>(*schedule.getArenaBytes()) < 0)
    return schedule.emitOpError()
           << "expects arena_bytes that are not negative, found "
           << static_cast<int64_t>(*schedule.getArenaBytes());
  if (failed(verifyQueues(schedule)))
    return failure();
  for (auto buffer : schedule.getOps<BufferOp>())
    if (buffer.getWorker() && *buffer.getWorker() >= schedule.getWorkers())
      return buffer.emitOpError()
             << "lies in the memory of worker " << *buffer.getWorker() << " of "
             << schedule.getWorkers();
  return success();
}

/// Whoever polls words must know all who store them.
static LogicalResult verifyTagged(const ScheduleModel &model) {
  for (ScheduleModel::UntaggedWrite write : model.untagged) {
    InFlightDiagnostic diag =
        write.task->emitOpError()
        << "writes words of '" << write.buffer.getName()
        << "'; expects to signal the tag counters of all of them";
    diag.attachNote(write.buffer.getLoc()) << "see the buffer here";
  }
  return success(model.untagged.empty());
}

LogicalResult ScheduleOp::verifyRegions() {
  if (failed(verifyStructure(*this)))
    return failure();
  ScheduleModel model = buildScheduleModel(*this);
  if (getUnsynchronized())
    return emitViolations(*this, model, sched::check(model.program));
  if (failed(verifyTagged(model)))
    return failure();
  return emitViolations(*this, model, sched::verify(model.program));
}

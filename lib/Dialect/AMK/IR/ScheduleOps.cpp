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

/// Buffers, counters and one queue per worker in order; nothing else.
static LogicalResult verifyStructure(ScheduleOp schedule) {
  int64_t queues = 0;
  for (Operation &op : schedule.getBody().front()) {
    if (isa<BufferOp, CounterOp>(op))
      continue;
    auto queue = dyn_cast<QueueOp>(op);
    if (!queue)
      return op.emitOpError("is not allowed in a schedule; expects buffers, "
                            "counters and queues");
    if (static_cast<int64_t>(queue.getWorker()) != queues)
      return queue.emitOpError()
             << "expects worker " << queues << ", found " << queue.getWorker();
    ++queues;
  }
  int64_t workers = schedule.getWorkers();
  if (workers > ::amk::abi::kMaxWorkers)
    return schedule.emitOpError()
           << "expects at most " << ::amk::abi::kMaxWorkers
           << " workers, found " << workers;
  if (schedule.getArenaBytes() &&
      static_cast<int64_t>(*schedule.getArenaBytes()) < 0)
    return schedule.emitOpError()
           << "expects arena_bytes that are not negative, found "
           << static_cast<int64_t>(*schedule.getArenaBytes());
  if (workers < 1 || workers != queues)
    return schedule.emitOpError() << "expects one queue per worker, found "
                                  << queues << " for " << workers;
  return success();
}

LogicalResult ScheduleOp::verifyRegions() {
  if (failed(verifyStructure(*this)))
    return failure();
  ScheduleModel model = buildScheduleModel(*this);
  if (getUnsynchronized())
    return emitViolations(*this, model, sched::check(model.program));
  return emitViolations(*this, model, sched::verify(model.program));
}

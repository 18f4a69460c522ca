//===- OpaqueTask.cpp - Tasks with declared accesses ------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TaskSupport.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::task;

std::optional<WeightUse> TaskOpaqueOp::getWeightUse() { return std::nullopt; }

/// That an access names operands, and what may be accessed. Whether its bytes
/// lie in the buffer is the schedule verifier's question (AMK-S2).
static LogicalResult verifyAccess(TaskOpaqueOp task, AccessAttr access) {
  OperandRange buffers = task.getBuffers(), counters = task.getCounters();
  if (access.getBuffer() >= static_cast<int64_t>(buffers.size()))
    return task.emitOpError()
           << "expects accesses to one of its " << buffers.size()
           << " buffers, found buffer " << access.getBuffer();
  if (access.getCounter() >= static_cast<int64_t>(counters.size()))
    return task.emitOpError()
           << "expects accesses with one of its " << counters.size()
           << " counters, found counter " << access.getCounter();
  auto buffer = buffers[access.getBuffer()].getDefiningOp<BufferOp>();
  if (buffer.isMutable())
    return success();
  InFlightDiagnostic diag = task.emitOpError()
                            << "expects accesses to buffers that kernels "
                               "write, found kind "
                            << stringifyBufferKind(buffer.getKind());
  diag.attachNote(buffer.getLoc()) << "see the buffer here";
  return diag;
}

LogicalResult TaskOpaqueOp::verify() {
  for (Value buffer : getBuffers())
    if (failed(verifyRoles(*this, {{"buffer", buffer, kAnyBuffer}})))
      return failure();
  for (Value counter : getCounters())
    if (!counter.getDefiningOp<CounterOp>())
      return emitOpError() << "expects an amk.counter as counter, found "
                           << counter;
  for (auto access : getAccesses().getAsRange<AccessAttr>())
    if (failed(verifyAccess(*this, access)))
      return failure();
  return success();
}

void TaskOpaqueOp::getAccesses(Accesses &accesses) {
  for (auto access : getAccesses().getAsRange<AccessAttr>())
    accesses.push_back(
        {getBuffers()[access.getBuffer()], access.getMode(), access.getOffset(),
         access.getRows(), access.getRowBytes(), access.getRowStride(),
         access.getCounter() < 0 ? Value()
                                 : getCounters()[access.getCounter()]});
}

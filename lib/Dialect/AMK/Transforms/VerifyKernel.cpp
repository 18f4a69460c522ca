//===- VerifyKernel.cpp - Gate of the kernel level ------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"
#include "VerifyGpuKernel.h"

#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_VERIFYKERNEL
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// The schedule was proved safe for what its tasks touch, so a body must be
/// given just that.
static LogicalResult verifyOperands(TaskOpInterface task,
                                    ArrayRef<int64_t> operands) {
  if (task.getWeightUse() && !task.getStreamOffsetAttr())
    return task->emitOpError("uses weights but has no stream_offset");
  SmallVector<int64_t> expected = instructionOperands(task);
  if (ArrayRef<int64_t>(expected) == operands)
    return success();
  InFlightDiagnostic diag = task->emitOpError()
                            << "passes operands that differ from its buffers "
                               "and units: found [";
  llvm::interleaveComma(operands, diag);
  diag << "], expected [";
  llvm::interleaveComma(expected, diag);
  return diag << "]";
}

/// `stageBytes` are those of a GPU.
static LogicalResult verifyCall(TaskOpInterface task, KernelProgramOp program,
                                std::optional<uint32_t> stageBytes) {
  CallAttr call = task.getCallAttr();
  if (stageBytes && isa<TaskLoadKVOp>(task)) {
    if (call)
      return task->emitOpError("expects no kernel body: loaders run none");
    return success();
  }
  if (!call)
    return task->emitOpError("has no kernel body");
  auto body = program.lookupSymbol<KernelBodyOp>(call.getBody());
  if (!body)
    return task->emitOpError()
           << "calls " << call.getBody() << ", which is not a body of @"
           << program.getSymName();
  ArrayRef<int64_t> operands = call.getOperands().asArrayRef();
  if (operands.size() > ::amk::abi::kMaxOperands)
    return task->emitOpError() << "has " << operands.size()
                               << " operands; an instruction has room for "
                               << ::amk::abi::kMaxOperands;
  if (operands.size() != body.getBody().getNumArguments()) {
    InFlightDiagnostic diag =
        task->emitOpError()
        << "passes " << operands.size() << " operands to a body with "
        << body.getBody().getNumArguments() << " arguments";
    diag.attachNote(body.getLoc()) << "the body is here";
    return diag;
  }
  for (int64_t operand : operands)
    if (operand < 0)
      return task->emitOpError()
             << "expects operands that are not negative, found " << operand;
  if (failed(verifyOperands(task, operands)))
    return failure();
  return stageBytes ? verifyGpuCall(task, body, *stageBytes) : success();
}

static LogicalResult verifySchedule(ScheduleOp schedule,
                                    KernelProgramOp program) {
  FailureOr<std::optional<uint32_t>> stageBytes = ringStageBytes(schedule);
  if (failed(stageBytes))
    return failure();
  LogicalResult result = success();
  if (*stageBytes)
    result = verifyGpuProgram(program, **stageBytes);
  schedule.walk([&](TaskOpInterface task) {
    if (failed(verifyCall(task, program, *stageBytes)))
      result = failure();
  });
  return result;
}

static LogicalResult verifyScratch(KernelProgramOp program) {
  LogicalResult result = success();
  int64_t available = program.getScratchBytes();
  program.walk([&](KernelScratchOp scratch) {
    int64_t offset = scratch.getOffset();
    int64_t bytes = byteSize(cast<MemRefType>(scratch.getType()));
    if (bytes > available || offset > available - bytes)
      result = scratch.emitOpError()
               << "uses " << bytes << " bytes at " << offset << " of "
               << available << " scratch bytes";
  });
  return result;
}

namespace {

struct VerifyKernel : mlir::amk::impl::VerifyKernelBase<VerifyKernel> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    LogicalResult result = verifyLevel(
        module, {"kernel",
                 {"amk.kernel.program", "amk.schedule"},
                 {"amk.buffer", "amk.counter", "amk.queue", "amk.wait",
                  "amk.signal", "amk.task.", "amk.kernel.", "arith."}});
    auto programs = llvm::to_vector(module.getOps<KernelProgramOp>());
    if (programs.size() > 1)
      result = programs[1].emitOpError("expects to be the only one, because "
                                       "tasks name bodies, not programs");
    for (KernelProgramOp program : programs)
      if (failed(verifyScratch(program)))
        result = failure();
    if (programs.size() == 1)
      for (auto schedule : module.getOps<ScheduleOp>())
        if (failed(verifySchedule(schedule, programs.front())))
          result = failure();
    if (failed(result))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

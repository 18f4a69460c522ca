//===- VerifyGpuKernel.cpp - Bodies against the tasks of a GPU ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loader of a worker follows the instructions, the consumers follow the
// bodies. Two opinions on the length of a run would leave both waiting, and a
// tag that is not the one of its words would never come.
//
//===----------------------------------------------------------------------===//

#include "VerifyGpuKernel.h"

#include "amk/Dialect/AMK/IR/GpuWeights.h"

using namespace mlir;
using namespace mlir::amk;
namespace gpu = ::amk::gpu;

//===----------------------------------------------------------------------===//
// Runs through the ring
//===----------------------------------------------------------------------===//

/// What the instruction passes for an argument of the body, if `value` is one.
static std::optional<int64_t> passedFor(Value value, TaskOpInterface task) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return std::nullopt;
  return task.getCallAttr().getOperands()[argument.getArgNumber()];
}

/// A body with a run has one operation that consumes it, others have none.
template <typename OpT>
static FailureOr<OpT> consumerIn(KernelBodyOp body, TaskOpInterface task,
                                 bool hasRun) {
  auto ops = body.getOps<OpT>();
  int64_t found = llvm::range_size(ops);
  if (found == (hasRun ? 1 : 0))
    return hasRun ? *ops.begin() : OpT();
  InFlightDiagnostic diag = task->emitOpError()
                            << "calls a body with " << found << " of '"
                            << OpT::getOperationName() << "', expected "
                            << (hasRun ? "one" : "none") << " for its run";
  diag.attachNote(body.getLoc()) << "the body is here";
  return diag;
}

static InFlightDiagnostic refuse(TaskOpInterface task, Operation *consumer,
                                 const Twine &what) {
  InFlightDiagnostic diag = task->emitOpError() << "calls a body that " << what;
  diag.attachNote(consumer->getLoc()) << "see the operation here";
  return diag;
}

static LogicalResult verifyWeightRun(TaskOpInterface task, KernelBodyOp body,
                                     uint32_t stageBytes) {
  std::optional<WeightUse> use = task.getWeightUse();
  auto gemv = consumerIn<KernelGemvOp>(body, task, use.has_value());
  if (failed(gemv))
    return failure();
  if (!use)
    return success();
  FailureOr<WeightRun> run = weightRun(task, stageBytes);
  if (failed(run))
    return failure();
  auto layout = static_cast<::amk::abi::PackLayout>(gemv->packLayout());
  if (layout != run->layout)
    return refuse(task, *gemv,
                  "multiplies weights of another layout, " +
                      stringifyPackLayout(gemv->packLayout()));
  int64_t columns =
      cast<MemRefType>(gemv->getInput().getType()).getNumElements();
  gpu::RunShape shape = gpu::runShape(layout, columns, run->maxStageBlocks);
  if (shape.panels != run->shape.panels ||
      shape.tileStages != run->shape.tileStages ||
      shape.stageBytes() != run->stageBytes())
    return refuse(task, *gemv,
                  "multiplies " + Twine(columns) +
                      " columns, expected the stages of " +
                      Twine(use->columns));
  if (passedFor(gemv->getTiles(), task) != use->tileCount())
    return refuse(task, *gemv,
                  "does not multiply the " + Twine(use->tileCount()) +
                      " tiles of the task");
  return success();
}

static LogicalResult verifyKVRun(TaskOpInterface task, KernelBodyOp body) {
  auto attention = dyn_cast<TaskAttentionOp>(*task);
  auto op = consumerIn<KernelRingAttentionOp>(body, task, bool(attention));
  if (failed(op))
    return failure();
  if (!attention)
    return success();
  int64_t splits = attention.getSplits();
  int64_t unit = attention.getUnits().getBegin();
  if (int64_t(op->getSplits()) != splits)
    return refuse(task, *op,
                  "has " + Twine(op->getSplits()) + " splits, expected " +
                      Twine(splits));
  if (gpu::kvBlockBytes(op->getDim()) != kvBlockBytes(attention))
    return refuse(task, *op,
                  "has blocks of " + Twine(gpu::kvBlockBytes(op->getDim())) +
                      " bytes, expected the " + Twine(kvBlockBytes(attention)) +
                      " of the task's cache");
  if (passedFor(op->getHead(), task) != unit / splits ||
      passedFor(op->getSplit(), task) != unit % splits)
    return refuse(task, *op,
                  "does not work on head " + Twine(unit / splits) + ", split " +
                      Twine(unit % splits));
  return success();
}

//===----------------------------------------------------------------------===//
// Tags
//===----------------------------------------------------------------------===//

/// Tag counters that the task waits for, in order.
static SmallVector<CounterOp> tagWaits(TaskOpInterface task) {
  SmallVector<CounterOp> counters;
  Operation *op = task->getPrevNode();
  for (; isa_and_nonnull<WaitOp>(op); op = op->getPrevNode()) {
    auto counter = cast<WaitOp>(op).getCounter().getDefiningOp<CounterOp>();
    if (counter.getTagBase())
      counters.push_back(counter);
  }
  return {counters.rbegin(), counters.rend()};
}

/// Buffers of words that the task reads, in the order of its operands.
static SmallVector<BufferOp> wordInputs(TaskOpInterface task) {
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  SmallVector<BufferOp> inputs;
  for (Value operand : task->getOperands()) {
    auto buffer = operand.getDefiningOp<BufferOp>();
    bool isRead = llvm::any_of(accesses, [&](const BufferAccess &access) {
      return access.buffer == operand && access.isRead();
    });
    if (isRead && buffer.getHandOff() == HandOff::Tag &&
        !llvm::is_contained(inputs, buffer))
      inputs.push_back(buffer);
  }
  return inputs;
}

/// The n-th tag of the instruction is that of the n-th wait, and bodies take it
/// for that of the n-th input.
static LogicalResult verifyTags(TaskOpInterface task, KernelBodyOp body) {
  SmallVector<CounterOp> waits = tagWaits(task);
  SmallVector<BufferOp> inputs = wordInputs(task);
  if (waits.size() != inputs.size())
    return task->emitOpError()
           << "waits for " << waits.size() << " tag counters, expected one for "
           << "each of its " << inputs.size() << " inputs in words";
  for (auto [counter, buffer] : llvm::zip_equal(waits, inputs))
    if (counter.getBuffer() != buffer.getResult())
      return task->emitOpError()
             << "waits for the words of counter \"" << counter.getName()
             << "\" where it needs those of buffer \"" << buffer.getName()
             << '"';
  for (auto tag : body.getOps<KernelInputTagOp>())
    if (tag.getNumber() >= waits.size())
      return refuse(task, tag,
                    "asks for tag " + Twine(tag.getNumber()) + " of " +
                        Twine(waits.size()));
  return success();
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

/// The element of the token that the schedule gives a task is its worker's.
static LogicalResult verifyOwnToken(TaskOpInterface task, QueueOp queue) {
  int64_t part = task.getPhase().getPart();
  for (Value operand : task->getOperands())
    if (isTokenOfWorkers(operand.getDefiningOp<BufferOp>()) &&
        part != int64_t(queue.getWorker()))
      return task->emitOpError() << "uses the token of worker " << part
                                 << " on worker " << queue.getWorker();
  return success();
}

LogicalResult mlir::amk::verifyGpuCall(TaskOpInterface task, KernelBodyOp body,
                                       uint32_t stageBytes) {
  auto queue = cast<QueueOp>(task->getParentOp());
  if (queue.getLoader())
    return task->emitOpError("has a body, but a loader runs none");
  if (isa<TaskOpaqueOp>(task))
    return success(); // its back end knows
  if (failed(verifyWeightRun(task, body, stageBytes)) ||
      failed(verifyKVRun(task, body)) || failed(verifyTags(task, body)))
    return failure();
  return verifyOwnToken(task, queue);
}

LogicalResult mlir::amk::verifyGpuProgram(KernelProgramOp program,
                                          uint32_t stageBytes) {
  GpuAttr attr = program.getGpuAttr();
  if (!attr || attr.getStage() == int64_t(stageBytes))
    return success();
  return program.emitOpError()
         << "has stages of " << attr.getStage() << " bytes, expected the "
         << stageBytes << " of the schedule";
}

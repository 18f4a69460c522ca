//===- TableEncoder.cpp - From a schedule to tables -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TableEncoder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

namespace {

class TableEncoder {
public:
  TableEncoder(ScheduleOp schedule, KernelProgramOp program,
               const TensorIndices &tensors)
      : schedule(schedule), tensors(tensors) {
    for (auto [index, body] : llvm::enumerate(program.getOps<KernelBodyOp>()))
      bodies[body.getSymNameAttr()] = index;
  }

  FailureOr<::amk::schedule::Tables> run();

private:
  LogicalResult encodeQueue(QueueOp queue);
  LogicalResult encodeTask(TaskOpInterface task);
  void encodeAccesses(TaskOpInterface task, abi::Instruction &instruction);
  LogicalResult encodeSegment(TaskOpInterface task);
  uint32_t addString(StringRef text);

  ScheduleOp schedule;
  const TensorIndices &tensors;
  ::amk::schedule::Tables tables;
  uint32_t worker = 0;
  DenseMap<StringAttr, uint32_t> bodies;
  DenseMap<Value, uint32_t> counters;
  llvm::StringMap<uint32_t> strings;
};

} // namespace

uint32_t TableEncoder::addString(StringRef text) {
  auto [it, inserted] = strings.try_emplace(text, tables.strings.size());
  if (inserted)
    tables.strings.append(text.str().c_str(), text.size() + 1);
  return it->second;
}

void TableEncoder::encodeAccesses(TaskOpInterface task,
                                  abi::Instruction &instruction) {
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  instruction.accessBegin = tables.accesses.size();
  instruction.accessCount = accesses.size();
  for (const BufferAccess &access : accesses) {
    auto buffer = access.buffer.getDefiningOp<BufferOp>();
    auto mode = access.isWrite ? abi::AccessMode::Write : abi::AccessMode::Read;
    tables.accesses.push_back(
        {static_cast<uint32_t>(addressSpace(buffer.getKind())),
         static_cast<uint32_t>(mode),
         *buffer.getOffset() + static_cast<uint64_t>(access.offset),
         static_cast<uint64_t>(access.rows),
         static_cast<uint64_t>(access.rowBytes),
         static_cast<uint64_t>(access.rowStride)});
  }
}

/// The task's weights in its worker's stream.
LogicalResult TableEncoder::encodeSegment(TaskOpInterface task) {
  std::optional<WeightUse> use = task.getWeightUse();
  if (!use)
    return success();
  IntegerAttr offset = task.getStreamOffsetAttr();
  if (!offset)
    return task->emitOpError("has no stream_offset; run amk-pack-weights");
  abi::PackSegment segment = {};
  segment.worker = worker;
  segment.layout = static_cast<uint32_t>(abi::PackLayout::RowInterleaved32);
  segment.rowMap = static_cast<uint32_t>(use->rowMap);
  segment.tileRows = use->tileRows;
  std::fill(std::begin(segment.tensors), std::end(segment.tensors),
            abi::kNoTensor);
  for (auto [index, weight] : llvm::enumerate(use->weights))
    segment.tensors[index] =
        tensors.lookup(*weight.getDefiningOp<BufferOp>().getSource());
  segment.headDim = use->headDim;
  segment.unitBegin = use->unitBegin;
  segment.unitCount = use->unitCount;
  segment.streamOffset = offset.getInt();
  segment.bytes = use->streamBytes();
  tables.segments.push_back(segment);
  return success();
}

/// Appends an instruction; waits and signals are added by encodeQueue().
LogicalResult TableEncoder::encodeTask(TaskOpInterface task) {
  CallAttr call = task.getCallAttr();
  if (!call)
    return task->emitOpError(
        "has no kernel body; run convert-amk-schedule-to-kernel");
  auto body = bodies.find(call.getBody().getAttr());
  if (body == bodies.end())
    return task->emitOpError("calls ")
           << call.getBody() << ", which the kernel program does not have";
  ArrayRef<int64_t> operands = call.getOperands();
  if (operands.size() > abi::kMaxOperands)
    return task->emitOpError("has ")
           << operands.size() << " operands, expected at most "
           << abi::kMaxOperands;
  abi::Instruction instruction = {};
  instruction.body = body->second;
  instruction.name = addString(taskName(task));
  instruction.operandCount = operands.size();
  llvm::copy(operands, instruction.operands);
  encodeAccesses(task, instruction);
  tables.instructions.push_back(instruction);
  return encodeSegment(task);
}

/// Waits belong to the task after them, signals to the one before them.
LogicalResult TableEncoder::encodeQueue(QueueOp queue) {
  abi::Queue entry;
  entry.begin = tables.instructions.size();
  uint32_t waitBegin = tables.waits.size();
  for (Operation &op : queue.getBody().front()) {
    if (auto wait = dyn_cast<WaitOp>(op)) {
      tables.waits.push_back({counters.lookup(wait.getCounter()),
                              static_cast<int32_t>(wait.getThreshold())});
    } else if (auto signal = dyn_cast<SignalOp>(op)) {
      uint32_t counter = counters.lookup(signal.getCounter());
      uint32_t amount = signal.getAmount();
      tables.signals.push_back({counter, amount});
      tables.counters[counter].perStep += amount;
      ++tables.instructions.back().signalCount;
    } else if (auto task = dyn_cast<TaskOpInterface>(op)) {
      if (failed(encodeTask(task)))
        return failure();
      abi::Instruction &instruction = tables.instructions.back();
      instruction.waitBegin = waitBegin;
      instruction.waitCount = tables.waits.size() - waitBegin;
      instruction.signalBegin = tables.signals.size();
      waitBegin = tables.waits.size();
    }
  }
  entry.count = tables.instructions.size() - entry.begin;
  tables.queues.push_back(entry);
  return success();
}

FailureOr<::amk::schedule::Tables> TableEncoder::run() {
  tables.workers = schedule.getWorkers();
  tables.strings.push_back('\0');
  strings[""] = 0;
  for (auto counter : schedule.getOps<CounterOp>()) {
    counters[counter.getResult()] = tables.counters.size();
    tables.counters.push_back({0, addString(counter.getName())});
  }
  for (auto queue : schedule.getOps<QueueOp>()) {
    if (failed(encodeQueue(queue)))
      return failure();
    ++worker;
  }
  return std::move(tables);
}

FailureOr<::amk::schedule::Tables>
mlir::amk::encodeTables(ScheduleOp schedule, KernelProgramOp program,
                        const TensorIndices &tensors) {
  return TableEncoder(schedule, program, tensors).run();
}

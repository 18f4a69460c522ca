//===- TableEncoder.cpp - From a schedule to tables -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TableEncoder.h"
#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include <map>

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

namespace {

class TableEncoder {
public:
  TableEncoder(ScheduleOp schedule, KernelProgramOp program,
               const ::amk::runtime::MemoryInfo &memory,
               const TensorIndices &tensors)
      : schedule(schedule), memory(memory), tensors(tensors) {
    for (auto [index, body] : llvm::enumerate(program.getOps<KernelBodyOp>()))
      bodies[body.getSymNameAttr()] = index;
  }

  FailureOr<::amk::schedule::Tables> run();

private:
  void encodeSpaces();
  void encodeBuffer(BufferOp buffer);
  uint32_t spaceOf(BufferOp buffer);
  uint32_t addSpace(abi::Space space, const llvm::Twine &name, uint64_t bytes,
                    uint64_t ringBytes = 0, uint32_t owner = abi::kNone);
  void encodeCounter(CounterOp counter);
  LogicalResult encodeQueue(QueueOp queue);
  LogicalResult encodeTask(TaskOpInterface task);
  void encodeAccesses(TaskOpInterface task, abi::Instruction &instruction);
  LogicalResult encodeSegment(TaskOpInterface task);
  uint32_t addString(StringRef text);

  ScheduleOp schedule;
  const ::amk::runtime::MemoryInfo &memory;
  const TensorIndices &tensors;
  ::amk::schedule::Tables tables;
  uint32_t worker = 0;
  std::optional<uint32_t> stageBytes; ///< of a GPU's ring
  DenseMap<StringAttr, uint32_t> bodies;
  DenseMap<Value, uint32_t> counters;
  DenseMap<Value, uint32_t> buffers;
  /// Space of each kind of memory, and of each worker's shared memory.
  std::map<std::pair<abi::Space, uint32_t>, uint32_t> spaces;
  llvm::StringMap<uint32_t> strings;
};

} // namespace

uint32_t TableEncoder::addString(StringRef text) {
  auto [it, inserted] = strings.try_emplace(text, tables.strings.size());
  if (inserted)
    tables.strings.append(text.str().c_str(), text.size() + 1);
  return it->second;
}

static abi::BufferKind tableKind(BufferKind kind) {
  switch (kind) {
  case BufferKind::KVCache:
  case BufferKind::Token:
  case BufferKind::Control:
    return abi::BufferKind::Carried;
  case BufferKind::Logits:
    return abi::BufferKind::Output;
  default:
    return abi::BufferKind::Scratch;
  }
}

uint32_t TableEncoder::addSpace(abi::Space space, const llvm::Twine &name,
                                uint64_t bytes, uint64_t ringBytes,
                                uint32_t owner) {
  tables.spaces.push_back({addString(name.str()), static_cast<uint32_t>(space),
                           bytes, ringBytes, owner, /*reserved=*/0});
  return tables.spaces.size() - 1;
}

void TableEncoder::encodeSpaces() {
  auto add = [&](abi::Space space, StringRef name, uint64_t bytes) {
    spaces[{space, abi::kNone}] = addSpace(space, name, bytes);
  };
  add(abi::Space::Arena, "arena", memory.arenaBytes);
  add(abi::Space::KVCache, "kv", memory.kvBytes);
  add(abi::Space::IO, "io", memory.ioBytes);
}

/// A ring has a space of its own. The other shared memory of a worker is one,
/// which ends with its last buffer.
uint32_t TableEncoder::spaceOf(BufferOp buffer) {
  abi::Space space = addressSpace(buffer.getKind());
  if (space != abi::Space::Shared)
    return spaces.at({space, abi::kNone});
  uint64_t bytes = buffer.getBytes();
  uint32_t owner = buffer.getWorker().value_or(abi::kNone);
  if (buffer.getKind() == BufferKind::Ring)
    return addSpace(space, buffer.getName(), bytes, *buffer.getCapacity(),
                    owner);
  auto [it, isNew] = spaces.try_emplace({space, owner}, tables.spaces.size());
  if (isNew)
    addSpace(space, "worker " + llvm::Twine(owner) + " shared", 0, 0, owner);
  uint64_t &size = tables.spaces[it->second].bytes;
  size = std::max(size, *buffer.getOffset() + bytes);
  return it->second;
}

void TableEncoder::encodeBuffer(BufferOp buffer) {
  buffers[buffer.getResult()] = tables.buffers.size();
  abi::BufferInfo info = {};
  info.name = addString(buffer.getName());
  info.kind = static_cast<uint32_t>(tableKind(buffer.getKind()));
  info.space = spaceOf(buffer);
  info.offset = buffer.getOffset().value_or(0);
  info.bytes = buffer.getBytes();
  tables.buffers.push_back(info);
}

static abi::Protocol tableProtocol(::amk::schedule::Protocol protocol) {
  using ::amk::schedule::Protocol;
  switch (protocol) {
  case Protocol::Release:
    return abi::Protocol::Release;
  case Protocol::Tag:
    return abi::Protocol::Tag;
  case Protocol::Parity:
    return abi::Protocol::Parity;
  }
  llvm_unreachable("unknown protocol");
}

void TableEncoder::encodeCounter(CounterOp counter) {
  counters[counter.getResult()] = tables.counters.size();
  abi::Counter info = {};
  info.name = addString(counter.getName());
  info.protocol = static_cast<uint32_t>(tableProtocol(counter.getProtocol()));
  info.barriers = counter.getBarriers().value_or(0);
  info.tagBase = counter.getTagBase().value_or(0);
  tables.counters.push_back(info);
}

static abi::AccessMode tableMode(::amk::schedule::AccessMode mode) {
  using Mode = ::amk::schedule::AccessMode;
  switch (mode) {
  case Mode::Read:
    return abi::AccessMode::Read;
  case Mode::ReadPrevious:
    return abi::AccessMode::ReadPrevious;
  case Mode::Write:
    return abi::AccessMode::Write;
  case Mode::WriteTagged:
    return abi::AccessMode::WriteTagged;
  case Mode::Reduce:
    return abi::AccessMode::Reduce;
  }
  llvm_unreachable("unknown access mode");
}

void TableEncoder::encodeAccesses(TaskOpInterface task,
                                  abi::Instruction &instruction) {
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  instruction.accessBegin = tables.accesses.size();
  instruction.accessCount = accesses.size();
  for (const BufferAccess &access : accesses) {
    abi::Access entry = {};
    entry.buffer = buffers.lookup(access.buffer);
    entry.mode = static_cast<uint32_t>(tableMode(access.mode));
    entry.counter =
        access.counter ? counters.lookup(access.counter) : abi::kNone;
    entry.offset = access.offset;
    entry.rows = access.rows;
    entry.rowBytes = access.rowBytes;
    entry.rowStride = access.rowStride;
    tables.accesses.push_back(entry);
  }
}

/// The task's weights in its worker's stream. Its instruction is the last one.
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
  if (stageBytes) {
    FailureOr<WeightRun> run = weightRun(task, *stageBytes);
    if (failed(run))
      return failure();
    segment.layout = static_cast<uint32_t>(run->layout);
    segment.stageBlocks = run->maxStageBlocks;
    segment.bytes = run->bytes();
    tables.instructions.back().stageCount = run->stageCount();
    tables.instructions.back().stageBytes = run->stageBytes();
  }
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
  abi::Queue entry = {};
  worker = queue.getWorker();
  entry.worker = worker;
  entry.role = static_cast<uint32_t>(queue.getLoader() ? abi::Role::Loader
                                                       : abi::Role::Compute);
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
  if (TagFormatAttr tags = schedule.getTagsAttr()) {
    tables.tags.stride = tags.getStride();
    tables.tags.bits = tags.getBits();
  }
  if (LimitsAttr limits = schedule.getLimitsAttr()) {
    tables.limits.workers = limits.getWorkers();
    tables.limits.sharedBytes = limits.getSharedBytes();
  }
  FailureOr<std::optional<uint32_t>> ring = ringStageBytes(schedule);
  if (failed(ring))
    return failure();
  stageBytes = *ring;
  encodeSpaces();
  for (auto buffer : schedule.getOps<BufferOp>())
    if (buffer.isMutable())
      encodeBuffer(buffer);
  for (auto counter : schedule.getOps<CounterOp>())
    encodeCounter(counter);
  for (auto queue : schedule.getOps<QueueOp>())
    if (failed(encodeQueue(queue)))
      return failure();
  return std::move(tables);
}

FailureOr<::amk::schedule::Tables>
mlir::amk::encodeTables(ScheduleOp schedule, KernelProgramOp program,
                        const ::amk::runtime::MemoryInfo &memory,
                        const TensorIndices &tensors) {
  return TableEncoder(schedule, program, memory, tensors).run();
}

//===- TableEncoder.cpp - From a schedule to tables -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TableEncoder.h"
#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Dialect/AMK/IR/ScheduleModel.h"

#include <map>

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace sched = ::amk::schedule;

namespace {

class TableEncoder {
public:
  TableEncoder(ScheduleOp schedule, KernelProgramOp program,
               const ::amk::runtime::MemoryInfo &memory,
               const TensorIndices &tensors)
      : schedule(schedule), memory(memory), tensors(tensors),
        model(buildScheduleModel(schedule)) {
    for (auto [index, body] : llvm::enumerate(program.getOps<KernelBodyOp>()))
      bodies[body.getSymNameAttr()] = index;
  }

  FailureOr<sched::Tables> run();

private:
  void encodeSpaces();
  void encodeBuffer(BufferOp buffer);
  void encodeTokens(BufferOp buffer);
  uint32_t spaceOf(BufferOp buffer);
  uint32_t sharedSpace(uint32_t owner);
  uint32_t addSpace(abi::Space space, const llvm::Twine &name, uint64_t bytes,
                    uint64_t ringBytes = 0, uint32_t owner = abi::kNone);
  void encodeCounter(CounterOp counter);
  LogicalResult encodeQueue(QueueOp queue, const sched::Agent &agent);
  LogicalResult encodeTask(TaskOpInterface task, const sched::Action &action);
  LogicalResult encodeCall(TaskOpInterface task, abi::Instruction &instruction);
  void encodeAccess(const sched::Access &access);
  LogicalResult encodeSegment(TaskOpInterface task);
  uint32_t addString(StringRef text);

  ScheduleOp schedule;
  const ::amk::runtime::MemoryInfo &memory;
  const TensorIndices &tensors;
  /// What the schedule's verifier has proved safe: the tables say the same.
  ScheduleModel model;
  sched::Tables tables;
  uint32_t worker = 0;
  std::optional<uint32_t> stageBytes; ///< of a GPU's ring
  DenseMap<StringAttr, uint32_t> bodies;
  struct Place {
    uint32_t index = 0;
    /// Every element of 4 bytes is a buffer; `index` is that of the first.
    bool isSplit = false;
  };
  SmallVector<Place> buffers; ///< by place in the model
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

uint32_t TableEncoder::sharedSpace(uint32_t owner) {
  auto [it, isNew] =
      spaces.try_emplace({abi::Space::Shared, owner}, tables.spaces.size());
  if (isNew)
    addSpace(abi::Space::Shared, "worker " + llvm::Twine(owner) + " shared", 0,
             0, owner);
  return it->second;
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
  uint32_t index = sharedSpace(owner);
  uint64_t &size = tables.spaces[index].bytes;
  size = std::max(size, *buffer.getOffset() + bytes);
  return index;
}

void TableEncoder::encodeBuffer(BufferOp buffer) {
  buffers[model.buffers.lookup(buffer.getResult())].index =
      tables.buffers.size();
  abi::BufferInfo info = {};
  info.name = addString(buffer.getName());
  info.kind = static_cast<uint32_t>(tableKind(buffer.getKind()));
  info.space = spaceOf(buffer);
  info.offset = buffer.getOffset().value_or(0);
  info.bytes = buffer.getBytes();
  tables.buffers.push_back(info);
}

/// Each worker keeps its own, behind what else is in its shared memory.
void TableEncoder::encodeTokens(BufferOp buffer) {
  buffers[model.buffers.lookup(buffer.getResult())] = {
      static_cast<uint32_t>(tables.buffers.size()), /*isSplit=*/true};
  auto type = cast<MemRefType>(buffer.getResult().getType());
  for (uint32_t owner = 0; owner != type.getNumElements(); ++owner) {
    abi::BufferInfo info = {};
    std::string name =
        (buffer.getName() + "[" + llvm::Twine(owner) + "]").str();
    info.name = addString(name);
    info.kind = static_cast<uint32_t>(tableKind(buffer.getKind()));
    info.space = sharedSpace(owner);
    uint64_t &size = tables.spaces[info.space].bytes;
    info.offset = llvm::alignTo(size, sizeof(int32_t));
    info.bytes = sizeof(int32_t);
    size = info.offset + info.bytes;
    tables.buffers.push_back(info);
  }
}

static abi::Protocol tableProtocol(sched::Protocol protocol) {
  using sched::Protocol;
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
  abi::Counter info = {};
  info.name = addString(counter.getName());
  info.protocol = static_cast<uint32_t>(tableProtocol(counter.getProtocol()));
  info.barriers = counter.getBarriers().value_or(0);
  info.tagBase = counter.getTagBase().value_or(0);
  tables.counters.push_back(info);
}

static abi::AccessMode tableMode(sched::AccessMode mode) {
  using Mode = sched::AccessMode;
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

void TableEncoder::encodeAccess(const sched::Access &access) {
  const Place &place = buffers[access.region.buffer];
  abi::Access entry = {};
  entry.buffer = place.index;
  entry.mode = static_cast<uint32_t>(tableMode(access.mode));
  entry.counter = access.counter;
  entry.offset = access.region.offset;
  entry.rows = access.region.rows;
  entry.rowBytes = access.region.rowBytes;
  entry.rowStride = access.region.rowStride;
  if (!place.isSplit) {
    tables.accesses.push_back(entry);
    return;
  }
  constexpr uint64_t element = sizeof(int32_t);
  for (uint64_t at = entry.offset; at < access.region.end(); at += element) {
    tables.accesses.push_back(entry);
    abi::Access &part = tables.accesses.back();
    part.buffer = place.index + at / element;
    part.offset = 0;
    part.rows = 1;
    part.rowBytes = part.rowStride = element;
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
  if (stageBytes) {
    FailureOr<WeightRun> run = weightRun(task, *stageBytes);
    if (failed(run))
      return failure();
    segment.layout = static_cast<uint32_t>(run->layout);
    segment.stageBlocks = run->maxStageBlocks;
    segment.bytes = run->bytes();
    tables.instructions.back().stageCount = run->stageCount();
    tables.instructions.back().stageBytes = run->stageBytes();
  } else {
    FailureOr<int64_t> bytes = streamBytes(task);
    if (failed(bytes))
      return failure();
    segment.bytes = *bytes;
  }
  tables.segments.push_back(segment);
  return success();
}

/// Which body runs the task. A load of the KV cache has none: it is there for
/// the order that it stands for.
LogicalResult TableEncoder::encodeCall(TaskOpInterface task,
                                       abi::Instruction &instruction) {
  if (isa<TaskLoadKVOp>(task))
    return success();
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
  instruction.body = body->second;
  instruction.operandCount = operands.size();
  llvm::copy(operands, instruction.operands);
  return success();
}

/// Appends an instruction; waits and signals are added by encodeQueue().
LogicalResult TableEncoder::encodeTask(TaskOpInterface task,
                                       const sched::Action &action) {
  abi::Instruction instruction = {};
  instruction.name = addString(taskName(task));
  if (failed(encodeCall(task, instruction)))
    return failure();
  auto attention = dyn_cast<TaskAttentionOp>(*task);
  if (attention && attention.getRing())
    instruction.stageBytes = kvBlockBytes(attention);
  instruction.accessBegin = tables.accesses.size();
  for (const sched::Access &access : action.accesses)
    encodeAccess(access);
  instruction.accessCount = tables.accesses.size() - instruction.accessBegin;
  tables.instructions.push_back(instruction);
  return encodeSegment(task);
}

/// Waits belong to the task after them, signals to the one before them.
LogicalResult TableEncoder::encodeQueue(QueueOp queue,
                                        const sched::Agent &agent) {
  abi::Queue entry = {};
  worker = queue.getWorker();
  entry.worker = worker;
  entry.role = static_cast<uint32_t>(queue.getLoader() ? abi::Role::Loader
                                                       : abi::Role::Compute);
  entry.begin = tables.instructions.size();
  auto tasks = queue.getOps<TaskOpInterface>();
  for (auto [task, action] : llvm::zip_equal(tasks, agent.actions)) {
    if (failed(encodeTask(task, action)))
      return failure();
    abi::Instruction &instruction = tables.instructions.back();
    instruction.waitBegin = tables.waits.size();
    instruction.waitCount = action.waits.size();
    for (const sched::Wait &wait : action.waits)
      tables.waits.push_back(
          {wait.counter, static_cast<int32_t>(wait.threshold)});
    instruction.signalBegin = tables.signals.size();
    instruction.signalCount = action.signals.size();
    for (const sched::Signal &signal : action.signals) {
      auto amount = static_cast<uint32_t>(signal.amount);
      tables.signals.push_back({signal.counter, amount});
      tables.counters[signal.counter].perStep += amount;
    }
  }
  entry.count = tables.instructions.size() - entry.begin;
  tables.queues.push_back(entry);
  return success();
}

FailureOr<sched::Tables> TableEncoder::run() {
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
  buffers.resize(model.program.buffers.size());
  auto all = schedule.getOps<BufferOp>();
  for (auto buffer : all)
    if (buffer.isMutable() && !isTokenOfWorkers(buffer))
      encodeBuffer(buffer);
  for (auto buffer : llvm::make_filter_range(all, isTokenOfWorkers))
    encodeTokens(buffer);
  for (auto counter : schedule.getOps<CounterOp>())
    encodeCounter(counter);
  for (auto [queue, agent] :
       llvm::zip_equal(schedule.getOps<QueueOp>(), model.program.agents))
    if (failed(encodeQueue(queue, agent)))
      return failure();
  return std::move(tables);
}

FailureOr<sched::Tables>
mlir::amk::encodeTables(ScheduleOp schedule, KernelProgramOp program,
                        const ::amk::runtime::MemoryInfo &memory,
                        const TensorIndices &tensors) {
  return TableEncoder(schedule, program, memory, tensors).run();
}

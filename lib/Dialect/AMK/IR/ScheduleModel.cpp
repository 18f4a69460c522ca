//===- ScheduleModel.cpp - From IR to the verifier's program -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

static sched::BufferKind modelKind(BufferKind kind) {
  switch (kind) {
  case BufferKind::Activation:
  case BufferKind::Shared:
  case BufferKind::Ring:
    return sched::BufferKind::Scratch;
  case BufferKind::Logits:
    return sched::BufferKind::Output;
  default:
    return sched::BufferKind::Carried;
  }
}

/// The space that placed buffers of this kind (and worker) have in common, or
/// nothing if the buffer has one for itself.
static std::optional<std::string> commonSpace(BufferOp buffer) {
  if (!buffer.getOffset())
    return std::nullopt;
  switch (buffer.getKind()) {
  case BufferKind::Activation:
    return "arena";
  case BufferKind::KVCache:
    return "kv";
  case BufferKind::Shared:
    return "shared " + std::to_string(*buffer.getWorker());
  default: // the host's, at fixed places, or rings
    return std::nullopt;
  }
}

static sched::Space makeSpace(BufferOp buffer, std::string name) {
  sched::Space space;
  space.name = std::move(name);
  space.ringBytes = buffer.getCapacity().value_or(0);
  if (auto worker = buffer.getWorker())
    space.worker = *worker;
  return space;
}

/// Adds the buffers that kernels write, and their spaces. `arenaBytes` is the
/// size of the activations' space if that is known.
static void addBuffers(Block &block, ScheduleModel &model,
                       std::optional<uint64_t> arenaBytes = std::nullopt) {
  std::map<std::string, uint32_t> common;
  sched::Program &program = model.program;
  for (auto buffer : block.getOps<BufferOp>()) {
    if (!buffer.isMutable())
      continue;
    uint32_t index = program.spaces.size();
    uint64_t begin = 0, bytes = buffer.getBytes();
    if (std::optional<std::string> name = commonSpace(buffer)) {
      auto [it, isNew] = common.try_emplace(*name, index);
      if (isNew)
        program.spaces.push_back(makeSpace(buffer, *name));
      index = it->second;
      begin = *buffer.getOffset();
    } else {
      program.spaces.push_back(makeSpace(buffer, buffer.getName().str()));
    }
    sched::Space &space = program.spaces[index];
    space.bytes = std::max(space.bytes, begin + bytes);
    model.buffers[buffer.getResult()] = program.buffers.size();
    program.buffers.push_back({buffer.getName().str(),
                               modelKind(buffer.getKind()), index, begin,
                               bytes});
  }
  if (auto arena = common.find("arena"); arenaBytes && arena != common.end())
    program.spaces[arena->second].bytes = *arenaBytes;
}

//===----------------------------------------------------------------------===//
// Words: what a task writes to a buffer that is handed off with tags belongs to
// the tag counters that the task signals.
//===----------------------------------------------------------------------===//

/// Appends what of `access` lies in [begin, end) of its buffer. Rows that a
/// border cuts become accesses of their own.
static void clip(const BufferAccess &access, int64_t begin, int64_t end,
                 SmallVectorImpl<BufferAccess> &pieces) {
  int64_t stride = access.rowStride, bytes = access.rowBytes;
  auto addRow = [&](int64_t row) {
    int64_t from = access.offset + row * stride;
    int64_t to = std::min(from + bytes, end);
    from = std::max(from, begin);
    pieces.push_back(access);
    pieces.back().offset = from;
    pieces.back().rows = 1;
    pieces.back().rowBytes = pieces.back().rowStride = to - from;
  };
  // Rows [first, last) have bytes there.
  int64_t first = 0, last = 0, past = access.offset + bytes;
  if (begin >= past)
    first = (begin - past) / stride + 1;
  if (end > access.offset)
    last = std::min(access.rows,
                    llvm::divideCeilSigned(end - access.offset, stride));
  if (first < last && access.offset + first * stride < begin)
    addRow(first++);
  if (first < last && access.offset + (last - 1) * stride + bytes > end)
    addRow(--last);
  if (first >= last)
    return;
  pieces.push_back(access);
  pieces.back().offset = access.offset + first * stride;
  pieces.back().rows = last - first;
}

/// Replaces a write of words by one write for each counter whose words they
/// are. False if some are no signalled counter's.
static bool cutByCounters(const BufferAccess &whole,
                          ArrayRef<SignalOp> signals,
                          SmallVectorImpl<BufferAccess> &pieces) {
  BufferAccess access = whole;
  if (access.rows == 1 || access.rowStride <= access.rowBytes) { // one run
    access.rowBytes += (access.rows - 1) * access.rowStride;
    access.rowStride = access.rowBytes;
    access.rows = 1;
  }
  int64_t found = 0;
  for (SignalOp signal : signals) {
    auto counter = signal.getCounter().getDefiningOp<CounterOp>();
    if (counter.getBuffer() != access.buffer)
      continue;
    size_t before = pieces.size();
    clip(access, counter.getBytesAttr().getBegin(),
         counter.getBytesAttr().getEnd(), pieces);
    for (BufferAccess &piece : llvm::drop_begin(pieces, before)) {
      piece.mode = sched::AccessMode::WriteTagged;
      piece.counter = signal.getCounter();
      found += piece.rows * piece.rowBytes;
    }
  }
  // Bytes of two counters are written twice: that is AMK-C3's business.
  return found >= access.rows * access.rowBytes;
}

/// Whether the access can be cut: inside its buffer, or AMK-S2 reports it.
static bool isInside(const BufferAccess &access, BufferOp buffer) {
  sched::Region region{0, uint64_t(access.offset), uint64_t(access.rows),
                       uint64_t(access.rowBytes), uint64_t(access.rowStride)};
  return region.end() <= uint64_t(buffer.getBytes());
}

static void addAccess(sched::Action &action, const BufferAccess &access,
                      const ScheduleModel &model) {
  sched::Access &added = action.accesses.emplace_back();
  added.mode = access.mode;
  // Task verifiers admit only buffers that kernels write here.
  added.region = {model.buffers.at(access.buffer),
                  static_cast<uint64_t>(access.offset),
                  static_cast<uint64_t>(access.rows),
                  static_cast<uint64_t>(access.rowBytes),
                  static_cast<uint64_t>(access.rowStride)};
  if (access.counter)
    added.counter = model.counters.at(access.counter);
}

/// `signals` are those of the task in a synchronised schedule.
static sched::Action
makeAction(TaskOpInterface task, ScheduleModel &model,
           std::optional<ArrayRef<SignalOp>> signals = std::nullopt) {
  sched::Action action;
  action.name = taskName(task);
  SmallVector<BufferAccess> accesses, pieces;
  task.getAccesses(accesses);
  for (const BufferAccess &access : accesses) {
    auto buffer = access.buffer.getDefiningOp<BufferOp>();
    if (!signals || !access.isWrite() ||
        access.mode == sched::AccessMode::WriteTagged ||
        buffer.getHandOff() != HandOff::Tag || !isInside(access, buffer)) {
      addAccess(action, access, model);
      continue;
    }
    pieces.clear();
    if (access.mode == sched::AccessMode::Write &&
        cutByCounters(access, *signals, pieces)) {
      for (const BufferAccess &piece : pieces)
        addAccess(action, piece, model);
    } else {
      addAccess(action, access, model);
      model.untagged.push_back({task, buffer});
    }
  }
  return action;
}

//===----------------------------------------------------------------------===//
// Queues and counters
//===----------------------------------------------------------------------===//

/// Waits before a task belong to it, signals after it as well.
static void addQueue(QueueOp queue, bool isSynchronized, ScheduleModel &model) {
  sched::Agent agent;
  agent.name = "worker " + std::to_string(queue.getWorker()) +
               (queue.getLoader() ? " loader" : "");
  agent.worker = queue.getWorker();
  SmallVector<TaskOpInterface> tasks;
  SmallVector<SmallVector<SignalOp, 2>> signals;
  SmallVector<std::vector<sched::Wait>> waits(1);
  for (Operation &op : queue.getBody().front()) {
    if (auto wait = dyn_cast<WaitOp>(op)) {
      waits.back().push_back({model.counters.lookup(wait.getCounter()),
                              static_cast<int64_t>(wait.getThreshold())});
    } else if (auto signal = dyn_cast<SignalOp>(op)) {
      signals.back().push_back(signal);
    } else {
      tasks.push_back(cast<TaskOpInterface>(op));
      signals.emplace_back();
      waits.emplace_back();
    }
  }
  for (auto [task, itsSignals, itsWaits] :
       llvm::zip_first(tasks, signals, waits)) {
    std::optional<ArrayRef<SignalOp>> known;
    if (isSynchronized)
      known = itsSignals;
    sched::Action &action =
        agent.actions.emplace_back(makeAction(task, model, known));
    action.waits = std::move(itsWaits);
    for (SignalOp signal : itsSignals)
      action.signals.push_back(
          {model.counters.lookup(signal.getCounter()), signal.getAmount()});
  }
  model.program.agents.push_back(std::move(agent));
  model.tasks.push_back(std::move(tasks));
}

static void addCounter(CounterOp counter, ScheduleModel &model) {
  model.counters[counter.getResult()] = model.program.counters.size();
  sched::Counter &added = model.program.counters.emplace_back();
  added.name = counter.getName().str();
  added.protocol = counter.getProtocol();
  added.barriers = counter.getBarriers().value_or(0);
  added.tagBase = counter.getTagBase().value_or(0);
}

ScheduleModel mlir::amk::buildScheduleModel(ScheduleOp schedule) {
  ScheduleModel model;
  if (TagFormatAttr tags = schedule.getTagsAttr()) {
    model.program.tags.stride = tags.getStride();
    model.program.tags.bits = tags.getBits();
  }
  if (LimitsAttr limits = schedule.getLimitsAttr()) {
    model.program.limits.workers = limits.getWorkers();
    model.program.limits.sharedBytes = limits.getSharedBytes();
  }
  Block &block = schedule.getBody().front();
  addBuffers(block, model, schedule.getArenaBytes());
  for (auto counter : block.getOps<CounterOp>())
    addCounter(counter, model);
  for (auto queue : block.getOps<QueueOp>())
    addQueue(queue, !schedule.getUnsynchronized(), model);
  return model;
}

ScheduleModel mlir::amk::buildGraphModel(GraphOp graph) {
  ScheduleModel model;
  Block &block = graph.getBody().front();
  addBuffers(block, model);
  sched::Agent agent;
  agent.name = "graph order";
  model.tasks.emplace_back();
  for (auto task : block.getOps<TaskOpInterface>()) {
    agent.actions.push_back(makeAction(task, model));
    model.tasks.back().push_back(task);
  }
  model.program.agents.push_back(std::move(agent));
  return model;
}

LogicalResult mlir::amk::emitViolations(Operation *root,
                                        const ScheduleModel &model,
                                        ArrayRef<sched::Violation> violations) {
  for (const sched::Violation &violation : violations) {
    Operation *anchor = violation.anchored
                            ? model.taskOf(violation.anchor).getOperation()
                            : root;
    InFlightDiagnostic diag = anchor->emitError()
                              << "[" << sched::ruleId(violation.rule) << "] ";
    if (violation.anchored)
      diag << "task " << taskName(model.taskOf(violation.anchor)) << " of "
           << model.program.agents[violation.anchor.agent].name << ": ";
    diag << violation.message;
    for (const sched::Related &related : violation.related) {
      TaskOpInterface task = model.taskOf(related.action);
      diag.attachNote(task->getLoc())
          << "task " << taskName(task) << " of "
          << model.program.agents[related.action.agent].name << " "
          << related.note;
    }
    if (violation.relatedOmitted)
      diag.attachNote(root->getLoc())
          << "and " << violation.relatedOmitted << " more";
  }
  if (violations.size() >= sched::Options().maxViolations)
    root->emitRemark() << "stopped after " << violations.size()
                       << " violations; there may be more";
  return success(violations.empty());
}

//===- ScheduleModel.cpp - From IR to the verifier's program -*- C++ -*-===//
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

static sched::Action makeAction(TaskOpInterface task,
                                const ScheduleModel &model) {
  sched::Action action;
  action.name = taskName(task);
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  for (const BufferAccess &access : accesses) {
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
  return action;
}

/// Waits before a task belong to it, signals after it as well.
static void addQueue(QueueOp queue, ScheduleModel &model) {
  sched::Agent agent;
  agent.name = "worker " + std::to_string(queue.getWorker()) +
               (queue.getLoader() ? " loader" : "");
  agent.worker = queue.getWorker();
  SmallVector<TaskOpInterface> tasks;
  std::vector<sched::Wait> waits;
  for (Operation &op : queue.getBody().front()) {
    if (auto wait = dyn_cast<WaitOp>(op)) {
      waits.push_back({model.counters.lookup(wait.getCounter()),
                       static_cast<int64_t>(wait.getThreshold())});
    } else if (auto signal = dyn_cast<SignalOp>(op)) {
      agent.actions.back().signals.push_back(
          {model.counters.lookup(signal.getCounter()), signal.getAmount()});
    } else {
      auto task = cast<TaskOpInterface>(op);
      agent.actions.push_back(makeAction(task, model));
      agent.actions.back().waits = std::exchange(waits, {});
      tasks.push_back(task);
    }
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
    addQueue(queue, model);
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

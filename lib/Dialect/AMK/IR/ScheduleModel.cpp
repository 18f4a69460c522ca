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

static sched::SpaceKind spaceKind(BufferKind kind) {
  switch (kind) {
  case BufferKind::Activation:
    return sched::SpaceKind::Scratch;
  case BufferKind::Logits:
    return sched::SpaceKind::Output;
  default:
    return sched::SpaceKind::Carried;
  }
}

/// Gives each mutable buffer a space: the common one of its kind if it has a
/// place there, else its own. The common space of activations is the arena;
/// `arenaBytes` is its size if that is known.
static void addSpaces(Block &block, ScheduleModel &model,
                      std::optional<uint64_t> arenaBytes = std::nullopt) {
  std::map<BufferKind, uint32_t> shared;
  for (auto buffer : block.getOps<BufferOp>()) {
    if (!buffer.isMutable())
      continue;
    BufferKind kind = buffer.getKind();
    bool placed =
        buffer.getOffset().has_value() &&
        (kind == BufferKind::Activation || kind == BufferKind::KVCache);
    uint64_t begin = placed ? *buffer.getOffset() : 0;
    auto &spaces = model.program.spaces;
    uint32_t index = spaces.size();
    if (placed) {
      auto [it, isNew] = shared.try_emplace(kind, index);
      index = it->second;
      if (isNew)
        spaces.push_back({kind == BufferKind::Activation ? "arena" : "kv",
                          spaceKind(kind), 0});
    } else {
      spaces.push_back({buffer.getName().str(), spaceKind(kind), 0});
    }
    uint64_t end = begin + buffer.getBytes();
    spaces[index].bytes = std::max(spaces[index].bytes, end);
    model.spaces[buffer.getResult()] = {index, begin};
  }
  auto arena = shared.find(BufferKind::Activation);
  if (arenaBytes && arena != shared.end())
    model.program.spaces[arena->second].bytes = *arenaBytes;
}

static sched::Action makeAction(TaskOpInterface task,
                                const ScheduleModel &model) {
  sched::Action action;
  action.name = taskName(task);
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  for (const BufferAccess &access : accesses) {
    // Task verifiers admit only buffers of followed kinds here.
    auto [space, begin] = model.spaces.at(access.buffer);
    action.accesses.push_back(
        {access.isWrite ? sched::AccessMode::Write : sched::AccessMode::Read,
         {space, begin + access.offset, static_cast<uint64_t>(access.rows),
          static_cast<uint64_t>(access.rowBytes),
          static_cast<uint64_t>(access.rowStride)}});
  }
  return action;
}

/// Waits before a task belong to it, signals after it as well.
static void addQueue(QueueOp queue, ScheduleModel &model) {
  sched::Agent agent;
  agent.name = "worker " + std::to_string(queue.getWorker());
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

ScheduleModel mlir::amk::buildScheduleModel(ScheduleOp schedule) {
  ScheduleModel model;
  Block &block = schedule.getBody().front();
  addSpaces(block, model, schedule.getArenaBytes());
  for (auto counter : block.getOps<CounterOp>()) {
    model.counters[counter.getResult()] = model.program.counters.size();
    model.program.counters.push_back({counter.getName().str()});
  }
  for (auto queue : block.getOps<QueueOp>())
    addQueue(queue, model);
  return model;
}

ScheduleModel mlir::amk::buildGraphModel(GraphOp graph) {
  ScheduleModel model;
  Block &block = graph.getBody().front();
  addSpaces(block, model);
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
  return success(violations.empty());
}

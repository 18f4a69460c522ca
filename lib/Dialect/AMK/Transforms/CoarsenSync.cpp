//===- CoarsenSync.cpp - One counter per phase ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Merging makes waits stronger, so a schedule that still makes progress is as
// safe as before. Progress is decided by the verifier core on a trial program:
// once for all merges together (a merge that deadlocks alone deadlocks with
// others as well, since those only add waits), and one by one if that fails.
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace mlir::amk {
#define GEN_PASS_DEF_COARSENSYNC
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

namespace {

/// What the queues do with one counter.
struct CounterUse {
  CounterOp op;
  int64_t perStep = 0;
  SmallVector<TaskOpInterface> producers;
  SmallVector<std::pair<WaitOp, TaskOpInterface>> waits;

  /// It is a word in memory, all producers belong to one phase and all waits
  /// are for all of them.
  bool canJoin() const {
    if (CounterOp(op).getProtocol() != sched::Protocol::Release)
      return false;
    PhaseAttr phase = TaskOpInterface(producers.front()).getPhase();
    return llvm::all_of(producers,
                        [&](TaskOpInterface task) {
                          return task.getPhase().getIndex() == phase.getIndex();
                        }) &&
           llvm::all_of(waits, [&](auto wait) {
             return static_cast<int64_t>(wait.first.getThreshold()) == perStep;
           });
  }
};

/// Counters of one phase that become the first of them.
struct Merge {
  PhaseAttr phase;
  SmallVector<const CounterUse *> counters;

  int64_t perStep() const {
    int64_t sum = 0;
    for (const CounterUse *counter : counters)
      sum += counter->perStep;
    return sum;
  }
};

} // namespace

static SmallVector<CounterUse> collectCounters(ScheduleOp schedule) {
  SmallVector<CounterUse> uses;
  DenseMap<Value, size_t> indexOf;
  Block &block = schedule.getBody().front();
  for (auto counter : block.getOps<CounterOp>()) {
    indexOf[counter] = uses.size();
    uses.push_back({counter, 0, {}, {}});
  }
  for (auto queue : block.getOps<QueueOp>()) {
    SmallVector<WaitOp> waits;
    TaskOpInterface task;
    for (Operation &op : queue.getBody().front()) {
      if (auto wait = dyn_cast<WaitOp>(op)) {
        waits.push_back(wait);
      } else if (auto signal = dyn_cast<SignalOp>(op)) {
        CounterUse &use = uses[indexOf.lookup(signal.getCounter())];
        use.perStep += signal.getAmount();
        use.producers.push_back(task);
      } else {
        task = cast<TaskOpInterface>(op);
        for (WaitOp wait : std::exchange(waits, {}))
          uses[indexOf.lookup(wait.getCounter())].waits.push_back({wait, task});
      }
    }
  }
  return uses;
}

/// True if no consumer would wait for more than `slack` of the phase's tasks in
/// addition to those it waits for now.
static bool isCheap(const Merge &merge, double slack) {
  llvm::SmallPtrSet<Operation *, 16> all;
  llvm::MapVector<Operation *, llvm::SmallPtrSet<Operation *, 16>> waitedBy;
  for (const CounterUse *counter : merge.counters) {
    for (TaskOpInterface producer : counter->producers)
      all.insert(producer);
    for (auto [wait, task] : counter->waits)
      for (TaskOpInterface producer : counter->producers)
        waitedBy[task].insert(producer);
  }
  return llvm::all_of(waitedBy, [&](auto &entry) {
    double additional = all.size() - entry.second.size();
    return additional <= slack * merge.phase.getParts();
  });
}

static SmallVector<Merge> findMerges(ArrayRef<CounterUse> counters,
                                     double slack) {
  llvm::MapVector<int64_t, Merge> byPhase;
  for (const CounterUse &counter : counters) {
    if (counter.producers.empty() || counter.waits.empty() ||
        !counter.canJoin())
      continue;
    PhaseAttr phase = TaskOpInterface(counter.producers.front()).getPhase();
    Merge &merge = byPhase[phase.getIndex()];
    merge.phase = phase;
    merge.counters.push_back(&counter);
  }
  SmallVector<Merge> merges;
  for (auto &[index, merge] : byPhase)
    if (merge.counters.size() > 1 && isCheap(merge, slack))
      merges.push_back(std::move(merge));
  return merges;
}

//===----------------------------------------------------------------------===//
// Trial
//===----------------------------------------------------------------------===//

static void applyTo(sched::Program &program, const ScheduleModel &model,
                    ArrayRef<Merge> merges) {
  llvm::DenseMap<uint32_t, sched::Wait> replacement;
  for (const Merge &merge : merges) {
    sched::Wait join{model.counters.lookup(
                         CounterOp(merge.counters.front()->op).getResult()),
                     merge.perStep()};
    for (const CounterUse *counter : merge.counters)
      replacement[model.counters.lookup(CounterOp(counter->op).getResult())] =
          join;
  }
  for (sched::Agent &agent : program.agents)
    for (sched::Action &action : agent.actions) {
      for (sched::Wait &wait : action.waits)
        if (auto it = replacement.find(wait.counter); it != replacement.end())
          wait = it->second;
      for (sched::Signal &signal : action.signals)
        if (auto it = replacement.find(signal.counter); it != replacement.end())
          signal.counter = it->second.counter;
    }
}

/// The merges that can all be made without a deadlock.
static SmallVector<Merge> keepSafe(ScheduleOp schedule,
                                   SmallVector<Merge> merges) {
  ScheduleModel model = buildScheduleModel(schedule);
  // Progress does not depend on what the actions touch, but tag counters are
  // made of the words that are stored.
  for (sched::Agent &agent : model.program.agents)
    for (sched::Action &action : agent.actions)
      llvm::erase_if(action.accesses, [](const sched::Access &access) {
        return access.mode != sched::AccessMode::WriteTagged;
      });
  sched::Program trial = model.program;
  applyTo(trial, model, merges);
  if (sched::HappensBefore(trial).ok())
    return merges;

  SmallVector<Merge> safe;
  sched::Program accepted = model.program;
  for (Merge &merge : merges) {
    trial = accepted;
    applyTo(trial, model, merge);
    if (!sched::HappensBefore(trial).ok()) {
      TaskOpInterface producer = merge.counters.front()->producers.front();
      producer->emitRemark()
          << "the counters of phase '" << merge.phase.getLabel()
          << "' stay apart: one counter for all of its tasks "
             "would create a wait cycle";
      continue;
    }
    accepted = std::move(trial);
    safe.push_back(std::move(merge));
  }
  return safe;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

static void commit(const Merge &merge) {
  CounterOp joined = merge.counters.front()->op;
  Builder builder(joined.getContext());
  IntegerAttr threshold = builder.getI64IntegerAttr(merge.perStep());
  llvm::SmallPtrSet<Operation *, 16> waiting;
  for (const CounterUse *counter : merge.counters)
    for (auto [wait, task] : counter->waits) {
      if (!waiting.insert(task).second) {
        wait.erase();
        continue;
      }
      wait.getCounterMutable().assign(joined);
      wait.setThresholdAttr(threshold);
    }
  for (const CounterUse *counter : ArrayRef(merge.counters).drop_front()) {
    CounterOp replaced = counter->op;
    replaced.getResult().replaceAllUsesWith(joined); // its signals
    replaced.erase();
  }
}

namespace {

struct CoarsenSync : public mlir::amk::impl::CoarsenSyncBase<CoarsenSync> {
  using CoarsenSyncBase::CoarsenSyncBase;

  void runOnOperation() override {
    ScheduleOp schedule = getOperation();
    if (!(slack >= 0.0 && slack <= 1.0)) {
      schedule.emitError() << getArgument() << ": slack: found "
                           << static_cast<double>(slack)
                           << ", expected a share from 0 to 1";
      return signalPassFailure();
    }
    if (schedule.getUnsynchronized()) {
      schedule.emitOpError("is unsynchronized; run amk-insert-sync first");
      return signalPassFailure();
    }
    SmallVector<CounterUse> counters = collectCounters(schedule);
    SmallVector<Merge> merges = findMerges(counters, slack);
    if (merges.empty())
      return;
    for (const Merge &merge : keepSafe(schedule, std::move(merges)))
      commit(merge);
  }
};

} // namespace

//===- SimplifyWaits.cpp - Removes implied waits and unused counters ------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two rules, both exact about what they remove:
// - Counters only grow: a wait is implied by one for at least as much on the
//   same counter, earlier in its queue or at the same task.
// - A wait for everything that a step adds to a counter is implied if all of
//   the counter's producers precede the task anyway. Vector clocks over such
//   waits decide that. Removing an implied wait leaves all clocks as they are,
//   so the waits can be judged one by one.
// Waits for part of a step, or for a step before, count for the first rule
// only. Waits on tag and parity counters stay: a wait by tag is how the words
// are read, and a wait by parity keeps its queue in step with the barrier. What
// a parity wait orders does count; a tag orders only its own words.
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_SIMPLIFYWAITS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

namespace {

/// How many actions of each agent have completed.
using Clock = std::vector<uint32_t>;

void raise(Clock &clock, const Clock &other) {
  for (auto [mine, theirs] : llvm::zip_equal(clock, other))
    mine = std::max(mine, theirs);
}

/// Runs one step of the program and finds the waits that it can do without.
class WaitSimplifier {
public:
  explicit WaitSimplifier(const sched::Program &program);

  /// redundant[agent][action][wait]. Nothing if the program deadlocks.
  using Flags = std::vector<std::vector<std::vector<bool>>>;
  std::optional<Flags> run();

private:
  struct CounterState {
    uint64_t perStep = 0, value = 0;
    std::vector<sched::ActionRef> producers;
    Clock join;                    ///< of all producers that have run
    std::vector<uint32_t> waiting; ///< agents
  };

  sched::Protocol protocolOf(const sched::Wait &wait) const {
    return program.counters[wait.counter].protocol;
  }
  bool isJoin(const sched::Wait &wait) const {
    return protocolOf(wait) != sched::Protocol::Tag && wait.threshold > 0 &&
           static_cast<uint64_t>(wait.threshold) ==
               counters[wait.counter].perStep;
  }
  bool blocked(uint32_t agent);
  void execute(uint32_t agent);
  std::vector<bool> findRedundant(const sched::Action &action,
                                  const Clock &before,
                                  std::vector<int64_t> &waited) const;
  bool precede(const CounterState &counter, const Clock &clock) const;

  const sched::Program &program;
  std::vector<CounterState> counters;
  std::vector<Clock> clocks;   ///< [agents] after the last action that ran
  std::vector<uint32_t> next;  ///< [agents]
  std::vector<uint32_t> ready; ///< agents
  /// [agents][counters] the largest threshold that the agent waited for.
  std::vector<std::vector<int64_t>> waitedFor;
  Flags redundant;
};

} // namespace

WaitSimplifier::WaitSimplifier(const sched::Program &program)
    : program(program), counters(program.counters.size()),
      clocks(program.agents.size(), Clock(program.agents.size())),
      next(program.agents.size()),
      waitedFor(program.agents.size(),
                std::vector<int64_t>(program.counters.size(),
                                     std::numeric_limits<int64_t>::min())),
      redundant(program.agents.size()) {
  for (auto [agent, queue] : llvm::enumerate(program.agents))
    for (auto [index, action] : llvm::enumerate(queue.actions))
      for (const sched::Signal &signal : action.signals) {
        counters[signal.counter].perStep += signal.amount;
        counters[signal.counter].producers.push_back(
            {static_cast<uint32_t>(agent), static_cast<uint32_t>(index)});
      }
  for (CounterState &counter : counters)
    counter.join.resize(program.agents.size());
}

bool WaitSimplifier::blocked(uint32_t agent) {
  for (const sched::Wait &wait :
       program.agents[agent].actions[next[agent]].waits) {
    CounterState &counter = counters[wait.counter];
    if (wait.threshold > 0 &&
        counter.value < static_cast<uint64_t>(wait.threshold)) {
      counter.waiting.push_back(agent);
      return true;
    }
  }
  return false;
}

bool WaitSimplifier::precede(const CounterState &counter,
                             const Clock &clock) const {
  return llvm::all_of(counter.producers, [&](sched::ActionRef producer) {
    return producer.action < clock[producer.agent];
  });
}

std::vector<bool>
WaitSimplifier::findRedundant(const sched::Action &action, const Clock &before,
                              std::vector<int64_t> &waited) const {
  const std::vector<sched::Wait> &waits = action.waits;
  std::vector<bool> removed(waits.size());
  for (size_t i = 0; i < waits.size(); ++i) {
    const sched::Wait &wait = waits[i];
    if (protocolOf(wait) != sched::Protocol::Release)
      continue;
    Clock others = before;
    bool isCovered = wait.threshold <= waited[wait.counter];
    for (size_t j = 0; j < waits.size(); ++j) {
      if (j == i || removed[j])
        continue;
      if (isJoin(waits[j]))
        raise(others, counters[waits[j].counter].join);
      isCovered |= waits[j].counter == wait.counter &&
                   waits[j].threshold >= wait.threshold;
    }
    removed[i] =
        isCovered || (isJoin(wait) && precede(counters[wait.counter], others));
  }
  for (const sched::Wait &wait : waits)
    waited[wait.counter] = std::max(waited[wait.counter], wait.threshold);
  return removed;
}

void WaitSimplifier::execute(uint32_t agent) {
  const sched::Action &action = program.agents[agent].actions[next[agent]];
  Clock &clock = clocks[agent];
  redundant[agent].push_back(findRedundant(action, clock, waitedFor[agent]));
  for (const sched::Wait &wait : action.waits)
    if (isJoin(wait))
      raise(clock, counters[wait.counter].join);
  clock[agent] = ++next[agent];
  for (const sched::Signal &signal : action.signals) {
    CounterState &counter = counters[signal.counter];
    counter.value += signal.amount;
    raise(counter.join, clock);
    llvm::append_range(ready, std::exchange(counter.waiting, {}));
  }
}

std::optional<WaitSimplifier::Flags> WaitSimplifier::run() {
  llvm::append_range(ready, llvm::seq<uint32_t>(0, program.agents.size()));
  while (!ready.empty()) {
    uint32_t agent = ready.back();
    ready.pop_back();
    while (next[agent] < program.agents[agent].actions.size() &&
           !blocked(agent))
      execute(agent);
  }
  for (auto [agent, queue] : llvm::enumerate(program.agents))
    if (next[agent] != queue.actions.size())
      return std::nullopt;
  return std::move(redundant);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Erases the flagged waits of a queue. Flags are in the order of the waits.
static void eraseWaits(QueueOp queue, ArrayRef<std::vector<bool>> redundant) {
  size_t task = 0, wait = 0;
  for (Operation &op : llvm::make_early_inc_range(queue.getBody().front())) {
    if (isa<WaitOp>(op)) {
      if (redundant[task][wait++])
        op.erase();
    } else if (isa<TaskOpInterface>(op)) {
      ++task;
      wait = 0;
    }
  }
}

static void eraseUnusedCounters(ScheduleOp schedule) {
  for (auto counter : llvm::make_early_inc_range(
           schedule.getBody().front().getOps<CounterOp>())) {
    // Tasks that use a counter store its words.
    if (!llvm::all_of(counter->getUsers(), llvm::IsaPred<SignalOp>))
      continue;
    for (Operation *signal : llvm::make_early_inc_range(counter->getUsers()))
      signal->erase();
    counter.erase();
  }
}

namespace {

struct SimplifyWaits
    : public mlir::amk::impl::SimplifyWaitsBase<SimplifyWaits> {
  void runOnOperation() override {
    ScheduleOp schedule = getOperation();
    if (schedule.getUnsynchronized()) {
      schedule.emitOpError("is unsynchronized; run amk-insert-sync first");
      return signalPassFailure();
    }
    ScheduleModel model = buildScheduleModel(schedule);
    std::optional<WaitSimplifier::Flags> redundant =
        WaitSimplifier(model.program).run();
    if (!redundant) {
      schedule.emitOpError("deadlocks; expected a schedule that verifies");
      return signalPassFailure();
    }
    for (auto [agent, queue] :
         llvm::enumerate(schedule.getBody().front().getOps<QueueOp>()))
      eraseWaits(queue, (*redundant)[agent]);
    eraseUnusedCounters(schedule);
  }
};

} // namespace

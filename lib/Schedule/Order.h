//===- Order.h - Which actions are ordered in every execution ---*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector clocks over the agents for waits that need particular signals, and
// blocked runs for the rest. docs/ScheduleSpec.md, section 4, has the proofs.
//
// The clock of an action says of every agent how many of its actions are
// complete and, in programs with Tag counters, how many have their ordinary
// writes visible, and of every Tag counter how many steps' words.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_ORDER_H
#define AMK_LIB_SCHEDULE_ORDER_H

#include "Run.h"

#include <limits>
#include <unordered_map>

namespace amk::schedule {

class Order {
public:
  Order() = default;
  /// `run` must be complete. `steps` as in Options.
  Order(const Model &model, const GreedyRun &run, uint64_t steps) {
    build(model, run, steps);
  }
  /// Keeps the memory of the program before.
  void build(const Model &model, const GreedyRun &run, uint64_t steps);

  /// a of a step has ended before b of the step `distance` later starts, in
  /// every execution. Of one agent, a is before b if it is earlier in the queue
  /// (or in an earlier step). If `skip` is given, launches are that many steps
  /// shorter. Caches blocked runs: not thread safe.
  bool before(Ending a, uint32_t b, uint64_t distance, uint64_t skip = 0) const;
  /// The same, before b is reached: that is, without b's own waits. An action
  /// of the same agent has to have ended by then, not only to be earlier.
  bool beforeReached(Ending a, uint32_t b, uint64_t distance) const;

  /// True if a barrier parts the steps: every action of a step is before every
  /// action of the next. False also where that takes more than clocks to see.
  bool stepsAreApart() const { return isApart; }

  /// The clock of an action of step 0 or, unless the steps are apart, 1.
  /// Actions with equal clocks (but for their own agent's entry) often share
  /// one.
  uint32_t clockId(uint32_t action, unsigned step) const {
    return clockOf[step][action];
  }
  /// True if the clock proves that `a` of `step` (0 or 1) has ended. Fast, but
  /// incomplete: an action is ordered after its own agent's earlier ones, and
  /// clocks need not say so.
  bool clockHas(uint32_t clock, Ending a, unsigned step) const {
    uint32_t agent = model->agentOf[a.action];
    const uint32_t *row = clocks.data() + size_t(clock) * width;
    uint32_t at = step * model->length(agent) + model->position(a.action);
    if (!model->hasTags || a.end == End::Reads)
      return row[agent] > at;
    if (row[numAgents + agent] > at)
      return true;
    return a.end == End::Words &&
           row[2 * numAgents + tagIndex[a.counter]] > step;
  }

private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  /// A signal that must have happened; `step` is relative to the waiting step.
  struct Source {
    uint32_t action;
    int32_t step;
  };
  /// All waits with the same counter and threshold.
  struct Join {
    uint32_t counter;
    int64_t threshold;
    int64_t step;    ///< relative step whose signals the threshold counts
    uint32_t prefix; ///< of the counter's producers, how many it counts
    uint32_t next;   ///< join of the same counter, or none
    bool enabled;    ///< its sources are edges
    bool sameStep;   ///< all sources are in `step`
    uint32_t sourceBegin, sourceEnd;
  };

  void countProducers();
  void findProducers(const GreedyRun &run);
  void findReleases();
  void makeJoins();
  uint32_t joinFor(const Wait &wait);
  void findSources(Join &join);
  void findTagSources(Join &join);
  void computeClocks(const GreedyRun &run);
  void computeClocks(const GreedyRun &run, unsigned step);
  uint32_t clockBetweenSteps(uint32_t agent);
  bool findBarrier();
  uint32_t clockOfJoin(uint32_t join, unsigned step) {
    uint32_t clock = joinClock[step][join];
    return clock != kNone ? clock : makeClockOfJoin(join, step);
  }
  uint32_t makeClockOfJoin(uint32_t join, unsigned step);
  uint32_t visibleBefore(uint32_t action, unsigned step) const;
  void addVisible(uint32_t *row, const Join &join, const Source &source,
                  unsigned step) const;
  /// The clock that knows what either knows: one of the two if it can be.
  uint32_t merge(uint32_t a, uint32_t b) {
    if (a == b || b == 0)
      return a;
    if (a == 0)
      return b;
    // Workers mostly go through their phases with the same clocks.
    if (a == lastMerge[0] && b == lastMerge[1])
      return lastMerge[2];
    return makeMerge(a, b);
  }
  uint32_t makeMerge(uint32_t a, uint32_t b);
  uint32_t excess(uint32_t a, uint32_t b) const;
  bool holds(uint32_t join);
  bool isAfterSources(const Join &join, uint32_t index, uint32_t action,
                      int32_t at, int32_t shift, uint32_t &known);
  bool covers(uint32_t clock, const Join &join, int32_t shift,
              uint32_t exceptAgent) const;
  bool dropUnproven(bool allShared);
  uint64_t finishedWithout(Ending a, uint32_t agent, uint64_t skip) const;

  const Model *model = nullptr;
  uint32_t numAgents = 0;
  uint32_t width = 0; ///< entries of a clock
  uint64_t steps = 0;
  /// Every wait is a conjunction of edges: what the clocks do not order, some
  /// execution does not.
  bool exact = true;
  bool isApart = false; ///< see stepsAreApart()

  struct Producer {
    uint32_t action;
    uint64_t amount;
    uint64_t through; ///< sum of the amounts up to and with this one
  };
  std::vector<uint32_t> producerBegin; ///< [counters + 1]
  std::vector<Producer> producers;     ///< per counter, in canonical order
  std::vector<uint32_t> numProducing;  ///< [counters] agents that signal it
  // While these are found: the last agent, and the sum so far.
  std::vector<uint32_t> lastProducer; ///< [counters]
  std::vector<uint64_t> sumSoFar;     ///< [counters]
  std::vector<uint32_t> tagIndex;     ///< [counters] among Tag counters
  /// [actions] position + 1 of the agent's last releasing action up to and with
  /// this one; 0: none. Only in programs with Tag counters.
  std::vector<uint32_t> lastRelease;
  std::vector<Join> joins;
  std::vector<Source> sources;
  std::vector<uint32_t> joinOfCounter; ///< [counters] first join
  std::vector<uint32_t> joinOf;        ///< [waits] or all ones: none
  std::vector<uint32_t> clockOf[2];    ///< [actions] of step 0 and 1
  std::vector<uint32_t> joinClock[2];  ///< [joins]
  std::vector<uint32_t> clocks;        ///< rows of `width` entries
  uint32_t lastMerge[3];               ///< two clocks and their merge

  // Marks per agent, valid where stamp[agent] == lastStamp.
  std::vector<uint32_t> stamp;
  std::vector<uint64_t> leftOut;
  uint32_t lastStamp = 0;

  std::unordered_map<uint64_t, uint32_t> manyJoins; ///< by counter, threshold
  mutable std::unordered_map<uint64_t, std::vector<uint64_t>> blockedRuns;
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_ORDER_H

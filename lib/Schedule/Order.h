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
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_ORDER_H
#define AMK_LIB_SCHEDULE_ORDER_H

#include "Run.h"

#include <unordered_map>

namespace amk::schedule {

class Order {
public:
  /// `run` must be complete. `steps` as in Options.
  Order(const Model &model, const GreedyRun &run, uint64_t steps);

  /// a of a step completes before b of the step `distance` (0 or 1) later
  /// starts, in every execution. Caches blocked runs: not thread safe.
  bool before(uint32_t a, uint32_t b, unsigned distance) const;

  /// The clock of an action of step 0 or 1. Actions with equal clocks (but for
  /// their own agent's entry) often share one.
  uint32_t clockId(uint32_t action, unsigned step) const {
    return clockOf[step][action];
  }
  /// True if the clock proves that `action` of `step` has completed. An action
  /// is always ordered after its own agent's earlier ones; clocks need not say.
  bool clockHas(uint32_t clock, uint32_t action, unsigned step) const {
    uint32_t agent = model.agentOf[action];
    return clocks[size_t(clock) * numAgents + agent] >
           step * model.length(agent) + model.position(action);
  }

private:
  /// A signal that must have happened; `step` is relative to the waiting step.
  struct Source {
    uint32_t action;
    int32_t step;
  };
  /// All waits with the same counter and threshold.
  struct Join {
    uint32_t counter = 0;
    int64_t step = 0;     ///< relative step whose signals the threshold counts
    uint32_t prefix = 0;  ///< of the counter's producers, how many it counts
    bool enabled = false; ///< its sources are edges
    std::vector<Source> sources;
  };

  void findProducers(const GreedyRun &run);
  void makeJoins();
  void findSources(Join &join, int64_t threshold);
  void computeClocks(const GreedyRun &run);
  uint32_t clockOfJoin(uint32_t join, unsigned step);
  uint32_t merge(uint32_t a, uint32_t b);
  bool holds(const Join &join) const;
  bool covers(uint32_t clock, const std::vector<Source> &sources, int32_t shift,
              uint32_t exceptAgent) const;
  bool dropUnproven(bool allShared);

  const Model &model;
  const uint32_t numAgents;
  const uint64_t steps;
  /// Every wait is a conjunction of edges: what the clocks do not order, some
  /// execution does not.
  bool exact = true;

  struct Producer {
    uint32_t action;
    uint64_t amount;
  };
  std::vector<uint32_t> producerBegin; ///< [counters + 1]
  std::vector<Producer> producers;     ///< per counter, in canonical order
  std::vector<Join> joins;
  std::vector<uint32_t> joinOf;       ///< [waits] or all ones: none
  std::vector<uint32_t> clockOf[2];   ///< [actions] of step 0 and 1
  std::vector<uint32_t> joinClock[2]; ///< [joins]
  std::vector<uint32_t> clocks;       ///< rows of numAgents entries

  mutable std::unordered_map<uint32_t, std::vector<uint32_t>> blockedRuns;
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_ORDER_H

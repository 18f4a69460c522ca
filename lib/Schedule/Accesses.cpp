//===- Accesses.cpp - Races and undefined reads: AMK-R*, AMK-C1 -----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Visits the accesses of two steps in the canonical order and compares each
// with the frontier of the regions that it overlaps: the accesses that no later
// write of the same region is ordered after. Older ones are ordered by
// transitivity.
//
//===----------------------------------------------------------------------===//

#include "RegionIndex.h"
#include "Report.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

using namespace amk::schedule;

namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// An action of a step that accessed a region.
struct Touch {
  uint32_t agent;
  uint32_t action;
  unsigned step;
};

/// At most one touch per agent, the last, sorted by agent.
class Frontier {
public:
  void add(Touch touch);
  template <typename Predicate>
  void removeIf(Predicate predicate) {
    touches.erase(std::remove_if(touches.begin(), touches.end(), predicate),
                  touches.end());
    provenClock = kNone;
  }

  std::vector<Touch> touches;
  /// A clock that has all touches; kNone if none is known.
  uint32_t provenClock = kNone;
};

struct RegionState {
  Frontier reads, writes;
  bool written = false; ///< in the first step, so far
  bool defined = false; ///< all bytes were written in the first step
};

class AccessChecker {
public:
  AccessChecker(const Program &program, const Model &model, const Order &order,
                Report &report)
      : program(program), model(model), order(order), report(report),
        index(program), states(index.size()) {}
  void visit(uint32_t action, unsigned step);

private:
  void compare(Touch touch, uint32_t region, bool isWrite, Frontier &frontier,
               bool frontierWrites, uint32_t other);
  void race(Touch touch, uint32_t region, bool isWrite, Touch earlier,
            uint32_t earlierRegion, bool earlierWrites);
  void checkDefined(uint32_t action, uint32_t region);

  const Program &program;
  const Model &model;
  const Order &order;
  Report &report;
  RegionIndex index;
  std::vector<RegionState> states;     ///< [regions]
  std::unordered_set<uint64_t> racing; ///< pairs of actions already reported
};

} // namespace

void Frontier::add(Touch touch) {
  auto it = std::lower_bound(
      touches.begin(), touches.end(), touch,
      [](const Touch &a, const Touch &b) { return a.agent < b.agent; });
  if (it != touches.end() && it->agent == touch.agent)
    *it = touch;
  else
    touches.insert(it, touch);
  provenClock = kNone;
}

/// Reports the touches of `frontier` that are not ordered before `touch`.
void AccessChecker::compare(Touch touch, uint32_t region, bool isWrite,
                            Frontier &frontier, bool frontierWrites,
                            uint32_t other) {
  uint32_t clock = order.clockId(touch.action, touch.step);
  if (frontier.touches.empty() || frontier.provenClock == clock)
    return;
  bool allProven = true;
  for (const Touch &earlier : frontier.touches) {
    if (order.clockHas(clock, earlier.action, earlier.step))
      continue;
    allProven = false;
    if (!order.before(earlier.action, touch.action, touch.step - earlier.step))
      race(touch, region, isWrite, earlier, other, frontierWrites);
  }
  if (allProven)
    frontier.provenClock = clock;
}

void AccessChecker::race(Touch touch, uint32_t region, bool isWrite,
                         Touch earlier, uint32_t earlierRegion,
                         bool earlierWrites) {
  uint64_t pair = uint64_t(std::min(earlier.action, touch.action)) << 32 |
                  std::max(earlier.action, touch.action);
  if (report.full() || !racing.insert(pair).second)
    return;
  Rule rule = !isWrite         ? Rule::ReadBeforeWrite
              : !earlierWrites ? Rule::WriteAfterRead
                               : Rule::WriteAfterWrite;
  std::string when = earlier.step == touch.step ? "" : " in the step before";
  report.add(rule, model.ref(touch.action),
             std::string(isWrite ? "writes " : "reads ") +
                 describe(program, index.region(region)) +
                 " without waiting for " +
                 describe(program, model.ref(earlier.action)) + ", which " +
                 (earlierWrites ? "writes " : "reads ") +
                 describe(program, index.region(earlierRegion)) + when,
             {{model.ref(earlier.action),
               std::string(earlierWrites ? "writes " : "reads ") +
                   describe(program, index.region(earlierRegion)) + " here"}});
}

/// AMK-C1: all bytes must have been written in this step.
void AccessChecker::checkDefined(uint32_t action, uint32_t region) {
  RegionState &state = states[region];
  const Region &bytes = index.region(region);
  const Space &space = program.spaces[bytes.space];
  if (state.defined || space.kind == SpaceKind::Carried)
    return;
  std::vector<Interval> cover;
  Interval window{bytes.offset, bytes.end()};
  for (uint32_t other : index.neighbours(region)) {
    if (!states[other].written)
      continue;
    state.defined |= other == region;
    if (state.defined)
      return;
    appendRows(index.region(other), window, cover);
  }
  unite(cover);
  std::optional<Interval> gap = firstGap(bytes, cover);
  state.defined = !gap;
  if (gap)
    report.add(Rule::Undefined, model.ref(action),
               "reads " + describe(program, bytes) + ", but nothing wrote " +
                   describe(space, *gap) + " before in this step");
}

void AccessChecker::visit(uint32_t action, unsigned step) {
  Touch touch{model.agentOf[action], action, step};
  const RegionIndex::Use *begin = index.usesBegin(action);
  const RegionIndex::Use *end = index.usesEnd(action);
  for (auto *use = begin; use != end; ++use) {
    if (step == 0 && !use->isWrite)
      checkDefined(action, use->region);
    for (uint32_t other : index.neighbours(use->region)) {
      RegionState &state = states[other];
      compare(touch, use->region, use->isWrite, state.writes, true, other);
      if (use->isWrite)
        compare(touch, use->region, true, state.reads, false, other);
    }
  }
  // Only now: an action's own accesses are not compared with each other.
  auto isBefore = [&](const Touch &earlier) {
    return order.before(earlier.action, action, step - earlier.step);
  };
  for (auto *use = begin; use != end; ++use) {
    RegionState &state = states[use->region];
    if (!use->isWrite)
      continue;
    state.reads.removeIf(isBefore);
    state.writes.removeIf(isBefore);
    state.writes.add(touch);
    state.written |= step == 0;
  }
  for (auto *use = begin; use != end; ++use)
    if (!use->isWrite)
      states[use->region].reads.add(touch);
}

void amk::schedule::checkAccesses(const Program &program, const Model &model,
                                  const GreedyRun &run, const Order &order,
                                  uint64_t steps, Report &report) {
  AccessChecker checker(program, model, order, report);
  for (unsigned step = 0; step != (steps == 1 ? 1 : 2); ++step)
    for (uint32_t action : run.order) {
      if (report.full())
        return;
      checker.visit(action, step);
    }
}

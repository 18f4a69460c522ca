//===- Order.cpp - Which actions are ordered in every execution -----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Order.h"

#include <algorithm>
#include <limits>

using namespace amk::schedule;

static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// Rounds of dropping joins one by one before all shared ones are dropped.
static constexpr unsigned kMaxRounds = 4;

Order::Order(const Model &model, const GreedyRun &run, uint64_t steps)
    : model(model), numAgents(model.numAgents()), steps(steps) {
  findProducers(run);
  makeJoins();
  for (unsigned round = 0;; ++round) {
    computeClocks(run);
    if (!dropUnproven(/*allShared=*/round >= kMaxRounds))
      break;
  }
}

void Order::findProducers(const GreedyRun &run) {
  producerBegin.assign(model.numCounters() + 1, 0);
  for (const Signal &signal : model.signals)
    ++producerBegin[signal.counter + 1];
  for (uint32_t c = 0; c != model.numCounters(); ++c)
    producerBegin[c + 1] += producerBegin[c];
  producers.resize(model.signals.size());
  std::vector<uint32_t> fill(producerBegin.begin(), producerBegin.end() - 1);
  for (uint32_t action : run.order)
    for (uint32_t i = model.signalBegin[action];
         i != model.signalBegin[action + 1]; ++i)
      producers[fill[model.signals[i].counter]++] = {action,
                                                     model.signals[i].amount};
}

void Order::makeJoins() {
  joinOf.assign(model.waits.size(), kNone);
  std::vector<uint32_t> byValue(model.waits.size());
  for (uint32_t i = 0; i != byValue.size(); ++i)
    byValue[i] = i;
  auto key = [&](uint32_t i) {
    return std::make_pair(model.waits[i].counter, model.waits[i].threshold);
  };
  std::sort(byValue.begin(), byValue.end(),
            [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  for (size_t i = 0; i != byValue.size(); ++i) {
    uint32_t wait = byValue[i];
    if (model.perStep[model.waits[wait].counter] == 0)
      continue; // Nobody signals: it always holds, or is a deadlock.
    if (i == 0 || key(byValue[i - 1]) != key(wait)) {
      joins.emplace_back();
      joins.back().counter = model.waits[wait].counter;
      findSources(joins.back(), model.waits[wait].threshold);
    }
    joinOf[wait] = static_cast<uint32_t>(joins.size()) - 1;
  }
}

/// The wait counts the signals of all steps before `step`, and of `step` the
/// first `prefix` in the canonical order. A signal of an agent is a source if,
/// without it and the agent's later ones, the counted signals do not suffice.
void Order::findSources(Join &join, int64_t threshold) {
  const Producer *first = producers.data() + producerBegin[join.counter];
  uint32_t count =
      producerBegin[join.counter + 1] - producerBegin[join.counter];
  int64_t perStep = static_cast<int64_t>(model.perStep[join.counter]);
  join.step = (threshold - 1) / perStep;
  if ((threshold - 1) % perStep < 0)
    --join.step;
  uint64_t need = static_cast<uint64_t>(threshold - join.step * perStep);
  uint64_t sum = 0;
  while (sum < need)
    sum += first[join.prefix++].amount;
  join.enabled = true;
  if (join.step < -1)
    return; // Sources two steps back are no edges between neighbouring steps.

  uint64_t slack = sum - need, dropped = 0;
  std::vector<std::pair<uint32_t, uint64_t>> pending; // agent, amount left out
  for (uint32_t i = 0; i != count; ++i)
    pending.push_back({model.agentOf[first[i].action], 0});
  std::sort(pending.begin(), pending.end());
  pending.erase(std::unique(pending.begin(), pending.end()), pending.end());
  std::vector<char> found(pending.size());
  size_t missing = pending.size();
  auto visit = [&](uint32_t i, int64_t step) {
    uint32_t agent = model.agentOf[first[i].action];
    auto it = std::lower_bound(
        pending.begin(), pending.end(), std::make_pair(agent, uint64_t(0)),
        [](const auto &a, const auto &b) { return a.first < b.first; });
    size_t slot = static_cast<size_t>(it - pending.begin());
    if (found[slot])
      return;
    if (it->second + first[i].amount <= slack) {
      it->second += first[i].amount;
      return;
    }
    found[slot] = true;
    --missing;
    dropped += it->second;
    join.sources.push_back({first[i].action, static_cast<int32_t>(step)});
  };
  for (uint32_t i = join.prefix; i-- && missing;)
    visit(i, join.step);
  for (uint32_t i = count; i-- && missing;)
    visit(i, join.step - 1);
  // Sources alone must suffice, else the wait is no conjunction of edges.
  if (missing || dropped > slack)
    exact = false;
}

void Order::computeClocks(const GreedyRun &run) {
  clocks.assign(numAgents, 0); // clock 0: nothing is known
  for (unsigned step = 0; step != 2; ++step) {
    clockOf[step].assign(model.numActions(), 0);
    joinClock[step].assign(joins.size(), kNone);
  }
  for (unsigned step = 0; step != 2; ++step)
    for (uint32_t action : run.order) {
      uint32_t agent = model.agentOf[action];
      uint32_t clock = 0;
      if (action != model.agentBegin[agent])
        clock = clockOf[step][action - 1];
      else if (step != 0)
        clock = clockOf[0][model.agentBegin[agent + 1] - 1];
      for (uint32_t i = model.waitBegin[action];
           i != model.waitBegin[action + 1]; ++i)
        if (joinOf[i] != kNone && joins[joinOf[i]].enabled)
          clock = merge(clock, clockOfJoin(joinOf[i], step));
      clockOf[step][action] = clock;
    }
}

uint32_t Order::clockOfJoin(uint32_t index, unsigned step) {
  uint32_t &clock = joinClock[step][index];
  if (clock != kNone)
    return clock;
  std::vector<uint32_t> row(numAgents);
  uint32_t last = 0; // Sources often share one clock: merge it once.
  bool any = false;
  for (const Source &source : joins[index].sources) {
    int32_t at = static_cast<int32_t>(step) + source.step;
    if (at < 0)
      continue; // Before the first step everything is done.
    any = true;
    uint32_t other = clockOf[at][source.action];
    if (other != last) {
      const uint32_t *from = clocks.data() + size_t(other) * numAgents;
      for (uint32_t i = 0; i != numAgents; ++i)
        row[i] = std::max(row[i], from[i]);
      last = other;
    }
    uint32_t agent = model.agentOf[source.action];
    uint32_t done = static_cast<uint32_t>(at) * model.length(agent) +
                    model.position(source.action) + 1;
    row[agent] = std::max(row[agent], done);
  }
  if (!any)
    return clock = 0;
  clock = static_cast<uint32_t>(clocks.size() / numAgents);
  clocks.insert(clocks.end(), row.begin(), row.end());
  return clock;
}

/// The clock that knows what either knows: one of the two if it can be.
uint32_t Order::merge(uint32_t a, uint32_t b) {
  if (a == b || b == 0)
    return a;
  if (a == 0)
    return b;
  auto dominates = [&](uint32_t x, uint32_t y) {
    const uint32_t *p = clocks.data() + size_t(x) * numAgents;
    const uint32_t *q = clocks.data() + size_t(y) * numAgents;
    for (uint32_t i = 0; i != numAgents; ++i)
      if (p[i] < q[i])
        return false;
    return true;
  };
  if (dominates(b, a))
    return b;
  if (dominates(a, b))
    return a;
  clocks.resize(clocks.size() + numAgents);
  uint32_t *to = &clocks[clocks.size() - numAgents];
  const uint32_t *p = clocks.data() + size_t(a) * numAgents;
  const uint32_t *q = clocks.data() + size_t(b) * numAgents;
  for (uint32_t i = 0; i != numAgents; ++i)
    to[i] = std::max(p[i], q[i]);
  return static_cast<uint32_t>(clocks.size() / numAgents) - 1;
}

/// True if the clock has every source but those of one agent, each taken
/// `shift` steps later, but not before the first step.
bool Order::covers(uint32_t clock, const std::vector<Source> &sources,
                   int32_t shift, uint32_t exceptAgent) const {
  for (const Source &source : sources)
    if (model.agentOf[source.action] != exceptAgent &&
        !clockHas(clock, source.action,
                  static_cast<unsigned>(std::max(source.step + shift, 0))))
      return false;
  return true;
}

/// True if no signal that the join does not count can come before one of its
/// sources: by the clocks, each agent's first uncounted signal is after them.
bool Order::holds(const Join &join) const {
  if (join.step < -1)
    return true; // No sources, so no edges that could be wrong.
  // Shift the join such that its earliest source is in step 0.
  int32_t step = 0;
  for (const Source &source : join.sources)
    if (source.step < join.step)
      step = 1;
  int32_t shift = step - static_cast<int32_t>(join.step);
  uint32_t begin = producerBegin[join.counter];
  uint32_t count = producerBegin[join.counter + 1] - begin;
  std::vector<uint32_t> seen;
  std::vector<char> isSeen(numAgents);
  uint32_t known = kNone; // A clock that has all sources.
  auto isAfter = [&](uint32_t action, int32_t at) {
    uint32_t agent = model.agentOf[action];
    uint32_t clock = clockOf[at][action];
    if (isSeen[agent])
      return true;
    isSeen[agent] = true;
    if (clock == known)
      return true;
    if (!covers(clock, join.sources, shift, agent))
      return false;
    if (covers(clock, join.sources, shift, kNone))
      known = clock;
    return true;
  };
  for (uint32_t i = join.prefix; i != count; ++i)
    if (!isAfter(producers[begin + i].action, step))
      return false;
  // The others' first uncounted signals are a step later. Step 2 has no clocks,
  // but its actions are after those of step 1 as these after those of step 0.
  shift -= step;
  known = kNone;
  for (uint32_t i = 0; i != join.prefix; ++i)
    if (!isAfter(producers[begin + i].action, 1))
      return false;
  return true;
}

/// Disables joins whose edges the clocks do not prove. True if any was.
bool Order::dropUnproven(bool allShared) {
  std::vector<uint32_t> unproven;
  for (uint32_t i = 0; i != joins.size(); ++i) {
    Join &join = joins[i];
    uint32_t begin = producerBegin[join.counter];
    uint32_t end = producerBegin[join.counter + 1];
    uint32_t agent = model.agentOf[producers[begin].action];
    bool single = std::all_of(
        producers.begin() + begin, producers.begin() + end,
        [&](const Producer &p) { return model.agentOf[p.action] == agent; });
    if (join.enabled && !single && (allShared || !holds(join)))
      unproven.push_back(i);
  }
  for (uint32_t i : unproven)
    joins[i].enabled = false;
  if (!unproven.empty())
    exact = false;
  return !unproven.empty();
}

bool Order::before(uint32_t a, uint32_t b, unsigned distance) const {
  uint32_t agentA = model.agentOf[a], agentB = model.agentOf[b];
  if (agentA == agentB)
    return distance != 0 || a < b;
  if (clockHas(clockOf[distance][b], a, 0))
    return true;
  if (exact)
    return false;
  auto [it, isNew] = blockedRuns.try_emplace(a);
  if (isNew)
    it->second = runBlocked(model, a, steps);
  return it->second[agentB] <=
         distance * model.length(agentB) + model.position(b);
}

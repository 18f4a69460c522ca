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

/// Rounds of dropping joins one by one before all shared ones are dropped.
static constexpr unsigned kMaxRounds = 4;

/// Joins of one counter that are searched one after the other.
static constexpr unsigned kMaxChain = 8;

void Order::build(const Model &newModel, const GreedyRun &run,
                  uint64_t newSteps) {
  model = &newModel;
  numAgents = model->numAgents();
  steps = newSteps;
  exact = true;
  joins.clear();
  sources.clear();
  manyJoins.clear();
  blockedRuns.clear();
  stamp.assign(numAgents, 0);
  leftOut.resize(numAgents);
  lastStamp = 0;
  findProducers(run);
  findReleases();
  makeJoins();
  for (unsigned round = 0;; ++round) {
    computeClocks(run);
    if (!dropUnproven(/*allShared=*/round >= kMaxRounds))
      break;
  }
}

/// How many signals each counter has, and of how many agents.
void Order::countProducers() {
  producerBegin.assign(model->numCounters() + 1, 0);
  numProducing.assign(model->numCounters(), 0);
  lastProducer.assign(model->numCounters(), kNone);
  const Signal *signal = model->signals.data();
  for (uint32_t agent = 0; agent != numAgents; ++agent) {
    const Signal *end = model->signals.data() +
                        model->signalBegin[model->agentBegin[agent + 1]];
    for (; signal != end; ++signal) {
      uint32_t counter = signal->counter;
      ++producerBegin[counter + 1];
      numProducing[counter] += lastProducer[counter] != agent;
      lastProducer[counter] = agent;
    }
  }
}

void Order::findProducers(const GreedyRun &run) {
  countProducers();
  for (uint32_t c = 0; c != model->numCounters(); ++c)
    producerBegin[c + 1] += producerBegin[c];
  producers.resize(model->signals.size());
  sumSoFar.assign(model->numCounters(), 0);
  // Each entry of producerBegin runs ahead while its counter is filled, to
  // where the next counter's list begins.
  for (uint32_t action : run.order) {
    uint32_t end = model->signalBegin[action + 1];
    for (uint32_t i = model->signalBegin[action]; i != end; ++i) {
      const Signal &signal = model->signals[i];
      uint64_t sum = sumSoFar[signal.counter] += signal.amount;
      producers[producerBegin[signal.counter]++] = {action, signal.amount, sum};
    }
  }
  for (uint32_t c = model->numCounters(); c != 0; --c)
    producerBegin[c] = producerBegin[c - 1];
  producerBegin[0] = 0;
}

void Order::findReleases() {
  width = numAgents;
  if (!model->hasTags)
    return;
  width = 2 * numAgents;
  tagIndex.resize(model->numCounters());
  for (uint32_t c = 0; c != model->numCounters(); ++c)
    if (model->isTag(c))
      tagIndex[c] = width++ - 2 * numAgents;
  lastRelease.resize(model->numActions());
  for (uint32_t action = 0; action != model->numActions(); ++action) {
    uint32_t position = model->position(action);
    if (model->releases[action])
      lastRelease[action] = position + 1;
    else
      lastRelease[action] = position ? lastRelease[action - 1] : 0;
  }
}

void Order::makeJoins() {
  joinOf.resize(model->waits.size());
  joinOfCounter.assign(model->numCounters(), kNone);
  for (size_t i = 0; i != model->waits.size(); ++i) {
    const Wait &wait = model->waits[i];
    // Mostly the only one of its counter, and known from another agent.
    uint32_t join = joinOfCounter[wait.counter];
    bool isKnown = join != kNone && joins[join].threshold == wait.threshold;
    joinOf[i] = isKnown ? join : joinFor(wait);
  }
}

uint32_t Order::joinFor(const Wait &wait) {
  if (model->perStep[wait.counter] == 0)
    return kNone; // Nobody signals: it always holds, or is a deadlock.
  unsigned length = 0;
  for (uint32_t i = joinOfCounter[wait.counter];
       i != kNone && length != kMaxChain; i = joins[i].next, ++length)
    if (joins[i].threshold == wait.threshold)
      return i;
  auto index = static_cast<uint32_t>(joins.size());
  if (length == kMaxChain) {
    uint64_t key = uint64_t(wait.counter) << 32 |
                   static_cast<uint32_t>(static_cast<int32_t>(wait.threshold));
    auto [it, isNew] = manyJoins.try_emplace(key, index);
    if (!isNew)
      return it->second;
  }
  joins.push_back({wait.counter, wait.threshold, 0, 0,
                   joinOfCounter[wait.counter], true, true, 0, 0});
  joinOfCounter[wait.counter] = index;
  Join &join = joins.back();
  join.sourceBegin = static_cast<uint32_t>(sources.size());
  if (model->isTag(wait.counter))
    findTagSources(join);
  else
    findSources(join);
  join.sourceEnd = static_cast<uint32_t>(sources.size());
  return index;
}

void Order::findTagSources(Join &join) {
  for (uint32_t i = producerBegin[join.counter];
       i != producerBegin[join.counter + 1]; ++i)
    sources.push_back({producers[i].action, 0});
  join.prefix = producerBegin[join.counter + 1] - producerBegin[join.counter];
}

/// The wait counts the signals of all steps before `step`, and of `step` the
/// first `prefix` in the canonical order. A signal of an agent is a source if,
/// without it and the agent's later ones, the counted signals do not suffice.
void Order::findSources(Join &join) {
  const Producer *first = producers.data() + producerBegin[join.counter];
  uint32_t count =
      producerBegin[join.counter + 1] - producerBegin[join.counter];
  int64_t perStep = static_cast<int64_t>(model->perStep[join.counter]);
  join.step = floorDiv(join.threshold - 1, perStep);
  uint64_t need = static_cast<uint64_t>(join.threshold - join.step * perStep);
  const Producer *last = std::lower_bound(
      first, first + count, need,
      [](const Producer &p, uint64_t value) { return p.through < value; });
  join.prefix = static_cast<uint32_t>(last - first) + 1;
  if (join.step < -1)
    return; // Sources two steps back are no edges between neighbouring steps.

  uint64_t slack = last->through - need, dropped = 0;
  if (slack == 0 && join.prefix == count &&
      count == numProducing[join.counter]) { // It needs all, one of each agent.
    sources.resize(sources.size() + count);
    Source *out = sources.data() + join.sourceBegin;
    for (uint32_t i = 0; i != count; ++i)
      out[i] = {first[i].action, static_cast<int32_t>(join.step)};
    return;
  }

  // leftOut: of an agent without a source yet, the amount not needed so far;
  // kFound once it has one.
  constexpr uint64_t kFound = std::numeric_limits<uint64_t>::max();
  uint32_t missing = numProducing[join.counter];
  ++lastStamp;
  auto visit = [&](uint32_t i, int64_t step) {
    uint32_t agent = model->agentOf[first[i].action];
    if (stamp[agent] != lastStamp) {
      stamp[agent] = lastStamp;
      leftOut[agent] = 0;
    }
    if (leftOut[agent] == kFound)
      return;
    if (leftOut[agent] + first[i].amount <= slack) {
      leftOut[agent] += first[i].amount;
      return;
    }
    --missing;
    dropped += leftOut[agent];
    leftOut[agent] = kFound;
    sources.push_back({first[i].action, static_cast<int32_t>(step)});
    join.sameStep &= step == join.step;
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
  clocks.assign(width, 0); // clock 0: nothing is known
  lastMerge[0] = kNone;
  for (unsigned step = 0; step != 2; ++step) {
    clockOf[step].resize(model->numActions());
    joinClock[step].assign(joins.size(), kNone);
  }
  computeClocks(run, 0);
  isApart = findBarrier();
  if (!isApart)
    computeClocks(run, 1);
}

void Order::computeClocks(const GreedyRun &run, unsigned step) {
  for (uint32_t action : run.order) {
    uint32_t agent = model->agentOf[action];
    uint32_t clock = 0;
    if (action != model->agentBegin[agent])
      clock = clockOf[step][action - 1];
    else if (step != 0)
      clock = clockOf[0][model->agentBegin[agent + 1] - 1];
    uint32_t end = model->waitBegin[action + 1];
    for (uint32_t i = model->waitBegin[action]; i != end; ++i)
      if (uint32_t join = joinOf[i]; join != kNone && joins[join].enabled)
        clock = merge(clock, clockOfJoin(join, step));
    clockOf[step][action] = clock;
  }
}

/// What an agent knows before step 1 by the joins of step 0 alone.
uint32_t Order::clockBetweenSteps(uint32_t agent) {
  uint32_t first = model->agentBegin[agent];
  uint32_t clock = clockOf[0][model->agentBegin[agent + 1] - 1];
  for (uint32_t i = model->waitBegin[first]; i != model->waitBegin[first + 1];
       ++i) {
    uint32_t join = joinOf[i];
    if (join != kNone && joins[join].enabled && joins[join].sameStep &&
        joins[join].step == -1)
      clock = merge(clock, clockOfJoin(join, 1));
  }
  return clock;
}

/// True if every agent's step starts after all agents have ended the step
/// before. Then nothing needs the clocks of step 1, unless a join has sources
/// in two steps.
bool Order::findBarrier() {
  for (const Join &join : joins)
    if (!join.sameStep)
      return false;
  uint32_t proven = kNone; // A clock that has all actions.
  for (uint32_t a = 0; a != numAgents; ++a) {
    if (model->length(a) == 0)
      continue;
    uint32_t clock = clockBetweenSteps(a);
    if (clock == proven)
      continue;
    bool hasOwn = true;
    for (uint32_t b = 0; b != numAgents; ++b) {
      if (model->length(b) == 0 ||
          clockHas(clock, {model->agentBegin[b + 1] - 1, End::Writes, 0}, 0))
        continue;
      if (a != b)
        return false;
      hasOwn = false;
    }
    if (hasOwn)
      proven = clock;
  }
  return true;
}

/// How many of its agent's actions, over all steps, have their ordinary writes
/// visible when the action starts.
uint32_t Order::visibleBefore(uint32_t action, unsigned step) const {
  uint32_t agent = model->agentOf[action];
  uint32_t begin = model->agentBegin[agent], length = model->length(agent);
  uint32_t inStep = action == begin ? 0 : lastRelease[action - 1];
  if (inStep != 0)
    return step * length + inStep;
  return step == 0 ? 0 : (step - 1) * length + lastRelease[begin + length - 1];
}

/// What a source's signal tells of ordinary writes and words.
void Order::addVisible(uint32_t *row, const Join &join, const Source &source,
                       unsigned step) const {
  uint32_t agent = model->agentOf[source.action];
  bool isTag = model->isTag(join.counter);
  uint32_t visible =
      isTag ? visibleBefore(source.action, step)
            : step * model->length(agent) + model->position(source.action) + 1;
  row[numAgents + agent] = std::max(row[numAgents + agent], visible);
  if (isTag)
    row[2 * numAgents + tagIndex[join.counter]] = step + 1;
}

uint32_t Order::makeClockOfJoin(uint32_t index, unsigned step) {
  const Join &join = joins[index];
  size_t offset = clocks.size();
  clocks.resize(offset + width);
  uint32_t *row = clocks.data() + offset;
  const uint32_t *agentOf = model->agentOf.data();
  const uint32_t *agentBegin = model->agentBegin.data();
  uint32_t last = 0; // Sources often share one clock: merge it once.
  bool any = false;
  for (uint32_t i = join.sourceBegin; i != join.sourceEnd; ++i) {
    Source source = sources[i];
    int32_t at = static_cast<int32_t>(step) + source.step;
    if (at < 0)
      continue; // Before the first step everything is done.
    any = true;
    uint32_t other = clockOf[at][source.action];
    if (other != last) {
      const uint32_t *from = clocks.data() + size_t(other) * width;
      for (uint32_t j = 0; j != width; ++j)
        row[j] = std::max(row[j], from[j]);
      last = other;
    }
    uint32_t agent = agentOf[source.action];
    uint32_t begin = agentBegin[agent], done = source.action - begin + 1;
    if (at != 0)
      done += agentBegin[agent + 1] - begin;
    row[agent] = std::max(row[agent], done);
    if (model->hasTags)
      addVisible(row, join, source, static_cast<unsigned>(at));
  }
  if (!any) {
    clocks.resize(offset);
    return joinClock[step][index] = 0;
  }
  return joinClock[step][index] = static_cast<uint32_t>(offset / width);
}

/// How many entries of clock a are more than those of clock b.
uint32_t Order::excess(uint32_t a, uint32_t b) const {
  const uint32_t *p = clocks.data() + size_t(a) * width;
  const uint32_t *q = clocks.data() + size_t(b) * width;
  uint32_t count = 0;
  for (uint32_t i = 0; i != width; ++i)
    count += p[i] > q[i];
  return count;
}

/// Of different clocks that know something.
uint32_t Order::makeMerge(uint32_t a, uint32_t b) {
  uint32_t result;
  if (excess(a, b) == 0) {
    result = b;
  } else if (excess(b, a) == 0) {
    result = a;
  } else {
    result = static_cast<uint32_t>(clocks.size() / width);
    clocks.resize(clocks.size() + width);
    uint32_t *to = &clocks[clocks.size() - width];
    const uint32_t *p = clocks.data() + size_t(a) * width;
    const uint32_t *q = clocks.data() + size_t(b) * width;
    for (uint32_t i = 0; i != width; ++i)
      to[i] = std::max(p[i], q[i]);
  }
  lastMerge[0] = a;
  lastMerge[1] = b;
  return lastMerge[2] = result;
}

/// True if the clock has every source but those of one agent, each taken
/// `shift` steps later, but not before the first step. A source counts only
/// when its signal is known, which is what makes its writes visible.
bool Order::covers(uint32_t clock, const Join &join, int32_t shift,
                   uint32_t exceptAgent) const {
  for (uint32_t i = join.sourceBegin; i != join.sourceEnd; ++i)
    if (model->agentOf[sources[i].action] != exceptAgent &&
        !clockHas(clock, {sources[i].action, End::Writes},
                  static_cast<unsigned>(std::max(sources[i].step + shift, 0))))
      return false;
  return true;
}

/// True if `action` of step `at` comes after all sources of the join, its own
/// agent's left out, each taken `shift` steps later than the wait has them.
bool Order::isAfterSources(const Join &join, uint32_t index, uint32_t action,
                           int32_t at, int32_t shift, uint32_t &known) {
  uint32_t agent = model->agentOf[action];
  if (stamp[agent] == lastStamp)
    return true;
  stamp[agent] = lastStamp;
  uint32_t clock = clockOf[at][action];
  if (clock == known)
    return true;
  // Clocks are closed: who knows the sources knows what their join knows.
  if (join.sameStep && shift <= 1) {
    uint32_t row = clockOfJoin(index, static_cast<unsigned>(shift));
    uint32_t more = excess(row, clock);
    if (more == 0) {
      known = clock;
      return true;
    }
    const uint32_t *p = clocks.data() + size_t(row) * width + agent;
    const uint32_t *q = clocks.data() + size_t(clock) * width + agent;
    uint32_t own = p[0] > q[0];
    if (model->hasTags)
      own += p[numAgents] > q[numAgents];
    return more == own;
  }
  return covers(clock, join, shift, agent);
}

/// True if no signal that the join does not count can come before one of its
/// sources: by the clocks, each agent's first uncounted signal is after them.
bool Order::holds(uint32_t index) {
  const Join &join = joins[index];
  if (join.step < -1)
    return true; // No sources, so no edges that could be wrong.
  // Shift the join such that its earliest source is in step 0.
  int32_t step = join.sameStep ? 0 : 1;
  int32_t shift = step - static_cast<int32_t>(join.step);
  uint32_t begin = producerBegin[join.counter];
  uint32_t count = producerBegin[join.counter + 1] - begin;
  ++lastStamp;
  uint32_t known = kNone; // A clock that has all sources.
  for (uint32_t i = join.prefix; i != count; ++i)
    if (!isAfterSources(join, index, producers[begin + i].action, step, shift,
                        known))
      return false;
  if (isApart)
    return true;
  // The others' first uncounted signals are a step later. Step 2 has no clocks,
  // but its actions are after those of step 1 as these after those of step 0.
  shift -= step;
  known = kNone;
  for (uint32_t i = 0; i != join.prefix; ++i)
    if (!isAfterSources(join, index, producers[begin + i].action, 1, shift,
                        known))
      return false;
  return true;
}

/// Disables joins whose edges the clocks do not prove. True if any was.
bool Order::dropUnproven(bool allShared) {
  size_t dropped = 0;
  for (uint32_t i = 0; i != joins.size(); ++i) {
    Join &join = joins[i];
    if (!join.enabled || numProducing[join.counter] == 1 ||
        model->isTag(join.counter) || (!allShared && holds(i)))
      continue;
    // Its clocks stay what they are until they are computed anew.
    join.enabled = false;
    ++dropped;
  }
  if (dropped)
    exact = false;
  return dropped != 0;
}

/// How many of its actions, over all steps, an agent finishes if `a` of step 0
/// never ends.
uint64_t Order::finishedWithout(Ending a, uint32_t agent, uint64_t skip) const {
  if (skip != 0)
    return runBlocked(*model, a, steps == 0 ? 0 : steps - skip)[agent];
  uint64_t key = uint64_t(a.action) << 34 | uint64_t(a.end) << 32 | a.counter;
  auto [it, isNew] = blockedRuns.try_emplace(key);
  if (isNew)
    it->second = runBlocked(*model, a, steps);
  return it->second[agent];
}

bool Order::before(Ending a, uint32_t b, uint64_t distance,
                   uint64_t skip) const {
  uint32_t agentA = model->agentOf[a.action], agentB = model->agentOf[b];
  if (agentA == agentB)
    return distance != 0 || a.action < b;
  if (isApart && distance != 0)
    return true;
  if (clockHas(clockOf[distance ? 1 : 0][b], a, 0))
    return true;
  if (exact && distance <= 1)
    return false;
  return finishedWithout(a, agentB, skip) <=
         distance * model->length(agentB) + model->position(b);
}

bool Order::beforeReached(Ending a, uint32_t b, uint64_t distance) const {
  uint32_t agentA = model->agentOf[a.action], agentB = model->agentOf[b];
  uint32_t length = model->length(agentB);
  uint64_t index = distance * length + model->position(b);
  if (index == 0)
    return false; // Reached when the launch begins.
  if (agentA == agentB && a.end == End::Reads)
    return model->position(a.action) < index;
  if (agentA != agentB) {
    uint64_t step = (index - 1) / length;
    if (isApart && step != 0)
      return true;
    uint32_t earlier =
        model->agentBegin[agentB] + static_cast<uint32_t>((index - 1) % length);
    if (clockHas(clockOf[step ? 1 : 0][earlier], a, 0))
      return true;
    if (exact && step <= 1)
      return false;
  }
  return finishedWithout(a, agentB, 0) < index;
}

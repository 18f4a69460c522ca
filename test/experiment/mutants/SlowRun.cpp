//===- SlowRun.cpp - Executions with some events held back ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlowRun.h"

#include <algorithm>

using namespace amk::mutants::slow;

Launch::Launch(const Model &model, unsigned steps)
    : model(model), numSteps(steps), sums(model.counters.size()),
      producers(model.counters.size()) {
  uint32_t total = 0;
  for (const Agent &agent : model.agents) {
    first.push_back(total);
    length.push_back(agent.actions.size());
    total += length.back() * steps;
    for (const Action &action : agent.actions)
      for (const Signal &s : action.signals) {
        sums[s.counter] += s.amount;
        ++producers[s.counter];
      }
  }
  first.push_back(total);
  heldEvents.resize(total);
}

uint32_t Launch::flushBit(const Action &action, uint32_t counter) const {
  uint32_t bit = FlushTag;
  for (const Signal &s : action.signals) {
    if (model.counters[s.counter].proto != Proto::Tag)
      continue;
    if (s.counter == counter)
      return bit;
    bit <<= 1;
  }
  return 0;
}

const Reach &Launch::without(std::vector<Held> held) {
  std::sort(held.begin(), held.end());
  auto known = answers.find(held);
  if (known != answers.end())
    return known->second;
  for (Held h : held)
    heldEvents[h.instance] |= h.events;
  run();
  for (Held h : held)
    heldEvents[h.instance] = 0;
  return answers.emplace(std::move(held), reach).first->second;
}

std::vector<Instance> Launch::completeRun() {
  std::vector<Instance> order;
  log = &order;
  run();
  log = nullptr;
  return order;
}

void Launch::run() {
  size_t agents = length.size(), counters = sums.size();
  value.assign(counters, 0);
  tagFlushes.assign(counters * numSteps, 0);
  flushHeld.assign(agents, 0);
  tagHeld.assign(agents * counters, 0);
  sleepers.assign(counters, {});
  reach.started.assign(agents, 0);
  reach.finished.assign(agents, 0);
  ready.clear();
  for (uint32_t agent = agents; agent-- > 0;)
    ready.push_back(agent);
  while (!ready.empty()) {
    uint32_t agent = ready.back();
    ready.pop_back();
    advance(agent);
  }
}

bool Launch::waitHolds(const Wait &wait, uint32_t step) const {
  uint32_t c = wait.counter;
  if (model.counters[c].proto == Proto::Tag)
    return tagFlushes[c * numSteps + step] == producers[c];
  int64_t needed = wait.threshold + int64_t(step) * sums[c];
  return needed <= 0 || value[c] >= needed;
}

void Launch::wake(uint32_t counter) {
  for (uint32_t agent : sleepers[counter])
    ready.push_back(agent);
  sleepers[counter].clear();
}

/// Runs the agent until it is through, waits, or reaches a held event. Nothing
/// else can happen in an agent whose event is held: its own later events need
/// it, but for flushes, see executeOne().
void Launch::advance(uint32_t agent) {
  uint32_t end = length[agent] * numSteps;
  while (reach.finished[agent] < end) {
    Instance i = {agent, reach.finished[agent]};
    for (const Wait &wait : actionOf(i).waits)
      if (!waitHolds(wait, stepOf(i))) {
        sleepers[wait.counter].push_back(agent);
        return;
      }
    if (!executeOne(i))
      return;
    ++reach.finished[agent];
    if (log)
      log->push_back(i);
  }
}

/// Start to signal. False if the instance does not finish.
bool Launch::executeOne(Instance i) {
  uint32_t events = heldEvents[number(i)];
  if (events & Start)
    return false;
  reach.started[i.agent] = i.place + 1;
  if (events & Complete)
    return false;
  if (events & Flush)
    flushHeld[i.agent] = true;
  bool hasSignalEvent = flushTags(i, events);
  if (!hasSignalEvent)
    return true;
  // The signal comes after every flush of this and all earlier actions.
  if (flushHeld[i.agent] || (events & SignalAll))
    return false;
  for (const Signal &s : actionOf(i).signals)
    if (model.counters[s.counter].proto != Proto::Tag) {
      value[s.counter] += s.amount;
      wake(s.counter);
    }
  return true;
}

/// The flushes k of one instance. Returns whether it has a signal event.
bool Launch::flushTags(Instance i, uint32_t events) {
  bool hasSignalEvent = false;
  uint32_t bit = FlushTag;
  for (const Signal &s : actionOf(i).signals) {
    if (model.counters[s.counter].proto != Proto::Tag) {
      hasSignalEvent = true;
      continue;
    }
    // In the order of the agent's actions: one that is held holds the later.
    char &held = tagHeld[i.agent * sums.size() + s.counter];
    held |= (events & bit) != 0;
    bit <<= 1;
    if (held) {
      flushHeld[i.agent] = true;
      continue;
    }
    ++tagFlushes[s.counter * numSteps + stepOf(i)];
    wake(s.counter);
  }
  return hasSignalEvent;
}

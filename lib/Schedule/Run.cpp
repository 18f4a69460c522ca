//===- Run.cpp - Greedy and blocked runs of a program ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

using namespace amk::schedule;

namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// Executes enabled actions until nothing is enabled.
class Engine {
public:
  Engine(const Model &model, uint64_t steps)
      : model(model), steps(steps), next(model.numAgents()),
        waitCursor(model.numAgents()), values(model.numCounters()),
        unbounded(model.numCounters()), waiting(model.numCounters()) {}

  /// Marks an agent as one that nothing stops: it has always done enough.
  void free(uint32_t agent);
  void run();

  const Model &model;
  const uint64_t steps; ///< an agent stops after this many
  bool endless = false; ///< an agent that did `steps` steps is free from then
  uint32_t blocked = kNone; ///< of the first step; never completes
  std::vector<uint32_t> *order = nullptr;

  std::vector<uint64_t> next; ///< [agents] actions completed, over all steps
  std::vector<uint32_t> waitCursor; ///< [agents] waits of `next` that hold
  std::vector<uint64_t> values;     ///< [counters]
  std::vector<char> unbounded;      ///< [counters] raised by a free agent

private:
  using Key = std::pair<uint64_t, uint32_t>; ///< position or value, agent
  using MinHeap = std::priority_queue<Key, std::vector<Key>, std::greater<Key>>;

  /// True if all waits of the agent's next action hold; else the agent is
  /// queued at the first that does not.
  bool waitsHold(uint32_t agent, uint32_t action, uint64_t step);
  void complete(uint32_t agent, uint32_t action);
  void wake(uint32_t counter);

  std::vector<MinHeap> waiting; ///< [counters] needed value, agent
  MinHeap ready;
};

} // namespace

void Engine::free(uint32_t agent) {
  next[agent] = steps * model.length(agent);
  uint32_t begin = model.signalBegin[model.agentBegin[agent]];
  uint32_t end = model.signalBegin[model.agentBegin[agent + 1]];
  for (uint32_t i = begin; i != end; ++i) {
    unbounded[model.signals[i].counter] = true;
    wake(model.signals[i].counter);
  }
}

void Engine::wake(uint32_t counter) {
  MinHeap &heap = waiting[counter];
  while (!heap.empty() &&
         (unbounded[counter] || heap.top().first <= values[counter])) {
    uint32_t agent = heap.top().second;
    heap.pop();
    ready.push({next[agent], agent});
  }
}

bool Engine::waitsHold(uint32_t agent, uint32_t action, uint64_t step) {
  uint32_t begin = model.waitBegin[action];
  uint32_t count = model.waitBegin[action + 1] - begin;
  for (uint32_t &cursor = waitCursor[agent]; cursor != count; ++cursor) {
    const Wait &wait = model.waits[begin + cursor];
    int64_t need = wait.threshold +
                   static_cast<int64_t>(step * model.perStep[wait.counter]);
    if (need <= 0 || unbounded[wait.counter] ||
        static_cast<uint64_t>(need) <= values[wait.counter])
      continue;
    waiting[wait.counter].push({static_cast<uint64_t>(need), agent});
    return false;
  }
  return true;
}

void Engine::complete(uint32_t agent, uint32_t action) {
  if (order)
    order->push_back(action);
  ++next[agent];
  waitCursor[agent] = 0;
  for (uint32_t i = model.signalBegin[action];
       i != model.signalBegin[action + 1]; ++i) {
    const Signal &signal = model.signals[i];
    values[signal.counter] += signal.amount;
    wake(signal.counter);
  }
}

void Engine::run() {
  for (uint32_t agent = 0; agent != model.numAgents(); ++agent)
    if (next[agent] < steps * model.length(agent))
      ready.push({next[agent], agent});
  while (!ready.empty()) {
    uint32_t agent = ready.top().second;
    ready.pop();
    uint32_t length = model.length(agent);
    uint64_t step = next[agent] / length;
    uint32_t action =
        model.agentBegin[agent] + static_cast<uint32_t>(next[agent] % length);
    if (!waitsHold(agent, action, step) || (action == blocked && step == 0))
      continue;
    complete(agent, action);
    if (next[agent] < steps * length)
      ready.push({next[agent], agent});
    else if (endless)
      free(agent);
  }
}

GreedyRun::GreedyRun(const Model &model) {
  Engine engine(model, /*steps=*/1);
  order.reserve(model.numActions());
  engine.order = &order;
  engine.run();
  complete = order.size() == model.numActions();
  completed.assign(engine.next.begin(), engine.next.end());
  values = std::move(engine.values);
}

/// Marks the agents that can never again be held up by `blocked`, however long
/// the launch: those that do not depend on it through any wait. What they raise
/// grows without bound, which may free others.
static std::vector<char> agentsNothingStops(const Model &model,
                                            uint32_t blocked) {
  uint32_t numAgents = model.numAgents();
  // Agents that wait for a counter, and the agents' signals.
  std::vector<std::vector<uint32_t>> waiters(model.numCounters());
  for (uint32_t agent = 0; agent != numAgents; ++agent) {
    uint32_t end = model.waitBegin[model.agentBegin[agent + 1]];
    for (uint32_t i = model.waitBegin[model.agentBegin[agent]]; i != end; ++i) {
      std::vector<uint32_t> &list = waiters[model.waits[i].counter];
      if (list.empty() || list.back() != agent)
        list.push_back(agent);
    }
  }

  std::vector<char> unbounded(model.numCounters()), stoppable;
  std::vector<uint32_t> stack;
  for (bool changed = true; changed;) {
    changed = false;
    stoppable.assign(numAgents, false);
    stoppable[blocked] = true;
    stack.assign(1, blocked);
    auto forSignals = [&](uint32_t agent, auto &&body) {
      uint32_t end = model.signalBegin[model.agentBegin[agent + 1]];
      for (uint32_t i = model.signalBegin[model.agentBegin[agent]]; i != end;
           ++i)
        body(model.signals[i].counter);
    };
    while (!stack.empty()) {
      uint32_t agent = stack.back();
      stack.pop_back();
      forSignals(agent, [&](uint32_t counter) {
        if (unbounded[counter])
          return;
        for (uint32_t waiter : waiters[counter])
          if (!stoppable[waiter]) {
            stoppable[waiter] = true;
            stack.push_back(waiter);
          }
      });
    }
    for (uint32_t agent = 0; agent != numAgents; ++agent)
      if (!stoppable[agent])
        forSignals(agent, [&](uint32_t counter) {
          changed |= !unbounded[counter];
          unbounded[counter] = true;
        });
  }
  for (char &flag : stoppable)
    flag = !flag;
  return stoppable;
}

std::vector<uint32_t> amk::schedule::runBlocked(const Model &model,
                                                uint32_t blocked,
                                                uint64_t steps) {
  bool endless = steps == 0 || steps > kMaxRunAhead;
  Engine engine(model, endless ? kMaxRunAhead : steps);
  engine.endless = endless;
  engine.blocked = blocked;
  if (endless) {
    std::vector<char> freed = agentsNothingStops(model, model.agentOf[blocked]);
    for (uint32_t agent = 0; agent != model.numAgents(); ++agent)
      if (freed[agent])
        engine.free(agent);
  }
  engine.run();
  std::vector<uint32_t> started(model.numAgents());
  for (uint32_t agent = 0; agent != model.numAgents(); ++agent)
    started[agent] = static_cast<uint32_t>(
        std::min<uint64_t>(engine.next[agent], 2ull * model.length(agent)));
  return started;
}

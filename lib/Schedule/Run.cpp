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

using namespace amk::schedule;

static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

namespace amk::schedule {

/// Executes enabled actions until nothing is enabled.
class Engine {
public:
  /// Forgets the run before, but keeps its memory.
  void reset(const Model &model, uint64_t steps);
  void block(Ending ending) { blocked = ending; }
  /// Marks an agent as one that nothing stops: it has always done enough.
  void free(uint32_t agent);
  void run();

  bool endless = false; ///< an agent that did `steps` steps is free from then
  std::vector<uint32_t> *order = nullptr;

  std::vector<uint64_t> next;   ///< [agents] actions finished, over all steps
  std::vector<uint64_t> values; ///< [counters] of Tag: whole rounds * perStep

private:
  bool waitsHold(uint32_t agent, uint32_t action, uint64_t step);
  /// False if the agent does not go on after the action.
  bool finish(uint32_t agent, uint32_t action, uint64_t step);
  void add(uint32_t counter, uint64_t amount);
  void flushWords(uint32_t counter, uint64_t step);
  void startRound(uint32_t counter);
  void findProducers();
  bool isBlockedHere(uint32_t action, uint64_t step) const {
    return action == blocked.action && step == 0;
  }

  void pushReady(uint32_t agent);
  void pushWaiter(uint32_t counter, uint32_t agent, uint64_t value);
  void wake(uint32_t counter);
  uint32_t mergeHeaps(uint32_t a, uint32_t b);

  const Model *model = nullptr;
  uint64_t steps = 0; ///< an agent stops after this many
  Ending blocked{kNone, End::Reads, 0};
  bool afterBlocked = false; ///< the blocked action, but not its end, happened
  uint32_t halted = kNone;   ///< agent whose next action completed, no more

  std::vector<uint32_t> waitCursor; ///< [agents] waits of `next` that hold
  std::vector<char> isFree;         ///< [agents]
  std::vector<char> unbounded;      ///< [counters] raised by a free agent
  std::vector<uint64_t> ready;      ///< heap of position << 32 | agent

  // Skew heaps of the agents that wait for a counter, by the value they need.
  struct Waiter {
    uint64_t needs;
    uint32_t left, right;
  };
  std::vector<Waiter> waiters;   ///< [agents]
  std::vector<uint32_t> waiting; ///< [counters] root of the heap

  // Tag counters: the actions that signal, and how many the round lacks.
  std::vector<uint32_t> producerBegin, producers;
  std::vector<uint64_t> lacking; ///< [counters]
};

} // namespace amk::schedule

void Engine::reset(const Model &newModel, uint64_t newSteps) {
  model = &newModel;
  steps = newSteps;
  blocked.action = kNone;
  afterBlocked = false;
  halted = kNone;
  next.assign(model->numAgents(), 0);
  values.assign(model->numCounters(), 0);
  waitCursor.assign(model->numAgents(), 0);
  isFree.assign(model->numAgents(), false);
  unbounded.assign(model->numCounters(), false);
  waiters.resize(model->numAgents());
  waiting.assign(model->numCounters(), kNone);
  ready.clear();
  if (model->hasTags)
    findProducers();
}

void Engine::findProducers() {
  producerBegin.assign(model->numCounters() + 1, 0);
  for (const Signal &signal : model->signals)
    if (model->isTag(signal.counter))
      ++producerBegin[signal.counter + 1];
  lacking.assign(producerBegin.begin() + 1, producerBegin.end());
  for (uint32_t c = 0; c != model->numCounters(); ++c)
    producerBegin[c + 1] += producerBegin[c];
  producers.resize(producerBegin.back());
  std::vector<uint32_t> fill(producerBegin.begin(), producerBegin.end() - 1);
  for (uint32_t action = 0; action != model->numActions(); ++action)
    for (uint32_t i = model->signalBegin[action];
         i != model->signalBegin[action + 1]; ++i)
      if (model->isTag(model->signals[i].counter))
        producers[fill[model->signals[i].counter]++] = action;
}

void Engine::pushReady(uint32_t agent) {
  ready.push_back(std::min<uint64_t>(next[agent], kNone) << 32 | agent);
  std::push_heap(ready.begin(), ready.end(), std::greater<>());
}

uint32_t Engine::mergeHeaps(uint32_t a, uint32_t b) {
  uint32_t root = kNone, *link = &root;
  while (a != kNone && b != kNone) {
    if (waiters[b].needs < waiters[a].needs)
      std::swap(a, b);
    *link = a;
    uint32_t rest = waiters[a].right;
    waiters[a].right = waiters[a].left;
    link = &waiters[a].left;
    a = rest;
  }
  *link = a == kNone ? b : a;
  return root;
}

void Engine::pushWaiter(uint32_t counter, uint32_t agent, uint64_t value) {
  waiters[agent] = {value, kNone, kNone};
  waiting[counter] = mergeHeaps(waiting[counter], agent);
}

void Engine::wake(uint32_t counter) {
  uint32_t &root = waiting[counter];
  while (root != kNone &&
         (unbounded[counter] || waiters[root].needs <= values[counter])) {
    pushReady(root);
    root = mergeHeaps(waiters[root].left, waiters[root].right);
  }
}

void Engine::free(uint32_t agent) {
  isFree[agent] = true;
  next[agent] = steps * model->length(agent);
  uint32_t begin = model->signalBegin[model->agentBegin[agent]];
  uint32_t end = model->signalBegin[model->agentBegin[agent + 1]];
  for (uint32_t i = begin; i != end; ++i) {
    uint32_t counter = model->signals[i].counter;
    if (model->isTag(counter)) {
      startRound(counter);
    } else {
      unbounded[counter] = true;
      wake(counter);
    }
  }
}

bool Engine::waitsHold(uint32_t agent, uint32_t action, uint64_t step) {
  uint32_t begin = model->waitBegin[action];
  uint32_t count = model->waitBegin[action + 1] - begin;
  for (uint32_t &cursor = waitCursor[agent]; cursor != count; ++cursor) {
    const Wait &wait = model->waits[begin + cursor];
    int64_t need = wait.threshold +
                   static_cast<int64_t>(step * model->perStep[wait.counter]);
    if (need <= 0 || unbounded[wait.counter] ||
        static_cast<uint64_t>(need) <= values[wait.counter])
      continue;
    pushWaiter(wait.counter, agent, static_cast<uint64_t>(need));
    return false;
  }
  return true;
}

void Engine::add(uint32_t counter, uint64_t amount) {
  values[counter] += amount;
  if (waiting[counter] != kNone)
    wake(counter);
}

/// One producer's words of a step are visible. A producer that is ahead of the
/// round is counted when its round starts.
void Engine::flushWords(uint32_t counter, uint64_t step) {
  if (step == values[counter] / model->perStep[counter] &&
      --lacking[counter] == 0) {
    add(counter, model->perStep[counter]);
    startRound(counter);
  }
}

/// Counts the producers that have not yet done the counter's current round, and
/// ends it if there are none.
void Engine::startRound(uint32_t counter) {
  uint64_t perStep = model->perStep[counter];
  while (values[counter] / perStep < steps) {
    uint64_t round = values[counter] / perStep;
    lacking[counter] = 0;
    for (uint32_t i = producerBegin[counter]; i != producerBegin[counter + 1];
         ++i) {
      uint32_t agent = model->agentOf[producers[i]];
      uint64_t at =
          round * model->length(agent) + model->position(producers[i]);
      bool isBlocked = blocked.action != kNone && blocked.end == End::Words &&
                       blocked.counter == counter &&
                       blocked.action == producers[i];
      uint64_t done = next[agent] + (agent == halted);
      lacking[counter] += isBlocked || (!isFree[agent] && done <= at);
    }
    if (lacking[counter])
      return;
    add(counter, perStep);
  }
}

bool Engine::finish(uint32_t agent, uint32_t action, uint64_t step) {
  if (order)
    order->push_back(action);
  if (blocked.action != kNone && model->agentOf[blocked.action] == agent) {
    afterBlocked |= isBlockedHere(action, step);
    if (afterBlocked && model->releases[action])
      halted = agent;
  }
  if (agent != halted)
    ++next[agent];
  waitCursor[agent] = 0;
  for (uint32_t i = model->signalBegin[action];
       i != model->signalBegin[action + 1]; ++i) {
    const Signal &signal = model->signals[i];
    if (!model->isTag(signal.counter)) {
      if (agent != halted)
        add(signal.counter, signal.amount);
    } else if (!(blocked.end == End::Words && action == blocked.action &&
                 blocked.counter == signal.counter)) {
      flushWords(signal.counter, step);
    }
  }
  return agent != halted;
}

void Engine::run() {
  for (uint32_t agent = 0; agent != model->numAgents(); ++agent)
    if (next[agent] < steps * model->length(agent))
      pushReady(agent);
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), std::greater<>());
    auto agent = static_cast<uint32_t>(ready.back());
    ready.pop_back();
    uint32_t length = model->length(agent);
    // Divisions are slow, and most runs are of one step.
    uint64_t step = next[agent] < length ? 0 : next[agent] / length;
    uint32_t action = model->agentBegin[agent] +
                      static_cast<uint32_t>(next[agent] - step * length);
    if (!waitsHold(agent, action, step))
      continue;
    if (isBlockedHere(action, step) && blocked.end == End::Reads)
      continue;
    if (!finish(agent, action, step))
      continue;
    if (next[agent] < steps * length)
      pushReady(agent);
    else if (endless)
      free(agent);
  }
}

GreedyRun::GreedyRun() : engine(std::make_unique<Engine>()) {}
GreedyRun::~GreedyRun() = default;

void GreedyRun::build(const Model &model) {
  order.clear();
  engine->reset(model, /*steps=*/1);
  engine->order = &order;
  engine->run();
  complete = order.size() == model.numActions();
  completed = engine->next;
  values = engine->values;
}

namespace {

/// Marks the agents that can never again be held up by one agent, however long
/// the launch: those that do not depend on it through any wait. What they raise
/// grows without bound, which may free others.
class Freed {
public:
  Freed(const Model &model, uint32_t blockedAgent);
  /// True for an agent that nothing stops.
  bool operator[](uint32_t agent) const { return !stoppable[agent]; }

private:
  template <typename Body>
  void forSignals(uint32_t agent, Body body) const {
    uint32_t end = model.signalBegin[model.agentBegin[agent + 1]];
    for (uint32_t i = model.signalBegin[model.agentBegin[agent]]; i != end; ++i)
      body(model.signals[i].counter);
  }
  void findStoppable(uint32_t blockedAgent);

  const Model &model;
  std::vector<std::vector<uint32_t>> waiters; ///< [counters] agents
  std::vector<char> unbounded;                ///< [counters]
  std::vector<char> stoppable;                ///< [agents]
};

} // namespace

Freed::Freed(const Model &model, uint32_t blockedAgent)
    : model(model), waiters(model.numCounters()),
      unbounded(model.numCounters()) {
  for (uint32_t agent = 0; agent != model.numAgents(); ++agent) {
    uint32_t end = model.waitBegin[model.agentBegin[agent + 1]];
    for (uint32_t i = model.waitBegin[model.agentBegin[agent]]; i != end; ++i) {
      std::vector<uint32_t> &list = waiters[model.waits[i].counter];
      if (list.empty() || list.back() != agent)
        list.push_back(agent);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    findStoppable(blockedAgent);
    for (uint32_t agent = 0; agent != model.numAgents(); ++agent)
      if (!stoppable[agent])
        forSignals(agent, [&](uint32_t counter) {
          // A Tag wait needs every producer, not a sum.
          if (model.isTag(counter) || unbounded[counter])
            return;
          changed = unbounded[counter] = true;
        });
  }
}

void Freed::findStoppable(uint32_t blockedAgent) {
  stoppable.assign(model.numAgents(), false);
  stoppable[blockedAgent] = true;
  std::vector<uint32_t> stack{blockedAgent};
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
}

std::vector<uint64_t>
amk::schedule::runBlocked(const Model &model, Ending blocked, uint64_t steps) {
  bool endless = steps == 0 || steps > kMaxRunAhead;
  Engine engine;
  engine.reset(model, endless ? kMaxRunAhead : steps);
  engine.endless = endless;
  engine.block(blocked);
  if (endless) {
    Freed freed(model, model.agentOf[blocked.action]);
    for (uint32_t agent = 0; agent != model.numAgents(); ++agent)
      if (freed[agent])
        engine.free(agent);
  }
  engine.run();
  return std::move(engine.next);
}

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

namespace {

/// Agents by the queue position of what they do next, then by number; each is
/// there at most once. Agents in step with each other come and go in this very
/// order: they stand in a line, and only the others in a heap.
class ReadyQueue {
public:
  /// For so many agents. Keeps its memory.
  void reset(uint32_t agents) {
    for (std::vector<uint64_t> &list : line)
      list.resize(agents);
    head = headEnd = line[0].data();
    tailEnd = line[1].data();
    last = 0;
    heap.clear();
  }
  void push(uint32_t position, uint32_t agent) {
    uint64_t key = uint64_t(position) << 32 | agent;
    if (key < last)
      pushHeap(key);
    else
      last = *tailEnd++ = key;
  }
  /// False if there is none.
  bool pop(uint32_t &agent) {
    if (head == headEnd) {
      line[0].swap(line[1]);
      head = line[0].data();
      headEnd = tailEnd;
      tailEnd = line[1].data();
    }
    if (!heap.empty() && (head == headEnd || heap.front() < *head)) {
      agent = popHeap();
      return true;
    }
    if (head == headEnd)
      return false;
    agent = static_cast<uint32_t>(*head++);
    return true;
  }

private:
  [[gnu::noinline]] void pushHeap(uint64_t key) {
    heap.push_back(key);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
  [[gnu::noinline]] uint32_t popHeap() {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    auto agent = static_cast<uint32_t>(heap.back());
    heap.pop_back();
    return agent;
  }

  // The line, in ascending order: its head, [head, headEnd) of line[0], then
  // its tail, line[1] up to tailEnd.
  std::vector<uint64_t> line[2];
  uint64_t *head = nullptr, *headEnd = nullptr, *tailEnd = nullptr;
  uint64_t last = 0; ///< that was put into the line: the largest so far
  std::vector<uint64_t> heap;
};

} // namespace

namespace amk::schedule {

/// Executes enabled actions until nothing is enabled.
class Engine {
public:
  /// Forgets the run before, but keeps its memory.
  void reset(const Model &model, uint64_t steps);
  void block(Ending ending) { blocked = ending; }
  /// Marks an agent as one that nothing stops: it has always done enough.
  void free(uint32_t agent);
  /// `isGreedy`: of one step, with nothing blocked and no agent free. `order`
  /// is then where to put the actions as they run.
  template <bool isGreedy>
  void run();

  bool endless = false; ///< an agent that did `steps` steps is free from then
  uint32_t *order = nullptr;

  std::vector<uint64_t> next;   ///< [agents] actions finished, over all steps
  std::vector<uint64_t> values; ///< [counters] of Tag: whole rounds * perStep

private:
  template <bool isGreedy>
  bool waitsHold(uint32_t agent, uint32_t action, uint64_t step);
  /// False if the agent does not go on after the action.
  template <bool isGreedy>
  bool finish(uint32_t agent, uint32_t action, uint64_t step);
  void add(uint32_t counter, uint64_t amount);
  // Out of line, since most actions need none of them.
  [[gnu::noinline]] void flushWords(uint32_t counter, uint64_t step);
  void startRound(uint32_t counter);
  void findProducers();
  bool isBlockedHere(uint32_t action, uint64_t step) const {
    return action == blocked.action && step == 0;
  }

  void pushReady(uint32_t agent);
  [[gnu::noinline]] void pushWaiter(uint32_t counter, uint32_t agent,
                                    uint64_t value);
  [[gnu::noinline]] void wake(uint32_t counter);
  uint32_t mergeHeaps(uint32_t a, uint32_t b);

  const Model *model = nullptr;
  uint64_t steps = 0; ///< an agent stops after this many
  Ending blocked{kNone, End::Reads, 0};
  bool afterBlocked = false; ///< the blocked action, but not its end, happened
  uint32_t halted = kNone;   ///< agent whose next action completed, no more

  std::vector<uint32_t> waitCursor; ///< [agents] waits of `next` that hold
  std::vector<char> isFree;         ///< [agents]
  std::vector<char> unbounded;      ///< [counters] raised by a free agent
  ReadyQueue ready;

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
  ready.reset(model->numAgents());
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

inline void Engine::pushReady(uint32_t agent) {
  ready.push(static_cast<uint32_t>(std::min<uint64_t>(next[agent], kNone)),
             agent);
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

template <bool isGreedy>
inline bool Engine::waitsHold(uint32_t agent, uint32_t action, uint64_t step) {
  uint32_t begin = model->waitBegin[action];
  uint32_t end = model->waitBegin[action + 1];
  for (uint32_t i = begin + waitCursor[agent]; i != end; ++i) {
    const Wait &wait = model->waits[i];
    int64_t need = wait.threshold;
    if (!isGreedy)
      need += static_cast<int64_t>(step * model->perStep[wait.counter]);
    if (need <= 0 || static_cast<uint64_t>(need) <= values[wait.counter] ||
        (!isGreedy && unbounded[wait.counter]))
      continue;
    waitCursor[agent] = i - begin;
    pushWaiter(wait.counter, agent, static_cast<uint64_t>(need));
    return false;
  }
  waitCursor[agent] = 0;
  return true;
}

inline void Engine::add(uint32_t counter, uint64_t amount) {
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

template <bool isGreedy>
inline bool Engine::finish(uint32_t agent, uint32_t action, uint64_t step) {
  if (isGreedy) {
    *order++ = action;
  } else if (model->agentOf[blocked.action] == agent) {
    afterBlocked |= isBlockedHere(action, step);
    if (afterBlocked && model->releases[action])
      halted = agent;
  }
  bool goesOn = isGreedy || agent != halted;
  if (goesOn)
    ++next[agent];
  uint32_t end = model->signalBegin[action + 1];
  for (uint32_t i = model->signalBegin[action]; i != end; ++i) {
    const Signal &signal = model->signals[i];
    if (!model->hasTags || !model->isTag(signal.counter)) {
      if (goesOn)
        add(signal.counter, signal.amount);
    } else if (isGreedy ||
               !(blocked.end == End::Words && action == blocked.action &&
                 blocked.counter == signal.counter)) {
      flushWords(signal.counter, step);
    }
  }
  return goesOn;
}

template <bool isGreedy>
void Engine::run() {
  for (uint32_t agent = 0; agent != model->numAgents(); ++agent)
    if (next[agent] < steps * model->length(agent))
      pushReady(agent);
  for (uint32_t agent; ready.pop(agent);) {
    uint32_t length = model->length(agent);
    // Divisions are slow, and most runs are of one step.
    uint64_t step = isGreedy || next[agent] < length ? 0 : next[agent] / length;
    uint32_t action = model->agentBegin[agent] +
                      static_cast<uint32_t>(next[agent] - step * length);
    if (!waitsHold<isGreedy>(agent, action, step))
      continue;
    if (!isGreedy && isBlockedHere(action, step) && blocked.end == End::Reads)
      continue;
    if (!finish<isGreedy>(agent, action, step))
      continue;
    if (next[agent] < steps * length)
      pushReady(agent);
    else if (!isGreedy && endless)
      free(agent);
  }
}

GreedyRun::GreedyRun() : engine(std::make_unique<Engine>()) {}
GreedyRun::~GreedyRun() = default;

void GreedyRun::build(const Model &model) {
  order.resize(model.numActions());
  engine->reset(model, /*steps=*/1);
  engine->order = order.data();
  engine->run</*isGreedy=*/true>();
  order.resize(static_cast<size_t>(engine->order - order.data()));
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
  engine.run</*isGreedy=*/false>();
  return std::move(engine.next);
}

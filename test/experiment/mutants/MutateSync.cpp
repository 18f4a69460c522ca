//===- MutateSync.cpp - Mutations of waits, signals and queues ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"

#include <algorithm>

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

static bool anyWait(const Wait &) { return true; }
static bool anySignal(const Signal &) { return true; }

template <typename T>
static void eraseAt(std::vector<T> &list, size_t index) {
  list.erase(list.begin() + index);
}

static WaitFilter onProtocol(const Program &p, Protocol protocol) {
  return [&p, protocol](const Wait &w) {
    return p.counters[w.counter].protocol == protocol;
  };
}

static WaitFilter notOnTags(const Program &p) {
  return [&p](const Wait &w) {
    return p.counters[w.counter].protocol != Protocol::Tag;
  };
}

//===----------------------------------------------------------------------===//
// Waits
//===----------------------------------------------------------------------===//

bool amk::mutants::dropWait(Base &base, Random &random) {
  Site s;
  if (!choose(findWaits(base.program, anyWait), random, s))
    return false;
  eraseAt(actionAt(base.program, s).waits, s.index);
  return true;
}

bool amk::mutants::dropTagWait(Base &base, Random &random) {
  Site s;
  if (!choose(findWaits(base.program, onProtocol(base.program, Protocol::Tag)),
              random, s))
    return false;
  eraseAt(actionAt(base.program, s).waits, s.index);
  return true;
}

/// Changes a threshold by a part of a step or by a whole one.
static bool shiftWait(Base &base, Random &random, int sign) {
  Program &p = base.program;
  Site s;
  // A wait on tags has one threshold only: a form error, so seldom asked for.
  bool tags = random.chance(5);
  if (!choose(findWaits(p, tags ? WaitFilter(anyWait) : notOnTags(p)), random,
              s))
    return false;
  Wait &wait = actionAt(p, s).waits[s.index];
  int64_t sum = std::max<int64_t>(sumPerStep(p, wait.counter), 1);
  wait.threshold +=
      sign * (random.chance(30) ? sum : int64_t(random.between(1, sum)));
  return true;
}

bool amk::mutants::lowerWait(Base &base, Random &random) {
  return shiftWait(base, random, -1);
}
bool amk::mutants::raiseWait(Base &base, Random &random) {
  return shiftWait(base, random, 1);
}

bool amk::mutants::misdirectWait(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findWaits(p, anyWait), random, s))
    return false;
  Wait &wait = actionAt(p, s).waits[s.index];
  std::vector<uint32_t> others =
      countersOf(p, p.counters[wait.counter].protocol);
  uint32_t other = random.pick(others);
  if (other == wait.counter)
    return false;
  // Once as it is, else with what stands for the same on the other counter.
  if (p.counters[other].protocol == Protocol::Tag || random.chance(50))
    wait.threshold += sumPerStep(p, other) - sumPerStep(p, wait.counter);
  wait.counter = other;
  return true;
}

/// Without one of the producers.
bool amk::mutants::joinPartially(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  auto joins = [&](const Wait &w) {
    auto same = [&](const Signal &o) { return o.counter == w.counter; };
    return p.counters[w.counter].protocol == Protocol::Release &&
           findSignals(p, same).size() > 1;
  };
  if (!choose(findWaits(p, joins), random, s))
    return false;
  Wait &wait = actionAt(p, s).waits[s.index];
  Site producer = random.pick(findSignals(
      p, [&](const Signal &o) { return o.counter == wait.counter; }));
  wait.threshold -= actionAt(p, producer).signals[producer.index].amount;
  return true;
}

/// A producer waits for its consumer.
bool amk::mutants::introduceCycle(Base &base, Random &random) {
  Program &p = base.program;
  Site consumer, producer;
  auto satisfiedThisStep = [&](const Wait &w) { return w.threshold > 0; };
  if (!choose(findWaits(p, satisfiedThisStep), random, consumer))
    return false;
  uint32_t counter = actionAt(p, consumer).waits[consumer.index].counter;
  auto same = [&](const Signal &s) { return s.counter == counter; };
  if (!choose(findSignals(p, same), random, producer))
    return false;
  uint32_t back = p.counters.size();
  p.counters.push_back({"back", Protocol::Release, 0, 0});
  actionAt(p, consumer).signals.push_back({back, 1});
  // Now and then a wait on the step before, which is no cycle.
  int64_t threshold = random.chance(15) ? 0 : 1;
  actionAt(p, producer).waits.push_back({back, threshold});
  return true;
}

//===----------------------------------------------------------------------===//
// Signals
//===----------------------------------------------------------------------===//

bool amk::mutants::dropSignal(Base &base, Random &random) {
  Site s;
  if (!choose(findSignals(base.program, anySignal), random, s))
    return false;
  eraseAt(actionAt(base.program, s).signals, s.index);
  return true;
}

bool amk::mutants::duplicateSignal(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  bool any = random.chance(20);
  auto filter = [&](const Signal &o) {
    return any || p.counters[o.counter].protocol == Protocol::Release;
  };
  if (!choose(findSignals(p, filter), random, s))
    return false;
  Signal signal = actionAt(p, s).signals[s.index];
  if (random.chance(50)) {
    actionAt(p, s).signals[s.index].amount *= 2;
    return true;
  }
  // Again, by itself or by another action.
  Site to = random.chance(50) ? s : random.pick(findActions(p));
  actionAt(p, to).signals.push_back(signal);
  return true;
}

bool amk::mutants::moveSignal(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findSignals(p, anySignal), random, s))
    return false;
  Site to = random.pick(findActions(p));
  if (random.chance(70)) {
    // To a neighbour of the same queue.
    size_t size = p.agents[s.agent].actions.size();
    to = {s.agent,
          uint32_t((s.action + (random.chance(50) ? 1 : size - 1)) % size), 0};
  }
  if (to.agent == s.agent && to.action == s.action)
    return false;
  std::vector<Signal> &from = actionAt(p, s).signals;
  std::vector<Signal> &into = actionAt(p, to).signals;
  into.insert(into.begin(), from[s.index]);
  eraseAt(from, s.index);
  return true;
}

//===----------------------------------------------------------------------===//
// Queues
//===----------------------------------------------------------------------===//

bool amk::mutants::swapQueueEntries(Base &base, Random &random) {
  Site a = random.pick(findActions(base.program));
  std::vector<Action> &queue = base.program.agents[a.agent].actions;
  size_t other = a.action + random.between(1, 3);
  if (other >= queue.size())
    return false;
  std::swap(queue[a.action], queue[other]);
  return true;
}

bool amk::mutants::moveTask(Base &base, Random &random) {
  Program &p = base.program;
  Site s = random.pick(findActions(p));
  uint32_t to = random.below(p.agents.size());
  std::vector<Action> &from = p.agents[s.agent].actions;
  if (to == s.agent || from.size() < 2)
    return false;
  // Parity signals and shared memory are bound to their agent and worker.
  bool bound = false;
  for (const Signal &signal : from[s.action].signals)
    bound |= p.counters[signal.counter].protocol == Protocol::Parity;
  if (bound && random.chance(80))
    return false;
  Action action = from[s.action];
  eraseAt(from, s.action);
  std::vector<Action> &into = p.agents[to].actions;
  // About as far in its new queue as it was in the old one, or anywhere.
  size_t place = random.chance(70)
                     ? s.action * (into.size() + 1) / (from.size() + 1)
                     : random.below(into.size() + 1);
  into.insert(into.begin() + place, action);
  return true;
}

//===----------------------------------------------------------------------===//
// Versions
//===----------------------------------------------------------------------===//

static AccessFilter readsOf(const Program &p, BufferKind kind) {
  return [&p, kind](const Access &a) {
    return a.mode == AccessMode::Read &&
           p.buffers[a.region.buffer].kind == kind;
  };
}

/// The wait on a release counter that is nearest to what `reader` reads becomes
/// one for the step before, or none.
static bool weakenWaits(Program &p, Site reader, Random &random, bool drop) {
  std::vector<Wait> &waits = actionAt(p, reader).waits;
  bool changed = false;
  for (size_t i = waits.size(); i-- > 0;) {
    if (p.counters[waits[i].counter].protocol != Protocol::Release ||
        (changed && random.chance(50)))
      continue;
    if (drop)
      eraseAt(waits, i);
    else
      waits[i].threshold -= sumPerStep(p, waits[i].counter);
    changed = true;
  }
  return changed;
}

/// Brings a reader before the writer of the same buffer if both are in one
/// queue.
static bool moveBeforeWriter(Program &p, Site reader, uint32_t buffer) {
  std::vector<Action> &queue = p.agents[reader.agent].actions;
  for (size_t i = 0; i < reader.action; ++i)
    for (const Access &a : queue[i].accesses)
      if (a.isWrite() && a.region.buffer == buffer) {
        std::rotate(queue.begin() + i, queue.begin() + reader.action,
                    queue.begin() + reader.action + 1);
        return true;
      }
  return false;
}

bool amk::mutants::readCacheEarly(Base &base, Random &random) {
  Program &p = base.program;
  Site reader;
  if (!choose(findAccesses(p, readsOf(p, BufferKind::Carried)), random, reader))
    return false;
  uint32_t buffer = actionAt(p, reader).accesses[reader.index].region.buffer;
  if (random.chance(40) && moveBeforeWriter(p, reader, buffer))
    return true;
  return weakenWaits(p, reader, random, random.chance(50));
}

bool amk::mutants::readPreviousVersion(Base &base, Random &random) {
  Program &p = base.program;
  Site site;
  auto carried = [&](const Access &a) {
    return a.isRead() && a.mode != AccessMode::Reduce &&
           p.buffers[a.region.buffer].kind == BufferKind::Carried;
  };
  if (random.chance(60) && choose(findAccesses(p, carried), random, site)) {
    AccessMode &mode = actionAt(p, site).accesses[site.index].mode;
    mode =
        mode == AccessMode::Read ? AccessMode::ReadPrevious : AccessMode::Read;
    return true;
  }
  if (!choose(findAccesses(p, readsOf(p, BufferKind::Scratch)), random, site))
    return false;
  // The waits of a reduction are also those that fix its order.
  for (const Access &a : actionAt(p, site).accesses)
    if (a.mode == AccessMode::Reduce)
      return false;
  return weakenWaits(p, site, random, false);
}

bool amk::mutants::unorderReduction(Base &base, Random &random) {
  Program &p = base.program;
  Site site;
  auto reduces = [](const Access &a) { return a.mode == AccessMode::Reduce; };
  if (!choose(findAccesses(p, reduces), random, site))
    return false;
  if (random.chance(75))
    return weakenWaits(p, site, random, random.chance(70));
  // The first part of the sum becomes one more reduction.
  uint32_t buffer = actionAt(p, site).accesses[site.index].region.buffer;
  auto writes = [&](const Access &a) {
    return a.mode == AccessMode::Write && a.region.buffer == buffer;
  };
  if (!choose(findAccesses(p, writes), random, site))
    return false;
  actionAt(p, site).accesses[site.index].mode = AccessMode::Reduce;
  return true;
}

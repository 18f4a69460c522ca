//===- MutateData.cpp - Mutations of memory, tags, rings and limits -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"

#include <algorithm>
#include <set>

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

static Region &regionAt(Program &p, Site s) {
  return actionAt(p, s).accesses[s.index].region;
}

static AccessFilter inRing(const Program &p) {
  return [&p](const Access &a) {
    return p.spaces[p.buffers[a.region.buffer].space].ringBytes != 0;
  };
}

static AccessFilter storesOutsideRings(const Program &p) {
  return [&p](const Access &a) {
    return (a.mode == AccessMode::Write || a.mode == AccessMode::WriteTagged) &&
           !p.spaces[p.buffers[a.region.buffer].space].ringBytes;
  };
}

//===----------------------------------------------------------------------===//
// Places of buffers
//===----------------------------------------------------------------------===//

/// Puts buffer `y` on bytes of buffer `x`, if it fits into the space.
static bool putOnto(Program &p, uint32_t y, uint32_t x, Random &random) {
  const Buffer &under = p.buffers[x];
  Buffer &moved = p.buffers[y];
  uint64_t size = p.spaces[under.space].bytes;
  if (x == y || moved.bytes > size || p.spaces[under.space].ringBytes ||
      p.spaces[moved.space].ringBytes)
    return false;
  // From where the last bytes of y meet the first of x to the opposite.
  uint64_t low =
      under.offset + 4 > moved.bytes ? under.offset + 4 - moved.bytes : 0;
  uint64_t high = std::min(under.offset + under.bytes - 4, size - moved.bytes);
  uint64_t offset = random.chance(50) && under.offset <= high
                        ? under.offset
                        : low + random.below((high - low) / 4 + 1) * 4;
  if (low > high || (offset == moved.offset && under.space == moved.space))
    return false;
  moved.space = under.space;
  moved.offset = offset;
  return true;
}

bool amk::mutants::aliasWithinStep(Base &base, Random &random) {
  Program &p = base.program;
  uint32_t x = random.below(p.buffers.size());
  uint32_t y = random.below(p.buffers.size());
  return p.buffers[x].space == p.buffers[y].space && putOnto(p, y, x, random);
}

/// Where in the queues a buffer is touched first and last, roughly.
static std::pair<double, double> lifetime(const Program &p, uint32_t buffer) {
  std::pair<double, double> life = {1, 0};
  for (const Agent &agent : p.agents)
    for (size_t i = 0; i < agent.actions.size(); ++i)
      for (const Access &a : agent.actions[i].accesses)
        if (a.region.buffer == buffer) {
          double at = double(i) / agent.actions.size();
          life.first = std::min(life.first, at);
          life.second = std::max(life.second, at);
        }
  return life;
}

/// Buffers that meet only from one step to the next: one of them is carried, or
/// their lifetimes within a step look disjoint.
bool amk::mutants::aliasAcrossSteps(Base &base, Random &random) {
  Program &p = base.program;
  uint32_t x = random.below(p.buffers.size());
  uint32_t y = random.below(p.buffers.size());
  bool carried = p.buffers[x].kind == BufferKind::Carried ||
                 p.buffers[y].kind == BufferKind::Carried;
  if (!carried && lifetime(p, x).second >= lifetime(p, y).first)
    return false;
  return putOnto(p, y, x, random);
}

bool amk::mutants::useTwoTagBuffers(Base &base, Random &random) {
  if (base.rotation.size() < 3)
    return false;
  std::vector<Buffer> &buffers = base.program.buffers;
  uint64_t place = buffers[base.rotation[1]].offset;
  uint64_t places = random.chance(80) ? 2 : random.chance(50) ? 3 : 1;
  bool changed = false;
  for (size_t i = 0; i < base.rotation.size(); ++i) {
    uint64_t &offset = buffers[base.rotation[i]].offset;
    changed |= offset != i % places * place;
    offset = i % places * place;
  }
  return changed;
}

//===----------------------------------------------------------------------===//
// Rings
//===----------------------------------------------------------------------===//

bool amk::mutants::shrinkRing(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findAccesses(p, inRing(p)), random, s))
    return false;
  Region region = regionAt(p, s);
  uint64_t &ring = p.spaces[p.buffers[region.buffer].space].ringBytes;
  uint64_t less =
      random.chance(70) ? region.rowBytes : random.between(1, 3) * 4;
  if (ring <= less)
    less = ring / 2;
  ring -= less;
  return true;
}

bool amk::mutants::releaseSlotEarly(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  auto readsSlot = [&](const Access &a) {
    return a.mode == AccessMode::Read && inRing(p)(a);
  };
  if (!choose(findAccesses(p, readsSlot), random, s))
    return false;
  Action &reader = actionAt(p, s);
  std::vector<Action> &queue = p.agents[s.agent].actions;
  if (random.chance(50)) {
    // The read goes on in a later action.
    size_t later = s.action + random.between(1, 3);
    if (later >= queue.size())
      return false;
    queue[later].accesses.push_back(reader.accesses[s.index]);
    reader.accesses.erase(reader.accesses.begin() + s.index);
    return true;
  }
  // Or the loader waits for fewer released slots than it needs.
  uint32_t released = UINT32_MAX;
  for (const Signal &signal : reader.signals)
    if (p.counters[signal.counter].protocol == Protocol::Parity)
      released = signal.counter;
  auto onReleased = [&](const Wait &w) { return w.counter == released; };
  if (!choose(findWaits(p, onReleased), random, s))
    return false;
  actionAt(p, s).waits[s.index].threshold -= random.between(1, 2);
  return true;
}

bool amk::mutants::exceedSharedMemory(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findAccesses(p, inRing(p)), random, s))
    return false;
  Space &space = p.spaces[p.buffers[regionAt(p, s).buffer].space];
  switch (random.below(4)) {
  case 0:
    p.limits.sharedBytes -= random.between(1, p.limits.sharedBytes);
    return true; // at 0: unchecked
  case 1:
    space.ringBytes += random.between(1, 4) * 16;
    return true;
  case 2: // two rings in one shared memory
    space.worker = random.below(p.agents.size());
    return true;
  default:
    p.spaces.push_back({"more", random.between(1, 64), 0, space.worker});
    return true;
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

bool amk::mutants::overlapTiles(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findAccesses(p, storesOutsideRings(p)), random, s))
    return false;
  Region &r = regionAt(p, s);
  uint64_t more = random.chance(60) ? 4 : random.between(1, 16);
  if (random.chance(50) && r.offset >= more) {
    r.offset -= more;
    r.rowBytes += random.chance(50) ? more : 0;
  } else {
    r.rowBytes += more;
  }
  r.rowStride = std::max(r.rowStride, r.rowBytes);
  return true;
}

bool amk::mutants::leaveTileGap(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  if (!choose(findAccesses(p, storesOutsideRings(p)), random, s))
    return false;
  Region &r = regionAt(p, s);
  uint64_t less = random.chance(60) ? 4 : random.between(1, 8);
  if (r.rows > 1 && random.chance(30)) {
    --r.rows;
    return true;
  }
  if (r.rowBytes <= less)
    return false;
  r.rowBytes -= less;
  if (random.chance(50))
    r.offset += less;
  return true;
}

bool amk::mutants::leaveBounds(Base &base, Random &random) {
  Program &p = base.program;
  Site s;
  auto any = [](const Access &) { return true; };
  if (!choose(findAccesses(p, any), random, s))
    return false;
  Region &r = regionAt(p, s);
  Buffer &buffer = p.buffers[r.buffer];
  switch (random.below(6)) {
  case 0:
    r.offset = buffer.bytes - r.rowBytes + random.between(1, 8);
    return true;
  case 1:
    r.offset = UINT64_MAX - random.below(8); // the end overflows
    return true;
  case 2:
    r.rowStride = std::max(r.rowStride, r.rowBytes);
    r.rows = buffer.bytes / r.rowStride + 2;
    return true;
  case 3:
    r.rows = uint64_t(1) << 33; // the product overflows
    r.rowStride = uint64_t(1) << 33;
    return true;
  case 4:
    buffer.bytes += p.spaces[buffer.space].bytes;
    return true;
  default:
    buffer.offset = p.spaces[buffer.space].bytes - random.below(4);
    return true;
  }
}

//===----------------------------------------------------------------------===//
// Tags and parity
//===----------------------------------------------------------------------===//

bool amk::mutants::repeatEpoch(Base &base, Random &random) {
  Program &p = base.program;
  if (countersOf(p, Protocol::Tag).empty())
    return false;
  switch (random.below(4)) {
  case 0:
    p.tags.stride = 0;
    return true;
  case 1: // a multiple of 2^bits
    p.tags.bits = random.between(1, 16);
    p.tags.stride = random.between(1, 3) << p.tags.bits;
    return true;
  case 2: // too few bits for the counters, or for the steps
    p.tags.bits = random.between(0, 4);
    return true;
  default: // the next step's tags meet those of other counters
    p.tags.stride = random.between(1, p.tags.stride);
    return true;
  }
}

bool amk::mutants::reuseTag(Base &base, Random &random) {
  Program &p = base.program;
  auto tagged = [](const Access &a) {
    return a.mode == AccessMode::WriteTagged;
  };
  Site a, b;
  if (!choose(findAccesses(p, tagged), random, a) ||
      !choose(findAccesses(p, tagged), random, b))
    return false;
  uint32_t first = actionAt(p, a).accesses[a.index].counter;
  uint32_t second = actionAt(p, b).accesses[b.index].counter;
  // Mostly counters whose words lie at the same place.
  bool share = p.buffers[regionAt(p, a).buffer].offset ==
               p.buffers[regionAt(p, b).buffer].offset;
  if (first == second || (!share && random.chance(90)))
    return false;
  uint64_t steps = random.below(3);
  p.counters[second].tagBase =
      p.counters[first].tagBase + steps * p.tags.stride;
  return true;
}

/// Someone else waits for a phase as well, and who waits for it already waits
/// for him: he cannot fall behind, but may look two phases too early.
static bool watchEarly(Program &p, Random &random) {
  Site s;
  auto onParity = [&](const Wait &w) {
    return p.counters[w.counter].protocol == Protocol::Parity &&
           w.threshold >= 1;
  };
  Site watcher = random.pick(findActions(p));
  if (!choose(findWaits(p, onParity), random, s) || s.agent == watcher.agent)
    return false;
  uint32_t watched = p.counters.size();
  p.counters.push_back({"watched", Protocol::Release, 0, 0});
  Wait wait = actionAt(p, s).waits[s.index];
  actionAt(p, watcher).waits.push_back(wait);
  actionAt(p, watcher).signals.push_back({watched, 1});
  actionAt(p, s).waits.push_back({watched, 1});
  return true;
}

bool amk::mutants::fallTwoPhasesBehind(Base &base, Random &random) {
  Program &p = base.program;
  std::vector<uint32_t> parity = countersOf(p, Protocol::Parity);
  if (parity.empty())
    return false;
  if (random.chance(35))
    return watchEarly(p, random);
  uint32_t counter = random.pick(parity);
  uint32_t &barriers = p.counters[counter].barriers;
  if (barriers > 1 && random.chance(50)) {
    // Fewer barriers for as many phases under way.
    barriers = random.between(1, barriers - 1);
    return true;
  }
  // Someone whom nobody waits for looks at the barriers as well.
  Site watcher = random.pick(findActions(p));
  int64_t sum = sumPerStep(p, counter), threshold = random.between(1, sum);
  if (random.chance(30))
    threshold -= sum;
  actionAt(p, watcher).waits.push_back({counter, threshold});
  return true;
}

/// Ordinary data next to tagged words, from a task that signals by tags only or
/// from one before it, to a task that waits for these words.
bool amk::mutants::sendPlainDataOverTag(Base &base, Random &random) {
  Program &p = base.program;
  Site from, to;
  auto onTag = [&](const Wait &w) {
    return p.counters[w.counter].protocol == Protocol::Tag;
  };
  if (!choose(findWaits(p, onTag), random, to))
    return false;
  uint32_t counter = actionAt(p, to).waits[to.index].counter;
  auto same = [&](const Signal &s) { return s.counter == counter; };
  if (!choose(findSignals(p, same), random, from) || from.agent == to.agent)
    return false;
  if (random.chance(40))
    from.action -= random.below(std::min(from.action, 3u) + 1);
  uint64_t bytes = 4 * random.between(1, 4);
  uint32_t space = p.spaces.size(), buffer = p.buffers.size();
  p.spaces.push_back({"plain", bytes, 0, Space::kGlobal});
  p.buffers.push_back({"plain", BufferKind::Scratch, space, 0, bytes});
  Region region = {buffer, 0, 1, bytes, bytes};
  actionAt(p, from).accesses.push_back(
      {AccessMode::Write, region, Access::kNoCounter});
  actionAt(p, to).accesses.push_back(
      {AccessMode::Read, region, Access::kNoCounter});
  return true;
}

//===----------------------------------------------------------------------===//
// Limits and damage
//===----------------------------------------------------------------------===//

bool amk::mutants::oversubscribeWorkers(Base &base, Random &random) {
  Program &p = base.program;
  std::set<uint32_t> workers;
  for (const Agent &agent : p.agents)
    workers.insert(agent.worker);
  if (workers.size() < 2)
    return false;
  switch (random.below(3)) {
  case 0:
    p.limits.workers = random.between(1, workers.size() - 1);
    return true;
  case 1: // one more worker than there are places
    p.limits.workers = workers.size();
    p.agents.push_back({"extra", uint32_t(workers.size()), {}});
    return true;
  default: // an agent of a worker of its own, or two workers in one
    p.agents[random.below(p.agents.size())].worker =
        random.below(workers.size() + 2);
    return true;
  }
}

namespace {

/// A number that a damaged field may hold.
uint64_t damaged(uint64_t value, Random &random) {
  switch (random.below(6)) {
  case 0:
    return value ^ (uint64_t(1) << random.below(8));
  case 1:
    return value ^ (uint64_t(1) << random.below(64));
  case 2:
    return random.below(8);
  case 3:
    return UINT64_MAX - random.below(4);
  case 4:
    return value + 1;
  default:
    return value - 1;
  }
}

template <typename T>
void damage(T &field, Random &random) {
  field = static_cast<T>(damaged(static_cast<uint64_t>(field), random));
}

/// Of an enumeration with `count` values: the decoder takes no others.
template <typename T>
void damageEnum(T &field, unsigned count, Random &random) {
  field = static_cast<T>(random.below(count));
}

void damageRegion(Region &r, Random &random) {
  uint64_t *fields[] = {&r.offset, &r.rows, &r.rowBytes, &r.rowStride};
  size_t field = random.below(5);
  if (field == 4)
    damage(r.buffer, random);
  else
    damage(*fields[field], random);
}

bool damageAction(Program &p, Random &random) {
  Action &action = actionAt(p, random.pick(findActions(p)));
  switch (random.below(3)) {
  case 0: {
    if (action.waits.empty())
      return false;
    Wait &wait = action.waits[random.below(action.waits.size())];
    random.chance(50) ? damage(wait.counter, random)
                      : damage(wait.threshold, random);
    return true;
  }
  case 1: {
    if (action.signals.empty())
      return false;
    Signal &signal = action.signals[random.below(action.signals.size())];
    random.chance(50) ? damage(signal.counter, random)
                      : damage(signal.amount, random);
    return true;
  }
  default: {
    if (action.accesses.empty())
      return false;
    Access &access = action.accesses[random.below(action.accesses.size())];
    if (random.chance(70))
      damageRegion(access.region, random);
    else if (random.chance(50))
      damageEnum(access.mode, 5, random);
    else
      damage(access.counter, random);
    return true;
  }
  }
}

void damageBuffer(Buffer &buffer, Random &random) {
  switch (random.below(4)) {
  case 0:
    return damageEnum(buffer.kind, 3, random);
  case 1:
    return damage(buffer.space, random);
  case 2:
    return damage(buffer.offset, random);
  default:
    return damage(buffer.bytes, random);
  }
}

/// Sizes stay small where the slow checker has a cell for every few bytes.
void damageSpace(Space &space, Random &random) {
  switch (random.below(3)) {
  case 0:
    damage(space.bytes, random);
    if (space.ringBytes)
      space.bytes %= uint64_t(1) << 20;
    return;
  case 1:
    damage(space.ringBytes, random);
    space.ringBytes %= uint64_t(1) << 12;
    return;
  default:
    damage(space.worker, random);
  }
}

void damageCounter(Counter &counter, Random &random) {
  switch (random.below(3)) {
  case 0:
    return damageEnum(counter.protocol, 3, random);
  case 1:
    return damage(counter.barriers, random);
  default:
    return damage(counter.tagBase, random);
  }
}

} // namespace

bool amk::mutants::damageTables(Base &base, Random &random) {
  Program &p = base.program;
  switch (random.below(8)) {
  case 0:
    damageBuffer(p.buffers[random.below(p.buffers.size())], random);
    return true;
  case 1:
    damageSpace(p.spaces[random.below(p.spaces.size())], random);
    return true;
  case 2:
    damageCounter(p.counters[random.below(p.counters.size())], random);
    return true;
  case 3:
    random.chance(50) ? damage(p.tags.bits, random)
                      : damage(p.tags.stride, random);
    return true;
  default:
    return damageAction(p, random);
  }
}

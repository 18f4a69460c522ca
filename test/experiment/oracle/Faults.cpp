//===- Faults.cpp - What is wrong with an execution -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is wrong with a state or with a start in it: docs/ScheduleSpec.md, 1.3.
//
//===----------------------------------------------------------------------===//

#include "Explore.h"

using namespace amk::oracle;

/// An access of another agent is open that shares a byte with `instance`'s, and
/// one of the two writes. `instance` starts now, so its own all open.
bool Explorer::findRace(const uint8_t *state, const Instance &instance) const {
  for (unsigned a = 0; a != launch.agents.size(); ++a) {
    if (a == instance.agent)
      continue;
    for (const Instance &other : launch.agents[a]) {
      PartRef ref = {a, other.index, kOrdinary};
      if (!isStarted(state, ref))
        break;
      bool reading = other.index == layout.index(state, a) &&
                     layout.phase(state, a) == Phase::Started;
      if (reading && other.reads.meets(instance.writes))
        return true;
      for (const Part &part : other.parts) {
        ref.counter = part.counter;
        if (isFlushed(state, ref))
          continue;
        for (unsigned cell = 0; cell != launch.numCells; ++cell)
          if (part.cells.has(cell) &&
              (instance.reads.has(cell) || instance.writes.has(cell)) &&
              !isOver(state, ref, cell))
            return true;
      }
    }
  }
  return false;
}

/// Whether the cell holds what the read is to find.
bool Explorer::readsWell(const uint8_t *state, const Instance &instance,
                         const ReadItem &item) const {
  bool othersStarted = false, othersToCome = false;
  for (const PartRef &other : item.others) {
    bool started = isStarted(state, other);
    othersStarted |= started;
    // An agent's own write is there as soon as it has passed it.
    othersToCome |= other.agent == instance.agent
                        ? !started
                        : !isOver(state, other, item.cell);
  }
  ContentId id = view(state, instance, item.cell);
  if (id == kMixed)
    return false;
  const Buffer &buffer = launch.program.buffers[item.buffer];
  bool ofBuffer = id == kInitial ? buffer.kind == Kind::Carried
                                 : launch.contents[id].buffer == item.buffer &&
                                       launch.contents[id].lap == item.lap;
  if (!ofBuffer)
    return false;
  if (item.mode == Mode::ReadPrevious)
    return !othersStarted;
  bool ofThisStep = id != kInitial && launch.contents[id].step == instance.step;
  return !othersToCome && (ofThisStep || item.others.empty());
}

/// AMK-G1: bytes of earlier laps that are still in use.
bool Explorer::overrunsRing(const uint8_t *state,
                            const Instance &instance) const {
  for (const RingUse &use : instance.ringUses) {
    if (use.agent == instance.agent) {
      if (use.index >= instance.index)
        return true;
      continue;
    }
    PartRef ref = {use.agent, use.index, kOrdinary};
    bool ended = use.isRead
                     ? isStarted(state, ref) &&
                           (layout.index(state, use.agent) > use.index ||
                            layout.phase(state, use.agent) == Phase::Complete)
                     : isFlushed(state, ref);
    if (!ended)
      return true;
  }
  return false;
}

void Explorer::checkStart(const uint8_t *state, const Instance &instance) {
  if (findRace(state, instance))
    found(&Verdict::race, "race", &instance);
  if (!verdict.ring && overrunsRing(state, instance))
    found(&Verdict::ring, "ring overrun", &instance);
  for (const ReadItem &item : instance.items)
    if (!verdict.value && !readsWell(state, instance, item))
      found(&Verdict::value, "wrong value", &instance);
}

/// AMK-P1: the phase two back is still open, or two phases too many are over.
bool Explorer::hasParityAlias(const uint8_t *state,
                              const Instance &instance) const {
  for (const Wait &wait : instance.action->waits) {
    const Counter &counter = launch.program.counters[wait.counter];
    if (counter.protocol != Protocol::Parity)
      continue;
    int64_t wanted =
        wait.threshold + int64_t(instance.step) * launch.perStep[wait.counter];
    int64_t now = value(state, wait.counter);
    int64_t barriers = static_cast<int64_t>(counter.barriers);
    if (wanted >= 1 && (now < wanted - barriers || now >= wanted + barriers))
      return true;
  }
  return false;
}

/// AMK-T1: a word holds something else with the tag that is waited for.
bool Explorer::hasTagAlias(const uint8_t *state,
                           const Instance &instance) const {
  for (const Wait &wait : instance.action->waits) {
    if (launch.program.counters[wait.counter].protocol != Protocol::Tag)
      continue;
    auto wanted = static_cast<int64_t>(wait.counter);
    for (unsigned cell = 0; cell != launch.numCells; ++cell) {
      if (!launch.words[wait.counter].has(cell))
        continue;
      ContentId id = view(state, instance, cell);
      const Content &content = launch.contents[id];
      bool isOther = id != kInitial && (content.counter != wanted ||
                                        content.step != instance.step);
      if (isOther && content.counter >= 0 &&
          launch.tag(content.counter, content.step) ==
              launch.tag(wanted, instance.step))
        return true;
    }
  }
  return false;
}

/// Whoever waits in this state may do so in vain, or not at all.
void Explorer::checkWaiting(const uint8_t *state) {
  for (unsigned a = 0; a != launch.agents.size(); ++a) {
    const Instance *instance = current(state, a);
    if (!instance || layout.phase(state, a) != Phase::Reached)
      continue;
    if (!verdict.parity && hasParityAlias(state, *instance))
      found(&Verdict::parity, "parity alias", instance);
    if (!verdict.tag && hasTagAlias(state, *instance))
      found(&Verdict::tag, "tag alias", instance);
  }
}

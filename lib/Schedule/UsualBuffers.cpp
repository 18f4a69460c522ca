//===- UsualBuffers.cpp - Buffers that need no comparison -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UsualBuffers.h"

#include <algorithm>

using namespace amk::schedule;

void UsualBuffers::start() {
  states.clear();
  states.resize(program->buffers.size());
  if (touches.size() < model->numAccesses)
    touches.resize(model->numAccesses);
  numTouches = 0;
  successions.clear();
  lastOccupant.assign(groups->groups.size(), kNone);
  for (uint32_t g = 0; g != groups->groups.size(); ++g) {
    const BufferGroups::Group &group = groups->groups[g];
    for (uint32_t i = group.begin; i != group.end; ++i) {
      State &state = states[groups->buffers[i]];
      state.group = g;
      state.isAlone = group.isAlone();
    }
    // The bytes of a ring's tape meet others than those of their own numbers.
    uint32_t space = program->buffers[groups->buffers[group.begin]].space;
    if (program->spaces[space].ringBytes)
      breakGroup(g);
  }
}

void UsualBuffers::breakGroup(uint32_t index) {
  const BufferGroups::Group &group = groups->groups[index];
  for (uint32_t i = group.begin; i != group.end; ++i)
    states[groups->buffers[i]].phase = Phase::Broken;
}

inline void UsualBuffers::addTouch(uint32_t &list, const Actor &actor,
                                   uint64_t begin, uint64_t end) {
  touches[numTouches] = {begin, end, actor.action, list};
  list = numTouches++;
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

/// True if the actor comes after all touches of a list up to `end`: by its
/// clock, or in the same queue. Clears `byClock` if it takes the latter.
bool UsualBuffers::isAfterAll(const Actor &actor, uint32_t touch, uint32_t end,
                              bool &byClock) const {
  for (; touch != end; touch = touches[touch].next) {
    uint32_t action = touches[touch].action;
    if (order->clockHas(actor.clock, {action, End::Writes, 0}, 0))
      continue;
    if (model->agentOf[action] != actor.agent)
      return false;
    byClock = false;
  }
  return true;
}

/// For a write. Whoever is after all reads is after the writes before them.
bool UsualBuffers::isAfterPredecessors(const Actor &actor, State &state) const {
  bool byClock = true;
  for (uint32_t i = state.predecessors; i != kNone; i = successions[i].next) {
    const State &before = states[successions[i].buffer];
    uint32_t last = before.reads != kNone ? before.reads : before.writes;
    if (!isAfterAll(actor, last, kNone, byClock))
      return false;
  }
  state.clock = byClock ? actor.clock : kNoClock;
  return true;
}

//===----------------------------------------------------------------------===//
// Uses
//===----------------------------------------------------------------------===//

/// No more writes are expected. False if two of them share a byte.
bool UsualBuffers::endWrites(State &state) {
  if (!state.isScattered)
    return true;
  tiles.clear();
  for (uint32_t i = state.writes; i != state.earlierWrites; i = touches[i].next)
    tiles.push_back({touches[i].begin, touches[i].end});
  std::sort(tiles.begin(), tiles.end());
  state.isScattered = state.hasGap = false;
  for (size_t i = 1; i != tiles.size(); ++i) {
    if (tiles[i].begin < tiles[i - 1].end)
      return false;
    state.hasGap |= tiles[i].begin != tiles[i - 1].end;
  }
  return true;
}

/// The first write of a buffer that is not alone: the buffers at the same place
/// have had their time. False if one of them makes that impossible.
bool UsualBuffers::succeed(const Actor &actor, uint32_t buffer) {
  State &state = states[buffer];
  const Buffer &self = program->buffers[buffer];
  uint64_t selfEnd = self.offset + self.bytes;
  uint32_t *link = &lastOccupant[state.group];
  while (*link != kNone) {
    State &before = states[*link];
    const Buffer &other = program->buffers[*link];
    uint64_t otherEnd = other.offset + other.bytes;
    if (self.offset < otherEnd && other.offset < selfEnd) {
      // Of bytes written by one action, nobody knows whose they are.
      if (touches[before.writes].action == actor.action)
        return false;
      before.phase = Phase::Over;
      successions.push_back({*link, state.predecessors});
      state.predecessors = static_cast<uint32_t>(successions.size()) - 1;
      // Who comes after this buffer comes after that one, too.
      if (self.offset <= other.offset && selfEnd >= otherEnd) {
        *link = before.nextOccupant;
        continue;
      }
    }
    link = &before.nextOccupant;
  }
  state.nextOccupant = lastOccupant[state.group];
  lastOccupant[state.group] = buffer;
  return true;
}

/// False if the buffer is not a usual one.
bool UsualBuffers::write(const Actor &actor, uint32_t buffer, uint64_t begin,
                         uint64_t end) {
  State &state = states[buffer];
  bool isCarried = program->buffers[buffer].kind == BufferKind::Carried;
  if (state.phase == Phase::Unused) {
    if (!state.isAlone && !succeed(actor, buffer))
      return false;
    state.phase = Phase::Writing;
    state.end = begin;
    if (!isCarried)
      state.begin = begin;
  } else if (state.phase == Phase::Reading && isCarried) {
    state.phase = Phase::Writing; // Of the next part.
    state.begin = state.end;
    state.earlierWrites = state.writes;
  }
  if (state.phase != Phase::Writing || (isCarried && begin < state.begin))
    return false;
  state.isScattered |= begin < state.end;
  state.hasGap |= begin > state.end;
  state.begin = std::min(state.begin, begin);
  state.end = std::max(state.end, end);
  addTouch(state.writes, actor, begin, end);
  return isAfterPredecessors(actor, state);
}

/// False if the buffer is not a usual one.
bool UsualBuffers::startReading(const Actor &actor, State &state,
                                BufferKind kind) {
  bool isWritten = state.phase == Phase::Writing;
  if (!endWrites(state) ||
      (isWritten && touches[state.writes].action == actor.action))
    return false;
  state.phase = Phase::Reading;
  state.clock = kNoClock;
  return kind == BufferKind::Carried ? state.isAlone
                                     : isWritten && !state.hasGap;
}

/// False if the buffer is not a usual one.
bool UsualBuffers::read(const Actor &actor, State &state, BufferKind kind,
                        uint64_t begin, uint64_t end) {
  if (state.phase != Phase::Reading && !startReading(actor, state, kind))
    return false;
  // What the step does not write is there from the step before.
  if (kind == BufferKind::Carried)
    state.end = std::max(state.end, end);
  if (begin < state.begin || end > state.end)
    return false;
  if (!state.isAlone)
    addTouch(state.reads, actor, begin, end);
  bool byClock = true;
  if (state.clock == actor.clock)
    return true;
  if (!isAfterAll(actor, state.writes, state.earlierWrites, byClock))
    return false;
  if (byClock)
    state.clock = actor.clock;
  return true;
}

void UsualBuffers::visitUnusual(const Actor &actor, const Access &access) {
  uint32_t buffer = access.region.buffer;
  State &state = states[buffer];
  if (state.phase == Phase::Broken)
    return;
  Region bytes = normalize(access.region);
  if (bytes.rows == 0)
    return;
  bool isUsual = false;
  if (access.mode == AccessMode::Read)
    isUsual = read(actor, state, program->buffers[buffer].kind, bytes.offset,
                   endOf(bytes));
  else if (access.mode == AccessMode::Write && bytes.rows == 1)
    isUsual = write(actor, buffer, bytes.offset, endOf(bytes));
  if (!isUsual)
    breakGroup(state.group);
}

/// Nearly all accesses are like the one before them in their buffer.
inline void UsualBuffers::visit(const Actor &actor, const Access &access) {
  const Region &bytes = access.region;
  State &state = states[bytes.buffer];
  uint64_t end = bytes.offset + bytes.rowBytes;
  if (bytes.rows == 1 && bytes.rowBytes != 0 && state.clock == actor.clock) {
    if (access.mode == AccessMode::Read && state.phase == Phase::Reading &&
        bytes.offset >= state.begin && end <= state.end) {
      if (!state.isAlone)
        addTouch(state.reads, actor, bytes.offset, end);
      return;
    }
    if (access.mode == AccessMode::Write && state.phase == Phase::Writing &&
        bytes.offset == state.end) {
      state.end = end;
      addTouch(state.writes, actor, bytes.offset, end);
      return;
    }
  }
  visitUnusual(actor, access);
}

//===----------------------------------------------------------------------===//
// All of it
//===----------------------------------------------------------------------===//

/// After all accesses. False if writes share a byte, or an output lacks one.
bool UsualBuffers::isComplete(uint32_t buffer) {
  State &state = states[buffer];
  if (state.phase == Phase::Broken || !endWrites(state))
    return false;
  const Buffer &self = program->buffers[buffer];
  return self.kind != BufferKind::Output ||
         (!state.hasGap && state.begin == 0 && state.end == self.bytes);
}

void UsualBuffers::finish() {
  areAllSettled = true;
  for (uint32_t buffer : groups->buffers)
    if (!isComplete(buffer)) {
      breakGroup(states[buffer].group);
      areAllSettled = false;
    }
  if (!areAllSettled)
    for (uint32_t buffer : groups->buffers)
      isSettled[buffer] = states[buffer].phase != Phase::Broken;
}

void UsualBuffers::find(const Program &newProgram, const Model &newModel,
                        const GreedyRun &run, const Order &newOrder,
                        const BufferGroups &newGroups, uint64_t steps) {
  program = &newProgram;
  model = &newModel;
  order = &newOrder;
  groups = &newGroups;
  areAllSettled = false;
  isSettled.assign(program->buffers.size(), false);
  // Words end one by one, and steps may overlap.
  if (model->hasTags || (steps != 1 && !order->stepsAreApart()))
    return;
  start();
  for (uint32_t action : run.order) {
    uint32_t agent = model->agentOf[action];
    Actor actor{action, agent, order->clockId(action, 0)};
    for (const Access &access :
         program->agents[agent].actions[model->position(action)].accesses)
      visit(actor, access);
  }
  finish();
}

//===- WordLifetimes.cpp - When buffers of words are in use ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WordLifetimes.h"

using namespace mlir;
using namespace mlir::amk;
using namespace ::amk::schedule;

static void raise(std::vector<uint32_t> &clock,
                  const std::vector<uint32_t> &other) {
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

WordLifetimes::WordLifetimes(const Program &program,
                             ArrayRef<uint32_t> buffers)
    : program(program) {
  findUses(buffers);
  for (unsigned step : {0, 1})
    computeClocks(step);
  for (Lifetime &lifetime : lifetimes)
    for (uint32_t agent = 0; agent < program.agents.size(); ++agent) {
      lifetime.freeFrom.push_back(firstAfter(lifetime, 0, agent));
      lifetime.freeFromNextStep.push_back(firstAfter(lifetime, 1, agent));
    }
}

//===----------------------------------------------------------------------===//
// Uses
//===----------------------------------------------------------------------===//

/// A wait uses all words of its counter.
void WordLifetimes::findUses(ArrayRef<uint32_t> buffers) {
  std::vector<uint32_t> placeOf(program.buffers.size(), kNever);
  for (auto [place, buffer] : llvm::enumerate(buffers))
    placeOf[buffer] = place;
  lifetimes.resize(buffers.size());
  for (Lifetime &lifetime : lifetimes) {
    lifetime.firstWrite.assign(program.agents.size(), kNever);
    lifetime.lastUse.assign(program.agents.size(), kNever);
  }
  struct Words {
    uint32_t place = kNever; ///< of the buffer
    bool isRead = false;
  };
  std::vector<Words> words(program.counters.size());
  auto forEach = [&](auto visit) {
    for (uint32_t agent = 0; agent < program.agents.size(); ++agent)
      for (uint32_t at = 0; at < program.agents[agent].actions.size(); ++at)
        visit(agent, at, program.agents[agent].actions[at]);
  };
  forEach([&](uint32_t agent, uint32_t at, const Action &action) {
    for (const Access &access : action.accesses) {
      uint32_t place = placeOf[access.region.buffer];
      if (place == kNever)
        continue;
      Lifetime &lifetime = lifetimes[place];
      lifetime.lastUse[agent] = at;
      if (access.isWrite() && lifetime.firstWrite[agent] == kNever)
        lifetime.firstWrite[agent] = at;
      if (access.mode == AccessMode::WriteTagged)
        words[access.counter].place = place;
    }
  });
  forEach([&](uint32_t agent, uint32_t at, const Action &action) {
    for (const Wait &wait : action.waits) {
      Words &its = words[wait.counter];
      its.isRead = true;
      if (its.place == kNever)
        continue;
      uint32_t &last = lifetimes[its.place].lastUse[agent];
      last = last == kNever ? at : std::max(last, at);
    }
  });
  // Of words that nobody waits for it is never known that they are there.
  for (const Words &its : words)
    if (its.place != kNever && !its.isRead)
      lifetimes[its.place].isRead = false;
}

//===----------------------------------------------------------------------===//
// Clocks
//===----------------------------------------------------------------------===//

/// In an order in which whoever a wait is for comes first. There is one, or the
/// schedule would not have been verified.
void WordLifetimes::computeClocks(unsigned step) {
  size_t agents = program.agents.size();
  std::vector<uint32_t> missing(program.counters.size());
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      for (const Signal &signal : action.signals)
        ++missing[signal.counter];
  flushed.assign(program.counters.size(), Clock(agents));
  clocks[step].resize(agents);
  auto isReady = [&](const Action &action) {
    return llvm::all_of(action.waits, [&](const Wait &wait) {
      return program.counters[wait.counter].protocol != Protocol::Tag ||
             missing[wait.counter] == 0;
    });
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (uint32_t agent = 0; agent < agents; ++agent) {
      const std::vector<Action> &actions = program.agents[agent].actions;
      for (size_t at = clocks[step][agent].size();
           at < actions.size() && isReady(actions[at]); ++at) {
        computeClock(step, agent, at);
        for (const Signal &signal : actions[at].signals)
          --missing[signal.counter];
        moved = true;
      }
    }
  }
}

void WordLifetimes::computeClock(unsigned step, uint32_t agent,
                                 uint32_t position) {
  const std::vector<Action> &actions = program.agents[agent].actions;
  std::vector<Clock> &own = clocks[step][agent];
  Clock clock(program.agents.size());
  if (position > 0)
    clock = own.back();
  else if (step > 0)
    clock = clocks[step - 1][agent].back();
  const Action &action = actions[position];
  for (const Wait &wait : action.waits)
    if (program.counters[wait.counter].protocol == Protocol::Tag)
      raise(clock, flushed[wait.counter]);
  clock[agent] = step * actions.size() + position;
  own.push_back(clock);
  ++clock[agent]; // complete, too
  for (const Signal &signal : action.signals)
    if (program.counters[signal.counter].protocol == Protocol::Tag)
      raise(flushed[signal.counter], clock);
}

/// The first position of the agent at which it knows that all uses of step 0
/// have ended. Later ones know it as well.
uint32_t WordLifetimes::firstAfter(const Lifetime &lifetime, unsigned step,
                                   uint32_t agent) {
  const std::vector<Clock> &own = clocks[step][agent];
  if (!lifetime.isRead)
    return own.size();
  auto isBefore = [&](const Clock &clock) {
    for (size_t i = 0; i < clock.size(); ++i)
      if (lifetime.lastUse[i] != kNever && clock[i] <= lifetime.lastUse[i])
        return true;
    return false;
  };
  return llvm::partition_point(own, isBefore) - own.begin();
}

bool WordLifetimes::endsBefore(size_t a, size_t b) const {
  auto isFree = [](const std::vector<uint32_t> &freeFrom,
                   const std::vector<uint32_t> &firstWrite) {
    for (size_t agent = 0; agent < freeFrom.size(); ++agent)
      if (firstWrite[agent] != kNever && firstWrite[agent] < freeFrom[agent])
        return false;
    return true;
  };
  return isFree(lifetimes[a].freeFrom, lifetimes[b].firstWrite) &&
         isFree(lifetimes[b].freeFromNextStep, lifetimes[a].firstWrite);
}

//===- Perturb.cpp - Small changes ----------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small changes to a program. Most of them break something, some do not.
//
//===----------------------------------------------------------------------===//

#include "Draft.h"

#include <algorithm>

using namespace amk;
using namespace amk::experiment;

namespace {

class Perturber {
public:
  explicit Perturber(Draft &draft)
      : random(draft.random), program(draft.program) {}
  void run();
  void breakForm();

private:
  /// One attempt; false if the program has nothing to change in this way.
  using Change = bool (Perturber::*)();

  bool shiftThreshold();
  bool dropWait();
  bool moveWait();
  bool dropSignal();
  bool moveSignal();
  bool repeatSignal();
  bool changeAmount();
  bool redirectWait();
  bool redirectSignal();
  bool shiftRegion();
  bool resizeRegion();
  bool changeMode();
  bool dropAccess();
  bool copyAccess();
  bool aliasBuffer();
  bool changeKind();
  bool resizeRing();
  bool changeBarriers();
  bool changeTags();
  bool relyOnTag();
  bool shareWords();
  bool swapActions();
  bool moveAction();
  bool dropAction();

  Action *anyAction(bool (*suits)(const Action &));
  Access *anyAccess();
  Random &random;
  Program &program;
};

int64_t perStepOf(const Program &program, uint32_t counter) {
  int64_t sum = 0;
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      for (const Signal &signal : action.signals)
        if (signal.counter == counter)
          sum += static_cast<int64_t>(signal.amount);
  return sum;
}

bool hasWaits(const Action &action) { return !action.waits.empty(); }
bool hasSignals(const Action &action) { return !action.signals.empty(); }
bool hasAccesses(const Action &action) { return !action.accesses.empty(); }
bool isAny(const Action &) { return true; }

} // namespace

Action *Perturber::anyAction(bool (*suits)(const Action &)) {
  std::vector<Action *> actions;
  for (Agent &agent : program.agents)
    for (Action &action : agent.actions)
      if (suits(action))
        actions.push_back(&action);
  return actions.empty() ? nullptr : random.pick(actions);
}

Access *Perturber::anyAccess() {
  Action *action = anyAction(hasAccesses);
  return action ? &random.pick(action->accesses) : nullptr;
}

bool Perturber::shiftThreshold() {
  Action *action = anyAction(hasWaits);
  if (!action)
    return false;
  Wait &wait = random.pick(action->waits);
  if (program.counters[wait.counter].protocol == Protocol::Tag &&
      !random.chance(5))
    return false;
  int64_t perStep = perStepOf(program, wait.counter);
  switch (random.weighted({50, 15, 20, 8})) {
  case 0:
    wait.threshold -= 1;
    return true;
  case 1:
    if (wait.threshold + 1 > perStep && random.chance(80))
      return false;
    wait.threshold += 1;
    return true;
  case 2:
    wait.threshold -= perStep;
    return true;
  default:
    if (wait.threshold + perStep > perStep && random.chance(80))
      return false;
    wait.threshold += perStep;
    return true;
  }
}

bool Perturber::dropWait() {
  Action *action = anyAction(hasWaits);
  if (!action)
    return false;
  action->waits.erase(action->waits.begin() +
                      random.index(action->waits.size()));
  return true;
}

/// To another action of the same agent.
bool Perturber::moveWait() {
  Agent &agent = random.pick(program.agents);
  if (agent.actions.size() < 2)
    return false;
  Action &from = random.pick(agent.actions), &to = random.pick(agent.actions);
  if (&from == &to || from.waits.empty())
    return false;
  size_t i = random.index(from.waits.size());
  to.waits.push_back(from.waits[i]);
  from.waits.erase(from.waits.begin() + long(i));
  return true;
}

bool Perturber::dropSignal() {
  Action *action = anyAction(hasSignals);
  if (!action)
    return false;
  size_t i = random.index(action->signals.size());
  uint32_t counter = action->signals[i].counter;
  int64_t amount = static_cast<int64_t>(action->signals[i].amount);
  if (program.counters[counter].protocol == Protocol::Tag && !random.chance(5))
    return false;
  action->signals.erase(action->signals.begin() + long(i));
  // Mostly keep the others satisfiable, else it is a deadlock again and again.
  if (random.chance(75))
    for (Agent &agent : program.agents)
      for (Action &other : agent.actions)
        for (Wait &wait : other.waits)
          if (wait.counter == counter)
            wait.threshold -= amount;
  return true;
}

/// To another action of the same agent: a slot is released early, say.
bool Perturber::moveSignal() {
  Agent &agent = random.pick(program.agents);
  if (agent.actions.size() < 2)
    return false;
  uint32_t i = random.index(agent.actions.size());
  uint32_t j = i == 0 || (i + 1 < agent.actions.size() && random.chance(25))
                   ? i + 1
                   : i - 1;
  Action &from = agent.actions[i], &to = agent.actions[j];
  if (from.signals.empty())
    return false;
  size_t n = random.index(from.signals.size());
  Signal signal = from.signals[n];
  Protocol protocol = program.counters[signal.counter].protocol;
  if (protocol == Protocol::Tag && !random.chance(5))
    return false;
  from.signals.erase(from.signals.begin() + long(n));
  to.signals.insert(protocol == Protocol::Parity ? to.signals.begin()
                                                 : to.signals.end(),
                    signal);
  return true;
}

/// Another action signals a counter too.
bool Perturber::repeatSignal() {
  Action *from = anyAction(hasSignals), *to = anyAction(isAny);
  if (!from)
    return false;
  Signal signal = random.pick(from->signals);
  if (program.counters[signal.counter].protocol != Protocol::Release &&
      !random.chance(10))
    return false;
  to->signals.push_back(signal);
  return true;
}

bool Perturber::changeAmount() {
  Action *action = anyAction(hasSignals);
  if (!action)
    return false;
  Signal &signal = random.pick(action->signals);
  if (program.counters[signal.counter].protocol != Protocol::Release &&
      !random.chance(10))
    return false;
  uint64_t amount = random.below(4);
  int64_t gain = int64_t(amount) - int64_t(signal.amount);
  signal.amount = amount;
  if (gain > 0 && random.chance(50))
    for (Agent &agent : program.agents)
      for (Action &other : agent.actions)
        for (Wait &wait : other.waits)
          if (wait.counter == signal.counter)
            wait.threshold += gain;
  return true;
}

bool Perturber::redirectWait() {
  Action *action = anyAction(hasWaits);
  if (!action)
    return false;
  Wait &wait = random.pick(action->waits);
  wait.counter = random.index(program.counters.size());
  if (program.counters[wait.counter].protocol == Protocol::Tag)
    wait.threshold = perStepOf(program, wait.counter);
  return true;
}

bool Perturber::redirectSignal() {
  Action *action = anyAction(hasSignals);
  if (!action)
    return false;
  Signal &signal = random.pick(action->signals);
  uint32_t counter = random.index(program.counters.size());
  bool isRelease =
      program.counters[signal.counter].protocol == Protocol::Release &&
      program.counters[counter].protocol == Protocol::Release;
  if (!isRelease && !random.chance(5))
    return false;
  signal.counter = counter;
  return true;
}

bool Perturber::shiftRegion() {
  Access *access = anyAccess();
  if (!access)
    return false;
  Region &region = access->region;
  uint64_t end = region.end(), bytes = program.buffers[region.buffer].bytes;
  if (end < bytes && random.chance(50))
    ++region.offset;
  else if (region.offset != 0)
    --region.offset;
  else if (random.chance(3))
    ++region.offset; // out of bounds
  else
    return false;
  return true;
}

bool Perturber::resizeRegion() {
  Access *access = anyAccess();
  if (!access)
    return false;
  Region &region = access->region;
  uint64_t bytes = program.buffers[region.buffer].bytes;
  if (region.end() < bytes && random.chance(50))
    ++region.rowBytes;
  else if (region.rowBytes > 1)
    --region.rowBytes;
  else if (region.rows > 1)
    --region.rows;
  else
    return false;
  return true;
}

bool Perturber::changeMode() {
  Access *access = anyAccess();
  if (!access || access->mode == AccessMode::WriteTagged)
    return false;
  std::vector<AccessMode> modes = {AccessMode::Read, AccessMode::Write,
                                   AccessMode::Reduce};
  if (program.buffers[access->region.buffer].kind == BufferKind::Carried ||
      random.chance(3))
    modes.push_back(AccessMode::ReadPrevious);
  AccessMode mode = random.pick(modes);
  if (mode == access->mode)
    return false;
  access->mode = mode;
  return true;
}

bool Perturber::dropAccess() {
  Action *action = anyAction(hasAccesses);
  if (!action)
    return false;
  size_t i = random.index(action->accesses.size());
  if (action->accesses[i].mode == AccessMode::WriteTagged && !random.chance(5))
    return false;
  action->accesses.erase(action->accesses.begin() + long(i));
  return true;
}

bool Perturber::copyAccess() {
  Action *from = anyAction(hasAccesses), *to = anyAction(isAny);
  if (!from || from == to)
    return false;
  Access access = random.pick(from->accesses);
  if (access.mode == AccessMode::WriteTagged ||
      (access.mode == AccessMode::Write && random.chance(70)))
    access.mode = random.chance(70) ? AccessMode::Read : AccessMode::Reduce;
  access.counter = Access::kNoCounter;
  to->accesses.push_back(access);
  return true;
}

/// Moves a buffer over another one of any space.
bool Perturber::aliasBuffer() {
  if (program.buffers.size() < 2)
    return false;
  Buffer &buffer = random.pick(program.buffers);
  const Buffer &other = random.pick(program.buffers);
  const Space &space = program.spaces[other.space];
  if (&buffer == &other || buffer.bytes > space.bytes)
    return false;
  if (buffer.space != other.space && !random.chance(50))
    return false;
  buffer.space = other.space;
  buffer.offset = std::min(other.offset, space.bytes - buffer.bytes);
  return true;
}

bool Perturber::changeKind() {
  if (program.buffers.empty())
    return false;
  Buffer &buffer = random.pick(program.buffers);
  buffer.kind = static_cast<BufferKind>(random.below(3));
  return true;
}

bool Perturber::resizeRing() {
  std::vector<Space *> rings;
  for (Space &space : program.spaces)
    if (space.ringBytes != 0)
      rings.push_back(&space);
  if (rings.empty())
    return false;
  Space &ring = *random.pick(rings);
  if (ring.ringBytes > 1 && random.chance(80))
    --ring.ringBytes;
  else
    ++ring.ringBytes;
  if (random.chance(15))
    ++ring.bytes;
  return true;
}

bool Perturber::changeBarriers() {
  std::vector<Counter *> counters;
  for (Counter &counter : program.counters)
    if (counter.protocol == Protocol::Parity)
      counters.push_back(&counter);
  if (counters.empty())
    return false;
  uint64_t low = random.chance(3) ? 0 : 1;
  random.pick(counters)->barriers =
      static_cast<uint32_t>(random.range(low, random.chance(70) ? 2 : 4));
  return true;
}

bool Perturber::changeTags() {
  std::vector<Counter *> counters;
  for (Counter &counter : program.counters)
    if (counter.protocol == Protocol::Tag)
      counters.push_back(&counter);
  if (counters.empty())
    return false;
  switch (random.below(4)) {
  case 0:
    program.tags.stride = random.below(4);
    return true;
  case 1:
    program.tags.bits = static_cast<uint32_t>(random.range(1, 3));
    return true;
  case 2:
    random.pick(counters)->tagBase = random.pick(counters)->tagBase;
    return true;
  default:
    random.pick(counters)->tagBase = random.below(6);
    return true;
  }
}

/// Takes the other waits from an action that waits for words, and lets it read
/// ordinary data of whoever sent them.
bool Perturber::relyOnTag() {
  for (Agent &agent : program.agents)
    for (Action &to : agent.actions)
      for (const Wait &wait : std::vector<Wait>(to.waits)) {
        if (program.counters[wait.counter].protocol != Protocol::Tag)
          continue;
        for (Agent &sender : program.agents)
          for (Action &from : sender.actions)
            for (const Access &access : from.accesses)
              if (access.mode == AccessMode::Write && random.chance(60) &&
                  program.spaces[program.buffers[access.region.buffer].space]
                          .worker == Space::kGlobal) {
                Access read = access;
                read.mode = AccessMode::Read;
                to.accesses.push_back(read);
                to.waits = {wait};
                return true;
              }
      }
  return false;
}

/// Puts the words of a counter into the shared memory of those who write them.
bool Perturber::shareWords() {
  uint32_t counter = random.index(program.counters.size() + 1);
  bool found = false;
  for (Agent &agent : program.agents)
    for (Action &action : agent.actions)
      for (Access &access : action.accesses) {
        if (access.mode != AccessMode::WriteTagged || access.counter != counter)
          continue;
        Buffer buffer = program.buffers[access.region.buffer];
        buffer.space = static_cast<uint32_t>(program.spaces.size());
        buffer.offset = 0;
        program.spaces.push_back({"words", buffer.bytes, 0, agent.worker});
        access.region.buffer = static_cast<uint32_t>(program.buffers.size());
        program.buffers.push_back(buffer);
        found = true;
      }
  return found;
}

bool Perturber::swapActions() {
  Agent &agent = random.pick(program.agents);
  if (agent.actions.size() < 2)
    return false;
  uint32_t i = random.index(agent.actions.size() - 1);
  if (random.chance(60)) {
    std::swap(agent.actions[i].accesses, agent.actions[i + 1].accesses);
    std::swap(agent.actions[i].signals, agent.actions[i + 1].signals);
  }
  std::swap(agent.actions[i], agent.actions[i + 1]);
  return true;
}

bool Perturber::moveAction() {
  Agent &from = random.pick(program.agents), &to = random.pick(program.agents);
  if (&from == &to || from.actions.empty() || to.actions.size() >= 5)
    return false;
  uint32_t i = random.index(from.actions.size());
  to.actions.insert(to.actions.begin() + random.index(to.actions.size() + 1),
                    from.actions[i]);
  from.actions.erase(from.actions.begin() + i);
  return true;
}

bool Perturber::dropAction() {
  Agent &agent = random.pick(program.agents);
  if (agent.actions.empty())
    return false;
  agent.actions.erase(agent.actions.begin() +
                      random.index(agent.actions.size()));
  return true;
}

/// What section 2 of the specification forbids.
void Perturber::breakForm() {
  switch (random.below(7)) {
  case 0:
    if (Access *access = anyAccess())
      access->region.buffer += uint32_t(random.below(2) * 100 + 1);
    return;
  case 1:
    if (Action *action = anyAction(hasWaits))
      random.pick(action->waits).counter = uint32_t(program.counters.size());
    return;
  case 2:
    if (Access *access = anyAccess())
      access->region.offset = random.chance(50) ? UINT64_MAX : 3;
    return;
  case 3:
    program.limits.workers = 1;
    return;
  case 4:
    program.limits.sharedBytes = random.range(1, 6);
    return;
  case 5:
    if (Action *action = anyAction(hasWaits))
      random.pick(action->waits).threshold +=
          random.chance(50) ? int64_t(1) << 31 : -(int64_t(1) << 31) - 9;
    return;
  default:
    if (Action *action = anyAction(hasSignals))
      random.pick(action->signals).amount = uint64_t(1) << random.range(31, 63);
    return;
  }
}

void Perturber::run() {
  static const std::vector<std::pair<Change, unsigned>> changes = {
      {&Perturber::shiftThreshold, 14}, {&Perturber::dropWait, 12},
      {&Perturber::moveWait, 5},        {&Perturber::dropSignal, 5},
      {&Perturber::moveSignal, 6},      {&Perturber::repeatSignal, 4},
      {&Perturber::changeAmount, 4},    {&Perturber::redirectWait, 3},
      {&Perturber::redirectSignal, 2},  {&Perturber::shiftRegion, 5},
      {&Perturber::resizeRegion, 5},    {&Perturber::changeMode, 5},
      {&Perturber::dropAccess, 4},      {&Perturber::copyAccess, 4},
      {&Perturber::aliasBuffer, 6},     {&Perturber::changeKind, 2},
      {&Perturber::resizeRing, 12},     {&Perturber::changeBarriers, 8},
      {&Perturber::changeTags, 12},     {&Perturber::relyOnTag, 3},
      {&Perturber::shareWords, 2},      {&Perturber::swapActions, 4},
      {&Perturber::moveAction, 2},      {&Perturber::dropAction, 2}};
  std::vector<unsigned> weights;
  for (const auto &change : changes)
    weights.push_back(change.second);
  // A program has a few dozen places; ten attempts find one.
  for (int attempt = 0; attempt != 10; ++attempt)
    if ((this->*changes[random.weighted(weights)].first)())
      return;
}

void experiment::perturb(Draft &draft) { Perturber(draft).run(); }
void experiment::breakForm(Draft &draft) { Perturber(draft).breakForm(); }

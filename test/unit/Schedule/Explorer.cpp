//===- Explorer.cpp - Decides small programs by definition ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explorer.h"

#include <algorithm>
#include <unordered_set>

using namespace amk::schedule;
using namespace amk::schedule::test;

std::set<uint64_t> amk::schedule::test::bytesOf(const Region &region) {
  std::set<uint64_t> bytes;
  for (uint64_t row = 0; row != region.rows; ++row)
    for (uint64_t i = 0; i != region.rowBytes; ++i)
      bytes.insert(region.offset + row * region.rowStride + i);
  return bytes;
}

static bool conflict(const Program &program, const Action &a, const Action &b) {
  for (const Access &x : a.accesses)
    for (const Access &y : b.accesses) {
      const Buffer &xBuffer = program.buffers[x.region.buffer];
      const Buffer &yBuffer = program.buffers[y.region.buffer];
      if (xBuffer.space != yBuffer.space ||
          (x.mode == AccessMode::Read && y.mode == AccessMode::Read))
        continue;
      std::set<uint64_t> bytes;
      for (uint64_t byte : bytesOf(x.region))
        bytes.insert(xBuffer.offset + byte);
      for (uint64_t byte : bytesOf(y.region))
        if (bytes.count(yBuffer.offset + byte))
          return true;
    }
  return false;
}

int64_t Explorer::perStep(unsigned counter) const {
  int64_t sum = 0;
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      for (const Signal &signal : action.signals)
        if (signal.counter == counter)
          sum += static_cast<int64_t>(signal.amount);
  return sum;
}

int64_t Explorer::value(const State &state, unsigned counter) const {
  int64_t sum = 0;
  for (unsigned agent = 0; agent != state.size(); ++agent)
    for (unsigned i = 0; i != state[agent] / 2; ++i)
      for (const Signal &signal : actionAt(agent, i).signals)
        if (signal.counter == counter)
          sum += static_cast<int64_t>(signal.amount);
  return sum;
}

bool Explorer::canStart(const State &state, unsigned agent) const {
  unsigned instance = state[agent] / 2;
  auto step =
      static_cast<int64_t>(instance / program.agents[agent].actions.size());
  for (const Wait &wait : actionAt(agent, instance).waits)
    if (value(state, wait.counter) <
        wait.threshold + step * perStep(wait.counter))
      return false;
  return true;
}

/// A race is a state in which two conflicting actions run at once: if neither
/// is always first, such a state can be reached, and explore() visits it.
void Explorer::checkState(const State &state, Verdict &verdict) const {
  for (unsigned a = 0; a != state.size(); ++a)
    for (unsigned b = a + 1; b != state.size(); ++b)
      if (state[a] % 2 && state[b] % 2 &&
          conflict(program, actionAt(a, state[a] / 2),
                   actionAt(b, state[b] / 2)))
        verdict.race = true;
}

void Explorer::checkDefined(const State &state, unsigned agent,
                            Verdict &verdict) const {
  unsigned instance = state[agent] / 2;
  size_t step = instance / program.agents[agent].actions.size();
  for (const Access &read : actionAt(agent, instance).accesses) {
    if (read.mode != AccessMode::Read ||
        program.buffers[read.region.buffer].kind == BufferKind::Carried)
      continue;
    std::set<uint64_t> missing = bytesOf(read.region);
    for (unsigned other = 0; other != state.size(); ++other) {
      size_t length = program.agents[other].actions.size();
      for (size_t i = step * length;
           i < (step + 1) * length && i < state[other] / 2; ++i)
        for (const Access &write :
             actionAt(other, static_cast<unsigned>(i)).accesses)
          if (write.mode == AccessMode::Write &&
              write.region.buffer == read.region.buffer)
            for (uint64_t byte : bytesOf(write.region))
              missing.erase(byte);
    }
    if (!missing.empty())
      verdict.undefined = true;
  }
}

void Explorer::recordOrder(const State &state) {
  for (unsigned b = 0; b != state.size(); ++b)
    for (unsigned a = 0; a != state.size(); ++a)
      for (unsigned i = state[a] / 2; i != instances(a); ++i)
        furthest[b][a][i] = std::max(furthest[b][a][i], (state[b] + 1) / 2);
}

Verdict Explorer::explore() {
  Verdict verdict;
  furthest.resize(program.agents.size());
  for (auto &byAgent : furthest)
    for (unsigned agent = 0; agent != program.agents.size(); ++agent)
      byAgent.emplace_back(instances(agent));
  std::unordered_set<std::string> seen;
  std::vector<State> stack{State(program.agents.size(), 0)};
  auto key = [](const State &state) {
    std::string text;
    for (unsigned events : state)
      text.push_back(static_cast<char>(events));
    return text;
  };
  seen.insert(key(stack.back()));
  while (!stack.empty()) {
    State state = stack.back();
    stack.pop_back();
    checkState(state, verdict);
    recordOrder(state);
    bool moved = false, done = true;
    for (unsigned agent = 0; agent != state.size(); ++agent) {
      if (state[agent] == 2 * instances(agent))
        continue;
      done = false;
      if (state[agent] % 2 == 0) {
        if (!canStart(state, agent))
          continue;
        checkDefined(state, agent, verdict);
      }
      moved = true;
      State next = state;
      ++next[agent];
      if (seen.insert(key(next)).second)
        stack.push_back(next);
    }
    verdict.deadlock |= !moved && !done;
  }
  return verdict;
}

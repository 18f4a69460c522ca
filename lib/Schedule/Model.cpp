//===- Model.cpp - A program as flat arrays -------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include <algorithm>
#include <cstddef>

using namespace amk::schedule;

/// Merges the signals from `first` on per counter and drops zeros.
static void mergeSignals(std::vector<Signal> &signals, size_t first) {
  auto begin = signals.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, signals.end(), [](const Signal &a, const Signal &b) {
    return a.counter < b.counter;
  });
  auto out = begin;
  for (auto it = begin; it != signals.end(); ++it) {
    if (it->amount == 0)
      continue;
    if (out != begin && std::prev(out)->counter == it->counter)
      std::prev(out)->amount += it->amount;
    else
      *out++ = *it;
  }
  signals.erase(out, signals.end());
}

inline void Model::addAction(const Action &action, uint32_t agent,
                             uint32_t index) {
  agentOf[index] = agent;
  numAccesses += action.accesses.size();
  waitBegin[index] = static_cast<uint32_t>(waits.size());
  for (const Wait &wait : action.waits)
    waits.push_back(wait);
  size_t first = signals.size();
  signalBegin[index] = static_cast<uint32_t>(first);
  bool isRelease = false;
  for (const Signal &signal : action.signals) {
    isRelease |= protocol[signal.counter] != Protocol::Tag;
    perStep[signal.counter] += signal.amount;
    signals.push_back(signal);
  }
  releases[index] = isRelease;
  if (action.signals.size() > 1 || (isRelease && signals.back().amount == 0))
    mergeSignals(signals, first);
}

void Model::build(const Program &program) {
  agentBegin.clear();
  protocol.clear();
  perStep.assign(program.counters.size(), 0);
  hasTags = false;
  numAccesses = 0;
  for (const Counter &counter : program.counters) {
    protocol.push_back(counter.protocol);
    hasTags |= counter.protocol == Protocol::Tag;
  }

  uint32_t count = 0;
  for (const Agent &agent : program.agents) {
    agentBegin.push_back(count);
    count += static_cast<uint32_t>(agent.actions.size());
  }
  agentBegin.push_back(count);
  agentOf.resize(count);
  waitBegin.resize(count + 1);
  signalBegin.resize(count + 1);
  releases.resize(count);
  waits.clear();
  signals.clear();
  uint32_t index = 0;
  for (uint32_t agent = 0; agent != program.agents.size(); ++agent)
    for (const Action &action : program.agents[agent].actions)
      addAction(action, agent, index++);
  waitBegin[count] = static_cast<uint32_t>(waits.size());
  signalBegin[count] = static_cast<uint32_t>(signals.size());
}

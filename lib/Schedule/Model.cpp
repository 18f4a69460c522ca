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

/// Appends the signals from `first` on, merged per counter, without zeros.
static void mergeSignals(std::vector<Signal> &signals, size_t first) {
  auto begin = signals.begin() + static_cast<std::ptrdiff_t>(first);
  if (signals.size() - first > 1)
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

Model::Model(const Program &program) {
  size_t numActions = 0, numWaits = 0, numSignals = 0;
  for (const Agent &agent : program.agents) {
    numActions += agent.actions.size();
    for (const Action &action : agent.actions) {
      numWaits += action.waits.size();
      numSignals += action.signals.size();
    }
  }
  agentBegin.reserve(program.agents.size() + 1);
  agentOf.reserve(numActions);
  waitBegin.reserve(numActions + 1);
  signalBegin.reserve(numActions + 1);
  waits.reserve(numWaits);
  signals.reserve(numSignals);
  perStep.resize(program.counters.size());

  for (const Agent &agent : program.agents) {
    agentBegin.push_back(static_cast<uint32_t>(agentOf.size()));
    for (const Action &action : agent.actions) {
      agentOf.push_back(static_cast<uint32_t>(agentBegin.size() - 1));
      waitBegin.push_back(static_cast<uint32_t>(waits.size()));
      waits.insert(waits.end(), action.waits.begin(), action.waits.end());
      signalBegin.push_back(static_cast<uint32_t>(signals.size()));
      size_t first = signals.size();
      signals.insert(signals.end(), action.signals.begin(),
                     action.signals.end());
      mergeSignals(signals, first);
    }
  }
  agentBegin.push_back(static_cast<uint32_t>(agentOf.size()));
  waitBegin.push_back(static_cast<uint32_t>(waits.size()));
  signalBegin.push_back(static_cast<uint32_t>(signals.size()));
  for (const Signal &signal : signals)
    perStep[signal.counter] += signal.amount;
}

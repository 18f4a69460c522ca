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
  if (signals.size() - first == 1 && begin->amount != 0)
    return;
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

void Model::build(const Program &program) {
  agentBegin.clear();
  agentOf.clear();
  waitBegin.clear();
  waits.clear();
  signalBegin.clear();
  signals.clear();
  releases.clear();
  protocol.clear();
  perStep.assign(program.counters.size(), 0);
  hasTags = false;
  for (const Counter &counter : program.counters) {
    protocol.push_back(counter.protocol);
    hasTags |= counter.protocol == Protocol::Tag;
  }

  for (const Agent &agent : program.agents) {
    auto index = static_cast<uint32_t>(agentBegin.size());
    agentBegin.push_back(static_cast<uint32_t>(agentOf.size()));
    agentOf.insert(agentOf.end(), agent.actions.size(), index);
    for (const Action &action : agent.actions) {
      waitBegin.push_back(static_cast<uint32_t>(waits.size()));
      waits.insert(waits.end(), action.waits.begin(), action.waits.end());
      signalBegin.push_back(static_cast<uint32_t>(signals.size()));
      size_t first = signals.size();
      bool isRelease = false;
      for (const Signal &signal : action.signals) {
        isRelease |= protocol[signal.counter] != Protocol::Tag;
        signals.push_back(signal);
      }
      releases.push_back(isRelease);
      if (signals.size() != first)
        mergeSignals(signals, first);
    }
  }
  agentBegin.push_back(static_cast<uint32_t>(agentOf.size()));
  waitBegin.push_back(static_cast<uint32_t>(waits.size()));
  signalBegin.push_back(static_cast<uint32_t>(signals.size()));
  for (const Signal &signal : signals)
    perStep[signal.counter] += signal.amount;
}

//===- Model.cpp - A program as flat arrays -------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include <algorithm>

using namespace amk::schedule;

/// Merges the signals in [begin, end) per counter and drops zeros. Returns the
/// end of those that are left.
[[gnu::noinline]] static Signal *mergeSignals(Signal *begin, Signal *end) {
  std::sort(begin, end, [](const Signal &a, const Signal &b) {
    return a.counter < b.counter;
  });
  Signal *out = begin;
  for (Signal *it = begin; it != end; ++it) {
    if (it->amount == 0)
      continue;
    if (out != begin && out[-1].counter == it->counter)
      out[-1].amount += it->amount;
    else
      *out++ = *it;
  }
  return out;
}

/// Sets the sizes, as far as they are known: signals can become fewer.
void Model::resize(const Program &program) {
  agentBegin.clear();
  numAccesses = 0;
  size_t numWaits = 0, numSignals = 0;
  uint32_t count = 0;
  for (const Agent &agent : program.agents) {
    agentBegin.push_back(count);
    count += static_cast<uint32_t>(agent.actions.size());
    for (const Action &action : agent.actions) {
      numWaits += action.waits.size();
      numSignals += action.signals.size();
      numAccesses += action.accesses.size();
    }
  }
  agentBegin.push_back(count);
  agentOf.resize(count);
  waitBegin.resize(count + 1);
  signalBegin.resize(count + 1);
  releases.resize(count);
  waits.resize(numWaits);
  signals.resize(numSignals);
}

/// Returns the end of the signals with those of the action.
inline Signal *Model::addSignals(const Action &action, uint32_t index,
                                 Signal *out) {
  Signal *first = out;
  bool isRelease = false;
  for (const Signal &signal : action.signals) {
    isRelease |= protocol[signal.counter] != Protocol::Tag;
    perStep[signal.counter] += signal.amount;
    *out++ = signal;
  }
  releases[index] = isRelease;
  bool isSingle = out - first == 1 && first->amount != 0;
  return isSingle ? out : mergeSignals(first, out);
}

void Model::build(const Program &program) {
  protocol.clear();
  perStep.assign(program.counters.size(), 0);
  hasTags = false;
  for (const Counter &counter : program.counters) {
    protocol.push_back(counter.protocol);
    hasTags |= counter.protocol == Protocol::Tag;
  }
  resize(program);
  Wait *nextWait = waits.data();
  Signal *nextSignal = signals.data();
  uint32_t index = 0;
  for (uint32_t agent = 0; agent != program.agents.size(); ++agent)
    for (const Action &action : program.agents[agent].actions) {
      agentOf[index] = agent;
      waitBegin[index] = static_cast<uint32_t>(nextWait - waits.data());
      for (const Wait &wait : action.waits)
        *nextWait++ = wait;
      signalBegin[index] = static_cast<uint32_t>(nextSignal - signals.data());
      nextSignal = addSignals(action, index, nextSignal);
      ++index;
    }
  waitBegin[index] = static_cast<uint32_t>(waits.size());
  signalBegin[index] = static_cast<uint32_t>(nextSignal - signals.data());
  signals.resize(signalBegin[index]);
}

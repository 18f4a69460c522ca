//===- Deadlock.cpp - Every order of whole actions ------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explore.h"

using namespace amk::oracle;

namespace {

/// How many actions each agent has finished.
using Progress = std::vector<unsigned>;

int64_t sumSignalled(const Launch &launch, const Progress &progress,
                     uint64_t counter, unsigned steps) {
  int64_t sum = 0;
  for (const std::vector<Instance> &instances : launch.agents)
    for (const Instance &instance : instances)
      if (instance.index < progress[instance.agent] && instance.step < steps)
        for (const Signal &signal : instance.action->signals)
          if (signal.counter == counter)
            sum += static_cast<int64_t>(signal.amount);
  return sum;
}

bool holds(const Launch &launch, const Progress &progress, const Wait &wait,
           unsigned step) {
  int64_t target =
      wait.threshold + int64_t(step) * launch.perStep[wait.counter];
  if (launch.program.counters[wait.counter].protocol != Protocol::Tag)
    return sumSignalled(launch, progress, wait.counter, UINT32_MAX) >= target;
  for (const std::vector<Instance> &instances : launch.agents)
    for (const Instance &instance : instances)
      for (int64_t k : instance.tags)
        if (uint64_t(k) == wait.counter && instance.step == step &&
            instance.index >= progress[instance.agent])
          return false;
  return true;
}

} // namespace

bool amk::oracle::findDeadlock(const Launch &launch, Verdict &verdict,
                               size_t maxStates) {
  std::set<Progress> seen = {Progress(launch.agents.size())};
  std::vector<Progress> stack(seen.begin(), seen.end());
  while (!stack.empty()) {
    Progress progress = stack.back();
    stack.pop_back();
    bool isStuck = true, isEnd = true;
    for (unsigned a = 0; a != launch.agents.size(); ++a) {
      if (progress[a] == launch.agents[a].size())
        continue;
      isEnd = false;
      const Instance &next = launch.agents[a][progress[a]];
      bool runs = true;
      for (const Wait &wait : next.action->waits)
        runs &= holds(launch, progress, wait, next.step);
      if (!runs)
        continue;
      isStuck = false;
      ++progress[a];
      if (seen.insert(progress).second)
        stack.push_back(progress);
      --progress[a];
    }
    if (seen.size() > maxStates)
      throw TooLarge("too many states");
    verdict.states = seen.size();
    if (!isStuck || isEnd)
      continue;
    verdict.deadlock = true;
    verdict.witness = "deadlock with these actions finished, by agent:";
    for (unsigned finished : progress)
      verdict.witness += " " + std::to_string(finished);
    return true;
  }
  return false;
}

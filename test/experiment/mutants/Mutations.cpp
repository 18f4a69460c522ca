//===- Mutations.cpp - The classes, and where mutations can go ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

const std::vector<MutationClass> &amk::mutants::mutationClasses() {
  static const std::vector<MutationClass> classes = {
      {"wait-dropped",
       dropWait,
       {"R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C4", "C5"}},
      {"wait-lowered",
       lowerWait,
       {"R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C4", "C5",
        "S5"}},
      {"wait-raised", raiseWait, {"D1", "P1", "S5"}},
      {"wait-misdirected",
       misdirectWait,
       {"R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C4", "C5", "D1",
        "S5"}},
      {"tag-wait-dropped", dropTagWait, {"R1", "R2", "R3", "C1", "C5", "T1"}},
      {"signal-dropped",
       dropSignal,
       {"D1", "R1", "R2", "R3", "G1", "P1", "C2", "S5"}},
      {"signal-duplicated",
       duplicateSignal,
       {"R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C5", "S5"}},
      {"signal-moved",
       moveSignal,
       {"D1", "R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C5",
        "S5"}},
      {"queue-entries-swapped",
       swapQueueEntries,
       {"D1", "R1", "R2", "R3", "R4", "N1", "G1", "P1", "C1", "C4", "C5",
        "T1"}},
      {"task-moved",
       moveTask,
       {"D1", "R1", "R2", "R3", "R4", "N1", "G1", "P1", "C1", "C4", "C5", "T1",
        "S5"}},
      {"cycle-introduced", introduceCycle, {"D1"}},
      {"partial-join",
       joinPartially,
       {"R1", "R2", "R3", "R4", "N1", "G1", "P1", "T1", "C1", "C4", "C5"}},
      {"kv-read-before-append", readCacheEarly, {"R1", "R2", "R4", "C5", "D1"}},
      {"alias-within-step",
       aliasWithinStep,
       {"R1", "R2", "R3", "R4", "N1", "C1", "C4", "C5", "T1", "S5"}},
      {"alias-across-steps",
       aliasAcrossSteps,
       {"R1", "R2", "R3", "R4", "N1", "C4", "T1", "S5"}},
      {"two-tag-buffers",
       useTwoTagBuffers,
       {"R1", "R2", "R3", "C4", "C5", "T1"}},
      {"ring-too-small", shrinkRing, {"G1"}},
      {"ring-slot-released-early", releaseSlotEarly, {"G1", "P1", "R1", "R2"}},
      {"tile-overlap", overlapTiles, {"C3", "R3", "S2", "S5"}},
      {"tile-gap", leaveTileGap, {"C1", "C2", "C5", "R1", "S5"}},
      {"tile-out-of-bounds", leaveBounds, {"S2"}},
      {"stale-epoch", repeatEpoch, {"T1", "S5"}},
      {"tag-reuse", reuseTag, {"T1"}},
      {"parity-two-phases-behind", fallTwoPhasesBehind, {"P1", "D1"}},
      {"workers-oversubscribed", oversubscribeWorkers, {"S3", "S5"}},
      {"reduction-unordered",
       unorderReduction,
       {"N1", "C1", "C5", "R1", "R3", "D1"}},
      {"plain-data-over-tag", sendPlainDataOverTag, {"R4", "R2"}},
      {"damaged-tables", damageTables, {}},
      {"previous-version-read",
       readPreviousVersion,
       {"C5", "R1", "R2", "R3", "R4", "S5", "C1"}},
      {"shared-memory-exceeded", exceedSharedMemory, {"S3", "S5"}}};
  return classes;
}

bool amk::mutants::choose(const std::vector<Site> &sites, Random &random,
                          Site &site) {
  if (sites.empty())
    return false;
  site = random.pick(sites);
  return true;
}

std::vector<Site> amk::mutants::findActions(const Program &p) {
  std::vector<Site> sites;
  for (uint32_t g = 0; g < p.agents.size(); ++g)
    for (uint32_t a = 0; a < p.agents[g].actions.size(); ++a)
      sites.push_back({g, a, 0});
  return sites;
}

/// The entries of one list of every action that `filter` accepts.
template <typename List, typename Filter>
static std::vector<Site> findEntries(const Program &p, List list,
                                     Filter filter) {
  std::vector<Site> sites;
  for (Site site : findActions(p)) {
    const auto &entries = p.agents[site.agent].actions[site.action].*list;
    for (site.index = 0; site.index < entries.size(); ++site.index)
      if (filter(entries[site.index]))
        sites.push_back(site);
  }
  return sites;
}

std::vector<Site> amk::mutants::findWaits(const Program &p, WaitFilter filter) {
  return findEntries(p, &Action::waits, filter);
}
std::vector<Site> amk::mutants::findSignals(const Program &p,
                                            SignalFilter filter) {
  return findEntries(p, &Action::signals, filter);
}
std::vector<Site> amk::mutants::findAccesses(const Program &p,
                                             AccessFilter filter) {
  return findEntries(p, &Action::accesses, filter);
}

int64_t amk::mutants::sumPerStep(const Program &p, uint32_t counter) {
  int64_t sum = 0;
  for (const Agent &agent : p.agents)
    for (const Action &action : agent.actions)
      for (const Signal &s : action.signals)
        if (s.counter == counter)
          sum += s.amount;
  return sum;
}

std::vector<uint32_t> amk::mutants::countersOf(const Program &p,
                                               Protocol protocol) {
  std::vector<uint32_t> counters;
  for (uint32_t c = 0; c < p.counters.size(); ++c)
    if (p.counters[c].protocol == protocol)
      counters.push_back(c);
  return counters;
}

//===- Mutations.h - Ways to break a schedule -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mutation changes a safe program in one place. Whether the result is still
// safe is for the checkers to say: many are.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_MUTATIONS_H
#define AMK_TEST_EXPERIMENT_MUTANTS_MUTATIONS_H

#include "Plan.h"

#include <functional>

namespace amk::mutants {

struct MutationClass {
  const char *name;
  /// Changes the program; false: this base has no place for it.
  bool (*apply)(Base &, Random &);
  /// Rules, at least one of which an unsafe mutant breaks ("S1" is AMK-S1).
  /// Empty: any.
  std::vector<const char *> expected;
};

const std::vector<MutationClass> &mutationClasses();

//===----------------------------------------------------------------------===//
// For the mutations themselves
//===----------------------------------------------------------------------===//

/// One wait, signal or access of a program.
struct Site {
  uint32_t agent = 0, action = 0, index = 0;
};

inline schedule::Action &actionAt(schedule::Program &p, Site s) {
  return p.agents[s.agent].actions[s.action];
}

using WaitFilter = std::function<bool(const schedule::Wait &)>;
using SignalFilter = std::function<bool(const schedule::Signal &)>;
using AccessFilter = std::function<bool(const schedule::Access &)>;

/// A random one of `sites`; false if there is none.
bool choose(const std::vector<Site> &sites, Random &random, Site &site);
std::vector<Site> findActions(const schedule::Program &p);
std::vector<Site> findWaits(const schedule::Program &p, WaitFilter filter);
std::vector<Site> findSignals(const schedule::Program &p, SignalFilter filter);
std::vector<Site> findAccesses(const schedule::Program &p, AccessFilter filter);
int64_t sumPerStep(const schedule::Program &p, uint32_t counter);
std::vector<uint32_t> countersOf(const schedule::Program &p,
                                 schedule::Protocol protocol);

// Waits, signals, queues.
bool dropWait(Base &, Random &);
bool lowerWait(Base &, Random &);
bool raiseWait(Base &, Random &);
bool misdirectWait(Base &, Random &);
bool dropTagWait(Base &, Random &);
bool dropSignal(Base &, Random &);
bool duplicateSignal(Base &, Random &);
bool moveSignal(Base &, Random &);
bool swapQueueEntries(Base &, Random &);
bool moveTask(Base &, Random &);
bool introduceCycle(Base &, Random &);
bool joinPartially(Base &, Random &);
bool readCacheEarly(Base &, Random &);
bool readPreviousVersion(Base &, Random &);
bool unorderReduction(Base &, Random &);
// Memory, tags, rings, limits.
bool aliasWithinStep(Base &, Random &);
bool aliasAcrossSteps(Base &, Random &);
bool useTwoTagBuffers(Base &, Random &);
bool shrinkRing(Base &, Random &);
bool releaseSlotEarly(Base &, Random &);
bool overlapTiles(Base &, Random &);
bool leaveTileGap(Base &, Random &);
bool leaveBounds(Base &, Random &);
bool repeatEpoch(Base &, Random &);
bool reuseTag(Base &, Random &);
bool fallTwoPhasesBehind(Base &, Random &);
bool oversubscribeWorkers(Base &, Random &);
bool sendPlainDataOverTag(Base &, Random &);
bool damageTables(Base &, Random &);
bool exceedSharedMemory(Base &, Random &);

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_MUTATIONS_H

//===- Explore.h - Decides small programs by definition ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Explores every interleaving of the events of a launch (docs/ScheduleSpec.md,
// 1.2) and looks in every state for what is wrong (1.3). No confluence, no
// clocks, no symmetry of steps.
//
// What is merged, and why nothing is lost:
//
// 1. An action's flush is observed by nobody but its own agent's signals. Any
//    execution stays one if the flush is put off to just before the agent's
//    next signal event (or for ever, if there is none): the write is open for
//    longer, so a race remains one. If there is no race, no conflicting access
//    starts from the write's start to that signal, so all reads find the same.
// 2. The same holds for completing an action that has a signal event and no Tag
//    counter: it is put off to just before the signal.
// 3. An action that touches no memory starts when it ends: others see only its
//    signals, and the later its start the longer it can be hurt (AMK-P1).
// 4. For deadlock alone an action runs in one go, its flushes too: waits that
//    hold once hold for ever, so every start can be put off to the action's end
//    and every flush done at once.
//
// With `unreduced` only events that have nothing to do are left out (the flush
// of an action without ordinary writes); the experiment compares both.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ORACLE_EXPLORE_H
#define AMK_TEST_EXPERIMENT_ORACLE_EXPLORE_H

#include "State.h"

namespace amk::oracle {

struct Verdict {
  bool deadlock = false, race = false, value = false, ring = false,
       parity = false, tag = false, isStatic = false;
  std::set<std::string> rules; ///< static rules broken
  size_t states = 0;
  std::string witness; ///< what goes wrong first, and the events before it

  bool alias() const { return parity || tag; }
  bool safe() const {
    return !deadlock && !race && !value && !ring && !alias() && !isStatic;
  }
};

struct ExploreOptions {
  bool unreduced = false;
  size_t maxStates = 4000000;
};

/// Throws TooLarge. With a deadlock the verdicts on races, values and aliases
/// are not sought, and with a race those on values and aliases are partial.
Verdict decide(const Program &program, const ExploreOptions &options);

class Explorer {
public:
  Explorer(const Launch &launch, const ExploreOptions &options,
           Verdict &verdict);
  /// Finds races, wrong values, ring overruns and aliases. Stops at the first
  /// race, but not if unreduced: then deadlocks are found here, too.
  void explore();

private:
  enum class Event { Run, Start, Complete, End, Signal, Flush, FlushTag };
  struct Step {
    Event event;
    unsigned agent;
    unsigned detail; ///< Flush: the instance; FlushTag: the counter
  };

  std::vector<Step> enabled(const uint8_t *state) const;
  void apply(uint8_t *state, const Step &step) const;
  bool waitsHold(const uint8_t *state, const Instance &instance) const;
  bool waitHolds(const uint8_t *state, const Wait &wait, unsigned step) const;
  int64_t value(const uint8_t *state, uint64_t counter) const;

  bool isStarted(const uint8_t *state, const PartRef &part) const;
  bool isFlushed(const uint8_t *state, const PartRef &part) const;
  bool isOver(const uint8_t *state, const PartRef &part, unsigned cell) const;
  bool tagsFlushed(const uint8_t *state, unsigned agent, unsigned end) const;
  void flush(uint8_t *state, unsigned agent, unsigned index,
             int64_t counter) const;
  void flushOrdinary(uint8_t *state, unsigned agent, unsigned end) const;
  ContentId view(const uint8_t *state, const Instance &instance,
                 unsigned cell) const;

  void checkStart(const uint8_t *state, const Instance &instance);
  bool findRace(const uint8_t *state, const Instance &instance) const;
  bool readsWell(const uint8_t *state, const Instance &instance,
                 const ReadItem &item) const;
  bool overrunsRing(const uint8_t *state, const Instance &instance) const;
  void checkWaiting(const uint8_t *state);
  bool hasParityAlias(const uint8_t *state, const Instance &instance) const;
  bool hasTagAlias(const uint8_t *state, const Instance &instance) const;

  const Instance *current(const uint8_t *state, unsigned agent) const {
    unsigned index = layout.index(state, agent);
    return index == launch.agents[agent].size() ? nullptr
                                                : &launch.agents[agent][index];
  }
  void found(bool Verdict::*what, const char *name, const Instance *at);
  static uint32_t encode(const Step &step);
  std::string describe(uint32_t event) const;
  std::string nameOf(const Instance &instance) const;

  const Launch &launch;
  const ExploreOptions &options;
  Verdict &verdict;
  StateLayout layout;
  StateSet states;
  int64_t exploring = 0; ///< the state whose successors are being made
  uint32_t pending = 0;  ///< the event being tried in it
  /// sums[c][a][n]: what the first n actions of agent a add to counter c.
  std::vector<std::vector<std::vector<int64_t>>> sums;
  /// tagsBefore[k][a][n]: how many of them signal Tag counter k.
  std::vector<std::vector<std::vector<uint8_t>>> tagsBefore;
  std::vector<uint64_t> writesOrdinary; ///< bit i: instance i of the agent
};

/// Deadlock alone, by interleaving whole actions (4. above).
bool findDeadlock(const Launch &launch, Verdict &verdict, size_t maxStates);

} // namespace amk::oracle

#endif // AMK_TEST_EXPERIMENT_ORACLE_EXPLORE_H

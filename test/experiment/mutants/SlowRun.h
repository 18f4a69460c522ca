//===- SlowRun.h - Executions with some events held back --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The events of a launch of a few explicit steps (spec 1.2). What an event
// needs is that others have happened, or that a sum of signals is at least a
// number: events never take away what another one needs. So the set of all
// events that can happen while some events E are held back does not depend on
// the order in which they are tried, and is itself an execution (a prefix of
// it): "x can happen before all of E" is "x is in that set". That is the
// definition of order put as a reachability question, answered here by running.
// No clocks, no argument about shifts: every step is unrolled and every
// question is one run.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_SLOWRUN_H
#define AMK_TEST_EXPERIMENT_MUTANTS_SLOWRUN_H

#include "SlowModel.h"

#include <map>

namespace amk::mutants::slow {

/// Action `place` of its agent's endless list, i.e. of step place / length.
struct Instance {
  uint32_t agent = 0, place = 0;
  bool operator==(const Instance &o) const {
    return agent == o.agent && place == o.place;
  }
};

/// Bits of the events of an instance. Flush of the j-th Tag counter that the
/// action signals is FlushTag << j.
enum Event : uint32_t {
  Start = 1,
  Complete = 2,
  Flush = 4,
  SignalAll = 8,
  FlushTag = 16
};

struct Held {
  uint32_t instance = 0; ///< number, see Launch::number()
  uint32_t events = 0;
  bool operator<(const Held &o) const {
    return instance != o.instance ? instance < o.instance : events < o.events;
  }
};

/// How far each agent came: it has started its first `started` instances and
/// finished (spec 1.2) its first `finished`.
struct Reach {
  std::vector<uint32_t> started, finished;
};

class Launch {
public:
  Launch(const Model &model, unsigned steps);

  unsigned steps() const { return numSteps; }
  uint32_t number(Instance i) const { return first[i.agent] + i.place; }
  uint32_t numInstances() const { return first.back(); }
  uint32_t lengthOf(uint32_t agent) const { return length[agent]; }
  uint32_t stepOf(Instance i) const { return i.place / length[i.agent]; }
  const Action &actionOf(Instance i) const {
    return model.agents[i.agent].actions[i.place % length[i.agent]];
  }
  /// Bit of flush k of the action.
  uint32_t flushBit(const Action &action, uint32_t counter) const;
  int64_t perStep(uint32_t counter) const { return sums[counter]; }

  /// All events that can happen without those in `held`. Answers are kept.
  const Reach &without(std::vector<Held> held);
  /// One execution in which every action is over before the next one starts.
  std::vector<Instance> completeRun();

private:
  const Model &model;
  unsigned numSteps;
  std::vector<uint32_t> first, length;
  std::vector<int64_t> sums;       ///< per counter: signalled in one step
  std::vector<uint32_t> producers; ///< per counter: actions that signal it
  std::map<std::vector<Held>, Reach> answers;

  // The state of one run.
  std::vector<uint32_t> heldEvents; ///< per instance
  std::vector<int64_t> value;       ///< per counter
  std::vector<uint32_t> tagFlushes; ///< per counter and step
  std::vector<char> flushHeld;      ///< per agent: no signal event any more
  std::vector<char> tagHeld;        ///< per agent and counter
  std::vector<std::vector<uint32_t>> sleepers; ///< per counter: agents
  std::vector<uint32_t> ready;
  Reach reach;
  std::vector<Instance> *log = nullptr;

  void run();
  bool waitHolds(const Wait &wait, uint32_t step) const;
  void advance(uint32_t agent);
  bool executeOne(Instance i);
  bool flushTags(Instance i, uint32_t events);
  void wake(uint32_t counter);
};

} // namespace amk::mutants::slow

#endif // AMK_TEST_EXPERIMENT_MUTANTS_SLOWRUN_H

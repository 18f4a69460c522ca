//===- Run.h - Greedy and blocked runs of a program -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// By confluence (docs/ScheduleSpec.md, section 3) one run that executes
// whatever is enabled completes the same actions as every other maximal
// execution.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_RUN_H
#define AMK_LIB_SCHEDULE_RUN_H

#include "Model.h"

#include <memory>

namespace amk::schedule {

/// A launch longer than this is treated as one without end, and an agent that
/// gets this many steps ahead of a blocked one as one that nothing stops.
constexpr uint64_t kMaxRunAhead = 1024;

/// Which end of an action another one waits for; docs/ScheduleSpec.md, 1.2.
enum class End : uint8_t {
  Reads,  ///< complete: all reads have returned
  Writes, ///< flush: ordinary writes are visible
  Words,  ///< flush k: the words of Tag counter k are visible
};

/// What must have ended: `counter` is k if `end` is Words.
struct Ending {
  uint32_t action = 0;
  End end = End::Reads;
  uint32_t counter = 0;
};

class Engine;

/// One step, run to its fixed point in the canonical order: of the actions that
/// can run, the one with the lowest queue position, then the lowest agent.
class GreedyRun {
public:
  GreedyRun();
  explicit GreedyRun(const Model &model) : GreedyRun() { build(model); }
  ~GreedyRun();
  /// Keeps the memory of the run before.
  void build(const Model &model);

  bool complete = false;
  std::vector<uint32_t> order;     ///< actions as they ran
  std::vector<uint64_t> completed; ///< [agents] actions of each agent that ran
  std::vector<uint64_t> values;    ///< [counters] at the end

private:
  std::unique_ptr<Engine> engine;
};

/// For each agent, how many of its actions, counted over all steps, it finishes
/// in a launch of `steps` steps (0: without end) in which `blocked` of the first
/// step never ends. The program must be free of deadlocks. An agent other than
/// the blocked one starts whatever it can and finishes what it starts.
std::vector<uint64_t> runBlocked(const Model &model, Ending blocked,
                                 uint64_t steps);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_RUN_H

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

namespace amk::schedule {

/// A launch longer than this is treated as one without end, and an agent that
/// gets this many steps ahead of a blocked one as one that nothing stops.
constexpr uint64_t kMaxRunAhead = 1024;

/// One step, run to its fixed point in the canonical order: of the actions that
/// can run, the one with the lowest queue position, then the lowest agent.
struct GreedyRun {
  explicit GreedyRun(const Model &model);
  bool complete = false;
  std::vector<uint32_t> order;     ///< actions as they ran
  std::vector<uint32_t> completed; ///< [agents] actions of each agent that ran
  std::vector<uint64_t> values;    ///< [counters] at the end
};

/// For each agent, how many of its actions start in the first two steps of a
/// launch of `steps` steps (0: without end) in which `blocked` of the first
/// step never completes. The program must be free of deadlocks.
std::vector<uint32_t> runBlocked(const Model &model, uint32_t blocked,
                                 uint64_t steps);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_RUN_H

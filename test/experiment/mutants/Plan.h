//===- Plan.h - Placed tasks that still lack their waits --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan is a placed schedule without release counters: tasks in one order that
// is right, agents, and the accesses of each task. synchronize() adds release
// counters and about as few waits as make it safe in any number of steps, so
// that a mutation has a good chance to matter. The result has to be accepted by
// verify() and by the slow checker; it is derived by a third, conservative
// method of its own (sets of what is known to be over at each task).
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_PLAN_H
#define AMK_TEST_EXPERIMENT_MUTANTS_PLAN_H

#include "Random.h"
#include "amk/Schedule/Program.h"

namespace amk::mutants {

struct PlanTask {
  /// With its accesses, waits and signals on Tag and Parity counters.
  schedule::Action action;
  uint32_t agent = 0;
  uint32_t group = 0; ///< tasks that signal the same release counter
  bool streamsWeights = false;
};

struct Plan {
  /// Spaces, buffers, Tag and Parity counters, agents (without actions),
  /// limits.
  schedule::Program frame;
  /// In an order that defines what each read is to find; the actions of an
  /// agent are run in this order too.
  std::vector<PlanTask> tasks;

  /// The words that waits on Tag counters read, as accesses.
  std::vector<schedule::Access> tagReads(const PlanTask &task) const;
};

struct SyncStyle {
  bool countersOfSeveralGroups = false; ///< with partial thresholds
  bool unequalAmounts = false;
  unsigned redundantWaitPercent = 0;
};

schedule::Program synchronize(const Plan &plan, const SyncStyle &style,
                              Random &random);

/// Tagged buffers that take turns in the same few places, in the order of use.
using Rotation = std::vector<uint32_t>;

/// A safe program to start from.
struct Base {
  std::string name;
  schedule::Program program;
  Rotation rotation;
};

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_PLAN_H

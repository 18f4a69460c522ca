//===- Report.h - Violations found so far, and who finds them ---*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_REPORT_H
#define AMK_LIB_SCHEDULE_REPORT_H

#include "Frontier.h"
#include "Order.h"
#include "RegionIndex.h"
#include "amk/Schedule/Verifier.h"

#include <unordered_set>

namespace amk::schedule {

class Report {
public:
  explicit Report(const Options &options) : limit(options.maxViolations) {}

  bool full() const { return violations.size() >= limit; }

  void add(Rule rule, ActionRef anchor, std::string message,
           std::vector<Related> related = {}) {
    push(rule, anchor, true, std::move(message), std::move(related));
  }
  /// On the program as a whole.
  void add(Rule rule, std::string message, std::vector<Related> related = {}) {
    push(rule, {}, false, std::move(message), std::move(related));
  }
  /// False if a violation between these two actions was reported before.
  bool isNewPair(uint32_t a, uint32_t b) {
    return pairs.insert(uint64_t(std::min(a, b)) << 32 | std::max(a, b)).second;
  }

  std::vector<Violation> violations;

private:
  void push(Rule rule, ActionRef anchor, bool anchored, std::string message,
            std::vector<Related> related);

  size_t limit;
  std::unordered_set<uint64_t> pairs;
};

/// What the checks of a program without deadlocks know of it.
struct Facts {
  const Program &program;
  const Model &model;
  const GreedyRun &run;
  const Order &order;
  const BufferGroups &groups;
  RegionIndex &index; ///< by `run`, without settled buffers
  uint64_t steps;     ///< as in Options

  ActionRef ref(const Use &use) const { return model.ref(use.action); }
};

/// The end of an access that others have to wait for.
inline Ending endingOf(const Use &use) {
  if (!use.isWrite())
    return {use.action, End::Reads, 0};
  if (use.mode == AccessMode::WriteTagged)
    return {use.action, End::Words, use.counter};
  return {use.action, End::Writes, 0};
}

/// AMK-S*.
void runChecks(const Program &program, Report &report);

/// AMK-D1, for a run that is not complete.
void reportDeadlocks(const Program &program, const Model &model,
                     const GreedyRun &run, Report &report);

/// AMK-R* and AMK-N1. Makes the cells of the index. `cells` is memory; what it
/// held is lost.
void checkAccesses(const Facts &facts, std::vector<Cell> &cells,
                   Report &report);

/// AMK-C1, AMK-C3 and AMK-C5.
void checkValues(const Facts &facts, Report &report);

/// AMK-C4.
void checkClobbers(const Facts &facts, Report &report);

/// AMK-C2, but for settled buffers.
void checkOutputs(const Program &program, const RegionIndex &index,
                  const BufferGroups &groups,
                  const std::vector<char> &isSettled, Report &report);

/// AMK-G1.
void checkRings(const Facts &facts, Report &report);

/// AMK-P1 and AMK-T1.
void checkAliases(const Program &program, const Model &model,
                  const GreedyRun &run, const Order &order, uint64_t steps,
                  Report &report);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REPORT_H

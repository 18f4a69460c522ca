//===- Report.h - Violations found so far, and who finds them ---*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_REPORT_H
#define AMK_LIB_SCHEDULE_REPORT_H

#include "Order.h"
#include "RegionUtils.h"
#include "amk/Schedule/Verifier.h"

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

  std::vector<Violation> violations;

private:
  void push(Rule rule, ActionRef anchor, bool anchored, std::string message,
            std::vector<Related> related);

  size_t limit;
};

/// AMK-S1 to AMK-S4.
void runChecks(const Program &program, Report &report);

/// AMK-D1, for a run that is not complete.
void reportDeadlocks(const Program &program, const Model &model,
                     const GreedyRun &run, Report &report);

/// AMK-R1 to AMK-R3 and AMK-C1.
void checkAccesses(const Program &program, const Model &model,
                   const GreedyRun &run, const Order &order, uint64_t steps,
                   Report &report);

/// AMK-C2.
void checkOutputs(const Program &program, Report &report);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REPORT_H

//===- Verifier.cpp - Decides whether a schedule is safe ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Verifier.h"
#include "Report.h"

using namespace amk::schedule;

void Report::push(Rule rule, ActionRef anchor, bool anchored,
                  std::string message, std::vector<Related> related) {
  if (full())
    return;
  Violation violation;
  violation.rule = rule;
  violation.anchor = anchor;
  violation.anchored = anchored;
  violation.message = std::move(message);
  if (related.size() > kMaxRelated) {
    violation.relatedOmitted = related.size() - kMaxRelated;
    related.resize(kMaxRelated);
  }
  violation.related = std::move(related);
  violations.push_back(std::move(violation));
}

std::vector<Violation> amk::schedule::check(const Program &program,
                                            const Options &options) {
  Report report(options);
  runChecks(program, report);
  return std::move(report.violations);
}

std::vector<Violation> amk::schedule::verify(const Program &program,
                                             const Options &options) {
  Report report(options);
  runChecks(program, report);
  if (!report.violations.empty())
    return std::move(report.violations);

  Model model(program);
  GreedyRun run(model);
  if (!run.complete) {
    reportDeadlocks(program, model, run, report);
  } else {
    Order order(model, run, options.steps);
    checkAccesses(program, model, run, order, options.steps, report);
  }
  checkOutputs(program, report);
  return std::move(report.violations);
}

//===- Verifier.cpp - check() and verify() --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Verifier.h"
#include "Report.h"
#include "UsualBuffers.h"

#include <memory>
#include <numeric>

using namespace amk::schedule;

namespace {
/// Kept from program to program: small ones would spend most of their time
/// allocating.
struct Workspace {
  Model model;
  GreedyRun run;
  Order order;
  BufferGroups groups;
  UsualBuffers usual;
  RegionIndex index;
  std::vector<Cell> cells;
};
} // namespace

/// Programs with more actions than this give the memory back.
static constexpr uint32_t kMaxKeptActions = 4096;

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

/// Rules that need regions, for the buffers that are not settled.
static void runRegionRules(const Program &program, const Options &options,
                           Workspace &space, Report &report) {
  const std::vector<char> &isSettled = space.usual.isSettled;
  space.index.build(program, space.model, space.run.order, isSettled);
  Facts facts{program,      space.model, space.run,    space.order,
              space.groups, space.index, options.steps};
  checkAccesses(facts, space.cells, report);
  checkRings(facts, report);
  checkAliases(program, space.model, space.run, space.order, options.steps,
               report);
  checkValues(facts, report);
  checkClobbers(facts, report);
  checkOutputs(program, space.index, space.groups, isSettled, report);
}

/// Of a program that deadlocks.
static void explainDeadlock(const Program &program, Workspace &space,
                            Report &report) {
  reportDeadlocks(program, space.model, space.run, report);
  // What is written does not depend on the order.
  std::vector<uint32_t> actions(space.model.numActions());
  std::iota(actions.begin(), actions.end(), 0);
  std::vector<char> isSettled(program.buffers.size(), false);
  space.index.build(program, space.model, actions, isSettled);
  checkOutputs(program, space.index, space.groups, isSettled, report);
}

static void runRules(const Program &program, const Options &options,
                     Workspace &space, Report &report) {
  space.model.build(program);
  space.groups.build(program);
  space.run.build(space.model);
  if (!space.run.complete) {
    explainDeadlock(program, space, report);
    return;
  }
  space.order.build(space.model, space.run, options.steps);
  space.usual.find(program, space.model, space.run, space.order, space.groups,
                   options.steps);
  if (space.usual.areAllSettled)
    checkAliases(program, space.model, space.run, space.order, options.steps,
                 report);
  else
    runRegionRules(program, options, space, report);
}

std::vector<Violation> amk::schedule::verify(const Program &program,
                                             const Options &options) {
  Report report(options);
  runChecks(program, report);
  if (!report.violations.empty())
    return std::move(report.violations);
  static thread_local std::unique_ptr<Workspace> space;
  if (!space)
    space = std::make_unique<Workspace>();
  runRules(program, options, *space, report);
  if (space->model.numActions() > kMaxKeptActions)
    space.reset();
  return std::move(report.violations);
}

//===- Check.cpp - Well-formedness: AMK-S1 to AMK-S4 ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>
#include <limits>

using namespace amk::schedule;

namespace {

/// Tables hold thresholds as i32, amounts and sums per step as u32.
constexpr int64_t kMinThreshold = std::numeric_limits<int32_t>::min();
constexpr int64_t kMaxThreshold = std::numeric_limits<int32_t>::max();
constexpr uint64_t kMaxAmount = std::numeric_limits<uint32_t>::max();
/// Actions of two steps are numbered with 32 bits.
constexpr uint64_t kMaxActions = std::numeric_limits<int32_t>::max() / 2;
constexpr uint64_t kMaxItems = std::numeric_limits<uint32_t>::max() - 1;
/// Rows of all accesses together: bounds memory and work on hostile tables.
constexpr uint64_t kMaxRows = 1 << 26;

class Checker {
public:
  Checker(const Program &program, Report &report)
      : program(program), report(report), perStep(program.counters.size()) {}
  void run();

private:
  void checkWaits(ActionRef ref, const Action &action);
  void checkSignals(ActionRef ref, const Action &action);
  void checkAccesses(ActionRef ref, const Action &action);
  void checkSize();
  bool checkCounter(ActionRef ref, const char *what, uint32_t counter);

  const Program &program;
  Report &report;
  std::vector<uint64_t> perStep;
  uint64_t rows = 0;
};

} // namespace

bool Checker::checkCounter(ActionRef ref, const char *what, uint32_t counter) {
  if (counter < program.counters.size())
    return true;
  report.add(Rule::Reference, ref,
             std::string(what) + " names counter " + std::to_string(counter) +
                 ", expected less than " +
                 std::to_string(program.counters.size()));
  return false;
}

void Checker::checkWaits(ActionRef ref, const Action &action) {
  for (const Wait &wait : action.waits) {
    checkCounter(ref, "a wait", wait.counter);
    if (wait.threshold < kMinThreshold || wait.threshold > kMaxThreshold)
      report.add(Rule::Range, ref,
                 "a wait has threshold " + std::to_string(wait.threshold) +
                     ", expected a 32-bit integer");
  }
}

void Checker::checkSignals(ActionRef ref, const Action &action) {
  for (const Signal &signal : action.signals) {
    bool exists = checkCounter(ref, "a signal", signal.counter);
    if (signal.amount > kMaxAmount)
      report.add(Rule::Range, ref,
                 "a signal adds " + std::to_string(signal.amount) +
                     ", expected at most " + std::to_string(kMaxAmount));
    else if (exists)
      perStep[signal.counter] += signal.amount;
  }
}

void Checker::checkAccesses(ActionRef ref, const Action &action) {
  for (const Access &access : action.accesses) {
    const Region &region = access.region;
    if (region.space >= program.spaces.size()) {
      report.add(Rule::Reference, ref,
                 "an access names space " + std::to_string(region.space) +
                     ", expected less than " +
                     std::to_string(program.spaces.size()));
      continue;
    }
    const Space &space = program.spaces[region.space];
    bool isRead = access.mode == AccessMode::Read;
    // A saturated end may be less than the true one.
    if (region.end() > space.bytes ||
        region.end() == std::numeric_limits<uint64_t>::max())
      report.add(Rule::Bounds, ref,
                 std::string(isRead ? "reads " : "writes ") +
                     describe(program, region) + ", but " + space.name +
                     " has " + std::to_string(space.bytes) + " bytes");
    rows += std::min(normalize(region).rows, kMaxRows + 1);
    if (rows > kMaxRows) {
      report.add(Rule::Range, ref,
                 "the accesses up to this one have more than " +
                     std::to_string(kMaxRows) + " rows that do not touch");
      rows = 0;
    }
  }
}

void Checker::checkSize() {
  uint64_t actions = 0, waits = 0, signals = 0, accesses = 0;
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions) {
      ++actions;
      waits += action.waits.size();
      signals += action.signals.size();
      accesses += action.accesses.size();
    }
  auto limit = [&](const char *what, uint64_t count, uint64_t max) {
    if (count > max)
      report.add(Rule::Range, "the program has " + std::to_string(count) + " " +
                                  what + ", expected at most " +
                                  std::to_string(max));
  };
  limit("actions", actions, kMaxActions);
  limit("waits", waits, kMaxItems);
  limit("signals", signals, kMaxItems);
  limit("accesses", accesses, kMaxItems);
  limit("agents", program.agents.size(), kMaxItems);
  limit("counters", program.counters.size(), kMaxItems);
  limit("spaces", program.spaces.size(), kMaxItems);
}

void Checker::run() {
  checkSize();
  if (program.maxAgents && program.agents.size() > program.maxAgents)
    report.add(Rule::Resources,
               "the program has " + std::to_string(program.agents.size()) +
                   " agents, but at most " + std::to_string(program.maxAgents) +
                   " can be resident at once");
  for (uint32_t a = 0; a != program.agents.size() && !report.full(); ++a)
    for (uint32_t i = 0; i != program.agents[a].actions.size(); ++i) {
      const Action &action = program.agents[a].actions[i];
      checkWaits({a, i}, action);
      checkSignals({a, i}, action);
      checkAccesses({a, i}, action);
    }
  for (size_t c = 0; c != perStep.size(); ++c)
    if (perStep[c] > kMaxAmount)
      report.add(Rule::Range, "counter '" + program.counters[c].name +
                                  "' grows by " + std::to_string(perStep[c]) +
                                  " per step, expected at most " +
                                  std::to_string(kMaxAmount));
}

void amk::schedule::runChecks(const Program &program, Report &report) {
  Checker(program, report).run();
}

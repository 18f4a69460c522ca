//===- PropertyTest.cpp - The verifier against exhaustive exploration -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explorer.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Hash.h"

#include <gtest/gtest.h>

using namespace amk;
using namespace amk::schedule;
using namespace amk::schedule::test;

namespace {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t below(uint64_t limit) { return mix64(++state) % limit; }
  bool chance(uint64_t percent) { return below(100) < percent; }

private:
  uint64_t state;
};

Region randomRegion(Random &random) {
  Region region;
  region.buffer = static_cast<uint32_t>(random.below(3));
  region.offset = random.below(3);
  region.rows = 1 + random.below(2);
  region.rowBytes = 1 + random.below(2);
  region.rowStride = 2 + random.below(2);
  return region;
}

/// About half of the programs are made from an order of all actions in which
/// every wait can hold; the others are arbitrary and mostly deadlock.
Program randomProgram(uint64_t seed) {
  Random random(mix64(seed));
  Program program;
  program.spaces = {{"arena", 12}, {"kv", 8}};
  program.buffers = {{"x", BufferKind::Scratch, 0, 0, 8},
                     {"kv", BufferKind::Carried, 1, 0, 8},
                     {"y", BufferKind::Scratch, 0, random.below(5), 8}};
  unsigned agents = 2 + static_cast<unsigned>(random.below(2));
  unsigned counters = 1 + static_cast<unsigned>(random.below(3));
  unsigned actions = agents + static_cast<unsigned>(random.below(9 - agents));
  bool orderly = random.chance(60);
  bool carriedWaits = random.chance(50);
  program.counters.assign(counters, {"c"});
  program.agents.resize(agents);
  std::vector<int64_t> values(counters), totals(counters);

  auto newAction = [&](unsigned agent) {
    Action action;
    action.name = "t";
    for (unsigned n = random.chance(70) ? 1 + random.below(2) : 0; n--;) {
      Wait wait;
      wait.counter = static_cast<uint32_t>(random.below(counters));
      int64_t reach = orderly ? values[wait.counter] : 4;
      wait.threshold = random.chance(70)
                           ? reach
                           : static_cast<int64_t>(random.below(
                                 static_cast<uint64_t>(reach) + 1));
      action.waits.push_back(wait);
    }
    for (unsigned n = static_cast<unsigned>(random.below(3)); n--;)
      action.accesses.push_back(
          {random.chance(50) ? AccessMode::Read : AccessMode::Write,
           randomRegion(random), Access::kNoCounter});
    for (unsigned n = random.chance(80) ? 1 + random.below(2) : 0; n--;) {
      Signal signal;
      signal.counter = static_cast<uint32_t>(random.below(counters));
      signal.amount = random.chance(80) ? 1 : random.below(4);
      values[signal.counter] += static_cast<int64_t>(signal.amount);
      action.signals.push_back(signal);
    }
    program.agents[agent].actions.push_back(action);
  };
  for (unsigned i = 0; i != actions; ++i)
    newAction(i < agents ? i : static_cast<unsigned>(random.below(agents)));
  // Waits on the step before: what makes launches of several steps safe.
  if (carriedWaits)
    for (Agent &agent : program.agents)
      for (uint32_t c = 0; c != counters; ++c)
        if (random.chance(70))
          agent.actions[0].waits.push_back(
              {c,
               -static_cast<int64_t>(random.chance(80) ? 0 : random.below(4))});
  return program;
}

Verdict verdictOf(const std::vector<Violation> &violations) {
  Verdict verdict;
  for (const Violation &violation : violations) {
    verdict.deadlock |= violation.rule == Rule::Deadlock;
    verdict.race |= violation.rule == Rule::ReadBeforeWrite ||
                    violation.rule == Rule::WriteAfterRead ||
                    violation.rule == Rule::WriteAfterWrite;
    verdict.undefined |= violation.rule == Rule::Undefined;
  }
  return verdict;
}

std::string dump(const Program &program) {
  std::string text;
  for (const Agent &agent : program.agents) {
    text += "agent\n";
    for (const Action &action : agent.actions) {
      text += " ";
      for (const Wait &w : action.waits)
        text += " c" + std::to_string(w.counter) +
                ">=" + std::to_string(w.threshold);
      for (const Access &a : action.accesses)
        text += std::string(a.mode == AccessMode::Read ? " r" : " w") +
                std::to_string(a.region.buffer) + ":" +
                std::to_string(a.region.offset) + "," +
                std::to_string(a.region.rows) + "," +
                std::to_string(a.region.rowBytes) + "," +
                std::to_string(a.region.rowStride);
      for (const Signal &s : action.signals)
        text +=
            " c" + std::to_string(s.counter) + "+=" + std::to_string(s.amount);
      text += "\n";
    }
  }
  return text;
}

struct Tally {
  unsigned deadlocks = 0, races = 0, undefined = 0, safe = 0;
};

/// Every pair of actions of different agents, in one step and in neighbours.
void compareOrder(const Program &program, unsigned steps,
                  const Explorer &explorer) {
  HappensBefore order(program, steps);
  ASSERT_TRUE(order.ok());
  for (uint32_t a = 0; a != program.agents.size(); ++a)
    for (uint32_t b = 0; b != program.agents.size(); ++b) {
      auto length = static_cast<uint32_t>(program.agents[b].actions.size());
      for (uint32_t i = 0; a != b && i != program.agents[a].actions.size(); ++i)
        for (uint32_t j = 0; j != length; ++j) {
          ASSERT_EQ(order.ordered({a, i}, {b, j}),
                    !explorer.canStartBefore(a, i, b, j))
              << dump(program);
          if (steps > 1)
            ASSERT_EQ(order.orderedAcrossSteps({a, i}, {b, j}),
                      !explorer.canStartBefore(a, i, b, j + length))
                << dump(program);
        }
    }
}

void compare(const Program &program, unsigned steps, Tally &tally) {
  Options options;
  options.steps = steps;
  Verdict verified = verdictOf(verify(program, options));
  Explorer explorer(program, steps);
  Verdict explored = explorer.explore();
  ASSERT_EQ(verified.deadlock, explored.deadlock) << dump(program);
  if (explored.deadlock) {
    ++tally.deadlocks;
    return;
  }
  compareOrder(program, steps, explorer);
  ASSERT_EQ(verified.race, explored.race) << steps << "\n" << dump(program);
  // A read that races with its write is reported as the race.
  ASSERT_EQ(verified.undefined || verified.race,
            explored.undefined || explored.race)
      << dump(program);
  ++(explored.race        ? tally.races
     : explored.undefined ? tally.undefined
                          : tally.safe);
}

} // namespace

TEST(Property, AgreesWithExhaustiveExploration) {
  Tally tally;
  for (uint64_t seed = 0; seed != 40000 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    compare(randomProgram(seed), 1 + seed % 3, tally);
  }
  // The programs must exercise every verdict.
  EXPECT_GT(tally.deadlocks, 2000u);
  EXPECT_GT(tally.races, 2000u);
  EXPECT_GT(tally.undefined, 500u);
  EXPECT_GT(tally.safe, 2000u);
  RecordProperty("deadlocks", static_cast<int>(tally.deadlocks));
  RecordProperty("races", static_cast<int>(tally.races));
  RecordProperty("undefined", static_cast<int>(tally.undefined));
  RecordProperty("safe", static_cast<int>(tally.safe));
}

/// Launches without end are decided by acceleration: agents that nothing stops
/// count as infinitely far ahead. Launches of 64 steps are run step by step.
TEST(Property, EndlessLaunchesAgreeWithLongOnes) {
  Options longLaunch;
  longLaunch.steps = 64;
  unsigned differsFromTwo = 0;
  for (uint64_t seed = 0; seed != 20000 && !HasFatalFailure(); ++seed) {
    Program program = randomProgram(seed + 1000000);
    Verdict endless = verdictOf(verify(program));
    Verdict finite = verdictOf(verify(program, longLaunch));
    ASSERT_EQ(endless.deadlock, finite.deadlock) << dump(program);
    ASSERT_EQ(endless.race, finite.race) << dump(program);
    ASSERT_EQ(endless.undefined, finite.undefined) << dump(program);
    Options two;
    two.steps = 2;
    bool isRace = verdictOf(verify(program, two)).race;
    ASSERT_LE(isRace, endless.race) << dump(program);
    differsFromTwo += isRace != endless.race;
  }
  // Agents that run more than one step ahead must matter in some programs.
  EXPECT_GT(differsFromTwo, 0u);
}

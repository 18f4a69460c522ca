//===- HappensBeforeTest.cpp - The order of actions -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Builder.h"

#include <gtest/gtest.h>

using namespace amk::schedule;
using namespace amk::schedule::test;

TEST(HappensBefore, FollowsQueuesAndJoins) {
  ProgramBuilder b(3, 2);
  b.task(0, "a").wait(1, 0).signal(0);
  b.task(1, "b").wait(1, 0).signal(0);
  b.task(2, "c").wait(0, 2).signal(1);
  b.task(2, "d");
  HappensBefore order(b.program);
  ASSERT_TRUE(order.ok());
  EXPECT_TRUE(order.ordered({0, 0}, {2, 0}));
  EXPECT_TRUE(order.ordered({1, 0}, {2, 1}));
  EXPECT_TRUE(order.ordered({2, 0}, {2, 1}));
  EXPECT_FALSE(order.ordered({2, 1}, {2, 0}));
  EXPECT_FALSE(order.ordered({2, 1}, {2, 1}));
  EXPECT_FALSE(order.ordered({0, 0}, {1, 0}));
  EXPECT_FALSE(order.ordered({2, 0}, {0, 0}));
  EXPECT_TRUE(order.orderedAcrossSteps({0, 0}, {1, 0}));
  EXPECT_TRUE(order.orderedAcrossSteps({2, 0}, {0, 0}));
  EXPECT_FALSE(order.orderedAcrossSteps({2, 1}, {0, 0}));
  EXPECT_TRUE(order.orderedAcrossSteps({2, 1}, {2, 0}));
}

/// One counter as the barrier of all phases, thresholds rising phase by phase.
TEST(HappensBefore, FollowsABarrierOfSeveralPhases) {
  constexpr uint32_t agents = 5, phases = 4;
  ProgramBuilder b(agents, 1);
  for (uint32_t phase = 0; phase != phases; ++phase)
    for (uint32_t agent = 0; agent != agents; ++agent)
      b.task(agent, "t").wait(0, phase * agents).signal(0);
  HappensBefore order(b.program);
  ASSERT_TRUE(order.ok());
  for (uint32_t x = 0; x != agents; ++x)
    for (uint32_t y = 0; y != agents; ++y)
      for (uint32_t i = 0; i != phases; ++i)
        for (uint32_t j = 0; j != phases; ++j) {
          EXPECT_EQ(order.ordered({x, i}, {y, j}), i < j);
          EXPECT_TRUE(order.orderedAcrossSteps({x, i}, {y, j}));
        }
}

TEST(HappensBefore, IsNotOkOnDeadlocksAndBrokenPrograms) {
  ProgramBuilder b(1, 1);
  b.task(0, "t").wait(0, 1);
  EXPECT_FALSE(HappensBefore(b.program).ok());
  EXPECT_FALSE(HappensBefore(b.program).ordered({0, 0}, {0, 0}));
  b = ProgramBuilder(1, 1);
  b.task(0, "t").wait(1, 0);
  EXPECT_FALSE(HappensBefore(b.program).ok());
}

/// The last task needs "big" and one of two others, either of which is after
/// "first": no single signal says so, but every execution has that order.
TEST(HappensBefore, FindsWhatAlternativesHaveInCommon) {
  ProgramBuilder b(5, 4);
  b.task(0, "first").wait(2, 0).wait(3, 0).signal(1);
  b.task(1, "either").wait(1, 1).signal(0).signal(3);
  b.task(2, "or").wait(1, 1).signal(0).signal(3);
  b.task(3, "big").wait(2, 0).wait(3, 0).signal(0, 2);
  b.task(4, "last").wait(0, 3).signal(2);
  HappensBefore order(b.program);
  ASSERT_TRUE(order.ok());
  EXPECT_TRUE(order.ordered({0, 0}, {4, 0}));
  EXPECT_TRUE(order.ordered({3, 0}, {4, 0}));
  EXPECT_FALSE(order.ordered({1, 0}, {4, 0}));
  EXPECT_FALSE(order.ordered({2, 0}, {4, 0}));
}

/// A chain of agents that may each run a step further ahead than the next.
TEST(HappensBefore, DecidesPartialThresholdsOfRunAheadChains) {
  ProgramBuilder b(3, 2);
  b.task(0, "a").wait(1, -1).signal(0, 1); // up to one step ahead
  b.task(1, "b").signal(0, 1);             // nothing stops it
  b.task(2, "c").wait(0, 1).signal(1, 1);
  HappensBefore order(b.program);
  ASSERT_TRUE(order.ok());
  EXPECT_FALSE(order.ordered({0, 0}, {2, 0}));
  EXPECT_FALSE(order.ordered({1, 0}, {2, 0}));
  HappensBefore oneStep(b.program, 1);
  EXPECT_FALSE(oneStep.ordered({0, 0}, {2, 0}));
  EXPECT_FALSE(order.orderedAcrossSteps({0, 0}, {2, 0}));
  EXPECT_TRUE(oneStep.ok());
}

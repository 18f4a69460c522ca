//===- RingTemplateTest.cpp - Which rings of a GPU are safe ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/RingTemplate.h"
#include "amk/Schedule/Verifier.h"

#include <gtest/gtest.h>

using namespace amk::schedule;

static std::string verdict(const Program &program) {
  std::vector<Violation> violations = verify(program);
  return violations.empty() ? "safe" : ruleId(violations.front().rule);
}

TEST(RingTemplate, AcceptsEveryEvenRing) {
  for (uint32_t stages = 2; stages <= 16; stages += 2)
    for (uint32_t inFlight = 1; inFlight <= stages; ++inFlight)
      EXPECT_EQ(checkRing(stages, inFlight), std::nullopt)
          << stages << " stages, " << inFlight << " in flight";
}

TEST(RingTemplate, HasAnActionForEveryWarpAndStage) {
  Program program = ringTemplate(12, 3);
  size_t actions = 0;
  for (const Agent &agent : program.agents)
    actions += agent.actions.size();
  EXPECT_EQ(program.agents.size(), 17u);
  EXPECT_EQ(actions, 108u);
}

TEST(RingTemplate, RefusesNoCopyInFlight) {
  EXPECT_EQ(verdict(ringTemplate(12, 0)), "AMK-D1");
  std::optional<std::string> why = checkRing(12, 0);
  ASSERT_TRUE(why);
  EXPECT_NE(why->find("a ring of 12 stages, 0 in flight, is not safe"),
            std::string::npos);
  EXPECT_NE(why->find("[AMK-D1] loader, task fill[0]"), std::string::npos)
      << *why;
}

TEST(RingTemplate, RefusesMoreCopiesThanStages) {
  for (uint32_t stages = 2; stages <= 16; stages += 2)
    EXPECT_EQ(verdict(ringTemplate(stages, stages + 1)), "AMK-P1") << stages;
}

TEST(RingTemplate, RefusesOtherNumbersOfStages) {
  for (uint32_t stages : {0u, 1u, 11u, 18u}) {
    std::optional<std::string> why = checkRing(stages, 1);
    ASSERT_TRUE(why) << stages;
    EXPECT_EQ(*why, "found " + std::to_string(stages) +
                        " stages, expected an even number from 2 to 16");
  }
}

/// The loader takes any of the 8 warps for one that has released its stage.
TEST(RingTemplate, RefusesALoaderThatForgetsAWarp) {
  for (uint32_t warp = 0; warp < 8; ++warp) {
    Program program = ringTemplate(12, 3);
    for (Action &fill : program.agents[0].actions)
      fill.waits.erase(fill.waits.begin() + warp);
    EXPECT_EQ(verdict(program), "AMK-G1") << warp;
  }
}

TEST(RingTemplate, RefusesAMemoryOfFewerStages) {
  Program program = ringTemplate(12, 3);
  program.spaces[0].ringBytes = program.spaces[0].bytes / 12 * 11;
  EXPECT_EQ(verdict(program), "AMK-G1");
}

/// A warp that reads a stage before it is filled.
TEST(RingTemplate, RefusesAWarpThatDoesNotWait) {
  Program program = ringTemplate(12, 3);
  program.agents[1].actions[2].waits.clear();
  EXPECT_EQ(verdict(program), "AMK-R2");
}

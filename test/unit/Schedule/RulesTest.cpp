//===- RulesTest.cpp - Each rule: a rejected and a close accepted case ----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names are <rule>_rejects_<what> and <rule>_accepts_<what>;
// test/check-rule-ids.py asks for both of every rule.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"

#include <gtest/gtest.h>

using namespace amk::schedule;
using namespace amk::schedule::test;

/// Worker 0 writes 64 bytes, worker 1 reads them, and the next step's write
/// waits for the read. Counter 0: written; counter 1: read.
static ProgramBuilder handOff(int64_t readWaits = 1, int64_t writeWaits = 0) {
  ProgramBuilder b(2, 2);
  b.task(0, "produce").wait(1, writeWaits).write(kArena, 0, 64).signal(0);
  b.task(1, "consume").wait(0, readWaits).read(kArena, 0, 64).signal(1);
  return b;
}

//===----------------------------------------------------------------------===//
// AMK-S
//===----------------------------------------------------------------------===//

TEST(Rules, AMK_S1_rejects_missing_counter) {
  ProgramBuilder b = handOff();
  b.program.agents[1].actions[0].waits[0].counter = 2;
  EXPECT_EQ(messages(b.program),
            "error [AMK-S1] worker 1, task consume: a wait names counter 2, "
            "expected less than 2\n");
  b = handOff();
  b.program.agents[1].actions[0].signals[0].counter = ~0u;
  EXPECT_EQ(rules(b.program), "AMK-S1");
}
TEST(Rules, AMK_S1_rejects_missing_space) {
  ProgramBuilder b = handOff();
  b.program.agents[0].actions[0].accesses[0].region.space = 3;
  EXPECT_EQ(rules(b.program), "AMK-S1");
}
TEST(Rules, AMK_S1_accepts_last_counter_and_space) {
  ProgramBuilder b = handOff();
  b.task(1, "last").read(kOutput, 0, 0).signal(1);
  b.program.agents[0].actions[0].waits[0].threshold = 0;
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_S2_rejects_one_byte_too_many) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").write(kArena, 960, 65);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S2] worker 0, task t: writes arena [960, 1025), but "
            "arena has 1024 bytes\n");
}
TEST(Rules, AMK_S2_rejects_overflowing_rows) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").access(AccessMode::Write,
                        {kArena, 0, 1ull << 32, 4, 1ull << 32});
  EXPECT_EQ(rules(b.program).substr(0, 6), "AMK-S2");
}
TEST(Rules, AMK_S2_accepts_rows_up_to_the_end) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").access(AccessMode::Write, {kArena, 64, 4, 192, 256});
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_S3_rejects_more_agents_than_fit) {
  ProgramBuilder b = handOff();
  b.program.maxAgents = 1;
  EXPECT_EQ(messages(b.program), "error [AMK-S3] the program has 2 agents, but "
                                 "at most 1 can be resident at once\n");
}
TEST(Rules, AMK_S3_accepts_as_many_agents_as_fit) {
  ProgramBuilder b = handOff();
  b.program.maxAgents = 2;
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_S4_rejects_wide_threshold_and_sum) {
  ProgramBuilder b(1, 1);
  b.task(0, "t").wait(0, -(1ll << 31) - 1);
  EXPECT_EQ(rules(b.program), "AMK-S4");
  b = ProgramBuilder(1, 1);
  b.task(0, "t").signal(0, 1ull << 32);
  EXPECT_EQ(rules(b.program), "AMK-S4");
  b = ProgramBuilder(1, 1);
  b.task(0, "t").signal(0, (1ull << 32) - 1).signal(0, 1);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S4] counter 'c0' grows by 4294967296 per step, "
            "expected at most 4294967295\n");
}
TEST(Rules, AMK_S4_rejects_endless_rows) {
  ProgramBuilder b(1, 0);
  b.program.spaces[kArena].bytes = 1ull << 40;
  b.task(0, "t").access(AccessMode::Write, {kArena, 0, 1ull << 30, 1, 2});
  EXPECT_EQ(rules(b.program), "AMK-S4");
}
TEST(Rules, AMK_S4_accepts_widest_threshold_and_sum) {
  ProgramBuilder b(1, 1);
  b.program.spaces[kArena].bytes = 1ull << 40;
  b.task(0, "t")
      .wait(0, -(1ll << 31))
      .signal(0, (1ull << 32) - 1)
      .access(AccessMode::Write, {kArena, 0, 1ull << 26, 1, 2});
  EXPECT_EQ(rules(b.program), "");
}

//===----------------------------------------------------------------------===//
// AMK-D1
//===----------------------------------------------------------------------===//

TEST(Rules, AMK_D1_rejects_wait_cycle) {
  ProgramBuilder b(2, 2);
  b.task(0, "a").wait(1, 1).signal(0);
  b.task(1, "b").wait(0, 1).signal(1);
  EXPECT_EQ(messages(b.program),
            "error [AMK-D1] worker 0, task a: never starts: wait cycle of "
            "length 2\n"
            "  note: worker 0, task a: waits for counter 'c1' to reach 1; it "
            "reaches 0, and 'b' (worker 1) would signal it\n"
            "  note: worker 1, task b: waits for counter 'c0' to reach 1; it "
            "reaches 0, and 'a' (worker 0) would signal it\n");
}
TEST(Rules, AMK_D1_rejects_unsatisfiable_wait) {
  EXPECT_EQ(messages(handOff(/*readWaits=*/2).program),
            "error [AMK-D1] worker 1, task consume: waits for counter 'c0' to "
            "reach 2, but all signals of a step add up to 1\n");
}
TEST(Rules, AMK_D1_rejects_signal_after_own_wait) {
  ProgramBuilder b(1, 1);
  b.task(0, "a").wait(0, 1);
  b.task(0, "b").signal(0);
  EXPECT_EQ(rules(b.program), "AMK-D1");
}
TEST(Rules, AMK_D1_rejects_two_cycles_separately) {
  ProgramBuilder b(4, 4);
  for (uint32_t i = 0; i != 4; ++i)
    b.task(i, "t").wait(i ^ 1, 1).signal(i);
  EXPECT_EQ(rules(b.program), "AMK-D1 AMK-D1");
}
TEST(Rules, AMK_D1_rejects_long_cycle_with_omitted_notes) {
  ProgramBuilder b(12, 12);
  for (uint32_t i = 0; i != 12; ++i)
    b.task(i, "t").wait((i + 1) % 12, 1).signal(i);
  std::vector<Violation> violations = verify(b.program);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].related.size(), kMaxRelated);
  EXPECT_EQ(violations[0].relatedOmitted, 4u);
}
TEST(Rules, AMK_D1_accepts_crossing_waits_in_order) {
  ProgramBuilder b(2, 2);
  b.task(0, "a").signal(0);
  b.task(0, "c").wait(1, 1);
  b.task(1, "b").wait(0, 1).signal(1);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_D1_accepts_any_two_of_three) {
  ProgramBuilder b(4, 1);
  for (uint32_t i = 0; i != 3; ++i)
    b.task(i, "t").signal(0);
  b.task(3, "last").wait(0, 2);
  EXPECT_EQ(rules(b.program), "");
}

//===----------------------------------------------------------------------===//
// AMK-R
//===----------------------------------------------------------------------===//

TEST(Rules, AMK_R1_rejects_missing_wait) {
  ProgramBuilder b = handOff();
  b.program.agents[1].actions[0].waits.clear();
  EXPECT_EQ(messages(b.program),
            "error [AMK-R1] worker 1, task consume: reads arena [0, 64) "
            "without waiting for 'produce' (worker 0), which writes arena [0, "
            "64)\n"
            "  note: worker 0, task produce: writes arena [0, 64) here\n");
}
TEST(Rules, AMK_R1_rejects_lowered_threshold_of_a_join) {
  for (int64_t threshold : {1, 2}) {
    ProgramBuilder b(3, 2);
    for (uint32_t i = 0; i != 2; ++i)
      b.task(i, "tile").wait(1, 0).write(kArena, i * 64, 64).signal(0);
    b.task(2, "use").wait(0, threshold).read(kArena, 0, 128).signal(1);
    EXPECT_EQ(rules(b.program), threshold == 2 ? "" : "AMK-R1 AMK-R1");
  }
}
TEST(Rules, AMK_R1_rejects_join_that_one_producer_can_fill) {
  // The producers run ahead: two signals of one may be taken for both.
  ProgramBuilder b(3, 1);
  for (uint32_t i = 0; i != 2; ++i)
    b.task(i, "tile").write(kCarried, i * 64, 64).signal(0);
  b.task(2, "use").wait(0, 2).read(kCarried, 0, 128);
  EXPECT_NE(rules(b.program), "");
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
}
TEST(Rules, AMK_R1_rejects_missing_wait_on_the_step_before) {
  // The next step reads what this one appends.
  ProgramBuilder b(2, 1);
  b.task(0, "gather").read(kCarried, 0, 64).signal(0);
  b.task(1, "append").wait(0, 1).write(kCarried, 0, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-R1] worker 0, task gather: reads kv [0, 64) without "
            "waiting for 'append' (worker 1), which writes kv [0, 64) in the "
            "step before\n"
            "  note: worker 1, task append: writes kv [0, 64) here\n");
}
TEST(Rules, AMK_R1_accepts_wait) { EXPECT_EQ(rules(handOff().program), ""); }
TEST(Rules, AMK_R1_accepts_wait_through_a_third_worker) {
  ProgramBuilder b(3, 3);
  b.task(0, "produce").wait(2, 0).write(kArena, 0, 64).signal(0);
  b.task(1, "relay").wait(0, 1).signal(1);
  b.task(2, "consume").wait(1, 1).read(kArena, 0, 64).signal(2);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R1_accepts_partial_threshold_that_needs_the_writer) {
  // The others together reach 2 of the 3 that the wait asks for.
  ProgramBuilder b(4, 2);
  b.task(0, "produce").wait(1, 0).write(kArena, 0, 64).signal(0, 2);
  b.task(1, "other").wait(1, 0).signal(0);
  b.task(2, "other").wait(1, 0).signal(0);
  b.task(3, "consume").wait(0, 3).read(kArena, 0, 64).signal(1);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R1_accepts_neighbouring_bytes) {
  ProgramBuilder b(2, 0);
  b.task(0, "a").write(kArena, 0, 64).read(kCarried, 64, 64);
  b.task(1, "b").write(kCarried, 0, 64).write(kArena, 64, 64);
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_R2_rejects_reuse_in_the_next_step) {
  ProgramBuilder b = handOff();
  b.program.agents[0].actions[0].waits.clear();
  EXPECT_NE(rules(b.program, /*steps=*/2), "");
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
  std::vector<Violation> violations = verify(b.program);
  ASSERT_FALSE(violations.empty());
  EXPECT_EQ(violations[0].rule, Rule::WriteAfterRead);
}
TEST(Rules, AMK_R2_rejects_reuse_in_the_same_step) {
  ProgramBuilder b(3, 3);
  b.task(0, "first").wait(2, 0).write(kArena, 0, 64).signal(0);
  b.task(0, "second").write(kArena, 0, 64).signal(1);
  b.task(1, "use first").wait(0, 1).read(kArena, 0, 64).signal(2);
  b.task(2, "use second").wait(1, 1).read(kArena, 0, 64).signal(2);
  EXPECT_EQ(rules(b.program), "AMK-R2");
}
TEST(Rules, AMK_R2_accepts_reuse_after_the_reader) {
  ProgramBuilder b(3, 4);
  b.task(0, "first").wait(2, 0).write(kArena, 0, 64).signal(0);
  b.task(0, "second").wait(3, 1).write(kArena, 0, 64).signal(1);
  b.task(1, "use first").wait(0, 1).read(kArena, 0, 64).signal(3);
  b.task(2, "use second").wait(1, 1).read(kArena, 0, 64).signal(2);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R2_accepts_wait_two_buffers_apart) {
  // The write of a step waits for the read of the step before: exactly enough.
  EXPECT_EQ(rules(handOff(/*readWaits=*/1, /*writeWaits=*/0).program), "");
  // One step further back it is not.
  EXPECT_EQ(rules(handOff(/*readWaits=*/1, /*writeWaits=*/-1).program),
            "AMK-R2");
}

TEST(Rules, AMK_R3_rejects_overlapping_tiles) {
  ProgramBuilder b(2, 1);
  b.task(0, "a").write(kArena, 0, 65);
  b.task(1, "b").write(kArena, 64, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-R3] worker 1, task b: writes arena [64, 128) without "
            "waiting for 'a' (worker 0), which writes arena [0, 65)\n"
            "  note: worker 0, task a: writes arena [0, 65) here\n");
}
TEST(Rules, AMK_R3_rejects_strided_tiles_that_meet_late) {
  // Rows 7 bytes apart against rows 5 bytes apart: first common byte 36.
  ProgramBuilder b(2, 0);
  b.task(0, "a").access(AccessMode::Write, {kArena, 1, 20, 1, 7});
  b.task(1, "b").access(AccessMode::Write, {kArena, 61, 20, 1, 5});
  EXPECT_EQ(rules(b.program), "AMK-R3");
}
TEST(Rules, AMK_R3_accepts_touching_tiles) {
  ProgramBuilder b(2, 0);
  b.task(0, "a").write(kArena, 0, 64);
  b.task(1, "b").write(kArena, 64, 64);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R3_accepts_interleaved_rows) {
  ProgramBuilder b(2, 0);
  b.task(0, "a").access(AccessMode::Write, {kArena, 0, 8, 16, 32});
  b.task(1, "b").access(AccessMode::Write, {kArena, 16, 8, 16, 32});
  EXPECT_EQ(rules(b.program), "");
}

//===----------------------------------------------------------------------===//
// AMK-C
//===----------------------------------------------------------------------===//

TEST(Rules, AMK_C1_rejects_gap) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").write(kArena, 0, 32);
  b.task(0, "b").write(kArena, 33, 31);
  b.task(0, "use").read(kArena, 0, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-C1] worker 0, task use: reads arena [0, 64), but "
            "nothing wrote arena [32, 33) before in this step\n");
}
TEST(Rules, AMK_C1_rejects_read_before_the_write_of_its_own_worker) {
  ProgramBuilder b(1, 0);
  b.task(0, "use").read(kArena, 0, 64);
  b.task(0, "write").write(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C1");
}
TEST(Rules, AMK_C1_rejects_strided_gap) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").access(AccessMode::Write, {kArena, 0, 3, 16, 64});
  b.task(0, "use").access(AccessMode::Read, {kArena, 4, 4, 8, 64});
  EXPECT_EQ(messages(b.program),
            "error [AMK-C1] worker 0, task use: reads arena 4 x 8 bytes from "
            "4, 64 apart, but nothing wrote arena [196, 204) before in this "
            "step\n");
}
TEST(Rules, AMK_C1_accepts_tiles_and_rows_that_cover) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").write(kArena, 0, 32);
  b.task(0, "b").write(kArena, 32, 32);
  b.task(0, "c").access(AccessMode::Write, {kArena, 128, 4, 16, 64});
  b.task(0, "use")
      .read(kArena, 1, 62)
      .access(AccessMode::Read, {kArena, 132, 4, 8, 64});
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C1_accepts_carried_state) {
  ProgramBuilder b(1, 0);
  b.task(0, "use").read(kCarried, 0, 64);
  b.task(0, "write").write(kCarried, 0, 64);
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_C2_rejects_gap) {
  ProgramBuilder b(2, 0, /*outputBytes=*/64);
  b.task(0, "a").write(kOutput, 0, 31);
  b.task(1, "b").write(kOutput, 32, 31);
  EXPECT_EQ(messages(b.program),
            "error [AMK-C2] nothing writes logits [31, 32) in a step\n"
            "error [AMK-C2] nothing writes logits [63, 64) in a step\n");
}
TEST(Rules, AMK_C2_rejects_bytes_written_twice) {
  ProgramBuilder b(1, 0, /*outputBytes=*/64);
  b.task(0, "a").write(kOutput, 0, 33);
  b.task(0, "b").write(kOutput, 32, 32);
  EXPECT_EQ(messages(b.program),
            "error [AMK-C2] worker 0, task b: writes logits [32, 33), which is "
            "written already in the same step\n"
            "  note: worker 0, task a: writes it, too\n");
}
TEST(Rules, AMK_C2_accepts_exact_tiling) {
  ProgramBuilder b(2, 0, /*outputBytes=*/64);
  b.task(0, "a").access(AccessMode::Write, {kOutput, 0, 4, 8, 16});
  b.task(1, "b").access(AccessMode::Write, {kOutput, 8, 4, 8, 16});
  EXPECT_EQ(rules(b.program), "");
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

TEST(Rules, ReportsIndependentRacesOnTheSameBytes) {
  // The read waits for the second write; the first is ordered with neither.
  ProgramBuilder b(3, 2);
  b.task(0, "first").wait(1, 0).write(kArena, 0, 64);
  b.task(1, "second").wait(1, 0).write(kArena, 0, 64).signal(0);
  b.task(2, "use").wait(0, 1).read(kArena, 0, 64).signal(1);
  EXPECT_EQ(rules(b.program, /*steps=*/1), "AMK-R3 AMK-R1");
}

TEST(Rules, ReportsAtMostMaxViolations) {
  ProgramBuilder b(100, 0);
  for (uint32_t i = 0; i != 100; ++i)
    b.task(i, "t").write(kArena, 0, 1);
  EXPECT_EQ(verify(b.program).size(), Options().maxViolations);
  Options one;
  one.maxViolations = 1;
  EXPECT_EQ(verify(b.program, one).size(), 1u);
}

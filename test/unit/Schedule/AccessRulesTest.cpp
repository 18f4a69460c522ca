//===- AccessRulesTest.cpp - AMK-R and AMK-N: rejected, and nearly -------===//
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
  b.task(0, "gather").readPrevious(kCarried, 0, 64).signal(0);
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
/// "second" takes over the bytes of "first", which worker 1 reads.
static ProgramBuilder reuse(bool waits) {
  ProgramBuilder b(3, 4);
  uint32_t second = b.buffer("second", BufferKind::Scratch, 0, 32, 64);
  b.task(0, "first").wait(2, 0).write(kArena, 0, 64).signal(0);
  ActionBuilder task = b.task(0, "second").write(second, 0, 64).signal(1);
  b.task(1, "use first").wait(0, 1).read(kArena, 0, 64).signal(3);
  b.task(2, "use second").wait(1, 1).wait(3, 1).read(second, 0, 64).signal(2);
  if (waits)
    task.wait(3, 1);
  return b;
}
TEST(Rules, AMK_R2_rejects_reuse_in_the_same_step) {
  EXPECT_EQ(messages(reuse(/*waits=*/false).program),
            "error [AMK-R2] worker 0, task second: writes second [0, 64) "
            "without waiting for 'use first' (worker 1), which reads arena [0, "
            "64)\n"
            "  note: worker 1, task use first: reads arena [0, 64) here\n");
}
TEST(Rules, AMK_R2_accepts_reuse_after_the_reader) {
  EXPECT_EQ(rules(reuse(/*waits=*/true).program), "");
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
TEST(Rules, AMK_R3_accepts_writes_of_two_buffers_in_order) {
  ProgramBuilder b(2, 2);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  b.task(0, "a").wait(1, 0).write(kArena, 0, 64).signal(0);
  b.task(1, "b").wait(0, 1).write(other, 0, 64).signal(1);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R3_rejects_words_written_again_too_early) {
  // Worker 1's wait is for words of worker 2 only.
  ProgramBuilder b(3, 3);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  for (uint32_t c : {0, 1, 2})
    b.makeTag(c, c * 100);
  b.task(0, "a").tag(0, kArena, 0, 64);
  b.task(2, "x").tag(2, kArena, 64, 64);
  b.task(1, "b").wait(2, 1).tag(1, other, 0, 64);
  EXPECT_EQ(rules(b.program, /*steps=*/1), "AMK-R3");
  b.program.agents[1].actions[0].waits[0].counter = 0;
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
}
TEST(Rules, AMK_R3_accepts_words_that_a_later_write_of_their_agent_ends) {
  // Nobody waits for the words of counter 0, but those of counter 1 that
  // follow lie on the same bytes, if they cover them.
  for (uint64_t bytes : {64, 63}) {
    ProgramBuilder b(2, 3);
    uint32_t second = b.buffer("second", BufferKind::Scratch, 0, 0, 64);
    uint32_t third = b.buffer("third", BufferKind::Scratch, 0, 0, 64);
    for (uint32_t c : {0, 1, 2})
      b.makeTag(c, c * 100);
    b.task(0, "a").tag(0, kArena, 0, 64);
    b.task(0, "b").tag(1, second, 0, bytes);
    b.task(1, "c").wait(1, 1).tag(2, third, 0, 64);
    EXPECT_EQ(rules(b.program, /*steps=*/1), bytes == 64 ? "" : "AMK-R3");
  }
}

/// Worker 0 writes ordinary data, then words; worker 1 waits for the words.
static ProgramBuilder plainThenTag() {
  ProgramBuilder b(2, 2);
  b.makeTag(0);
  b.task(0, "write").wait(1, 0).write(kArena, 0, 64);
  b.task(0, "tell").tag(0, kArena, 64, 8);
  b.task(1, "use").wait(0, 1).read(kArena, 0, 64).signal(1);
  return b;
}
TEST(Rules, AMK_R4_rejects_ordinary_data_behind_words) {
  EXPECT_EQ(messages(plainThenTag().program),
            "error [AMK-R4] worker 1, task use: reads arena [0, 64) after "
            "waiting only for tagged words of 'write' (worker 0), which writes "
            "arena [0, 64)\n"
            "  note: worker 0, task write: writes arena [0, 64) here\n");
}
TEST(Rules, AMK_R4_rejects_overwriting_behind_words) {
  ProgramBuilder b = plainThenTag();
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  b.program.agents[1].actions[0].accesses[0] = {
      AccessMode::Write, {other, 0, 1, 64, 0}, Access::kNoCounter};
  EXPECT_EQ(rules(b.program), "AMK-R4");
}
TEST(Rules, AMK_R4_accepts_data_released_before_the_words) {
  // The action before the words signals a release counter: its agent goes on
  // only when the data is visible.
  ProgramBuilder b = plainThenTag();
  b.program.counters.push_back({"nobody waits"});
  b.program.agents[0].actions[0].signals.push_back({2, 1});
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_R4_accepts_reads_behind_words) {
  ProgramBuilder b(2, 2);
  b.makeTag(0);
  b.task(0, "read").wait(1, 0).readPrevious(kCarried, 0, 64);
  b.task(0, "tell").tag(0, kArena, 64, 8);
  b.task(1, "use").wait(0, 1).write(kCarried, 0, 64).signal(1);
  EXPECT_EQ(rules(b.program), "");
}

static ProgramBuilder sum(bool isOrdered) {
  ProgramBuilder b(3, 4);
  b.task(0, "first").wait(3, 0).write(kArena, 0, 64).signal(0);
  ActionBuilder x = b.task(1, "x").wait(0, 1).reduce(kArena, 0, 64).signal(2);
  b.task(2, "y").wait(0, 1).reduce(kArena, 63, 2).signal(1).signal(2);
  b.task(0, "rest").write(kArena, 64, 1).signal(0);
  b.task(0, "use").wait(2, 2).read(kArena, 0, 65).signal(3);
  b.program.agents[2].actions[0].waits[0].threshold = 2;
  if (isOrdered)
    x.wait(1, 1);
  return b;
}
TEST(Rules, AMK_N1_rejects_reductions_in_any_order) {
  EXPECT_EQ(messages(sum(/*isOrdered=*/false).program),
            "error [AMK-N1] worker 2, task y: adds to arena [63, 65) without "
            "waiting for 'x' (worker 1), which adds to arena [0, 64)\n"
            "  note: worker 1, task x: adds to arena [0, 64) here\n");
}
TEST(Rules, AMK_N1_accepts_reductions_one_after_the_other) {
  EXPECT_EQ(rules(sum(/*isOrdered=*/true).program), "");
}
TEST(Rules, AMK_N1_accepts_reductions_of_different_bytes) {
  ProgramBuilder b = sum(/*isOrdered=*/false);
  b.program.agents[2].actions[0].accesses[0].region = {kArena, 64, 1, 1, 0};
  EXPECT_EQ(rules(b.program), "");
}

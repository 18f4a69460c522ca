//===- RulesTest.cpp - AMK-S and AMK-D: rejected, and nearly --------------===//
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
  b.buffer("x", BufferKind::Scratch, 3, 0, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S1] buffer 'x' names space 3, expected less than 3\n");
}
TEST(Rules, AMK_S1_rejects_missing_buffer) {
  ProgramBuilder b = handOff();
  b.program.agents[0].actions[0].accesses[0].region.buffer = 3;
  EXPECT_EQ(messages(b.program),
            "error [AMK-S1] worker 0, task produce: an access names buffer 3, "
            "expected less than 3\n");
}
TEST(Rules, AMK_S1_rejects_words_of_missing_counter) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").access(AccessMode::WriteTagged, {kArena, 0, 1, 8, 0});
  EXPECT_EQ(rules(b.program), "AMK-S1");
}
TEST(Rules, AMK_S1_accepts_last_counter_and_space) {
  ProgramBuilder b = handOff();
  b.buffer("empty", BufferKind::Scratch, 2, 0, 0);
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
TEST(Rules, AMK_S2_rejects_buffer_that_leaves_its_space) {
  ProgramBuilder b(1, 0);
  b.buffer("x", BufferKind::Scratch, 0, 1000, 25);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S2] buffer 'x' has 25 bytes from 1000, but arena has "
            "1024 bytes\n");
  b.program.buffers.back().offset = ~0ull;
  EXPECT_EQ(rules(b.program), "AMK-S2");
}
TEST(Rules, AMK_S2_accepts_rows_up_to_the_end) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").access(AccessMode::Write, {kArena, 64, 4, 192, 256});
  b.buffer("x", BufferKind::Scratch, 0, 1000, 24);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_S2_accepts_empty_regions_anywhere) {
  ProgramBuilder b(1, 0);
  b.task(0, "t")
      .read(kArena, 2000, 0)
      .access(AccessMode::Read, {kArena, 2000, 0, 8, 8});
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_S3_rejects_more_workers_than_fit) {
  ProgramBuilder b = handOff();
  b.program.limits.workers = 1;
  EXPECT_EQ(messages(b.program),
            "error [AMK-S3] the program has 2 workers, but "
            "at most 1 can be resident at once\n");
}
TEST(Rules, AMK_S3_rejects_more_shared_memory_than_there_is) {
  ProgramBuilder b(1, 0);
  b.program.limits.sharedBytes = 100;
  b.space("a", 60, 0, /*worker=*/0);
  b.space("b", 1000, /*ringBytes=*/41, /*worker=*/0);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S3] the spaces in the shared memory of worker 0 take "
            "101 bytes, expected at most 100\n");
}
TEST(Rules, AMK_S3_accepts_as_much_as_fits) {
  ProgramBuilder b = handOff();
  b.program.limits = {2, 100};
  b.program.agents.push_back({"worker 0, loader", 0, {}});
  b.space("a", 60, 0, /*worker=*/0);
  b.space("b", 1000, /*ringBytes=*/40, /*worker=*/0);
  b.space("c", 100, 0, /*worker=*/1);
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
  b.program.spaces[0].bytes = b.program.buffers[kArena].bytes = 1ull << 40;
  b.task(0, "t").access(AccessMode::Write, {kArena, 0, 1ull << 30, 1, 2});
  EXPECT_EQ(rules(b.program), "AMK-S4");
}
TEST(Rules, AMK_S4_accepts_widest_threshold_and_sum) {
  ProgramBuilder b(1, 1);
  b.program.spaces[0].bytes = b.program.buffers[kArena].bytes = 1ull << 40;
  b.task(0, "t")
      .wait(0, -(1ll << 31))
      .signal(0, (1ull << 32) - 1)
      .access(AccessMode::Write, {kArena, 0, 1ull << 26, 1, 2});
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_S5_rejects_tag_signalled_with_other_amounts) {
  for (uint64_t amount : {0, 2}) {
    ProgramBuilder b(1, 1);
    b.makeTag(0);
    b.task(0, "t").tag(0, kArena, 0, 8);
    b.program.agents[0].actions[0].signals[0].amount = amount;
    EXPECT_EQ(rules(b.program), "AMK-S5");
  }
  ProgramBuilder b(1, 1);
  b.makeTag(0);
  b.task(0, "t").tag(0, kArena, 0, 8).signal(0);
  EXPECT_EQ(messages(b.program), "error [AMK-S5] worker 0, task t: signals "
                                 "counter 'c0' more than once\n");
}
TEST(Rules, AMK_S5_rejects_words_without_their_signal) {
  ProgramBuilder b(1, 1);
  b.makeTag(0);
  b.task(0, "t").tag(0, kArena, 0, 8);
  ProgramBuilder other = b;
  b.program.agents[0].actions[0].signals.clear();
  EXPECT_EQ(
      messages(b.program),
      "error [AMK-S5] worker 0, task t: writes words of counter 'c0', but "
      "does not signal it\n");
  other.program.agents[0].actions[0].accesses.clear();
  EXPECT_EQ(
      messages(other.program),
      "error [AMK-S5] worker 0, task t: signals counter 'c0' but writes no "
      "words of it\n");
}
TEST(Rules, AMK_S5_rejects_words_of_a_release_counter) {
  ProgramBuilder b(1, 1);
  b.task(0, "t").tag(0, kArena, 0, 8);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_wait_for_some_of_the_words) {
  for (int64_t threshold : {0, 1, 3}) {
    ProgramBuilder b(3, 1);
    b.makeTag(0);
    b.task(0, "t").tag(0, kArena, 0, 8);
    b.task(1, "t").tag(0, kArena, 8, 8);
    b.task(2, "use").wait(0, threshold);
    EXPECT_EQ(rules(b.program), "AMK-S5");
  }
}
TEST(Rules, AMK_S5_rejects_tags_of_no_or_too_many_bits) {
  for (uint32_t bits : {0u, 65u}) {
    ProgramBuilder b(1, 0);
    b.program.tags.bits = bits;
    EXPECT_EQ(rules(b.program), "AMK-S5");
  }
}
TEST(Rules, AMK_S5_rejects_ordinary_writes_over_words) {
  ProgramBuilder b(1, 1);
  b.makeTag(0);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 4, 8);
  b.task(0, "t").tag(0, kArena, 0, 8);
  b.task(0, "u").reduce(other, 3, 2);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S5] worker 0, task t: writes words to arena [0, 8), "
            "which 'u' (worker 0) writes without tags\n"
            "  note: worker 0, task u: writes other [3, 5) here\n");
  b.program.agents[0].actions[1].accesses[0].region.offset = 4;
  EXPECT_EQ(rules(b.program).find("AMK-S5"), std::string::npos);
}
TEST(Rules, AMK_S5_rejects_words_in_a_ring) {
  ProgramBuilder b(1, 1);
  b.makeTag(0);
  uint32_t ring = b.space("ring", 64, 64);
  b.task(0, "t").tag(0, b.buffer("r", BufferKind::Scratch, ring, 0, 64), 0, 8);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_parity_without_barriers) {
  ProgramBuilder b(1, 1);
  b.makeParity(0, 0);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_parity_of_two_signallers) {
  ProgramBuilder b(2, 1);
  b.makeParity(0, 1);
  b.task(0, "t").signal(0);
  b.task(1, "u").signal(0);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S5] worker 1, task u: signals counter 'c0', as does "
            "worker 0: a parity counter has one signalling agent\n");
}
TEST(Rules, AMK_S5_rejects_parity_signalled_twice_or_late) {
  ProgramBuilder b(1, 2);
  b.makeParity(0, 1);
  b.task(0, "t").signal(0).signal(0);
  EXPECT_EQ(rules(b.program), "AMK-S5");
  b = ProgramBuilder(1, 2);
  b.makeParity(0, 1);
  b.task(0, "t").signal(1).signal(0);
  EXPECT_EQ(messages(b.program), "error [AMK-S5] worker 0, task t: signals "
                                 "counter 'c0' after release counter 'c1'\n");
  b = ProgramBuilder(1, 2);
  b.makeParity(0, 1);
  b.task(0, "t").signal(0, 2);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_step_before_of_scratch) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").readPrevious(kArena, 0, 8);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_carried_buffer_in_a_ring) {
  ProgramBuilder b(1, 0);
  b.buffer("r", BufferKind::Carried, b.space("ring", 64, 64), 0, 64);
  EXPECT_EQ(messages(b.program), "error [AMK-S5] buffer 'r' lies in ring ring, "
                                 "but is not scratch\n");
}
TEST(Rules, AMK_S5_rejects_shared_memory_of_another_worker) {
  ProgramBuilder b(2, 0);
  uint32_t space = b.space("shared", 64, 0, /*worker=*/0);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 64);
  b.task(1, "t").write(x, 0, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S5] worker 1, task t: writes x [0, 64) in the shared "
            "memory of worker 0\n");
}
TEST(Rules, AMK_S5_rejects_wait_for_words_in_another_workers_memory) {
  ProgramBuilder b(2, 1);
  b.makeTag(0);
  uint32_t space = b.space("shared", 64, 0, /*worker=*/0);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 64);
  b.task(0, "t").tag(0, x, 0, 64);
  b.task(1, "u").wait(0, 1);
  EXPECT_EQ(messages(b.program),
            "error [AMK-S5] worker 1, task u: waits for words of counter 'c0' "
            "in the shared memory of worker 0\n");
}
TEST(Rules, AMK_S5_rejects_wait_for_words_in_two_workers_memories) {
  ProgramBuilder b(2, 1);
  b.makeTag(0);
  for (uint32_t i : {0u, 1u}) {
    uint32_t space = b.space("shared", 64, 0, /*worker=*/i);
    uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 64);
    b.task(i, "t").tag(0, x, 0, 64);
  }
  b.task(1, "u").wait(0, 2);
  EXPECT_EQ(rules(b.program), "AMK-S5");
}
TEST(Rules, AMK_S5_rejects_plain_writes_over_words_beside_other_faults) {
  ProgramBuilder b(1, 1);
  b.makeTag(0);
  b.space("shared", 64, 0, /*worker=*/0);
  b.program.limits.sharedBytes = 63;
  b.task(0, "t").tag(0, kArena, 0, 8);
  b.task(0, "u").write(kArena, 7, 1);
  EXPECT_EQ(rules(b.program), "AMK-S3 AMK-S5");
}
TEST(Rules, AMK_S5_accepts_all_protocols_side_by_side) {
  ProgramBuilder b(2, 3);
  b.makeTag(0);
  b.makeParity(1, 1);
  uint32_t space = b.space("shared", 64, 64, /*worker=*/0);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 64);
  b.task(0, "t").wait(2, 0).tag(0, kArena, 0, 8).write(x, 0, 64).signal(1);
  b.task(1, "u").wait(0, 1).read(kArena, 0, 8).readPrevious(kCarried, 0, 8);
  b.task(1, "v").wait(1, 1).write(kArena, 8, 8).signal(2);
  b.program.tags.bits = 64;
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

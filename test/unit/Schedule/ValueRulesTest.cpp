//===- ValueRulesTest.cpp - AMK-C, G, P and T: rejected, and nearly ------===//
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
TEST(Rules, AMK_C1_rejects_bytes_of_another_buffer) {
  ProgramBuilder b(1, 0);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  b.task(0, "write").write(other, 0, 64);
  b.task(0, "use").read(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C1");
}
TEST(Rules, AMK_C1_rejects_reduction_of_nothing) {
  ProgramBuilder b(1, 0);
  b.task(0, "first").reduce(kArena, 0, 64);
  b.task(0, "second").read(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C1 AMK-C1");
}
TEST(Rules, AMK_C1_rejects_its_own_write) {
  ProgramBuilder b(1, 0);
  b.task(0, "t").write(kArena, 0, 64).read(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C1");
}
TEST(Rules, AMK_C1_accepts_words_as_a_definition) {
  ProgramBuilder b(2, 2);
  b.makeTag(0);
  b.task(0, "write").wait(1, 0).tag(0, kArena, 0, 64);
  b.task(1, "use").wait(0, 1).read(kArena, 0, 64).signal(1);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C1_accepts_the_step_before) {
  ProgramBuilder b(1, 0);
  b.task(0, "use").readPrevious(kCarried, 0, 64);
  b.task(0, "write").write(kCarried, 0, 64);
  b.task(0, "never written").read(kCarried, 64, 64);
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
TEST(Rules, AMK_C2_accepts_exact_tiling) {
  ProgramBuilder b(2, 0, /*outputBytes=*/64);
  b.task(0, "a").access(AccessMode::Write, {kOutput, 0, 4, 8, 16});
  b.task(1, "b").access(AccessMode::Write, {kOutput, 8, 4, 8, 16});
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C2_rejects_bytes_that_are_only_reduced) {
  ProgramBuilder b(1, 0, /*outputBytes=*/64);
  b.task(0, "a").write(kOutput, 0, 60);
  b.task(0, "b").reduce(kOutput, 60, 4);
  EXPECT_EQ(rules(b.program), "AMK-C1 AMK-C2");
}
TEST(Rules, AMK_C2_rejects_output_of_a_program_that_deadlocks) {
  ProgramBuilder b(1, 1, /*outputBytes=*/64);
  b.task(0, "a").wait(0, 1).write(kOutput, 0, 63);
  EXPECT_EQ(rules(b.program), "AMK-D1 AMK-C2");
}

TEST(Rules, AMK_C3_rejects_bytes_written_twice) {
  for (uint32_t buffer : {kArena, kCarried, kOutput}) {
    ProgramBuilder b(1, 0, /*outputBytes=*/64);
    b.task(0, "a").write(buffer, 0, 33);
    b.task(0, "b").write(buffer, 32, 32);
    if (buffer != kOutput)
      b.task(0, "c").write(kOutput, 0, 64);
    std::string name = b.program.buffers[buffer].name;
    EXPECT_EQ(
        messages(b.program),
        "error [AMK-C3] worker 0, task b: writes " + name +
            " [32, 64), but 'a' (worker 0) writes " + name +
            " [0, 33) in the same step\n  note: worker 0, task a: writes " +
            name + " [0, 33) here\n");
  }
}
TEST(Rules, AMK_C3_rejects_the_same_region_twice) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").write(kArena, 0, 64);
  b.task(0, "b").write(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C3");
  b = ProgramBuilder(1, 0);
  b.task(0, "a").write(kArena, 0, 64).write(kArena, 63, 1);
  EXPECT_EQ(rules(b.program), "AMK-C3");
}
TEST(Rules, AMK_C3_accepts_neighbours_and_other_buffers) {
  ProgramBuilder b(1, 0);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  b.task(0, "a").write(kArena, 0, 33);
  b.task(0, "b").write(kArena, 33, 31).reduce(kArena, 0, 33);
  b.task(0, "c").write(other, 0, 64);
  EXPECT_EQ(rules(b.program), "");
}

/// "other" shares bytes 32 to 96 of the arena with x.
static ProgramBuilder sharing(uint32_t *x, BufferKind kind) {
  ProgramBuilder b(1, 0);
  *x = b.buffer("x", kind, 0, 32, 64);
  return b;
}
TEST(Rules, AMK_C4_rejects_write_between_write_and_read) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  b.task(0, "a").write(x, 0, 64);
  b.task(0, "b").write(kArena, 95, 8);
  b.task(0, "use").read(x, 0, 64);
  EXPECT_EQ(messages(b.program),
            "error [AMK-C4] worker 0, task use: reads x [0, 64), but 'b' "
            "(worker 0) writes arena [95, 103) over x [63, 64) before\n"
            "  note: worker 0, task b: writes arena [95, 103) here\n");
}
TEST(Rules, AMK_C4_rejects_write_before_a_reduction) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  b.task(0, "a").write(x, 0, 64);
  b.task(0, "b").write(kArena, 95, 8);
  b.task(0, "add").reduce(x, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C4");
}
TEST(Rules, AMK_C4_rejects_two_buffers_written_by_one_action) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  b.task(0, "a").write(x, 0, 64).write(kArena, 32, 64);
  b.task(0, "use").read(x, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C4");
}
TEST(Rules, AMK_C4_rejects_strided_rows_that_meet) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  b.task(0, "a").access(AccessMode::Write, {x, 0, 4, 4, 16});
  b.task(0, "b").access(AccessMode::Write, {kArena, 38, 4, 4, 13});
  b.task(0, "use").access(AccessMode::Read, {x, 0, 4, 4, 16});
  EXPECT_EQ(rules(b.program), "AMK-C4");
  b.program.agents[0].actions[1].accesses[0].region.rowStride = 16;
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C4_rejects_carried_bytes_used_in_between) {
  // The value of the step before is needed in the next.
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Carried);
  b.task(0, "use").readPrevious(x, 0, 64);
  b.task(0, "write").write(x, 0, 64);
  b.task(0, "other").write(kArena, 90, 64);
  EXPECT_EQ(rules(b.program), "AMK-C4");
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
  b.program.agents[0].actions[2].accesses[0].region.offset = 96;
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C4_rejects_initial_value_replaced) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Carried);
  b.task(0, "other").write(kArena, 90, 64);
  b.task(0, "use").read(x, 0, 64);
  EXPECT_EQ(rules(b.program, /*steps=*/1), "AMK-C4");
}
TEST(Rules, AMK_C4_accepts_write_before_and_after) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  b.task(0, "before").write(kArena, 32, 64);
  b.task(0, "a").write(x, 0, 64);
  b.task(0, "use").read(x, 0, 64);
  b.task(0, "after").write(kArena, 96, 8);
  EXPECT_EQ(rules(b.program), "");
}
TEST(Rules, AMK_C4_accepts_in_place_and_rewritten_bytes) {
  uint32_t x;
  ProgramBuilder b = sharing(&x, BufferKind::Scratch);
  uint32_t y = b.buffer("y", BufferKind::Scratch, 0, 32, 64);
  b.task(0, "a").write(x, 0, 64);
  b.task(0, "in place").read(x, 0, 64).write(y, 0, 64);
  b.task(0, "use").read(y, 0, 64);
  EXPECT_EQ(rules(b.program), "");
  // The bytes that y replaced are written again before they are read.
  b = sharing(&x, BufferKind::Scratch);
  y = b.buffer("y", BufferKind::Scratch, 0, 32, 64);
  b.task(0, "a").write(x, 0, 32);
  b.task(0, "b").write(y, 32, 32);
  b.task(0, "c").read(y, 32, 32).write(x, 32, 32);
  b.task(0, "use").read(x, 0, 64);
  EXPECT_EQ(rules(b.program), "");
}

TEST(Rules, AMK_C5_rejects_read_before_the_write_of_its_step) {
  ProgramBuilder b(1, 0);
  b.task(0, "use").read(kCarried, 0, 64);
  b.task(0, "write").write(kCarried, 63, 1);
  EXPECT_EQ(
      messages(b.program),
      "error [AMK-C5] worker 0, task use: reads kv [0, 64) before 'write' "
      "(worker 0) of the same step writes kv [63, 64)\n"
      "  note: worker 0, task write: writes kv [63, 64) here\n");
}
TEST(Rules, AMK_C5_rejects_step_before_after_the_write) {
  ProgramBuilder b(1, 0);
  b.task(0, "write").write(kCarried, 63, 1);
  b.task(0, "use").readPrevious(kCarried, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C5");
}
TEST(Rules, AMK_C5_rejects_read_before_the_last_reduction) {
  ProgramBuilder b(1, 0);
  b.task(0, "write").write(kArena, 0, 64);
  b.task(0, "use").read(kArena, 0, 64);
  b.task(0, "add").reduce(kArena, 63, 1);
  EXPECT_EQ(rules(b.program), "AMK-C5");
}
TEST(Rules, AMK_C5_rejects_reduction_before_the_write) {
  ProgramBuilder b(1, 0);
  b.task(0, "add").reduce(kCarried, 0, 64);
  b.task(0, "write").write(kCarried, 63, 1);
  EXPECT_EQ(rules(b.program), "AMK-C5");
}
TEST(Rules, AMK_C5_accepts_each_on_its_side) {
  ProgramBuilder b(1, 0);
  b.task(0, "old").readPrevious(kCarried, 0, 65);
  b.task(0, "write").write(kCarried, 0, 64).readPrevious(kCarried, 0, 64);
  b.task(0, "add").reduce(kCarried, 0, 64);
  b.task(0, "add more").reduce(kCarried, 0, 65);
  b.task(0, "new").read(kCarried, 0, 65).readPrevious(kCarried, 65, 1);
  EXPECT_EQ(rules(b.program), "");
}

/// A loader fills `slots` slots of 16 bytes of a ring, two per step; worker 0
/// uses them. The loader may be `ahead` slots ahead.
static ProgramBuilder ring(uint64_t slots, int64_t ahead) {
  ProgramBuilder b(2, 2);
  uint32_t space = b.space("ring", 32, slots * 16);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 32);
  for (int64_t i = 0; i != 2; ++i) {
    auto offset = static_cast<uint64_t>(i) * 16;
    b.task(0, "use").wait(0, i + 1).read(x, offset, 16).signal(1);
    b.task(1, "load").wait(1, i + 1 - ahead).write(x, offset, 16).signal(0);
  }
  return b;
}
TEST(Rules, AMK_G1_rejects_slots_released_early) {
  EXPECT_EQ(
      messages(ring(/*slots=*/2, /*ahead=*/3).program),
      "error [AMK-G1] worker 1, task load: writes x [0, 16) in ring ring "
      "of 32 bytes without waiting for 'use' (worker 0), which reads x [0, "
      "16) in the same memory in the step before\n"
      "  note: worker 0, task use: reads x [0, 16) here\n"
      "error [AMK-G1] worker 1, task load: writes x [16, 32) in ring ring "
      "of 32 bytes without waiting for 'use' (worker 0), which reads x "
      "[16, 32) in the same memory in the step before\n"
      "  note: worker 0, task use: reads x [16, 32) here\n");
}
TEST(Rules, AMK_G1_rejects_one_slot_too_few_at_any_distance) {
  for (uint64_t slots : {1, 2, 3, 4, 5, 9, 16}) {
    int64_t ahead = static_cast<int64_t>(slots);
    EXPECT_EQ(rules(ring(slots, ahead).program), "") << slots;
    EXPECT_EQ(rules(ring(slots, ahead + 1).program), "AMK-G1 AMK-G1") << slots;
  }
}
TEST(Rules, AMK_G1_rejects_access_longer_than_the_ring) {
  ProgramBuilder b(1, 0);
  uint32_t space = b.space("ring", 64, 31);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 64);
  b.task(0, "t").write(x, 0, 32);
  EXPECT_EQ(messages(b.program),
            "error [AMK-G1] worker 0, task t: writes x [0, 32), but ring ring "
            "holds only 31 bytes\n");
  b.program.agents[0].actions[0].accesses[0].region = {x, 0, 4, 1, 10};
  EXPECT_EQ(rules(b.program), "");
  b.program.agents[0].actions[0].accesses[0].region = {x, 0, 2, 1, 31};
  EXPECT_EQ(rules(b.program), "AMK-G1");
}
TEST(Rules, AMK_G1_rejects_overrun_across_a_hole) {
  // Nothing is written where the ring comes round first; the second time is.
  ProgramBuilder b(2, 1);
  uint32_t space = b.space("ring", 48, 16);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 48);
  b.task(0, "a").write(x, 0, 16).signal(0);
  b.task(1, "b").write(x, 32, 16);
  EXPECT_EQ(rules(b.program, /*steps=*/1), "AMK-G1");
  b.program.agents[1].actions[0].waits.push_back({0, 1});
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
}
TEST(Rules, AMK_G1_rejects_all_writes_at_one_place_of_the_tape) {
  // The write of x comes first on the tape and waits; that of y does not.
  for (bool waits : {false, true}) {
    ProgramBuilder b(2, 1);
    uint32_t space = b.space("ring", 32, 16);
    uint32_t use = b.buffer("use", BufferKind::Scratch, space, 0, 16);
    uint32_t x = b.buffer("x", BufferKind::Scratch, space, 16, 16);
    uint32_t y = b.buffer("y", BufferKind::Scratch, space, 18, 4);
    b.task(0, "use").write(use, 0, 16).signal(0);
    b.task(0, "x").write(x, 0, 16).signal(0);
    b.task(1, "y").wait(0, waits ? 2 : 0).write(y, 0, 4);
    EXPECT_EQ(messages(b.program, /*steps=*/1).find("AMK-G1") !=
                  std::string::npos,
              !waits);
  }
}
TEST(Rules, AMK_G1_rejects_ring_filled_backwards) {
  ProgramBuilder b(1, 0);
  uint32_t space = b.space("ring", 32, 16);
  uint32_t x = b.buffer("x", BufferKind::Scratch, space, 0, 32);
  b.task(0, "a").write(x, 16, 16);
  b.task(0, "b").write(x, 0, 16);
  EXPECT_EQ(rules(b.program), "AMK-G1");
}
TEST(Rules, AMK_G1_accepts_slots_released_in_time) {
  EXPECT_EQ(rules(ring(/*slots=*/2, /*ahead=*/2).program), "");
}
TEST(Rules, AMK_G1_accepts_launches_that_end_before_the_ring_comes_round) {
  EXPECT_EQ(rules(ring(/*slots=*/4, /*ahead=*/9).program, /*steps=*/2), "");
  EXPECT_NE(rules(ring(/*slots=*/4, /*ahead=*/9).program, /*steps=*/3), "");
}

/// Worker 0 produces, worker 1 waits for it by the parity of `barriers`
/// barriers and lets it get `ahead` phases ahead.
static ProgramBuilder parity(uint32_t barriers, int64_t ahead) {
  ProgramBuilder b(2, 2);
  b.makeParity(0, barriers);
  b.task(0, "produce").wait(1, 1 - ahead).signal(0);
  b.task(1, "use").wait(0, 1).signal(1);
  return b;
}
TEST(Rules, AMK_P1_rejects_producer_two_phases_ahead) {
  EXPECT_EQ(rules(parity(/*barriers=*/1, /*ahead=*/2).program), "AMK-P1");
  EXPECT_EQ(rules(parity(/*barriers=*/3, /*ahead=*/4).program), "AMK-P1");
}
TEST(Rules, AMK_P1_rejects_waiter_two_phases_ahead) {
  // The wait for the step before last is skipped: nothing says that its phase
  // is complete when the next is waited for.
  ProgramBuilder b(2, 1);
  b.makeParity(0, 1);
  b.task(0, "first").signal(0);
  b.task(0, "second").signal(0);
  b.task(1, "use").wait(0, 2);
  EXPECT_NE(rules(b.program, /*steps=*/1), "");
}
TEST(Rules, AMK_P1_accepts_one_phase_ahead) {
  EXPECT_EQ(rules(parity(/*barriers=*/1, /*ahead=*/1).program), "");
  EXPECT_EQ(rules(parity(/*barriers=*/3, /*ahead=*/3).program), "");
}

/// Worker 0 writes words, worker 1 waits for them.
static ProgramBuilder tagged(uint32_t bits, uint64_t stride) {
  ProgramBuilder b(2, 2);
  b.makeTag(0);
  b.program.tags = {stride, bits};
  b.task(0, "produce").wait(1, 0).tag(0, kArena, 0, 64);
  b.task(1, "use").wait(0, 1).signal(1);
  return b;
}
TEST(Rules, AMK_T1_rejects_the_same_tag_in_the_next_step) {
  EXPECT_EQ(rules(tagged(/*bits=*/32, /*stride=*/0).program), "AMK-T1");
  EXPECT_EQ(rules(tagged(/*bits=*/4, /*stride=*/16).program), "AMK-T1");
}
TEST(Rules, AMK_T1_rejects_words_of_another_counter_with_the_same_tag) {
  for (uint64_t base : {7, 8}) {
    ProgramBuilder b(2, 4);
    uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
    b.makeTag(0, 7);
    b.makeTag(1, base);
    b.program.tags = {100, 32};
    b.task(0, "first").wait(3, 0).tag(0, kArena, 0, 64);
    b.task(1, "use").wait(0, 1).signal(2);
    b.task(0, "second").wait(2, 1).tag(1, other, 0, 64);
    b.task(1, "use").wait(1, 1).signal(3);
    EXPECT_EQ(rules(b.program), base == 7 ? "AMK-T1" : "");
  }
}
TEST(Rules, AMK_T1_accepts_stale_words_that_the_waiter_replaced_itself) {
  // The words of counter 1 may still be on their way when "use" is reached:
  // its own agent sees them, the other those of counter 0 in their place.
  for (unsigned user : {1, 2}) {
    ProgramBuilder b(3, 3);
    uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
    uint32_t last = b.buffer("last", BufferKind::Scratch, 0, 0, 64);
    b.makeTag(0, 7);
    b.makeTag(1, 8);
    b.makeTag(2, 7);
    b.program.tags = {100, 32};
    b.task(1, "first").tag(0, kArena, 0, 64);
    b.task(1, "second").tag(1, other, 0, 64);
    b.task(0, "third").wait(1, 1).tag(2, last, 0, 64);
    b.task(user, "use").wait(2, 1);
    EXPECT_EQ(rules(b.program, /*steps=*/1), user == 1 ? "" : "AMK-T1");
  }
}
TEST(Rules, AMK_T1_accepts_another_tag_in_the_next_step) {
  EXPECT_EQ(rules(tagged(/*bits=*/32, /*stride=*/1).program), "");
  EXPECT_EQ(rules(tagged(/*bits=*/1, /*stride=*/1).program), "");
}
TEST(Rules, AMK_T1_accepts_one_step) {
  EXPECT_EQ(rules(tagged(/*bits=*/32, /*stride=*/0).program, /*steps=*/1), "");
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

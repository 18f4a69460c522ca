//===- UsualBuffersTest.cpp - The short way to "no violation" -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Buffers that are written, then read, then give way to others need no
// comparison of their regions (docs/ScheduleSpec.md, section 5). The programs
// here are such programs but for one thing.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "amk/Support/Hash.h"

#include <gtest/gtest.h>

using namespace amk;
using namespace amk::schedule;
using namespace amk::schedule::test;

namespace {

/// Two workers write a tile each, the second one first; both read both.
/// Counter 0: written, counter 1: read.
ProgramBuilder tiles(uint32_t buffer, uint64_t firstBytes, uint64_t second,
                     uint64_t secondBytes) {
  ProgramBuilder b(2, 2, /*outputBytes=*/128);
  b.program.buffers[kOutput].kind = BufferKind::Scratch;
  b.task(0, "a").wait(1, 0).write(buffer, second, secondBytes).signal(0);
  b.task(1, "b").wait(1, 0).write(buffer, 0, firstBytes).signal(0);
  b.task(0, "c").wait(0, 2).read(buffer, 0, 128).signal(1);
  b.task(1, "d").wait(0, 2).read(buffer, 0, 128).signal(1);
  return b;
}

TEST(UsualBuffers, TilesMayComeInAnyOrder) {
  EXPECT_EQ(rules(tiles(kArena, 64, 64, 64).program), "");
  EXPECT_EQ(rules(tiles(kArena, 65, 64, 64).program), "AMK-R3");
  EXPECT_EQ(rules(tiles(kArena, 63, 64, 64).program), "AMK-C1 AMK-C1");
  EXPECT_EQ(rules(tiles(kCarried, 63, 64, 64).program), "");
  EXPECT_EQ(rules(tiles(kCarried, 65, 64, 64).program), "AMK-R3");
}

TEST(UsualBuffers, TilesLeaveNoGap) {
  for (uint64_t bytes : {63, 64}) {
    ProgramBuilder b(1, 0);
    b.task(0, "a").write(kArena, 0, bytes).write(kArena, 64, 64);
    b.task(0, "b").read(kArena, 0, 128);
    EXPECT_EQ(rules(b.program), bytes == 64 ? "" : "AMK-C1");
  }
}

TEST(UsualBuffers, TilesOfOneWorkerDoNotOverlapEither) {
  for (uint64_t bytes : {64, 65}) {
    ProgramBuilder b(1, 0);
    b.task(0, "a").write(kArena, 64, 64).write(kArena, 0, bytes);
    EXPECT_EQ(rules(b.program), bytes == 64 ? "" : "AMK-C3");
    b.task(0, "b").read(kArena, 0, 64);
    EXPECT_EQ(rules(b.program), bytes == 64 ? "" : "AMK-C3");
  }
}

TEST(UsualBuffers, OutputsAreComplete) {
  for (uint64_t bytes : {63, 64, 65})
    for (uint64_t second : {64, 63}) {
      ProgramBuilder b = tiles(kOutput, bytes, second, 128 - second);
      b.program.buffers[kOutput].kind = BufferKind::Output;
      for (Agent &agent : b.program.agents)
        agent.actions[1].accesses.clear();
      std::string expected = bytes > second   ? "AMK-R3"
                             : bytes < second ? "AMK-C2"
                                              : "";
      EXPECT_EQ(rules(b.program), expected);
    }
}

TEST(UsualBuffers, AnOutputEndsWhereItsLastTileDoes) {
  ProgramBuilder b(1, 0, /*outputBytes=*/64);
  b.task(0, "a").write(kOutput, 0, 32).write(kOutput, 32, 32);
  EXPECT_EQ(rules(b.program), "");
  b.program.agents[0].actions[0].accesses[1].region.rowBytes = 31;
  EXPECT_EQ(rules(b.program), "AMK-C2");
  b.program.agents[0].actions[0].accesses[1].region = {kOutput, 1, 1, 63, 0};
  b.program.agents[0].actions[0].accesses[0].region = {kOutput, 1, 0, 0, 0};
  EXPECT_EQ(rules(b.program), "AMK-C2");
}

TEST(UsualBuffers, ReadsStayWithinWhatWasWritten) {
  for (bool isFirst : {false, true})
    for (bool isInside : {false, true}) {
      ProgramBuilder b = tiles(kArena, 64, 64, 64);
      Region &region =
          b.program.agents[isFirst ? 0 : 1].actions[1].accesses[0].region;
      region.rowBytes = isInside ? 128 : 129;
      EXPECT_EQ(rules(b.program), isInside ? "" : "AMK-C1");
      region = {kArena, 0, 2, 64, uint64_t(isInside ? 64 : 65)};
      EXPECT_EQ(rules(b.program), isInside ? "" : "AMK-C1");
    }
}

TEST(UsualBuffers, ReadsDoNotBeginBeforeWhatWasWritten) {
  for (uint64_t worker : {0, 1})
    for (uint64_t offset : {63, 64}) {
      ProgramBuilder b = tiles(kArena, 64, 64, 64);
      b.program.agents[1].actions[0].accesses.clear();
      for (uint64_t reader : {0, 1}) {
        Action &action = b.program.agents[reader].actions[1];
        uint64_t from = reader == worker ? offset : 64;
        action.accesses[0].region = {kArena, from, 1, 64, 0};
      }
      EXPECT_EQ(rules(b.program), offset == 64 ? "" : "AMK-C1");
    }
}

TEST(UsualBuffers, ReadersWaitForAllWriters) {
  ProgramBuilder b = tiles(kArena, 64, 64, 64);
  b.program.agents[1].actions[1].waits.clear();
  EXPECT_EQ(rules(b.program), "AMK-R1");
  // What the own queue has written needs no wait.
  b.program.agents[1].actions[1].accesses[0].region.rowBytes = 64;
  EXPECT_EQ(rules(b.program), "");
}

TEST(UsualBuffers, TheOwnQueueProvesNothingForOthers) {
  for (uint32_t reader : {0, 1}) {
    ProgramBuilder b(2, 0);
    b.task(0, "a").write(kArena, 0, 64);
    b.task(0, "b").read(kArena, 0, 64);
    b.task(reader, "c").read(kArena, 0, 64);
    // Comes after b in the canonical order, and knows as much: nothing.
    if (reader == 1)
      for (const char *name : {"none", "none"})
        b.program.agents[1].actions.insert(b.program.agents[1].actions.begin(),
                                           {name, {}, {}, {}});
    EXPECT_EQ(rules(b.program, /*steps=*/1), reader == 0 ? "" : "AMK-R1");
  }
}

TEST(UsualBuffers, OnlyPlainWritesAndReadsAreUsual) {
  ProgramBuilder b = tiles(kCarried, 64, 64, 64);
  Agent &agent = b.program.agents[1];
  EXPECT_EQ(rules(b.program), "");
  agent.actions[1].accesses[0].mode = AccessMode::ReadPrevious;
  EXPECT_EQ(rules(b.program), "AMK-C5 AMK-C5");
  b = tiles(kArena, 64, 64, 64);
  b.program.agents[1].actions[0].accesses[0].mode = AccessMode::Reduce;
  EXPECT_EQ(rules(b.program), "AMK-C1 AMK-C1 AMK-C1");
  b = tiles(kArena, 64, 64, 64);
  b.program.agents[1].actions[0].accesses[0].region = {kArena, 0, 2, 16, 48};
  EXPECT_EQ(rules(b.program), "AMK-C1 AMK-C1");
}

TEST(UsualBuffers, AnActionDoesNotReadWhatItWrites) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").write(kArena, 0, 64).read(kArena, 0, 64);
  EXPECT_EQ(rules(b.program), "AMK-C1");
  b.program.agents[0].actions.push_back({"b", {}, {}, {}});
  std::swap(b.program.agents[0].actions[0].accesses[1],
            b.program.agents[0].actions[1].accesses.emplace_back());
  b.program.agents[0].actions[0].accesses.pop_back();
  EXPECT_EQ(rules(b.program), "");
}

TEST(UsualBuffers, WritesComeBeforeReads) {
  ProgramBuilder b(1, 0);
  b.task(0, "a").write(kCarried, 0, 64);
  b.task(0, "b").read(kCarried, 0, 65);
  EXPECT_EQ(rules(b.program), "");
  b.task(0, "c").write(kCarried, 64, 1);
  EXPECT_EQ(rules(b.program), "AMK-C5");
  b.program.agents[0].actions[1].accesses[0].region.rowBytes = 64;
  EXPECT_EQ(rules(b.program), "");
}

/// A cache of two layers: each is written by worker 0 and read by worker 1,
/// which in the second layer reads from `from` on.
ProgramBuilder cache(uint64_t from, uint64_t second, int64_t waits) {
  ProgramBuilder b(2, 2);
  b.task(0, "a").wait(1, 0).write(kCarried, 0, 64).signal(0);
  b.task(1, "b").wait(0, 1).read(kCarried, 0, 100).signal(1);
  b.task(0, "c").wait(1, 1).write(kCarried, 200, 64);
  b.task(0, "d").write(kCarried, second, 264 - second - 64).signal(0);
  b.task(1, "e").wait(0, waits).read(kCarried, from, 264 - from).signal(1);
  return b;
}

TEST(UsualBuffers, ACacheIsWrittenInParts) {
  for (uint64_t from : {0, 99, 100, 101}) {
    EXPECT_EQ(rules(cache(from, 100, 2).program), "") << from;
    EXPECT_EQ(rules(cache(from, 100, 1).program), "AMK-R1 AMK-R2") << from;
    EXPECT_EQ(rules(cache(from, 99, 2).program), "AMK-C5") << from;
    ProgramBuilder b = cache(from, 100, 2);
    Region &last = b.program.agents[0].actions[2].accesses[0].region;
    last.rowBytes = 101;
    EXPECT_EQ(rules(b.program), "AMK-C3") << from;
  }
}

TEST(UsualBuffers, EarlierPartsHaveTheirOwnReaders) {
  // Worker 2 reads the first part late, and with or without having waited.
  for (int64_t waits : {0, 1}) {
    ProgramBuilder b = cache(100, 100, 2);
    b.program.counters.push_back({"step"});
    b.program.agents.push_back({"worker 2", 2, {}});
    for (unsigned i = 0; i != 3; ++i)
      b.task(2, "none");
    b.task(2, "f").wait(0, waits).read(kCarried, 0, 64);
    EXPECT_EQ(rules(b.program, /*steps=*/1), waits ? "" : "AMK-R1");
  }
}

/// Two workers pass buffers on, of which `second` begins at byte `offset` of
/// the first one's 64 and has as many: worker 0 writes the first (a), worker 1
/// reads it (b), worker 0 writes the second (c), worker 1 reads it (d).
/// Counter 0: written, counter 1: read.
ProgramBuilder succession(uint64_t offset, BufferKind kind) {
  ProgramBuilder b(2, 2);
  uint32_t first = b.buffer("first", BufferKind::Scratch, 0, 0, 64);
  uint32_t second = b.buffer("second", kind, 0, offset, 64);
  b.task(0, "a").wait(1, 0).write(first, 0, 64).signal(0);
  b.task(1, "b").wait(0, 1).read(first, 0, 64).signal(1);
  b.task(0, "c").wait(1, 1).write(second, 0, 64).signal(0);
  b.task(1, "d").wait(0, 2).read(second, 0, 64).signal(1);
  return b;
}

TEST(UsualBuffers, WritersWaitForTheReadersBeforeThem) {
  for (uint64_t offset : {0, 63, 64}) {
    ProgramBuilder b = succession(offset, BufferKind::Scratch);
    EXPECT_EQ(rules(b.program), "");
    b.program.agents[0].actions[1].waits.clear();
    EXPECT_EQ(rules(b.program), offset < 64 ? "AMK-R2" : "");
  }
}

TEST(UsualBuffers, WritersWaitForWritesThatNobodyReads) {
  for (bool waits : {false, true}) {
    ProgramBuilder b = succession(0, BufferKind::Scratch);
    b.program.agents[1].actions[0].accesses.clear();
    // Another worker writes the second buffer.
    b.program.agents.push_back({"worker 2", 2, {}});
    b.program.agents[2].actions.push_back(b.program.agents[0].actions[1]);
    b.program.agents[0].actions.pop_back();
    if (!waits)
      b.program.agents[2].actions[0].waits[0].threshold = 0;
    EXPECT_EQ(rules(b.program, /*steps=*/1), waits ? "" : "AMK-R3");
  }
}

TEST(UsualBuffers, WritersWaitForEachReader) {
  for (int64_t waits : {0, 1, 2}) {
    ProgramBuilder b = succession(0, BufferKind::Scratch);
    // Worker 2 reads the first buffer, too, and knows as much as worker 1.
    b.program.agents.push_back({"worker 2", 2, {}});
    b.program.agents[2].actions.push_back(b.program.agents[1].actions[0]);
    b.program.agents[0].actions[1].waits[0].threshold = waits;
    std::string expected = waits == 2 ? "" : "AMK-R2 AMK-R2";
    EXPECT_EQ(rules(b.program, /*steps=*/1), expected) << waits;
  }
}

TEST(UsualBuffers, WritersWaitForWritesAfterTheReads) {
  for (bool waits : {false, true}) {
    ProgramBuilder b(2, 1);
    b.program.buffers[kArena].bytes = 0;
    uint32_t first = b.buffer("first", BufferKind::Scratch, 0, 0, 64);
    uint32_t second = b.buffer("second", BufferKind::Scratch, 0, 0, 64);
    b.task(0, "a").write(first, 0, 32);
    b.task(0, "b").read(first, 0, 32).signal(0);
    b.task(0, "c").write(first, 32, 32).signal(0);
    b.task(1, "none");
    b.task(1, "none");
    b.task(1, "none");
    b.task(1, "d").wait(0, waits ? 2 : 1).write(second, 0, 64);
    EXPECT_EQ(rules(b.program, /*steps=*/1), waits ? "" : "AMK-R3");
  }
}

TEST(UsualBuffers, WritersWaitForAllBuffersBeforeThem) {
  for (uint32_t left : {0, 1, 2}) {
    ProgramBuilder b(3, 2);
    b.program.buffers[kArena].bytes = 0;
    uint32_t first = b.buffer("first", BufferKind::Scratch, 0, 0, 64);
    uint32_t second = b.buffer("second", BufferKind::Scratch, 0, 64, 64);
    uint32_t third = b.buffer("third", BufferKind::Scratch, 0, 32, 64);
    b.task(0, "a").write(first, 0, 64).signal(0);
    b.task(1, "b").write(second, 0, 64).signal(1);
    b.task(2, "c").wait(0, left != 0).wait(1, left != 1).write(third, 0, 64);
    EXPECT_EQ(rules(b.program, /*steps=*/1), left == 2 ? "" : "AMK-R3");
  }
}

TEST(UsualBuffers, ABufferIsOverWhenTheNextBegins) {
  for (uint64_t offset : {0, 63, 64}) {
    ProgramBuilder b = succession(offset, BufferKind::Scratch);
    b.program.agents[1].actions[1].accesses[0].region.buffer = 3;
    EXPECT_EQ(rules(b.program), offset < 64 ? "AMK-C4" : "");
  }
}

TEST(UsualBuffers, OneActionDoesNotWriteTwoBuffersAtOnePlace) {
  ProgramBuilder b(2, 1);
  uint32_t other = b.buffer("other", BufferKind::Scratch, 0, 0, 64);
  b.task(0, "a").write(kArena, 0, 64).write(other, 0, 64).signal(0);
  b.task(1, "b").wait(0, 1).read(other, 0, 64);
  EXPECT_EQ(rules(b.program, /*steps=*/1), "AMK-C4");
  b.program.buffers[other].offset = 64;
  b.program.buffers[kArena].bytes = 64;
  EXPECT_EQ(rules(b.program, /*steps=*/1), "");
}

TEST(UsualBuffers, ACarriedBufferGivesWayToNone) {
  EXPECT_EQ(rules(succession(63, BufferKind::Carried).program), "");
  ProgramBuilder b = succession(63, BufferKind::Carried);
  // In the next step the first buffer is written before this.
  b.program.agents[1].actions[1].accesses[0].mode = AccessMode::ReadPrevious;
  b.program.agents[0].actions[1].accesses.clear();
  EXPECT_EQ(rules(b.program), "AMK-C4");
  b.program.buffers[4].offset = 64;
  EXPECT_EQ(rules(b.program), "");
}

TEST(UsualBuffers, WritersWaitForWhoeverIsStillUnderneath) {
  // `second` covers `first`, or only the half of it that `third` does not meet.
  for (uint64_t place : {0, 1, 2}) {
    constexpr uint64_t seconds[] = {32, 64, 96}, thirds[] = {64, 64, 96};
    ProgramBuilder b(3, 3);
    b.program.buffers[kArena].bytes = 0;
    uint32_t first = b.buffer("first", BufferKind::Scratch, 0, 64, 64);
    uint32_t second =
        b.buffer("second", BufferKind::Scratch, 0, seconds[place], 64);
    uint32_t third =
        b.buffer("third", BufferKind::Scratch, 0, thirds[2 - place], 32);
    b.task(0, "a").write(first, 0, 64).signal(0);
    b.task(1, "b").wait(0, 1).write(second, 0, 64).signal(1);
    b.task(2, "c").wait(1, place == 1).write(third, 0, 32).signal(2);
    EXPECT_EQ(rules(b.program, /*steps=*/1), place == 1 ? "" : "AMK-R3");
  }
}

//===----------------------------------------------------------------------===//
// The short way and the long one
//===----------------------------------------------------------------------===//

class Random {
public:
  explicit Random(uint64_t seed) : state(mix64(seed)) {}
  uint64_t below(uint64_t limit) { return mix64(++state) % limit; }
  bool chance(uint64_t percent) { return below(100) < percent; }

private:
  uint64_t state;
};

constexpr uint64_t kTile = 4;

void addRandomAccess(Random &random, Program &program) {
  Agent &agent = program.agents[random.below(program.agents.size())];
  Action &action = agent.actions[random.below(agent.actions.size())];
  auto buffer = static_cast<uint32_t>(random.below(program.buffers.size()));
  uint64_t bytes = program.buffers[buffer].bytes;
  uint64_t offset = random.below(bytes);
  AccessMode mode = random.chance(70)   ? AccessMode::Read
                    : random.chance(80) ? AccessMode::Write
                                        : AccessMode::Reduce;
  action.accesses.insert(
      action.accesses.begin() +
          static_cast<int64_t>(random.below(action.accesses.size() + 1)),
      {mode, {buffer, offset, 1, 1 + random.below(bytes - offset), 0}});
}

void breakSomething(Random &random, Program &program) {
  Agent &agent = program.agents[random.below(program.agents.size())];
  Action &action = agent.actions[random.below(agent.actions.size())];
  switch (random.below(6)) {
  case 0:
    if (!action.waits.empty())
      action.waits[0].threshold -= random.chance(50) ? 1 : kTile;
    break;
  case 1:
    action.waits.clear();
    break;
  case 2:
    if (!action.accesses.empty())
      action.accesses.pop_back();
    break;
  case 3:
    std::swap(action.accesses,
              agent.actions[random.below(agent.actions.size())].accesses);
    break;
  default:
    addRandomAccess(random, program);
  }
}

/// Phases that each read the buffer of one before and write their own, which
/// lies on those of some before.
Program randomPhases(uint64_t seed) {
  Random random(seed);
  auto agents = static_cast<uint32_t>(1 + random.below(3));
  auto phases = static_cast<uint32_t>(2 + random.below(4));
  uint64_t bytes = agents * kTile;
  Program program;
  program.spaces = {{"arena", 4 * bytes}};
  program.agents.resize(agents);
  for (uint32_t phase = 0; phase != phases; ++phase) {
    program.counters.push_back({"c"});
    uint64_t offset = random.chance(50) ? random.below(3) * bytes
                                        : random.below(3 * bytes + 1);
    BufferKind kind = random.chance(85)   ? BufferKind::Scratch
                      : random.chance(50) ? BufferKind::Output
                                          : BufferKind::Carried;
    program.buffers.push_back({"b", kind, 0, offset, bytes});
  }
  // Phases also write a part of a cache, and read that of the phase before.
  program.spaces.push_back({"kv", (phases + 1) * bytes});
  auto cache = static_cast<uint32_t>(program.buffers.size());
  program.buffers.push_back(
      {"kv", BufferKind::Carried, 1, 0, (phases + 1) * bytes});
  bool hasCache = random.chance(30), isReversed = random.chance(30);
  uint32_t reach = random.chance(70) ? 1 : 2; // reads the phase before that
  for (uint32_t a = 0; a != agents; ++a) {
    program.agents[a].name = "w" + std::to_string(a);
    program.agents[a].worker = a;
    for (uint32_t phase = 0; phase != phases; ++phase) {
      Action action;
      action.name = "t" + std::to_string(phase);
      action.waits = {{phase ? phase - 1 : phases - 1, phase ? agents : 0}};
      if (phase >= reach)
        action.accesses.push_back(
            {AccessMode::Read, {phase - reach, 0, 1, bytes, 0}});
      uint64_t tile = isReversed ? agents - 1 - a : a;
      action.accesses.push_back(
          {AccessMode::Write, {phase, tile * kTile, 1, kTile, 0}});
      if (hasCache && phase % 2 == 0)
        action.accesses.push_back(
            {AccessMode::Write,
             {cache, phase * bytes + tile * kTile, 1, kTile, 0}});
      if (hasCache && phase % 2 == 1)
        action.accesses.push_back(
            {AccessMode::Read, {cache, (phase - 1) * bytes, 1, bytes, 0}});
      action.signals = {{phase, 1}};
      program.agents[a].actions.push_back(action);
    }
  }
  for (uint64_t n = random.below(3); n; --n)
    breakSomething(random, program);
  return program;
}

/// Tagged words end one by one, so a program that has some, even if nobody
/// writes any, goes the long way.
TEST(UsualBuffers, TheLongWayFindsTheSame) {
  unsigned safe = 0, unsafe = 0;
  for (uint64_t seed = 0; seed != 20000; ++seed) {
    Program program = randomPhases(seed);
    Program slow = program;
    slow.counters.push_back({"words", Protocol::Tag});
    for (uint64_t steps : {0, 1}) {
      std::string found = messages(program, steps);
      ASSERT_EQ(found, messages(slow, steps)) << "seed " << seed;
      ++(found.empty() ? safe : unsafe);
    }
  }
  EXPECT_GT(safe, 8000u);
  EXPECT_GT(unsafe, 8000u);
}

} // namespace

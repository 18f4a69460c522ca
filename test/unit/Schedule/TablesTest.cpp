//===- TablesTest.cpp - tables.bin: round trip and damage -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"

#include <cstring>
#include <gtest/gtest.h>

// Not "using namespace": GoogleTest's headers declare a global "abi", too.
namespace amk::schedule {
namespace {

struct TaskSpec {
  const char *name;
  std::vector<abi::Wait> waits;
  std::vector<abi::Access> accesses;
  std::vector<abi::Signal> signals;
};

uint32_t addName(Tables &tables, const std::string &name) {
  auto offset = static_cast<uint32_t>(tables.strings.size());
  tables.strings += name;
  tables.strings += '\0';
  return offset;
}

void addTask(Tables &tables, const TaskSpec &task) {
  abi::Instruction in{};
  in.name = addName(tables, task.name);
  in.waitBegin = static_cast<uint32_t>(tables.waits.size());
  in.waitCount = static_cast<uint32_t>(task.waits.size());
  in.signalBegin = static_cast<uint32_t>(tables.signals.size());
  in.signalCount = static_cast<uint32_t>(task.signals.size());
  in.accessBegin = static_cast<uint32_t>(tables.accesses.size());
  in.accessCount = static_cast<uint32_t>(task.accesses.size());
  in.operandCount = 1;
  in.operands[0] = 64;
  tables.waits.insert(tables.waits.end(), task.waits.begin(), task.waits.end());
  tables.signals.insert(tables.signals.end(), task.signals.begin(),
                        task.signals.end());
  tables.accesses.insert(tables.accesses.end(), task.accesses.begin(),
                         task.accesses.end());
  tables.instructions.push_back(in);
  ++tables.queues.back().count;
}

abi::Access access(abi::Space space, abi::AccessMode mode, uint64_t offset,
                   uint64_t bytes) {
  return {static_cast<uint32_t>(space),
          static_cast<uint32_t>(mode),
          offset,
          1,
          bytes,
          bytes};
}

constexpr auto kRead = abi::AccessMode::Read;
constexpr auto kWrite = abi::AccessMode::Write;
constexpr SpaceSizes kSizes{256, 128, abi::IOLayout::kLogits + 64};

/// Embed, append to the cache, head, argmax: two workers, a safe schedule.
Tables sample() {
  Tables t;
  t.workers = 2;
  t.strings.assign(1, '\0');
  t.counters = {{1, addName(t, "embedded")},
                {1, addName(t, "headed")},
                {1, addName(t, "step")}};
  t.queues.push_back({0, 0});
  addTask(t, {"embed",
              {{2, 0}},
              {access(abi::Space::IO, kRead, abi::IOLayout::kToken, 4),
               access(abi::Space::Arena, kWrite, 0, 256)},
              {{0, 1}}});
  addTask(t, {"argmax",
              {{1, 1}},
              {access(abi::Space::IO, kRead, abi::IOLayout::kLogits, 64),
               access(abi::Space::IO, kWrite, abi::IOLayout::kControl, 4),
               access(abi::Space::IO, kWrite, abi::IOLayout::kToken, 4)},
              {{2, 1}}});
  t.queues.push_back({2, 0});
  addTask(t, {"head",
              {{0, 1}, {2, 0}},
              {access(abi::Space::Arena, kRead, 0, 256),
               access(abi::Space::KVCache, kRead, 0, 128),
               access(abi::Space::KVCache, kWrite, 0, 128),
               access(abi::Space::IO, kWrite, abi::IOLayout::kLogits, 64)},
              {{1, 1}}});
  t.segments.push_back({1,
                        0,
                        static_cast<uint32_t>(abi::PackRows::Gated),
                        8,
                        {0, 1, abi::kNoTensor},
                        0,
                        0,
                        16,
                        64,
                        4096});
  return t;
}

std::string rulesOf(const Tables &tables) {
  std::string text;
  for (const Violation &v : verify(programFromTables(tables, kSizes)))
    text += std::string(ruleId(v.rule)) + " ";
  return text;
}

std::string errorOf(const std::string &bytes) {
  try {
    decodeTables(bytes, "tables.bin");
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Tables, RoundTrip) {
  std::string bytes = encodeTables(sample());
  Tables decoded = decodeTables(bytes, "tables.bin");
  EXPECT_EQ(encodeTables(decoded), bytes);
  EXPECT_EQ(decoded.workers, 2u);
  EXPECT_STREQ(decoded.name(decoded.instructions[2].name), "head");
  EXPECT_EQ(decoded.segments[0].bytes, 4096u);
}

TEST(Tables, ProgramHasNamesSpacesAndVerdict) {
  Program program = programFromTables(sample(), kSizes);
  ASSERT_EQ(program.spaces.size(), 5u);
  EXPECT_EQ(program.spaces[0].kind, SpaceKind::Scratch);
  EXPECT_EQ(program.spaces[1].kind, SpaceKind::Carried);
  EXPECT_EQ(program.spaces[4].kind, SpaceKind::Output);
  EXPECT_EQ(program.spaces[4].bytes, 64u);
  EXPECT_EQ(program.agents[1].name, "worker 1");
  EXPECT_EQ(program.agents[0].actions[1].name, "argmax");
  EXPECT_EQ(program.counters[2].name, "step");
  EXPECT_EQ(rulesOf(sample()), "");
}

TEST(Tables, DamagedScheduleIsRefused) {
  Tables t = sample();
  t.waits[2].threshold = 0; // head no longer waits for this step's embed
  EXPECT_NE(rulesOf(t).find("AMK-R1"), std::string::npos);
  t = sample();
  t.accesses[2].rowBytes = 60; // argmax reads less; that is fine
  EXPECT_EQ(rulesOf(t), "");
  t.accesses.back().rowBytes = 60; // the head leaves four bytes out
  EXPECT_EQ(rulesOf(t), "AMK-C2 ");
  t = sample();
  t.accesses[0].rowBytes = 65; // from the token into the control block
  EXPECT_EQ(rulesOf(t), "AMK-S2 ");
}

TEST(Tables, ErrorsNameFileFieldAndValue) {
  std::string good = encodeTables(sample());
  EXPECT_EQ(errorOf(good), "");
  EXPECT_EQ(errorOf(""), "tables.bin: found 0 bytes, expected a header of 152");
  std::string bytes = good;
  bytes[0] = 'B';
  EXPECT_EQ(errorOf(bytes),
            "tables.bin: magic: found other bytes, expected \"AMKTABL1\"");
  bytes = good;
  bytes[8] = 9;
  EXPECT_EQ(errorOf(bytes), "tables.bin: abiVersion: found 9, expected 1");
  EXPECT_EQ(errorOf(good + "x"),
            "tables.bin: fileBytes: found " + std::to_string(good.size()) +
                ", expected " + std::to_string(good.size() + 1));
}

/// Each is one change of well-formed tables that encoding must refuse.
TEST(Tables, InconsistentArraysAreErrors) {
  std::vector<std::pair<const char *, void (*)(Tables &)>> cases = {
      {"queues[1].begin", [](Tables &t) { t.queues[1].begin = 1; }},
      {"queues[1].count", [](Tables &t) { t.queues[1].count = 2; }},
      {"instructions.count", [](Tables &t) { t.queues[1].count = 0; }},
      {"queues.count", [](Tables &t) { t.workers = 3; }},
      {"workers",
       [](Tables &t) {
         t.workers = 0;
         t.queues.clear();
       }},
      {"instructions[0].name", [](Tables &t) { t.instructions[0].name = 999; }},
      {"instructions[0].name", [](Tables &t) { t.strings[27] = '\x1b'; }},
      {"instructions[1].waitBegin",
       [](Tables &t) { t.instructions[1].waitBegin = 0; }},
      {"instructions[2].signalCount",
       [](Tables &t) { t.instructions[2].signalCount = ~0u; }},
      {"accesses.count", [](Tables &t) { t.accesses.push_back({}); }},
      {"instructions[0].operandCount",
       [](Tables &t) { t.instructions[0].operandCount = 17; }},
      {"instructions[0].reserved",
       [](Tables &t) { t.instructions[0].reserved[6] = 1; }},
      {"instructions[0].operands",
       [](Tables &t) { t.instructions[0].operands[1] = 1; }},
      {"waits[0].counter", [](Tables &t) { t.waits[0].counter = 3; }},
      {"signals[0].counter", [](Tables &t) { t.signals[0].counter = 3; }},
      {"counters[1].perStep", [](Tables &t) { t.counters[1].perStep = 2; }},
      {"counters[1].name", [](Tables &t) { t.counters[1].name = ~0u; }},
      {"accesses[0].space", [](Tables &t) { t.accesses[0].space = 3; }},
      {"accesses[0].mode", [](Tables &t) { t.accesses[0].mode = 2; }},
      {"segments[0].worker", [](Tables &t) { t.segments[0].worker = 2; }},
      {"segments[0].layout", [](Tables &t) { t.segments[0].layout = 1; }},
      {"segments[0].rowMap", [](Tables &t) { t.segments[0].rowMap = 3; }},
      {"segments[0].tileRows", [](Tables &t) { t.segments[0].tileRows = 7; }},
      {"segments[0].tensors", [](Tables &t) { t.segments[0].tensors[2] = 0; }},
      {"segments[0].headDim", [](Tables &t) { t.segments[0].headDim = 2; }},
      {"segments[0].streamOffset",
       [](Tables &t) { t.segments[0].streamOffset = 32; }},
      {"segments[0].bytes", [](Tables &t) { t.segments[0].bytes = ~0ull; }},
      {"segments[0].unitCount",
       [](Tables &t) {
         t.segments[0].unitBegin = 1;
         t.segments[0].unitCount = ~0ull;
       }},
      {"strings.count", [](Tables &t) { t.strings.clear(); }},
      {"strings[0]", [](Tables &t) { t.strings[0] = 'x'; }},
      {"strings: last byte", [](Tables &t) { t.strings.back() = 'x'; }},
  };
  for (auto &[field, damage] : cases) {
    Tables tables = sample();
    damage(tables);
    try {
      encodeTables(tables);
      ADD_FAILURE() << field << " was accepted";
    } catch (const Error &error) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos)
          << error.what();
    }
  }
}

TEST(Tables, EveryTruncationIsAnError) {
  std::string good = encodeTables(sample());
  for (size_t size = 0; size != good.size(); ++size) {
    std::string bytes = good.substr(0, size);
    EXPECT_NE(errorOf(bytes), "") << size;
    // Also with a header that admits the loss.
    if (size >= sizeof(abi::TablesHeader)) {
      uint64_t fileBytes = size;
      std::memcpy(&bytes[offsetof(abi::TablesHeader, fileBytes)], &fileBytes,
                  sizeof(fileBytes));
      EXPECT_NE(errorOf(bytes), "") << size;
    }
  }
}

/// What is accepted has one encoding, and verifying it ends without a crash.
TEST(Tables, MutatedBytesNeverCrash) {
  std::string good = encodeTables(sample());
  unsigned refused = 0, unsafe = 0, accepted = 0;
  for (uint64_t seed = 0; seed != 10000; ++seed) {
    std::string bytes = good;
    uint64_t random = mix64(seed);
    for (uint64_t n = 1 + random % 3; n--;) {
      random = mix64(random);
      size_t at = random % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random >> 32) % 8));
      if ((random >> 40) % 4 == 0) // a whole word of ones or zeros
        std::memset(&bytes[at & ~size_t(3)], (random >> 50) % 2 ? 0xff : 0,
                    std::min<size_t>(4, bytes.size() - (at & ~size_t(3))));
    }
    try {
      Tables tables = decodeTables(bytes, "tables.bin");
      ASSERT_EQ(encodeTables(tables), bytes);
      (rulesOf(tables).empty() ? accepted : unsafe) += 1;
    } catch (const Error &) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(unsafe, 100u);
  EXPECT_GT(accepted, 100u);
}

} // namespace amk::schedule

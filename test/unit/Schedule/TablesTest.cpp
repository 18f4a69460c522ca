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

enum : uint32_t { kToken, kControl, kLogits, kHidden, kCache };

abi::Access access(uint32_t buffer, abi::AccessMode mode, uint64_t bytes) {
  return {buffer, static_cast<uint32_t>(mode), abi::kNone, 0, 0, 1, bytes,
          bytes};
}

constexpr auto kRead = abi::AccessMode::Read;
constexpr auto kReadPrevious = abi::AccessMode::ReadPrevious;
constexpr auto kWrite = abi::AccessMode::Write;

uint32_t addSpace(Tables &t, const char *name, abi::Space space,
                  uint64_t bytes) {
  t.spaces.push_back({addName(t, name), static_cast<uint32_t>(space), bytes, 0,
                      abi::kNone, 0});
  return static_cast<uint32_t>(t.spaces.size() - 1);
}

void addBuffer(Tables &t, const char *name, abi::BufferKind kind,
               uint32_t space, uint64_t offset, uint64_t bytes) {
  t.buffers.push_back(
      {addName(t, name), static_cast<uint32_t>(kind), space, 0, offset, bytes});
}

void addMemory(Tables &t) {
  using Kind = abi::BufferKind;
  uint32_t arena = addSpace(t, "arena", abi::Space::Arena, 256);
  uint32_t kv = addSpace(t, "kv", abi::Space::KVCache, 128);
  uint32_t io = addSpace(t, "io", abi::Space::IO, abi::IOLayout::kLogits + 64);
  addBuffer(t, "token", Kind::Carried, io, abi::IOLayout::kToken, 4);
  addBuffer(t, "control", Kind::Carried, io, abi::IOLayout::kControl, 4);
  addBuffer(t, "logits", Kind::Output, io, abi::IOLayout::kLogits, 64);
  addBuffer(t, "hidden", Kind::Scratch, arena, 0, 256);
  addBuffer(t, "cache", Kind::Carried, kv, 0, 128);
}

void addQueue(Tables &t, uint32_t worker, abi::Role role) {
  t.queues.push_back({static_cast<uint32_t>(t.instructions.size()), 0, worker,
                      static_cast<uint32_t>(role)});
}

/// Embed, append to the cache, head, argmax: two workers, a safe schedule.
Tables sample() {
  Tables t;
  t.workers = 2;
  t.strings.assign(1, '\0');
  addMemory(t);
  for (const char *name : {"embedded", "headed", "step"})
    t.counters.push_back({1, addName(t, name), 0, 0, 0});
  addQueue(t, 0, abi::Role::Compute);
  addTask(t, {"embed",
              {{2, 0}},
              {access(kToken, kReadPrevious, 4), access(kHidden, kWrite, 256)},
              {{0, 1}}});
  addTask(t, {"argmax",
              {{1, 1}},
              {access(kLogits, kRead, 64), access(kControl, kWrite, 4),
               access(kToken, kWrite, 4)},
              {{2, 1}}});
  addQueue(t, 1, abi::Role::Compute);
  addTask(t, {"head",
              {{0, 1}, {2, 0}},
              {access(kHidden, kRead, 256), access(kCache, kRead, 128),
               access(kCache, kWrite, 128), access(kLogits, kWrite, 64)},
              {{1, 1}}});
  t.segments.push_back({1,
                        0,
                        static_cast<uint32_t>(abi::PackRows::Gated),
                        8,
                        {0, 1, abi::kNoTensor},
                        0,
                        0,
                        0,
                        0,
                        16,
                        64,
                        4096});
  return t;
}

std::string rulesOf(const Tables &tables) {
  std::string text;
  for (const Violation &v : verify(programFromTables(tables)))
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

TEST(Tables, ProgramHasNamesMemoryAndVerdict) {
  Program program = programFromTables(sample());
  ASSERT_EQ(program.spaces.size(), 3u);
  EXPECT_EQ(program.spaces[2].name, "io");
  EXPECT_EQ(program.spaces[2].bytes, abi::IOLayout::kLogits + 64);
  EXPECT_EQ(program.spaces[2].worker, Space::kGlobal);
  ASSERT_EQ(program.buffers.size(), 5u);
  EXPECT_EQ(program.buffers[kHidden].kind, BufferKind::Scratch);
  EXPECT_EQ(program.buffers[kCache].kind, BufferKind::Carried);
  EXPECT_EQ(program.buffers[kLogits].kind, BufferKind::Output);
  EXPECT_EQ(program.buffers[kLogits].name, "logits");
  EXPECT_EQ(program.buffers[kLogits].offset, abi::IOLayout::kLogits);
  EXPECT_EQ(program.agents[1].name, "worker 1");
  EXPECT_EQ(program.agents[1].worker, 1u);
  EXPECT_EQ(program.agents[0].actions[1].name, "argmax");
  EXPECT_EQ(program.counters[2].name, "step");
  EXPECT_EQ(program.counters[2].protocol, Protocol::Release);
  EXPECT_EQ(rulesOf(sample()), "");
}

/// What only other targets than the CPU have.
TEST(Tables, ProgramHasRingsProtocolsAndLoaders) {
  Tables t = sample();
  t.tags = {7, 24};
  t.limits = {132, 1 << 16};
  t.counters[0].protocol = static_cast<uint32_t>(abi::Protocol::Tag);
  t.counters[0].tagBase = 5;
  t.counters[1].protocol = static_cast<uint32_t>(abi::Protocol::Parity);
  t.counters[1].barriers = 3;
  t.accesses[1].mode = static_cast<uint32_t>(abi::AccessMode::WriteTagged);
  t.accesses[1].counter = 0;
  t.accesses[2].mode = static_cast<uint32_t>(abi::AccessMode::Reduce);
  uint32_t ring = addSpace(t, "ring", abi::Space::Shared, 1024);
  t.spaces[ring].ringBytes = 256;
  t.spaces[ring].worker = 1;
  addBuffer(t, "weights", abi::BufferKind::Scratch, ring, 64, 512);
  addQueue(t, 1, abi::Role::Loader);
  addTask(t, {"load", {}, {access(5, kWrite, 512)}, {}});

  Program p = programFromTables(decodeTables(encodeTables(t), "tables.bin"));
  EXPECT_EQ(p.tags.stride, 7u);
  EXPECT_EQ(p.tags.bits, 24u);
  EXPECT_EQ(p.limits.workers, 132u);
  EXPECT_EQ(p.limits.sharedBytes, 1u << 16);
  EXPECT_EQ(p.counters[0].protocol, Protocol::Tag);
  EXPECT_EQ(p.counters[0].tagBase, 5u);
  EXPECT_EQ(p.counters[1].protocol, Protocol::Parity);
  EXPECT_EQ(p.counters[1].barriers, 3u);
  const Action &embed = p.agents[0].actions[0];
  EXPECT_EQ(embed.accesses[0].mode, AccessMode::ReadPrevious);
  EXPECT_EQ(embed.accesses[1].mode, AccessMode::WriteTagged);
  EXPECT_EQ(embed.accesses[1].counter, 0u);
  EXPECT_EQ(p.agents[0].actions[1].accesses[0].mode, AccessMode::Reduce);
  EXPECT_EQ(p.agents[0].actions[1].accesses[0].counter, Access::kNoCounter);
  EXPECT_EQ(p.spaces[ring].ringBytes, 256u);
  EXPECT_EQ(p.spaces[ring].worker, 1u);
  EXPECT_EQ(p.buffers[5].offset, 64u);
  ASSERT_EQ(p.agents.size(), 3u);
  EXPECT_EQ(p.agents[2].name, "worker 1 loader");
  EXPECT_EQ(p.agents[2].worker, 1u);
  EXPECT_EQ(p.agents[2].actions[0].accesses[0].region.buffer, 5u);
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
  t.accesses[0].rowBytes = 5; // beyond the token
  EXPECT_EQ(rulesOf(t), "AMK-S2 ");
}

TEST(Tables, ErrorsNameFileFieldAndValue) {
  std::string good = encodeTables(sample());
  EXPECT_EQ(errorOf(good), "");
  EXPECT_EQ(errorOf(""), "tables.bin: found 0 bytes, expected a header of 216");
  std::string bytes = good;
  bytes[0] = 'B';
  EXPECT_EQ(errorOf(bytes),
            "tables.bin: magic: found other bytes, expected \"AMKTABL1\"");
  bytes = good;
  bytes[offsetof(abi::TablesHeader, reserved)] = 1;
  EXPECT_EQ(errorOf(bytes), "tables.bin: reserved: found 1, expected 0");
  bytes = good;
  bytes[8] = 9;
  EXPECT_EQ(errorOf(bytes), "tables.bin: abiVersion: found 9, expected 4");
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
      {"workers", [](Tables &t) { t.workers = 3; }},
      {"workers", [](Tables &t) { t.workers = 1; }},
      {"queues[0].worker", [](Tables &t) { t.queues[0].worker = 1; }},
      {"queues[0].role", [](Tables &t) { t.queues[0].role = 1; }},
      {"queues[1].role", [](Tables &t) { t.queues[1].role = 1; }},
      {"queues[2].role", [](Tables &t) { t.queues.push_back({3, 0, 1, 0}); }},
      {"queues[2].role", [](Tables &t) { t.queues.push_back({3, 0, 1, 2}); }},
      {"queues[3].worker",
       [](Tables &t) {
         t.queues.push_back({3, 0, 1, 1});
         t.queues.push_back({3, 0, 1, 1});
       }},
      {"workers",
       [](Tables &t) {
         t.workers = 0;
         t.queues.clear();
       }},
      {"instructions[0].name", [](Tables &t) { t.instructions[0].name = 999; }},
      {"instructions[0].name",
       [](Tables &t) { t.strings[t.instructions[0].name] = '\x1b'; }},
      {"instructions[1].waitBegin",
       [](Tables &t) { t.instructions[1].waitBegin = 0; }},
      {"instructions[2].signalCount",
       [](Tables &t) { t.instructions[2].signalCount = ~0u; }},
      {"accesses.count", [](Tables &t) { t.accesses.push_back({}); }},
      {"instructions[0].operandCount",
       [](Tables &t) { t.instructions[0].operandCount = 17; }},
      {"instructions[0].reserved",
       [](Tables &t) { t.instructions[0].reserved[4] = 1; }},
      {"instructions[0].operands",
       [](Tables &t) { t.instructions[0].operands[1] = 1; }},
      {"waits[0].counter", [](Tables &t) { t.waits[0].counter = 3; }},
      {"signals[0].counter", [](Tables &t) { t.signals[0].counter = 3; }},
      {"counters[1].perStep", [](Tables &t) { t.counters[1].perStep = 2; }},
      {"counters[1].name", [](Tables &t) { t.counters[1].name = ~0u; }},
      {"counters[0].protocol", [](Tables &t) { t.counters[0].protocol = 3; }},
      {"counters[0].barriers", [](Tables &t) { t.counters[0].barriers = 1; }},
      {"counters[0].tagBase", [](Tables &t) { t.counters[0].tagBase = 1; }},
      {"accesses[0].buffer", [](Tables &t) { t.accesses[0].buffer = 5; }},
      {"accesses[0].mode", [](Tables &t) { t.accesses[0].mode = 5; }},
      {"accesses[0].counter", [](Tables &t) { t.accesses[0].counter = 0; }},
      {"accesses[0].counter", [](Tables &t) { t.accesses[0].mode = 3; }},
      {"accesses[0].reserved", [](Tables &t) { t.accesses[0].reserved = 1; }},
      {"spaces[0].name", [](Tables &t) { t.spaces[0].name = 999; }},
      {"spaces[0].space", [](Tables &t) { t.spaces[0].space = 2; }},
      {"spaces[0].space", [](Tables &t) { t.spaces[0].space = ~0u; }},
      {"spaces[1].space", [](Tables &t) { t.spaces[1].space = 0; }},
      {"spaces[0].worker", [](Tables &t) { t.spaces[0].worker = 0; }},
      {"spaces[0].worker",
       [](Tables &t) {
         t.spaces[0].space = static_cast<uint32_t>(abi::Space::Shared);
         t.spaces[0].worker = 2;
       }},
      {"spaces[0].ringBytes", [](Tables &t) { t.spaces[0].ringBytes = 64; }},
      {"spaces[0].reserved", [](Tables &t) { t.spaces[0].reserved = 1; }},
      {"buffers[0].name", [](Tables &t) { t.buffers[0].name = 999; }},
      {"buffers[0].kind", [](Tables &t) { t.buffers[0].kind = 3; }},
      {"buffers[0].space", [](Tables &t) { t.buffers[0].space = 3; }},
      {"buffers[0].reserved", [](Tables &t) { t.buffers[0].reserved = 1; }},
      {"segments[0].worker", [](Tables &t) { t.segments[0].worker = 2; }},
      {"segments[0].layout", [](Tables &t) { t.segments[0].layout = 5; }},
      {"segments[0].rowMap", [](Tables &t) { t.segments[0].rowMap = 4; }},
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

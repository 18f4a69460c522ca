//===- DeviceTablesTest.cpp - The tables as the GPU kernel reads them -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuTestBundle.h"
#include "Runtime/Cuda/DeviceTables.h"
#include "amk/Support/Error.h"

#include <functional>
#include <gmock/gmock.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;
using namespace amk::test;
using ::testing::HasSubstr;

static DeviceTables encode(const GpuTestBundle &bundle,
                           uint64_t context = GpuTestBundle::kContext) {
  return encodeDeviceTables(bundle.parsed(), bundle.tables, context, "t.bin");
}

template <typename Fn>
static std::string messageOf(Fn fn) {
  try {
    fn();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

TEST(DeviceTables, EncodesEveryField) {
  GpuTestBundle bundle;
  DeviceTables device = encode(bundle);
  checkDeviceTables(device, bundle.parsed(), bundle.tables, "t.bin");
  ASSERT_EQ(device.workers.size(), 2u);
  ASSERT_EQ(device.instructions.size(), 6u);
  EXPECT_EQ(device.workers[1].begin, 3u);
  EXPECT_EQ(device.workers[1].count, 3u);
  EXPECT_EQ(device.workers[1].kvRuns, 1u);
  EXPECT_EQ(device.kvRunBytes, 1024u);

  const amk::abi::DeviceInstruction &attend = device.instructions[3];
  EXPECT_EQ(attend.body, 0);
  EXPECT_EQ(attend.flags, amk::abi::kKVRun);
  EXPECT_EQ(attend.index, 4u); // behind worker 0's loader
  EXPECT_EQ(attend.stageCount, 2u << 16 | 1u);
  EXPECT_EQ(attend.stageBytes, 512u);
  EXPECT_EQ(attend.runOffset, 0u);
  EXPECT_EQ(attend.tagOut, 1u);
  EXPECT_EQ(attend.tagIn[0], 0u);
  EXPECT_EQ(attend.waits[0].counter, amk::abi::kNone); // loaded is no memory
  EXPECT_EQ(attend.signalCounter, amk::abi::kNone);
  EXPECT_EQ(attend.operands[0], 0u); // within the worker's part
  EXPECT_EQ(attend.operands[1], 1u);
  EXPECT_EQ(attend.operands[3], 1u);

  const amk::abi::DeviceInstruction &mix = device.instructions[4];
  EXPECT_EQ(mix.flags, amk::abi::kWeightRun);
  EXPECT_EQ(mix.stageCount, 2u);
  EXPECT_EQ(mix.stageBytes, 512u);
  EXPECT_EQ(mix.stageTiles, 4u);
  EXPECT_EQ(mix.lastTiles, 1u);
  EXPECT_EQ(mix.tagIn[0], 1u);
  EXPECT_EQ(mix.tagOut, 2u);
  EXPECT_EQ(mix.operands[1], 1u); // byte 16 of the arena
}

TEST(DeviceTables, AShorterContextTakesLess) {
  GpuTestBundle bundle;
  EXPECT_EQ(encode(bundle, 32).kvRunBytes, 512u);
  EXPECT_EQ(encode(bundle, 33).kvRunBytes, 1024u);
  DeviceTables device = encode(bundle, 16);
  EXPECT_EQ(device.kvBytes(0), 512u);
  checkDeviceTables(device, bundle.parsed(), bundle.tables, "t.bin");
}

namespace {

/// A counter of Release protocol that worker 1's mix signals.
uint32_t addCounter(GpuTestBundle &b) {
  b.tables.counters.push_back({1, 0, 0, 0, 0});
  return b.tables.counters.size() - 1;
}

struct Damage {
  const char *message;
  std::function<void(GpuTestBundle &)> apply;
};

using B = GpuTestBundle;

/// Replaces the waits (or signals) of an instruction by others at the end.
void setWaits(GpuTestBundle &b, amk::abi::Instruction &in,
              std::vector<amk::abi::Wait> waits) {
  in.waitBegin = b.tables.waits.size();
  in.waitCount = waits.size();
  b.tables.waits.insert(b.tables.waits.end(), waits.begin(), waits.end());
}

void setSignals(GpuTestBundle &b, amk::abi::Instruction &in,
                std::vector<amk::abi::Signal> signals) {
  in.signalBegin = b.tables.signals.size();
  in.signalCount = signals.size();
  b.tables.signals.insert(b.tables.signals.end(), signals.begin(),
                          signals.end());
}

const Damage kRefused[] = {
    {"instructions[0] (attend[0]): body: found 3",
     [](B &b) { b.instruction(0, B::kAttend).body = 3; }},
    {"operandCount: found 3",
     [](B &b) { b.instruction(0, B::kMix).operandCount = 3; }},
    {"operands[1]: found 24, expected a multiple of 16",
     [](B &b) { b.instruction(0, B::kMix).operands[1] = 24; }},
    {"operands[1]: found 4096, expected less than 32",
     [](B &b) { b.instruction(0, B::kMix).operands[1] = 4096; }},
    {"operands[2]: found 1, expected less than 1",
     [](B &b) { b.instruction(0, B::kAttend).operands[2] = 1; }},
    {"operands[3]: found 4294967296",
     [](B &b) { b.instruction(1, B::kMix).operands[3] = 1ull << 32; }},
    {"operands[1]: found 2, expected less than 2",
     [](B &b) { b.instruction(1, B::kAttend).operands[1] = 2; }},
    {"kv operand: found 512",
     [](B &b) { b.instruction(0, B::kAttend).operands[0] = 512; }},
    {"kv operand: found 0, expected the begin of a buffer",
     [](B &b) { b.instruction(1, B::kAttend).operands[0] = 0; }},
    {"bytes of its KV buffer: found 512",
     [](B &b) { b.tables.buffers[5].bytes = 512; }},
    {"stageBytes: found 1024",
     [](B &b) { b.instruction(0, B::kMix).stageBytes = 1024; }},
    {"stageCount: found 3, expected what the tiles of its segment make",
     [](B &b) { b.instruction(0, B::kMix).stageCount = 3; }},
    {"bytes of its segment: found 512, expected whole tiles",
     [](B &b) { b.tables.segments[0].bytes = 512; }},
    {"stageBlocks of its segment: found 16",
     [](B &b) { b.tables.segments[0].stageBlocks = 16; }},
    {"layout of its segment: found 0",
     [](B &b) { b.tables.segments[0].layout = 0; }},
    {"weight runs of its worker: found 1",
     [](B &b) { b.tables.segments.erase(b.tables.segments.begin()); }},
    {"segments of its worker: found 2",
     [](B &b) {
       b.tables.segments.push_back(b.tables.segments[0]);
       b.tables.segments.back().streamOffset = 1024;
     }},
    {"loader actions of its worker: found 1, expected 0",
     [](B &b) { b.instruction(1, B::kAttend).stageBytes = 0; }},
    {"threshold: found -1, expected 0",
     [](B &b) {
       b.tables.waits[b.instruction(0, B::kLoad).waitBegin].threshold = -1;
     }},
    {"threshold: found 2, expected the number of the worker's KV runs",
     [](B &b) {
       b.tables.waits[b.instruction(0, B::kAttend).waitBegin].threshold = 2;
     }},
    {"waits for the loader: found 0",
     [](B &b) { setWaits(b, b.instruction(0, B::kAttend), {}); }},
    {"signals to the loader: found 0",
     [](B &b) { setSignals(b, b.instruction(0, B::kAttend), {{0, 1}}); }},
    {"no counter of a loader",
     [](B &b) { setWaits(b, b.instruction(0, B::kMix), {{2, 1}}); }},
    {"waits for tags: found 3",
     [](B &b) {
       setWaits(b, b.instruction(0, B::kMix), {{0, 2}, {1, 2}, {0, 2}});
     }},
    {"threshold: found 1, expected the counter's perStep",
     [](B &b) { setWaits(b, b.instruction(0, B::kMix), {{0, 1}}); }},
    {"waits for counters: found 3",
     [](B &b) {
       uint32_t c = addCounter(b);
       setWaits(b, b.instruction(0, B::kMix), {{c, 1}, {c, 1}, {c, 1}});
     }},
    {"signals of counters: found 2",
     [](B &b) {
       uint32_t c = addCounter(b);
       setSignals(b, b.instruction(0, B::kMix), {{c, 1}, {c, 1}});
     }},
    {"tagBase: found 2, expected that of the other tags",
     [](B &b) { setSignals(b, b.instruction(0, B::kMix), {{0, 1}, {1, 1}}); }},
    {"protocol: found 2 (parity)",
     [](B &b) { b.tables.counters[addCounter(b)].protocol = 2; }},
    {"tagBase: found 4, expected 1 to 3",
     [](B &b) { b.tables.counters[0].tagBase = 4; }},
    {"tagBits: found 16", [](B &b) { b.tables.tags.bits = 16; }},
    {"expected that of worker 0's last task",
     [](B &b) {
       amk::abi::Instruction &last = b.instruction(1, B::kNext);
       last.body = B::kMix;
       last.operandCount = 4;
     }},
};

} // namespace

TEST(DeviceTables, RefusesWhatDoesNotFit) {
  for (const Damage &damage : kRefused) {
    GpuTestBundle bundle;
    damage.apply(bundle);
    EXPECT_THAT(messageOf([&] { encode(bundle); }), HasSubstr(damage.message));
  }
}

TEST(DeviceTables, KeepsCountersAndPolledResiduals) {
  GpuTestBundle b;
  uint32_t c = addCounter(b);
  b.tables.counters[c].perStep = 3;
  setWaits(b, b.instruction(0, B::kNext), {{c, 2}, {1, 2}, {0, 2}});
  setSignals(b, b.instruction(0, B::kMix), {{c, 3}, {1, 1}});
  DeviceTables device = encode(b);
  checkDeviceTables(device, b.parsed(), b.tables, "t.bin");
  const amk::abi::DeviceInstruction &next = device.instructions[B::kNext];
  EXPECT_EQ(next.flags, amk::abi::kCounterWaits | amk::abi::kResidualPolled);
  EXPECT_EQ(next.waits[0].counter, c);
  EXPECT_EQ(next.waits[0].threshold, 2);
  EXPECT_EQ(next.waits[0].perStep, 3u);
  EXPECT_EQ(next.waits[1].counter, amk::abi::kNone);
  EXPECT_EQ(next.tagIn[0], 2u);
  EXPECT_EQ(next.tagIn[1], 1u); // mix has waited for it
  EXPECT_EQ(device.instructions[B::kMix].signalCounter, c);
  EXPECT_EQ(device.instructions[B::kMix].signalAmount, 3u);
}

TEST(DeviceTables, KeepsAPolledResidualBehindAnInputByCounter) {
  GpuTestBundle b;
  uint32_t c = addCounter(b);
  setWaits(b, b.instruction(0, B::kNext), {{c, 2}, {0, 2}});
  DeviceTables device = encode(b);
  checkDeviceTables(device, b.parsed(), b.tables, "t.bin");
  const amk::abi::DeviceInstruction &next = device.instructions[B::kNext];
  EXPECT_EQ(next.flags, amk::abi::kCounterWaits | amk::abi::kResidualPolled);
  EXPECT_EQ(next.tagIn[0], 1u); // mix has waited for it
  EXPECT_EQ(next.tagIn[1], 0u);
}

TEST(DeviceTables, AStreamOperandIsWhereTheRunBegins) {
  GpuTestBundle b;
  b.manifest["target"]["bodies"][1]["operands"][3] = "stream";
  EXPECT_THAT(messageOf([&] { encode(b); }),
              HasSubstr("stream operand: found 1, expected streamOffset"));
  b.tables.segments[1].streamOffset = 512;
  b.instruction(1, B::kMix).operands[3] = 512;
  DeviceTables device = encode(b);
  checkDeviceTables(device, b.parsed(), b.tables, "t.bin");
  EXPECT_EQ(device.instructions[4].operands[3], 32u);
  EXPECT_EQ(device.instructions[4].runOffset, 1u);
  device.instructions[4].operands[3] = 0;
  EXPECT_THAT(messageOf([&] {
                checkDeviceTables(device, b.parsed(), b.tables, "t.bin");
              }),
              HasSubstr("stream operand, begin of the run: found 0"));
  b.manifest["target"]["bodies"][0]["operands"][3] = "stream";
  EXPECT_THAT(messageOf([&] { encode(b); }),
              HasSubstr("stream operand: found 0, expected none without"));
}

/// Any change of any 32-bit word of an instruction is found.
TEST(DeviceTables, TheCheckFindsEveryChange) {
  GpuTestBundle bundle;
  Manifest manifest = bundle.parsed();
  const DeviceTables device = encode(bundle);
  constexpr size_t kWords = sizeof(amk::abi::DeviceInstruction) / 4;
  for (size_t i = 0; i < device.instructions.size(); ++i)
    for (size_t word = 0; word < kWords; ++word)
      for (uint32_t change : {1u, 0x10000u, 0x80000000u}) {
        const amk::abi::DeviceInstruction &was = device.instructions[i];
        // What an unused wait's other fields hold has no meaning.
        size_t firstWait = offsetof(amk::abi::DeviceInstruction, waits) / 4;
        if (word >= firstWait && word < firstWait + 6 &&
            (word - firstWait) % 3 != 0 &&
            was.waits[(word - firstWait) / 3].counter == amk::abi::kNone)
          continue;
        DeviceTables changed = device;
        reinterpret_cast<uint32_t *>(&changed.instructions[i])[word] ^= change;
        EXPECT_NE(messageOf([&] {
                    checkDeviceTables(changed, manifest, bundle.tables,
                                      "t.bin");
                  }),
                  "no error")
            << "instruction " << i << ", word " << word << ", " << change;
      }
  DeviceTables changed = device;
  changed.workers[1].kvRuns = 0;
  EXPECT_THAT(messageOf([&] {
                checkDeviceTables(changed, manifest, bundle.tables, "t.bin");
              }),
              HasSubstr("KV runs of the worker: found 0, expected 1"));
}

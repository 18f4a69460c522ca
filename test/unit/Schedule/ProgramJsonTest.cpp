//===- ProgramJsonTest.cpp - Programs as JSON -----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/ProgramJson.h"
#include "amk/Support/Error.h"

#include <gtest/gtest.h>

namespace amk::schedule {
namespace {

/// Every member differs from its default.
Program sample() {
  Program p;
  p.spaces = {{"arena", 1024, 0, Space::kGlobal},
              {"ring \"1\"", 1ull << 63, 4096, 3}};
  p.buffers = {{"x", BufferKind::Carried, 1, 16, 256},
               {"y", BufferKind::Output, 0, 0, UINT64_MAX}};
  p.counters = {{"c", Protocol::Tag, 0, UINT64_MAX},
                {"d", Protocol::Parity, 4, 0}};
  p.tags = {3, 64};
  p.limits = {132, 232448};
  Action action;
  action.name = "a";
  action.waits = {{0, -5}, {1, INT64_MAX}};
  action.signals = {{1, UINT64_MAX}};
  for (uint8_t mode = 0; mode != 5; ++mode)
    action.accesses.push_back({static_cast<AccessMode>(mode),
                               {1, 2, 3, 4, 5},
                               mode == 3 ? 0 : Access::kNoCounter});
  p.agents = {{"worker 0", 0, {action}}, {"worker 0 loader", 7, {}}};
  return p;
}

const char *const kLine =
    R"({"spaces":[{"name":"s","bytes":8,"ringBytes":0,"worker":-1}],)"
    R"("buffers":[{"name":"b","kind":"scratch","space":0,"offset":0,)"
    R"("bytes":4}],"counters":[{"name":"c","protocol":"release",)"
    R"("barriers":0,"tagBase":0}],"tags":{"stride":1,"bits":32},)"
    R"("limits":{"workers":0,"sharedBytes":0},"agents":[{"name":"w",)"
    R"("worker":0,"actions":[{"name":"a","waits":[[0,-1]],)"
    R"("signals":[[0,1]],"accesses":[{"mode":"readPrevious","buffer":0,)"
    R"("offset":0,"rows":1,"rowBytes":4,"rowStride":0,"counter":-1}]}]}]})";

std::string errorOf(const std::string &text) {
  try {
    programFromJson(text, "p.json");
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

TEST(ProgramJson, FormOfTheSpecReadsAndWrites) {
  Program p = programFromJson(kLine, "p.json");
  EXPECT_EQ(p.spaces[0].worker, Space::kGlobal);
  const Action &action = p.agents[0].actions[0];
  EXPECT_EQ(action.waits[0].threshold, -1);
  EXPECT_EQ(action.signals[0].amount, 1u);
  EXPECT_EQ(action.accesses[0].mode, AccessMode::ReadPrevious);
  EXPECT_EQ(action.accesses[0].counter, Access::kNoCounter);
  EXPECT_EQ(programToJson(p), kLine);
}

TEST(ProgramJson, ExtremesComeBack) {
  std::string line = programToJson(sample());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  Program p = programFromJson(line, "p.json");
  EXPECT_EQ(programToJson(p), line);
  EXPECT_EQ(p.spaces[1].bytes, 1ull << 63);
  EXPECT_EQ(p.spaces[1].worker, 3u);
  EXPECT_EQ(p.buffers[1].kind, BufferKind::Output);
  EXPECT_EQ(p.counters[0].tagBase, UINT64_MAX);
  EXPECT_EQ(p.counters[1].protocol, Protocol::Parity);
  EXPECT_EQ(p.counters[1].barriers, 4u);
  EXPECT_EQ(p.tags.bits, 64u);
  EXPECT_EQ(p.limits.sharedBytes, 232448u);
  const Action &action = p.agents[0].actions[0];
  EXPECT_EQ(action.waits[1].threshold, INT64_MAX);
  EXPECT_EQ(action.signals[0].amount, UINT64_MAX);
  EXPECT_EQ(action.accesses[3].counter, 0u);
  EXPECT_EQ(action.accesses[4].mode, AccessMode::Reduce);
  EXPECT_EQ(action.accesses[4].region.rowStride, 5u);
  EXPECT_EQ(p.agents[1].worker, 7u);
}

TEST(ProgramJson, NamesThatAreNotTextAreReplaced) {
  Program p = sample();
  p.agents[0].name = "\xff";
  EXPECT_EQ(programFromJson(programToJson(p), "p.json").agents[0].name,
            "\xef\xbf\xbd");
}

struct BadCase {
  const char *name;
  const char *from;
  const char *to;
  const char *error;
};

const BadCase kBadCases[] = {
    {"Missing", R"("ringBytes":0,)", "", "spaces[0].ringBytes: found nothing"},
    {"Extra", R"("ringBytes":0,)", R"("ringBytes":0,"colour":1,)",
     "spaces[0]: found"},
    {"ExtraRoot", R"({"spaces":)", R"({"x":1,"spaces":)", "p.json: found"},
    {"ExtraOnAccess", R"("mode":)", R"("x":1,"mode":)",
     "agents[0].actions[0].accesses[0]: found"},
    {"Duplicate", R"("bits":32)", R"("bits":32,"bits":32)", "bits"},
    {"Negative", R"("bytes":8)", R"("bytes":-8)",
     "spaces[0].bytes: found -8, expected an integer from 0 to 2^64 - 1"},
    {"Fraction", R"("bytes":8)", R"("bytes":8.0)",
     "spaces[0].bytes: found 8.0"},
    {"TooLarge", R"("bytes":8)", R"("bytes":18446744073709551616)",
     "spaces[0].bytes: found"},
    {"SpaceWorker", R"("worker":-1)", R"("worker":-2)",
     "spaces[0].worker: found -2, expected an integer from -1 to 4294967294"},
    {"NoneAsNumber", R"("worker":-1)", R"("worker":4294967295)",
     "spaces[0].worker: found 4294967295"},
    {"AgentWorker", R"("worker":0,)", R"("worker":-1,)",
     "agents[0].worker: found -1"},
    {"Kind", R"("scratch")", R"("Scratch")",
     "buffers[0].kind: found \"Scratch\", expected one of scratch, carried, "
     "output"},
    {"Protocol", R"("release")", R"("mutex")",
     "counters[0].protocol: found \"mutex\", expected one of release, tag, "
     "parity"},
    {"Mode", R"("readPrevious")", R"(1)",
     "agents[0].actions[0].accesses[0].mode: found 1, expected a string"},
    {"WaitLength", R"([[0,-1]])", R"([[0,-1,1]])",
     "waits[0]: found [0,-1,1], expected an array of two numbers"},
    {"WaitObject", R"([[0,-1]])", R"([{"a":0,"b":1}])",
     "waits[0]: found {\"a\":0,\"b\":1}, expected an array"},
    {"SignalAmount", R"([[0,1]])", R"([[0,-1]])", "signals[0][1]: found -1"},
    {"Buffers", R"("buffers":[)", R"("buffers":3,"x":[)", "found"},
    {"Tags", R"({"stride":1,"bits":32})", R"([1,32])", "tags: found [1,32]"},
    {"Truncated", R"("counter":-1}]}]}]})", "", "p.json: "},
};

class BadProgramJson : public testing::TestWithParam<BadCase> {};

TEST_P(BadProgramJson, NamesFileMemberAndValue) {
  const BadCase &bad = GetParam();
  std::string text = kLine;
  size_t at = text.find(bad.from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(bad.from).size(), bad.to);
  std::string error = errorOf(text);
  EXPECT_EQ(error.rfind("p.json: ", 0), 0u) << error;
  EXPECT_NE(error.find(bad.error), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(, BadProgramJson, testing::ValuesIn(kBadCases),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace amk::schedule

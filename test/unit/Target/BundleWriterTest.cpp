//===- BundleWriterTest.cpp - Tests of the bundle writer ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/BundleWriter.h"
#include "../Support/ExpectError.h"
#include "../Support/TemporaryDirectory.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"
#include "amk/Support/Version.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

using namespace amk;
using test::errorOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

BundlePlan makePlan() {
  BundlePlan plan;
  runtime::Manifest &m = plan.manifest;
  m.model = {"llama", 8, 4, 1, 16, {2, 5}, 1};
  m.workers = 1;
  m.memory = {64, 128, 1024, 32, 128 + 4 * 8};
  m.tensors = {{"embed", DType::BF16, {8, 4}}, {"norm", DType::F16, {4}}};
  runtime::ConstantInfo norm;
  norm.tensor = 1;
  norm.count = 4;
  runtime::ConstantInfo rotary;
  rotary.kind = runtime::ConstantInfo::Kind::Rotary;
  rotary.offset = 64;
  rotary.positions = 16;
  rotary.invFreq = {1.0f, 0.316227764f};
  m.constants = {norm, rotary};
  m.externals = {0};
  plan.tables.workers = 1;
  // One task that writes all logits: the least that the verifier accepts.
  ::amk::abi::Instruction task{};
  task.name = 1;
  task.accessCount = 1;
  plan.tables.spaces = {{7, 0, 64, 0, ::amk::abi::kNone, 0},
                        {7, 1, 128, 0, ::amk::abi::kNone, 0},
                        {7, 5, 128 + 4 * 8, 0, ::amk::abi::kNone, 0}};
  plan.tables.buffers = {
      {7, static_cast<uint32_t>(::amk::abi::BufferKind::Output), 2, 0,
       ::amk::abi::IOLayout::kLogits, 4 * 8}};
  plan.tables.queues = {{0, 1, 0, 0}};
  plan.tables.instructions = {task};
  plan.tables.accesses = {
      {0, static_cast<uint32_t>(::amk::abi::AccessMode::Write),
       ::amk::abi::kNone, 0, 0, 1, 4 * 8, 4 * 8}};
  plan.tables.strings = std::string("\0task\0memory\0", 13);
  return plan;
}

CodeFile makeCode() {
  CodeFile code;
  code.info = {"x86-64-v3", "cpu-x86-64-v3.so", {"avx2"}, "none", ""};
  code.bytes = "not really code";
  return code;
}

runtime::Manifest readBack(const std::string &directory) {
  std::string file = directory + "/manifest.json";
  return runtime::parseManifest(readFile(file), file);
}

TEST(BundleWriter, WhatIsWrittenReadsBack) {
  test::TemporaryDirectory directory;
  std::string bundle = directory.path("bundle");
  writeBundle(makePlan(), {makeCode()}, bundle);
  runtime::Manifest m = readBack(bundle);
  EXPECT_EQ(m.amkVersion, version());
  EXPECT_EQ(m.model.eosTokenIds, (std::vector<int32_t>{2, 5}));
  EXPECT_EQ(m.model.bosTokenId, 1);
  EXPECT_EQ(m.constants[0].tensor, 1u);
  EXPECT_EQ(m.constants[1].invFreq[1], 0.316227764f); // every bit
  EXPECT_EQ(m.externals, std::vector<uint32_t>{0});
  EXPECT_EQ(m.tensors[0].dtype, DType::BF16);
  EXPECT_EQ(m.code[0].hash, hex64(fnv1a("not really code")));
  std::string tables = readFile(bundle + "/" + m.tablesFile);
  EXPECT_EQ(m.tablesHash, hex64(fnv1a(tables)));
  EXPECT_EQ(readFile(bundle + "/cpu-x86-64-v3.so"), "not really code");
}

TEST(BundleWriter, ReplacesABundleAndLeavesNothingBeside) {
  test::TemporaryDirectory directory;
  std::string bundle = directory.path("bundle");
  writeBundle(makePlan(), {makeCode()}, bundle);
  BundlePlan plan = makePlan();
  plan.manifest.model.maxContext = 8;
  writeBundle(plan, {makeCode()}, bundle + "/");
  EXPECT_EQ(readBack(bundle).model.maxContext, 8u);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()),
                          fs::directory_iterator()),
            1);
}

/// A directory as a writer that was killed `age` ago leaves it.
std::string leave(const std::string &directory, std::chrono::seconds age) {
  fs::create_directory(directory);
  std::string file = directory + "/.amk-writer";
  std::ofstream(file) << "";
  std::ofstream(directory + "/tables.bin") << "half";
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
  return file;
}

TEST(BundleWriter, RemovesWhatKilledWritersLeft) {
  using std::chrono::hours;
  test::TemporaryDirectory directory;
  std::string bundle = directory.path("bundle");
  leave(bundle + ".tmp-dead01", hours(1));
  leave(bundle + ".tmp-young1", hours(0));
  std::string file = leave(bundle + ".tmp-alive1", hours(1));
  leave(bundle + ".tmp-other01", hours(1)); // not a name of ours
  leave(directory.path("other.tmp-dead01"), hours(1));
  fs::create_directory(bundle + ".tmp-backup"); // no writer's
  fs::create_directory_symlink(directory.path("other.tmp-dead01"),
                               bundle + ".tmp-linked");
  int alive = ::open(file.c_str(), O_RDWR);
  ASSERT_EQ(::flock(alive, LOCK_EX | LOCK_NB), 0);
  writeBundle(makePlan(), {makeCode()}, bundle);
  EXPECT_FALSE(fs::exists(bundle + ".tmp-dead01"));
  for (const char *kept : {"young1", "alive1", "other01", "backup", "linked"})
    EXPECT_TRUE(fs::exists(bundle + ".tmp-" + kept)) << kept;
  EXPECT_TRUE(fs::exists(directory.path("other.tmp-dead01/tables.bin")));
  EXPECT_FALSE(fs::exists(bundle + "/.amk-writer"));
  ::close(alive);
  writeBundle(makePlan(), {makeCode()}, bundle);
  EXPECT_FALSE(fs::exists(bundle + ".tmp-alive1"));
}

TEST(BundleWriter, RefusesToReplaceAnythingElse) {
  test::TemporaryDirectory directory;
  std::string file = directory.write("notes.txt", "mine");
  EXPECT_THAT(errorOf([&] { writeBundle(makePlan(), {makeCode()}, file); }),
              HasSubstr("notes.txt: found a file, expected a new path"));
  EXPECT_THAT(
      errorOf([&] { writeBundle(makePlan(), {makeCode()}, directory.path()); }),
      HasSubstr("found a directory that is no bundle"));
  EXPECT_EQ(readFile(file), "mine");
}

TEST(BundleWriter, WritesNothingThatTheRuntimeRefuses) {
  test::TemporaryDirectory directory;
  BundlePlan plan = makePlan();
  plan.manifest.memory.constantBytes = 100; // less than the rotary table
  EXPECT_THAT(errorOf([&] {
                writeBundle(plan, {makeCode()}, directory.path("bundle"));
              }),
              HasSubstr("constants[1].offset"));
  EXPECT_FALSE(fs::exists(directory.path("bundle")));
}

TEST(BundleWriter, WritesNoScheduleThatIsNotSafe) {
  test::TemporaryDirectory directory;
  BundlePlan plan = makePlan();
  plan.tables.accesses[0].rowBytes = 4; // one logit of eight
  EXPECT_THAT(errorOf([&] {
                writeBundle(plan, {makeCode()}, directory.path("bundle"));
              }),
              HasSubstr("AMK-C2"));
  EXPECT_FALSE(fs::exists(directory.path("bundle")));
}

} // namespace

TEST(BundleWriter, KeepsWhatIsParticularToGpus) {
  BundlePlan plan = makePlan();
  runtime::Manifest &m = plan.manifest;
  using Kind = runtime::OperandKind;
  m.gpu = runtime::GpuTargetInfo{
      16384,
      3,
      16,
      {{"none", {}}, // of the plan's task
       {"all",
        {Kind::Integer, Kind::Arena, Kind::Constant, Kind::KVCache,
         Kind::External, Kind::IO, Kind::Split, Kind::Stream}}}};
  CodeFile code;
  code.info.arch = "sm_90a";
  code.info.file = "sm_90a.cubin";
  code.info.gpu = runtime::GpuCodeInfo{
      runtime::GpuCodeInfo::Format::Cubin, 228864, 96, 8, 12, 3, true};
  test::TemporaryDirectory dir;
  std::string bundle = dir.path("bundle");
  writeBundle(plan, {code}, bundle);
  runtime::Manifest read = readBack(bundle);
  ASSERT_TRUE(read.gpu);
  EXPECT_EQ(read.gpu->stageBytes, 16384u);
  EXPECT_EQ(read.gpu->kvSplits, 3u);
  EXPECT_EQ(read.gpu->kvBlock, 16u);
  ASSERT_EQ(read.gpu->bodies.size(), 2u);
  EXPECT_EQ(read.gpu->bodies[0].name, "none");
  EXPECT_EQ(read.gpu->bodies[1].operands, m.gpu->bodies[1].operands);
  const runtime::CodeInfo &info = read.code.at(0);
  EXPECT_EQ(info.gpu->format, runtime::GpuCodeInfo::Format::Cubin);
  EXPECT_EQ(info.gpu->sharedBytes, 228864u);
  EXPECT_EQ(info.gpu->registers, 96u);
  EXPECT_EQ(info.gpu->spillBytes, 8u);
  EXPECT_EQ(info.gpu->stages, 12u);
  EXPECT_EQ(info.gpu->inFlight, 3u);
  EXPECT_TRUE(info.gpu->trace);

  // The task passes nothing to its body, and this one wants eight operands.
  std::swap(m.gpu->bodies[0], m.gpu->bodies[1]);
  EXPECT_THAT(errorOf([&] { writeBundle(plan, {code}, bundle); }),
              HasSubstr("operandCount: found 0, expected as many as"));
}

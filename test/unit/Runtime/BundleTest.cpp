//===- BundleTest.cpp - Opening bundles and code objects ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Bundle.h"
#include "TestBundle.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using testing::AllOf;
using testing::HasSubstr;

template <typename Action>
static std::string errorOf(const Action &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

static std::string openError(TestModel &model) {
  model.write();
  return errorOf([&] { Bundle::open(model.bundlePath()); });
}

static std::string loadError(TestModel &model) {
  model.write();
  return errorOf([&] { CodeObject::load(Bundle::open(model.bundlePath())); });
}

TEST(Bundle, OpensAndLoads) {
  TestModel model;
  model.write();
  Bundle bundle = Bundle::open(model.bundlePath());
  EXPECT_EQ(bundle.streamBytes, (std::vector<uint64_t>{1024, 1024}));
  std::shared_ptr<CodeObject> code = CodeObject::load(bundle);
  EXPECT_NE(code->entry(), nullptr);
  EXPECT_EQ(code->arch(), "test");
}

TEST(Bundle, RefusesWhatIsNotThere) {
  TestModel model;
  EXPECT_THAT(errorOf([&] { Bundle::open(model.dir.file("none")); }),
              HasSubstr("none: not a directory"));
  std::filesystem::create_directories(model.bundlePath());
  EXPECT_THAT(errorOf([&] { Bundle::open(model.bundlePath()); }),
              HasSubstr("manifest.json"));
  model.write();
  std::filesystem::remove(model.bundlePath() + "/tables.bin");
  EXPECT_THAT(errorOf([&] { Bundle::open(model.bundlePath()); }),
              HasSubstr("tables.bin"));
  model.write();
  std::filesystem::remove(model.bundlePath() + "/cpu-test.so");
  Bundle bundle = Bundle::open(model.bundlePath());
  EXPECT_THAT(errorOf([&] { CodeObject::load(bundle); }),
              HasSubstr("cpu-test.so"));
}

TEST(Bundle, RefusesDamagedFiles) {
  for (const char *file : {"/tables.bin", "/cpu-test.so"}) {
    TestModel model;
    model.write();
    std::string bytes = readFile(model.bundlePath() + file);
    bytes[bytes.size() / 2] ^= 1;
    writeFile(model.bundlePath() + file, bytes);
    std::string message = errorOf(
        [&] { CodeObject::load(Bundle::open(model.bundlePath())); });
    EXPECT_THAT(message, AllOf(HasSubstr(file), HasSubstr("hash: found"),
                               HasSubstr("damaged file")));
  }
}

TEST(Bundle, RefusesTablesThatContradictTheManifest) {
  {
    TestModel model;
    model.manifest["target"]["workers"] = 3;
    EXPECT_THAT(openError(model),
                HasSubstr("workers: found 2, expected 3 as in the manifest"));
  }
  auto error = [](auto change) {
    TestModel model;
    change(model.tables);
    Manifest manifest = parseManifest(model.manifest.dump(), "m.json");
    return errorOf([&] { crossCheck(manifest, model.tables, "t.bin"); });
  };
  using T = schedule::Tables;
  EXPECT_THAT(error([](T &t) { t.segments[1].worker = 2; }),
              HasSubstr("t.bin: segments[1]: worker: found 2"));
  EXPECT_THAT(error([](T &t) { t.segments[0].tensors[0] = 3; }),
              HasSubstr("tensors[0]: found 3"));
  EXPECT_THAT(error([](T &t) { t.segments[0].layout = 1; }),
              HasSubstr("layout: found 1, expected 0 (RowInterleaved32): the "
                        "bundle is for the CPU"));
  EXPECT_THAT(error([](T &t) { t.segments[0].bytes += 64; }),
              HasSubstr("bytes: found 1088, expected 1024"));
  EXPECT_THAT(error([](T &t) { t.segments[0].streamOffset = 32; }),
              HasSubstr("streamOffset: found 32"));
  EXPECT_THAT(error([](T &t) { t.segments[0].streamOffset = 1ull << 62; }),
              HasSubstr("streamOffset"));
  EXPECT_THAT(error([](T &t) {
                t.segments[1].worker = 0;
                t.segments[1].streamOffset = 960;
              }),
              HasSubstr("no overlap with segments[0]"));
  EXPECT_THAT(error([](T &t) { t.waits[0].threshold = INT32_MAX; }),
              HasSubstr("t.bin: waits[0].threshold: found 2147483647"));
  EXPECT_THAT(error([](T &t) { t.counters[1].perStep = 1u << 25; }),
              HasSubstr("counters[1].perStep: found 33554432"));
  EXPECT_THAT(error([](T &t) { t.instructions[2].operandCount = 17; }),
              HasSubstr("instructions[2].operandCount: found 17"));
}

/// What the verifier is told of memory must be what the runtime allocates.
TEST(Bundle, RefusesOtherMemoryThanTheManifests) {
  auto error = [](auto change) {
    TestModel model;
    change(model.tables);
    return openError(model);
  };
  using T = schedule::Tables;
  EXPECT_THAT(error([](T &t) { t.spaces[0].bytes += 64; }),
              HasSubstr("spaces[0].bytes: found 256, expected 192 as in the "
                        "manifest"));
  EXPECT_THAT(error([](T &t) { t.spaces[1].bytes -= 4; }),
              HasSubstr("spaces[1].bytes: found 252, expected 256"));
  EXPECT_THAT(error([](T &t) {
                t.spaces.push_back(t.spaces[0]);
                t.spaces.back().space = uint32_t(amk::abi::Space::Shared);
              }),
              HasSubstr("spaces.count: found 4"));
  EXPECT_THAT(error([](T &t) {
                t.spaces[1].space = uint32_t(amk::abi::Space::Shared);
              }),
              HasSubstr("spaces[1].space: found 7"));
  EXPECT_THAT(error([](T &t) { t.buffers[0].kind = 1; }),
              HasSubstr("buffers[0].kind: found 1, expected 0 in the arena"));
  EXPECT_THAT(error([](T &t) { t.buffers[1].kind = 0; }),
              HasSubstr("buffers[1].kind: found 0, expected 1 in the KV"));
  EXPECT_THAT(error([](T &t) { t.buffers[2].kind = 2; }),
              HasSubstr("buffers[2]: kind: found 2, expected 1"));
  EXPECT_THAT(error([](T &t) { t.buffers[2].offset = 4; }),
              HasSubstr("buffers[2]: offset: found 4"));
  EXPECT_THAT(error([](T &t) { t.buffers[3].bytes = 65; }),
              HasSubstr("buffers[3]: bytes: found 65, expected at most 64"));
  EXPECT_THAT(error([](T &t) { t.buffers[4].bytes -= 4; }),
              HasSubstr("buffers[4]: bytes: found 60, expected 64"));
  EXPECT_THAT(error([](T &t) { t.buffers[4].offset = 64; }),
              HasSubstr("buffers[4]: kind: found 2, expected 1"));
}

TEST(Bundle, RefusesADroppedOutput) {
  TestModel model;
  // argmax writes the logits where nobody asks for them.
  model.tables.buffers[4].kind = 1;
  model.tables.buffers[4].offset = 0;
  EXPECT_THAT(openError(model), HasSubstr("found none at byte 128"));
}

TEST(Bundle, RefusesWhatOtherTargetsHave) {
  auto error = [](auto change) {
    TestModel model;
    change(model.tables);
    return openError(model);
  };
  using T = schedule::Tables;
  EXPECT_THAT(error([](T &t) {
                auto end = static_cast<uint32_t>(t.instructions.size());
                t.queues.push_back({end, 0, 1, 1});
              }),
              HasSubstr("queues[2].role: found 1, expected 0 (compute): this "
                        "runtime has no loaders"));
  EXPECT_THAT(error([](T &t) { t.counters[0].protocol = 1; }),
              HasSubstr("counters[0].protocol: found 1, expected 0 (release)"));
  EXPECT_THAT(error([](T &t) {
                t.counters[2].protocol = 2;
                t.counters[2].barriers = 2;
              }),
              HasSubstr("counters[2].protocol: found 2"));
}

TEST(Bundle, RefusesAnUnsafeSchedule) {
  ModelOptions options;
  options.missingWait = true;
  TestModel model(options);
  EXPECT_THAT(openError(model),
              AllOf(HasSubstr("the schedule is not safe to run"),
                    HasSubstr("AMK-R"), HasSubstr("mix[1]")));
  // The test hook, with which a sanitizer run may look for the race itself.
  setenv("AMK_TEST_SKIP_VERIFY", "1", 1);
  std::string message = openError(model);
  unsetenv("AMK_TEST_SKIP_VERIFY");
  EXPECT_EQ(message, "no error");
}

TEST(Bundle, RefusesADeadlock) {
  TestModel model;
  // Worker 1 waits for a second signal that nobody sends.
  for (amk::abi::Wait &wait : model.tables.waits)
    if (wait.counter == 0)
      wait.threshold = 2;
  EXPECT_THAT(openError(model), HasSubstr("AMK-D1"));
}

TEST(CodeObject, RefusesAnotherAbi) {
  ModelOptions options;
  options.oldAbi = true;
  TestModel model(options);
  EXPECT_THAT(loadError(model), HasSubstr("amk_abi_version: found " +
                                          std::to_string(
                                              amk::abi::kAbiVersion - 1) +
                                          ", expected"));
}

TEST(CodeObject, RefusesWhatIsNoSharedObject) {
  TestModel model;
  model.write();
  Bundle bundle = Bundle::open(model.bundlePath());
  bundle.manifest.code[0].file = "tables.bin";
  bundle.manifest.code[0].hash = bundle.manifest.tablesHash;
  EXPECT_THAT(errorOf([&] { CodeObject::load(bundle); }),
              HasSubstr("tables.bin: cannot load"));
}

static CodeInfo codeInfo(const std::string &file,
                         std::vector<std::string> features,
                         const std::string &sanitizer = buildSanitizer()) {
  return {file, file, std::move(features), sanitizer, std::string(16, '0'),
          std::nullopt};
}

TEST(CodeObject, PicksTheLastThatRuns) {
  Manifest manifest;
  manifest.code = {codeInfo("a.so", {}), codeInfo("b.so", {}),
                   codeInfo("c.so", {"warp-drive"})};
  EXPECT_EQ(selectCodeObject(manifest, "here"), 1u);
  manifest.code = {codeInfo("c.so", {"warp-drive", "time-travel"}),
                   codeInfo("d.so", {}, "hardware")};
  EXPECT_THAT(errorOf([&] { selectCodeObject(manifest, "here"); }),
              AllOf(HasSubstr("here: code"),
                    HasSubstr("c.so: CPU lacks warp-drive, time-travel"),
                    HasSubstr("d.so: sanitizer is hardware")));
}

TEST(CodeObject, FeaturesOfThisCpuAreConsistent) {
  EXPECT_FALSE(cpuHasFeature("warp-drive"));
  EXPECT_FALSE(cpuHasFeature(""));
  if (cpuHasFeature("avx512f"))
    EXPECT_TRUE(cpuHasFeature("avx2"));
  if (cpuHasFeature("avx2"))
    EXPECT_TRUE(cpuHasFeature("avx"));
#if defined(__x86_64__)
  // The build's own baseline.
  EXPECT_TRUE(cpuHasFeature("avx2") || !__builtin_cpu_supports("avx2"));
#endif
}

//===- BenchTest.cpp - Gates and times of amk-bench -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../gpu/BrokenSchedule.h"
#include "FakeCuda.h"
#include "GpuTestBundle.h"
#include "amk-bench/Gate.h"
#include "amk-bench/Measure.h"
#include "amk-bench/Options.h"
#include "amk/Runtime/Bandwidth.h"
#include "amk/Support/Error.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace amk;
using namespace amk::bench;
using namespace amk::runtime;
using namespace amk::test;
using ::testing::HasSubstr;

namespace {

class Bench : public ::testing::Test {
protected:
  void SetUp() override {
    fakeCuda() = FakeCuda();
    fakeCuda().multiprocessors = 4;
    fakeCuda().sharedBytesPerBlock = 232448;
    fakeCuda().kernel = [this](const void *parameter) {
      kernel.run(parameter);
    };
    bundle.write();
  }

  std::unique_ptr<Session> load() {
    Bundle opened = Bundle::open(bundle.bundlePath());
    Weights weights =
        Weights::fromDirectory(opened.manifest, bundle.weightsPath());
    return std::make_unique<Session>(std::move(opened), std::move(weights));
  }

  GpuTestBundle bundle;
  GpuTestKernel kernel;
};

template <typename Fn>
std::string messageOf(Fn fn) {
  try {
    fn();
  } catch (const std::exception &error) {
    return error.what();
  }
  return "no error";
}

Options parse(std::vector<const char *> words) {
  words.insert(words.begin(), "amk-bench");
  return parseOptions(words.size(), const_cast<char **>(words.data()));
}

} // namespace

//===----------------------------------------------------------------------===//
// What sessions offer for measuring
//===----------------------------------------------------------------------===//

TEST_F(Bench, RewindingRepeatsSteps) {
  auto session = load();
  std::vector<int32_t> all = bundle.reference(3, 8);
  session->generate({3}, 8);
  GenerateOptions more;
  more.continueSession = true;
  session->rewind(4);
  EXPECT_EQ(session->position(), 4u);
  EXPECT_EQ(session->generate({}, 4, more).tokens,
            std::vector<int32_t>(all.begin() + 4, all.end()));
  EXPECT_EQ(kernel.lastArgs.startPosition, 4u);
  EXPECT_THAT(messageOf([&] { session->rewind(9); }),
              HasSubstr("rewind: found position 9, expected"));
}

TEST_F(Bench, PretendedTextsFillTheCache) {
  auto session = load();
  session->pretend(40);
  EXPECT_EQ(session->position(), 40u);
  GenerateOptions more;
  more.continueSession = true;
  more.timeDevice = true;
  std::vector<LaunchTimes> launches;
  more.onLaunch = [&](const LaunchTimes &times) { launches.push_back(times); };
  more.stepsPerLaunch = 4;
  EXPECT_EQ(session->generate({}, 6, more).tokens.size(), 6u);
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[0].startPosition, 40u);
  EXPECT_EQ(launches[0].steps, 4u);
  EXPECT_EQ(launches[1].steps, 2u);
  EXPECT_GT(launches[0].seconds, 0);
  EXPECT_EQ(launches[0].deviceSeconds, 1e-3); // the fake's clock
  const auto *queue =
      reinterpret_cast<const amk::abi::DeviceQueue *>(kernel.lastArgs.queues);
  const auto *cache = reinterpret_cast<const uint16_t *>(queue->kvCache);
  for (int i = 0; i < 512; ++i)
    EXPECT_EQ(cache[i] & 0x7e00, 0x3e00);
  EXPECT_THAT(messageOf([&] { session->pretend(64); }),
              HasSubstr("expected less than the context of 64"));
}

TEST_F(Bench, CountsBytesOfTheCache) {
  auto session = load();
  // One layer and head in two splits: blocks of 512 bytes hold 16 positions.
  EXPECT_EQ(session->kvBytesOfStep(15), 512u);
  EXPECT_EQ(session->kvBytesOfStep(63), 2048u);
}

TEST_F(Bench, ReadsTheWholeBufferAgainAndAgain) {
  Bandwidth bandwidth = measureDeviceReadBandwidth(0, 4);
  EXPECT_EQ(bandwidth.bufferBytes, 1u << 19); // half of what is free
  // In a millisecond of the fake's clock.
  EXPECT_NEAR(bandwidth.bytesPerSecond, (1 << 19) * 1e3, 1);
  EXPECT_EQ(bandwidth.bytesPerSecond, bandwidth.bestBytesPerSecond);
  EXPECT_EQ(fakeCuda().bytesRead % bandwidth.bufferBytes, 0u);
  EXPECT_GE(fakeCuda().bytesRead, 4 * bandwidth.bufferBytes);
  EXPECT_EQ(fakeCuda().zerosRead, 0u);
  EXPECT_EQ(fakeCuda().allocations, 0);
  EXPECT_EQ(fakeCuda().events, 0);
  EXPECT_THAT(messageOf([&] { measureDeviceReadBandwidth(1, 4); }),
              HasSubstr("cuda:1: found 1 CUDA device(s)"));
}

//===----------------------------------------------------------------------===//
// Gates
//===----------------------------------------------------------------------===//

TEST(BenchGate, DifferencesOfLogits) {
  // softmax = 1/4, 1/4, 1/2 and 1/2, 1/4, 1/4.
  std::vector<float> a = {0, 0, std::log(2.0f)}, b = {std::log(2.0f), 0, 0};
  Difference difference;
  difference.add(a.data(), b.data(), 3);
  EXPECT_NEAR(difference.meanKL, 0.25 * std::log(2), 1e-7);
  EXPECT_NEAR(difference.maxError, std::log(2), 1e-7);
  EXPECT_NEAR(difference.maxRelativeError, std::sqrt(2), 1e-7);
  EXPECT_EQ(difference.sameChoice, 0u);
  difference.add(b.data(), b.data(), 3);
  EXPECT_NEAR(difference.meanKL, 0.125 * std::log(2), 1e-7);
  EXPECT_NEAR(difference.maxKL, 0.25 * std::log(2), 1e-7);
  EXPECT_EQ(difference.sameChoice, 1u);
  EXPECT_EQ(difference.positions, 2u);
  a[1] = NAN;
  difference.add(a.data(), b.data(), 3);
  difference.add(b.data(), b.data(), 3);
  EXPECT_TRUE(std::isnan(difference.maxError));
  EXPECT_TRUE(std::isnan(difference.maxRelativeError));
}

TEST_F(Bench, GoldenIds) {
  auto session = load();
  Text text;
  text.prompt = {3};
  text.ids = bundle.reference(3, 10);
  text.logits = generateText(*session, {3}, 10, 64).logits;
  GateResult result = compareWithGolden(*session, {text}, {1, 4});
  EXPECT_TRUE(result.passed) << result.failure;
  EXPECT_EQ(result.difference.positions, 10u);
  EXPECT_EQ(result.difference.maxError, 0);
  text.ids[7] ^= 1;
  result = compareWithGolden(*session, {text}, {4});
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.failure, HasSubstr("text 0, 4 steps a launch: token 7: "));
  EXPECT_EQ(result.sameIds, 0u);
  // Logits count where ids may part.
  result = compareWithGolden(*session, {text}, {4}, /*exactIds=*/false);
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.failure, HasSubstr("relative error"));
  text.logits.resize(7 * GpuTestBundle::kVocab);
  result = compareWithGolden(*session, {text}, {4}, /*exactIds=*/false);
  EXPECT_TRUE(result.passed) << result.failure;
  EXPECT_EQ(result.difference.positions, 7u);
}

TEST_F(Bench, RunsMustAgreeBitByBit) {
  auto session = load();
  GateResult result = compareRuns(*session, 4, 3, 5, {1, 4});
  EXPECT_TRUE(result.passed) << result.failure;
  EXPECT_THAT(result.what, HasSubstr("timing only"));
  // One bit of one row, in a later run.
  fakeCuda().kernel = [&](const void *parameter) {
    kernel.run(parameter);
    if (kernel.launches > 30)
      *reinterpret_cast<float *>(kernel.lastArgs.logits) = 1e-30f;
  };
  result = compareRuns(*session, 8, 3, 5, {4});
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.failure, HasSubstr("logits of other bits"));
  fakeCuda().kernel = [&](const void *parameter) {
    kernel.run(parameter);
    *reinterpret_cast<float *>(kernel.lastArgs.logits) = INFINITY;
  };
  EXPECT_THAT(compareRuns(*session, 1, 3, 5, {4}).failure,
              HasSubstr("not finite"));
}

TEST_F(Bench, ComparesSessions) {
  auto session = load();
  auto reference = load();
  GateResult result = compareSessions(*session, *reference, 4, 4);
  EXPECT_TRUE(result.passed) << result.failure;
  EXPECT_EQ(result.difference.positions, 7u);
  uint32_t before = kernel.launches;
  fakeCuda().kernel = [&](const void *parameter) {
    kernel.run(parameter);
    if (kernel.launches == before + 2)
      *reinterpret_cast<float *>(kernel.lastArgs.logits) += 0.1f;
  };
  result = compareSessions(*session, *reference, 4, 4);
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.failure, HasSubstr("relative error"));
}

TEST_F(Bench, ReadsGoldens) {
  TempDir dir;
  nlohmann::json golden = {{"vocab_size", 2},
                           {"prompt_ids", {1, 0}},
                           {"ids", {1, 1}},
                           {"logits", {{"file", "l"}, {"positions", 2}}}};
  std::vector<float> rows = {1, 2, 3, 4, 5, 6, 7, 8};
  test::writeFile(dir.file("l"), std::string(reinterpret_cast<char *>(&rows[0]),
                                             4 * sizeof(float)));
  test::writeFile(dir.file("golden.json"), golden.dump());
  std::vector<Text> texts = readGolden(dir.file("golden.json"));
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_EQ(texts[0].prompt, std::vector<int32_t>({1, 0}));
  EXPECT_EQ(texts[0].logits, std::vector<float>({1, 2, 3, 4}));

  nlohmann::json entry = {{"prompt_ids", {1}}, {"ids", {1, 1}}};
  golden["continuations"] = {entry, entry};
  golden["continuation_logits"] = {{"file", "l"}};
  test::writeFile(dir.file("l"), std::string(reinterpret_cast<char *>(&rows[0]),
                                             8 * sizeof(float)));
  test::writeFile(dir.file("golden.json"), golden.dump());
  texts = readGolden(dir.file("golden.json"));
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[1].logits, std::vector<float>({5, 6, 7, 8}));
}

TEST_F(Bench, BrokenSchedulesAreRefusedButCanBeLaunched) {
  Bundle opened = Bundle::read(bundle.bundlePath());
  EXPECT_EQ(breakSchedule(opened.tables), "mix[0]");
  EXPECT_THAT(messageOf([&] { verifyTables(opened.tables, "tables.bin"); }),
              HasSubstr("AMK-D1"));
  Weights weights = Weights::dummy(opened.manifest, 1);
  Session session(std::move(opened), std::move(weights));
  session.generate({3}, 2);
  const auto *queue =
      reinterpret_cast<const amk::abi::DeviceQueue *>(kernel.lastArgs.queues);
  const auto *mix = reinterpret_cast<const amk::abi::DeviceInstruction *>(
                        queue->instructions) +
                    1;
  EXPECT_EQ(mix->tagIn[0], 2u); // of its own output
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

TEST_F(Bench, MeasuresEveryLaunch) {
  auto session = load();
  kernel.stepMillis = 2;
  Timing timing = measure(*session, {7, 8, 4}, 3);
  EXPECT_EQ(timing.host.size(), 6u);
  EXPECT_EQ(timing.device.size(), 6u);
  EXPECT_EQ(timing.interval.size(), 18u);
  EXPECT_FALSE(timing.pretended);
  EXPECT_GE(timing.host.percentile(0.5), 2000);
  EXPECT_GE(timing.interval.percentile(0.5), 1500);
  EXPECT_EQ(timing.device.percentile(0.9), 250); // of the fake's millisecond
  EXPECT_LE(timing.host.percentile(0.1), timing.host.percentile(0.9));
  EXPECT_EQ(timing.weightBytes, 2048);
  EXPECT_EQ(timing.kvBytes, 32 * 11.5); // 8 to 15 positions, 32 bytes each
}

TEST(BenchOptions, ListsAndErrors) {
  Options options = parse({"a", "b", "--dummy-weights", "7",
                           "--positions=0,4096", "--steps-per-launch", "1"});
  EXPECT_EQ(options.bundles, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(options.positions, std::vector<uint32_t>({0, 4096}));
  EXPECT_EQ(options.stepsPerLaunch, std::vector<uint32_t>({1}));
  EXPECT_THAT(messageOf([] { parse({"a"}); }),
              HasSubstr("expected one of --weights and --dummy-weights"));
  EXPECT_THAT(messageOf([] { parse({"--weights", "w"}); }),
              HasSubstr("found no bundle"));
  EXPECT_THAT(messageOf([] { parse({"a", "--positions", "1,,2"}); }),
              HasSubstr("--positions: found \"\""));
  EXPECT_THAT(messageOf([] { parse({"a", "--tokens=0"}); }),
              HasSubstr("expected an integer from 1"));
  EXPECT_THAT(messageOf([] {
                parse({"a", "--dummy-weights=1", "--golden", "g"});
              }),
              HasSubstr("--golden says nothing"));
}

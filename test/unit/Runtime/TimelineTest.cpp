//===- TimelineTest.cpp - Timelines from clock stamps ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Timeline.h"
#include "FakeCuda.h"
#include "GpuTestBundle.h"
#include "amk/Runtime/Session.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <cstring>
#include <gmock/gmock.h>
#include <sstream>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using ::testing::HasSubstr;

namespace {

constexpr uint32_t kTicks = 2000; ///< in a microsecond

/// Two workers of the test bundle in one step. Worker 1 begins 2 us later; the
/// clock of worker 0 passes 2^32.
struct Stamps {
  GpuTestBundle bundle;
  Trace trace;

  Stamps() {
    trace.startPosition = 5;
    trace.steps = 1;
    trace.tasks.resize(bundle.tables.instructions.size());
    trace.clocks = {{{1000, 101000}, {0x1ffffff00, 0x1ffffff00 + 200000}},
                    {{3000, 103000}, {500, 500 + 200000}}};
    put(0, GpuTestBundle::kAttend, 1, 2, 5, 6);
    put(0, GpuTestBundle::kMix, 6.1, 10, 11, 12);
    put(0, GpuTestBundle::kNext, 12.1, 0, 0, 15);
    put(1, GpuTestBundle::kAttend, 3, 3.5, 9, 9.5);
    put(1, GpuTestBundle::kMix, 9.6, 9.7, 10, 10.5);
    put(1, GpuTestBundle::kNext, 10.6, 0, 0, 17);
    amk::abi::TaskStamps &first = at(0, GpuTestBundle::kAttend);
    first.ringWait = 3000;
    first.loadBegin = ticks(0, 0.1);
    first.loadEnd = ticks(0, 4.5);
  }

  amk::abi::TaskStamps &at(uint32_t worker, uint32_t task) {
    return trace.tasks[worker * GpuTestBundle::kPerWorker + task];
  }
  /// Of microseconds since the launch began.
  uint32_t ticks(uint32_t worker, double micros) const {
    double own = micros - (worker ? 2 : 0);
    return static_cast<uint32_t>(trace.clocks[worker].ticks[0]) +
           static_cast<uint32_t>(own * kTicks + 0.5);
  }
  /// 0: no such stamp.
  void put(uint32_t worker, uint32_t task, double begin, double input,
           double weights, double published) {
    double times[] = {begin, input, weights, published};
    for (int i = 0; i < 4; ++i)
      at(worker, task).clock[i] = times[i] == 0 ? 0 : ticks(worker, times[i]);
  }
  Timeline timeline() const { return {bundle.tables, trace}; }
  std::string error() const {
    try {
      timeline();
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  }
};

} // namespace

TEST(TimelineTest, PhasesOfTasks) {
  EXPECT_EQ(phaseOfTask("layers.12.qkv[3]"), "qkv");
  EXPECT_EQ(phaseOfTask("layers.0.attention.combine[3]"), "attention.combine");
  EXPECT_EQ(phaseOfTask("head[0]"), "head");
  EXPECT_EQ(phaseOfTask("layers.x"), "layers.x");
}

TEST(TimelineTest, StampsBecomeMicroseconds) {
  Stamps stamps;
  Timeline timeline = stamps.timeline();
  ASSERT_EQ(timeline.spans().size(), 6u);
  const TaskSpan &attend = timeline.spans()[0];
  EXPECT_NEAR(attend.begin, 1, 1e-3);
  EXPECT_NEAR(attend.input, 2, 1e-3);
  EXPECT_NEAR(attend.weights, 5, 1e-3);
  EXPECT_NEAR(attend.published, 6, 1e-3);
  EXPECT_NEAR(attend.ringWait, 1.5, 1e-3);
  EXPECT_NEAR(attend.computing(), 1.5, 1e-3);
  ASSERT_TRUE(attend.load);
  EXPECT_NEAR(attend.load->begin, 0.1, 1e-3);
  EXPECT_NEAR(attend.load->end, 4.5, 1e-3);
  // Without the stamps of an input: all is computing.
  const TaskSpan &next = timeline.spans()[2];
  EXPECT_EQ(next.input, next.begin);
  EXPECT_EQ(next.weights, next.published);
  EXPECT_FALSE(next.load);
  EXPECT_EQ(timeline.spans()[3].worker, 1u);
  EXPECT_NEAR(timeline.spans()[3].begin, 3, 1e-3);
  EXPECT_NEAR(timeline.microseconds(), 17, 1e-3);
}

TEST(TimelineTest, SumsByPhaseAndWorker) {
  Stamps stamps;
  Timeline timeline = stamps.timeline();
  std::vector<Timeline::Phase> phases = timeline.byPhase();
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[1].name, "mix");
  EXPECT_EQ(phases[1].spent.tasks, 2u);
  EXPECT_NEAR(phases[1].spent.activations, 3.9 + 0.1, 1e-2);
  EXPECT_NEAR(phases[1].spent.computing, 1 + 0.3, 1e-2);
  EXPECT_NEAR(phases[1].spent.epilogue, 1 + 0.5, 1e-2);
  EXPECT_NEAR(phases[1].spent.between, 0.1 + 0.1, 1e-2);
  EXPECT_NEAR(phases[0].spent.ring, 1.5, 1e-2);
  std::vector<TimeSpent> workers = timeline.byWorker();
  ASSERT_EQ(workers.size(), 2u);
  EXPECT_NEAR(workers[0].all(), 14, 1e-2);
  EXPECT_NEAR(workers[1].all(), 14, 1e-2);
}

TEST(TimelineTest, TheChainFollowsWhatCameLast) {
  Stamps stamps;
  Timeline timeline = stamps.timeline();
  std::vector<ChainLink> chain = timeline.longestChain();
  // worker 1's attend -> worker 0's mix -> worker 1's next.
  ASSERT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain[0].span, 3u);
  EXPECT_FALSE(chain[0].handOff);
  EXPECT_NEAR(chain[0].since, 3, 1e-3);
  EXPECT_EQ(chain[1].span, 1u);
  EXPECT_TRUE(chain[1].handOff);
  EXPECT_NEAR(chain[1].since, 9.5, 1e-3);
  EXPECT_EQ(chain[2].span, 5u);
  EXPECT_TRUE(chain[2].handOff);
  EXPECT_NEAR(chain[2].since, 12, 1e-3);
}

TEST(TimelineTest, TheTraceIsJsonWithNestedSlices) {
  std::ostringstream out;
  Stamps().timeline().writeTrace(out);
  nlohmann::json trace = parseJson(out.str(), "trace.json");
  size_t tasks = 0, loads = 0, waits = 0, names = 0;
  for (const nlohmann::json &event : trace["traceEvents"]) {
    names += event["ph"] == "M";
    if (event["ph"] != "X")
      continue;
    EXPECT_GT(event["dur"].get<double>(), 0);
    loads += event["pid"] == 2;
    tasks += event["pid"] == 1 && event.contains("args");
    waits += event["name"] == "wait for input";
    if (event["name"] == "mix" && event["tid"] == 1) {
      EXPECT_EQ(event["args"]["task"], "mix[1]");
      EXPECT_EQ(event["args"]["position"], 5);
      EXPECT_NEAR(event["ts"].get<double>(), 9.6, 1e-2);
      EXPECT_NEAR(event["dur"].get<double>(), 0.9, 1e-2);
    }
  }
  EXPECT_EQ(tasks, 6u);
  EXPECT_EQ(loads, 1u);
  EXPECT_EQ(waits, 4u);
  EXPECT_EQ(names, 6u);
}

TEST(TimelineTest, TheSummaryHasTablesOfAll) {
  std::string text = Stamps().timeline().summary();
  EXPECT_THAT(text, HasSubstr("1 steps from position 5, 2 workers: 17.0 us, "
                              "17.0 us a step"));
  EXPECT_THAT(text, HasSubstr("longest chain: 3 tasks"));
  // 2 tasks: input (3.9 + 0.1) / 2, compute (1 + 0.3) / 2, ...
  EXPECT_THAT(text, HasSubstr("mix                       2.0       2.00       "
                              "0.00       0.65       0.75       0.10"));
}

TEST(TimelineTest, RefusesStampsThatMakeNoSense) {
  Stamps stamps;
  const Trace good = stamps.trace;
  std::swap(stamps.at(1, 0).clock[1], stamps.at(1, 0).clock[2]);
  EXPECT_EQ(stamps.error(),
            "timeline: attend[1], step 0: found stamps out of order");
  stamps.trace = good;
  stamps.trace.clocks[1].ticks[1] = 0;
  EXPECT_EQ(stamps.error(),
            "timeline: worker 1: found no clocks of its begin and end");
  stamps.trace = good;
  stamps.trace.tasks.pop_back();
  EXPECT_THAT(stamps.error(), HasSubstr("found stamps of 7 tasks"));
}

TEST(TimelineTest, TasksThatDidNotRunAreLeftOut) {
  Stamps stamps;
  stamps.at(1, GpuTestBundle::kNext) = {};
  EXPECT_EQ(stamps.timeline().spans().size(), 5u);
  EXPECT_NEAR(stamps.timeline().microseconds(), 15, 1e-3);
}

TEST(TimelineTest, SessionsReadTheStampsOfCodeThatWritesThem) {
  fakeCuda() = FakeCuda();
  fakeCuda().multiprocessors = 4;
  fakeCuda().sharedBytesPerBlock = 232448;
  Stamps expected;
  GpuTestBundle &bundle = expected.bundle;
  GpuTestKernel kernel;
  fakeCuda().kernel = [&](const void *parameter) {
    // The host goes on when it has the last token, not when this ends.
    amk::abi::GpuArgs args;
    std::memcpy(&args, parameter, sizeof(args));
    kernel.run(parameter);
    uint64_t to = args.stamps;
    if (!to)
      return;
    std::vector<amk::abi::TaskStamps> &tasks = expected.trace.tasks;
    size_t bytes = tasks.size() * sizeof(tasks[0]);
    for (uint32_t step = 0; step < args.steps; ++step, to += bytes)
      std::memcpy(reinterpret_cast<void *>(to), tasks.data(), bytes);
    std::memcpy(reinterpret_cast<void *>(to), expected.trace.clocks.data(),
                2 * sizeof(amk::abi::WorkerClocks));
  };
  auto load = [&](bool trace) {
    bundle.write();
    Bundle opened = Bundle::open(bundle.bundlePath());
    Weights weights = Weights::dummy(opened.manifest, 1);
    SessionOptions options;
    options.trace = trace;
    return std::make_unique<Session>(std::move(opened), std::move(weights),
                                     options);
  };
  std::string message;
  try {
    load(true);
  } catch (const Error &error) {
    message = error.what();
  }
  EXPECT_THAT(message, HasSubstr("sm_90a.ptx: writes no trace"));

  nlohmann::json traced = bundle.manifest["code"][0];
  traced["file"] = "sm_90a+trace.ptx";
  traced["trace"] = true;
  bundle.manifest["code"].push_back(traced);
  bundle.codeTexts.push_back("ptx");
  auto plain = load(false);
  plain->generate({3}, 2);
  EXPECT_EQ(kernel.lastArgs.stamps, 0u);
  EXPECT_EQ(plain->trace(), nullptr);

  auto session = load(true);
  EXPECT_EQ(session->trace(), nullptr);
  session->generate({3}, 4);
  const Trace *trace = session->trace();
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->steps, 4u);
  EXPECT_EQ(trace->startPosition, 0u);
  size_t perStep = expected.trace.tasks.size();
  ASSERT_EQ(trace->tasks.size(), 4 * perStep);
  EXPECT_EQ(std::memcmp(&trace->tasks[3 * perStep], &expected.trace.tasks[0],
                        perStep * sizeof(amk::abi::TaskStamps)),
            0);
  EXPECT_EQ(trace->clocks[1].nanoseconds[0], 3000u);
}

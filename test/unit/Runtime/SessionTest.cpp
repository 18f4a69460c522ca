//===- SessionTest.cpp - Launches, streaming, stops, failures -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/CodeObject.h"
#include "amk/Runtime/Session.h"
#include "TestBundle.h"
#include "amk/Support/Error.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using testing::HasSubstr;
using Ids = std::vector<int32_t>;

static std::unique_ptr<Session> load(const TestModel &model,
                                     double waitTimeout = 20) {
  Bundle bundle = Bundle::open(model.bundlePath());
  Weights weights =
      Weights::fromDirectory(bundle.manifest, model.weightsPath());
  SessionOptions options;
  options.waitTimeoutSeconds = waitTimeout;
  return std::make_unique<Session>(std::move(bundle), std::move(weights),
                                   options);
}

static std::unique_ptr<Session> make(TestModel &model,
                                     double waitTimeout = 20) {
  model.write();
  return load(model, waitTimeout);
}

/// The message of the amk::Error that the action throws.
template <typename Action>
static std::string errorOf(const Action &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

namespace {
class SessionWorkers : public testing::TestWithParam<uint32_t> {};
} // namespace

TEST_P(SessionWorkers, AnyStepsPerLaunchGivesTheReference) {
  ModelOptions options;
  options.workers = GetParam();
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  Ids prompt = {3, 1, 4, 1, 5};
  Ids expected = model.reference(prompt, 40);
  for (uint32_t steps : {1u, 2u, 7u, 64u}) {
    for (bool streaming : {false, true}) {
      GenerateOptions request;
      request.stepsPerLaunch = steps;
      Ids streamed;
      if (streaming)
        request.onToken = [&](int32_t token) {
          streamed.push_back(token);
          return false;
        };
      GenerateResult result = session->generate(prompt, 40, request);
      EXPECT_EQ(result.tokens, expected) << steps << " steps per launch";
      EXPECT_EQ(result.reason, StopReason::Length);
      if (streaming)
        EXPECT_EQ(streamed, expected);
      EXPECT_EQ(session->position(), prompt.size() + 39);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, SessionWorkers, testing::Values(1, 2, 3, 8));

TEST(Session, ManySmallLaunchesAlternateWithStreamedOnes) {
  TestModel model;
  std::unique_ptr<Session> session = make(model);
  Ids expected = model.reference({2}, 12);
  for (int round = 0; round < 50; ++round) {
    GenerateOptions request;
    request.stepsPerLaunch = round % 3 + 1;
    request.onToken = [](int32_t) { return false; };
    ASSERT_EQ(session->generate({2}, 12, request).tokens, expected);
  }
}

TEST(Session, StopTokenEndsAfterItsDelivery) {
  ModelOptions options;
  TestModel plain(options);
  Ids free = plain.reference({3, 1}, 40);
  options.eos = {15, free[20]};
  size_t first = std::find_if(free.begin(), free.end(),
                              [&](int32_t token) {
                                return token == 15 || token == free[20];
                              }) -
                 free.begin();
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  for (uint32_t steps : {1u, 3u, 64u}) {
    GenerateOptions request;
    request.stepsPerLaunch = steps;
    GenerateResult result = session->generate({3, 1}, 40, request);
    EXPECT_EQ(result.reason, StopReason::StopToken);
    EXPECT_EQ(result.tokens, Ids(free.begin(), free.begin() + first + 1));
    request.ignoreStopTokens = true;
    EXPECT_EQ(session->generate({3, 1}, 40, request).tokens, free);
  }
}

TEST(Session, StopTokensInThePromptAreOrdinary) {
  ModelOptions options;
  TestModel plain(options);
  // A prompt whose continuation from the inside would hit token 5.
  options.eos = {5};
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  Ids prompt(30, 5);
  GenerateResult result = session->generate(prompt, 1);
  EXPECT_EQ(result.tokens, plain.reference(prompt, 1));
}

TEST(Session, CallbackEndsTheGeneration) {
  ModelOptions options;
  options.maxContext = 4096;
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  for (uint32_t steps : {1u, 4u, 4000u}) {
    GenerateOptions request;
    request.stepsPerLaunch = steps;
    Ids seen;
    request.onToken = [&](int32_t token) {
      seen.push_back(token);
      return seen.size() == 6;
    };
    GenerateResult result = session->generate({1, 2}, 4000, request);
    EXPECT_EQ(result.reason, StopReason::Callback);
    EXPECT_EQ(result.tokens, model.reference({1, 2}, 6));
    EXPECT_EQ(seen, result.tokens);
    // What follows continues from the last token that was delivered.
    GenerateOptions more;
    more.continueSession = true;
    Ids history = {1, 2};
    history.insert(history.end(), seen.begin(), seen.end());
    history.push_back(9);
    EXPECT_EQ(session->generate({9}, 5, more).tokens,
              model.reference(history, 5));
  }
}

TEST(Session, ContinuesWithAndWithoutNewTokens) {
  TestModel model;
  std::unique_ptr<Session> session = make(model);
  Ids expected = model.reference({7, 8}, 20);
  EXPECT_EQ(session->generate({7, 8}, 12).tokens,
            Ids(expected.begin(), expected.begin() + 12));
  GenerateOptions more;
  more.continueSession = true;
  EXPECT_EQ(session->generate({}, 8, more).tokens,
            Ids(expected.begin() + 12, expected.end()));
  EXPECT_EQ(session->position(), 21u);
}

TEST(Session, PromptOnlyThenContinue) {
  TestModel model;
  std::unique_ptr<Session> session = make(model);
  EXPECT_TRUE(session->generate({1, 2, 3}, 0).tokens.empty());
  EXPECT_EQ(session->position(), 3u);
  GenerateOptions more;
  more.continueSession = true;
  EXPECT_EQ(session->generate({4}, 6, more).tokens,
            model.reference({1, 2, 3, 4}, 6));
}

TEST(Session, LogitsOfEveryPositionInOrder) {
  TestModel model;
  std::unique_ptr<Session> session = make(model);
  Ids prompt = {3, 1, 4};
  Ids produced = model.reference(prompt, 10);
  for (uint32_t steps : {1u, 5u, 64u}) {
    GenerateOptions request;
    request.stepsPerLaunch = steps;
    std::vector<int32_t> best;
    request.onLogits = [&](uint64_t position, const float *row) {
      EXPECT_EQ(position, best.size());
      best.push_back(std::max_element(row, row + 16) - row);
    };
    EXPECT_EQ(session->generate(prompt, 10, request).tokens, produced);
    ASSERT_EQ(best.size(), 12u);
    EXPECT_EQ(Ids(best.begin() + 2, best.end()), produced);
    EXPECT_EQ(best[0], model.reference({3}, 1)[0]);
  }
}

TEST(Session, ScoresForcedTokens) {
  ModelOptions options;
  options.eos = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  Ids text = {5, 5, 9, 2, 0, 1, 15};
  for (uint32_t steps : {0u, 1u, 3u}) {
    uint64_t next = 0;
    session->scoreTokens(
        text,
        [&](uint64_t position, const float *row) {
          EXPECT_EQ(position, next++);
          Ids before(text.begin(), text.begin() + position + 1);
          EXPECT_EQ(std::max_element(row, row + 16) - row,
                    model.reference(before, 1)[0]);
        },
        steps);
    EXPECT_EQ(next, text.size());
  }
}

TEST(Session, RefusesBadRequests) {
  TestModel model;
  std::unique_ptr<Session> session = make(model);
  auto generate = [&](Ids prompt, uint32_t count) {
    return errorOf([&] { session->generate(prompt, count); });
  };
  EXPECT_THAT(generate({}, 1), HasSubstr("prompt: found no tokens"));
  EXPECT_THAT(generate({1, 16}, 1),
              HasSubstr("token 1: found 16, expected 0 to 15"));
  EXPECT_THAT(generate({-1}, 1), HasSubstr("token 0: found -1"));
  EXPECT_THAT(generate(Ids(65, 1), 0), HasSubstr("max_context 64"));
  EXPECT_THAT(generate(Ids(60, 1), 5), HasSubstr("max_context 64"));
  EXPECT_THAT(generate({1}, UINT32_MAX), HasSubstr("max_context 64"));
  EXPECT_EQ(session->generate(Ids(60, 1), 4).tokens,
            model.reference(Ids(60, 1), 4));
  GenerateOptions request;
  request.stepsPerLaunch = 0;
  EXPECT_THAT(errorOf([&] { session->generate({1}, 1, request); }),
              HasSubstr("steps per launch"));
  EXPECT_THAT(errorOf([&] {
                session->scoreTokens({1, 99}, [](uint64_t, const float *) {});
              }),
              HasSubstr("found 99"));
}

TEST(Session, TimeoutNamesWorkerTaskAndCounter) {
  for (bool streaming : {false, true}) {
    ModelOptions options;
    options.loseSignal = true;
    TestModel model(options);
    std::unique_ptr<Session> session = make(model, 0.2);
    GenerateOptions request;
    if (streaming)
      request.onToken = [](int32_t) { return false; };
    std::string message =
        errorOf([&] { session->generate({1}, 4, request); });
    // Worker 0 waits in argmax for worker 1; worker 1 for the end of the step.
    // Whichever gives up first is reported.
    ASSERT_TRUE(session->waitReport());
    const WaitReport &report = *session->waitReport();
    EXPECT_THAT(message, HasSubstr(report.text()));
    EXPECT_EQ(report.task, report.worker == 0 ? "argmax" : "gate[1]");
    EXPECT_EQ(report.counter, report.worker == 0 ? "mixed[1]" : "done");
    EXPECT_EQ(report.seen, 0u);
    EXPECT_EQ(report.expected, 1u);
    EXPECT_EQ(session->position(), 0u);
  }
}

TEST(Session, AbortFromAnotherThread) {
  for (uint32_t steps : {1u, 4000u}) {
    ModelOptions options;
    options.maxContext = 4096;
    options.sleepMillis = 5;
    TestModel model(options);
    std::unique_ptr<Session> session = make(model);
    GenerateOptions request;
    request.stepsPerLaunch = steps;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      session->abort();
    });
    EXPECT_THAT(errorOf([&] { session->generate({1}, 4000, request); }),
                HasSubstr("launch: aborted"));
    other.join();
    EXPECT_FALSE(session->waitReport());
    // The session is usable afterwards, and an idle abort does nothing.
    session->abort();
    EXPECT_EQ(session->generate({1, 2}, 3).tokens, model.reference({1, 2}, 3));
  }
}

TEST(Session, ExceptionOfTheCallbackArrivesAfterTheWorkersEnded) {
  ModelOptions options;
  options.sleepMillis = 1;
  TestModel model(options);
  std::unique_ptr<Session> session = make(model);
  GenerateOptions request;
  request.onToken = [](int32_t) -> bool { throw Error("from the callback"); };
  EXPECT_EQ(errorOf([&] { session->generate({1}, 40, request); }),
            "from the callback");
  EXPECT_EQ(session->generate({1}, 5).tokens, model.reference({1}, 5));
}

TEST(Session, DummyWeightsAreAFunctionOfTheSeed) {
  TestModel model;
  model.write();
  auto run = [&](uint64_t seed) {
    Bundle bundle = Bundle::open(model.bundlePath());
    Weights weights = Weights::dummy(bundle.manifest, seed);
    return Session(std::move(bundle), std::move(weights))
        .generate({1}, 30)
        .tokens;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Session, WaitTimeoutFromTheEnvironment) {
  TestModel model;
  model.write();
  setenv("AMK_WAIT_TIMEOUT", "soon", 1);
  std::string message = errorOf([&] { load(model, 0); });
  unsetenv("AMK_WAIT_TIMEOUT");
  EXPECT_THAT(message, HasSubstr("AMK_WAIT_TIMEOUT: found \"soon\""));
}

/// Runs a schedule that lacks a wait and leaves with the sanitizer's verdict.
[[noreturn]] static void runWithMissingWait() {
  {
    setenv("AMK_TEST_SKIP_VERIFY", "1", 1);
    ModelOptions options;
    options.missingWait = true;
    TestModel model(options);
    std::unique_ptr<Session> session = make(model);
    for (int round = 0; round < 20; ++round)
      session->generate({1}, 60);
  }
  std::exit(0);
}

TEST(SessionDeathTest, ThreadSanitizerSeesAMissingWait) {
  if (std::string(buildSanitizer()) != "thread")
    GTEST_SKIP() << "needs a build with AMK_SANITIZER=thread";
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(runWithMissingWait(), testing::ExitedWithCode(66), "data race");
}

//===- RunToolTest.cpp - amk-run from the outside -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Support/Json.h"

#include <array>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

using namespace amk;
using namespace amk::test;
using testing::AllOf;
using testing::HasSubstr;

namespace {

struct Outcome {
  int status = -1;
  std::string out, err;
};

class RunTool : public testing::Test {
protected:
  RunTool() { model.write(); }

  Outcome run(const std::string &arguments) {
    std::string out = model.dir.file("out"), err = model.dir.file("err");
    int status = std::system(
        (AMK_RUN_TOOL " " + arguments + " >" + out + " 2>" + err).c_str());
    return {WEXITSTATUS(status), readFile(out), readFile(err)};
  }

  /// With the model's bundle and weights.
  Outcome runModel(const std::string &arguments) {
    return run(model.bundlePath() + " --weights " + model.weightsPath() + " " +
               arguments);
  }

  TestModel model;
};

std::string join(const std::vector<int32_t> &ids) {
  std::string text;
  for (int32_t id : ids)
    text += (text.empty() ? "" : " ") + std::to_string(id);
  return text + "\n";
}

} // namespace

TEST_F(RunTool, PrintsTheGeneratedIds) {
  Outcome outcome = runModel("--prompt-ids 1,2,3 -n 20");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, join(model.reference({1, 2, 3}, 20)));
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("code test, 2 workers, " + model.weightsPath()),
                    HasSubstr("generated tokens/s")));
  EXPECT_EQ(runModel("--prompt-ids=1,2,3 -n 20 --steps-per-launch=1").out,
            outcome.out);
}

TEST_F(RunTool, WritesLogitsOfEveryPosition) {
  std::string file = model.dir.file("logits");
  EXPECT_EQ(runModel("--prompt-ids 1,2,3 -n 5 --logits " + file).status, 0);
  std::string bytes = readFile(file);
  ASSERT_EQ(bytes.size(), 7 * 16 * sizeof(float));
  std::vector<float> logits(7 * 16);
  std::copy_n(bytes.data(), bytes.size(),
              reinterpret_cast<char *>(logits.data()));
  std::vector<int32_t> expected = model.reference({1, 2, 3}, 5);
  for (int i = 0; i < 5; ++i) {
    auto row = logits.begin() + (i + 2) * 16;
    EXPECT_EQ(std::max_element(row, row + 16) - row, expected[i]);
  }
  Outcome outcome =
      runModel("--prompt-ids 1 --logits " + model.dir.file("no/such/dir"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no/such/dir: cannot write"));
}

TEST_F(RunTool, ScoresAFileOfIds) {
  writeFile(model.dir.file("ids"), "4 5,6\n7\n");
  Outcome outcome = runModel("--score --json --prompt-ids-file " +
                             model.dir.file("ids"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  nlohmann::json result = nlohmann::json::parse(outcome.out);
  // Row p of the test kernel is 1 at the next token and -(i + p) elsewhere.
  double sum = 0;
  std::vector<int32_t> text = {4, 5, 6, 7};
  for (int p = 0; p < 3; ++p) {
    int next = model.reference({text.begin(), text.begin() + p + 1}, 1)[0];
    auto logit = [&](int i) { return i == next ? 1.0 : -double(i + p); };
    double total = 0;
    for (int i = 0; i < 16; ++i)
      total += std::exp(logit(i));
    sum += std::log(total) - logit(text[p + 1]);
  }
  EXPECT_EQ(result["tokens"], 3);
  EXPECT_NEAR(result["mean_nll"].get<double>(), sum / 3, 1e-6);
  EXPECT_NEAR(result["perplexity"].get<double>(), std::exp(sum / 3),
              1e-6 * std::exp(sum / 3));
  EXPECT_EQ(runModel("--score --prompt-ids 4").status, 1);
}

TEST_F(RunTool, BenchReportsBandwidthAndTime) {
  Outcome outcome =
      run(model.bundlePath() + " --dummy-weights 1 --bench -n 16 --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  nlohmann::json result = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(result["samples"], 16);
  EXPECT_EQ(result["stream_bytes_per_token"], 2048);
  EXPECT_GT(result["measured_read_gb_per_second"].get<double>(), 0.05);
  EXPECT_GE(result["us_per_token_p90"].get<double>(),
            result["us_per_token_p10"].get<double>());
  EXPECT_GT(result["tokens_per_second"].get<double>(), 0);
}

TEST_F(RunTool, CommandLineErrorsExitWithTwo) {
  std::pair<const char *, const char *> cases[] = {
      {"", "found no bundle"},
      {"b", "--weights and --dummy-weights"},
      {"b --weights w --dummy-weights 1", "--weights and --dummy-weights"},
      {"b --weights w", "expected --prompt-ids"},
      {"b c", "found argument \"c\""},
      {"b --frobnicate", "unknown option --frobnicate"},
      {"b --weights", "--weights: expected DIR"},
      {"b --score=1", "--score: takes no value"},
      {"b --prompt-ids 1,x", "--prompt-ids: found \"x\""},
      {"b --prompt-ids 1,-2", "--prompt-ids: found \"-2\""},
      {"b --prompt-ids 99999999999", "found \"99999999999\""},
      {"b --prompt-ids ,", "found no ids"},
      {"b --prompt-ids 1 --prompt-ids 2", "the prompt is given twice"},
      {"b -n 1.5", "-n: found \"1.5\""},
      {"b -n -1", "-n: found \"-1\""},
      {"b --steps-per-launch 0", "--steps-per-launch: found \"0\""},
      {"b --wait-timeout never", "--wait-timeout: found \"never\""},
      {"b --dummy-weights -1", "--dummy-weights: found \"-1\""},
      {"b --weights w --score --prompt-ids 1 -n 4", "--score generates"},
      {"b --weights w --score --bench", "exclude each other"},
  };
  for (auto [arguments, message] : cases) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("amk-run: error: "),
                                   HasSubstr(message)));
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

TEST_F(RunTool, FailuresExitWithOne) {
  Outcome outcome = run("/nowhere --dummy-weights 1 --prompt-ids 1");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("amk-run: error: /nowhere: not a directory"));
  outcome = runModel("--prompt-ids 16");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("token 0: found 16, expected 0 to 15"));
  outcome = runModel("--prompt-ids 1 -n 64");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("max_context 64"));
}

TEST_F(RunTool, HelpListsEveryOption) {
  Outcome outcome = run("--help");
  EXPECT_EQ(outcome.status, 0);
  for (const char *option :
       {"--weights DIR", "--dummy-weights SEED", "--prompt-ids IDS",
        "--prompt-ids-file FILE", "-n COUNT", "--steps-per-launch COUNT",
        "--logits FILE", "--score", "--bench", "--json",
        "--wait-timeout SECONDS"})
    EXPECT_THAT(outcome.out, HasSubstr(option));
}

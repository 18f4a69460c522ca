//===- BenchToolTest.cpp - amk-bench from the outside ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Support/Json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

using namespace amk;
using namespace amk::test;
using testing::HasSubstr;

namespace {

struct Outcome {
  int status = -1;
  std::string out, err;
};

class BenchTool : public testing::Test {
protected:
  BenchTool() { model.write(); }

  Outcome run(const std::string &arguments) {
    std::string out = model.dir.file("out"), err = model.dir.file("err");
    int status = std::system(
        (AMK_BENCH_TOOL " " + arguments + " >" + out + " 2>" + err).c_str());
    return {WEXITSTATUS(status), readFile(out), readFile(err)};
  }

  /// Short, on the model's bundle.
  Outcome runModel(const std::string &arguments) {
    return run(model.bundlePath() +
               " --tokens 8 --repetitions 2 --gate-runs 3 --positions 3,20 "
               "--steps-per-launch 1,8 " +
               arguments);
  }

  TestModel model;
};

} // namespace

TEST_F(BenchTool, ReportsTimesBesideTheGate) {
  std::string file = model.dir.file("bench.json");
  Outcome outcome = runModel("--dummy-weights 3 --output " + file);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("gate passed: timing only: 3 runs"));
  nlohmann::json report = parseJson(readFile(file), file);
  const nlohmann::json &result = report["results"][0];
  EXPECT_TRUE(result["gate"]["passed"].get<bool>());
  EXPECT_GT(result["read_bandwidth"]["gb_per_second_median"], 0);
  ASSERT_EQ(result["measurements"].size(), 4u);
  const nlohmann::json &row = result["measurements"][3];
  EXPECT_EQ(row["position"], 20);
  EXPECT_EQ(row["steps_per_launch"], 8);
  EXPECT_EQ(row["us_per_token_samples"], 2);
  EXPECT_LE(row["us_per_token_p10"], row["us_per_token_p90"]);
  EXPECT_FALSE(row.contains("kernel_us_per_token_median")); // a CPU
  double median = row["us_per_token_median"];
  EXPECT_NEAR(row["tokens_per_second"].get<double>() * median, 1e6, 1);
}

TEST_F(BenchTool, AFailedGateFailsTheRun) {
  std::string golden = model.dir.file("golden.json");
  std::vector<int32_t> ids = model.reference({1, 2}, 4);
  nlohmann::json json = {{"vocab_size", 16},
                         {"prompt_ids", {1, 2}},
                         {"ids", ids},
                         {"logits", {{"file", "none"}}}};
  test::writeFile(model.dir.file("none"), "");
  json["ids"][2] = (ids[2] + 1) % 16;
  test::writeFile(golden, json.dump());
  Outcome outcome = runModel("--weights " + model.weightsPath() +
                             " --json --golden " + golden);
  EXPECT_EQ(outcome.status, 1);
  nlohmann::json report = parseJson(outcome.out, "standard output");
  EXPECT_EQ(report["results"][0]["gate"]["failure"],
            "text 0, 1 steps a launch: token 2: found " +
                std::to_string(ids[2]) + ", expected " +
                std::to_string((ids[2] + 1) % 16));
}

TEST_F(BenchTool, RefusesWhatItCannotDo) {
  EXPECT_EQ(run("").status, 2);
  Outcome outcome = runModel("--dummy-weights 3 --timeline x");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("target: found cpu, expected cuda"));
  outcome = runModel("--dummy-weights 3 --positions 60");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("max_context: found 64, expected at least 69"));
}

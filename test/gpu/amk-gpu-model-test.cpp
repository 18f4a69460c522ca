//===- amk-gpu-model-test.cpp - Whole models on a GPU ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-model-test SUITE [--only NAME] [--arch ARCH] [--quick]
//                      [--variant LABEL] [--output FILE]
//
// SUITE is a directory that scripts/gpu_suite.py made: bundles, weights and
// goldens, listed in suite.json. For every model and architecture:
//
//   ids      HuggingFace's greedy ids with 1 and 64 steps a launch (variants
//            with "exact_ids"), logits of the same bits with both, and close
//            to HuggingFace's
//   KL       divergence from HuggingFace in float32; not above that of
//            HuggingFace in bf16 where the suite knows it
//   bits     many runs give the same bits (models with "runs")
//   broken   a schedule that cannot end gives a report in time, and a session
//            beside it works on (models with "broken")
//
// --quick: a few tokens of one text, once, for slow tools such as
// compute-sanitizer. Exit status: 0 passed, 1 failed, 77 skipped, with the
// reason printed.
//
//===----------------------------------------------------------------------===//

#include "BrokenSchedule.h"
#include "Chips.h"
#include "Runtime/Cuda/CodeChoice.h"
#include "amk-bench/Gate.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>

using namespace amk;
using namespace amk::bench;
using namespace amk::runtime;
using namespace amk::test;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

static constexpr uint32_t kQuickTokens = 4;
/// Under a sanitizer a step can take seconds.
static constexpr double kQuickTimeout = 120;
static constexpr double kBrokenTimeout = 1, kBrokenLimit = 2;

namespace {

struct Arguments {
  std::string suite, only, arch, variant, output;
  bool quick = false;
};

/// One of suite.json.
struct Model {
  std::string name, weights, golden;
  uint32_t runs = 0;
  bool broken = false;
  std::optional<double> kl; ///< mean, of HuggingFace's bf16
  struct Variant {
    std::string label, bundle;
    double klShare = 1; ///< of `kl` that is allowed
    bool exactIds = false;
    std::vector<std::string> archs;
  };
  std::vector<Variant> variants;
};

class ModelTest {
public:
  ModelTest(const Arguments &arguments, const Model &model,
            const Model::Variant &variant, const std::string &arch)
      : arguments(arguments), model(model), variant(variant), arch(arch) {}

  /// A row of the results; "failure" if there is one.
  Json run();

private:
  std::unique_ptr<Session> open(Bundle opened, double timeout) const;
  void checkTexts(Session &session, std::vector<Text> texts);
  void checkRuns(Session &session, const Text &text);
  void checkBroken(Session &session, const Text &text);
  void fail(const std::string &what) {
    if (!row.contains("failure"))
      row["failure"] = what;
  }

  const Arguments &arguments;
  const Model &model;
  const Model::Variant &variant;
  std::string arch;
  Json row;
};

} // namespace

std::unique_ptr<Session> ModelTest::open(Bundle opened, double timeout) const {
  Weights weights = Weights::fromDirectory(opened.manifest, model.weights);
  SessionOptions options;
  options.arch = arch;
  options.waitTimeoutSeconds = timeout;
  return std::make_unique<Session>(std::move(opened), std::move(weights),
                                   options);
}

void ModelTest::checkTexts(Session &session, std::vector<Text> texts) {
  std::vector<uint32_t> steps = {1, 64};
  if (arguments.quick) {
    texts.resize(1);
    texts[0].prompt.resize(std::min<size_t>(texts[0].prompt.size(), 4));
    // The golden continuation is of the whole prompt.
    texts[0].ids = generateText(session, texts[0].prompt, kQuickTokens, 1).ids;
    // The rows of the first tokens are the same, the others are not.
    uint32_t vocab = session.manifest().model.vocabSize;
    texts[0].logits.resize(texts[0].prompt.size() * vocab);
    steps = {4};
  }
  GateResult result =
      compareWithGolden(session, texts, steps, variant.exactIds);
  row["texts"] = texts.size();
  row["texts_with_the_same_ids"] = result.sameIds;
  if (!result.passed)
    fail(result.failure);
  const Difference &difference = result.difference;
  if (difference.positions == 0)
    return;
  row["positions"] = difference.positions;
  row["max_error"] = difference.maxError;
  row["max_relative_error"] = difference.maxRelativeError;
  row["mean_kl"] = difference.meanKL;
  row["max_kl"] = difference.maxKL;
  if (!model.kl)
    return;
  row["hf_bf16_mean_kl"] = *model.kl;
  if (!(difference.meanKL <= variant.klShare * *model.kl))
    fail("mean KL divergence above " + std::to_string(variant.klShare) +
         " of that of HuggingFace's bf16");
}

void ModelTest::checkRuns(Session &session, const Text &text) {
  Text first;
  for (uint32_t run = 0; run < model.runs; ++run) {
    Text found = generateText(session, text.prompt, text.ids.size(), 64);
    if (run == 0)
      first = found;
    else if (found.logits.size() != first.logits.size() ||
             std::memcmp(found.logits.data(), first.logits.data(),
                         first.logits.size() * sizeof(float)) != 0)
      return fail("run " + std::to_string(run) + ": other bits than run 0");
  }
  row["runs_with_the_same_bits"] = model.runs;
}

void ModelTest::checkBroken(Session &session, const Text &text) {
  std::vector<int32_t> before =
      generateText(session, text.prompt, text.ids.size(), 64).ids;
  Bundle broken = Bundle::read(variant.bundle);
  row["broken_task"] = test::breakSchedule(broken.tables);
  std::unique_ptr<Session> stuck = open(std::move(broken), kBrokenTimeout);
  Clock::time_point begin = Clock::now();
  std::string message;
  try {
    stuck->generate(text.prompt, 4);
  } catch (const Error &error) {
    message = error.what();
  }
  double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  row["broken_report"] = message;
  row["broken_seconds"] = seconds;
  if (!stuck->waitReport())
    fail("a broken schedule gave no report: \"" + message + "\"");
  else if (seconds > kBrokenLimit)
    fail("a broken schedule took " + std::to_string(seconds) + " s");
  stuck.reset();
  // The session that was there before goes on.
  if (generateText(session, text.prompt, text.ids.size(), 64).ids != before)
    fail("other ids after a broken schedule than before it");
}

Json ModelTest::run() {
  try {
    // Bundle::open() has the verifier prove the schedule.
    std::unique_ptr<Session> session =
        open(Bundle::open(variant.bundle), arguments.quick ? kQuickTimeout : 0);
    row["device"] = session->device();
    std::vector<Text> texts = readGolden(model.golden);
    checkTexts(*session, texts);
    if (!arguments.quick && !row.contains("failure")) {
      checkRuns(*session, texts.front());
      if (model.broken)
        checkBroken(*session, texts.front());
    }
  } catch (const Error &error) {
    fail(error.what());
  }
  return row;
}

//===----------------------------------------------------------------------===//
// The suite
//===----------------------------------------------------------------------===//

static std::vector<Model> readSuite(const std::string &directory) {
  std::string file = directory + "/suite.json";
  nlohmann::json document = parseJson(readFile(file), file);
  JsonView list = JsonView(document, file).at("models");
  std::vector<Model> models;
  for (size_t i = 0; i < list.size(); ++i) {
    JsonView entry = list.at(i);
    auto path = [&](const char *key) {
      return directory + "/" + entry.at(key).asString();
    };
    Model model;
    model.name = entry.at("name").asString();
    model.weights = path("weights");
    model.golden = path("golden");
    model.runs = static_cast<uint32_t>(entry.at("runs").asInt(0, 100000));
    model.broken = entry.at("broken").asBool();
    if (entry.has("hf_bf16_mean_kl"))
      model.kl = entry.at("hf_bf16_mean_kl").asFinite();
    JsonView variants = entry.at("variants");
    for (size_t v = 0; v < variants.size(); ++v) {
      Model::Variant variant;
      variant.label = variants.at(v).at("label").asString();
      variant.bundle = directory + "/" + variants.at(v).at("bundle").asString();
      variant.klShare = variants.at(v).at("kl_share").asFinite();
      variant.exactIds = variants.at(v).at("exact_ids").asBool();
      JsonView archs = variants.at(v).at("archs");
      for (size_t a = 0; a < archs.size(); ++a)
        variant.archs.push_back(archs.at(a).asString());
      model.variants.push_back(std::move(variant));
    }
    models.push_back(std::move(model));
  }
  return models;
}

/// Why the bundle has no code of that name for the device; empty if it has.
static std::string findObstacle(const std::string &bundle,
                                const std::string &arch,
                                const cuda::DeviceInfo &device) {
  std::string reason = "no code for " + arch;
  for (const CodeInfo &code : Bundle::read(bundle).manifest.code)
    if (code.gpu && !code.gpu->trace && code.arch == arch) {
      reason = cuda::obstacle(code, device);
      if (reason.empty())
        break;
    }
  return reason;
}

static void print(const Json &row) {
  std::printf("%-28s %-6s %-6s %s", row["model"].get<std::string>().c_str(),
              row["arch"].get<std::string>().c_str(),
              row["variant"].get<std::string>().c_str(),
              row.contains("failure")   ? "FAILED"
              : row.contains("skipped") ? "skipped"
                                        : "ok");
  for (const char *key : {"failure", "skipped", "broken_report"})
    if (row.contains(key))
      std::printf(", %s", row[key].get<std::string>().c_str());
  for (const char *key : {"texts_with_the_same_ids", "max_relative_error",
                          "mean_kl", "hf_bf16_mean_kl", "broken_seconds",
                          "runs_with_the_same_bits"})
    if (row.contains(key))
      std::printf(", %s %.3g", key, row[key].get<double>());
  std::printf("\n");
  std::fflush(stdout);
}

static int runSuite(const Arguments &arguments) {
  std::string why;
  if (!cuda::available(&why)) {
    std::printf("skipped: %s\n", why.c_str());
    return kSkipped;
  }
  cuda::DeviceInfo device = cuda::Context(0).device();
  Json rows = Json::array();
  uint32_t ran = 0, failed = 0;
  for (const Model &model : readSuite(arguments.suite))
    for (const Model::Variant &variant : model.variants)
      for (const std::string &arch : variant.archs) {
        if ((!arguments.only.empty() && arguments.only != model.name) ||
            (!arguments.arch.empty() && arguments.arch != arch) ||
            (!arguments.variant.empty() && arguments.variant != variant.label))
          continue;
        Json row = {
            {"model", model.name}, {"arch", arch}, {"variant", variant.label}};
        std::string reason = findObstacle(variant.bundle, arch, device);
        if (reason.empty())
          row.update(ModelTest(arguments, model, variant, arch).run());
        else
          row["skipped"] = reason;
        print(row);
        ran += reason.empty();
        failed += row.contains("failure");
        rows.push_back(std::move(row));
      }
  if (!arguments.output.empty()) {
    Json report = {{"device", device.name}, {"results", rows}};
    std::ofstream(arguments.output) << report.dump(1) << "\n";
  }
  if (ran == 0)
    throw Error(arguments.suite + ": nothing of it could run here");
  std::printf("%u of %u passed\n", ran - failed, ran);
  return failed ? kFailed : kPassed;
}

int main(int argc, char **argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    std::string *value = word == "--only"     ? &arguments.only
                         : word == "--arch"   ? &arguments.arch
                         : word == "--variant" ? &arguments.variant
                         : word == "--output" ? &arguments.output
                                              : nullptr;
    if (word == "--quick")
      arguments.quick = true;
    else if (value && i + 1 < argc)
      *value = argv[++i];
    else if (!value && arguments.suite.empty() && word[0] != '-')
      arguments.suite = word;
    else {
      std::fprintf(stderr, "amk-gpu-model-test: cannot use \"%s\"\n",
                   word.c_str());
      return 2;
    }
  }
  try {
    if (arguments.suite.empty())
      throw Error("expected the directory of a suite");
    return runSuite(arguments);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-gpu-model-test: %s\n", error.what());
    return kFailed;
  }
}

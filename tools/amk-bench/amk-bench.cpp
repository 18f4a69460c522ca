//===- amk-bench.cpp - How fast compiled models decode --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding one token reads every packed weight once and the KV cache of the
// positions before it. So a time is stated beside the bandwidth that the same
// device reached in the same run when it only read, and beside whether the
// numbers that came out were right.
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "Measure.h"
#include "Options.h"
#include "amk/Runtime/Bandwidth.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Runtime/Timeline.h"
#include "amk/Support/Error.h"
#include "amk/Support/Number.h"
#include "amk/Support/Version.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::bench;
using namespace amk::runtime;
using Json = nlohmann::ordered_json;

static constexpr uint32_t kGatePrompt = 32, kGateTokens = 16;
static constexpr uint32_t kTimelineSteps = 4;

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

static Weights openWeights(const Manifest &manifest, const Options &options) {
  return options.dummySeed ? Weights::dummy(manifest, *options.dummySeed)
                           : Weights::fromDirectory(manifest, options.weights);
}

/// Positions that the measurements and the gate need.
static uint32_t neededContext(const Options &options,
                              const std::vector<Text> &texts) {
  uint32_t last =
      *std::max_element(options.positions.begin(), options.positions.end());
  uint64_t needed = std::max<uint64_t>(uint64_t(last) + options.tokens + 1,
                                       kGatePrompt + kGateTokens);
  for (const Text &text : texts)
    needed = std::max<uint64_t>(needed, text.prompt.size() + text.ids.size());
  return static_cast<uint32_t>(needed);
}

static std::unique_ptr<Session> openSession(const std::string &path,
                                            const Options &options,
                                            uint32_t context,
                                            bool trace = false) {
  Bundle bundle = Bundle::open(path);
  Weights weights = openWeights(bundle.manifest, options);
  SessionOptions session;
  session.arch = options.arch;
  session.device = options.device;
  session.trace = trace;
  if (bundle.manifest.gpu)
    session.context = options.context ? options.context : context;
  return std::make_unique<Session>(std::move(bundle), std::move(weights),
                                   session);
}

static GateResult runGate(Session &session, const Options &options,
                          const std::vector<Text> &texts) {
  if (!texts.empty())
    return compareWithGolden(session, texts, options.stepsPerLaunch);
  GateResult runs = compareRuns(session, options.gateRuns, kGatePrompt,
                                kGateTokens, options.stepsPerLaunch);
  if (options.reference.empty() || !runs.passed)
    return runs;
  Options own = options;
  own.device = own.arch = "";
  std::unique_ptr<Session> reference =
      openSession(options.reference, own, neededContext(options, texts));
  GateResult result =
      compareSessions(session, *reference, kGatePrompt, kGateTokens);
  result.what +=
      "; the same bits in " + std::to_string(options.gateRuns) + " runs";
  return result;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Of the device that the bundle runs on.
static Bandwidth measureBandwidth(const Manifest &manifest,
                                  const Options &options) {
  if (!manifest.gpu)
    return measureReadBandwidth(manifest.workers);
  size_t colon = options.device.find(':');
  std::string number =
      colon == std::string::npos ? "0" : options.device.substr(colon + 1);
  std::optional<int> ordinal = parseInteger<int>(number);
  if (!ordinal || *ordinal < 0)
    fail("device", "found \"" + options.device + "\", expected cuda:NUMBER");
  return measureDeviceReadBandwidth(*ordinal);
}

static void addSamples(Json &json, const std::string &name,
                       const Samples &samples) {
  json[name + "_median"] = samples.percentile(0.5);
  json[name + "_p10"] = samples.percentile(0.1);
  json[name + "_p90"] = samples.percentile(0.9);
  json[name + "_samples"] = samples.size();
}

static Json describe(const Case &which, const Timing &timing,
                     const Bandwidth &bandwidth) {
  Json json;
  json["position"] = which.position;
  json["cache"] = timing.pretended ? "numbers without meaning" : "processed";
  json["tokens"] = which.tokens;
  json["steps_per_launch"] = which.stepsPerLaunch;
  addSamples(json, "us_per_token", timing.host);
  if (timing.device.size() > 0)
    addSamples(json, "kernel_us_per_token", timing.device);
  if (timing.interval.size() > 0)
    addSamples(json, "us_between_tokens", timing.interval);
  double bytes = timing.weightBytes + timing.kvBytes;
  double median = timing.host.percentile(0.5);
  json["weight_bytes_per_token"] = timing.weightBytes;
  json["kv_bytes_per_token"] = timing.kvBytes;
  json["gb_per_second"] = bytes / median * 1e-3;
  json["floor_us_per_token"] = bytes / bandwidth.bytesPerSecond * 1e6;
  json["percent_of_measured_bandwidth"] =
      100 * bytes / (median * 1e-6) / bandwidth.bytesPerSecond;
  json["tokens_per_second"] = 1e6 / median;
  return json;
}

static Json describe(const GateResult &gate) {
  Json json;
  json["passed"] = gate.passed;
  json["what"] = gate.what;
  if (!gate.failure.empty())
    json["failure"] = gate.failure;
  const Difference &difference = gate.difference;
  if (difference.positions == 0)
    return json;
  json["positions"] = difference.positions;
  json["same_choice"] = difference.sameChoice;
  json["max_error"] = difference.maxError;
  json["max_relative_error"] = difference.maxRelativeError;
  json["mean_kl"] = difference.meanKL;
  json["max_kl"] = difference.maxKL;
  return json;
}

/// What would otherwise fail after minutes.
static void checkRequest(const Manifest &manifest, const Options &options,
                         const std::vector<Text> &texts,
                         const std::string &path) {
  uint32_t needed = neededContext(options, texts);
  if (needed > manifest.model.maxContext)
    fail(path, "max_context: found " +
                   std::to_string(manifest.model.maxContext) +
                   ", expected at least " + std::to_string(needed) +
                   " to measure at these positions");
  if (!manifest.gpu && !options.timeline.empty())
    fail(path, "target: found cpu, expected cuda for --timeline");
}

static Json benchBundle(const std::string &path, const Options &options,
                        const std::vector<Text> &texts) {
  Json json;
  json["bundle"] = path;
  Manifest manifest = Bundle::read(path).manifest;
  checkRequest(manifest, options, texts, path);
  // Before the weights take the memory.
  Bandwidth bandwidth = measureBandwidth(manifest, options);
  std::unique_ptr<Session> session =
      openSession(path, options, neededContext(options, texts));
  const ModelInfo &model = session->manifest().model;
  json["device"] = session->device();
  json["arch"] = session->arch();
  json["workers"] = session->workers();
  json["weights"] = session->weightsDescription();
  json["model"] = {{"family", model.family},
                   {"layers", model.layers},
                   {"hidden_size", model.hiddenSize},
                   {"vocab_size", model.vocabSize}};
  json["sanitizer"] = buildSanitizer();
  json["read_bandwidth"] = {
      {"gb_per_second_median", bandwidth.bytesPerSecond * 1e-9},
      {"gb_per_second_best", bandwidth.bestBytesPerSecond * 1e-9},
      {"buffer_bytes", bandwidth.bufferBytes},
      {"threads", bandwidth.threads}};
  json["gate"] = describe(runGate(*session, options, texts));
  json["measurements"] = Json::array();
  for (uint32_t position : options.positions)
    for (uint32_t steps : options.stepsPerLaunch) {
      Case which{position, options.tokens, std::min(steps, options.tokens)};
      json["measurements"].push_back(
          describe(which, measure(*session, which, options.repetitions),
                   bandwidth));
    }
  return json;
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

static void printTable(const Json &result) {
  auto text = [&](const char *key) { return result[key].get<std::string>(); };
  const Json &read = result["read_bandwidth"], &gate = result["gate"];
  std::printf("%s\n%s, %s, %u workers, %s\n", text("bundle").c_str(),
              text("device").c_str(), text("arch").c_str(),
              result["workers"].get<uint32_t>(), text("weights").c_str());
  std::printf("read bandwidth %.1f GB/s median, %.1f best (%.0f MiB)\n",
              read["gb_per_second_median"].get<double>(),
              read["gb_per_second_best"].get<double>(),
              read["buffer_bytes"].get<double>() / (1 << 20));
  std::printf("gate %s: %s\n", gate["passed"] ? "passed" : "FAILED",
              gate["what"].get<std::string>().c_str());
  if (gate.contains("failure"))
    std::printf("  %s\n", gate["failure"].get<std::string>().c_str());
  if (gate.contains("mean_kl"))
    std::printf("  %.0f positions: largest error %.3g, of a row %.3g; KL "
                "divergence %.3g mean, %.3g largest\n",
                gate["positions"].get<double>(), gate["max_error"].get<double>(),
                gate["max_relative_error"].get<double>(),
                gate["mean_kl"].get<double>(), gate["max_kl"].get<double>());
  std::printf("%9s %7s | %10s %10s %10s %10s | %9s %7s %10s\n", "position",
              "steps", "us median", "p10", "p90", "kernel", "GB/s", "% read",
              "tokens/s");
  for (const Json &row : result["measurements"]) {
    auto number = [&](const char *key) { return row[key].get<double>(); };
    double kernel = row.contains("kernel_us_per_token_median")
                        ? number("kernel_us_per_token_median")
                        : 0;
    std::printf("%9.0f %7.0f | %10.1f %10.1f %10.1f %10.1f | %9.1f %7.1f "
                "%10.1f\n",
                number("position"), number("steps_per_launch"),
                number("us_per_token_median"), number("us_per_token_p10"),
                number("us_per_token_p90"), kernel, number("gb_per_second"),
                number("percent_of_measured_bandwidth"),
                number("tokens_per_second"));
  }
}

/// A trace of some steps, by code made for it, and its summary.
static void writeTimeline(const Options &options) {
  Case which{options.positions.front(), kTimelineSteps, kTimelineSteps};
  std::unique_ptr<Session> session =
      openSession(options.bundles.front(), options,
                  which.position + which.tokens + 1, /*trace=*/true);
  measure(*session, which, /*repetitions=*/3);
  Timeline timeline(session->tables(), *session->trace());
  timeline.writeTrace(options.timeline);
  // Not among JSON.
  std::fputs(timeline.summary().c_str(), options.json ? stderr : stdout);
}

static void writeFile(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file)
    fail(path, std::string("cannot write: ") + std::strerror(errno));
}

/// True if all gates passed.
static bool run(const Options &options) {
  std::vector<Text> texts;
  if (!options.golden.empty())
    texts = readGolden(options.golden);
  Json report;
  report["amk_version"] = version();
  report["results"] = Json::array();
  bool passed = true;
  for (const std::string &bundle : options.bundles) {
    Json result = benchBundle(bundle, options, texts);
    passed &= result["gate"]["passed"].get<bool>();
    if (!options.json)
      printTable(result);
    report["results"].push_back(std::move(result));
    if (!options.output.empty())
      writeFile(options.output, report.dump(2) + "\n");
  }
  if (!options.timeline.empty())
    writeTimeline(options);
  if (options.json)
    std::printf("%s\n", report.dump(2).c_str());
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw Error("standard output: cannot write");
  return passed;
}

int main(int argc, char **argv) {
  try {
    Options options = parseOptions(argc, argv);
    if (options.help) {
      std::fputs(helpText().c_str(), stdout);
      return 0;
    }
    return run(options) ? 0 : 1;
  } catch (const UsageError &error) {
    std::fprintf(stderr, "amk-bench: error: %s\nTry amk-bench --help\n",
                 error.what());
    return 2;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-bench: error: %s\n", error.what());
    return 1;
  }
}

//===- Bench.cpp - How fast a model decodes -------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding one token reads every packed weight once and the KV cache of the
// positions before it, so its speed is stated as a share of the bandwidth that
// the same threads reach when they only read.
//
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "amk/Runtime/Bandwidth.h"
#include "amk/Runtime/CodeObject.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::run;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;

static constexpr uint32_t kWarmUp = 8;
static constexpr uint32_t kDefaultTokens = 64;

namespace {

struct Timing {
  std::vector<double> micros; ///< per token, one entry per launch, sorted
  double meanPosition = 0;

  double percentile(double p) const {
    return micros[std::min<size_t>(micros.size() - 1, p * micros.size())];
  }
};

} // namespace

static std::vector<int32_t> benchPrompt(const Session &session,
                                        const Options &options) {
  if (options.promptIds)
    return *options.promptIds;
  const ModelInfo &model = session.manifest().model;
  int32_t first = model.bosTokenId.value_or(0);
  return {static_cast<uint32_t>(first) < model.vocabSize ? first : 0};
}

/// As many tokens as asked for; as many as fit if nothing was asked for.
static uint32_t benchTokens(const Session &session, const Options &options,
                            size_t promptLength) {
  if (options.newTokens)
    return std::max(1u, *options.newTokens);
  uint64_t context = session.manifest().model.maxContext;
  uint64_t used = promptLength + kWarmUp + 1;
  uint64_t room = context > used ? context - used : 1;
  return std::min<uint64_t>(kDefaultTokens, room);
}

/// One time stamp per token; a sample spans one launch.
static Timing timeDecode(Session &session, const Options &options) {
  std::vector<int32_t> prompt = benchPrompt(session, options);
  uint32_t count = benchTokens(session, options, prompt.size());
  uint32_t perLaunch =
      std::min(options.stepsPerLaunch.value_or(1), count);
  std::vector<Clock::time_point> stamps;
  GenerateOptions generate;
  generate.stepsPerLaunch = perLaunch;
  generate.ignoreStopTokens = true;
  generate.onToken = [&](int32_t) {
    stamps.push_back(Clock::now());
    return false;
  };
  // A sample needs the time stamp before it.
  session.generate(prompt, kWarmUp + count + 1, generate);

  Timing timing;
  for (size_t i = kWarmUp; i + perLaunch < stamps.size(); i += perLaunch) {
    std::chrono::duration<double, std::micro> span =
        stamps[i + perLaunch] - stamps[i];
    timing.micros.push_back(span.count() / perLaunch);
  }
  std::sort(timing.micros.begin(), timing.micros.end());
  timing.meanPosition = prompt.size() + kWarmUp + count / 2.0;
  return timing;
}

static nlohmann::ordered_json measure(Session &session,
                                      const Options &options) {
  Timing timing = timeDecode(session, options);
  const Manifest &manifest = session.manifest();
  double kvBytes = manifest.memory.kvBytes * (timing.meanPosition + 1) /
                   manifest.model.maxContext;
  double bytes = session.streamBytesPerStep() + kvBytes;
  double median = timing.percentile(0.5);
  double rate = bytes / (median * 1e-6);
  nlohmann::ordered_json result;
  result["device"] = session.device();
  result["cpu"] = cpuName();
  result["arch"] = session.arch();
  result["sanitizer"] = buildSanitizer();
  result["workers"] = session.workers();
  result["weights"] = session.weightsDescription();
  result["samples"] = timing.micros.size();
  result["steps_per_launch"] = options.stepsPerLaunch.value_or(1);
  result["us_per_token_median"] = median;
  result["us_per_token_p10"] = timing.percentile(0.1);
  result["us_per_token_p90"] = timing.percentile(0.9);
  result["tokens_per_second"] = 1e6 / median;
  result["stream_bytes_per_token"] = session.streamBytesPerStep();
  result["kv_bytes_per_token"] = static_cast<uint64_t>(kvBytes);
  result["gb_per_second"] = rate * 1e-9;
  if (manifest.gpu)
    return result; // what the CPU reads says nothing about it
  Bandwidth bandwidth = measureReadBandwidth(session.workers());
  result["measured_read_gb_per_second"] = bandwidth.bytesPerSecond * 1e-9;
  result["measured_read_buffer_bytes"] = bandwidth.bufferBytes;
  result["percent_of_measured"] = 100 * rate / bandwidth.bytesPerSecond;
  return result;
}

void amk::run::bench(Session &session, const Options &options) {
  nlohmann::ordered_json r = measure(session, options);
  if (options.json) {
    std::printf("%s\n", r.dump(2).c_str());
    return;
  }
  auto number = [&](const char *key) { return r[key].get<double>(); };
  bool hasBandwidth = r.contains("percent_of_measured");
  std::printf("%s, %s, %u workers, %s\n",
              r["device"].get<std::string>().c_str(),
              r["arch"].get<std::string>().c_str(), session.workers(),
              r["weights"].get<std::string>().c_str());
  if (hasBandwidth)
    std::printf("read bandwidth  %8.2f GB/s (%u threads, %.0f MiB)\n",
                number("measured_read_gb_per_second"), session.workers(),
                number("measured_read_buffer_bytes") / (1 << 20));
  std::printf("time per token  %8.1f us median, %.1f p10, %.1f p90 "
              "(%.0f samples)\n",
              number("us_per_token_median"), number("us_per_token_p10"),
              number("us_per_token_p90"), number("samples"));
  std::printf("bytes per token %8.2f MB weights, %.2f MB KV cache\n",
              number("stream_bytes_per_token") * 1e-6,
              number("kv_bytes_per_token") * 1e-6);
  std::printf("decode          %8.2f GB/s, ", number("gb_per_second"));
  if (hasBandwidth)
    std::printf("%.1f %% of read bandwidth, ", number("percent_of_measured"));
  std::printf("%.1f tokens/s\n", number("tokens_per_second"));
}

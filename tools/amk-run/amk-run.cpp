//===- amk-run.cpp - Runs a compiled model --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "Options.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Runtime/Session.h"
#include "amk/Runtime/Timeline.h"
#include "amk/Support/Error.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::run;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;

static double secondsBetween(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

static void showProgress(uint64_t done, uint64_t total) {
  std::fprintf(stderr, "\ramk-run: packing weights %3.0f %% of %.1f MB%s",
               100.0 * done / total, total * 1e-6, done == total ? "\n" : "");
}

static std::unique_ptr<Session> load(const Options &options) {
  Bundle bundle = Bundle::open(options.bundle);
  Weights weights =
      options.dummySeed
          ? Weights::dummy(bundle.manifest, *options.dummySeed)
          : Weights::fromDirectory(bundle.manifest, options.weights);
  SessionOptions session;
  session.waitTimeoutSeconds = options.waitTimeoutSeconds;
  session.progress = showProgress;
  session.device = options.device;
  session.arch = options.arch;
  session.context = options.context;
  session.trace = !options.timelineFile.empty();
  return std::make_unique<Session>(std::move(bundle), std::move(weights),
                                   session);
}

/// "cpu AMD EPYC, code x86-64-v3, 2 workers, DIR", "cuda:0 NVIDIA H200, ..."
static std::string whereItRan(const Session &session) {
  return session.device() + ", code " + session.arch() + ", " +
         std::to_string(session.workers()) + " workers, " +
         session.weightsDescription();
}

namespace {

/// Raw float32 rows, one per position, in order.
class LogitsFile {
public:
  LogitsFile(const std::string &path, uint32_t vocab)
      : path(path), rowBytes(uint64_t(vocab) * sizeof(float)) {
    if (path.empty())
      return;
    file.open(path, std::ios::binary | std::ios::trunc);
    check();
  }

  bool wanted() const { return !path.empty(); }

  void write(const float *row) {
    file.write(reinterpret_cast<const char *>(row), rowBytes);
    check();
  }

  void close() {
    if (!wanted())
      return;
    file.close();
    check();
  }

private:
  void check() {
    if (!file)
      fail(path, std::string("cannot write: ") + std::strerror(errno));
  }

  std::string path;
  uint64_t rowBytes;
  std::ofstream file;
};

} // namespace

static const char *reasonName(StopReason reason) {
  switch (reason) {
  case StopReason::Length:
    return "length";
  case StopReason::StopToken:
    return "stop_token";
  case StopReason::Callback:
    return "callback";
  }
  return "";
}

static void generate(Session &session, const Options &options) {
  LogitsFile logits(options.logitsFile, session.manifest().model.vocabSize);
  std::vector<Clock::time_point> stamps;
  GenerateOptions request;
  request.stepsPerLaunch = options.stepsPerLaunch.value_or(64);
  request.onToken = [&](int32_t token) {
    if (!options.json) {
      std::printf(stamps.empty() ? "%d" : " %d", token);
      std::fflush(stdout);
    }
    stamps.push_back(Clock::now());
    return false;
  };
  if (logits.wanted())
    request.onLogits = [&](uint64_t, const float *row) { logits.write(row); };
  Clock::time_point begin = Clock::now();
  GenerateResult result = session.generate(*options.promptIds,
                                           options.newTokens.value_or(64),
                                           request);
  double seconds = secondsBetween(begin, Clock::now());
  logits.close();

  double rate = result.tokens.size() / seconds;
  if (options.json) {
    nlohmann::ordered_json json;
    json["ids"] = result.tokens;
    json["stop_reason"] = reasonName(result.reason);
    json["device"] = session.device();
    json["cpu"] = cpuName();
    json["arch"] = session.arch();
    json["workers"] = session.workers();
    json["seconds"] = seconds;
    json["tokens_per_second"] = rate;
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    std::printf("\n");
  }
  std::fprintf(stderr,
               "amk-run: %s\namk-run: %zu prompt and %zu generated tokens in "
               "%.3f s, %.1f generated tokens/s\n",
               whereItRan(session).c_str(), options.promptIds->size(),
               result.tokens.size(), seconds, rate);
}

/// The trace for Perfetto goes to the file, a summary to stderr.
static void writeTimeline(const Session &session, const std::string &file) {
  if (!session.trace())
    throw Error("timeline: nothing was launched");
  Timeline timeline(session.tables(), *session.trace());
  timeline.writeTrace(file);
  std::fputs(timeline.summary().c_str(), stderr);
}

/// -log softmax(row)[target] in double precision.
static double negativeLogLikelihood(const float *row, uint32_t vocab,
                                    int32_t target) {
  double largest = row[0];
  for (uint32_t i = 1; i < vocab; ++i)
    largest = std::max<double>(largest, row[i]);
  double sum = 0;
  for (uint32_t i = 0; i < vocab; ++i)
    sum += std::exp(row[i] - largest);
  return largest + std::log(sum) - row[target];
}

static void score(Session &session, const Options &options) {
  const std::vector<int32_t> &text = *options.promptIds;
  if (text.size() < 2)
    throw Error("--score: found 1 token, expected at least 2");
  uint32_t vocab = session.manifest().model.vocabSize;
  LogitsFile logits(options.logitsFile, vocab);
  double sum = 0;
  Clock::time_point begin = Clock::now();
  session.scoreTokens(
      text,
      [&](uint64_t position, const float *row) {
        if (logits.wanted())
          logits.write(row);
        if (position + 1 < text.size())
          sum += negativeLogLikelihood(row, vocab, text[position + 1]);
      },
      options.stepsPerLaunch.value_or(0));
  double seconds = secondsBetween(begin, Clock::now());
  logits.close();
  uint64_t predicted = text.size() - 1;
  double mean = sum / predicted;
  if (options.json) {
    nlohmann::ordered_json json;
    json["tokens"] = predicted;
    json["mean_nll"] = mean;
    json["perplexity"] = std::exp(mean);
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    std::printf("tokens %llu mean_nll %.10g perplexity %.10g\n",
                static_cast<unsigned long long>(predicted), mean,
                std::exp(mean));
  }
  std::fprintf(stderr, "amk-run: %s\namk-run: %.1f tokens/s\n",
               whereItRan(session).c_str(), text.size() / seconds);
}

int main(int argc, char **argv) {
  try {
    Options options = parseOptions(argc, argv);
    if (options.help) {
      std::fputs(helpText().c_str(), stdout);
      return 0;
    }
    std::unique_ptr<Session> session = load(options);
    if (options.bench)
      bench(*session, options);
    else if (options.score)
      score(*session, options);
    else
      generate(*session, options);
    if (!options.timelineFile.empty())
      writeTimeline(*session, options.timelineFile);
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
      throw Error("standard output: cannot write");
    return 0;
  } catch (const UsageError &error) {
    std::fprintf(stderr, "amk-run: error: %s\nTry amk-run --help\n",
                 error.what());
    return 2;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-run: error: %s\n", error.what());
    return 1;
  }
}

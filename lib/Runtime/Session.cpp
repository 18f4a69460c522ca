//===- Session.cpp - A loaded model and its state -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loading and requests; Launch.cpp runs the kernel.
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Session.h"
#include "Call.h"
#include "Delays.h"
#include "Parallel.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace amk;
using namespace amk::runtime;

static constexpr double kDefaultWaitTimeout = 20;
static constexpr uint64_t kMaxLogitsBytes = 64ull << 20;
/// Polls of a wait before the kernel asks waitSlow. Without a core per worker
/// the awaited one may not even be running, so asking early is right.
static constexpr uint32_t kSpinLimit = 2000;
static constexpr uint32_t kSpinLimitOversubscribed = 8;

/// Rows of logits begin at the border of a cache line.
static uint64_t logitsStride(const Manifest &manifest) {
  return (uint64_t(manifest.model.vocabSize) + 15) / 16 * 16;
}

static double chooseWaitTimeout(double requested) {
  if (requested > 0)
    return requested;
  const char *text = std::getenv("AMK_WAIT_TIMEOUT");
  if (!text)
    return kDefaultWaitTimeout;
  char *end = nullptr;
  double seconds = std::strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(seconds) || seconds <= 0)
    fail("AMK_WAIT_TIMEOUT", std::string("found \"") + text +
                                 "\", expected a number of seconds above 0");
  return seconds;
}

Session::Session(Bundle loaded, Weights tensors, const SessionOptions &options)
    : bundle(std::move(loaded)), code(CodeObject::load(bundle)),
      weights(std::move(tensors)),
      waitTimeout(chooseWaitTimeout(options.waitTimeoutSeconds)),
      oversubscribed(bundle.manifest.workers > coreCount()),
      delays(Delays::fromEnvironment(bundle.manifest.workers)) {
  allocate(options.progress);
  bindArguments();
  pool = std::make_unique<WorkerPool>(bundle.manifest.workers,
                                      /*mayPoll=*/!oversubscribed);
}

Session::~Session() = default;

void Session::allocate(const ProgressFn &progress) {
  const Manifest &manifest = bundle.manifest;
  streams = packStreams(bundle, weights, progress);
  constants = buildConstants(manifest, weights);
  arena = Buffer(manifest.memory.arenaBytes, "activations");
  kvCache = Buffer(manifest.memory.kvBytes, "KV cache");
  counters = Buffer(bundle.tables.counters.size() * abi::kCounterStride,
                    "counters");
  control = Buffer(sizeof(abi::Control), "control block");
  logits = Buffer(logitsStride(manifest) * sizeof(float), "logits");
  for (uint32_t worker = 0; worker < manifest.workers; ++worker)
    scratch.emplace_back(manifest.memory.scratchBytes, "scratch");
  tokens.assign(uint64_t(manifest.model.maxContext) + 1, 0);
  exitCodes.assign(manifest.workers, 0);
}

void Session::bindArguments() {
  for (const Buffer &stream : streams)
    streamPointers.push_back(stream.data());
  for (Buffer &buffer : scratch)
    scratchPointers.push_back(buffer.data());
  for (uint32_t tensor : bundle.manifest.externals)
    externalPointers.push_back(weights.whole(tensor));
  const schedule::Tables &tables = bundle.tables;
  args.arena = arena.data();
  args.kvCache = kvCache.data();
  args.constants = constants.data();
  args.streams = streamPointers.data();
  args.externals = externalPointers.data();
  args.scratch = scratchPointers.data();
  args.counters = counters.data();
  args.control = reinterpret_cast<abi::Control *>(control.data());
  args.tokens = tokens.data();
  args.queues = tables.queues.data();
  args.instructions = tables.instructions.data();
  args.waits = tables.waits.data();
  args.signals = tables.signals.data();
  args.counterInfo = tables.counters.data();
  args.stopTokens = bundle.manifest.model.eosTokenIds.data();
  args.waitSlow = &Session::waitSlow;
  args.noise = delays ? &Session::noise : nullptr;
  args.host = this;
  args.spinLimit = oversubscribed ? kSpinLimitOversubscribed : kSpinLimit;
}

uint64_t Session::streamBytesPerStep() const {
  uint64_t sum = 0;
  for (const abi::PackSegment &segment : bundle.tables.segments)
    sum += segment.bytes;
  return sum;
}

/// Checks a request and puts its tokens behind what the session holds. Returns
/// the number of known tokens.
uint64_t Session::acceptPrompt(const std::vector<int32_t> &prompt,
                               uint64_t maxNew, bool continueSession) {
  uint64_t held = continueSession ? known : 0;
  uint64_t done = continueSession ? processed : 0;
  const ModelInfo &model = bundle.manifest.model;
  if (prompt.empty() && done == held)
    throw Error("prompt: found no tokens, expected at least one");
  for (size_t i = 0; i < prompt.size(); ++i)
    if (prompt[i] < 0 || static_cast<uint32_t>(prompt[i]) >= model.vocabSize)
      throw Error("prompt: token " + std::to_string(i) + ": found " +
                  std::to_string(prompt[i]) + ", expected 0 to " +
                  std::to_string(model.vocabSize - 1));
  uint64_t length = held + prompt.size();
  if (length > model.maxContext || maxNew > model.maxContext - length)
    throw Error("prompt: found " + std::to_string(length) + " tokens and " +
                std::to_string(maxNew) +
                " to generate, expected at most max_context " +
                std::to_string(model.maxContext) + " together");
  std::copy(prompt.begin(), prompt.end(), tokens.begin() + held);
  // Until the call succeeds the session holds nothing.
  args.startPosition = done;
  processed = known = 0;
  return length;
}

uint32_t Session::limitSteps(uint32_t requested, bool withLogits) const {
  uint64_t limit = requested;
  for (const abi::Counter &counter : bundle.tables.counters)
    if (counter.perStep != 0)
      limit = std::min<uint64_t>(limit, (1u << 30) / counter.perStep);
  if (withLogits)
    limit = std::min(limit, kMaxLogitsBytes / (logitsStride(bundle.manifest) *
                                               sizeof(float)));
  return std::max<uint64_t>(limit, 1);
}

/// Runs `steps` steps from args.startPosition, or less if something ends them.
void Session::run(uint64_t steps, uint32_t stepsPerLaunch, Call &call) {
  __atomic_store_n(&abortRequested, 0, __ATOMIC_SEQ_CST);
  report.reset();
  args.promptLength = call.promptLength;
  bool withLogits = static_cast<bool>(call.onLogits);
  uint32_t limit = limitSteps(stepsPerLaunch, withLogits);
  args.logitsStride = withLogits ? logitsStride(bundle.manifest) : 0;
  limit = std::min<uint64_t>(limit, steps);
  uint64_t bytes = (withLogits ? limit : 1) * logitsStride(bundle.manifest) *
                   sizeof(float);
  if (logits.size() < bytes)
    logits = Buffer(bytes, "logits");
  args.logits = reinterpret_cast<float *>(logits.data());
  while (steps > 0 && !call.ended) {
    uint32_t done = launch(std::min<uint64_t>(limit, steps), call);
    args.startPosition += done;
    steps -= done;
  }
}

GenerateResult Session::generate(const std::vector<int32_t> &prompt,
                                 uint32_t maxNew,
                                 const GenerateOptions &options) {
  if (options.stepsPerLaunch == 0)
    throw Error("steps per launch: found 0, expected at least 1");
  Call call;
  call.promptLength = acceptPrompt(prompt, maxNew, options.continueSession);
  call.onToken = options.onToken;
  call.onLogits = options.onLogits;
  call.wantTokens = maxNew > 0;
  args.stopTokenCount =
      options.ignoreStopTokens ? 0 : bundle.manifest.model.eosTokenIds.size();
  // The last token is produced by the step before its own.
  uint64_t steps =
      call.promptLength - args.startPosition + (maxNew ? maxNew - 1 : 0);
  if (steps > 0)
    run(steps, options.stepsPerLaunch, call);
  known = call.promptLength + call.result.tokens.size();
  processed = call.wantTokens ? known - 1 : known;
  return std::move(call.result);
}

void Session::scoreTokens(const std::vector<int32_t> &text,
                          const LogitsFn &onLogits, uint32_t stepsPerLaunch) {
  Call call;
  call.promptLength = acceptPrompt(text, 0, /*continueSession=*/false);
  call.onLogits = onLogits;
  args.stopTokenCount = 0;
  run(text.size(), stepsPerLaunch ? stepsPerLaunch : UINT32_MAX, call);
  known = processed = call.promptLength;
}

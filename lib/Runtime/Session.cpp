//===- Session.cpp - A loaded model and its state -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Session.h"
#include "Call.h"
#include "amk/Runtime/LocalGpu.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace amk;
using namespace amk::runtime;

double runtime::chooseWaitTimeout(double requested, double fallback) {
  if (requested > 0)
    return requested;
  const char *text = std::getenv("AMK_WAIT_TIMEOUT");
  if (!text)
    return fallback;
  char *end = nullptr;
  double seconds = std::strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(seconds) || seconds <= 0)
    fail("AMK_WAIT_TIMEOUT", std::string("found \"") + text +
                                 "\", expected a number of seconds above 0");
  return seconds;
}

uint32_t runtime::limitSteps(const Bundle &bundle, bool withLogits) {
  uint64_t limit = UINT32_MAX;
  for (const abi::Counter &counter : bundle.tables.counters)
    if (counter.perStep != 0)
      limit = std::min<uint64_t>(limit, (1u << 30) / counter.perStep);
  if (withLogits)
    limit = std::min(limit, kMaxLogitsBytes / (logitsStride(bundle.manifest) *
                                               sizeof(float)));
  return std::max<uint64_t>(limit, 1);
}

std::string WaitReport::text() const {
  std::string limit = std::to_string(seconds);
  return "worker " + std::to_string(worker) + ", task " + task +
         ": wait for " + what + " timed out after " +
         limit.substr(0, limit.find('.') + 2) + " s: seen " +
         std::to_string(seen) + ", expected " + std::to_string(expected);
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

static std::unique_ptr<Engine> makeEngine(const Bundle &bundle,
                                          Weights &weights,
                                          const SessionOptions &options) {
  bool isGpu = bundle.manifest.gpu.has_value();
  std::string device =
      !options.device.empty() ? options.device : isGpu ? "cuda:0" : "cpu";
  if (device != "cpu") {
    uint32_t ordinal = parseGpu(device);
    if (!isGpu)
      fail(bundle.directory, "target: found cpu, expected cuda to run on " +
                                 device + "; compile with --target=cuda");
    return cuda::makeEngine(bundle, weights, options, ordinal);
  }
  if (isGpu)
    fail(bundle.directory, "target: found cuda, expected cpu to run on the "
                           "CPU; compile with --target=cpu");
  if (!options.arch.empty() || options.context != 0 || options.trace)
    throw Error("arch, context, trace: have no meaning on the CPU");
  return makeCpuEngine(bundle, weights, options);
}

Session::Session(Bundle loaded, Weights tensors, const SessionOptions &options)
    : bundle(std::move(loaded)), weights(std::move(tensors)),
      tokens(uint64_t(bundle.manifest.model.maxContext) + 1),
      engine(makeEngine(bundle, weights, options)) {}

Session::~Session() = default;

const std::string &Session::arch() const { return engine->arch(); }
std::string Session::device() const { return engine->device(); }
void Session::abort() { engine->abort(); }

const std::optional<WaitReport> &Session::waitReport() const {
  return engine->report();
}

uint64_t Session::streamBytesPerStep() const {
  uint64_t sum = 0;
  for (const abi::PackSegment &segment : bundle.tables.segments)
    sum += segment.bytes;
  return sum;
}

const Trace *Session::trace() const { return engine->trace(); }

uint64_t Session::context() const { return engine->context(); }

uint64_t Session::kvBytesOfStep(uint64_t position) const {
  const Manifest &manifest = bundle.manifest;
  uint64_t positions = position + 1;
  if (!manifest.gpu || manifest.gpu->kvSplits == 0)
    return manifest.memory.kvBytes / manifest.model.maxContext * positions;
  // Each of the splits of a head has a run; together they hold all blocks.
  uint64_t bytesOfBlocks = 0;
  for (const abi::Instruction &in : bundle.tables.instructions)
    if (in.stageCount == 0)
      bytesOfBlocks += in.stageBytes;
  return bytesOfBlocks / manifest.gpu->kvSplits * positions /
         manifest.gpu->kvBlock;
}

//===----------------------------------------------------------------------===//
// Requests
//===----------------------------------------------------------------------===//

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
  uint64_t length = held + prompt.size(), context = engine->context();
  const char *limit = context < model.maxContext ? "context" : "max_context";
  if (length > context || maxNew > context - length)
    throw Error("prompt: found " + std::to_string(length) + " tokens and " +
                std::to_string(maxNew) + " to generate, expected at most " +
                limit + " " + std::to_string(context) + " together");
  std::copy(prompt.begin(), prompt.end(), tokens.begin() + held);
  return length;
}

/// Runs `steps` steps from the request's start, or less if something ends them.
void Session::run(uint64_t steps, uint32_t stepsPerLaunch, Call &call) {
  engine->beginCall();
  call.request.wantLogits = static_cast<bool>(call.onLogits);
  uint32_t limit =
      std::min(stepsPerLaunch, engine->maxSteps(call.request.wantLogits));
  while (steps > 0 && !call.ended) {
    uint32_t done = launch(std::min<uint64_t>(limit, steps), call);
    call.request.startPosition += done;
    steps -= done;
  }
}

void Session::deliverTokens(uint32_t stepsDone, Call &call) {
  for (; call.delivered < stepsDone && !call.ended; ++call.delivered) {
    uint64_t position =
        uint64_t(call.request.startPosition) + call.delivered + 1;
    if (!call.wantTokens || position < call.request.promptLength)
      continue;
    int32_t token = tokens[position];
    call.result.tokens.push_back(token);
    if (call.onToken && call.onToken(token)) {
      call.result.reason = StopReason::Callback;
      call.ended = true;
    }
  }
}

void Session::deliverLogits(uint32_t stepsDone, const Call &call) {
  if (!call.onLogits)
    return;
  for (uint32_t step = 0; step < stepsDone; ++step)
    call.onLogits(uint64_t(call.request.startPosition) + step,
                  engine->logits(step));
}

uint32_t Session::launch(uint32_t steps, Call &call) {
  call.request.steps = steps;
  call.delivered = 0;
  Engine::PollFn poll;
  if (call.onToken)
    poll = [&](uint32_t stepsDone) {
      deliverTokens(stepsDone, call);
      return call.ended;
    };
  LaunchResult result = engine->launch(call.request, tokens.data(), poll);
  auto now = std::chrono::steady_clock::now();
  deliverTokens(result.stepsDone, call);
  deliverLogits(result.stepsDone, call);
  if (call.onLaunch)
    call.onLaunch({call.request.startPosition, result.stepsDone,
                   std::chrono::duration<double>(now - call.since).count(),
                   result.deviceSeconds});
  call.since = now;
  if (result.stopped && !call.ended) {
    call.result.reason = StopReason::StopToken;
    call.ended = true;
  }
  return result.stepsDone;
}

GenerateResult Session::generate(const std::vector<int32_t> &prompt,
                                 uint32_t maxNew,
                                 const GenerateOptions &options) {
  if (options.stepsPerLaunch == 0)
    throw Error("steps per launch: found 0, expected at least 1");
  Call call;
  uint64_t length = acceptPrompt(prompt, maxNew, options.continueSession);
  call.request.promptLength = length;
  call.request.startPosition = options.continueSession ? processed : 0;
  // Until the call succeeds the session holds nothing.
  processed = known = 0;
  call.onToken = options.onToken;
  call.onLogits = options.onLogits;
  call.onLaunch = options.onLaunch;
  call.request.wantTime = options.timeDevice;
  call.wantTokens = maxNew > 0;
  call.request.stopTokenCount =
      options.ignoreStopTokens ? 0 : bundle.manifest.model.eosTokenIds.size();
  // The last token is produced by the step before its own.
  uint64_t steps =
      length - call.request.startPosition + (maxNew ? maxNew - 1 : 0);
  if (steps > 0)
    run(steps, options.stepsPerLaunch, call);
  known = length + call.result.tokens.size();
  processed = call.wantTokens ? known - 1 : known;
  return std::move(call.result);
}

void Session::rewind(uint64_t position) {
  if (position >= known || position > processed)
    throw Error("rewind: found position " + std::to_string(position) +
                ", expected one that the session has processed or that comes "
                "next: " + std::to_string(processed) + " of " +
                std::to_string(known) + " known");
  processed = position;
  known = position + 1;
}

void Session::pretend(uint64_t positions) {
  if (positions >= engine->context())
    throw Error("pretend: found " + std::to_string(positions) +
                " positions, expected less than the context of " +
                std::to_string(engine->context()));
  processed = known = 0;
  engine->fillCache();
  for (uint64_t i = 0; i <= positions; ++i)
    tokens[i] = static_cast<int32_t>(mix64(i) %
                                     bundle.manifest.model.vocabSize);
  processed = positions;
  known = positions + 1;
}

void Session::scoreTokens(const std::vector<int32_t> &text,
                          const LogitsFn &onLogits, uint32_t stepsPerLaunch) {
  Call call;
  uint64_t length = acceptPrompt(text, 0, /*continueSession=*/false);
  processed = known = 0;
  call.request.promptLength = length;
  call.onLogits = onLogits;
  run(text.size(), stepsPerLaunch ? stepsPerLaunch : UINT32_MAX, call);
  known = processed = length;
}

//===- CudaLaunch.cpp - Runs the kernel of a session on a GPU -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel writes one word {token, 1} for each step to pinned host memory.
// The host reads words in order, each with one 64-bit load, so that a token and
// the 1 that announces it are seen together. The host reaches a running kernel
// by copies to its control block on a second stream.
//
//===----------------------------------------------------------------------===//

#include "CudaEngine.h"
#include "Report.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;
using Clock = std::chrono::steady_clock;

static constexpr uint64_t kTagRange = 1ull << 32;
/// Of a launch. What is longer is cut into several, the last of which is seen.
static constexpr uint64_t kMaxStampBytes = 256ull << 20;
/// How often the driver is asked whether the kernel has ended. Tokens are
/// looked for all the time.
static constexpr std::chrono::microseconds kQueryPeriod{100};
/// A wish to end is sent again, since a first copy can overtake the clearing of
/// the control block before the launch.
static constexpr std::chrono::milliseconds kEndPeriod{1};

/// One launch, seen from the host.
struct CudaEngine::Progress {
  const LaunchRequest &request;
  int32_t *tokens;
  const PollFn &poll;
  uint32_t stepsDone = 0;
  bool endWanted = false; ///< by `poll`

  uint64_t nextPosition() const {
    return uint64_t(request.startPosition) + stepsDone + 1;
  }
};

uint32_t CudaEngine::maxSteps(bool withLogits) const {
  uint64_t limit = std::min<uint64_t>(limitSteps(bundle, withLogits),
                                      bundle.manifest.model.maxContext);
  // Half the range, so that clearing the words is rare.
  if (uint64_t stride = bundle.tables.tags.stride)
    limit = std::min(limit, kTagRange / 2 / stride);
  if (code.trace)
    limit = std::min(limit, kMaxStampBytes / (bundle.tables.instructions.size() *
                                              sizeof(abi::TaskStamps)));
  return static_cast<uint32_t>(std::max<uint64_t>(limit, 1));
}

const float *CudaEngine::logits(uint32_t step) const {
  return reinterpret_cast<const float *>(hostLogits->data()) +
         step * logitsStride(bundle.manifest);
}

void CudaEngine::beginCall() {
  __atomic_store_n(&aborting, 0, __ATOMIC_SEQ_CST);
  timeout.reset();
}

void CudaEngine::abort() { __atomic_store_n(&aborting, 1, __ATOMIC_SEQ_CST); }

bool CudaEngine::abortRequested() const {
  return __atomic_load_n(&aborting, __ATOMIC_SEQ_CST) != 0;
}

//===----------------------------------------------------------------------===//
// Before a launch
//===----------------------------------------------------------------------===//

void CudaEngine::bindRequest(const LaunchRequest &request) {
  args.startPosition = request.startPosition;
  args.steps = request.steps;
  args.promptLength = request.promptLength;
  args.stopTokenCount = request.stopTokenCount;
  args.logits = args.logitsStride = 0;
  if (!request.wantLogits)
    return;
  uint64_t stride = logitsStride(bundle.manifest);
  uint64_t bytes = request.steps * stride * sizeof(float);
  if (!logitsRows || logitsRows->size() < bytes) {
    logitsRows.reset();
    logitsRows.emplace(bytes, "logits");
    hostLogits = std::make_unique<PinnedBuffer>(bytes, "logits");
  }
  args.logits = logitsRows->address();
  args.logitsStride = stride;
}

/// Gives the launch tags that no memory holds.
void CudaEngine::raiseTag(uint32_t steps) {
  uint64_t stride = bundle.tables.tags.stride;
  if (nextTag + steps * stride > kTagRange) {
    stream.clear(args.arena, bundle.manifest.memory.arenaBytes, "activations");
    nextTag = 0;
  }
  args.launchTag = static_cast<uint32_t>(nextTag);
  nextTag += steps * stride;
}

/// What the launch reads: the token of its first step and the prompt.
void CudaEngine::uploadTokens(const LaunchRequest &request,
                              const int32_t *tokens) {
  uint64_t begin = request.startPosition;
  uint64_t end = std::max<uint64_t>(request.promptLength, begin + 1);
  uint64_t bytes = (end - begin) * sizeof(int32_t);
  // The launch before has read its own, or this one would not be.
  std::memcpy(hostPrompt->data(), tokens + begin, bytes);
  stream.upload(args.tokens + begin * sizeof(int32_t), hostPrompt->data(),
                bytes, "tokens");
}

void CudaEngine::makeRoomForStamps(uint32_t steps) {
  if (!code.trace)
    return;
  uint64_t bytes = steps * bundle.tables.instructions.size() *
                       sizeof(abi::TaskStamps) +
                   args.workers * sizeof(abi::WorkerClocks);
  if (!stamps || stamps->size() < bytes) {
    stamps.reset();
    stamps.emplace(bytes, "clock stamps");
  }
  args.stamps = stamps->address();
  stream.clear(args.stamps, bytes, "clock stamps");
}

void CudaEngine::start(const LaunchRequest &request) {
  if (request.wantTime)
    launchBegin.record(stream);
  launchResident(kernel, args.workers, abi::kGpuThreads, code.sharedBytes,
                 &args, stream);
  if (request.wantTime)
    launchEnd.record(stream);
  if (request.wantLogits)
    stream.download(hostLogits->data(), args.logits,
                    request.steps * args.logitsStride * sizeof(float),
                    "logits");
}

//===----------------------------------------------------------------------===//
// While it runs
//===----------------------------------------------------------------------===//

/// Tells the kernel to leave: after this step, or, by abort, without waiting.
void CudaEngine::endLaunch(bool byAbort) {
  auto *control = reinterpret_cast<abi::Control *>(hostControl->data());
  side.synchronize("control"); // the copy before has been read
  control->stop = 1;
  control->aborted = ByHost;
  uint64_t offset = offsetof(abi::Control, stop);
  static_assert(offsetof(abi::Control, aborted) ==
                offsetof(abi::Control, stop) + sizeof(uint32_t));
  side.upload(args.control + offset, hostControl->data() + offset,
              (byAbort ? 2 : 1) * sizeof(uint32_t), "control");
}

/// Reads the words that are new; true if there were any.
bool CudaEngine::takeTokens(Progress &progress) {
  const auto *words = reinterpret_cast<const uint64_t *>(hostTokens->data());
  uint32_t before = progress.stepsDone;
  while (progress.stepsDone < progress.request.steps) {
    uint64_t word =
        __atomic_load_n(&words[progress.stepsDone], __ATOMIC_ACQUIRE);
    if (word >> 32 == 0)
      break;
    auto token = static_cast<int32_t>(static_cast<uint32_t>(word));
    if (word >> 32 != 1 || static_cast<uint32_t>(token) >= args.vocab)
      throw Error("launch: step " + std::to_string(progress.stepsDone) +
                  ": found token " + std::to_string(token) + " with mark " +
                  std::to_string(word >> 32) + ", expected less than " +
                  std::to_string(args.vocab) + " with mark 1");
    uint64_t position = progress.nextPosition();
    if (position >= progress.request.promptLength)
      progress.tokens[position] = token;
    ++progress.stepsDone;
  }
  return progress.stepsDone != before;
}

/// Until the kernel has ended, or has nothing to say any more.
void CudaEngine::follow(Progress &progress) {
  Clock::time_point lastQuery = Clock::now(), lastEnd{};
  bool isDone = false;
  while (!isDone) {
    Clock::time_point now = Clock::now();
    if (now - lastQuery >= kQueryPeriod) {
      lastQuery = now;
      isDone = stream.isDone("launch");
    }
    if (takeTokens(progress) && progress.poll && !progress.endWanted)
      progress.endWanted = progress.poll(progress.stepsDone);
    if (progress.stepsDone == progress.request.steps)
      break;
    bool byAbort = abortRequested();
    if ((byAbort || progress.endWanted) && now - lastEnd >= kEndPeriod) {
      lastEnd = now;
      endLaunch(byAbort);
    }
    std::this_thread::yield();
  }
  // Logits come behind the kernel; without them the next launch may follow.
  if (progress.request.wantLogits ||
      progress.stepsDone != progress.request.steps)
    stream.synchronize("launch");
}

//===----------------------------------------------------------------------===//
// After it
//===----------------------------------------------------------------------===//

bool CudaEngine::isStopToken(const Progress &progress) const {
  uint64_t position = progress.nextPosition() - 1;
  if (progress.request.stopTokenCount == 0 || progress.stepsDone == 0 ||
      position < progress.request.promptLength)
    return false;
  const std::vector<int32_t> &stop = bundle.manifest.model.eosTokenIds;
  return std::find(stop.begin(), stop.end(), progress.tokens[position]) !=
         stop.end();
}

/// The kernel ended before the last step: throws unless somebody wanted it.
void CudaEngine::checkEarlyEnd(const Progress &progress) {
  uint8_t *copy = hostControl->data() + sizeof(abi::Control);
  stream.download(copy, args.control, 2 * sizeof(abi::Control), "control");
  stream.synchronize("launch");
  abi::Control control;
  abi::WaitReport wait;
  std::memcpy(&control, copy, sizeof(control));
  std::memcpy(&wait, copy + sizeof(control), sizeof(wait));
  if (abortRequested())
    throw Error("launch: aborted");
  if (wait.kind != uint32_t(abi::WaitKind::None)) {
    timeout = explain(wait, bundle.tables, args.arena);
    throw Error("launch: " + timeout->text());
  }
  if (progress.endWanted || isStopToken(progress))
    return;
  throw Error("launch: found " + std::to_string(progress.stepsDone) +
              " completed steps, expected " +
              std::to_string(progress.request.steps) +
              (control.aborted ? " (the kernel gave up)" : ""));
}

void CudaEngine::readStamps(const Progress &progress) {
  if (!code.trace)
    return;
  Trace trace;
  trace.startPosition = progress.request.startPosition;
  trace.steps = progress.stepsDone;
  trace.tasks.resize(trace.steps * bundle.tables.instructions.size());
  trace.clocks.resize(args.workers);
  uint64_t written = progress.request.steps *
                     bundle.tables.instructions.size() *
                     sizeof(abi::TaskStamps);
  stream.download(trace.tasks.data(), args.stamps,
                  trace.tasks.size() * sizeof(abi::TaskStamps), "stamps");
  stream.download(trace.clocks.data(), args.stamps + written,
                  trace.clocks.size() * sizeof(abi::WorkerClocks), "stamps");
  stream.synchronize("stamps");
  lastTrace = std::move(trace);
}

LaunchResult CudaEngine::finish(Progress &progress) {
  // What came between the last look and the end of the kernel.
  if (takeTokens(progress) && progress.poll && !progress.endWanted)
    progress.endWanted = progress.poll(progress.stepsDone);
  if (abortRequested())
    throw Error("launch: aborted");
  if (progress.stepsDone < progress.request.steps)
    checkEarlyEnd(progress);
  readStamps(progress);
  LaunchResult result;
  result.stepsDone = progress.stepsDone;
  result.stopped = progress.endWanted || isStopToken(progress);
  if (progress.request.wantTime)
    result.deviceSeconds = launchEnd.secondsSince(launchBegin);
  return result;
}

LaunchResult CudaEngine::launch(const LaunchRequest &request, int32_t *tokens,
                                const PollFn &poll) {
  gpu.makeCurrent();
  if (abortRequested())
    throw Error("launch: aborted");
  Progress progress{request, tokens, poll};
  try {
    lastTrace.reset();
    bindRequest(request);
    makeRoomForStamps(request.steps);
    raiseTag(request.steps);
    uploadTokens(request, tokens);
    stream.clear(launchState, launchStateBytes, "control");
    std::memset(hostTokens->data(), 0, request.steps * sizeof(uint64_t));
    start(request);
    follow(progress);
    return finish(progress);
  } catch (...) {
    // The kernel uses what the next launch would change.
    try {
      while (!stream.isDone("launch")) {
        endLaunch(/*byAbort=*/true);
        std::this_thread::sleep_for(kEndPeriod);
      }
    } catch (const Error &) {
      // The context is lost; the first error says why.
    }
    throw;
  }
}

//===- CpuEngine.cpp - Runs the kernel on the CPU -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The host and the workers share the control block, the tokens and the counters
// while a launch runs. The host touches the first and the last with atomic
// operations only, and a token only after stepsDone, read with acquire order,
// says that it is there.
//
//===----------------------------------------------------------------------===//

#include "Delays.h"
#include "Engine.h"
#include "Noise.h"
#include "Parallel.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Runtime/WorkerPool.h"
#include "amk/Support/Error.h"

#include <chrono>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;

static constexpr double kDefaultWaitTimeout = 20;
/// How often the host looks for new tokens.
static constexpr std::chrono::microseconds kStreamPeriod{1000};
/// Polls of a wait before the kernel asks waitSlow. Without a core per worker
/// the awaited one may not even be running, so asking early is right.
static constexpr uint32_t kSpinLimit = 2000;
static constexpr uint32_t kSpinLimitOversubscribed = 8;

static uint32_t load(const uint32_t &value) {
  return __atomic_load_n(&value, __ATOMIC_ACQUIRE);
}

namespace {

class CpuEngine : public Engine {
public:
  CpuEngine(const Bundle &bundle, Weights &weights,
            const SessionOptions &options);

  const std::string &arch() const override { return code->arch(); }
  std::string device() const override { return "cpu " + cpuName(); }
  uint32_t context() const override {
    return bundle.manifest.model.maxContext;
  }
  uint32_t maxSteps(bool withLogits) const override {
    return limitSteps(bundle, withLogits);
  }
  void fillCache() override {
    fillWithNoise(kvCache.data(), kvCache.size());
  }
  void beginCall() override {
    __atomic_store_n(&abortRequested, 0, __ATOMIC_SEQ_CST);
    timeout.reset();
  }
  LaunchResult launch(const LaunchRequest &request, int32_t *tokens,
                      const PollFn &poll) override;
  const float *logits(uint32_t step) const override {
    return args.logits + step * args.logitsStride;
  }
  void abort() override {
    __atomic_store_n(&abortRequested, 1, __ATOMIC_SEQ_CST);
    endByHost();
  }
  const std::optional<WaitReport> &report() const override { return timeout; }

private:
  enum AbortCode : uint32_t { NotAborted = 0, WaitFailed = 1, ByHost = 2 };

  void allocate(Weights &weights, const ProgressFn &progress);
  void bindArguments(Weights &weights);
  void bindRequest(const LaunchRequest &request, int32_t *tokens);
  void resetLaunchState();
  bool execute(const PollFn &poll);
  void checkOutcome(uint32_t stepsDone, bool ended) const;
  void endByHost();
  static uint32_t waitSlow(const abi::KernelArgs *args, uint32_t worker,
                           uint32_t instruction, uint32_t counter,
                           uint32_t expected);
  static void noise(const abi::KernelArgs *args, uint32_t worker,
                    uint32_t instruction, uint32_t kind);
  void recordTimeout(uint32_t worker, uint32_t instruction, uint32_t counter,
                     uint32_t seen, uint32_t expected);

  const Bundle &bundle;
  std::shared_ptr<CodeObject> code;
  std::chrono::duration<double> waitTimeout;
  bool oversubscribed; ///< more workers than cores

  std::vector<Buffer> streams, scratch;
  Buffer constants, arena, kvCache, counters, logitsRows, control;
  std::vector<const uint8_t *> streamPointers, externalPointers;
  std::vector<uint8_t *> scratchPointers;
  std::vector<uint32_t> exitCodes;
  abi::KernelArgs args{};
  std::optional<WaitReport> timeout;
  uint32_t abortRequested = 0;      ///< atomic; reset when a call begins
  std::unique_ptr<Delays> delays;   ///< in tests only
  std::unique_ptr<WorkerPool> pool; ///< last: its threads use the rest
};

} // namespace

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

CpuEngine::CpuEngine(const Bundle &bundle, Weights &weights,
                     const SessionOptions &options)
    : bundle(bundle), code(CodeObject::load(bundle)),
      waitTimeout(
          chooseWaitTimeout(options.waitTimeoutSeconds, kDefaultWaitTimeout)),
      oversubscribed(bundle.manifest.workers > coreCount()),
      delays(Delays::fromEnvironment(bundle.manifest.workers)) {
  allocate(weights, options.progress);
  bindArguments(weights);
  pool = std::make_unique<WorkerPool>(bundle.manifest.workers,
                                      /*mayPoll=*/!oversubscribed);
}

void CpuEngine::allocate(Weights &weights, const ProgressFn &progress) {
  const Manifest &manifest = bundle.manifest;
  streams = packStreams(bundle, weights, progress);
  constants = buildConstants(manifest, weights);
  arena = Buffer(manifest.memory.arenaBytes, "activations");
  kvCache = Buffer(manifest.memory.kvBytes, "KV cache");
  counters = Buffer(bundle.tables.counters.size() * abi::kCounterStride,
                    "counters");
  control = Buffer(sizeof(abi::Control), "control block");
  logitsRows = Buffer(logitsStride(manifest) * sizeof(float), "logits");
  for (uint32_t worker = 0; worker < manifest.workers; ++worker)
    scratch.emplace_back(manifest.memory.scratchBytes, "scratch");
  exitCodes.assign(manifest.workers, 0);
}

void CpuEngine::bindArguments(Weights &weights) {
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
  args.queues = tables.queues.data();
  args.instructions = tables.instructions.data();
  args.waits = tables.waits.data();
  args.signals = tables.signals.data();
  args.counterInfo = tables.counters.data();
  args.stopTokens = bundle.manifest.model.eosTokenIds.data();
  args.waitSlow = &CpuEngine::waitSlow;
  args.noise = delays ? &CpuEngine::noise : nullptr;
  args.host = this;
  args.spinLimit = oversubscribed ? kSpinLimitOversubscribed : kSpinLimit;
}

//===----------------------------------------------------------------------===//
// Waits
//===----------------------------------------------------------------------===//

/// Hands the core to whoever can make progress: soon back while the wait is
/// young, less often when it is not (`old`: at once).
static void backOff(Clock::duration waited, bool old) {
  if (!old && waited < std::chrono::milliseconds(1))
    std::this_thread::yield();
  else
    std::this_thread::sleep_for(std::chrono::microseconds(50));
}

uint32_t CpuEngine::waitSlow(const abi::KernelArgs *args, uint32_t worker,
                             uint32_t instruction, uint32_t counter,
                             uint32_t expected) {
  auto *engine = static_cast<CpuEngine *>(args->host);
  const auto &value = *reinterpret_cast<const uint32_t *>(
      args->counters + uint64_t(counter) * abi::kCounterStride);
  Clock::time_point begin = Clock::now();
  while (true) {
    uint32_t seen = load(value);
    if (seen >= expected)
      return 0;
    if (load(args->control->aborted) != NotAborted)
      return 1;
    Clock::duration waited = Clock::now() - begin;
    if (waited >= engine->waitTimeout) {
      engine->recordTimeout(worker, instruction, counter, seen, expected);
      return 1;
    }
    // Long waits are what tests with delays are made of.
    backOff(waited, /*old=*/engine->delays != nullptr);
  }
}

void CpuEngine::recordTimeout(uint32_t worker, uint32_t instruction,
                              uint32_t counter, uint32_t seen,
                              uint32_t expected) {
  // Only the first failed wait is the cause; the others follow from it.
  uint32_t none = NotAborted;
  if (!__atomic_compare_exchange_n(&args.control->aborted, &none, WaitFailed,
                                   false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return;
  const schedule::Tables &tables = bundle.tables;
  std::string name = tables.name(tables.counters[counter].name);
  timeout = WaitReport{worker,
                       tables.name(tables.instructions[instruction].name),
                       "counter " + name,
                       name,
                       seen,
                       expected,
                       waitTimeout.count()};
}

/// Code that was compiled with --inject-delays calls this, in tests only.
void CpuEngine::noise(const abi::KernelArgs *args, uint32_t worker,
                      uint32_t /*instruction*/, uint32_t /*kind*/) {
  static_cast<CpuEngine *>(args->host)->delays->delay(worker);
}

//===----------------------------------------------------------------------===//
// One launch
//===----------------------------------------------------------------------===//

/// Ends the launch now. `stop` alone would be read by some workers before and
/// by others after this store; those left behind in a wait see `aborted`.
void CpuEngine::endByHost() {
  uint32_t none = NotAborted;
  __atomic_compare_exchange_n(&args.control->aborted, &none, ByHost, false,
                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  __atomic_store_n(&args.control->stop, 1, __ATOMIC_SEQ_CST);
}

void CpuEngine::bindRequest(const LaunchRequest &request, int32_t *tokens) {
  args.tokens = tokens;
  args.startPosition = request.startPosition;
  args.steps = request.steps;
  args.promptLength = request.promptLength;
  args.stopTokenCount = request.stopTokenCount;
  args.logitsStride = request.wantLogits ? logitsStride(bundle.manifest) : 0;
  uint64_t rows = request.wantLogits ? request.steps : 1;
  uint64_t bytes = rows * logitsStride(bundle.manifest) * sizeof(float);
  if (logitsRows.size() < bytes)
    logitsRows = Buffer(bytes, "logits");
  args.logits = reinterpret_cast<float *>(logitsRows.data());
}

void CpuEngine::resetLaunchState() {
  for (size_t i = 0; i < bundle.tables.counters.size(); ++i)
    __atomic_store_n(
        reinterpret_cast<uint32_t *>(counters.data() + i * abi::kCounterStride),
        0, __ATOMIC_RELAXED);
  // abort() may run at any time: its request is looked at after these stores.
  __atomic_store_n(&args.control->stepsDone, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&args.control->stop, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&args.control->aborted, NotAborted, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&abortRequested, __ATOMIC_SEQ_CST))
    throw Error("launch: aborted");
}

/// Runs all workers to their end and polls meanwhile; true if that ended the
/// launch. With nobody to ask, the calling thread is worker 0.
bool CpuEngine::execute(const PollFn &poll) {
  WorkerPool::Job job = [this](uint32_t worker) {
    exitCodes[worker] = code->entry()(&args, worker);
  };
  if (args.steps == 1 || !poll) {
    pool->runInline(job);
    return poll && poll(load(args.control->stepsDone));
  }
  bool ended = false;
  pool->start(job);
  try {
    while (!pool->wait(kStreamPeriod)) {
      ended = ended || poll(load(args.control->stepsDone));
      if (ended)
        endByHost();
    }
  } catch (...) {
    // The workers use what unwinding would destroy.
    endByHost();
    while (!pool->wait(std::chrono::seconds(1)))
      continue;
    throw;
  }
  return ended || poll(load(args.control->stepsDone));
}

/// Throws unless the launch did what it was started for.
void CpuEngine::checkOutcome(uint32_t stepsDone, bool ended) const {
  if (__atomic_load_n(&abortRequested, __ATOMIC_SEQ_CST))
    throw Error("launch: aborted");
  if (timeout)
    throw Error("launch: " + timeout->text());
  if (ended)
    return;
  for (size_t worker = 0; worker < exitCodes.size(); ++worker)
    if (exitCodes[worker] != 0)
      throw Error("launch: worker " + std::to_string(worker) +
                  ": found exit code " + std::to_string(exitCodes[worker]) +
                  ", expected 0");
  bool stopped = load(args.control->stop) != 0;
  if (stepsDone > args.steps || (stepsDone < args.steps && !stopped) ||
      stepsDone == 0)
    throw Error("launch: found " + std::to_string(stepsDone) +
                " completed steps, expected " + std::to_string(args.steps));
}

LaunchResult CpuEngine::launch(const LaunchRequest &request, int32_t *tokens,
                               const PollFn &poll) {
  bindRequest(request, tokens);
  resetLaunchState();
  bool ended = execute(poll);
  LaunchResult result;
  result.stepsDone = load(args.control->stepsDone);
  checkOutcome(result.stepsDone, ended);
  result.stopped = load(args.control->stop) != 0;
  return result;
}

std::unique_ptr<Engine> runtime::makeCpuEngine(const Bundle &bundle,
                                               Weights &weights,
                                               const SessionOptions &options) {
  return std::make_unique<CpuEngine>(bundle, weights, options);
}

//===- Launch.cpp - Runs the kernel of a session --------------------------===//
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

#include "Call.h"
#include "Delays.h"
#include "amk/Support/Error.h"

#include <cstring>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;

/// How often the host looks for new tokens.
static constexpr std::chrono::microseconds kStreamPeriod{1000};

static uint32_t load(const uint32_t &value) {
  return __atomic_load_n(&value, __ATOMIC_ACQUIRE);
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

uint32_t Session::waitSlow(const abi::KernelArgs *args, uint32_t worker,
                           uint32_t instruction, uint32_t counter,
                           uint32_t expected) {
  auto *session = static_cast<Session *>(args->host);
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
    if (waited >= session->waitTimeout) {
      session->recordTimeout(worker, instruction, counter, seen, expected);
      return 1;
    }
    // Long waits are what tests with delays are made of.
    backOff(waited, /*old=*/session->delays != nullptr);
  }
}

void Session::recordTimeout(uint32_t worker, uint32_t instruction,
                            uint32_t counter, uint32_t seen,
                            uint32_t expected) {
  // Only the first failed wait is the cause; the others follow from it.
  uint32_t none = NotAborted;
  if (!__atomic_compare_exchange_n(&args.control->aborted, &none, WaitFailed,
                                   false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return;
  const schedule::Tables &tables = bundle.tables;
  report = WaitReport{worker,
                      tables.name(tables.instructions[instruction].name),
                      tables.name(tables.counters[counter].name),
                      seen,
                      expected,
                      waitTimeout.count()};
}

std::string WaitReport::text() const {
  std::string limit = std::to_string(seconds);
  return "worker " + std::to_string(worker) + ", task " + task +
         ": wait for counter " + counter + " timed out after " +
         limit.substr(0, limit.find('.') + 2) + " s: seen " +
         std::to_string(seen) + ", expected " + std::to_string(expected);
}

/// Code that was compiled with --inject-delays calls this, in tests only.
void Session::noise(const abi::KernelArgs *args, uint32_t worker,
                    uint32_t /*instruction*/, uint32_t /*kind*/) {
  static_cast<Session *>(args->host)->delays->delay(worker);
}

//===----------------------------------------------------------------------===//
// One launch
//===----------------------------------------------------------------------===//

/// Ends the launch now. `stop` alone would be read by some workers before and
/// by others after this store; those left behind in a wait see `aborted`.
void Session::endByHost() {
  uint32_t none = NotAborted;
  __atomic_compare_exchange_n(&args.control->aborted, &none, ByHost, false,
                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  __atomic_store_n(&args.control->stop, 1, __ATOMIC_SEQ_CST);
}

void Session::abort() {
  __atomic_store_n(&abortRequested, 1, __ATOMIC_SEQ_CST);
  endByHost();
}

void Session::resetLaunchState() {
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

void Session::deliverTokens(Call &call) {
  uint32_t stepsDone = load(args.control->stepsDone);
  for (; call.delivered < stepsDone && !call.ended; ++call.delivered) {
    uint64_t position = uint64_t(args.startPosition) + call.delivered + 1;
    if (!call.wantTokens || position < call.promptLength)
      continue;
    int32_t token = tokens[position];
    call.result.tokens.push_back(token);
    if (call.onToken && call.onToken(token)) {
      call.result.reason = StopReason::Callback;
      call.ended = true;
    }
  }
}

/// Runs all workers to their end and delivers tokens meanwhile. With nobody to
/// deliver to, the calling thread is worker 0.
void Session::execute(Call &call) {
  WorkerPool::Job job = [this](uint32_t worker) {
    exitCodes[worker] = code->entry()(&args, worker);
  };
  if (args.steps == 1 || !call.onToken) {
    pool->runInline(job);
    deliverTokens(call);
    return;
  }
  pool->start(job);
  try {
    while (!pool->wait(kStreamPeriod)) {
      deliverTokens(call);
      if (call.ended)
        endByHost();
    }
  } catch (...) {
    // The workers use what unwinding would destroy.
    endByHost();
    while (!pool->wait(std::chrono::seconds(1)))
      continue;
    throw;
  }
  deliverTokens(call);
}

void Session::deliverLogits(uint32_t stepsDone, const Call &call) {
  if (!call.onLogits)
    return;
  for (uint32_t step = 0; step < stepsDone; ++step)
    call.onLogits(uint64_t(args.startPosition) + step,
                  args.logits + step * args.logitsStride);
}

/// Throws unless the launch did what it was started for.
void Session::checkOutcome(uint32_t steps, uint32_t stepsDone,
                           const Call &call) {
  if (__atomic_load_n(&abortRequested, __ATOMIC_SEQ_CST))
    throw Error("launch: aborted");
  if (report)
    throw Error("launch: " + report->text());
  if (call.ended)
    return;
  for (uint32_t worker = 0; worker < workers(); ++worker)
    if (exitCodes[worker] != 0)
      throw Error("launch: worker " + std::to_string(worker) +
                  ": found exit code " + std::to_string(exitCodes[worker]) +
                  ", expected 0");
  bool stopped = load(args.control->stop) != 0;
  if (stepsDone > steps || (stepsDone < steps && !stopped) || stepsDone == 0)
    throw Error("launch: found " + std::to_string(stepsDone) +
                " completed steps, expected " + std::to_string(steps));
}

uint32_t Session::launch(uint32_t steps, Call &call) {
  resetLaunchState();
  args.steps = steps;
  call.delivered = 0;
  execute(call);
  uint32_t stepsDone = load(args.control->stepsDone);
  checkOutcome(steps, stepsDone, call);
  deliverLogits(stepsDone, call);
  if (load(args.control->stop) && !call.ended) {
    call.result.reason = StopReason::StopToken;
    call.ended = true;
  }
  return stepsDone;
}

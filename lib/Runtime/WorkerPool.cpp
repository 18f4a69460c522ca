//===- WorkerPool.cpp - Threads that run one job together -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/WorkerPool.h"
#include "amk/Support/Error.h"

#include <string>

using namespace amk::runtime;

/// A few tens of microseconds: longer than the host needs between two launches
/// of a generation, much shorter than a person notices on an idle core.
static constexpr uint32_t kPolls = 2000;

/// Which job: the low bit says that the caller runs worker 0.
static constexpr uint64_t kInlineFirst = 1;
static constexpr uint64_t kNext = 2;

static void pauseCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

WorkerPool::WorkerPool(uint32_t workers, bool mayPoll)
    : workers(workers), polls(mayPoll ? kPolls : 0) {
  try {
    for (uint32_t worker = 0; worker < workers; ++worker)
      threads.emplace_back([this, worker] { threadMain(worker); });
  } catch (const std::exception &error) {
    // A thread that nobody joined would end the process.
    size_t count = threads.size();
    stop();
    amk::fail("worker threads", "found room for " + std::to_string(count) +
                                    ", expected " + std::to_string(workers) +
                                    ": " + error.what());
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    __atomic_store_n(&shutdown, true, __ATOMIC_RELAXED);
    __atomic_store_n(&generation, generation + kNext, __ATOMIC_RELEASE);
  }
  started.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

uint64_t WorkerPool::nextGeneration(uint64_t seen) {
  for (uint32_t i = 0; i < polls; ++i) {
    uint64_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    if (now != seen)
      return now;
    pauseCpu();
  }
  std::unique_lock<std::mutex> lock(mutex);
  started.wait(lock, [&] { return generation != seen; });
  return generation;
}

void WorkerPool::threadMain(uint32_t worker) {
  uint64_t seen = 0;
  while (true) {
    seen = nextGeneration(seen);
    // The destructor's store of the generation publishes `shutdown`. Atomic all
    // the same: worker 0 may come late from a job that the caller ran for it.
    if (__atomic_load_n(&shutdown, __ATOMIC_RELAXED))
      return;
    if (worker == 0 && (seen & kInlineFirst))
      continue;
    (*current)(worker);
    finish();
  }
}

void WorkerPool::finish() {
  if (__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  // The lock closes the gap between the waiter's test and its sleep.
  { std::lock_guard<std::mutex> lock(mutex); }
  ended.notify_one();
}

void WorkerPool::publish(const Job &job, bool inlineFirst) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    current = &job;
    __atomic_store_n(&running, inlineFirst ? workers - 1 : workers,
                     __ATOMIC_RELAXED);
    uint64_t next = (generation & ~kInlineFirst) + kNext;
    __atomic_store_n(&generation, next | (inlineFirst ? kInlineFirst : 0),
                     __ATOMIC_RELEASE);
  }
  started.notify_all();
}

void WorkerPool::start(const Job &job) { publish(job, false); }

bool WorkerPool::wait(std::chrono::microseconds timeout) {
  // Sleeps at once: all workers are busy, and this thread would take a core
  // from one of them.
  std::unique_lock<std::mutex> lock(mutex);
  return ended.wait_for(lock, timeout, [&] { return isOver(); });
}

bool WorkerPool::isOver() const {
  return __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 0;
}

void WorkerPool::runInline(const Job &job) {
  publish(job, true);
  job(0);
  for (uint32_t i = 0; i < polls && !isOver(); ++i)
    pauseCpu();
  while (!wait(std::chrono::hours(1)))
    continue;
}

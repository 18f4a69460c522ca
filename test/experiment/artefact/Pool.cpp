//===- Pool.cpp - Runs work that may crash or hang -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Pool.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace amk::artefact;

namespace {

/// What one process is doing; it writes, its parent reads.
struct Slot {
  std::atomic<uint64_t> item;
  std::atomic<int64_t> since; ///< nanoseconds of the steady clock
  std::atomic<bool> isDone;
};

/// Memory that survives the process that writes it.
template <typename T>
T *shared(size_t count) {
  void *memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  return static_cast<T *>(memory);
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Pool {
public:
  Pool(uint64_t count, unsigned jobs, double limit, const Work &work)
      : count(count), jobs(jobs), limit(static_cast<int64_t>(limit * 1e9)),
        work(work), results(shared<Result>(count + 1)),
        slots(shared<Slot>(jobs)), pids(jobs, -1) {}
  ~Pool() {
    munmap(results, (count + 1) * sizeof(Result));
    munmap(slots, jobs * sizeof(Slot));
  }

  std::vector<Result> run() {
    for (unsigned job = 0; job != jobs; ++job)
      startAt(job, job);
    while (watch())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return std::vector<Result>(results, results + count);
  }

private:
  void startAt(unsigned job, uint64_t item) {
    slots[job].item = item;
    slots[job].since = now();
    slots[job].isDone = item >= count;
    if (item >= count)
      return;
    std::fflush(nullptr);
    pid_t pid = fork();
    if (pid < 0)
      throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    if (pid == 0)
      child(job, item);
    pids[job] = pid;
  }

  [[noreturn]] void child(unsigned job, uint64_t item) {
    for (; item < count; item += jobs) {
      slots[job].item = item;
      slots[job].since = now();
      results[item] = work(item);
    }
    slots[job].isDone = true;
    _exit(0);
  }

  /// False when all is done.
  bool watch() {
    bool isBusy = false;
    for (unsigned job = 0; job != jobs; ++job) {
      if (pids[job] < 0)
        continue;
      isBusy = true;
      bool isLate = now() - slots[job].since > limit && !slots[job].isDone;
      if (isLate)
        kill(pids[job], SIGKILL);
      int status = 0;
      if (waitpid(pids[job], &status, isLate ? 0 : WNOHANG) == 0)
        continue;
      pids[job] = -1;
      if (slots[job].isDone)
        continue;
      uint64_t item = slots[job].item;
      results[item].code = isLate ? kTimedOut : kCrashed;
      startAt(job, item + jobs);
    }
    return isBusy;
  }

  uint64_t count;
  unsigned jobs;
  int64_t limit;
  const Work &work;
  Result *results;
  Slot *slots;
  std::vector<pid_t> pids;
};

} // namespace

std::vector<Result> amk::artefact::runAll(uint64_t count, unsigned jobs,
                                          double limitSeconds,
                                          const Work &work) {
  return Pool(count, jobs, limitSeconds, work).run();
}

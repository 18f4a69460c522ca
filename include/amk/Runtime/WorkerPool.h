//===- WorkerPool.h - Threads that run one job together ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_WORKERPOOL_H
#define AMK_RUNTIME_WORKERPOOL_H

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace amk::runtime {

/// A fixed set of threads that are started once and run a job again and again:
/// worker w calls job(w). Between two launches that follow each other closely
/// the threads poll instead of sleeping, so that a launch costs microseconds.
/// One launch at a time.
class WorkerPool {
public:
  using Job = std::function<void(uint32_t worker)>;

  /// `mayPoll` is false when there are fewer cores than workers. Throws
  /// amk::Error when the system refuses a thread.
  WorkerPool(uint32_t workers, bool mayPoll);
  ~WorkerPool();
  WorkerPool(const WorkerPool &) = delete;
  WorkerPool &operator=(const WorkerPool &) = delete;

  /// Starts the job on every worker and returns at once.
  void start(const Job &job);
  /// Waits for the end of the job; false when `timeout` passed before.
  bool wait(std::chrono::microseconds timeout);
  /// Runs the job with the calling thread as worker 0 and returns at its end.
  /// The cheapest launch, without a thread that could look on meanwhile.
  void runInline(const Job &job);

private:
  void publish(const Job &job, bool inlineFirst);
  void threadMain(uint32_t worker);
  uint64_t nextGeneration(uint64_t seen);
  void finish();
  bool isOver() const;
  void stop();

  const uint32_t workers;
  const uint32_t polls;
  std::mutex mutex;
  std::condition_variable started, ended;
  /// Written under the mutex; polled without it.
  uint64_t generation = 0;
  uint32_t running = 0;
  bool shutdown = false;
  /// Constant from publish() to the end of the job.
  const Job *current = nullptr;
  std::vector<std::thread> threads;
};

} // namespace amk::runtime

#endif // AMK_RUNTIME_WORKERPOOL_H

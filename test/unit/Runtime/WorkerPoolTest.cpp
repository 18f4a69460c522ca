//===- WorkerPoolTest.cpp - Threads that run one job together -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/WorkerPool.h"

#include <atomic>
#include <gtest/gtest.h>

using namespace amk::runtime;

TEST(WorkerPool, EveryWorkerRunsEveryJobOnce) {
  for (bool mayPoll : {false, true})
    for (uint32_t workers : {1u, 2u, 5u}) {
      WorkerPool pool(workers, mayPoll);
      std::vector<uint64_t> runs(workers);
      // Jobs of both kinds in changing order; the counts need no atomics since
      // a job ends before the next begins.
      for (uint32_t round = 0; round < 400; ++round) {
        auto job = [&](uint32_t worker) { ++runs[worker]; };
        if (round % 3 == 0 || round % 7 == 0) {
          pool.runInline(job);
        } else {
          WorkerPool::Job held = job;
          pool.start(held);
          while (!pool.wait(std::chrono::milliseconds(1)))
            continue;
        }
      }
      EXPECT_EQ(runs, std::vector<uint64_t>(workers, 400));
    }
}

TEST(WorkerPool, WaitReturnsFalseWhileTheJobRuns) {
  WorkerPool pool(2, true);
  std::atomic<bool> release{false};
  WorkerPool::Job job = [&](uint32_t) {
    while (!release)
      std::this_thread::yield();
  };
  pool.start(job);
  EXPECT_FALSE(pool.wait(std::chrono::milliseconds(2)));
  release = true;
  while (!pool.wait(std::chrono::milliseconds(100)))
    continue;
}

TEST(WorkerPool, InlineJobUsesTheCallingThreadAsWorkerZero) {
  WorkerPool pool(3, false);
  std::vector<std::thread::id> ids(3);
  pool.runInline(
      [&](uint32_t worker) { ids[worker] = std::this_thread::get_id(); });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_NE(ids[1], ids[0]);
  EXPECT_NE(ids[2], ids[1]);
}

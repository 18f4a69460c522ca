//===- Bandwidth.cpp - Memory read bandwidth of this machine --------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Bandwidth.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Runtime/Memory.h"
#include "amk/Runtime/WorkerPool.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>
#include <vector>

using namespace amk::runtime;

static constexpr uint64_t kMinBuffer = 256ull << 20;
static constexpr uint64_t kCacheMultiple = 6;
static constexpr uint64_t kBlock = 512; // words
static constexpr uint64_t kBlockBytes = kBlock * sizeof(uint64_t);

/// Independent sums, so that loads do not wait for each other. Integer sums may
/// be reordered, so the compiler uses vectors.
#define AMK_SUM_RANGE                                                          \
  uint64_t a = 0, b = 0, c = 0, d = 0;                                         \
  for (uint64_t i = 0; i + kBlock <= count; i += kBlock)                       \
    for (uint64_t j = 0; j < kBlock; j += 4) {                                 \
      a += words[i + j];                                                       \
      b += words[i + j + 1];                                                   \
      c += words[i + j + 2];                                                   \
      d += words[i + j + 3];                                                   \
    }                                                                          \
  return a + b + c + d;

static uint64_t sumBaseline(const uint64_t *words, uint64_t count) {
  AMK_SUM_RANGE
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t sumAvx2(const uint64_t *words,
                                                        uint64_t count) {
  AMK_SUM_RANGE
}
#endif

static uint64_t sumRange(const uint8_t *data, uint64_t bytes) {
  auto *words = reinterpret_cast<const uint64_t *>(data);
  uint64_t count = bytes / sizeof(uint64_t);
#if defined(__x86_64__)
  if (cpuHasFeature("avx2"))
    return sumAvx2(words, count);
#endif
  return sumBaseline(words, count);
}

static uint64_t chooseBufferBytes() {
  uint64_t cache = std::max<long>(0, sysconf(_SC_LEVEL3_CACHE_SIZE));
  uint64_t memory = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                    static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t wanted = std::max(kMinBuffer, cache * kCacheMultiple);
  return std::min(wanted, std::max(memory / 4, kBlockBytes));
}

Bandwidth amk::runtime::measureReadBandwidth(uint32_t threads,
                                             unsigned repetitions) {
  Bandwidth result;
  result.threads = threads;
  uint64_t share = chooseBufferBytes() / threads / kBlockBytes * kBlockBytes;
  result.bufferBytes = share * threads;
  Buffer buffer(result.bufferBytes, "bandwidth measurement");
  std::vector<uint64_t> sums(threads * 8);
  WorkerPool pool(threads, /*mayPoll=*/false);
  // Pages of zeros that were never written share one physical page.
  pool.runInline([&](uint32_t thread) {
    std::memset(buffer.data() + thread * share, 1, share);
  });
  std::vector<double> rates;
  for (unsigned i = 0; i < repetitions; ++i) {
    auto begin = std::chrono::steady_clock::now();
    pool.runInline([&](uint32_t thread) {
      sums[thread * 8] += sumRange(buffer.data() + thread * share, share);
    });
    std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - begin;
    rates.push_back(result.bufferBytes / seconds.count());
  }
  std::nth_element(rates.begin(), rates.begin() + rates.size() / 2,
                   rates.end());
  // Uses the sums, so that they are computed.
  volatile uint64_t sink = sums[0];
  (void)sink;
  result.bytesPerSecond = rates[rates.size() / 2];
  result.bestBytesPerSecond = *std::max_element(rates.begin(), rates.end());
  return result;
}

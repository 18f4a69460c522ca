//===- Delays.cpp - Holds workers up, for tests ---------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Delays.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Number.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

/// One call in so many freezes its worker.
static constexpr uint64_t kFreezeOneIn = 64;
static constexpr uint64_t kVictimOneIn = 5;
/// A frozen worker goes on when the others have not moved for so long, or when
/// it has been frozen for the longest time.
static constexpr microseconds kLook{50};
static constexpr unsigned kQuietLooks = 4;
static constexpr microseconds kLongestFreeze{5000};

Delays::Delays(uint64_t seed, uint32_t workers)
    : mode(static_cast<Mode>(seed % 3)), victim(seed / 3 % workers),
      streams(workers) {
  for (uint32_t worker = 0; worker < workers; ++worker)
    streams[worker].state = mix64(seed) ^ mix64(worker + 1);
}

std::unique_ptr<Delays> Delays::fromEnvironment(uint32_t workers) {
#ifdef AMK_TEST_HOOKS
  const char *text = std::getenv("AMK_TEST_DELAYS");
  if (!text)
    return nullptr;
  std::string word = text;
  std::optional<uint64_t> seed = parseInteger<uint64_t>(word);
  if (!seed)
    fail("AMK_TEST_DELAYS",
         "found \"" + word + "\", expected a seed from 0 to 2^64 - 1");
  return std::make_unique<Delays>(*seed, workers);
#else
  (void)workers;
  return nullptr;
#endif
}

uint64_t Delays::draw(Stream &stream) { return mix64(stream.state++); }

/// Mostly nothing or a yield; rarely, and rarely much, longer.
void Delays::jitter(uint64_t random) {
  unsigned kind = random % 16;
  uint64_t size = random >> 8;
  if (kind < 8)
    return;
  if (kind < 12)
    return std::this_thread::yield();
  if (kind < 14) {
    Clock::time_point end =
        Clock::now() + std::chrono::nanoseconds(100 + size % 4000);
    while (Clock::now() < end)
      continue;
    return;
  }
  // P(longer than x) falls like 1/x.
  uint64_t longer = 1000 / (1 + size % 1000);
  std::this_thread::sleep_for(microseconds(std::min<uint64_t>(longer, 150)));
}

void Delays::delay(uint32_t worker) {
  Stream &stream = streams[worker];
  __atomic_store_n(&stream.calls, stream.calls + 1, __ATOMIC_RELAXED);
  uint64_t random = draw(stream);
  switch (mode) {
  case Mode::Jitter:
    return jitter(random);
  case Mode::Freeze:
    if (random % kFreezeOneIn == 0)
      freezeAlone(worker);
    return;
  case Mode::Victim:
    if (worker == victim && random % kVictimOneIn == 0)
      freeze(worker);
    return;
  }
}

void Delays::freezeAlone(uint32_t worker) {
  if (__atomic_exchange_n(&frozen, 1, __ATOMIC_RELAXED))
    return;
  freeze(worker);
  __atomic_store_n(&frozen, 0, __ATOMIC_RELAXED);
}

uint64_t Delays::progressOfOthers(uint32_t worker) const {
  uint64_t sum = 0;
  for (const Stream &stream : streams)
    if (&stream != &streams[worker])
      sum += __atomic_load_n(&stream.calls, __ATOMIC_RELAXED);
  return sum;
}

/// Until every other worker waits for something that needs this one, as far as
/// one can tell: who waits makes no calls.
void Delays::freeze(uint32_t worker) const {
  Clock::time_point end = Clock::now() + kLongestFreeze;
  uint64_t seen = progressOfOthers(worker);
  for (unsigned quiet = 0; quiet < kQuietLooks && Clock::now() < end;) {
    std::this_thread::sleep_for(kLook);
    uint64_t now = progressOfOthers(worker);
    quiet = now == seen ? quiet + 1 : 0;
    seen = now;
  }
}

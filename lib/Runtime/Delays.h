//===- Delays.h - Holds workers up, for tests -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What KernelArgs::noise calls in tests: code compiled with --inject-delays
// stops here before and after every wait and signal. A schedule that lacks a
// wait then shows it, because the worker that should have been waited for comes
// late; a safe one computes the same bits whatever happens here.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_DELAYS_H
#define AMK_LIB_RUNTIME_DELAYS_H

#include <cstdint>
#include <memory>
#include <vector>

namespace amk::runtime {

/// Every worker draws from its own stream of random numbers, so a seed asks for
/// the same delays again. (What the threads do meanwhile is up to the system.)
class Delays {
public:
  /// How the adversary plays; the seed modulo 3.
  enum class Mode : uint32_t {
    Jitter, ///< short delays everywhere, a few long ones
    Freeze, ///< now and then one worker stops until no other can move
    Victim, ///< one worker, (seed / 3) modulo workers, is always the last
  };

  Delays(uint64_t seed, uint32_t workers);

  /// As AMK_TEST_DELAYS=SEED in the environment says; null without it, and in
  /// builds without test hooks. Throws amk::Error for another value.
  static std::unique_ptr<Delays> fromEnvironment(uint32_t workers);

  /// Called by `worker` at each point where it may be held up.
  void delay(uint32_t worker);

private:
  /// On a cache line of its own: a worker's counting must not order the
  /// memory accesses of the others.
  struct alignas(64) Stream {
    uint64_t state = 0;
    uint64_t calls = 0; ///< atomic; written by its worker only
  };

  static uint64_t draw(Stream &stream);
  static void jitter(uint64_t random);
  void freezeAlone(uint32_t worker);
  void freeze(uint32_t worker) const;
  uint64_t progressOfOthers(uint32_t worker) const;

  Mode mode;
  uint32_t victim;
  uint32_t frozen = 0; ///< atomic; 1 while a worker is frozen (Mode::Freeze)
  std::vector<Stream> streams;
};

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_DELAYS_H

//===- Random.h - A small random number generator ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_RANDOM_H
#define AMK_TEST_EXPERIMENT_RANDOM_RANDOM_H

#include "amk/Support/Hash.h"

#include <vector>

namespace amk::experiment {

class Random {
public:
  explicit Random(uint64_t seed) : state(mix64(seed)) {}

  uint64_t below(uint64_t limit) { return mix64(++state) % limit; }
  uint32_t index(size_t size) { return static_cast<uint32_t>(below(size)); }
  /// From low to high, both included.
  uint64_t range(uint64_t low, uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T>
  T &pick(std::vector<T> &from) {
    return from[index(from.size())];
  }
  template <typename T>
  const T &pick(const std::vector<T> &from) {
    return from[index(from.size())];
  }
  /// The index of one of `weights`, with that weight.
  uint32_t weighted(const std::vector<unsigned> &weights) {
    uint64_t sum = 0;
    for (unsigned weight : weights)
      sum += weight;
    uint64_t left = below(sum);
    for (uint32_t i = 0;; ++i) {
      if (left < weights[i])
        return i;
      left -= weights[i];
    }
  }

private:
  uint64_t state;
};

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_RANDOM_H

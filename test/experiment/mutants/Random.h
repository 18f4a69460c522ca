//===- Random.h - Reproducible choices --------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_RANDOM_H
#define AMK_TEST_EXPERIMENT_MUTANTS_RANDOM_H

#include "amk/Support/Hash.h"

#include <vector>

namespace amk::mutants {

class Random {
public:
  explicit Random(uint64_t seed) : stream(mix64(seed)) {}
  uint64_t next() { return mix64(stream + index++); }
  /// 0 to n - 1; n > 0.
  uint64_t below(uint64_t n) { return next() % n; }
  uint64_t between(uint64_t low, uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T>
  const T &pick(const std::vector<T> &from) {
    return from[below(from.size())];
  }

private:
  uint64_t stream, index = 0;
};

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_RANDOM_H

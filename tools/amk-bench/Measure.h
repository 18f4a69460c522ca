//===- Measure.h - Time per token -------------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_BENCH_MEASURE_H
#define AMK_TOOLS_BENCH_MEASURE_H

#include "amk/Runtime/Session.h"

#include <vector>

namespace amk::bench {

/// Sorted numbers.
class Samples {
public:
  void add(double value) { values.push_back(value); }
  void sort();
  size_t size() const { return values.size(); }
  double percentile(double share) const;

private:
  std::vector<double> values;
};

/// `tokens` steps from `position` on, `stepsPerLaunch` in each launch.
struct Case {
  uint32_t position = 0;
  uint32_t tokens = 0;
  uint32_t stepsPerLaunch = 0;
};

/// Microseconds per token of complete steps.
struct Timing {
  /// As the host sees it: from the last token of a launch to that of the next,
  /// or from the begin of the request.
  Samples host;
  Samples device;   ///< the kernel alone; empty on a CPU
  Samples interval; ///< between tokens of one launch, as they reach the host
  bool pretended = false; ///< the cache holds numbers that mean nothing
  double weightBytes = 0, kvBytes = 0; ///< per token, mean
};

/// Texts of up to this many tokens are processed, longer ones pretended.
constexpr uint32_t kMaxProcessed = 1024;

Timing measure(runtime::Session &session, const Case &which,
               uint32_t repetitions);

} // namespace amk::bench

#endif // AMK_TOOLS_BENCH_MEASURE_H

//===- Pool.h - Runs work that may crash or hang -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ARTEFACT_POOL_H
#define AMK_TEST_EXPERIMENT_ARTEFACT_POOL_H

#include <cstdint>
#include <functional>
#include <vector>

namespace amk::artefact {

/// What became of one item, its kind, and 128 bits that its work hands back.
struct Result {
  uint8_t code = 0;
  uint8_t kind = 0;
  uint64_t note[2] = {0, 0};
};

/// Codes that the pool gives to items whose work does not come back.
constexpr uint8_t kCrashed = 254;
constexpr uint8_t kTimedOut = 255;

using Work = std::function<Result(uint64_t item)>;

/// Runs `work` for the items [0, count) in `jobs` processes. An item that takes
/// longer than `limitSeconds` is stopped; after it, or after a crash, the rest
/// goes on in a new process.
std::vector<Result> runAll(uint64_t count, unsigned jobs, double limitSeconds,
                           const Work &work);

} // namespace amk::artefact

#endif // AMK_TEST_EXPERIMENT_ARTEFACT_POOL_H

//===- Bandwidth.h - Memory read bandwidth of this machine -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_BANDWIDTH_H
#define AMK_RUNTIME_BANDWIDTH_H

#include <cstdint>

namespace amk::runtime {

struct Bandwidth {
  double bytesPerSecond = 0; ///< median
  double bestBytesPerSecond = 0;
  uint64_t bufferBytes = 0;
  uint32_t threads = 0;
};

/// Sums a buffer of several times the last-level cache with `threads` threads,
/// `repetitions` times, and returns the median rate. The yardstick of decoding,
/// which reads every weight once per token.
Bandwidth measureReadBandwidth(uint32_t threads, unsigned repetitions = 9);

/// The same for the memory of the GPU with this number, with as many blocks as
/// give the best median. Throws amk::Error.
Bandwidth measureDeviceReadBandwidth(int ordinal, unsigned repetitions = 20);

} // namespace amk::runtime

#endif // AMK_RUNTIME_BANDWIDTH_H

//===- DeviceBandwidth.cpp - Read bandwidth of a GPU's memory -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The yardstick of decoding: a kernel that reads a buffer of many times the L2
// cache once, 128 bytes of it on their way for each thread, and does nothing
// else.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "StreamRead.h"
#include "Upload.h"
#include "amk/Runtime/Bandwidth.h"
#include "amk/Support/Error.h"

#include <algorithm>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;

static constexpr uint64_t kMaxBuffer = 8ull << 30;
static constexpr uint64_t kUploadBuffer = 64ull << 20;
static constexpr unsigned kWarmUp = 3;

/// Seconds of each of the launches, sorted.
static std::vector<double> timeReads(const Function &kernel, uint32_t blocks,
                                     const std::vector<uint64_t> &arguments,
                                     unsigned repetitions,
                                     const Stream &stream) {
  Event begin, end;
  std::vector<double> seconds;
  for (unsigned i = 0; i < kWarmUp + repetitions; ++i) {
    begin.record(stream);
    launch(kernel, blocks, kStreamReadThreads, 0, arguments, &stream);
    end.record(stream);
    double time = end.secondsSince(begin);
    if (i >= kWarmUp)
      seconds.push_back(time);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

Bandwidth amk::runtime::measureDeviceReadBandwidth(int ordinal,
                                                   unsigned repetitions) {
  if (repetitions == 0)
    throw Error("bandwidth: found 0 repetitions, expected at least 1");
  Context gpu(ordinal);
  Module module(kStreamReadCode, "stream-read kernel");
  Function kernel = module.function(kStreamReadName);
  uint64_t tiles =
      std::min(kMaxBuffer, gpu.freeBytes() / 2) / kStreamReadTileBytes;
  if (tiles == 0)
    fail("bandwidth", gpu.device().name + ": too little free memory");
  Bandwidth result;
  result.bufferBytes = tiles * kStreamReadTileBytes;
  DeviceBuffer buffer(result.bufferBytes, "bandwidth measurement");
  DeviceBuffer sink(sizeof(uint32_t), "bandwidth measurement");
  Uploader uploader(std::min(kUploadBuffer, result.bufferBytes));
  uploader.addNoise(buffer.address(), buffer.size());
  uploader.finish();

  Stream stream;
  int most = kernel.blocksPerMultiprocessor(kStreamReadThreads, 0);
  for (int perMultiprocessor : {2, 3, 4}) {
    if (perMultiprocessor > std::max(most, 2))
      break;
    auto blocks = static_cast<uint32_t>(gpu.device().multiprocessors) *
                  static_cast<uint32_t>(perMultiprocessor);
    std::vector<double> seconds =
        timeReads(kernel, blocks, {buffer.address(), tiles, sink.address()},
                  repetitions, stream);
    double median = result.bufferBytes / seconds[seconds.size() / 2];
    result.bestBytesPerSecond = std::max(result.bestBytesPerSecond,
                                         result.bufferBytes / seconds.front());
    if (median > result.bytesPerSecond) {
      result.bytesPerSecond = median;
      result.threads = blocks * kStreamReadThreads;
    }
  }
  return result;
}

//===- AttentionLaunch.h - Running attention programs -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_ATTENTIONLAUNCH_H
#define AMK_TEST_GPU_ATTENTIONLAUNCH_H

#include "AttentionCase.h"
#include "Chips.h"
#include "amk/Support/Abi.h"

namespace amk::test {

/// Tags of a step are these, from kLaunchTag + step * kTagStride on. A
/// combine's words are the next step's input of attention.
constexpr uint32_t kLaunchTag = 1000, kTagStride = 8;
constexpr uint32_t kQueryTag = 1, kPartialsTag = 2;
constexpr uint32_t kResultTag = kQueryTag + kTagStride;

struct Queue {
  std::vector<abi::DeviceInstruction> instructions;
  std::vector<uint8_t> cache;
};

/// What all workers of a launch have in device memory.
class AttentionLaunch {
public:
  AttentionLaunch(const Chip &chip, const std::vector<Queue> &queues,
                  const std::vector<uint8_t> &arena);

  /// As after the constructor, but for the caches.
  void reset(const std::vector<uint8_t> &arena) const;
  void start(const runtime::cuda::Function &function, uint32_t position,
             uint32_t steps, uint32_t tagStride,
             const runtime::cuda::Stream &stream) const;
  std::vector<uint8_t> arena() const;
  Caches caches() const;
  /// Prints the report of a wait that failed, if there is one.
  bool reported() const;

private:
  uint64_t add(const void *data, uint64_t bytes, const char *name);
  std::vector<uint8_t> read(size_t buffer) const;

  const Chip &chip;
  std::vector<runtime::cuda::DeviceBuffer> buffers;
  std::vector<size_t> cacheBuffers;
  size_t arenaBuffer = 0, counterBuffer = 0, reportBuffer = 0;
  abi::GpuArgs args = {};
};

/// An attention task without waits for counters; and a combine of `piece`,
/// whose elements go to the words at `to` of the words at `query` (of 8 bytes).
struct TaskShape {
  uint32_t dim, heads, splits, blockBytes;
  uint64_t queryByte, partialsByte; ///< in the arena
};
abi::DeviceInstruction attentionTask(const TaskShape &shape, uint32_t body,
                                     uint32_t kvHead, uint32_t split);
abi::DeviceInstruction combineTask(const TaskShape &shape, uint32_t body,
                                   const Piece &piece, uint32_t index);

/// Runs attention of three models' shapes and prints its times.
void timeAttention(const runtime::cuda::Context &context, const Chip &chip,
                   const std::string &directory);

} // namespace amk::test

#endif // AMK_TEST_GPU_ATTENTIONLAUNCH_H

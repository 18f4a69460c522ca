//===- Stamps.h - What a kernel with a trace writes -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// GpuArgs::stamps points to TaskStamps[steps][instructionCount], a task's at its
// DeviceInstruction::index, and behind them WorkerClocks[workers]. A part of the
// border between generated code and runtime, as Abi.h; kernels without a trace
// know nothing of it.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_STAMPS_H
#define AMK_SUPPORT_STAMPS_H

#include "amk/Support/GpuLayout.h"

namespace amk::abi {

/// A task in ticks of its multiprocessor's clock, of which these are the low 32
/// bits. 0 where nothing was written: not every body has every stamp.
struct TaskStamps {
  uint32_t clock[kStamps]; ///< by Stamp
  uint32_t ringWait;       ///< ticks that warp 0 waited for stages of the ring
  uint32_t loadBegin;      ///< the loader, before its first stage of the run
  uint32_t loadEnd;        ///< after it has asked for the last
  uint32_t earlyRingWait;  ///< of ringWait, before the input had come
};
static_assert(sizeof(TaskStamps) == 32);

/// Both clocks of a worker, read together when its launch begins and ends.
struct WorkerClocks {
  uint64_t nanoseconds[2]; ///< the same clock for all workers
  uint64_t ticks[2];       ///< 64 bits of the multiprocessor's clock
};
static_assert(sizeof(WorkerClocks) == 32);

} // namespace amk::abi

namespace amk::gpu {

/// Byte of a block's state where a kernel with a trace adds up ringWait.
constexpr uint32_t kRingWaitState = 508;
static_assert(kStateOffset + kRingWaitState + 4 == kFixedBytes &&
              StateOffset::kDone < kRingWaitState);

} // namespace amk::gpu

#endif // AMK_SUPPORT_STAMPS_H

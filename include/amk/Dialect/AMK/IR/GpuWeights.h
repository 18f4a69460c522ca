//===- GpuWeights.h - Runs of weights in a GPU's ring -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What follows from a task's weights and the stages of the target's ring: the
// layout, and how the weights are cut into stages. See docs/GpuKernel.md, 3. And
// what a run of the KV cache consists of (section 5).
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_GPUWEIGHTS_H
#define AMK_DIALECT_AMK_IR_GPUWEIGHTS_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Support/GpuLayout.h"

namespace mlir::amk {

/// On a schedule for a GPU: bytes of a stage of the worker's ring, an i64
/// (discardable). Absent for a CPU.
constexpr llvm::StringLiteral kStageBytesAttrName = "amk.stage_bytes";

/// A task's weights as stages.
struct WeightRun {
  ::amk::abi::PackLayout layout;
  uint32_t maxStageBlocks; ///< of the ring: abi::PackSegment::stageBlocks
  ::amk::gpu::RunShape shape;
  uint64_t tiles;

  uint32_t stageCount() const { return uint32_t(shape.stages(tiles)); }
  uint32_t stageBytes() const { return shape.stageBytes(); }
  uint64_t bytes() const { return shape.bytes(tiles); }
};

/// Nothing for a schedule that is not for a GPU. Emits an error if the stages
/// are none that kernels can have.
FailureOr<std::optional<uint32_t>> ringStageBytes(ScheduleOp schedule);

/// Segments of a stream begin at multiples of this many bytes.
inline int64_t segmentAlignment(std::optional<uint32_t> ringStageBytes) {
  return ringStageBytes ? int64_t(::amk::abi::kFragmentBytes)
                        : kSegmentAlignment;
}

/// The layout of weights in tiles of `tileRows` rows, if there is one.
std::optional<::amk::abi::PackLayout> fragmentLayout(Type element,
                                                     int64_t tileRows);

/// The run of a task that has weights. Emits an error if kernels cannot read
/// it.
FailureOr<WeightRun> weightRun(TaskOpInterface task, uint32_t ringStageBytes);

/// Bytes of a block of the cache of attention through the ring: keys and values
/// of the positions that one block holds.
uint32_t kvBlockBytes(TaskAttentionOp attention);

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_IR_GPUWEIGHTS_H

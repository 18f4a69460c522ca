//===- Multiply.h - Products of tiles from the ring -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H

#include "GpuBuilder.h"

namespace mlir::amk {

/// Multiplies tiles, as they come through the ring, with a vector in shared
/// memory: this warp's share of the columns. One for each layout.
class Multiplier {
public:
  Multiplier(GpuBuilder &code, const ::amk::gpu::RunShape &shape)
      : code(code), shape(shape) {}
  virtual ~Multiplier() = default;

  /// Makes `staged`, all columns of a panel, times `scale` (may be null) the
  /// vector of what follows.
  virtual void loadInput(Value staged, Value scale) = 0;
  /// Takes the stages of a tile. The sum of row r is in some lane; see rowOf().
  virtual Value multiplyTile() = 0;
  /// Row of the tile whose sum this lane has (i32), and whether it has one.
  virtual std::pair<Value, Value> rowOfLane() = 0;

protected:
  /// The first of this warp's blocks of a stage (i32); it takes as many as the
  /// warps with most.
  Value firstBlock();
  /// Whether block i of those is this warp's; null: in all warps. Others are
  /// multiplied with zeros.
  Value isMine(int64_t i);
  /// This lane's 16 bytes of all blocks of the next stage, as vectors of four
  /// `element`.
  SmallVector<Value> takeStage(Type element);
  /// Pointer to the elements of `staged` that begin at column `inBlock` (i32)
  /// of the first block of the group's first stage, and how many further on
  /// those of another block are.
  Value blockColumns(Value staged, Value inBlock, int32_t columns);
  int64_t columnsTo(uint32_t stage, uint32_t i, int64_t columns) {
    return (int64_t(::amk::gpu::kGroups) * stage * shape.stageBlocks + i) *
           columns;
  }

  GpuBuilder &code;
  ::amk::gpu::RunShape shape;
};

/// Null for layouts and types of weights that have no lowering.
std::unique_ptr<Multiplier> makeMultiplier(GpuBuilder &code, PackLayout layout,
                                           const ::amk::gpu::RunShape &shape,
                                           Type weights, bool hiLo);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H

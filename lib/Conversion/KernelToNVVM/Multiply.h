//===- Multiply.h - Products of tiles from the ring -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H

#include "WarpShare.h"

namespace mlir::amk {

/// Multiplies tiles, as they come through the ring, with this warp's share of a
/// vector. One for each layout.
class Multiplier {
public:
  Multiplier(GpuBuilder &code, const ::amk::gpu::RunShape &shape)
      : code(code), shape(shape) {}
  virtual ~Multiplier() = default;

  /// Makes the share, which has come, the vector of what follows.
  virtual void loadInput(WarpShare &share) = 0;
  /// Takes the stages of a tile. The sum of row r is in some lane; see
  /// rowOfLane().
  virtual Value multiplyTile() = 0;
  /// Takes the stages of a tile, of which this warp has no blocks.
  void skipTile();
  /// Row of the tile whose sum this lane has (i32), and whether it has one.
  virtual std::pair<Value, Value> rowOfLane() = 0;

protected:
  /// This lane's 16 bytes of all blocks of the next stage, as vectors of four
  /// `element`.
  SmallVector<Value> takeStage(Type element);

  GpuBuilder &code;
  ::amk::gpu::RunShape shape;
};

/// Null for layouts and types of weights that have no lowering.
std::unique_ptr<Multiplier> makeMultiplier(GpuBuilder &code, PackLayout layout,
                                           const ::amk::gpu::RunShape &shape,
                                           Type weights, bool hiLo);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H

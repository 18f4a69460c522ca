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
  /// Whether loadInput() needs the share's squares.
  virtual bool needsSquares() const { return false; }

  //===--- Tiles with all their blocks of a group in one stage ---===//
  /// To be called first, where all warps come by: makes registers for `tiles`.
  void makeRoom(uint32_t tiles);
  /// Waits for the next stage and takes its blocks of so many tiles into the
  /// registers; if it has fewer, something without meaning of the others.
  void takeStage();
  /// Sums of tile i of those that were taken; see rowOfLane().
  Value multiplyTaken(uint32_t i);
  /// Lets the next stage pass, of which this warp has no blocks.
  void skipStage();

  //===--- Tiles of any number of stages ---===//
  /// Takes the stages of a tile and gives its sums.
  Value multiplyTile();
  void skipTile();

  /// Row of the tile whose sum this lane has (i32), and whether it has one.
  virtual std::pair<Value, Value> rowOfLane() = 0;

protected:
  /// Vector of four of what a lane has of a block.
  virtual VectorType fragmentType() = 0;
  /// The sums begin at zero.
  virtual void beginTile() = 0;
  /// Adds the products of the tile's next blocks.
  virtual void addProducts(ArrayRef<Value> blocks) = 0;
  virtual Value endTile() = 0;

  GpuBuilder &code;
  ::amk::gpu::RunShape shape;

private:
  uint32_t stagesOfGroup() const {
    return shape.tileStages / ::amk::gpu::kGroups;
  }
  /// This lane's 16 bytes of the warp's blocks of `tiles` tiles of the next
  /// stage.
  SmallVector<Value> loadStage(uint32_t tiles);

  SmallVector<Value> taken; ///< variables: blocks of takeStage()
};

/// Null for layouts and types of weights that have no lowering.
std::unique_ptr<Multiplier> makeMultiplier(GpuBuilder &code, PackLayout layout,
                                           const ::amk::gpu::RunShape &shape,
                                           Type weights, bool hiLo);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_MULTIPLY_H

//===- WarpShare.h - A warp's part of a vector ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_WARPSHARE_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_WARPSHARE_H

#include "Words.h"

#include <optional>

namespace mlir::amk {

/// The first of this warp's blocks of a stage (i32); it takes as many as the
/// warps with most, so that this may be another warp's.
Value firstBlockOfWarp(GpuBuilder &code, const ::amk::gpu::RunShape &shape);

/// Warps of a group that have blocks, its first ones.
inline uint32_t busyWarps(const ::amk::gpu::RunShape &shape) {
  return ::amk::gpu::ceilDiv(shape.stageBlocks, shape.warpBlocks);
}
/// Emits `then` for these, and `otherwise` (null: nothing) for the others.
void ifHasBlocks(GpuBuilder &code, const ::amk::gpu::RunShape &shape,
                 function_ref<void()> then,
                 function_ref<void()> otherwise = nullptr);

/// A vector that workers have passed on.
struct InputVector {
  Value elements; ///< pointer to words or plain values (f32)
  Value tag;      ///< i32; null for plain values
  Value norm;     ///< pointer to a factor (f32) of every element; may be null
  int64_t columns;
};

/// The elements of a panel that this warp multiplies, in registers: nobody else
/// in the block needs them, so that they take no way through shared memory and
/// the warp waits for nobody. In each stage they are the columns of `width()`
/// consecutive blocks; lane l has the pairs that begin at 2 * l + 64 * chunk of
/// them. docs/GpuKernel.md, section 4.1.
class WarpShare {
public:
  WarpShare(GpuBuilder &code, const InputVector &vector,
            const ::amk::gpu::RunShape &shape, int32_t blockColumns);

  /// Asks for the elements of panel `number` (i32); waits for nothing.
  void load(Value number);
  /// Until all words carry the tag.
  void wait();
  /// Adds those of the elements that have come to squares().
  void addSquares();

  int32_t stages() const { return shape.tileStages / ::amk::gpu::kGroups; }
  int32_t chunks() const { return ::amk::gpu::ceilDiv(width(), kChunk); }
  int32_t width() const { return shape.warpBlocks * blockColumns; }
  /// Elements of this lane's pair, f32, times the norm: zero where another warp
  /// has the column, or nobody.
  std::array<Value, 2> pair(int32_t stage, int32_t chunk);
  /// Sum over the warp (f32, in all lanes) of its elements without the norm, of
  /// all panels that addSquares() was called for; null without a norm.
  Value squares();

  static constexpr int32_t kChunk = 64;

private:
  struct Pair {
    int32_t stage, chunk;
    Value plain[2]; ///< variables; null for words
    Value norm[2];  ///< variables; null without a norm
  };
  /// Column of the panel at which the share of a stage begins (i32).
  Value firstColumn(int32_t stage);
  Value inShare(const Pair &pair);
  Value column(const Pair &pair);
  Value place(const Pair &pair);
  Value isThere(const Pair &pair, int32_t element);
  Value element(unsigned number, int32_t element);
  Value index(const Pair &pair);
  bool mayEnd() const;
  Value begin();
  Value size();

  GpuBuilder &code;
  InputVector vector;
  ::amk::gpu::RunShape shape;
  int32_t blockColumns;
  Value panel; ///< variable: number of the one that was asked for
  SmallVector<Pair> pairs;
  std::optional<WordPoller> poller; ///< of the pairs, in their order
  Value sum;                        ///< variable
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_WARPSHARE_H

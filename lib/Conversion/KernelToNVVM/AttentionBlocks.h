//===- AttentionBlocks.h - Arithmetic of attention on blocks ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What of ring_attention depends on the type of the cache: where elements lie
// in a block, and what a warp does with one. Caches of 16 bits go through
// tensor cores (MmaAttention.cpp), of 32 bits through scalar code
// (ScalarAttention.cpp). docs/GpuKernel.md, sections 5.1 and 5.2.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_ATTENTIONBLOCKS_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_ATTENTIONBLOCKS_H

#include "Combine.h"

namespace mlir::amk {

/// Of the attention of one kv head and one split.
struct AttentionShape {
  AttentionShape(KernelRingAttentionOp op, Type element, int32_t stageBytes);

  static constexpr int32_t kMaxHeads = ::amk::gpu::kMaxGroupQueries,
                           kMaxDim = ::amk::gpu::kMaxHeadDim;
  /// Elements of the output that a warp has at most.
  static constexpr int32_t kWarpDim = 64;
  static constexpr int32_t kTile = 16; ///< dims are padded to a multiple

  Type element; ///< of the cache
  int32_t heads, dim, splits;
  int32_t tiles;  ///< of a row
  int32_t sharers; ///< warps that share a block, each with a part of its output
  int32_t warpTiles; ///< of the output of a warp; the last warps may have fewer
  int32_t positions; ///< of a block
  int32_t blockBytes;
  int32_t stageBlocks; ///< blocks in a stage
  double scale;        ///< with log2(e): exponentials are of base 2

  /// The same with all warps of a stage's group for one block, and no more than
  /// its output has tiles.
  AttentionShape spread() const {
    AttentionShape shape = *this;
    shape.sharers = std::min<int32_t>(tiles, ::amk::gpu::kGroupWarps);
    shape.warpTiles = ::amk::gpu::ceilDiv(tiles, shape.sharers);
    return shape;
  }
  int32_t padded() const { return tiles * kTile; }
  /// Elements of the output of a warp.
  int32_t perWarp() const { return warpTiles * kTile; }
  /// Where the step's own key and value are in `staged`: behind the queries.
  int32_t newRow() const { return kMaxHeads * (padded() > 128 ? 1024 : 512); }
};

/// Emits code at the builder's insertion point; `staged` holds the scaled
/// queries and the step's own key and value. These reach into `part` where
/// heads are wide.
class AttentionBlocks {
public:
  /// What a warp keeps of the blocks it has had.
  using State = SmallVector<Value>;

  AttentionBlocks(GpuBuilder &code, const AttentionShape &shape)
      : shape(shape), code(code) {}
  virtual ~AttentionBlocks() = default;

  const AttentionShape &shape;

  /// Elements e, e + 1 of a query head, or of the step's key or value, whose
  /// place in its block is `row` (all i32).
  virtual void placeQuery(Value head, Value e, Value x0, Value x1) = 0;
  virtual void placeKey(Value row, Value e, Value x0, Value x1) = 0;
  virtual void placeValue(Value row, Value e, Value x0, Value x1) = 0;

  virtual State initialState() = 0;
  /// All positions of the block at `base`; or with `row`, those before it, and
  /// the step's own in its place.
  virtual State addBlock(Value base, Value row, State state) = 0;
  /// This thread's part of the step's own row, and storing it to its block of
  /// the cache.
  virtual SmallVector<Value> loadNewRow(Value row) = 0;
  virtual void storeNewRow(ArrayRef<Value> values, Value row, Value block) = 0;

  /// Calls `emit` with maximum and sum of each head, in one lane for each.
  using EmitSums = function_ref<void(Value head, Value maximum, Value sum)>;
  virtual void emitSums(const State &state, EmitSums emit) = 0;
  /// Calls `emit` with this lane's pairs of elements of the warp's output for
  /// `count` heads from `first` on. `e` counts from the warp's first.
  using EmitPair = function_ref<void(Value head, Value e, Value x0, Value x1)>;
  virtual void emitOutput(const State &state, int32_t first, int32_t count,
                          EmitPair emit) = 0;
  /// Makes the output relative to a maximum, which each lane gives of head lane
  /// / 4, instead of the warp's own.
  virtual State rescale(State state, Value maximum) = 0;

protected:
  Value staged(Value bytes) { return code.shared(SharedPart::Staged, bytes); }
  Value newRow(Value bytes) {
    return staged(code.add32(bytes, shape.newRow()));
  }
  /// Number of this warp among those that share a block.
  Value sharer() {
    return shape.sharers == 1 ? code.i32(0)
                              : code.rem32(code.warp(), shape.sharers);
  }
  Value max(Value x, Value y) { return code.make<arith::MaxNumFOp>(x, y); }

  GpuBuilder &code;
};

/// For caches of bf16 and f16.
std::unique_ptr<AttentionBlocks> makeMmaBlocks(GpuBuilder &code,
                                               const AttentionShape &shape);
/// For caches of f32.
std::unique_ptr<AttentionBlocks> makeScalarBlocks(GpuBuilder &code,
                                                  const AttentionShape &shape);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_ATTENTIONBLOCKS_H

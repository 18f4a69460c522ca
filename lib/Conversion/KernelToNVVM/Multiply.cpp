//===- Multiply.cpp - Products of tiles from the ring ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On tensor cores weights are A, as fragments that come through the ring;
// activations are B, in registers for all tiles: column n is segment n mod s of
// the block's columns, of the high (n / s = 0) or low part (1) of x, where a
// block has s segments of 16 columns. Weights of f32 are multiplied as they
// are. docs/GpuKernel.md, sections 3 and 4.2.
//
//===----------------------------------------------------------------------===//

#include "Multiply.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

//===----------------------------------------------------------------------===//
// Multiplier
//===----------------------------------------------------------------------===//

void Multiplier::skipStage() {
  code.acquireStage();
  code.releaseStage();
}

void Multiplier::skipTile() {
  for (uint32_t stage = 0; stage < stagesOfGroup(); ++stage)
    skipStage();
}

SmallVector<Value> Multiplier::loadStage(uint32_t tiles) {
  Value offset =
      code.add(code.mul32(firstBlockOfWarp(code, shape), abi::kFragmentBytes),
               code.mul32(code.lane(), 16));
  Value first = code.byteAt(code.acquireStage(), offset);
  SmallVector<Value> blocks;
  for (uint32_t tile = 0; tile < tiles; ++tile)
    for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
      int64_t byte = tile * shape.stageBytes() + i * abi::kFragmentBytes;
      Value block = code.byteAt(first, code.i64(byte));
      blocks.push_back(code.load(fragmentType(), block, 16));
    }
  code.releaseStage();
  return blocks;
}

/// With values from the start: what is undefined for some warps, ptxas keeps in
/// registers through all bodies.
void Multiplier::makeRoom(uint32_t tiles) {
  Value zero = code.make<LLVM::ZeroOp>(fragmentType());
  for (uint32_t i = 0; i < tiles * shape.warpBlocks; ++i) {
    taken.push_back(code.variable(fragmentType()));
    code.store(zero, taken.back(), 16);
  }
}

void Multiplier::takeStage() {
  SmallVector<Value> blocks = loadStage(taken.size() / shape.warpBlocks);
  for (auto [variable, block] : llvm::zip_equal(taken, blocks))
    code.store(block, variable, 16);
}

Value Multiplier::multiplyTaken(uint32_t i) {
  SmallVector<Value> blocks;
  for (Value variable :
       ArrayRef(taken).slice(i * shape.warpBlocks, shape.warpBlocks))
    blocks.push_back(code.load(fragmentType(), variable, 16));
  beginTile();
  addProducts(blocks);
  return endTile();
}

Value Multiplier::multiplyTile() {
  beginTile();
  for (uint32_t stage = 0; stage < stagesOfGroup(); ++stage)
    addProducts(loadStage(1));
  return endTile();
}

static Value pairOf(GpuBuilder &code, std::array<Value, 2> elements) {
  Value pair =
      code.make<LLVM::PoisonOp>(VectorType::get({2}, code.b.getF32Type()));
  for (int32_t j = 0; j < 2; ++j)
    pair = code.make<LLVM::InsertElementOp>(pair, elements[j], code.i32(j));
  return pair;
}

static Value extract(GpuBuilder &code, Value vector, int32_t i) {
  return code.make<LLVM::ExtractElementOp>(vector, code.i32(i));
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

namespace {

class MmaMultiplier : public Multiplier {
public:
  MmaMultiplier(GpuBuilder &code, const layout::RunShape &shape, Type element,
                bool hiLo, int32_t segments)
      : Multiplier(code, shape), element(element), hiLo(hiLo),
        segments(segments) {}
  void loadInput(WarpShare &share) override;
  bool needsSquares() const override { return element.isF16(); }
  std::pair<Value, Value> rowOfLane() override;

private:
  VectorType fragmentType() override {
    return VectorType::get({4}, code.b.getI32Type());
  }
  void beginTile() override;
  void addProducts(ArrayRef<Value> blocks) override;
  Value endTile() override;

  /// A pair of elements in the weights' type, as a register: as they round, and
  /// what rounding has taken from them (null without hiLo).
  struct Split {
    Value high, low;
  };
  void chooseScale(Value squares);
  Split split(std::array<Value, 2> pair);
  Value fragment(const Split &split, Value fromLane);
  Value rowSum(ArrayRef<Value> d);

  Type element;
  bool hiLo;
  int32_t segments;                        ///< 2: tiles of 8 rows; 4: of 4 rows
  SmallVector<std::array<Value, 2>> input; ///< [stage of group][block]
  /// Of the tile: two chains, so that a product need not wait for the one
  /// before, and how many blocks there were.
  SmallVector<Value> sums[2];
  unsigned blocks = 0;
  /// Power of two by which elements are multiplied before they are rounded, and
  /// its inverse; null: 1.
  Value scale, inverse;
};

} // namespace

/// Elements that are normalised only afterwards may be out of the range of f16:
/// they are made about as large as their root mean square.
void MmaMultiplier::chooseScale(Value squares) {
  Type i32 = code.b.getI32Type(), f32 = code.b.getF32Type();
  constexpr int32_t mantissa = 23, bias = 127;
  int64_t count = int64_t(shape.tileStages / layout::kGroups) *
                  shape.warpBlocks * 16 * segments;
  Value mean = code.mulf(squares, code.f32(1.0f / count));
  Value exponent = code.make<arith::ShRUIOp>(
      code.make<arith::BitcastOp>(i32, mean), code.i32(mantissa));
  Value half =
      code.make<arith::ShRSIOp>(code.add32(exponent, -bias), code.i32(1));
  auto power = [&](Value n) -> Value {
    Value bits = code.make<arith::ShLIOp>(n, code.i32(mantissa));
    return code.make<arith::BitcastOp>(f32, bits);
  };
  scale = power(code.sub(code.i32(bias), half));
  inverse = power(code.add32(half, bias));
}

MmaMultiplier::Split MmaMultiplier::split(std::array<Value, 2> pair) {
  auto type = VectorType::get({2}, element);
  auto floats = VectorType::get({2}, code.b.getF32Type());
  if (scale)
    for (Value &element : pair)
      element = code.mulf(element, scale);
  Value x = pairOf(code, pair);
  auto bits = [&](Value v) {
    return code.make<LLVM::BitcastOp>(code.b.getI32Type(), v);
  };
  Value high = code.make<LLVM::FPTruncOp>(type, x);
  if (!hiLo)
    return {bits(high), Value()};
  Value rest =
      code.make<LLVM::FSubOp>(x, code.make<LLVM::FPExtOp>(floats, high));
  return {bits(high), bits(code.make<LLVM::FPTruncOp>(type, rest))};
}

/// The B register for which lane `fromLane` has the elements: of its high or
/// its low part, by the plane of this lane's column.
Value MmaMultiplier::fragment(const Split &split, Value fromLane) {
  Value plane = code.div32(code.lane(), 4 * segments);
  Value b = code.shuffle(split.high, fromLane);
  if (hiLo)
    b = code.select(code.equal(plane, code.i32(1)),
                    code.shuffle(split.low, fromLane), b);
  Value isUsed = code.less(plane, code.i32(hiLo ? 2 : 1));
  return code.select(isUsed, b, code.i32(0));
}

void MmaMultiplier::loadInput(WarpShare &share) {
  // Of a block lane 4g + t has the pairs t and t + 4 of segment g mod segments.
  int32_t blockPairs = 8 * segments, chunkPairs = WarpShare::kChunk / 2;
  Value segment = code.rem32(code.div32(code.lane(), 4), segments);
  Value inBlock = code.add(code.mul32(segment, 8), code.rem32(code.lane(), 4));
  if (element.isF16() && share.squares())
    chooseScale(share.squares());
  input.clear();
  for (int32_t stage = 0; stage < share.stages(); ++stage) {
    SmallVector<Split> chunks;
    for (int32_t chunk = 0; chunk < share.chunks(); ++chunk)
      chunks.push_back(split(share.pair(stage, chunk)));
    for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
      int32_t first = i * blockPairs;
      const Split &from = chunks[first / chunkPairs];
      Value lane = code.add32(inBlock, first % chunkPairs);
      input.push_back(
          {fragment(from, lane), fragment(from, code.add32(lane, 4))});
    }
  }
}

void MmaMultiplier::beginTile() {
  for (SmallVector<Value> &chain : sums)
    chain.assign(4, code.f32(0.0f));
  blocks = 0;
}

void MmaMultiplier::addProducts(ArrayRef<Value> weights) {
  for (Value weight : weights) {
    SmallVector<Value> a;
    for (int32_t r = 0; r < 4; ++r)
      a.push_back(extract(code, weight, r));
    SmallVector<Value> &chain = sums[blocks % 2];
    auto sum = code.kernel.arch.emitMma(code, element, a, input[blocks], chain);
    chain.assign(sum.begin(), sum.end());
    ++blocks;
  }
}

Value MmaMultiplier::endTile() {
  Value d = rowSum(sums[0]);
  // In the order d, then e.
  Value y = blocks > 1 ? code.addf(d, rowSum(sums[1])) : d;
  if (segments == 4)
    y = code.addf(y, code.shuffleXor(y, 1));
  if (hiLo)
    y = code.addf(y, code.shuffleXor(y, segments == 4 ? 2 : 1));
  if (segments == 4)
    y = code.addf(y, code.shuffleXor(y, 16));
  return inverse ? code.mulf(y, inverse) : y;
}

/// Of C only rows and columns of equal segments mean anything: registers 0 and
/// 3 with two segments; with four one register, by row and column.
Value MmaMultiplier::rowSum(ArrayRef<Value> c) {
  if (segments == 2)
    return code.addf(c[0], c[3]);
  Value isOdd = code.equal(code.rem32(code.lane(), 2), code.i32(1));
  Value isHigh = code.equal(code.div32(code.lane(), 16), code.i32(1));
  return code.select(isHigh, code.select(isOdd, c[3], c[1]),
                     code.select(isOdd, c[2], c[0]));
}

std::pair<Value, Value> MmaMultiplier::rowOfLane() {
  Value row = code.div32(code.lane(), 4);
  Value isFirst = code.equal(code.rem32(code.lane(), 4), code.i32(0));
  if (segments == 4)
    isFirst = code.make<arith::AndIOp>(isFirst, code.less(row, code.i32(4)));
  return {row, isFirst};
}

//===----------------------------------------------------------------------===//
// f32
//===----------------------------------------------------------------------===//

namespace {

/// Lane 4g + t has columns 4t to 4t + 3 of row g of a block. The share lies in
/// shared memory, in a part of `staged` that is the warp's own.
class ScalarMultiplier : public Multiplier {
public:
  using Multiplier::Multiplier;
  void loadInput(WarpShare &share) override;
  std::pair<Value, Value> rowOfLane() override {
    return {code.div32(code.lane(), 4),
            code.equal(code.rem32(code.lane(), 4), code.i32(0))};
  }

private:
  VectorType fragmentType() override {
    return VectorType::get({4}, code.b.getF32Type());
  }
  void beginTile() override {
    sums.assign(4, code.f32(0.0f));
    stage = 0;
  }
  void addProducts(ArrayRef<Value> blocks) override;
  Value endTile() override;

  /// Pointer to element `column` (i32) of the warp's share of a stage.
  Value place(int32_t stage, Value column);

  int32_t width = 0;
  SmallVector<Value> sums; ///< of the tile
  int32_t stage = 0;       ///< of the tile and group
};

} // namespace

Value ScalarMultiplier::place(int32_t stage, Value column) {
  int32_t perWarp = width * int32_t(shape.tileStages / layout::kGroups);
  Value first = code.mul32(code.warp(), perWarp);
  Value at = code.add32(code.add(first, column), stage * width);
  return code.atF32(code.shared(SharedPart::Staged), code.zext(at));
}

void ScalarMultiplier::loadInput(WarpShare &share) {
  width = share.width();
  // What the lanes have read of the panel before.
  code.warpBarrier();
  for (int32_t stage = 0; stage < share.stages(); ++stage)
    for (int32_t chunk = 0; chunk < share.chunks(); ++chunk) {
      Value both = pairOf(code, share.pair(stage, chunk));
      Value column =
          code.add32(code.mul32(code.lane(), 2), chunk * WarpShare::kChunk);
      code.ifThen(code.less(column, code.i32(width)),
                  [&] { code.store(both, place(stage, column), 8); });
    }
  code.warpBarrier();
}

void ScalarMultiplier::addProducts(ArrayRef<Value> weights) {
  constexpr int32_t columns = 16;
  for (auto [i, weight] : llvm::enumerate(weights)) {
    Value column = code.add32(code.mul32(code.rem32(code.lane(), 4), 4),
                              int32_t(i) * columns);
    Value x = code.load(fragmentType(), place(stage, column), 16);
    for (int32_t j = 0; j < 4; ++j)
      sums[j] =
          code.fma(extract(code, weight, j), extract(code, x, j), sums[j]);
  }
  ++stage;
}

Value ScalarMultiplier::endTile() {
  Value y = code.addf(code.addf(sums[0], sums[1]), code.addf(sums[2], sums[3]));
  y = code.addf(y, code.shuffleXor(y, 1));
  return code.addf(y, code.shuffleXor(y, 2));
}

std::unique_ptr<Multiplier>
mlir::amk::makeMultiplier(GpuBuilder &code, PackLayout layout,
                          const layout::RunShape &shape, Type weights,
                          bool hiLo) {
  bool isHalf = weights.isBF16() || weights.isF16();
  if (layout == PackLayout::MmaTile8x2 && isHalf)
    return std::make_unique<MmaMultiplier>(code, shape, weights, hiLo, 2);
  if (layout == PackLayout::MmaTile4x4 && isHalf)
    return std::make_unique<MmaMultiplier>(code, shape, weights, hiLo, 4);
  if (layout == PackLayout::ScalarTile8 && weights.isF32())
    return std::make_unique<ScalarMultiplier>(code, shape);
  return nullptr;
}

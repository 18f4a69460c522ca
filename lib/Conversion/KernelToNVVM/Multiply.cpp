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

Value Multiplier::firstBlock() {
  // Blocks of a warp lie one after another, so that one address will do.
  int32_t perWarp = shape.warpBlocks;
  Value first = code.mul32(code.warpInGroup(), perWarp);
  if (perWarp * layout::kGroupWarps == shape.stageBlocks)
    return first;
  return code.min(first, code.i32(int32_t(shape.stageBlocks) - perWarp));
}

Value Multiplier::isMine(int64_t i) {
  int32_t perWarp = shape.warpBlocks;
  if (perWarp * layout::kGroupWarps == shape.stageBlocks)
    return Value();
  // Where the first block was moved back, it is another warp's.
  Value first = code.mul32(code.warpInGroup(), perWarp);
  Value block = code.add32(firstBlock(), int32_t(i));
  return code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, block, first);
}

Value Multiplier::blockColumns(Value staged, Value inBlock, int32_t columns) {
  Value block =
      code.add(code.mul32(code.group(), shape.stageBlocks), firstBlock());
  Value first = code.add(code.mul32(block, columns), inBlock);
  return code.atF32(staged, code.zext(first));
}

SmallVector<Value> Multiplier::takeStage(Type element) {
  auto vector = VectorType::get({4}, element);
  Value offset = code.add(code.mul32(firstBlock(), abi::kFragmentBytes),
                          code.mul32(code.lane(), 16));
  Value first = code.byteAt(code.acquireStage(), offset);
  SmallVector<Value> weights;
  for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
    Value block = code.byteAt(first, code.i64(i * abi::kFragmentBytes));
    weights.push_back(code.load(vector, block, 16));
  }
  code.releaseStage();
  return weights;
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
  void loadInput(Value staged, Value scale) override;
  Value multiplyTile() override;
  std::pair<Value, Value> rowOfLane() override;

private:
  Value split(Value x0, Value x1, Value isHere);
  Value rowSum(ArrayRef<Value> d);

  Type element;
  bool hiLo;
  int32_t segments;                        ///< 2: tiles of 8 rows; 4: of 4 rows
  SmallVector<std::array<Value, 2>> input; ///< [stage of group][block]
};

} // namespace

/// Two neighbours of x as a B register: this lane's part of them.
Value MmaMultiplier::split(Value x0, Value x1, Value isHere) {
  OpBuilder &b = code.b;
  auto pairType = VectorType::get({2}, element);
  auto floats = VectorType::get({2}, b.getF32Type());
  Value x = code.make<LLVM::PoisonOp>(floats);
  x = code.make<LLVM::InsertElementOp>(x, x0, code.i32(0));
  x = code.make<LLVM::InsertElementOp>(x, x1, code.i32(1));
  auto round = [&](Value v) {
    return code.make<LLVM::BitcastOp>(b.getI32Type(),
                                      code.make<LLVM::FPTruncOp>(pairType, v));
  };
  // Column of this lane is lane / 4, and its plane that / segments.
  Value plane = code.div32(code.lane(), 4 * segments);
  Value high = round(x);
  if (hiLo) {
    // The low part is what rounding takes from x; the high part that which
    // rounding takes from it when nothing is subtracted: the same instructions
    // for all lanes.
    Value isLow = code.equal(plane, code.i32(1));
    Value taken = code.make<LLVM::BitcastOp>(
        pairType, code.select(isLow, high, code.i32(0)));
    high = round(
        code.make<LLVM::FSubOp>(x, code.make<LLVM::FPExtOp>(floats, taken)));
  }
  Value isUsed = code.less(plane, code.i32(hiLo ? 2 : 1));
  if (isHere)
    isUsed = code.make<arith::AndIOp>(isUsed, isHere);
  return code.select(isUsed, high, code.i32(0));
}

void MmaMultiplier::loadInput(Value staged, Value scale) {
  auto pair = VectorType::get({2}, code.b.getF32Type());
  Value lane = code.lane();
  Value segment = code.rem32(code.div32(lane, 4), segments);
  Value inBlock =
      code.add(code.mul32(segment, 16), code.mul32(code.rem32(lane, 4), 2));
  int32_t columns = 16 * segments;
  Value base = blockColumns(staged, inBlock, columns);
  input.clear();
  for (uint32_t stage = 0; stage < shape.tileStages / layout::kGroups; ++stage)
    for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
      std::array<Value, 2> registers;
      for (int32_t k = 0; k < 2; ++k) {
        Value at = code.i64(columnsTo(stage, i, columns) + 8 * k);
        Value x = code.load(pair, code.atF32(base, at), 8);
        Value x0 = extract(code, x, 0), x1 = extract(code, x, 1);
        if (scale) {
          x0 = code.mulf(x0, scale);
          x1 = code.mulf(x1, scale);
        }
        registers[k] = split(x0, x1, isMine(i));
      }
      input.push_back(registers);
    }
}

Value MmaMultiplier::multiplyTile() {
  // Two chains, so that a product need not wait for the one before.
  SmallVector<Value> sums[2];
  for (SmallVector<Value> &chain : sums)
    chain.assign(4, code.f32(0.0f));
  unsigned next = 0;
  for (uint32_t stage = 0; stage < shape.tileStages / layout::kGroups; ++stage)
    for (Value weight : takeStage(code.b.getI32Type())) {
      SmallVector<Value> a;
      for (int32_t r = 0; r < 4; ++r)
        a.push_back(extract(code, weight, r));
      SmallVector<Value> &chain = sums[next % 2];
      chain = llvm::to_vector(llvm::map_range(
          code.kernel.arch.emitMma(code, element, a, input[next], chain),
          [](Value v) { return v; }));
      ++next;
    }
  Value d = rowSum(sums[0]);
  // In the order d, then e.
  Value y = next > 1 ? code.addf(d, rowSum(sums[1])) : d;
  if (segments == 4)
    y = code.addf(y, code.shuffleXor(y, 1));
  if (hiLo)
    y = code.addf(y, code.shuffleXor(y, segments == 4 ? 2 : 1));
  return segments == 4 ? code.addf(y, code.shuffleXor(y, 16)) : y;
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

/// Lane 4g + t has columns 4t to 4t + 3 of row g of a block.
class ScalarMultiplier : public Multiplier {
public:
  using Multiplier::Multiplier;
  void loadInput(Value staged, Value factor) override {
    input = staged;
    scale = factor;
  }
  Value multiplyTile() override;
  std::pair<Value, Value> rowOfLane() override {
    return {code.div32(code.lane(), 4),
            code.equal(code.rem32(code.lane(), 4), code.i32(0))};
  }

private:
  Value input, scale;
};

} // namespace

Value ScalarMultiplier::multiplyTile() {
  auto four = VectorType::get({4}, code.b.getF32Type());
  constexpr int32_t columns = 16;
  Value base =
      blockColumns(input, code.mul32(code.rem32(code.lane(), 4), 4), columns);
  SmallVector<Value> sums(4, code.f32(0.0f));
  for (uint32_t stage = 0; stage < shape.tileStages / layout::kGroups;
       ++stage) {
    SmallVector<Value> weights = takeStage(code.b.getF32Type());
    for (auto [i, weight] : llvm::enumerate(weights)) {
      Value at = code.i64(columnsTo(stage, i, columns));
      Value x = code.load(four, code.atF32(base, at), 16);
      Value isHere = isMine(i);
      for (int32_t j = 0; j < 4; ++j) {
        Value xj = extract(code, x, j);
        if (isHere)
          xj = code.select(isHere, xj, code.f32(0.0f));
        sums[j] = code.fma(extract(code, weight, j), xj, sums[j]);
      }
    }
  }
  Value y = code.addf(code.addf(sums[0], sums[1]), code.addf(sums[2], sums[3]));
  y = code.addf(y, code.shuffleXor(y, 1));
  y = code.addf(y, code.shuffleXor(y, 2));
  return scale ? code.mulf(y, scale) : y;
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

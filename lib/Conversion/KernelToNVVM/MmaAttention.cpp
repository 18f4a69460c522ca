//===- MmaAttention.cpp - Attention with tensor cores ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query heads of a kv head are A, rows 0 to 7 their high parts and rows 8
// to 15 their low parts; blocks of 16 positions of the cache are B, keys and
// values as fragments. docs/GpuKernel.md, section 5.2.
//
//===----------------------------------------------------------------------===//

#include "AttentionBlocks.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

static constexpr int32_t kColumns = 8;
static constexpr int32_t kTile = AttentionShape::kTile;
static constexpr int32_t kFragment = abi::kFragmentBytes;

namespace {

class MmaBlocks final : public AttentionBlocks {
public:
  using AttentionBlocks::AttentionBlocks;

  void placeQuery(Value head, Value e, Value x0, Value x1) override;
  void placeKey(Value row, Value e, Value x0, Value x1) override;
  void placeValue(Value row, Value e, Value x0, Value x1) override;
  State initialState() override;
  State addBlock(Value base, Value row, State state) override;
  SmallVector<Value> loadNewRow(Value row) override;
  void storeNewRow(ArrayRef<Value> values, Value row, Value block) override;
  void emitSums(const State &state, EmitSums emit) override;
  void emitOutput(const State &state, int32_t first, int32_t count,
                  EmitPair emit) override;
  State rescale(State state, Value maximum) override;

private:
  // State: maximum and sum (of this lane's positions) of head lane / 4, then
  // four accumulators for every 8 elements of the output.
  static constexpr int32_t kSums = 2;

  Value g() { return code.div32(code.lane(), 4); }
  Value t() { return code.rem32(code.lane(), 4); }
  int32_t valuesOffset() const { return shape.tiles * kFragment; }
  Value keyByte(Value e, Value row);
  Value valueByte(Value e, Value row);
  Value pack(Value x0, Value x1);
  std::array<Value, 2> highAndLow(Value x0, Value x1);
  SmallVector<Value> loadFragment(Value base, int32_t offset);
  SmallVector<Value> keyFragment(Value base, int32_t tile, Value row);
  SmallVector<Value> scores(Value base, Value row);
  Value bits(Value low, Value high);
  void addOutput(Value base, Value row, ArrayRef<Value> p, State &state);
};

} // namespace

//===----------------------------------------------------------------------===//
// Registers and fragments
//===----------------------------------------------------------------------===//

/// Two floats, rounded, as a register.
Value MmaBlocks::pack(Value x0, Value x1) {
  OpBuilder &b = code.b;
  Value pair = code.make<LLVM::PoisonOp>(VectorType::get({2}, b.getF32Type()));
  pair = code.make<LLVM::InsertElementOp>(pair, x0, code.i32(0));
  pair = code.make<LLVM::InsertElementOp>(pair, x1, code.i32(1));
  Value rounded =
      code.make<LLVM::FPTruncOp>(VectorType::get({2}, shape.element), pair);
  return code.make<LLVM::BitcastOp>(b.getI32Type(), rounded);
}

std::array<Value, 2> MmaBlocks::highAndLow(Value x0, Value x1) {
  Value high = pack(x0, x1);
  Value rounded =
      code.make<LLVM::BitcastOp>(VectorType::get({2}, shape.element), high);
  auto rest = [&](Value x, int32_t i) {
    Value part = code.make<LLVM::ExtractElementOp>(rounded, code.i32(i));
    return code.subf(x, code.make<LLVM::FPExtOp>(code.b.getF32Type(), part));
  };
  return {high, pack(rest(x0, 0), rest(x1, 1))};
}

/// This lane's four registers of the fragment block at base + offset.
SmallVector<Value> MmaBlocks::loadFragment(Value base, int32_t offset) {
  auto type = VectorType::get({4}, code.b.getI32Type());
  Value bytes = code.add32(code.mul32(code.lane(), 16), offset);
  Value vector = code.load(type, code.byteAt(base, bytes), 16);
  SmallVector<Value> registers;
  for (int32_t r = 0; r < 4; ++r)
    registers.push_back(code.make<LLVM::ExtractElementOp>(vector, code.i32(r)));
  return registers;
}

/// Of elements e, e + 1 of the row at `row` of a block's keys.
Value MmaBlocks::keyByte(Value e, Value row) {
  Value u = code.rem32(e, kTile);
  Value lane = code.add(code.mul32(code.rem32(row, kColumns), 4),
                        code.div32(code.rem32(u, kColumns), 2));
  Value word = code.add(code.mul32(code.div32(row, kColumns), 2),
                        code.div32(u, kColumns));
  Value inFragment = code.add(code.mul32(lane, 16), code.mul32(word, 4));
  return code.add(code.mul32(code.div32(e, kTile), kFragment), inFragment);
}

/// Of element e of the row at `row` of a block's values, from the block's
/// begin.
Value MmaBlocks::valueByte(Value e, Value row) {
  Value lane = code.add(code.mul32(code.rem32(e, kColumns), 4),
                        code.div32(code.rem32(row, kColumns), 2));
  Value word = code.add(code.mul32(code.rem32(code.div32(e, kColumns), 2), 2),
                        code.div32(row, kColumns));
  Value inFragment = code.add(code.mul32(lane, 16), code.mul32(word, 4));
  Value inWord = code.mul32(code.rem32(row, 2), 2);
  Value tile = code.mul32(code.div32(e, kTile), kFragment);
  return code.add32(code.add(code.add(tile, inWord), inFragment),
                    valuesOffset());
}

//===----------------------------------------------------------------------===//
// Query, key and value of the step
//===----------------------------------------------------------------------===//

void MmaBlocks::placeQuery(Value head, Value e, Value x0, Value x1) {
  Value u = code.rem32(e, kTile);
  Value lane =
      code.add(code.mul32(head, 4), code.div32(code.rem32(u, kColumns), 2));
  Value inFragment =
      code.add(code.mul32(lane, 16), code.mul32(code.div32(u, kColumns), 8));
  Value bytes =
      code.add(code.mul32(code.div32(e, kTile), kFragment), inFragment);
  Value factor = code.f32(static_cast<float>(shape.scale));
  auto parts = highAndLow(code.mulf(x0, factor), code.mulf(x1, factor));
  code.store(parts[0], staged(bytes), 4);
  code.store(parts[1], staged(code.add32(bytes, 4)), 4);
}

void MmaBlocks::placeKey(Value row, Value e, Value x0, Value x1) {
  code.store(pack(x0, x1), newRow(keyByte(e, row)), 4);
}

void MmaBlocks::placeValue(Value row, Value e, Value x0, Value x1) {
  int32_t next = 0;
  for (Value x : {x0, x1}) {
    Value rounded = code.make<LLVM::FPTruncOp>(shape.element, x);
    code.store(rounded, newRow(valueByte(code.add32(e, next++), row)), 2);
  }
}

/// A thread's element of the value and pair of elements of the key: threads
/// beyond the end have the last.
SmallVector<Value> MmaBlocks::loadNewRow(Value row) {
  Value thread = code.thread();
  Value e = code.min(thread, code.i32(shape.dim - 1));
  Value pair = code.min(thread, code.i32(shape.padded() / 2 - 1));
  return {code.load(code.b.getI16Type(), newRow(valueByte(e, row)), 2),
          code.load(code.b.getI32Type(),
                    newRow(keyByte(code.mul32(pair, 2), row)), 4)};
}

void MmaBlocks::storeNewRow(ArrayRef<Value> values, Value row, Value block) {
  Value thread = code.thread();
  code.ifThen(code.less(thread, code.i32(shape.dim)), [&] {
    code.store(values[0], code.byteAt(block, valueByte(thread, row)), 2);
  });
  code.ifThen(code.less(thread, code.i32(shape.padded() / 2)), [&] {
    Value byte = keyByte(code.mul32(thread, 2), row);
    code.store(values[1], code.byteAt(block, byte), 4);
  });
}

//===----------------------------------------------------------------------===//
// A block
//===----------------------------------------------------------------------===//

/// Registers 0, 1 are of position lane / 4, registers 2, 3 of the one 8 later.
SmallVector<Value> MmaBlocks::keyFragment(Value base, int32_t tile, Value row) {
  SmallVector<Value> b = loadFragment(base, tile * kFragment);
  if (!row)
    return b;
  SmallVector<Value> own = loadFragment(newRow(code.i32(0)), tile * kFragment);
  for (int32_t r = 0; r < 4; ++r) {
    Value position = code.add32(g(), kColumns * (r / 2));
    b[r] = code.select(code.equal(position, row), own[r], b[r]);
  }
  return b;
}

/// Of head lane / 4 and positions 2t, 2t + 1, 2t + 8, 2t + 9. Even and odd
/// tiles are summed apart: half as many products wait for each other.
SmallVector<Value> MmaBlocks::scores(Value base, Value row) {
  SmallVector<Value> c[2][2];
  for (auto &chain : c)
    for (SmallVector<Value> &accumulators : chain)
      accumulators.assign(4, code.f32(0));
  Value query = code.shared(SharedPart::Staged);
  for (int32_t tile = 0; tile < shape.tiles; ++tile) {
    SmallVector<Value> a = loadFragment(query, tile * kFragment);
    SmallVector<Value> b = keyFragment(base, tile, row);
    for (int32_t n = 0; n < 2; ++n) {
      SmallVector<Value> &sums = c[tile % 2][n];
      sums = SmallVector<Value>(code.kernel.arch.emitMma(
          code, shape.element, a, {b[2 * n], b[2 * n + 1]}, sums));
    }
  }
  SmallVector<Value> s;
  for (int32_t n = 0; n < 2; ++n)
    for (int32_t i = 0; i < 2; ++i) {
      auto both = [&](const SmallVector<Value> &sums) {
        return code.addf(sums[i], sums[i + 2]);
      };
      Value sum = both(c[0][n]);
      s.push_back(shape.tiles > 1 ? code.addf(sum, both(c[1][n])) : sum);
    }
  return s;
}

/// Mask of a register's halves.
Value MmaBlocks::bits(Value low, Value high) {
  return code.make<arith::OrIOp>(
      code.select(low, code.i32(0xffff), code.i32(0)),
      code.select(high, code.i32(int32_t(0xffff0000)), code.i32(0)));
}

/// Adds P V to this warp's elements of the output.
void MmaBlocks::addOutput(Value base, Value row, ArrayRef<Value> p,
                          State &state) {
  SmallVector<Value> a;
  for (int32_t n = 0; n < 2; ++n)
    llvm::append_range(a, highAndLow(p[2 * n], p[2 * n + 1]));
  // Rows beyond the step's may hold anything, and 0 times anything is not 0.
  Value kept[2], own[2];
  for (int32_t n = 0; row && n < 2; ++n) {
    Value low = code.add32(code.mul32(t(), 2), kColumns * n);
    Value high = code.add32(low, 1);
    kept[n] = bits(code.less(low, row), code.less(high, row));
    own[n] = bits(code.equal(low, row), code.equal(high, row));
  }
  Value first = code.mul32(sharer(), shape.warpTiles);
  for (int32_t i = 0; i < shape.warpTiles; ++i) {
    // The last warps may have fewer tiles; they take the last one again, and
    // nobody reads what comes of that.
    Value tile = code.min(code.add32(first, i), code.i32(shape.tiles - 1));
    Value bytes = code.mul32(tile, kFragment);
    SmallVector<Value> b =
        loadFragment(code.byteAt(base, bytes), valuesOffset());
    if (row) {
      SmallVector<Value> v = loadFragment(newRow(bytes), valuesOffset());
      for (int32_t r = 0; r < 4; ++r)
        b[r] =
            code.make<arith::OrIOp>(code.make<arith::AndIOp>(b[r], kept[r % 2]),
                                    code.make<arith::AndIOp>(v[r], own[r % 2]));
    }
    for (int32_t n = 0; n < 2; ++n) {
      Value *o = &state[kSums + 4 * (2 * i + n)];
      SmallVector<Value, 4> d = code.kernel.arch.emitMma(
          code, shape.element, a, {b[2 * n], b[2 * n + 1]}, ArrayRef(o, 4));
      std::copy(d.begin(), d.end(), o);
    }
  }
}

AttentionBlocks::State MmaBlocks::initialState() {
  State state(kSums + 8 * shape.warpTiles, code.f32(0));
  state[0] = code.f32(kNoScore);
  return state;
}

AttentionBlocks::State MmaBlocks::addBlock(Value base, Value row, State state) {
  SmallVector<Value> s = scores(base, row), p;
  for (int32_t i = 0; row && i < 4; ++i) {
    Value position = code.add32(code.mul32(t(), 2), i % 2 + kColumns * (i / 2));
    s[i] = code.select(code.less(row, position), code.f32(kNoScore), s[i]);
  }
  Value most = max(max(s[0], s[1]), max(s[2], s[3]));
  for (int32_t mask : {1, 2})
    most = max(most, code.shuffleXor(most, mask));
  Value maximum = max(state[0], most);
  Value factor = emitExp2(code, code.subf(state[0], maximum));
  // 0 for positions without a score: there is one with a score.
  for (int32_t i = 0; i < 4; ++i)
    p.push_back(emitExp2(code, code.subf(s[i], maximum)));
  Value all = code.addf(code.addf(p[0], p[1]), code.addf(p[2], p[3]));
  state[0] = maximum;
  state[1] = code.fma(state[1], factor, all);
  for (Value &o : MutableArrayRef(state).drop_front(kSums))
    o = code.mulf(o, factor);
  addOutput(base, row, p, state);
  return state;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void MmaBlocks::emitSums(const State &state, EmitSums emit) {
  Value total = state[1];
  for (int32_t mask : {1, 2})
    total = code.addf(total, code.shuffleXor(total, mask));
  Value isMine = code.make<arith::AndIOp>(
      code.equal(t(), code.i32(0)), code.less(g(), code.i32(shape.heads)));
  code.ifThen(isMine, [&] { emit(g(), state[0], total); });
}

void MmaBlocks::emitOutput(const State &state, int32_t first, int32_t count,
                           EmitPair emit) {
  // Heads before the first wrap to large numbers.
  Value isMine = code.less(code.add32(g(), -first), code.i32(count));
  code.ifThen(isMine, [&] {
    for (int32_t n = 0; n < 2 * shape.warpTiles; ++n) {
      const Value *o = &state[kSums + 4 * n];
      emit(g(), code.add32(code.mul32(t(), 2), kColumns * n),
           code.addf(o[0], o[2]), code.addf(o[1], o[3]));
    }
  });
}

AttentionBlocks::State MmaBlocks::rescale(State state, Value maximum) {
  Value factor = emitExp2(code, code.subf(state[0], maximum));
  for (Value &o : MutableArrayRef(state).drop_front(kSums))
    o = code.mulf(o, factor);
  return state;
}

std::unique_ptr<AttentionBlocks>
mlir::amk::makeMmaBlocks(GpuBuilder &code, const AttentionShape &shape) {
  return std::make_unique<MmaBlocks>(code, shape);
}

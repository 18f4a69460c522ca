//===- ScalarAttention.cpp - Attention to a cache of f32 ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of 8 positions, keys and then values as rows. For scores, lane 4g + t
// has every fourth four elements of position g; for the output, every lane has
// two elements. docs/GpuKernel.md, section 5.1.
//
//===----------------------------------------------------------------------===//

#include "AttentionBlocks.h"

using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

static constexpr int32_t kPositions = 8, kWarp = 32;
/// Elements of a row that four lanes read at once.
static constexpr int32_t kStep = AttentionShape::kTile;

namespace {

class ScalarBlocks final : public AttentionBlocks {
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
  // State: of every head its maximum, sum (of position lane / 4) and two
  // elements of the output.
  static constexpr int32_t kMaximum = 0, kSum = 1, kOutput = 2, kOfHead = 4;

  int32_t rowBytes() const { return 4 * shape.padded(); }
  int32_t valuesOffset() const { return kPositions * rowBytes(); }
  void storePair(Value pointer, Value x0, Value x1);
  SmallVector<Value> loadFloats(Value pointer, int64_t count);
  Value shuffleFrom(Value x, Value lane);
  /// Over all positions, of a value that the four lanes of a position share.
  Value overPositions(Value x, function_ref<Value(Value, Value)> join);
  SmallVector<Value> scores(Value base, Value row);
  void addOutput(Value base, Value row, ArrayRef<Value> p, State &state);
};

} // namespace

//===----------------------------------------------------------------------===//
// Short hands
//===----------------------------------------------------------------------===//

void ScalarBlocks::storePair(Value pointer, Value x0, Value x1) {
  Value pair = code.make<LLVM::PoisonOp>(code.floats(2));
  pair = code.make<LLVM::InsertElementOp>(pair, x0, code.i32(0));
  pair = code.make<LLVM::InsertElementOp>(pair, x1, code.i32(1));
  code.store(pair, pointer, 8);
}

SmallVector<Value> ScalarBlocks::loadFloats(Value pointer, int64_t count) {
  Value vector = code.load(code.floats(count), pointer, 4 * count);
  SmallVector<Value> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(code.make<LLVM::ExtractElementOp>(vector, code.i32(i)));
  return values;
}

Value ScalarBlocks::shuffleFrom(Value x, Value lane) {
  return code.make<NVVM::ShflOp>(x.getType(), code.i32(-1), x, lane,
                                 code.i32(kWarp - 1), NVVM::ShflKind::idx,
                                 UnitAttr());
}

Value ScalarBlocks::overPositions(Value x,
                                  function_ref<Value(Value, Value)> join) {
  for (int32_t mask : {4, 8, 16})
    x = join(x, code.shuffleXor(x, mask));
  return x;
}

//===----------------------------------------------------------------------===//
// Query, key and value of the step
//===----------------------------------------------------------------------===//

void ScalarBlocks::placeQuery(Value head, Value e, Value x0, Value x1) {
  Value factor = code.f32(static_cast<float>(shape.scale));
  Value bytes = code.add(code.mul32(head, rowBytes()), code.mul32(e, 4));
  storePair(staged(bytes), code.mulf(x0, factor), code.mulf(x1, factor));
}

void ScalarBlocks::placeKey(Value row, Value e, Value x0, Value x1) {
  storePair(newRow(code.mul32(e, 4)), x0, x1);
}

void ScalarBlocks::placeValue(Value row, Value e, Value x0, Value x1) {
  storePair(newRow(code.add32(code.mul32(e, 4), rowBytes())), x0, x1);
}

/// A thread's element of the key with its padding, then of the value; threads
/// beyond the end have the last.
SmallVector<Value> ScalarBlocks::loadNewRow(Value row) {
  Value end = code.i32(shape.padded() + shape.dim - 1);
  return loadFloats(newRow(code.mul32(code.min(code.thread(), end), 4)), 1);
}

void ScalarBlocks::storeNewRow(ArrayRef<Value> values, Value row, Value block) {
  Value thread = code.thread(), end = code.i32(shape.padded() + shape.dim);
  code.ifThen(code.less(thread, end), [&] {
    Value place = code.add(code.mul32(row, rowBytes()),
                           code.mul32(code.rem32(thread, shape.padded()), 4));
    Value part = code.mul32(code.div32(thread, shape.padded()), valuesOffset());
    code.store(values[0], code.byteAt(block, code.add(part, place)), 4);
  });
}

//===----------------------------------------------------------------------===//
// A block
//===----------------------------------------------------------------------===//

/// Of every head and position lane / 4.
SmallVector<Value> ScalarBlocks::scores(Value base, Value row) {
  Value position = code.div32(code.lane(), 4);
  Value mine = code.mul32(code.rem32(code.lane(), 4), 16);
  Value keys = code.byteAt(base, code.mul32(position, rowBytes()));
  if (row) // also for the positions after it, whose scores nobody uses
    keys = code.select(code.less(position, row), keys, newRow(code.i32(0)));
  SmallVector<Value> sums(shape.heads, code.f32(0));
  for (int32_t e = 0; e < shape.padded(); e += kStep) {
    Value bytes = code.add32(mine, 4 * e);
    SmallVector<Value> k = loadFloats(code.byteAt(keys, bytes), 4);
    for (int32_t h = 0; h < shape.heads; ++h) {
      SmallVector<Value> q =
          loadFloats(staged(code.add32(bytes, h * rowBytes())), 4);
      for (int32_t i = 0; i < 4; ++i)
        sums[h] = code.fma(q[i], k[i], sums[h]);
    }
  }
  for (Value &sum : sums) {
    for (int32_t mask : {1, 2})
      sum = code.addf(sum, code.shuffleXor(sum, mask));
    if (row)
      sum = code.select(code.less(row, position), code.f32(kNoScore), sum);
  }
  return sums;
}

/// Adds P V to this lane's elements of the output.
void ScalarBlocks::addOutput(Value base, Value row, ArrayRef<Value> p,
                             State &state) {
  // Lanes beyond the end have the last pair.
  Value pair = code.min(code.lane(), code.i32(shape.perWarp() / 2 - 1));
  Value e =
      code.add(code.mul32(pair, 2), code.mul32(sharer(), shape.perWarp()));
  Value bytes = code.mul32(code.min(e, code.i32(shape.padded() - 2)), 4);
  for (int32_t position = 0; position < kPositions; ++position) {
    Value values = code.byteAt(
        base, code.add32(bytes, valuesOffset() + position * rowBytes()));
    // Rows beyond the step's may hold anything, and 0 times anything is not 0.
    if (row)
      values = code.select(code.less(code.i32(position), row), values,
                           newRow(code.add32(bytes, rowBytes())));
    SmallVector<Value> v = loadFloats(values, 2);
    for (int32_t h = 0; h < shape.heads; ++h) {
      Value weight = shuffleFrom(p[h], code.i32(4 * position));
      for (int32_t i = 0; i < 2; ++i) {
        Value &o = state[h * kOfHead + kOutput + i];
        o = code.fma(weight, v[i], o);
      }
    }
  }
}

AttentionBlocks::State ScalarBlocks::initialState() {
  State state(kOfHead * shape.heads, code.f32(0));
  for (int32_t h = 0; h < shape.heads; ++h)
    state[h * kOfHead + kMaximum] = code.f32(kNoScore);
  return state;
}

AttentionBlocks::State ScalarBlocks::addBlock(Value base, Value row,
                                              State state) {
  SmallVector<Value> p = scores(base, row);
  for (int32_t h = 0; h < shape.heads; ++h) {
    Value *mine = &state[h * kOfHead];
    Value most =
        overPositions(p[h], [&](Value x, Value y) { return max(x, y); });
    Value maximum = max(mine[kMaximum], most);
    Value factor = emitExp2(code, code.subf(mine[kMaximum], maximum));
    // 0 for positions without a score: there is one with a score.
    p[h] = emitExp2(code, code.subf(p[h], maximum));
    mine[kMaximum] = maximum;
    mine[kSum] = code.fma(mine[kSum], factor, p[h]);
    for (int32_t i = 0; i < 2; ++i)
      mine[kOutput + i] = code.mulf(mine[kOutput + i], factor);
  }
  addOutput(base, row, p, state);
  return state;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void ScalarBlocks::emitSums(const State &state, EmitSums emit) {
  SmallVector<Value> sums;
  for (int32_t h = 0; h < shape.heads; ++h)
    sums.push_back(
        overPositions(state[h * kOfHead + kSum],
                      [&](Value x, Value y) { return code.addf(x, y); }));
  code.ifThen(code.equal(code.lane(), code.i32(0)), [&] {
    for (int32_t h = 0; h < shape.heads; ++h)
      emit(code.i32(h), state[h * kOfHead + kMaximum], sums[h]);
  });
}

void ScalarBlocks::emitOutput(const State &state, int32_t first, int32_t count,
                              EmitPair emit) {
  Value e = code.mul32(code.lane(), 2);
  code.ifThen(code.less(e, code.i32(shape.perWarp())), [&] {
    for (int32_t h = first; h < std::min(first + count, shape.heads); ++h) {
      const Value *o = &state[h * kOfHead + kOutput];
      emit(code.i32(h), e, o[0], o[1]);
    }
  });
}

AttentionBlocks::State ScalarBlocks::rescale(State state, Value maximum) {
  for (int32_t h = 0; h < shape.heads; ++h) {
    Value *mine = &state[h * kOfHead];
    Value joined = shuffleFrom(maximum, code.i32(4 * h));
    Value factor = emitExp2(code, code.subf(mine[kMaximum], joined));
    for (int32_t i = 0; i < 2; ++i)
      mine[kOutput + i] = code.mulf(mine[kOutput + i], factor);
  }
  return state;
}

std::unique_ptr<AttentionBlocks>
mlir::amk::makeScalarBlocks(GpuBuilder &code, const AttentionShape &shape) {
  return std::make_unique<ScalarBlocks>(code, shape);
}

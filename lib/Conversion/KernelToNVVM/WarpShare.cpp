//===- WarpShare.cpp - A warp's part of a vector --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WarpShare.h"

using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

Value mlir::amk::firstBlockOfWarp(GpuBuilder &code,
                                  const layout::RunShape &shape) {
  // Blocks of a warp lie one after another, so that one address will do.
  int32_t perWarp = shape.warpBlocks;
  Value first = code.mul32(code.warpInGroup(), perWarp);
  if (perWarp * layout::kGroupWarps == shape.stageBlocks)
    return first;
  return code.min(first, code.i32(int32_t(shape.stageBlocks) - perWarp));
}

void mlir::amk::ifHasBlocks(GpuBuilder &code, const layout::RunShape &shape,
                            function_ref<void()> then,
                            function_ref<void()> otherwise) {
  uint32_t warps = busyWarps(shape);
  if (warps == layout::kGroupWarps)
    return then();
  Value has = code.less(code.warpInGroup(), code.i32(warps));
  code.ifThen(has, then);
  if (otherwise)
    code.ifThen(negate(code, has), otherwise);
}

/// From so many words on, those that all lanes ask for again and again keep the
/// memory from what they wait for.
static constexpr int64_t kElectedColumns = 2048;

static Value conjunction(GpuBuilder &code, Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return code.make<arith::AndIOp>(a, b);
}

WarpShare::WarpShare(GpuBuilder &code, const InputVector &vector,
                     const layout::RunShape &shape, int32_t blockColumns)
    : code(code), vector(vector), shape(shape), blockColumns(blockColumns),
      panel(code.variable()) {
  // Of warps without blocks, too: see Multiplier::makeRoom().
  auto variable = [&] {
    Value made = code.variable(code.b.getF32Type());
    code.store(code.f32(0.0f), made, 4);
    return made;
  };
  for (int32_t stage = 0; stage < stages(); ++stage)
    for (int32_t chunk = 0; chunk < chunks(); ++chunk) {
      Pair pair = {stage, chunk, {}, {}};
      for (int32_t j = 0; j < 2; ++j) {
        if (!vector.tag)
          pair.plain[j] = variable();
        if (vector.norm)
          pair.norm[j] = variable();
      }
      pairs.push_back(pair);
    }
  if (vector.norm)
    sum = variable();
  if (!vector.tag)
    return;
  bool isLong = vector.columns >= kElectedColumns;
  poller.emplace(code, vector.elements, vector.tag,
                 isLong ? Polling::Elected : Polling::Eager);
  // Of an odd number the last pair's second word is not asked about.
  for (const Pair &pair : pairs)
    poller->add(
        2, [this, pair] { return index(pair); },
        vector.columns % 2 == 0
            ? WordPoller::Number()
            : WordPoller::Number([this, pair] {
                return this->code.less(this->code.add32(place(pair), 1),
                                       size());
              }));
}

Value WarpShare::firstColumn(int32_t stage) {
  Value first = code.mul32(code.group(), shape.stageBlocks);
  Value block = code.add(first, firstBlockOfWarp(code, shape));
  block = code.add32(block, layout::kGroups * stage * shape.stageBlocks);
  return code.mul32(block, blockColumns);
}

/// Column of a pair in its share; lanes beyond the end have the last one.
Value WarpShare::inShare(const Pair &pair) {
  int32_t first = pair.chunk * kChunk, left = width() - first;
  Value column = code.mul32(code.lane(), 2);
  if (left < kChunk)
    column = code.min(column, code.i32(left - 2));
  return code.add32(column, first);
}

/// In the panel.
Value WarpShare::column(const Pair &pair) {
  return code.add(firstColumn(pair.stage), inShare(pair));
}

/// Whether blocks of a panel may have columns that are not the panel's.
bool WarpShare::mayEnd() const {
  int64_t whole = int64_t(shape.tileBlocks()) * blockColumns;
  return int64_t(shape.panels) * whole != vector.columns;
}

/// Column in the panel of the pair that is loaded, which exists.
Value WarpShare::place(const Pair &pair) {
  if (!mayEnd())
    return column(pair);
  // Of an odd number the last pair has a second word that is no element.
  Value last = code.add32(size(), -1);
  if (vector.columns % 2)
    last = code.make<arith::AndIOp>(last, code.i32(-2));
  else
    last = code.add32(size(), -2);
  return code.min(column(pair), last);
}

/// Whether element 0 or 1 of a pair is this warp's; null: for all lanes.
Value WarpShare::isThere(const Pair &pair, int32_t element) {
  Value there;
  int32_t left = width() - pair.chunk * kChunk;
  if (left < kChunk)
    there = code.less(code.lane(), code.i32(left / 2));
  if (shape.warpBlocks * layout::kGroupWarps != shape.stageBlocks) {
    Value block = code.add(firstBlockOfWarp(code, shape),
                           code.div32(inShare(pair), blockColumns));
    Value first = code.mul32(code.warpInGroup(), shape.warpBlocks);
    there = conjunction(
        code, there,
        code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, block, first));
  }
  if (!mayEnd())
    return there;
  Value at = code.add32(column(pair), vector.columns % 2 ? element : 0);
  return conjunction(code, there, code.less(at, size()));
}

/// In the vector, of the pair that is loaded.
Value WarpShare::index(const Pair &pair) {
  return code.add(begin(), place(pair));
}

/// Column at which the panel begins, and how many it has (i32).
Value WarpShare::begin() {
  if (shape.panels == 1)
    return code.i32(0);
  Value number = code.load(code.b.getI32Type(), panel, 4);
  return code.mul32(number, shape.panelColumns);
}

Value WarpShare::size() {
  return code.min(code.sub(code.i32(vector.columns), begin()),
                  code.i32(shape.panelColumns));
}

void WarpShare::load(Value number) {
  code.store(number, panel, 4);
  auto floats = VectorType::get({2}, code.b.getF32Type());
  auto load = [&](Value from, const Pair &pair, ArrayRef<Value> variables) {
    Value address = code.atF32(from, code.zext(index(pair)));
    Value loaded = LLVM::LoadOp::create(code.b, code.loc, floats, address, 8,
                                        /*isVolatile=*/false,
                                        /*isNonTemporal=*/false,
                                        /*isInvariant=*/from == vector.norm);
    for (int32_t j = 0; j < 2; ++j)
      code.store(code.make<LLVM::ExtractElementOp>(loaded, code.i32(j)),
                 variables[j], 4);
  };
  ifHasBlocks(code, shape, [&] {
    if (poller)
      poller->load();
    for (const Pair &pair : pairs) {
      if (!poller)
        load(vector.elements, pair, pair.plain);
      if (vector.norm)
        load(vector.norm, pair, pair.norm);
    }
  });
}

void WarpShare::wait() {
  if (poller)
    ifHasBlocks(code, shape, [&] { poller->wait(); });
}

Value WarpShare::element(unsigned number, int32_t element) {
  const Pair &pair = pairs[number];
  Value value = poller ? poller->value(number, element)
                       : code.load(code.b.getF32Type(), pair.plain[element], 4);
  Value there = isThere(pair, element);
  return there ? code.select(there, value, code.f32(0.0f)) : value;
}

void WarpShare::addSquares() {
  if (!vector.norm)
    return;
  // Two chains, so that a product need not wait for the one before.
  Value sums[2] = {code.f32(0.0f), code.f32(0.0f)};
  for (unsigned number = 0; number < pairs.size(); ++number)
    for (int32_t j = 0; j < 2; ++j) {
      Value x = element(number, j);
      sums[j] = code.fma(x, x, sums[j]);
    }
  Value mine = code.warpSum(code.addf(sums[0], sums[1]));
  code.store(code.addf(squares(), mine), sum, 4);
}

Value WarpShare::squares() {
  return sum ? code.load(code.b.getF32Type(), sum, 4) : Value();
}

std::array<Value, 2> WarpShare::pair(int32_t stage, int32_t chunk) {
  unsigned number = stage * chunks() + chunk;
  std::array<Value, 2> values;
  for (int32_t j = 0; j < 2; ++j) {
    values[j] = element(number, j);
    if (vector.norm)
      values[j] = code.mulf(
          values[j], code.load(code.b.getF32Type(), pairs[number].norm[j], 4));
  }
  return values;
}

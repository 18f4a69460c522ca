//===- CodeBuilder.cpp - Short hands for low-level code -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CodeBuilder.h"

using namespace mlir;
using namespace mlir::amk;

int64_t mlir::amk::lanesFor(int64_t n) {
  int64_t lanes = kLanes;
  while (n % lanes != 0)
    lanes /= 2;
  return lanes;
}

Value CodeBuilder::i64(int64_t value) {
  return make<arith::ConstantOp>(b.getI64IntegerAttr(value));
}

Value CodeBuilder::i32(int32_t value) {
  return make<arith::ConstantOp>(b.getI32IntegerAttr(value));
}

Value CodeBuilder::f32(float value) {
  return make<arith::ConstantOp>(b.getF32FloatAttr(value));
}

Value CodeBuilder::splat(float value, int64_t lanes) {
  return make<arith::ConstantOp>(DenseElementsAttr::get(floats(lanes), value));
}

Value CodeBuilder::exp(Value a) { return make<math::ExpOp>(a); }

Value CodeBuilder::silu(Value x) {
  // A vector even for one value: that is what the approximation of exp takes.
  int64_t lanes = 1;
  bool isScalar = !isa<VectorType>(x.getType());
  if (!isScalar)
    lanes = cast<VectorType>(x.getType()).getNumElements();
  Value v = isScalar ? broadcast(x, 1) : x;
  Value one = splat(1.0f, lanes);
  Value result = divf(v, addf(one, exp(make<arith::NegFOp>(v))));
  return isScalar ? make<vector::ExtractOp>(result, 0) : result;
}

Value CodeBuilder::broadcast(Value scalar, int64_t lanes) {
  return make<vector::BroadcastOp>(VectorType::get({lanes}, scalar.getType()),
                                   scalar);
}

Value CodeBuilder::reduceTree(Value vector,
                              function_ref<Value(Value, Value)> combine) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  while (lanes > 1) {
    lanes /= 2;
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes; ++i) {
      low.push_back(i);
      high.push_back(lanes + i);
    }
    vector = combine(make<vector::ShuffleOp>(vector, vector, low),
                     make<vector::ShuffleOp>(vector, vector, high));
  }
  return make<vector::ExtractOp>(vector, 0);
}

Value CodeBuilder::reduceAdd(Value vector) {
  return reduceTree(vector, [&](Value a, Value c) { return addf(a, c); });
}

Value CodeBuilder::reduceMax(Value vector) {
  return reduceTree(vector, [&](Value a, Value c) { return maxf(a, c); });
}

Value CodeBuilder::at(Value base, Value index, Type element) {
  return make<LLVM::GEPOp>(base.getType(), element, base, index);
}

Value CodeBuilder::load(Type type, Value pointer, unsigned alignment) {
  return make<LLVM::LoadOp>(type, pointer, alignment);
}

Value CodeBuilder::loadF32(Value base, Value index) {
  return load(b.getF32Type(), atF32(base, index), 4);
}

Value CodeBuilder::loadVector(Value base, Value index, int64_t lanes) {
  return load(floats(lanes), atF32(base, index), 4);
}

void CodeBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(b, loc, value, pointer, alignment);
}

void CodeBuilder::storeF32(Value value, Value base, Value index) {
  store(value, atF32(base, index), 4);
}

void CodeBuilder::storeVector(Value value, Value base, Value index) {
  store(value, atF32(base, index), 4);
}

Value CodeBuilder::loadField(Type type, Value base, uint64_t offset) {
  return load(type, byteAt(base, i64(offset)), 0);
}

void CodeBuilder::loop(Value from, Value to, int64_t step,
                       function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, loc, from, to, i64(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

SmallVector<Value>
CodeBuilder::loop(Value from, Value to, int64_t step, ValueRange init,
                  function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto forOp = scf::ForOp::create(b, loc, from, to, i64(step), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  SmallVector<Value> next =
      body(forOp.getInductionVar(), forOp.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(forOp.getResults());
}

void CodeBuilder::ifThen(Value condition, function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  body();
}

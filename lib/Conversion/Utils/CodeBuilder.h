//===- CodeBuilder.h - Short hands for low-level code -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the lowerings of kernel bodies share: typed pointer arithmetic, vector
// loads and stores, loops, and the fixed-order reductions that make results
// independent of the machine's vector width. Pointers keep their address space.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_UTILS_CODEBUILDER_H
#define AMK_LIB_CONVERSION_UTILS_CODEBUILDER_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::amk {

/// Elements per vector. Half of abi::kPackChunk; fixed for every machine, so
/// that the order of additions is, too.
constexpr int64_t kLanes = 16;
static_assert(kLanes * 2 == ::amk::abi::kPackChunk &&
              kLanes == kAttentionBlock);

/// The widest power of two up to kLanes that divides n.
int64_t lanesFor(int64_t n);

class CodeBuilder {
public:
  CodeBuilder(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  //===--- Constants and integer arithmetic (i64) ---===//
  Value i64(int64_t value);
  Value i32(int32_t value);
  Value f32(float value);
  Value splat(float value, int64_t lanes);
  Value add(Value a, Value c) { return make<arith::AddIOp>(a, c); }
  Value sub(Value a, Value c) { return make<arith::SubIOp>(a, c); }
  Value mul(Value a, Value c) { return make<arith::MulIOp>(a, c); }
  Value mul(Value a, int64_t c) { return mul(a, i64(c)); }
  Value add(Value a, int64_t c) { return c ? add(a, i64(c)) : a; }
  Value div(Value a, int64_t c) { return make<arith::DivUIOp>(a, i64(c)); }
  Value rem(Value a, int64_t c) { return make<arith::RemUIOp>(a, i64(c)); }
  Value min(Value a, Value c) { return make<arith::MinUIOp>(a, c); }
  Value less(Value a, Value c) {
    return make<arith::CmpIOp>(arith::CmpIPredicate::ult, a, c);
  }
  Value equal(Value a, Value c) {
    return make<arith::CmpIOp>(arith::CmpIPredicate::eq, a, c);
  }
  Value select(Value condition, Value a, Value c) {
    return make<arith::SelectOp>(condition, a, c);
  }

  //===--- Float arithmetic, scalar or vector ---===//
  Value addf(Value a, Value c) { return make<arith::AddFOp>(a, c); }
  Value subf(Value a, Value c) { return make<arith::SubFOp>(a, c); }
  Value mulf(Value a, Value c) { return make<arith::MulFOp>(a, c); }
  Value divf(Value a, Value c) { return make<arith::DivFOp>(a, c); }
  Value maxf(Value a, Value c) { return make<arith::MaximumFOp>(a, c); }
  Value fma(Value a, Value c, Value d) { return make<math::FmaOp>(a, c, d); }
  Value exp(Value a);
  /// x / (1 + exp(-x))
  Value silu(Value x);
  Value broadcast(Value scalar, int64_t lanes);
  /// Sum or maximum of all lanes, as a fixed tree of halves.
  Value reduceAdd(Value vector);
  Value reduceMax(Value vector);

  //===--- Memory ---===//
  /// base + index elements of `element`.
  Value at(Value base, Value index, Type element);
  Value atF32(Value base, Value index) {
    return at(base, index, b.getF32Type());
  }
  Value byteAt(Value base, Value bytes) {
    return at(base, bytes, b.getI8Type());
  }
  Value load(Type type, Value pointer, unsigned alignment);
  Value loadF32(Value base, Value index);
  /// `lanes` floats from base + index.
  Value loadVector(Value base, Value index, int64_t lanes);
  void store(Value value, Value pointer, unsigned alignment);
  void storeF32(Value value, Value base, Value index);
  void storeVector(Value value, Value base, Value index);
  /// Field of a struct of amk/Support/Abi.h.
  Value loadField(Type type, Value base, uint64_t offset);
  Value zext(Value value) {
    return make<arith::ExtUIOp>(b.getI64Type(), value);
  }

  //===--- Control flow ---===//
  /// for (i = from; i < to; i += step) body(i)
  void loop(Value from, Value to, int64_t step, function_ref<void(Value)> body);
  /// The same with loop-carried values.
  SmallVector<Value>
  loop(Value from, Value to, int64_t step, ValueRange init,
       function_ref<SmallVector<Value>(Value, ValueRange)> body);
  void ifThen(Value condition, function_ref<void()> body);

  VectorType floats(int64_t lanes) {
    return VectorType::get({lanes}, b.getF32Type());
  }
  /// A pointer in address space 0.
  LLVM::LLVMPointerType ptr() {
    return LLVM::LLVMPointerType::get(b.getContext());
  }
  template <typename OpTy, typename... Args>
  Value make(Args &&...args) {
    return OpTy::create(b, loc, std::forward<Args>(args)...);
  }

  OpBuilder &b;
  Location loc;

private:
  Value reduceTree(Value vector, function_ref<Value(Value, Value)> combine);
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_UTILS_CODEBUILDER_H

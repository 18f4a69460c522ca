//===- Gemv.cpp - Staging, norm and matrix-vector product -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostLowering.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;

static int64_t elements(Value memref) {
  return cast<MemRefType>(memref.getType()).getNumElements();
}

/// Runs body(i, lanes) over [0, n): vectors of kLanes, then single elements.
static void forElements(CodeBuilder &code, int64_t n,
                        function_ref<void(Value, int64_t)> body) {
  int64_t whole = n / kLanes * kLanes;
  if (whole)
    code.loop(code.i64(0), code.i64(whole), kLanes,
              [&](Value i) { body(i, kLanes); });
  for (int64_t i = whole; i < n; ++i)
    body(code.i64(i), 1);
}

/// Zeroes elements [from, to) of a buffer in scratch.
static void zeroFill(CodeBuilder &code, Value base, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; ++i)
    code.storeF32(code.f32(0.0f), base, code.i64(i));
}

namespace {

struct StageLowering : OpConversionPattern<KernelStageOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelStageOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    int64_t n = elements(op.getInput());
    forElements(code, n, [&](Value i, int64_t lanes) {
      code.storeVector(code.loadVector(adaptor.getInput(), i, lanes),
                       adaptor.getOut(), i);
    });
    zeroFill(code, adaptor.getOut(), n, elements(op.getOut()));
    rewriter.eraseOp(op);
    return success();
  }
};

struct RmsNormLowering : OpConversionPattern<KernelRmsNormOp> {
  using OpConversionPattern::OpConversionPattern;

  /// Sum of squares, one partial sum per lane, then the rest one by one.
  static Value sumOfSquares(CodeBuilder &code, Value input, int64_t n) {
    int64_t whole = n / kLanes * kLanes;
    Value partial =
        code.loop(code.i64(0), code.i64(whole), kLanes,
                  code.splat(0.0f, kLanes), [&](Value i, ValueRange sums) {
                    Value x = code.loadVector(input, i, kLanes);
                    return SmallVector<Value>{code.fma(x, x, sums[0])};
                  })[0];
    Value sum = code.reduceAdd(partial);
    for (int64_t i = whole; i < n; ++i) {
      Value x = code.loadF32(input, code.i64(i));
      sum = code.fma(x, x, sum);
    }
    return sum;
  }

  LogicalResult
  matchAndRewrite(KernelRmsNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    int64_t n = elements(op.getInput());
    Value mean =
        code.divf(sumOfSquares(code, adaptor.getInput(), n), code.f32(n));
    Value epsilon = code.f32(op.getEpsilon().convertToDouble());
    Value scale = code.divf(code.f32(1.0f),
                            code.make<math::SqrtOp>(code.addf(mean, epsilon)));
    forElements(code, n, [&](Value i, int64_t lanes) {
      Value x = code.loadVector(adaptor.getInput(), i, lanes);
      Value w = code.loadVector(adaptor.getWeight(), i, lanes);
      Value y = code.mulf(w, code.mulf(x, code.broadcast(scale, lanes)));
      code.storeVector(y, adaptor.getOut(), i);
    });
    zeroFill(code, adaptor.getOut(), n, elements(op.getOut()));
    rewriter.eraseOp(op);
    return success();
  }
};

/// Loads one 32-element chunk of a packed row as two vectors in natural order.
class ChunkLoader {
public:
  ChunkLoader(CodeBuilder &code, Type element) : code(code), element(element) {}

  std::pair<Value, Value> load(Value chunk) {
    if (element.isBF16())
      return loadBF16(chunk);
    return {loadHalf(chunk, 0), loadHalf(chunk, kLanes)};
  }

private:
  /// Word j holds element j in its low and element 16 + j in its high half;
  /// a bf16 is the upper half of the float of the same value.
  std::pair<Value, Value> loadBF16(Value chunk) {
    auto words = VectorType::get({kLanes}, code.b.getI32Type());
    Value packed = code.load(words, chunk, 64);
    auto constant = [&](uint32_t value) {
      return code.make<arith::ConstantOp>(
          DenseElementsAttr::get(words, llvm::APInt(32, value)));
    };
    Value low = code.make<arith::ShLIOp>(packed, constant(16));
    Value high = code.make<arith::AndIOp>(packed, constant(0xffff0000u));
    auto asFloats = [&](Value bits) {
      return code.make<arith::BitcastOp>(code.floats(kLanes), bits);
    };
    return {asFloats(low), asFloats(high)};
  }

  Value loadHalf(Value chunk, int64_t offset) {
    Value pointer = code.at(chunk, code.i64(offset), element);
    Value values = code.load(VectorType::get({kLanes}, element), pointer,
                             kLanes * element.getIntOrFloatBitWidth() / 8);
    if (element.isF32())
      return values;
    return code.make<arith::ExtFOp>(code.floats(kLanes), values);
  }

  CodeBuilder &code;
  Type element;
};

struct GemvLowering : OpConversionPattern<KernelGemvOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelGemvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    Type element = cast<MemRefType>(op.getWeights().getType()).getElementType();
    int64_t rows = op.getTileRows(), columns = elements(op.getInput());
    int64_t tileElements = rows * columns;
    Value tiles = adaptor.getTiles();

    code.loop(code.i64(0), tiles, 1, [&](Value tile) {
      Value weights =
          code.at(adaptor.getWeights(), code.mul(tile, tileElements), element);
      SmallVector<Value> sums = multiplyTile(code, weights, adaptor.getInput(),
                                             element, rows, columns);
      for (auto [row, sum] : llvm::enumerate(sums))
        code.storeF32(code.reduceAdd(sum), adaptor.getOut(),
                      code.add(code.mul(tile, rows), row));
    });
    rewriter.eraseOp(op);
    return success();
  }

  /// One vector of partial sums per row.
  static SmallVector<Value> multiplyTile(CodeBuilder &code, Value weights,
                                         Value input, Type element,
                                         int64_t rows, int64_t columns) {
    SmallVector<Value> zeros(rows, code.splat(0.0f, kLanes));
    ChunkLoader loader(code, element);
    return code.loop(
        code.i64(0), code.i64(columns), ::amk::abi::kPackChunk, zeros,
        [&](Value k, ValueRange sums) {
          Value low = code.loadVector(input, k, kLanes);
          Value high = code.loadVector(input, code.add(k, kLanes), kLanes);
          Value chunks = code.at(weights, code.mul(k, rows), element);
          SmallVector<Value> next;
          for (int64_t row = 0; row < rows; ++row) {
            auto [wLow, wHigh] = loader.load(code.at(
                chunks, code.i64(row * ::amk::abi::kPackChunk), element));
            next.push_back(
                code.fma(wHigh, high, code.fma(wLow, low, sums[row])));
          }
          return next;
        });
  }
};

} // namespace

void host::populateGemvPatterns(const TypeConverter &converter,
                                RewritePatternSet &patterns) {
  patterns.add<StageLowering, RmsNormLowering, GemvLowering>(
      converter, patterns.getContext());
}

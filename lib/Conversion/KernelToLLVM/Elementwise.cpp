//===- Elementwise.cpp - Epilogues and elementwise operations -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostLowering.h"

#include <limits>

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;

static MemRefType memref(Value value) {
  return cast<MemRefType>(value.getType());
}

/// Loop over units 0 to count of a task.
static void forUnits(CodeBuilder &code, Value count,
                     function_ref<void(Value)> body) {
  code.loop(code.i64(0), count, 1, body);
}

namespace {

/// Index of unit u's first row in tiles that hold `half` units, each a row and
/// its partner `half` rows later.
struct PairedRows {
  int64_t half;
  Value first(CodeBuilder &code, Value unit) const {
    Value tile = code.div(unit, half);
    return code.add(code.mul(tile, 2 * half), code.rem(unit, half));
  }
};

/// (a, c) rotated by the angle whose cosine and sine are given.
std::pair<Value, Value> rotate(CodeBuilder &code, Value a, Value c,
                               Value cosine, Value sine) {
  return {code.subf(code.mulf(a, cosine), code.mulf(c, sine)),
          code.addf(code.mulf(c, cosine), code.mulf(a, sine))};
}

/// Cosine and sine of pair i at the position, from [positions, 2, half].
std::pair<Value, Value> loadAngle(CodeBuilder &code, Value table,
                                  Value position, Value pair, int64_t half) {
  Value row = code.add(code.mul(position, 2 * half), pair);
  return {code.loadF32(table, row), code.loadF32(table, code.add(row, half))};
}

/// Offset in elements of row `position` of a head of plane 0 (keys) or 1.
Value cacheRow(CodeBuilder &code, MemRefType cache, Value planeAndHead,
               Value position) {
  int64_t positions = cache.getDimSize(2), dim = cache.getDimSize(3);
  return code.mul(code.add(code.mul(planeAndHead, positions), position), dim);
}

struct StoreRowsLowering : OpConversionPattern<KernelStoreRowsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelStoreRowsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value row = code.add(adaptor.getBegin(), u);
      Value value = code.loadF32(adaptor.getValues(), u);
      if (adaptor.getResidual())
        value = code.addf(code.loadF32(adaptor.getResidual(), row), value);
      code.storeF32(value, adaptor.getOut(), row);
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct StoreGatedLowering : OpConversionPattern<KernelStoreGatedOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelStoreGatedOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    PairedRows rows{static_cast<int64_t>(op.getTileRows()) / 2};
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value first = rows.first(code, u);
      Value gate = code.loadF32(adaptor.getValues(), first);
      Value up = code.loadF32(adaptor.getValues(), code.add(first, rows.half));
      code.storeF32(code.mulf(code.silu(gate), up), adaptor.getOut(),
                    code.add(adaptor.getBegin(), u));
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct StoreQKVLowering : OpConversionPattern<KernelStoreQKVOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelStoreQKVOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    MemRefType cache = memref(op.getCache());
    int64_t kvHeads = cache.getDimSize(1), dim = cache.getDimSize(3);
    int64_t half = dim / 2;
    int64_t queryHeads = memref(op.getQuery()).getNumElements() / dim;
    PairedRows rows{static_cast<int64_t>(op.getTileRows()) / 2};

    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value pair = code.add(adaptor.getBegin(), u);
      Value head = code.div(pair, half), i = code.rem(pair, half);
      Value first = rows.first(code, u);
      Value a = code.loadF32(adaptor.getValues(), first);
      Value c = code.loadF32(adaptor.getValues(), code.add(first, rows.half));

      // Heads are queries, then keys, then values; values are not rotated.
      auto [cosine, sine] =
          loadAngle(code, adaptor.getTable(), adaptor.getPosition(), i, half);
      auto [ra, rc] = rotate(code, a, c, cosine, sine);
      Value isValue = code.less(code.i64(queryHeads + kvHeads - 1), head);
      a = code.select(isValue, a, ra);
      c = code.select(isValue, c, rc);

      Value isQuery = code.less(head, code.i64(queryHeads));
      Value queryRow = code.mul(head, dim);
      Value kvRow = cacheRow(code, cache, code.sub(head, code.i64(queryHeads)),
                             adaptor.getPosition());
      Value base = code.select(isQuery, adaptor.getQuery(), adaptor.getCache());
      Value index = code.add(code.select(isQuery, queryRow, kvRow), i);
      code.storeF32(a, base, index);
      code.storeF32(c, base, code.add(index, half));
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct RopeLowering : OpConversionPattern<KernelRopeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelRopeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    int64_t dim = op.getHeadDim(), half = dim / 2;
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value row = code.mul(code.add(adaptor.getBegin(), u), dim);
      code.loop(code.i64(0), code.i64(half), 1, [&](Value i) {
        Value low = code.add(row, i), high = code.add(low, half);
        auto [cosine, sine] =
            loadAngle(code, adaptor.getTable(), adaptor.getPosition(), i, half);
        auto [a, c] =
            rotate(code, code.loadF32(adaptor.getInput(), low),
                   code.loadF32(adaptor.getInput(), high), cosine, sine);
        code.storeF32(a, adaptor.getOut(), low);
        code.storeF32(c, adaptor.getOut(), high);
      });
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct KVAppendLowering : OpConversionPattern<KernelKVAppendOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelKVAppendOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    MemRefType cache = memref(op.getCache());
    int64_t heads = cache.getDimSize(1), dim = cache.getDimSize(3);
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value head = code.add(adaptor.getBegin(), u);
      Value from = code.mul(head, dim);
      Value keyRow = cacheRow(code, cache, head, adaptor.getPosition());
      Value valueRow =
          cacheRow(code, cache, code.add(head, heads), adaptor.getPosition());
      code.loop(code.i64(0), code.i64(dim), 1, [&](Value i) {
        Value source = code.add(from, i);
        code.storeF32(code.loadF32(adaptor.getKey(), source),
                      adaptor.getCache(), code.add(keyRow, i));
        code.storeF32(code.loadF32(adaptor.getValue(), source),
                      adaptor.getCache(), code.add(valueRow, i));
      });
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct GatedActivationLowering : OpConversionPattern<KernelGatedActivationOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelGatedActivationOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value i = code.add(adaptor.getBegin(), u);
      Value gate = code.silu(code.loadF32(adaptor.getGate(), i));
      code.storeF32(code.mulf(gate, code.loadF32(adaptor.getUp(), i)),
                    adaptor.getOut(), i);
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct AddLowering : OpConversionPattern<KernelAddOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelAddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    forUnits(code, adaptor.getCount(), [&](Value u) {
      Value i = code.add(adaptor.getBegin(), u);
      code.storeF32(code.addf(code.loadF32(adaptor.getLhs(), i),
                              code.loadF32(adaptor.getRhs(), i)),
                    adaptor.getOut(), i);
    });
    rewriter.eraseOp(op);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Argmax
//===----------------------------------------------------------------------===//

/// The largest of values[0 .. count) and its index + offset, the lowest of
/// equals. `visit` sees every value once.
SmallVector<Value> scanMaximum(CodeBuilder &code, Value values, Value count,
                               Value offset,
                               function_ref<void(Value, Value)> visit) {
  float lowest = -std::numeric_limits<float>::infinity();
  return code.loop(
      code.i64(0), count, 1, {code.f32(lowest), offset},
      [&](Value u, ValueRange best) {
        Value value = code.loadF32(values, u);
        Value index = code.add(offset, u);
        visit(value, index);
        Value better =
            code.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, value, best[0]);
        return SmallVector<Value>{code.select(better, value, best[0]),
                                  code.select(better, index, best[1])};
      });
}

/// partials[row] = (bits of value, index)
void storePartial(CodeBuilder &code, Value partials, Value row, Value value,
                  Value index) {
  Type i32 = code.b.getI32Type();
  Value slot = code.mul(row, 2);
  code.store(code.make<arith::BitcastOp>(i32, value),
             code.at(partials, slot, i32), 4);
  code.store(code.make<arith::TruncIOp>(i32, index),
             code.at(partials, code.add(slot, 1), i32), 4);
}

struct StoreLogitsLowering : OpConversionPattern<KernelStoreLogitsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelStoreLogitsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    SmallVector<Value> best =
        scanMaximum(code, adaptor.getValues(), adaptor.getCount(),
                    adaptor.getBegin(), [&](Value value, Value index) {
                      code.storeF32(value, adaptor.getLogits(), index);
                    });
    storePartial(code, adaptor.getPartials(), adaptor.getPart(), best[0],
                 best[1]);
    rewriter.eraseOp(op);
    return success();
  }
};

struct ArgmaxLowering : OpConversionPattern<KernelArgmaxOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelArgmaxOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    Value count = code.i64(memref(op.getValues()).getNumElements());
    SmallVector<Value> best = scanMaximum(code, adaptor.getValues(), count,
                                          code.i64(0), [](Value, Value) {});
    storePartial(code, adaptor.getPartials(), code.i64(0), best[0], best[1]);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void host::populateElementwisePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<StoreRowsLowering, StoreGatedLowering, StoreQKVLowering,
               RopeLowering, KVAppendLowering, GatedActivationLowering,
               AddLowering, StoreLogitsLowering, ArgmaxLowering>(
      converter, patterns.getContext());
}

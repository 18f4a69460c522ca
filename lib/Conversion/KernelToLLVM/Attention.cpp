//===- Attention.cpp - Split-KV attention and its combination -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Online softmax over blocks of 16 positions (Milakov and Gimelshein, Online
// normalizer calculation for softmax, 2018): a block's scores become
// probabilities relative to the running maximum, and what was summed before is
// rescaled when the maximum grows.
//
//===----------------------------------------------------------------------===//

#include "HostLowering.h"

#include <limits>

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;

static constexpr float kLowest = -std::numeric_limits<float>::infinity();

namespace {

/// Everything fixed for one attention task.
struct AttentionShape {
  int64_t kvHeads, positions, dim, group, splits;
  int64_t lanes() const { return lanesFor(dim); }
};

/// Emits one (query head, split) of attention.
class HeadEmitter {
public:
  HeadEmitter(CodeBuilder &code, const AttentionShape &shape, float scale,
              Value scratch)
      : code(code), shape(shape), scale(scale), scores(scratch),
        sums(code.atF32(scratch, code.i64(kLanes))) {}

  /// Leaves the weighted sums in scratch; returns maximum and denominator.
  std::pair<Value, Value> run(Value query, Value keys, Value values,
                              Value begin, Value end) {
    forDim([&](Value i) {
      code.storeVector(code.splat(0.0f, shape.lanes()), sums, i);
    });
    SmallVector<Value> state = code.loop(
        begin, end, kLanes, {code.f32(kLowest), code.f32(0.0f)},
        [&](Value block, ValueRange state) {
          Value last = code.min(code.add(block, kLanes), end);
          return runBlock(query, keys, values, block, last, state[0], state[1]);
        });
    return {state[0], state[1]};
  }

  Value sumAt(Value i) { return code.loadVector(sums, i, shape.lanes()); }

  void forDim(function_ref<void(Value)> body) {
    code.loop(code.i64(0), code.i64(shape.dim), shape.lanes(), body);
  }

private:
  SmallVector<Value> runBlock(Value query, Value keys, Value values,
                              Value block, Value last, Value maximum,
                              Value denominator) {
    computeScores(query, keys, block, last);
    Value s = code.loadVector(scores, code.i64(0), kLanes);
    Value newMaximum = code.maxf(maximum, code.reduceMax(s));
    Value p = code.exp(code.subf(s, code.broadcast(newMaximum, kLanes)));
    code.storeVector(p, scores, code.i64(0));
    // exp works on vectors; a vector of one is a scalar.
    Value shrink = code.make<vector::ExtractOp>(
        code.exp(code.broadcast(code.subf(maximum, newMaximum), 1)), 0);
    Value newDenominator = code.fma(denominator, shrink, code.reduceAdd(p));
    addValues(values, block, last, shrink);
    return {newMaximum, newDenominator};
  }

  /// scores[j] = scale * q . k(block + j); lanes past the end are -inf.
  void computeScores(Value query, Value keys, Value block, Value last) {
    code.storeVector(code.splat(kLowest, kLanes), scores, code.i64(0));
    code.loop(block, last, 1, [&](Value position) {
      Value key = code.atF32(keys, code.mul(position, shape.dim));
      Value products = code.loop(
          code.i64(0), code.i64(shape.dim), shape.lanes(),
          code.splat(0.0f, shape.lanes()), [&](Value i, ValueRange acc) {
            return SmallVector<Value>{
                code.fma(code.loadVector(query, i, shape.lanes()),
                         code.loadVector(key, i, shape.lanes()), acc[0])};
          })[0];
      code.storeF32(code.mulf(code.reduceAdd(products), code.f32(scale)),
                    scores, code.sub(position, block));
    });
  }

  /// sums = sums * shrink + sum over j of p[j] * v(block + j)
  void addValues(Value values, Value block, Value last, Value shrink) {
    forDim([&](Value i) {
      Value start = code.mulf(sumAt(i), code.broadcast(shrink, shape.lanes()));
      Value sum =
          code.loop(block, last, 1, start, [&](Value position, ValueRange acc) {
            Value p = code.broadcast(
                code.loadF32(scores, code.sub(position, block)), shape.lanes());
            Value row = code.atF32(values, code.mul(position, shape.dim));
            return SmallVector<Value>{
                code.fma(p, code.loadVector(row, i, shape.lanes()), acc[0])};
          })[0];
      code.storeVector(sum, sums, i);
    });
  }

  CodeBuilder &code;
  const AttentionShape &shape;
  float scale;
  Value scores, sums;
};

struct AttentionLowering : OpConversionPattern<KernelAttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(KernelAttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    auto cache = cast<MemRefType>(op.getCache().getType());
    int64_t query = cast<MemRefType>(op.getQuery().getType()).getNumElements();
    AttentionShape shape{cache.getDimSize(1), cache.getDimSize(2),
                         cache.getDimSize(3),
                         query / cache.getDimSize(3) / cache.getDimSize(1),
                         static_cast<int64_t>(op.getSplits())};
    HeadEmitter head(code, shape, op.getScale().convertToDouble(),
                     adaptor.getScratch());
    code.loop(code.i64(0), adaptor.getCount(), 1, [&](Value u) {
      emitUnit(code, shape, head, adaptor, code.add(adaptor.getBegin(), u));
    });
    rewriter.eraseOp(op);
    return success();
  }

  /// All query heads of one kv head, over one split.
  static void emitUnit(CodeBuilder &code, const AttentionShape &shape,
                       HeadEmitter &head, OpAdaptor adaptor, Value unit) {
    Value kvHead = code.div(unit, shape.splits);
    Value split = code.rem(unit, shape.splits);
    // Splits are whole blocks; the last ones may be short or empty.
    Value length = code.add(adaptor.getPosition(), 1);
    Value blocks = code.div(code.add(length, kLanes - 1), kLanes);
    Value perSplit = code.mul(
        code.div(code.add(blocks, shape.splits - 1), shape.splits), kLanes);
    Value begin = code.min(code.mul(split, perSplit), length);
    Value end = code.min(code.add(begin, perSplit), length);

    int64_t headSize = shape.positions * shape.dim;
    Value keys = code.atF32(adaptor.getCache(), code.mul(kvHead, headSize));
    Value values =
        code.atF32(adaptor.getCache(),
                   code.mul(code.add(kvHead, shape.kvHeads), headSize));
    code.loop(code.i64(0), code.i64(shape.group), 1, [&](Value g) {
      Value queryHead = code.add(code.mul(kvHead, shape.group), g);
      Value query =
          code.atF32(adaptor.getQuery(), code.mul(queryHead, shape.dim));
      auto [maximum, denominator] = head.run(query, keys, values, begin, end);
      if (shape.splits == 1)
        storeResult(code, shape, head, adaptor.getOut(), queryHead,
                    denominator);
      else
        storePartial(code, shape, head, adaptor.getOut(), queryHead, split,
                     maximum, denominator);
    });
  }

  static void storeResult(CodeBuilder &code, const AttentionShape &shape,
                          HeadEmitter &head, Value out, Value queryHead,
                          Value denominator) {
    Value row = code.mul(queryHead, shape.dim);
    head.forDim([&](Value i) {
      code.storeVector(
          code.divf(head.sumAt(i), code.broadcast(denominator, shape.lanes())),
          out, code.add(row, i));
    });
  }

  static void storePartial(CodeBuilder &code, const AttentionShape &shape,
                           HeadEmitter &head, Value out, Value queryHead,
                           Value split, Value maximum, Value denominator) {
    Value row = code.mul(code.add(code.mul(queryHead, shape.splits), split),
                         shape.dim + 2);
    head.forDim([&](Value i) {
      code.storeVector(head.sumAt(i), out, code.add(row, i));
    });
    code.storeF32(maximum, out, code.add(row, shape.dim));
    code.storeF32(denominator, out, code.add(row, shape.dim + 1));
  }
};

struct AttentionCombineLowering
    : OpConversionPattern<KernelAttentionCombineOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(KernelAttentionCombineOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    auto partials = cast<MemRefType>(op.getPartials().getType());
    int64_t splits = partials.getDimSize(1), row = partials.getDimSize(2);
    code.loop(code.i64(0), adaptor.getCount(), 1, [&](Value u) {
      Value head = code.add(adaptor.getBegin(), u);
      Value from =
          code.atF32(adaptor.getPartials(), code.mul(head, splits * row));
      combineHead(code, from, adaptor.getOut(), head, splits, row - 2);
    });
    rewriter.eraseOp(op);
    return success();
  }

  static void combineHead(CodeBuilder &code, Value partials, Value out,
                          Value head, int64_t splits, int64_t dim) {
    int64_t row = dim + 2, lanes = lanesFor(dim);
    auto maximumOf = [&](int64_t s) {
      return code.loadF32(partials, code.i64(s * row + dim));
    };
    // Split 0 is never empty, so the maximum is finite; an empty split has
    // -inf and weighs exp(-inf) = 0.
    Value maximum = maximumOf(0);
    for (int64_t s = 1; s < splits; ++s)
      maximum = code.maxf(maximum, maximumOf(s));
    SmallVector<Value> weights;
    Value denominator = code.f32(0.0f);
    for (int64_t s = 0; s < splits; ++s) {
      Value weight = code.make<vector::ExtractOp>(
          code.exp(code.broadcast(code.subf(maximumOf(s), maximum), 1)), 0);
      Value part = code.loadF32(partials, code.i64(s * row + dim + 1));
      denominator = code.fma(part, weight, denominator);
      weights.push_back(weight);
    }
    Value target = code.mul(head, dim);
    code.loop(code.i64(0), code.i64(dim), lanes, [&](Value i) {
      Value sum = code.splat(0.0f, lanes);
      for (int64_t s = 0; s < splits; ++s)
        sum = code.fma(code.loadVector(partials, code.add(i, s * row), lanes),
                       code.broadcast(weights[s], lanes), sum);
      code.storeVector(code.divf(sum, code.broadcast(denominator, lanes)), out,
                       code.add(target, i));
    });
  }
};

} // namespace

void host::populateAttentionPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<AttentionLowering, AttentionCombineLowering>(
      converter, patterns.getContext());
}

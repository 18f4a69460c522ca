//===- FuseQKV.cpp - Query, key, value projections into one op ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Locations.h"

#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::amk {
#define GEN_PASS_DEF_FUSEQKV
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

namespace {

/// The operations that become one amk.fused.qkv.
struct QKVParts {
  LayerLinearOp query, key, value;
  LayerRopeOp queryRope, keyRope;
  LayerKVAppendOp append;
  LayerAttentionOp attention;
};

struct FuseQKVPattern : OpRewritePattern<LayerAttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerAttentionOp attention,
                                PatternRewriter &rewriter) const override {
    QKVParts parts;
    parts.attention = attention;
    if (failed(findParts(parts, rewriter)) ||
        failed(checkRotary(parts, rewriter)) ||
        failed(checkLinears(parts, rewriter)) ||
        failed(checkUses(parts, rewriter)))
      return failure();
    rewrite(parts, rewriter);
    return success();
  }

private:
  static LogicalResult findParts(QKVParts &parts, PatternRewriter &rewriter) {
    LayerAttentionOp attention = parts.attention;
    auto mismatch = [&](const char *message) {
      return rewriter.notifyMatchFailure(attention, message);
    };
    parts.append = attention.getCache().getDefiningOp<LayerKVAppendOp>();
    if (!parts.append)
      return mismatch("the cache is not the result of a kv_append");
    parts.queryRope = attention.getQuery().getDefiningOp<LayerRopeOp>();
    if (!parts.queryRope)
      return mismatch("the query is not rotated");
    parts.keyRope = parts.append.getKey().getDefiningOp<LayerRopeOp>();
    if (!parts.keyRope)
      return mismatch("the key is not rotated");
    parts.query = parts.queryRope.getInput().getDefiningOp<LayerLinearOp>();
    parts.key = parts.keyRope.getInput().getDefiningOp<LayerLinearOp>();
    parts.value = parts.append.getValue().getDefiningOp<LayerLinearOp>();
    if (!parts.query || !parts.key || !parts.value)
      return mismatch("query, key or value is not the result of a linear");
    return success();
  }

  static LogicalResult checkRotary(QKVParts &parts, PatternRewriter &rewriter) {
    auto mismatch = [&](const char *message) {
      return rewriter.notifyMatchFailure(parts.attention, message);
    };
    if (parts.queryRope.getTable() != parts.keyRope.getTable())
      return mismatch("query and key are rotated by different tables");
    if (parts.queryRope.getPosition() != parts.append.getPosition() ||
        parts.keyRope.getPosition() != parts.append.getPosition())
      return mismatch("rotation and append are at different positions");
    // The widths fit the cache, as kv_append and attention verify; what rope
    // calls a head need not be what the cache calls one.
    int64_t dim = parts.append.getCache().getType().getDim();
    if (static_cast<int64_t>(parts.queryRope.getHeadDim()) != dim ||
        static_cast<int64_t>(parts.keyRope.getHeadDim()) != dim)
      return mismatch("heads of the rotation differ from heads of the cache");
    return success();
  }

  static LogicalResult checkLinears(QKVParts &parts,
                                    PatternRewriter &rewriter) {
    auto mismatch = [&](const char *message) {
      return rewriter.notifyMatchFailure(parts.attention, message);
    };
    Value input = parts.query.getInput();
    if (parts.key.getInput() != input || parts.value.getInput() != input)
      return mismatch("the projections read different inputs");
    // The three matrices share one stream of packed rows.
    Type element = getElementTypeOrSelf(parts.query.getWeight());
    if (getElementTypeOrSelf(parts.key.getWeight()) != element ||
        getElementTypeOrSelf(parts.value.getWeight()) != element)
      return mismatch("the weights have different element types");
    return success();
  }

  static LogicalResult checkUses(QKVParts &parts, PatternRewriter &rewriter) {
    Operation *intermediates[] = {parts.query,     parts.key,     parts.value,
                                  parts.queryRope, parts.keyRope, parts.append};
    for (Operation *op : intermediates)
      if (!op->hasOneUse())
        return rewriter.notifyMatchFailure(op, "the result has other uses");
    return success();
  }

  static void rewrite(QKVParts &parts, PatternRewriter &rewriter) {
    // Everything that the parts read is defined before the attention.
    rewriter.setInsertionPoint(parts.attention);
    Location loc =
        fusedLocation(siblingLabel(parts.query, "qkv"),
                      {parts.query, parts.key, parts.value, parts.queryRope,
                       parts.keyRope, parts.append});
    auto fused = FusedQKVOp::create(
        rewriter, loc, parts.queryRope.getType(), parts.append.getType(),
        parts.query.getInput(), /*norm=*/Value(), parts.query.getWeight(),
        parts.key.getWeight(), parts.value.getWeight(),
        parts.queryRope.getTable(), parts.append.getCache(),
        parts.append.getPosition(), /*epsilon=*/FloatAttr());
    rewriter.replaceOp(parts.queryRope, fused.getQuery());
    rewriter.replaceOp(parts.append, fused.getResultCache());
    rewriter.eraseOp(parts.keyRope);
    rewriter.eraseOp(parts.query);
    rewriter.eraseOp(parts.key);
    rewriter.eraseOp(parts.value);
  }
};

struct FuseQKV : mlir::amk::impl::FuseQKVBase<FuseQKV> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseQKVPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

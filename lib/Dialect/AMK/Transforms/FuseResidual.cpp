//===- FuseResidual.cpp - Residual additions into linears -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Locations.h"

#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::amk {
#define GEN_PASS_DEF_FUSERESIDUAL
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

namespace {

struct FuseResidualPattern : OpRewritePattern<LayerAddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerAddOp add,
                                PatternRewriter &rewriter) const override {
    // Models write `residual + branch`, so the right side comes first.
    if (succeeded(fuse(add, add.getRhs(), add.getLhs(), rewriter)))
      return success();
    return fuse(add, add.getLhs(), add.getRhs(), rewriter);
  }

private:
  /// Makes `branch` add `residual` itself. A branch with one use cannot be
  /// what the residual was computed from.
  static LogicalResult fuse(LayerAddOp add, Value branch, Value residual,
                            PatternRewriter &rewriter) {
    Operation *producer = branch.getDefiningOp();
    if (!isa_and_nonnull<LayerLinearOp, FusedLinearOp>(producer))
      return rewriter.notifyMatchFailure(
          add, "the operand is not the result of a linear");
    if (!producer->hasOneUse())
      return rewriter.notifyMatchFailure(producer, "the linear has other uses");

    Location loc = fusedLocation(labelOf(producer), {producer, add});
    FusedLinearOp fused;
    if (auto linear = dyn_cast<LayerLinearOp>(producer)) {
      fused =
          FusedLinearOp::create(rewriter, loc, add.getType(), linear.getInput(),
                                /*norm=*/Value(), linear.getWeight(), residual,
                                /*epsilon=*/FloatAttr());
    } else {
      auto linearWithNorm = cast<FusedLinearOp>(producer);
      if (linearWithNorm.getResidual())
        return rewriter.notifyMatchFailure(producer,
                                           "the linear already has a residual");
      fused = FusedLinearOp::create(
          rewriter, loc, add.getType(), linearWithNorm.getInput(),
          linearWithNorm.getNorm(), linearWithNorm.getWeight(), residual,
          linearWithNorm.getEpsilonAttr());
    }
    rewriter.replaceOp(add, fused);
    rewriter.eraseOp(producer);
    return success();
  }
};

struct FuseResidual : mlir::amk::impl::FuseResidualBase<FuseResidual> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseResidualPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

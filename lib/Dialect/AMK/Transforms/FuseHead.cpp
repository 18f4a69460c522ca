//===- FuseHead.cpp - The last linear and the argmax into one op ----------===//
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
#define GEN_PASS_DEF_FUSEHEAD
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

namespace {

struct FuseHeadPattern : OpRewritePattern<LayerArgmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerArgmaxOp argmax,
                                PatternRewriter &rewriter) const override {
    auto linear = argmax.getLogits().getDefiningOp<LayerLinearOp>();
    if (!linear)
      return rewriter.notifyMatchFailure(
          argmax, "the logits are not the result of a linear");
    // A head writes its logits where the host reads them and nowhere else.
    bool isOutput = false;
    for (Operation *user : linear->getUsers()) {
      if (!isa<LayerOutputOp>(user) && user != argmax)
        return rewriter.notifyMatchFailure(
            user, "the logits have a use beside argmax and output");
      isOutput |= isa<LayerOutputOp>(user);
    }
    if (!isOutput)
      return rewriter.notifyMatchFailure(
          argmax, "the logits are not the model's output");

    Location loc =
        fusedLocation(siblingLabel(linear, "lm_head"), {linear, argmax});
    auto fused = FusedHeadOp::create(
        rewriter, loc, argmax.getType(), linear.getType(), linear.getInput(),
        /*norm=*/Value(), linear.getWeight(), /*epsilon=*/FloatAttr());
    rewriter.replaceOp(argmax, fused.getToken());
    rewriter.replaceOp(linear, fused.getLogits());
    return success();
  }
};

struct FuseHead : mlir::amk::impl::FuseHeadBase<FuseHead> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseHeadPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

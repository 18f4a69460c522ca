//===- FuseGatedLinear.cpp - Gate and up projections into one op ----------===//
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
#define GEN_PASS_DEF_FUSEGATEDLINEAR
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

namespace {

struct FuseGatedLinearPattern : OpRewritePattern<LayerGatedActivationOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerGatedActivationOp op,
                                PatternRewriter &rewriter) const override {
    auto mismatch = [&](const char *message) {
      return rewriter.notifyMatchFailure(op, message);
    };
    auto gate = op.getGate().getDefiningOp<LayerLinearOp>();
    if (!gate)
      return mismatch("the gate is not the result of a linear");
    auto up = op.getUp().getDefiningOp<LayerLinearOp>();
    if (!up)
      return mismatch("up is not the result of a linear");
    if (gate.getInput() != up.getInput())
      return mismatch("gate and up read different inputs");
    // The two matrices share one stream of packed rows.
    if (getElementTypeOrSelf(gate.getWeight()) !=
        getElementTypeOrSelf(up.getWeight()))
      return mismatch("the weights have different element types");
    if (!gate->hasOneUse())
      return mismatch("the gate has other uses");
    if (!up->hasOneUse())
      return mismatch("up has other uses");

    Location loc = fusedLocation(siblingLabel(gate, "gate_up"), {gate, up, op});
    auto fused = FusedGatedLinearOp::create(
        rewriter, loc, op.getType(), op.getActivation(), gate.getInput(),
        /*norm=*/Value(), gate.getWeight(), up.getWeight(),
        /*epsilon=*/FloatAttr());
    rewriter.replaceOp(op, fused);
    rewriter.eraseOp(gate);
    rewriter.eraseOp(up);
    return success();
  }
};

struct FuseGatedLinear : mlir::amk::impl::FuseGatedLinearBase<FuseGatedLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseGatedLinearPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

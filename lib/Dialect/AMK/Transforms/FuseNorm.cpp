//===- FuseNorm.cpp - RMS norms into the ops that read them ---------------===//
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
#define GEN_PASS_DEF_FUSENORM
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

namespace {

struct FuseNormPattern : OpRewritePattern<LayerRmsNormOp> {
  FuseNormPattern(MLIRContext *context, unsigned maxUsers)
      : OpRewritePattern(context), maxUsers(maxUsers) {}

  LogicalResult matchAndRewrite(LayerRmsNormOp norm,
                                PatternRewriter &rewriter) const override {
    for (OpOperand &use : norm->getUses())
      if (failed(checkUse(use, rewriter)))
        return failure();
    // Every use is another operation's input by now: uses are users.
    SmallVector<Operation *> users(norm->getUsers());
    if (users.empty())
      return rewriter.notifyMatchFailure(norm, "nothing reads the norm");
    if (users.size() > maxUsers)
      return rewriter.notifyMatchFailure(
          norm, "more operations than max-users would recompute the norm");
    for (Operation *user : users)
      addPrologue(user, norm, rewriter);
    rewriter.eraseOp(norm);
    return success();
  }

private:
  static LogicalResult checkUse(OpOperand &use, PatternRewriter &rewriter) {
    Operation *user = use.getOwner();
    if (auto linear = dyn_cast<LayerLinearOp>(user)) {
      if (&use != &linear.getInputMutable())
        return rewriter.notifyMatchFailure(
            user, "the norm is read as something else than the input");
      return success();
    }
    auto fused = dyn_cast<NormPrologueOpInterface>(user);
    if (!fused)
      return rewriter.notifyMatchFailure(
          user, "the operation cannot normalise its input");
    if (fused.getNorm())
      return rewriter.notifyMatchFailure(user, "it has a norm already");
    if (llvm::count(user->getOperands(), use.get()) != 1 ||
        fused.getInput() != use.get())
      return rewriter.notifyMatchFailure(
          user, "the norm is read as something else than the input");
    return success();
  }

  static void addPrologue(Operation *user, LayerRmsNormOp norm,
                          PatternRewriter &rewriter) {
    Location loc = fusedLocation(labelOf(user), {norm, user});
    if (auto linear = dyn_cast<LayerLinearOp>(user)) {
      rewriter.setInsertionPoint(linear);
      auto fused = FusedLinearOp::create(
          rewriter, loc, linear.getType(), norm.getInput(), norm.getWeight(),
          linear.getWeight(), /*residual=*/Value(), norm.getEpsilonAttr());
      rewriter.replaceOp(linear, fused);
      return;
    }
    rewriter.modifyOpInPlace(user, [&] {
      cast<NormPrologueOpInterface>(user).setNormPrologue(
          norm.getInput(), norm.getWeight(), norm.getEpsilonAttr());
      user->setLoc(loc);
    });
  }

  unsigned maxUsers;
};

struct FuseNorm : mlir::amk::impl::FuseNormBase<FuseNorm> {
  using FuseNormBase::FuseNormBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseNormPattern>(&getContext(), maxUsers);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

//===- VerifyLayers.cpp - Gates of the layer and fused level --------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_VERIFYFUSEDLAYERS
#define GEN_PASS_DEF_VERIFYLAYERS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// Every tensor has one definition, and something reads it.
static LogicalResult verifyWeights(ModelOp model) {
  LogicalResult result = success();
  llvm::StringMap<LayerWeightOp> byName;
  for (auto weight : model.getOps<LayerWeightOp>()) {
    auto [it, isNew] = byName.try_emplace(weight.getName(), weight);
    if (!isNew) {
      InFlightDiagnostic diag = weight.emitOpError()
                                << "defines '" << weight.getName() << "' again";
      diag.attachNote(it->second.getLoc()) << "first defined here";
      result = failure();
    }
    if (weight->use_empty())
      result = weight.emitOpError()
               << "defines '" << weight.getName() << "', which nothing reads";
  }
  return result;
}

/// The cache that an operation appends to, or null.
static Value appendedCache(Operation *op) {
  if (auto append = dyn_cast<LayerKVAppendOp>(op))
    return append.getCache();
  if (auto fused = dyn_cast<FusedQKVOp>(op))
    return fused.getCache();
  return nullptr;
}

/// Caches are updated in place later: each is defined once, its old value is
/// read by nothing but the one append, and the new value is not appended to.
static LogicalResult verifyCaches(ModelOp model) {
  LogicalResult result = success();
  llvm::DenseMap<int64_t, LayerKVCacheOp> byLayer;
  for (Operation &op : model.getBody().front()) {
    if (Value cache = appendedCache(&op))
      if (!cache.getDefiningOp<LayerKVCacheOp>())
        result = op.emitOpError("appends to a cache that was appended to "
                                "before in this step");
    auto cache = dyn_cast<LayerKVCacheOp>(op);
    if (!cache)
      continue;
    auto [it, isNew] = byLayer.try_emplace(cache.getLayer(), cache);
    if (!isNew) {
      InFlightDiagnostic diag = cache.emitOpError()
                                << "defines the cache of layer "
                                << cache.getLayer() << " again";
      diag.attachNote(it->second.getLoc()) << "first defined here";
      result = failure();
    }
    if (cache->hasOneUse() && appendedCache(*cache->user_begin()))
      continue;
    InFlightDiagnostic diag =
        cache.emitOpError("must be read by one append and nothing else");
    for (Operation *user : cache->getUsers())
      diag.attachNote(user->getLoc()) << "read here";
    result = failure();
  }
  return result;
}

/// Tiling needs every size.
static LogicalResult verifyStaticShapes(ModelOp model) {
  LogicalResult result = success();
  auto isDynamic = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  };
  for (Operation &op : model.getBody().front())
    for (Type type : op.getResultTypes())
      if (isDynamic(type))
        result = op.emitOpError() << "expects static shapes, found " << type;
  return result;
}

static LogicalResult verifyModels(ModuleOp module, const Level &level) {
  LogicalResult result = verifyLevel(module, level);
  for (auto model : module.getOps<ModelOp>())
    for (auto verify : {verifyWeights, verifyCaches, verifyStaticShapes})
      if (failed(verify(model)))
        result = failure();
  return result;
}

namespace {

struct VerifyLayers : mlir::amk::impl::VerifyLayersBase<VerifyLayers> {
  void runOnOperation() override {
    if (failed(verifyModels(getOperation(),
                            {"layer", {"amk.model"}, {"amk.layer."}})))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

struct VerifyFusedLayers
    : mlir::amk::impl::VerifyFusedLayersBase<VerifyFusedLayers> {
  void runOnOperation() override {
    if (failed(verifyModels(
            getOperation(),
            {"fused layer", {"amk.model"}, {"amk.layer.", "amk.fused."}})))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

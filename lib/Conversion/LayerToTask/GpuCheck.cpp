//===- GpuCheck.cpp - Which models have a task graph for GPUs -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limits of docs/GpuKernel.md, in terms of the model. Later passes rely on
// them.
//
//===----------------------------------------------------------------------===//

#include "Converter.h"
#include "GpuGraph.h"
#include "GpuTiling.h"

#include "amk/Support/GpuLayout.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::amk;
namespace gpu = ::amk::gpu;

static InFlightDiagnostic refuse(Operation *op) {
  return op->emitOpError("has no task form on a GPU: ");
}

/// Weights of a norm are loaded in pairs.
static LogicalResult checkNorm(NormPrologueOpInterface op) {
  if (!op.getNorm())
    return success();
  int64_t features = featuresOf(op.getInput());
  if (features % 2 == 0)
    return success();
  return refuse(op)
         << "expected an even number of features under a norm, found "
         << op.getInput().getType();
}

/// The attention that reads what `qkv` makes.
static LogicalResult checkAttention(LayerAttentionOp op,
                                    const TilingOptions &options) {
  auto qkv = op.getCache().getDefiningOp<FusedQKVOp>();
  if (!qkv || op.getQuery() != qkv.getQuery() || !qkv.getQuery().hasOneUse() ||
      !qkv.getResultCache().hasOneUse())
    return refuse(op) << "expected the query and the cache of an "
                         "amk.fused.qkv that nothing else reads";
  RingTiling tiling = tileRing(options, qkv);
  if (tiling.piece == 0)
    return refuse(op) << "expected fewer splits of the context, found "
                      << tiling.splits;
  return success();
}

static LogicalResult checkQKV(FusedQKVOp op) {
  KVCacheType type = op.getCache().getType();
  int64_t dim = type.getDim();
  int64_t queries = featuresOf(op.getQuery()) / (type.getHeads() * dim);
  if (!op.getCache().getDefiningOp<LayerKVCacheOp>())
    return refuse(op) << "expected its cache straight from amk.layer.kv_cache";
  if (!op.getResultCache().hasOneUse())
    return refuse(op) << "expected one amk.layer.attention to read its cache";
  if (queries > gpu::kMaxGroupQueries)
    return refuse(op) << "expected at most " << gpu::kMaxGroupQueries
                      << " query heads of one kv head, found " << queries;
  if (dim > gpu::kMaxHeadDim || dim % kGpuTileRows != 0)
    return refuse(op) << "expected heads of a multiple of " << kGpuTileRows
                      << " elements up to " << gpu::kMaxHeadDim << ", found "
                      << dim;
  return checkNorm(op);
}

static LogicalResult checkOp(Operation *op, const TilingOptions &options) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<LayerWeightOp, LayerRotaryTableOp, LayerKVCacheOp, LayerEmbedOp,
            LayerOutputOp>([](auto) { return success(); })
      .Case([](FusedQKVOp op) { return checkQKV(op); })
      .Case([&](LayerAttentionOp op) { return checkAttention(op, options); })
      .Case<FusedLinearOp, FusedGatedLinearOp, FusedHeadOp>(
          [](auto op) { return checkNorm(op); })
      .Default([](Operation *op) -> LogicalResult {
        return refuse(op) << "expected layers fused by all of the amk-fuse "
                             "passes";
      });
}

/// The kernel's loader knows one shape of caches.
static LogicalResult checkCaches(ModelOp model, const TilingOptions &options) {
  std::optional<MemRefType> first;
  for (auto qkv : model.getBody().front().getOps<FusedQKVOp>()) {
    RingTiling tiling = tileRing(options, qkv);
    auto type = MemRefType::get(tiling.cacheShape, tiling.element);
    if (first.value_or(type) != type)
      return refuse(qkv) << "expected the cache of a unit to be " << *first
                         << " as in the first layer, found " << type;
    first = type;
  }
  return success();
}

LogicalResult mlir::amk::checkHasGpuForm(ModelOp model,
                                         const TilingOptions &options) {
  bool ok = true;
  for (Operation &op : model.getBody().front())
    ok &= succeeded(checkOp(&op, options));
  return success(ok && succeeded(checkCaches(model, options)));
}

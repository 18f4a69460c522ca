//===- GpuGraph.cpp - Task graphs for GPUs --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a GPU's graph differs: every unit of attention has its own part of the
// cache, and every worker its own token. docs/GpuKernel.md, sections 4 to 6.
//
//===----------------------------------------------------------------------===//

#include "GpuGraph.h"

#include "Converter.h"
#include "GpuTiling.h"

#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
namespace gpu = ::amk::gpu;

namespace {

class GpuConverter : public Converter {
public:
  using Converter::Converter;

private:
  /// Attention makes the caches.
  void convert(LayerKVCacheOp) override {}
  void convert(LayerEmbedOp op) override;
  void convert(LayerAttentionOp op) override;
  void convert(FusedQKVOp op) override;
  void convert(FusedHeadOp op) override;
  SmallVector<UnitRange> cutRows(int64_t units, int64_t unitsPerTile,
                                 Value weight) override;
};

} // namespace

/// A phase that has a worker's share of weights in several tasks has as many
/// for every worker.
SmallVector<UnitRange>
GpuConverter::cutRows(int64_t units, int64_t unitsPerTile, Value weight) {
  auto type = cast<MemRefType>(weight.getType());
  auto layout = *fragmentLayout(type.getElementType(), options.tileRows);
  uint64_t panels =
      gpu::runShape(layout, type.getDimSize(1), gpu::kMaxStageBlocks).panels;
  int64_t most = gpu::maxRunTiles(layout, panels);
  int64_t tiles = llvm::divideCeil(units, unitsPerTile);
  int64_t tasks = llvm::divideCeil(tiles, options.workers * most);
  return cutIntoParts(units, unitsPerTile, options.workers * tasks);
}

void GpuConverter::convert(LayerEmbedOp op) {
  Value table =
      buffers.parameter(op.getTable(), BufferKind::Table, op, "table");
  Value token = buffers.token(options.workers);
  Value out = buffers.define(op->getResult(0));
  int64_t features = featuresOf(op.getResult());
  // A part for every worker, if that can be: it comes after what the worker did
  // in the step before, so that nobody else needs to wait for that.
  int64_t unit = features >= 2 * options.workers ? 2 : 1;
  makePhase(op, "", cutIntoParts(features, unit, options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskEmbedOp::create(tasks, op.getLoc(), units, token, table, out,
                                  phase, IntegerAttr(), CallAttr());
            });
}

void GpuConverter::convert(FusedQKVOp op) {
  KVCacheType type = op.getCache().getType();
  int64_t heads = type.getHeads(), dim = type.getDim();
  int64_t groupHeads = featuresOf(op.getQuery()) / (heads * dim) + 2;
  Value norm = normBuffer(op.getNorm(), op);
  Value queryWeight = weightBuffer(op.getQueryWeight(), op, "query_weight");
  Value keyWeight = weightBuffer(op.getKeyWeight(), op, "key_weight");
  Value valueWeight = weightBuffer(op.getValueWeight(), op, "value_weight");
  Value query =
      buffers.define(cast<OpResult>(op.getQuery()), {heads, groupHeads, dim});
  makePhase(
      op, "",
      cutRows(heads * groupHeads * dim / 2, options.tileRows / 2, queryWeight),
      [&](RangeAttr units, PhaseAttr phase) {
        TaskQKVOp::create(tasks, op.getLoc(), units, tileRows(),
                          buffers.of(op.getInput()), norm, queryWeight,
                          keyWeight, valueWeight, buffers.of(op.getTable()),
                          query,
                          /*cache=*/Value(), op.getEpsilonAttr(), phase,
                          IntegerAttr(), CallAttr());
      });
}

void GpuConverter::convert(LayerAttentionOp op) {
  auto qkv = op.getCache().getDefiningOp<FusedQKVOp>();
  auto cache = qkv.getCache().getDefiningOp<LayerKVCacheOp>();
  KVCacheType type = cache.getType();
  int64_t dim = type.getDim(), heads = featuresOf(op.getQuery()) / dim;
  RingTiling tiling = tileRing(options, qkv);
  Value out = buffers.define(op->getResult(0));
  Value partials = buffers.temporary(
      op, "partials", {heads, tiling.splits, dim + 2}, tasks.getF32Type());
  SmallVector<UnitRange> units =
      cutIntoParts(type.getHeads() * tiling.splits, 1,
                   /*maxParts=*/type.getHeads() * tiling.splits);
  makePhase(op, "", units, [&](RangeAttr unit, PhaseAttr phase) {
    Value part = buffers.privateCache(cache, unit.getBegin(), tiling.cacheShape,
                                      tiling.element);
    TaskAttentionOp::create(
        tasks, op.getLoc(), unit, tasks.getI64IntegerAttr(tiling.splits),
        op.getScaleAttr(), buffers.of(op.getQuery()), part, partials,
        /*ring=*/tasks.getUnitAttr(), phase, IntegerAttr(), CallAttr());
  });
  makePhase(
      op, ".combine", cutIntoParts(heads * dim, tiling.piece, heads * dim),
      [&](RangeAttr units, PhaseAttr phase) {
        TaskCombineSplitsOp::create(tasks, op.getLoc(), units, partials, out,
                                    phase, IntegerAttr(), CallAttr());
      });
}

void GpuConverter::convert(FusedHeadOp op) {
  Value norm = normBuffer(op.getNorm(), op);
  Value weight = weightBuffer(op.getWeight(), op);
  Value logits = buffers.define(cast<OpResult>(op.getLogits()));
  SmallVector<UnitRange> ranges =
      cutRows(featuresOf(op.getLogits()), options.tileRows, weight);
  Value partials = buffers.temporary(
      op, "partials", {2 * static_cast<int64_t>(ranges.size()) + 1},
      tasks.getI32Type());
  makePhase(op, "", ranges, [&](RangeAttr units, PhaseAttr phase) {
    TaskHeadOp::create(tasks, op.getLoc(), units, tileRows(),
                       buffers.of(op.getInput()), norm, weight, logits,
                       partials, op.getEpsilonAttr(), phase, IntegerAttr(),
                       CallAttr());
  });
  Value token = buffers.token(options.workers);
  makePhase(op, ".next_token",
            cutIntoParts(options.workers, 1, options.workers),
            [&](RangeAttr, PhaseAttr phase) {
              TaskNextTokenOp::create(tasks, op.getLoc(), partials, token,
                                      phase, IntegerAttr(), CallAttr());
            });
}

void mlir::amk::convertForGpu(ModelOp model, GraphOp graph,
                              const TilingOptions &options) {
  GpuConverter(model, graph, options).run();
}

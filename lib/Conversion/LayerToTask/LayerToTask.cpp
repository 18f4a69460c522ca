//===- LayerToTask.cpp - Layers to a graph of tasks -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check.h"
#include "Converter.h"
#include "GpuGraph.h"
#include "GpuTiling.h"

#include "amk/Conversion/Passes.h"
#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Dialect/AMK/Transforms/Locations.h"

#include "llvm/ADT/TypeSwitch.h"

namespace mlir::amk {
#define GEN_PASS_DEF_CONVERTAMKLAYERTOTASK
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

void Converter::run() {
  for (Operation &op : model.getBody().front())
    TypeSwitch<Operation *>(&op)
        .Case<LayerWeightOp, LayerOutputOp>([](auto) {})
        .Case<LayerRotaryTableOp>([&](auto op) { buffers.defineRotary(op); })
        .Default([&](Operation *op) { convertCompute(op); });
}

void Converter::convertCompute(Operation *op) {
  TypeSwitch<Operation *>(op)
      .Case<LayerKVCacheOp, LayerEmbedOp, LayerRmsNormOp, LayerLinearOp,
            LayerRopeOp, LayerKVAppendOp, LayerAttentionOp,
            LayerGatedActivationOp, LayerAddOp, LayerArgmaxOp, FusedLinearOp,
            FusedQKVOp, FusedGatedLinearOp, FusedHeadOp>(
          [&](auto op) { convert(op); });
}

SmallVector<UnitRange> Converter::cutRows(int64_t units, int64_t unitsPerTile,
                                          Value) {
  return cutIntoParts(units, unitsPerTile, options.workers);
}

void Converter::makePhase(Operation *op, StringRef suffix, Ranges ranges,
                          MakeTask makeTask) {
  std::string label = labelOf(op) + suffix.str();
  MLIRContext *context = op->getContext();
  for (auto [part, range] : llvm::enumerate(ranges)) {
    makeTask(RangeAttr::get(context, range.begin, range.end),
             PhaseAttr::get(context, phaseIndex, label, part, ranges.size()));
    // Diagnostics without a file still say which tile of which layer it is.
    auto task = cast<TaskOpInterface>(*std::prev(tasks.getInsertionPoint()));
    task->setLoc(
        NameLoc::get(tasks.getStringAttr(taskName(task)), task->getLoc()));
  }
  ++phaseIndex;
}

//===----------------------------------------------------------------------===//
// Layer operations
//===----------------------------------------------------------------------===//

void Converter::convert(LayerKVCacheOp op) { buffers.defineCache(op); }

void Converter::convert(LayerEmbedOp op) {
  Value table =
      buffers.parameter(op.getTable(), BufferKind::Table, op, "table");
  Value token = buffers.token();
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "", cutElements(featuresOf(op.getResult()), options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskEmbedOp::create(tasks, op.getLoc(), units, token, table, out,
                                  phase, IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerRmsNormOp op) {
  Value weight =
      buffers.parameter(op.getWeight(), BufferKind::Vector, op, "weight");
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "", UnitRange{0, 1}, [&](RangeAttr, PhaseAttr phase) {
    TaskRmsNormOp::create(tasks, op.getLoc(), buffers.of(op.getInput()), weight,
                          out, op.getEpsilonAttr(), phase, IntegerAttr(),
                          CallAttr());
  });
}

void Converter::makeLinear(Operation *op, Value input, Value norm, Value weight,
                           Value residual, Value out, FloatAttr epsilon) {
  int64_t rows = cast<MemRefType>(out.getType()).getNumElements();
  makePhase(op, "", cutRows(rows, options.tileRows, weight),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskLinearOp::create(tasks, op->getLoc(), units, tileRows(),
                                   input, norm, weight, residual, out, epsilon,
                                   phase, IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerLinearOp op) {
  Value weight = weightBuffer(op.getWeight(), op);
  makeLinear(op, buffers.of(op.getInput()), Value(), weight, Value(),
             buffers.define(op->getResult(0)), FloatAttr());
}

void Converter::convert(LayerRopeOp op) {
  int64_t heads = featuresOf(op.getInput()) / op.getHeadDim();
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "", cutIntoParts(heads, 1, options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskRopeOp::create(tasks, op.getLoc(), units, op.getHeadDimAttr(),
                                 buffers.of(op.getInput()),
                                 buffers.of(op.getTable()), out, phase,
                                 IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerKVAppendOp op) {
  int64_t heads = op.getCache().getType().getHeads();
  Value cache = buffers.of(op.getCache());
  buffers.alias(op.getResult(), cache);
  makePhase(op, "", cutIntoParts(heads, 1, options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskKVAppendOp::create(tasks, op.getLoc(), units,
                                     buffers.of(op.getKey()),
                                     buffers.of(op.getValue()), cache, phase,
                                     IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerAttentionOp op) {
  KVCacheType cache = op.getCache().getType();
  int64_t heads = featuresOf(op.getQuery()) / cache.getDim();
  int64_t splits = splitsFor(options, cache.getHeads());
  Value out = buffers.define(op->getResult(0));
  Value target = out;
  if (splits > 1)
    target =
        buffers.temporary(op, "partials", {heads, splits, cache.getDim() + 2},
                          tasks.getF32Type());
  makePhase(op, "", cutIntoParts(cache.getHeads() * splits, 1, options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskAttentionOp::create(
                  tasks, op.getLoc(), units, tasks.getI64IntegerAttr(splits),
                  op.getScaleAttr(), buffers.of(op.getQuery()),
                  buffers.of(op.getCache()), target, /*ring=*/UnitAttr(), phase,
                  IntegerAttr(), CallAttr());
            });
  if (splits == 1)
    return;
  makePhase(op, ".combine", cutIntoParts(heads, 1, options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskAttentionCombineOp::create(tasks, op.getLoc(), units, target,
                                             out, phase, IntegerAttr(),
                                             CallAttr());
            });
}

void Converter::convert(LayerGatedActivationOp op) {
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "", cutElements(featuresOf(op.getResult()), options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskGatedActivationOp::create(
                  tasks, op.getLoc(), op.getActivationAttr(), units,
                  buffers.of(op.getGate()), buffers.of(op.getUp()), out, phase,
                  IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerAddOp op) {
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "", cutElements(featuresOf(op.getResult()), options.workers),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskAddOp::create(tasks, op.getLoc(), units,
                                buffers.of(op.getLhs()),
                                buffers.of(op.getRhs()), out, phase,
                                IntegerAttr(), CallAttr());
            });
}

void Converter::convert(LayerArgmaxOp op) {
  makePhase(op, "", UnitRange{0, 1}, [&](RangeAttr, PhaseAttr phase) {
    TaskArgmaxOp::create(tasks, op.getLoc(), buffers.of(op.getLogits()),
                         buffers.token(), buffers.control(), phase,
                         IntegerAttr(), CallAttr());
  });
}

//===----------------------------------------------------------------------===//
// Fused operations
//===----------------------------------------------------------------------===//

void Converter::convert(FusedLinearOp op) {
  Value norm = normBuffer(op.getNorm(), op);
  Value weight = weightBuffer(op.getWeight(), op);
  Value residual = op.getResidual() ? buffers.of(op.getResidual()) : Value();
  makeLinear(op, buffers.of(op.getInput()), norm, weight, residual,
             buffers.define(op->getResult(0)), op.getEpsilonAttr());
}

void Converter::convert(FusedQKVOp op) {
  KVCacheType type = op.getCache().getType();
  Value norm = normBuffer(op.getNorm(), op);
  Value queryWeight = weightBuffer(op.getQueryWeight(), op, "query_weight");
  Value keyWeight = weightBuffer(op.getKeyWeight(), op, "key_weight");
  Value valueWeight = weightBuffer(op.getValueWeight(), op, "value_weight");
  Value query = buffers.define(cast<OpResult>(op.getQuery()));
  Value cache = buffers.of(op.getCache());
  buffers.alias(op.getResultCache(), cache);
  int64_t pairs =
      (featuresOf(op.getQuery()) + 2 * type.getHeads() * type.getDim()) / 2;
  makePhase(op, "", cutRows(pairs, options.tileRows / 2, queryWeight),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskQKVOp::create(
                  tasks, op.getLoc(), units, tileRows(),
                  buffers.of(op.getInput()), norm, queryWeight, keyWeight,
                  valueWeight, buffers.of(op.getTable()), query, cache,
                  op.getEpsilonAttr(), phase, IntegerAttr(), CallAttr());
            });
}

void Converter::convert(FusedGatedLinearOp op) {
  Value norm = normBuffer(op.getNorm(), op);
  Value gate = weightBuffer(op.getGateWeight(), op, "gate_weight");
  Value up = weightBuffer(op.getUpWeight(), op, "up_weight");
  Value out = buffers.define(op->getResult(0));
  makePhase(op, "",
            cutRows(featuresOf(op.getResult()), options.tileRows / 2, gate),
            [&](RangeAttr units, PhaseAttr phase) {
              TaskGatedLinearOp::create(
                  tasks, op.getLoc(), op.getActivationAttr(), units, tileRows(),
                  buffers.of(op.getInput()), norm, gate, up, out,
                  op.getEpsilonAttr(), phase, IntegerAttr(), CallAttr());
            });
}

void Converter::convert(FusedHeadOp op) {
  Value norm = normBuffer(op.getNorm(), op);
  Value weight = weightBuffer(op.getWeight(), op);
  Value logits = buffers.define(cast<OpResult>(op.getLogits()));
  SmallVector<UnitRange> ranges =
      cutRows(featuresOf(op.getLogits()), options.tileRows, weight);
  Value partials = buffers.temporary(op, "partials",
                                     {static_cast<int64_t>(ranges.size()), 2},
                                     tasks.getI32Type());
  makePhase(op, "", ranges, [&](RangeAttr units, PhaseAttr phase) {
    TaskHeadOp::create(tasks, op.getLoc(), units, tileRows(),
                       buffers.of(op.getInput()), norm, weight, logits,
                       partials, op.getEpsilonAttr(), phase, IntegerAttr(),
                       CallAttr());
  });
  makePhase(op, ".argmax", UnitRange{0, 1}, [&](RangeAttr, PhaseAttr phase) {
    TaskArgmaxCombineOp::create(tasks, op.getLoc(), partials, buffers.token(),
                                buffers.control(), phase, IntegerAttr(),
                                CallAttr());
  });
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {

struct ConvertAMKLayerToTask
    : public mlir::amk::impl::ConvertAMKLayerToTaskBase<ConvertAMKLayerToTask> {
  using ConvertAMKLayerToTaskBase::ConvertAMKLayerToTaskBase;

  LogicalResult checkOptions() {
    if (workers < 1 || workers > ::amk::abi::kMaxWorkers)
      return getOperation().emitError()
             << getArgument() << ": workers: found " << workers.getValue()
             << ", expected 1 to " << ::amk::abi::kMaxWorkers;
    if (tileRows < 2 || tileRows > 16 || tileRows % 2 != 0)
      return getOperation().emitError()
             << getArgument() << ": tile-rows: found " << tileRows.getValue()
             << ", expected an even number from 2 to 16";
    unsigned maxSplits = gpu ? kMaxRingSplits : kMaxAttentionSplits;
    if (kvSplits > maxSplits)
      return getOperation().emitError()
             << getArgument() << ": kv-splits: found " << kvSplits.getValue()
             << ", expected at most " << maxSplits;
    if (gpu && tileRows != kGpuTileRows)
      return getOperation().emitError()
             << getArgument() << ": tile-rows: found " << tileRows.getValue()
             << ", expected " << kGpuTileRows << " with gpu";
    return success();
  }

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    TilingOptions options{workers, tileRows, kvSplits};
    SmallVector<ModelOp> models(getOperation().getOps<ModelOp>());
    if (llvm::any_of(models, [&](ModelOp model) {
          return failed(checkHasTaskForm(model)) ||
                 (gpu && failed(checkHasGpuForm(model, options)));
        }))
      return signalPassFailure();
    for (ModelOp model : models) {
      OpBuilder builder(model);
      auto graph =
          GraphOp::create(builder, model.getLoc(), model.getSymNameAttr(),
                          model.getConfigAttr(), model.getDerivedTensorsAttr());
      graph.getBody().emplaceBlock();
      if (gpu)
        convertForGpu(model, graph, options);
      else
        Converter(model, graph, options).run();
      model.erase();
    }
  }
};

} // namespace

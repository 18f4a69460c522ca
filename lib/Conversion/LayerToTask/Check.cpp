//===- Check.cpp - Which models have a task graph -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tasks are more particular than layers: one token per step, parameters
// straight from the checkpoint, caches that change in place, and the end of the
// step in the operation that finds the next token.
//
//===----------------------------------------------------------------------===//

#include "Check.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::amk;

namespace {

/// What an operation reads besides activations. Null where it reads none.
struct Parameters {
  SmallVector<Value, 3> weights; ///< may contain null
  Value rotary, token, position, appended;
};

} // namespace

/// The special operands of an operation with a task form, else nothing.
static std::optional<Parameters> parametersOf(Operation *op) {
  using Result = std::optional<Parameters>;
  return TypeSwitch<Operation *, Result>(op)
      .Case<LayerEmbedOp>([](auto op) -> Result {
        return Parameters{{op.getTable()}, {}, op.getToken(), {}, {}};
      })
      .Case<LayerRmsNormOp, LayerLinearOp>([](auto op) -> Result {
        return Parameters{{op.getWeight()}, {}, {}, {}, {}};
      })
      .Case<LayerRopeOp>([](auto op) -> Result {
        return Parameters{{}, op.getTable(), {}, op.getPosition(), {}};
      })
      .Case<LayerKVAppendOp>([](auto op) -> Result {
        return Parameters{{}, {}, {}, op.getPosition(), op.getCache()};
      })
      .Case<LayerAttentionOp>([](auto op) -> Result {
        return Parameters{{}, {}, {}, op.getPosition(), {}};
      })
      .Case<FusedLinearOp, FusedHeadOp>([](auto op) -> Result {
        return Parameters{{op.getNorm(), op.getWeight()}, {}, {}, {}, {}};
      })
      .Case<FusedGatedLinearOp>([](auto op) -> Result {
        return Parameters{{op.getNorm(), op.getGateWeight(), op.getUpWeight()},
                          {},
                          {},
                          {},
                          {}};
      })
      .Case<FusedQKVOp>([](auto op) -> Result {
        return Parameters{{op.getNorm(), op.getQueryWeight(), op.getKeyWeight(),
                           op.getValueWeight()},
                          op.getTable(),
                          {},
                          op.getPosition(),
                          op.getCache()};
      })
      .Case<LayerWeightOp, LayerRotaryTableOp, LayerKVCacheOp,
            LayerGatedActivationOp, LayerAddOp, LayerArgmaxOp, LayerOutputOp>(
          [](auto) -> Result { return Parameters{}; })
      .Default([](Operation *) -> Result { return std::nullopt; });
}

/// Dimension 0 of every activation and token tensor counts tokens.
static LogicalResult checkOneToken(Operation *op) {
  if (isa<LayerWeightOp, LayerRotaryTableOp>(op))
    return success();
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    if (!tensor.hasStaticShape() || tensor.getDimSize(0) != 1)
      return op->emitOpError()
             << "has no task form: expected one token of static shape per "
                "step, found "
             << type;
  }
  return success();
}

static LogicalResult checkParameters(Operation *op, const Parameters &use,
                                     Block &block) {
  for (Value weight : use.weights)
    if (weight && !weight.getDefiningOp<LayerWeightOp>())
      return op->emitOpError("has no task form: expected its weights straight "
                             "from amk.layer.weight");
  if (use.rotary && !use.rotary.getDefiningOp<LayerRotaryTableOp>())
    return op->emitOpError("has no task form: expected its rotary table "
                           "straight from amk.layer.rotary_table");
  if (use.token && use.token != block.getArgument(0))
    return op->emitOpError("has no task form: expected the model's token");
  if (use.position && use.position != block.getArgument(1))
    return op->emitOpError("has no task form: expected the model's position");
  if (use.appended && !use.appended.hasOneUse())
    return op->emitOpError("has no task form: tasks append in place, so "
                           "nothing else may use the cache it appends to");
  return success();
}

/// The argmax writes the token that the next step reads and ends the step.
static LogicalResult checkArgmax(Operation *op, LayerOutputOp output) {
  Value token;
  if (auto argmax = dyn_cast<LayerArgmaxOp>(op))
    token = argmax.getResult();
  else if (auto head = dyn_cast<FusedHeadOp>(op))
    token = head.getToken();
  else
    return success();
  if (token != output.getToken() || !token.hasOneUse())
    return op->emitOpError("has no task form: expected its token to be the "
                           "model's output and nothing else");
  return success();
}

static LogicalResult checkOutput(LayerOutputOp output, Block &block) {
  Operation *argmax = output.getToken().getDefiningOp();
  if (!isa_and_nonnull<LayerArgmaxOp, FusedHeadOp>(argmax))
    return output.emitOpError("has no task form: expected the token of an "
                              "argmax or a fused head");
  return success();
}

LogicalResult mlir::amk::checkHasTaskForm(ModelOp model) {
  Block &block = model.getBody().front();
  auto output = cast<LayerOutputOp>(block.back());
  for (Type type : block.getArgumentTypes())
    if (cast<RankedTensorType>(type).getShape() != ArrayRef<int64_t>{1})
      return model.emitOpError() << "has no task form: expected one token and "
                                    "its position per step, found "
                                 << type;
  bool ok = succeeded(checkOutput(output, block));
  DenseMap<int64_t, Operation *> caches;
  for (Operation &op : block) {
    std::optional<Parameters> use = parametersOf(&op);
    if (!use) {
      op.emitOpError("has no task form");
      ok = false;
      continue;
    }
    if (auto cache = dyn_cast<LayerKVCacheOp>(op)) {
      auto [it, isNew] = caches.try_emplace(cache.getLayer(), &op);
      if (!isNew) {
        ok = false;
        InFlightDiagnostic diag = op.emitOpError()
                                  << "is a second cache of layer "
                                  << cache.getLayer();
        diag.attachNote(it->second->getLoc()) << "see the first here";
      }
    }
    ok &= succeeded(checkOneToken(&op)) &&
          succeeded(checkParameters(&op, *use, block)) &&
          succeeded(checkArgmax(&op, output));
  }
  return success(ok);
}

//===- CpuBodies.cpp - Bodies of tasks for a CPU --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bodies of linear tasks are the composition prologue, gemv, epilogue; the
// others are one kernel operation.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::amk;

namespace {

class CpuBodyBuilder : public BodyBuilder {
public:
  using BodyBuilder::BodyBuilder;

private:
  LogicalResult buildOps() override;
  LogicalResult checkTask();
  Value stageInput(Value input, Value norm, FloatAttr epsilon);
  Value gemv(Value staged);
  /// Behind what the body has of it.
  Value scratch(ArrayRef<int64_t> shape) {
    return BodyBuilder::scratch(scratchEnd,
                                MemRefType::get(shape, b.getF32Type()));
  }
};

} // namespace

/// Only the kernel of a GPU has words and a ring.
LogicalResult CpuBodyBuilder::checkTask() {
  bool isForGpu = llvm::any_of(task->getOperands(), [](Value operand) {
    return bufferOf(operand).getHandOff() == HandOff::Tag;
  });
  if (auto attention = dyn_cast<TaskAttentionOp>(*task))
    isForGpu |= attention.getRing();
  if (auto qkv = dyn_cast<TaskQKVOp>(*task))
    isForGpu |= !qkv.getCache();
  if (isForGpu)
    return task->emitOpError(
        "has no kernel body for a CPU; expected a schedule for a GPU, with "
        "amk.stage_bytes");
  return success();
}

/// The input in scratch, normalised if asked for, padded for the gemv.
Value CpuBodyBuilder::stageInput(Value input, Value norm, FloatAttr epsilon) {
  Value staged = scratch({1, task.getWeightUse()->paddedColumns()});
  if (norm)
    emit<KernelRmsNormOp>(arg(input), arg(norm), staged, epsilon);
  else
    emit<KernelStageOp>(arg(input), staged);
  return staged;
}

/// The products of all tiles of the task, in scratch.
Value CpuBodyBuilder::gemv(Value staged) {
  int64_t tileRows = task.getWeightUse()->tileRows;
  Value values = scratch({maxTiles * tileRows});
  emit<KernelGemvOp>(stream, staged, values, tiles, /*tag=*/Value(),
                     /*norm=*/Value(), FloatAttr(),
                     b.getI64IntegerAttr(tileRows), PackLayoutAttr(),
                     UnitAttr());
  return values;
}

LogicalResult CpuBodyBuilder::buildOps() {
  if (failed(checkTask()))
    return failure();
  auto withInput = [&](auto op) {
    return gemv(stageInput(op.getInput(), op.getNorm(), op.getEpsilonAttr()));
  };
  return TypeSwitch<Operation *, LogicalResult>(task)
      .Case([&](TaskGateOp op) {
        stop =
            KernelGateOp::create(b, loc, b.getI1Type(), arg(op.getControl()));
        return success();
      })
      .Case([&](TaskEmbedOp op) {
        emit<KernelEmbedOp>(arg(op.getToken()), arg(op.getTable()),
                            arg(op.getOut()), begin, count, position(),
                            /*tag=*/Value());
        return success();
      })
      .Case([&](TaskRmsNormOp op) {
        emit<KernelRmsNormOp>(arg(op.getInput()), arg(op.getWeight()),
                              arg(op.getOut()), op.getEpsilonAttr());
        return success();
      })
      .Case([&](TaskLinearOp op) {
        Value residual = op.getResidual() ? arg(op.getResidual()) : Value();
        emit<KernelStoreRowsOp>(withInput(op), arg(op.getOut()), begin, count,
                                residual, /*residual_tag=*/Value(),
                                /*tag=*/Value());
        return success();
      })
      .Case([&](TaskQKVOp op) {
        emit<KernelStoreQKVOp>(withInput(op), arg(op.getTable()),
                               arg(op.getQuery()), arg(op.getCache()), begin,
                               count, position(), /*tag=*/Value(),
                               op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskGatedLinearOp op) {
        emit<KernelStoreGatedOp>(op.getActivationAttr(), withInput(op),
                                 arg(op.getOut()), begin, count,
                                 /*tag=*/Value(), op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskHeadOp op) {
        emit<KernelStoreLogitsOp>(withInput(op), arg(op.getLogits()),
                                  arg(op.getPartials()), begin, count, part,
                                  /*tag=*/Value());
        return success();
      })
      .Case([&](TaskRopeOp op) {
        emit<KernelRopeOp>(arg(op.getInput()), arg(op.getTable()),
                           arg(op.getOut()), begin, count, position(),
                           op.getHeadDimAttr());
        return success();
      })
      .Case([&](TaskKVAppendOp op) {
        emit<KernelKVAppendOp>(arg(op.getKey()), arg(op.getValue()),
                               arg(op.getCache()), begin, count, position());
        return success();
      })
      .Case([&](TaskAttentionOp op) {
        // Scores of one block of positions, then the sums of one head.
        int64_t dim = cast<MemRefType>(op.getCache().getType()).getDimSize(3);
        Value room = scratch({kAttentionBlock + dim});
        emit<KernelAttentionOp>(
            arg(op.getQuery()), arg(op.getCache()), arg(op.getOut()), room,
            begin, count, position(), op.getSplitsAttr(), op.getScaleAttr());
        return success();
      })
      .Case([&](TaskAttentionCombineOp op) {
        emit<KernelAttentionCombineOp>(arg(op.getPartials()), arg(op.getOut()),
                                       begin, count);
        return success();
      })
      .Case([&](TaskGatedActivationOp op) {
        emit<KernelGatedActivationOp>(op.getActivationAttr(), arg(op.getGate()),
                                      arg(op.getUp()), arg(op.getOut()), begin,
                                      count);
        return success();
      })
      .Case([&](TaskAddOp op) {
        emit<KernelAddOp>(arg(op.getLhs()), arg(op.getRhs()), arg(op.getOut()),
                          begin, count);
        return success();
      })
      .Case([&](TaskArgmaxOp op) {
        Value partials =
            BodyBuilder::scratch(0, MemRefType::get({1, 2}, b.getI32Type()));
        emit<KernelArgmaxOp>(arg(op.getLogits()), partials);
        emit<KernelFinishStepOp>(partials, arg(op.getToken()),
                                 arg(op.getControl()), position());
        return success();
      })
      .Case([&](TaskArgmaxCombineOp op) {
        emit<KernelFinishStepOp>(arg(op.getPartials()), arg(op.getToken()),
                                 arg(op.getControl()), position());
        return success();
      })
      .Default(
          [&](Operation *op) { return op->emitOpError("has no kernel body"); });
}

std::unique_ptr<BodyBuilder>
mlir::amk::makeCpuBodyBuilder(OpBuilder &builder, const BodyGroup &group) {
  return std::make_unique<CpuBodyBuilder>(builder, group);
}

//===- GpuBodies.cpp - Bodies of tasks for a GPU --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/GpuKernel.md, section 4. Tasks with weights receive their input,
// multiply what comes through the ring, and store or send their rows. Buffers
// that are handed off by tags are words here, two tags of which a task can wait
// for.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

static bool isWords(Value buffer) {
  return bufferOf(buffer).getHandOff() == HandOff::Tag;
}

namespace {

class GpuBodyBuilder : public BodyBuilder {
public:
  GpuBodyBuilder(OpBuilder &builder, const BodyGroup &group,
                 const GpuBodyOptions &options)
      : BodyBuilder(builder, group), options(options) {}

private:
  LogicalResult buildOps() override;
  MemRefType argumentType(BufferOp buffer) const override;

  Value inputTag(Value buffer);
  Value outputTag(Value buffer);
  Value multiply(Value input, Value norm, FloatAttr epsilon);
  template <typename OpTy>
  Value multiply(OpTy op) {
    return multiply(op.getInput(), op.getNorm(), op.getEpsilonAttr());
  }
  LogicalResult expectWords(Value buffer);
  LogicalResult attend(TaskAttentionOp op);
  LogicalResult combine(TaskCombineSplitsOp op);

  GpuBodyOptions options;
  /// Inputs in words, in the order in which the task waits for them.
  SmallVector<Value> tagged;
};

} // namespace

MemRefType GpuBodyBuilder::argumentType(BufferOp buffer) const {
  MemRefType type = BodyBuilder::argumentType(buffer);
  if (isWords(buffer.getResult()))
    return inSpace(MemRefType::get(type.getShape(), b.getI64Type()),
                   MemorySpace::Words);
  // Blocks of the cache, as many as the session has.
  if (buffer.getKind() == BufferKind::KVCache)
    return inSpace(
        MemRefType::get({ShapedType::kDynamic}, type.getElementType()),
        MemorySpace::KVCache);
  return type;
}

/// The tag of this step's words of an input; null if it is not in words. To be
/// called in the order of the task's operands.
Value GpuBodyBuilder::inputTag(Value buffer) {
  if (!isWords(buffer))
    return {};
  const auto *it = llvm::find(tagged, buffer);
  int64_t number = it - tagged.begin();
  if (it == tagged.end())
    tagged.push_back(buffer);
  return KernelInputTagOp::create(b, loc, b.getIndexType(),
                                  b.getI64IntegerAttr(number));
}

Value GpuBodyBuilder::outputTag(Value buffer) {
  if (!isWords(buffer))
    return {};
  return KernelOutputTagOp::create(b, loc, b.getIndexType());
}

/// The products of all tiles of the task, in scratch.
Value GpuBodyBuilder::multiply(Value input, Value norm, FloatAttr epsilon) {
  WeightRun run = *weightRun(task, options.stageBytes);
  int64_t tileRows = task.getWeightUse()->tileRows;
  Value rows = scratch(layout::kRowsOffset,
                       MemRefType::get({maxTiles * tileRows}, b.getF32Type()));
  Value vector = arg(input), tag = inputTag(input);
  Value weight = norm ? arg(norm) : Value();
  // Plain products of float32 round no part of x away.
  bool isSplit =
      options.hiLo && run.layout != ::amk::abi::PackLayout::ScalarTile8;
  emit<KernelGemvOp>(
      stream, vector, rows, tiles, tag, weight, norm ? epsilon : FloatAttr(),
      b.getI64IntegerAttr(tileRows),
      PackLayoutAttr::get(b.getContext(), static_cast<PackLayout>(run.layout)),
      isSplit ? b.getUnitAttr() : UnitAttr());
  return rows;
}

LogicalResult GpuBodyBuilder::expectWords(Value buffer) {
  if (isWords(buffer))
    return success();
  BufferOp op = bufferOf(buffer);
  InFlightDiagnostic diag =
      task->emitOpError() << "expects hand_off tag of buffer \"" << op.getName()
                          << "\", as its body for a GPU knows nothing else";
  diag.attachNote(op.getLoc()) << "see the buffer here";
  return diag;
}

LogicalResult GpuBodyBuilder::attend(TaskAttentionOp op) {
  if (!op.getRing())
    return op.emitOpError("has no kernel body for a GPU without ring");
  if (failed(expectWords(op.getQuery())) || failed(expectWords(op.getOut())))
    return failure();
  auto query = cast<MemRefType>(op.getQuery().getType());
  auto value = [&](int64_t number) { return b.getI64IntegerAttr(number); };
  Value queryTag = inputTag(op.getQuery());
  // begin and count of other tasks are head and split of the unit here.
  emit<KernelRingAttentionOp>(arg(op.getQuery()), queryTag, arg(op.getCache()),
                              arg(op.getOut()), outputTag(op.getOut()), begin,
                              count, position(), value(query.getDimSize(1) - 2),
                              value(query.getDimSize(2)), op.getSplitsAttr(),
                              op.getScaleAttr());
  return success();
}

LogicalResult GpuBodyBuilder::combine(TaskCombineSplitsOp op) {
  if (failed(expectWords(op.getPartials())))
    return failure();
  Value partialsTag = inputTag(op.getPartials());
  emit<KernelCombineSplitsOp>(arg(op.getPartials()), partialsTag,
                              arg(op.getOut()), begin, count, position(),
                              outputTag(op.getOut()));
  return success();
}

LogicalResult GpuBodyBuilder::buildOps() {
  return TypeSwitch<Operation *, LogicalResult>(task)
      .Case([&](TaskEmbedOp op) {
        emit<KernelEmbedOp>(arg(op.getToken()), arg(op.getTable()),
                            arg(op.getOut()), begin, count, position(),
                            outputTag(op.getOut()));
        return success();
      })
      .Case([&](TaskLinearOp op) {
        Value rows = multiply(op);
        Value residual, residualTag;
        if (op.getResidual()) {
          residual = arg(op.getResidual());
          residualTag = inputTag(op.getResidual());
        }
        emit<KernelStoreRowsOp>(rows, arg(op.getOut()), begin, count, residual,
                                residualTag, outputTag(op.getOut()));
        return success();
      })
      .Case([&](TaskQKVOp op) -> LogicalResult {
        if (op.getCache())
          return op.emitOpError("has no kernel body for a GPU with a cache");
        Value rows = multiply(op);
        emit<KernelStoreQKVOp>(rows, arg(op.getTable()), arg(op.getQuery()),
                               /*cache=*/Value(), begin, count, position(),
                               outputTag(op.getQuery()), op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskGatedLinearOp op) {
        Value rows = multiply(op);
        emit<KernelStoreGatedOp>(op.getActivationAttr(), rows, arg(op.getOut()),
                                 begin, count, outputTag(op.getOut()),
                                 op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskHeadOp op) {
        Value rows = multiply(op);
        emit<KernelStoreLogitsOp>(rows, arg(op.getLogits()),
                                  arg(op.getPartials()), begin, count, part,
                                  outputTag(op.getPartials()));
        return success();
      })
      .Case([&](TaskAttentionOp op) { return attend(op); })
      .Case([&](TaskCombineSplitsOp op) { return combine(op); })
      .Case([&](TaskNextTokenOp op) -> LogicalResult {
        if (failed(expectWords(op.getPartials())))
          return failure();
        Value tag = inputTag(op.getPartials());
        emit<KernelNextTokenOp>(arg(op.getPartials()), tag, position());
        return success();
      })
      .Default([&](Operation *op) {
        return op->emitOpError("has no kernel body for a GPU");
      });
}

std::unique_ptr<BodyBuilder>
mlir::amk::makeGpuBodyBuilder(OpBuilder &builder, const BodyGroup &group,
                              const GpuBodyOptions &options) {
  return std::make_unique<GpuBodyBuilder>(builder, group, options);
}

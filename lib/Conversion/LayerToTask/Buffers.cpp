//===- Buffers.cpp - The buffers of a task graph --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Buffers.h"

#include "amk/Dialect/AMK/Transforms/Locations.h"

using namespace mlir;
using namespace mlir::amk;

StringAttr GraphBuffers::uniqueName(const Twine &name) {
  std::string text = name.str();
  unsigned count = names[text]++;
  return builder.getStringAttr(count == 0 ? text
                                          : text + "#" + std::to_string(count));
}

Value GraphBuffers::create(Location loc, BufferKind kind, const Twine &name,
                           ArrayRef<int64_t> shape, Type element,
                           StringAttr source) {
  return create(loc, MemRefType::get(shape, element), kind, name, source,
                DenseF32ArrayAttr(), FloatAttr());
}

Value GraphBuffers::create(Location loc, MemRefType type, BufferKind kind,
                           const Twine &name, StringAttr source,
                           DenseF32ArrayAttr invFreq, FloatAttr scale) {
  if (lastBuffer)
    builder.setInsertionPointAfter(lastBuffer);
  else
    builder.setInsertionPointToStart(&graph);
  auto buffer = BufferOp::create(
      builder, loc, type, BufferKindAttr::get(builder.getContext(), kind),
      uniqueName(name), source, /*worker=*/nullptr, /*capacity=*/nullptr,
      /*offset=*/nullptr, invFreq, scale, /*hand_off=*/nullptr);
  lastBuffer = buffer;
  return buffer;
}

Value GraphBuffers::define(OpResult result) {
  return define(result, cast<RankedTensorType>(result.getType()).getShape());
}

Value GraphBuffers::define(OpResult result, ArrayRef<int64_t> shape) {
  Operation *op = result.getOwner();
  auto type = cast<RankedTensorType>(result.getType());
  BufferKind kind = result == output.getLogits() ? BufferKind::Logits
                                                 : BufferKind::Activation;
  std::string name = labelOf(op);
  if (isa<FusedQKVOp>(op))
    name += ".query";
  else if (isa<FusedHeadOp>(op))
    name += ".logits";
  return buffers[result] =
             create(op->getLoc(), kind, name, shape, type.getElementType());
}

Value GraphBuffers::temporary(Operation *op, StringRef role,
                              ArrayRef<int64_t> shape, Type element) {
  return create(op->getLoc(), BufferKind::Activation, labelOf(op) + "." + role,
                shape, element);
}

void GraphBuffers::defineCache(LayerKVCacheOp cache) {
  KVCacheType type = cache.getType();
  buffers[cache] =
      create(cache.getLoc(), BufferKind::KVCache, labelOf(cache),
             {2, type.getHeads(), type.getPositions(), type.getDim()},
             type.getElement());
}

Value GraphBuffers::privateCache(LayerKVCacheOp cache, int64_t unit,
                                 ArrayRef<int64_t> shape, Type element) {
  return create(cache.getLoc(), BufferKind::KVCache,
                "layers." + Twine(cache.getLayer()) + ".kv." + Twine(unit),
                shape, element);
}

void GraphBuffers::defineRotary(LayerRotaryTableOp table) {
  Attribute definition =
      builder.getArrayAttr({table.getInvFreqAttr(), table.getScaleAttr()});
  RankedTensorType type = table.getType();
  Value &buffer = rotaryTables[{definition, type}];
  if (!buffer)
    buffer = create(table.getLoc(),
                    MemRefType::get(type.getShape(), type.getElementType()),
                    BufferKind::Rotary, labelOf(table), StringAttr(),
                    table.getInvFreqAttr(), table.getScaleAttr());
  buffers[table] = buffer;
}

Value GraphBuffers::parameter(Value weight, BufferKind kind, Operation *user,
                              StringRef role) {
  if (!weight)
    return {};
  auto op = weight.getDefiningOp<LayerWeightOp>();
  Value &buffer = parameters[{static_cast<int>(kind), op.getNameAttr()}];
  if (!buffer) {
    auto type = cast<RankedTensorType>(weight.getType());
    // Vectors are converted when they are loaded.
    Type element = kind == BufferKind::Vector ? builder.getF32Type()
                                              : type.getElementType();
    buffer = create(op.getLoc(), kind, labelOf(user) + "." + role,
                    type.getShape(), element, op.getNameAttr());
    if (element != type.getElementType())
      buffer.getDefiningOp()->setAttr(kSourceElementAttrName,
                                      TypeAttr::get(type.getElementType()));
  }
  return buffer;
}

Value GraphBuffers::token(int64_t count) {
  if (!tokenBuffer)
    tokenBuffer = create(output.getLoc(), BufferKind::Token, "token", {count},
                         builder.getI32Type());
  return tokenBuffer;
}

Value GraphBuffers::control() {
  if (!controlBuffer)
    controlBuffer = create(output.getLoc(), BufferKind::Control, "control", {1},
                           builder.getI32Type());
  return controlBuffer;
}

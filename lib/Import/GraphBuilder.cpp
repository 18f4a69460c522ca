//===- GraphBuilder.cpp - What the builders of all families share ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphBuilder.h"

#include "mlir/IR/Location.h"

#include <cmath>

using namespace mlir;
using namespace mlir::amk;

static Type elementType(Builder &builder, ::amk::DType dtype) {
  switch (dtype) {
  case ::amk::DType::F32:
    return builder.getF32Type();
  case ::amk::DType::F16:
    return builder.getF16Type();
  case ::amk::DType::BF16:
    return builder.getBF16Type();
  }
  llvm_unreachable("every dtype is handled");
}

/// The checkpoint tensors that no operation reads, with their types.
static DictionaryAttr derivedTensors(Builder &builder,
                                     const ::amk::Checkpoint &checkpoint) {
  SmallVector<NamedAttribute> derived;
  for (const auto &[name, tensor] : checkpoint.tensors)
    if (tensor.derived)
      derived.push_back(builder.getNamedAttr(
          name, TypeAttr::get(RankedTensorType::get(
                    tensor.shape, elementType(builder, tensor.dtype)))));
  return derived.empty() ? DictionaryAttr()
                         : builder.getDictionaryAttr(derived);
}

GraphBuilder::GraphBuilder(ModelOp model, const ::amk::Checkpoint &checkpoint,
                           int64_t context)
    : builder(model.getContext()), checkpoint(checkpoint),
      contextLength(context) {
  model.setDerivedTensorsAttr(derivedTensors(builder, checkpoint));
  block = builder.createBlock(&model.getBody());
  auto tokenType = RankedTensorType::get({1}, builder.getI32Type());
  block->addArgument(tokenType, loc("token"));
  block->addArgument(tokenType, loc("position"));
}

Location GraphBuilder::loc(const Twine &name) {
  return NameLoc::get(builder.getStringAttr(name));
}

RankedTensorType GraphBuilder::vectorType(int64_t size) {
  return RankedTensorType::get({1, size}, builder.getF32Type());
}

/// The features of an activation or the rows of a matrix.
static int64_t extent(Value value, unsigned dimension) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dimension);
}

Value GraphBuilder::weight(const Twine &tensor) {
  std::string name = tensor.str();
  Value &value = weights[name];
  if (!value) {
    const ::amk::CheckpointTensor &info = checkpoint.tensors.at(name);
    auto type =
        RankedTensorType::get(info.shape, elementType(builder, info.dtype));
    value = LayerWeightOp::create(builder, loc(name), type, name);
  }
  return value;
}

Value GraphBuilder::embed(StringRef name, Value table) {
  return LayerEmbedOp::create(builder, loc(name), vectorType(extent(table, 1)),
                              token(), table);
}

Value GraphBuilder::rmsNorm(const Twine &name, Value input, Value weight) {
  return LayerRmsNormOp::create(builder, loc(name), input.getType(), input,
                                weight,
                                builder.getF64FloatAttr(config().rmsEps));
}

Value GraphBuilder::linear(const Twine &name, Value input, Value weight) {
  return LayerLinearOp::create(builder, loc(name),
                               vectorType(extent(weight, 0)), input, weight);
}

Value GraphBuilder::rotaryTable(StringRef name) {
  std::vector<float> frequencies =
      ::amk::rotaryFrequencies(config().rope, config().headDim);
  auto type = RankedTensorType::get(
      {contextLength, 2, static_cast<int64_t>(frequencies.size())},
      builder.getF32Type());
  return LayerRotaryTableOp::create(builder, loc(name), type,
                                    builder.getDenseF32ArrayAttr(frequencies),
                                    builder.getF64FloatAttr(1.0));
}

Value GraphBuilder::rope(const Twine &name, Value input, Value table) {
  return LayerRopeOp::create(builder, loc(name), input.getType(), input, table,
                             position(),
                             builder.getI64IntegerAttr(config().headDim));
}

Value GraphBuilder::kvCache(const Twine &name, int64_t layer) {
  auto type =
      KVCacheType::get(builder.getContext(), config().kvHeads, contextLength,
                       config().headDim, builder.getF32Type());
  return LayerKVCacheOp::create(builder, loc(name), type,
                                builder.getI64IntegerAttr(layer));
}

Value GraphBuilder::kvAppend(const Twine &name, Value cache, Value key,
                             Value value) {
  return LayerKVAppendOp::create(builder, loc(name), cache.getType(), cache,
                                 key, value, position());
}

Value GraphBuilder::attention(const Twine &name, Value query, Value cache) {
  double scale = 1.0 / std::sqrt(static_cast<double>(config().headDim));
  return LayerAttentionOp::create(builder, loc(name), query.getType(), query,
                                  cache, position(),
                                  builder.getF64FloatAttr(scale));
}

Value GraphBuilder::gatedActivation(const Twine &name, Value gate, Value up) {
  return LayerGatedActivationOp::create(builder, loc(name), up.getType(),
                                        Activation::Silu, gate, up);
}

Value GraphBuilder::add(const Twine &name, Value lhs, Value rhs) {
  return LayerAddOp::create(builder, loc(name), lhs.getType(), lhs, rhs);
}

void GraphBuilder::finish(StringRef name, Value logits) {
  auto tokenType = RankedTensorType::get({1}, builder.getI32Type());
  Value next = LayerArgmaxOp::create(builder, loc(name), tokenType, logits);
  LayerOutputOp::create(builder, loc("output"), next, logits);
}

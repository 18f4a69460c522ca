//===- LayerOps.cpp - Verifiers of the layer and fused layer level --------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::amk;

//===----------------------------------------------------------------------===//
// Shared checks. Shapes are static at this level; dimension 0 of a vector
// counts tokens.
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t features(Value vector) { return shapeOf(vector)[1]; }

/// A matrix [rows, columns] of weights; rows = -1 accepts any.
static LogicalResult verifyMatrix(Operation *op, StringRef name, Value weight,
                                  int64_t rows, int64_t columns) {
  ArrayRef<int64_t> shape = shapeOf(weight);
  if (shape.size() != 2)
    return op->emitOpError()
           << "expects a matrix as " << name << ", found " << weight.getType();
  if (rows >= 0 && shape[0] != rows)
    return op->emitOpError() << "expects " << rows << " rows of " << name
                             << ", found " << weight.getType();
  if (shape[1] != columns)
    return op->emitOpError()
           << "expects " << columns << " columns of " << name
           << ", as many as the input has features, found " << weight.getType();
  return success();
}

static LogicalResult verifyFeatures(Operation *op, StringRef name, Value value,
                                    int64_t expected) {
  if (features(value) != expected)
    return op->emitOpError() << "expects " << expected << " features of "
                             << name << ", found " << value.getType();
  return success();
}

static LogicalResult verifySameTokens(Operation *op, Value a, Value b) {
  if (shapeOf(a)[0] != shapeOf(b)[0])
    return op->emitOpError() << "expects the same number of tokens in "
                             << a.getType() << " and " << b.getType();
  return success();
}

static LogicalResult verifyNorm(Operation *op, Value input, Value weight,
                                FloatAttr epsilon) {
  ArrayRef<int64_t> shape = shapeOf(weight);
  if (shape.size() != 1 || shape[0] != features(input))
    return op->emitOpError() << "expects a norm weight of " << features(input)
                             << " elements, found " << weight.getType();
  double value = epsilon.getValueAsDouble();
  if (!(value > 0.0 && value < 1.0))
    return op->emitOpError() << "expects 0 < epsilon < 1, found " << value;
  return success();
}

/// Matrices that share one stream have one element type.
static LogicalResult verifyOneElementType(Operation *op, ValueRange weights) {
  Type first = getElementTypeOrSelf(weights.front());
  for (Value weight : weights)
    if (getElementTypeOrSelf(weight) != first)
      return op->emitOpError()
             << "expects weights of one element type, found "
             << weights.front().getType() << " and " << weight.getType();
  return success();
}

/// The optional prologue of fused operations.
template <typename OpTy>
static LogicalResult verifyNormPrologue(OpTy op) {
  if (static_cast<bool>(op.getNorm()) != op.getEpsilon().has_value())
    return op.emitOpError() << "expects norm and epsilon together";
  if (!op.getNorm())
    return success();
  return verifyNorm(op, op.getInput(), op.getNorm(), op.getEpsilonAttr());
}

static LogicalResult verifyTable(Operation *op, Value table, int64_t headDim) {
  ArrayRef<int64_t> shape = shapeOf(table);
  if (headDim < 2 || headDim % 2 != 0)
    return op->emitOpError() << "expects an even head_dim, found " << headDim;
  if (shape[1] != 2 || shape[2] != headDim / 2)
    return op->emitOpError() << "expects a rotary table [positions, 2, "
                             << headDim / 2 << "], found " << table.getType();
  return success();
}

static LogicalResult verifyCacheStep(Operation *op, Type before, Type after) {
  if (before != after)
    return op->emitOpError() << "expects the cache to keep its type " << before
                             << ", found " << after;
  return success();
}

//===----------------------------------------------------------------------===//
// Model
//===----------------------------------------------------------------------===//

LogicalResult ModelOp::verifyRegions() {
  Block &block = getBody().front();
  auto isToken = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 1 &&
           tensor.getElementType().isInteger(32);
  };
  if (block.getNumArguments() != 2 ||
      !llvm::all_of(block.getArgumentTypes(), isToken))
    return emitOpError("expects two block arguments, token ids and positions, "
                       "each tensor<?xi32>");
  if (block.empty() || !isa<LayerOutputOp>(block.back()))
    return emitOpError("expects amk.layer.output at the end");
  for (Operation &op : block)
    if (isa<LayerOutputOp>(op) && &op != &block.back())
      return op.emitOpError("is only allowed at the end of a model");
  return success();
}

//===----------------------------------------------------------------------===//
// Layer level
//===----------------------------------------------------------------------===//

LogicalResult LayerRotaryTableOp::verify() {
  ArrayRef<int64_t> shape = getType().getShape();
  int64_t pairs = getInvFreq().size();
  if (shape[1] != 2 || shape[2] != pairs)
    return emitOpError() << "expects a result [positions, 2, " << pairs
                         << "] for " << pairs << " frequencies, found "
                         << getType();
  return success();
}

LogicalResult LayerEmbedOp::verify() {
  if (shapeOf(getTable()).size() != 2)
    return emitOpError() << "expects a matrix as table, found "
                         << getTable().getType();
  if (shapeOf(getToken())[0] != shapeOf(getResult())[0])
    return emitOpError() << "expects one row per token";
  return verifyFeatures(*this, "the result", getResult(),
                        shapeOf(getTable())[1]);
}

LogicalResult LayerRmsNormOp::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "expects the result to have the input's type";
  return verifyNorm(*this, getInput(), getWeight(), getEpsilonAttr());
}

LogicalResult LayerLinearOp::verify() {
  if (failed(verifySameTokens(*this, getInput(), getResult())))
    return failure();
  return verifyMatrix(*this, "weight", getWeight(), features(getResult()),
                      features(getInput()));
}

LogicalResult LayerRopeOp::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "expects the result to have the input's type";
  if (failed(verifyTable(*this, getTable(), getHeadDim())))
    return failure();
  if (features(getInput()) % getHeadDim() != 0)
    return emitOpError() << "expects whole heads of " << getHeadDim()
                         << " features, found " << getInput().getType();
  return success();
}

LogicalResult LayerKVAppendOp::verify() {
  KVCacheType cache = getCache().getType();
  int64_t width = cache.getHeads() * cache.getDim();
  if (failed(verifyFeatures(*this, "the key", getKey(), width)) ||
      failed(verifyFeatures(*this, "the value", getValue(), width)))
    return failure();
  return verifyCacheStep(*this, cache, getResult().getType());
}

LogicalResult LayerAttentionOp::verify() {
  KVCacheType cache = getCache().getType();
  if (getQuery().getType() != getResult().getType())
    return emitOpError() << "expects the result to have the query's type";
  if (features(getQuery()) % (cache.getHeads() * cache.getDim()) != 0)
    return emitOpError() << "expects a multiple of " << cache.getHeads()
                         << " query heads of " << cache.getDim()
                         << " features, found " << getQuery().getType();
  return success();
}

LogicalResult LayerGatedActivationOp::verify() {
  if (getGate().getType() != getUp().getType() ||
      getGate().getType() != getResult().getType())
    return emitOpError() << "expects gate, up and result of one type";
  return success();
}

//===----------------------------------------------------------------------===//
// Fused layer level
//===----------------------------------------------------------------------===//

LogicalResult FusedLinearOp::verify() {
  if (failed(verifyNormPrologue(*this)) ||
      failed(verifySameTokens(*this, getInput(), getResult())))
    return failure();
  if (getResidual() && getResidual().getType() != getResult().getType())
    return emitOpError() << "expects the residual to have the result's type";
  return verifyMatrix(*this, "weight", getWeight(), features(getResult()),
                      features(getInput()));
}

LogicalResult FusedQKVOp::verify() {
  KVCacheType cache = getCache().getType();
  int64_t width = cache.getHeads() * cache.getDim();
  int64_t columns = features(getInput());
  if (failed(verifyNormPrologue(*this)) ||
      failed(verifySameTokens(*this, getInput(), getQuery())) ||
      failed(verifyMatrix(*this, "query_weight", getQueryWeight(),
                          features(getQuery()), columns)) ||
      failed(
          verifyMatrix(*this, "key_weight", getKeyWeight(), width, columns)) ||
      failed(verifyMatrix(*this, "value_weight", getValueWeight(), width,
                          columns)) ||
      failed(verifyTable(*this, getTable(), cache.getDim())) ||
      failed(verifyOneElementType(
          *this, {getQueryWeight(), getKeyWeight(), getValueWeight()})))
    return failure();
  if (features(getQuery()) % width != 0)
    return emitOpError() << "expects a multiple of " << cache.getHeads()
                         << " query heads of " << cache.getDim()
                         << " features, found " << getQuery().getType();
  return verifyCacheStep(*this, cache, getResultCache().getType());
}

LogicalResult FusedGatedLinearOp::verify() {
  int64_t columns = features(getInput()), rows = features(getResult());
  if (failed(verifyNormPrologue(*this)) ||
      failed(verifySameTokens(*this, getInput(), getResult())) ||
      failed(
          verifyMatrix(*this, "gate_weight", getGateWeight(), rows, columns)) ||
      failed(verifyOneElementType(*this, {getGateWeight(), getUpWeight()})))
    return failure();
  return verifyMatrix(*this, "up_weight", getUpWeight(), rows, columns);
}

LogicalResult FusedHeadOp::verify() {
  if (failed(verifyNormPrologue(*this)) ||
      failed(verifySameTokens(*this, getInput(), getLogits())))
    return failure();
  return verifyMatrix(*this, "weight", getWeight(), features(getLogits()),
                      features(getInput()));
}

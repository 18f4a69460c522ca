//===- TaskOps.cpp - Verifiers, accesses and weights of tasks -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/AMK.h"

using namespace mlir;
using namespace mlir::amk;
using ::amk::abi::PackRows;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static MemRefType typeOf(Value buffer) {
  return cast<MemRefType>(buffer.getType());
}

static ArrayRef<int64_t> shapeOf(Value buffer) {
  return typeOf(buffer).getShape();
}

static int64_t elementBytes(Value buffer) {
  return typeOf(buffer).getElementTypeBitWidth() / 8;
}

/// Elements of a vector buffer.
static int64_t lengthOf(Value buffer) {
  return typeOf(buffer).getNumElements();
}

namespace {
/// A cache buffer [2, heads, positions, dim].
struct CacheShape {
  explicit CacheShape(Value cache)
      : heads(shapeOf(cache)[1]), positions(shapeOf(cache)[2]),
        dim(shapeOf(cache)[3]) {}
  int64_t heads, positions, dim;
  /// Bytes of one head's rows.
  int64_t headBytes() const { return positions * dim * 4; }
};
} // namespace

//===----------------------------------------------------------------------===//
// Access builders
//===----------------------------------------------------------------------===//

using Accesses = SmallVectorImpl<BufferAccess>;

static void addWhole(Accesses &accesses, Value buffer, bool isWrite) {
  int64_t bytes = byteSize(typeOf(buffer));
  accesses.push_back({buffer, isWrite, 0, 1, bytes, bytes});
}

/// Elements [begin, end) of a vector.
static void addElements(Accesses &accesses, Value buffer, bool isWrite,
                        int64_t begin, int64_t end) {
  int64_t size = elementBytes(buffer), bytes = (end - begin) * size;
  accesses.push_back({buffer, isWrite, begin * size, 1, bytes, bytes});
}

/// All positions of kv heads [begin, end), keys and values. The row that a
/// step touches depends on the run, so the whole head stands for it.
static void addCacheHeads(Accesses &accesses, Value cache, bool isWrite,
                          int64_t begin, int64_t end) {
  CacheShape shape(cache);
  accesses.push_back({cache, isWrite, begin * shape.headBytes(), 2,
                      (end - begin) * shape.headBytes(),
                      shape.heads * shape.headBytes()});
}

namespace {
/// A run of rotary pairs inside one head: elements i in [first, last) of both
/// halves.
struct PairRun {
  int64_t head, first, last;
};
} // namespace

/// Cuts pairs [begin, end) of heads with `half` pairs each into runs.
static SmallVector<PairRun> pairRuns(int64_t begin, int64_t end, int64_t half) {
  SmallVector<PairRun> runs;
  while (begin < end) {
    int64_t head = begin / half;
    int64_t last = std::min(end, (head + 1) * half);
    runs.push_back({head, begin - head * half, last - head * half});
    begin = last;
  }
  return runs;
}

/// Query elements of a run: both halves of its head.
static void addQueryRun(Accesses &accesses, Value query, const PairRun &run,
                        int64_t dim) {
  accesses.push_back({query, /*isWrite=*/true,
                      (run.head * dim + run.first) * 4, 2,
                      (run.last - run.first) * 4, dim * 2});
}

/// Key (plane 0) or value (plane 1) elements of a run, at every position.
static void addCacheRun(Accesses &accesses, Value cache, const PairRun &run,
                        int64_t plane, int64_t head) {
  CacheShape shape(cache);
  int64_t base = (plane * shape.heads + head) * shape.headBytes();
  // Rows of positions alternate halves: row 2p is the first half of position
  // p, row 2p + 1 the second, both dim / 2 elements apart.
  accesses.push_back({cache, /*isWrite=*/true, base + run.first * 4,
                      2 * shape.positions, (run.last - run.first) * 4,
                      shape.dim * 2});
}

//===----------------------------------------------------------------------===//
// Verification helpers
//===----------------------------------------------------------------------===//

static LogicalResult verifyRange(Operation *op, RangeAttr range,
                                 int64_t units) {
  if (range.getEnd() > units)
    return op->emitOpError() << "covers units [" << range.getBegin() << ", "
                             << range.getEnd() << ") of " << units;
  return success();
}

static LogicalResult verifyTile(Operation *op, int64_t tileRows) {
  if (tileRows < 2 || tileRows > 64 || tileRows % 2 != 0)
    return op->emitOpError()
           << "expects an even tile of 2 to 64 rows, found " << tileRows;
  return success();
}

static LogicalResult verifyLength(Operation *op, StringRef name, Value buffer,
                                  int64_t length) {
  if (lengthOf(buffer) != length)
    return op->emitOpError() << "expects " << length << " elements of " << name
                             << ", found " << buffer.getType();
  return success();
}

static LogicalResult verifyMatrix(Operation *op, StringRef name, Value weight,
                                  int64_t rows, int64_t columns) {
  ArrayRef<int64_t> shape = shapeOf(weight);
  if (shape.size() != 2 || (rows >= 0 && shape[0] != rows) ||
      shape[1] != columns) {
    InFlightDiagnostic diag = op->emitOpError() << "expects a matrix [";
    if (rows >= 0)
      diag << rows;
    else
      diag << "rows";
    return diag << ", " << columns << "] as " << name << ", found "
                << weight.getType();
  }
  return success();
}

template <typename OpTy>
static LogicalResult verifyNorm(OpTy op) {
  if (static_cast<bool>(op.getNorm()) != op.getEpsilon().has_value())
    return op.emitOpError() << "expects norm and epsilon together";
  if (!op.getNorm())
    return success();
  return verifyLength(op, "norm", op.getNorm(), lengthOf(op.getInput()));
}

static LogicalResult verifyCache(Operation *op, Value cache) {
  ArrayRef<int64_t> shape = shapeOf(cache);
  if (shape.size() != 4 || shape[0] != 2)
    return op->emitOpError()
           << "expects a cache [2, heads, positions, dim], found "
           << cache.getType();
  return success();
}

static LogicalResult verifyRotary(Operation *op, Value table, int64_t dim) {
  ArrayRef<int64_t> shape = shapeOf(table);
  if (dim % 2 != 0 || shape.size() != 3 || shape[1] != 2 || shape[2] != dim / 2)
    return op->emitOpError() << "expects a rotary table [positions, 2, "
                             << dim / 2 << "], found " << table.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Buffer
//===----------------------------------------------------------------------===//

int64_t BufferOp::getBytes() { return byteSize(typeOf(getResult())); }

bool BufferOp::isMutable() {
  switch (addressSpace(getKind())) {
  case ::amk::abi::Space::Arena:
  case ::amk::abi::Space::KVCache:
  case ::amk::abi::Space::IO:
    return true;
  default:
    return false;
  }
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitOpError() << "expects a static, contiguous shape, found "
                         << type;
  bool named = getKind() == BufferKind::Weight ||
               getKind() == BufferKind::Table ||
               getKind() == BufferKind::Vector;
  if (named != getSource().has_value())
    return emitOpError() << (named ? "expects" : "does not take")
                         << " a source for kind "
                         << stringifyBufferKind(getKind());
  if ((getKind() == BufferKind::Rotary) != getInvFreq().has_value())
    return emitOpError() << "expects inv_freq and scale for rotary tables, and "
                            "only for them";
  if (getOffset() && static_cast<int64_t>(*getOffset()) < 0)
    return emitOpError() << "expects a non-negative offset, found "
                         << static_cast<int64_t>(*getOffset());
  return success();
}

//===----------------------------------------------------------------------===//
// Tasks without weights
//===----------------------------------------------------------------------===//

#define AMK_NO_WEIGHTS(OpTy)                                                   \
  std::optional<WeightUse> OpTy::getWeightUse() { return std::nullopt; }

AMK_NO_WEIGHTS(TaskGateOp)
AMK_NO_WEIGHTS(TaskEmbedOp)
AMK_NO_WEIGHTS(TaskRmsNormOp)
AMK_NO_WEIGHTS(TaskRopeOp)
AMK_NO_WEIGHTS(TaskKVAppendOp)
AMK_NO_WEIGHTS(TaskAttentionOp)
AMK_NO_WEIGHTS(TaskAttentionCombineOp)
AMK_NO_WEIGHTS(TaskGatedActivationOp)
AMK_NO_WEIGHTS(TaskAddOp)
AMK_NO_WEIGHTS(TaskArgmaxOp)
AMK_NO_WEIGHTS(TaskArgmaxCombineOp)
#undef AMK_NO_WEIGHTS

LogicalResult TaskGateOp::verify() { return success(); }

void TaskGateOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getControl(), false);
}

LogicalResult TaskEmbedOp::verify() {
  if (failed(verifyRange(*this, getUnits(), lengthOf(getOut()))))
    return failure();
  return verifyMatrix(*this, "table", getTable(), -1, lengthOf(getOut()));
}

void TaskEmbedOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getToken(), false);
  addElements(accesses, getOut(), true, getUnits().getBegin(),
              getUnits().getEnd());
}

LogicalResult TaskRmsNormOp::verify() {
  if (failed(verifyLength(*this, "weight", getWeight(), lengthOf(getInput()))))
    return failure();
  return verifyLength(*this, "out", getOut(), lengthOf(getInput()));
}

void TaskRmsNormOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getInput(), false);
  addWhole(accesses, getOut(), true);
}

LogicalResult TaskRopeOp::verify() {
  if (failed(verifyRotary(*this, getTable(), getHeadDim())) ||
      failed(verifyLength(*this, "out", getOut(), lengthOf(getInput()))))
    return failure();
  if (lengthOf(getInput()) % getHeadDim() != 0)
    return emitOpError() << "expects whole heads of " << getHeadDim()
                         << " elements, found " << getInput().getType();
  return verifyRange(*this, getUnits(), lengthOf(getInput()) / getHeadDim());
}

void TaskRopeOp::getAccesses(Accesses &accesses) {
  int64_t dim = getHeadDim();
  int64_t begin = getUnits().getBegin() * dim, end = getUnits().getEnd() * dim;
  addElements(accesses, getInput(), false, begin, end);
  addElements(accesses, getOut(), true, begin, end);
}

LogicalResult TaskKVAppendOp::verify() {
  if (failed(verifyCache(*this, getCache())))
    return failure();
  CacheShape shape(getCache());
  if (failed(verifyLength(*this, "key", getKey(), shape.heads * shape.dim)) ||
      failed(verifyLength(*this, "value", getValue(), shape.heads * shape.dim)))
    return failure();
  return verifyRange(*this, getUnits(), shape.heads);
}

void TaskKVAppendOp::getAccesses(Accesses &accesses) {
  int64_t dim = CacheShape(getCache()).dim;
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addElements(accesses, getKey(), false, begin * dim, end * dim);
  addElements(accesses, getValue(), false, begin * dim, end * dim);
  addCacheHeads(accesses, getCache(), true, begin, end);
}

LogicalResult TaskAttentionOp::verify() {
  if (failed(verifyCache(*this, getCache())))
    return failure();
  CacheShape shape(getCache());
  int64_t splits = getSplits(), query = lengthOf(getQuery());
  if (splits < 1 || splits > 64)
    return emitOpError() << "expects 1 to 64 splits, found " << splits;
  if (query % (shape.heads * shape.dim) != 0)
    return emitOpError() << "expects a multiple of " << shape.heads
                         << " query heads of " << shape.dim
                         << " elements, found " << getQuery().getType();
  int64_t heads = query / shape.dim;
  int64_t out = splits == 1 ? query : heads * splits * (shape.dim + 2);
  if (failed(verifyLength(*this, "out", getOut(), out)))
    return failure();
  return verifyRange(*this, getUnits(), shape.heads * splits);
}

void TaskAttentionOp::getAccesses(Accesses &accesses) {
  CacheShape shape(getCache());
  int64_t splits = getSplits();
  int64_t group = lengthOf(getQuery()) / shape.dim / shape.heads;
  int64_t firstHead = getUnits().getBegin() / splits;
  int64_t lastHead = llvm::divideCeil(getUnits().getEnd(), splits);
  addElements(accesses, getQuery(), false, firstHead * group * shape.dim,
              lastHead * group * shape.dim);
  addCacheHeads(accesses, getCache(), false, firstHead, lastHead);
  if (splits == 1)
    return addElements(accesses, getOut(), true,
                       firstHead * group * shape.dim,
                       lastHead * group * shape.dim);
  // Partials [heads, splits, dim + 2]: one run of splits per query head.
  int64_t row = (shape.dim + 2) * 4;
  for (int64_t head = firstHead; head < lastHead; ++head) {
    int64_t first = std::max(getUnits().getBegin() - head * splits, int64_t(0));
    int64_t last = std::min(getUnits().getEnd() - head * splits, splits);
    accesses.push_back({getOut(), true,
                        (head * group * splits + first) * row, group,
                        (last - first) * row, splits * row});
  }
}

LogicalResult TaskAttentionCombineOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  if (shape.size() != 3 || shape[2] <= 2)
    return emitOpError() << "expects partials [heads, splits, dim + 2], found "
                         << getPartials().getType();
  if (failed(verifyLength(*this, "out", getOut(), shape[0] * (shape[2] - 2))))
    return failure();
  return verifyRange(*this, getUnits(), shape[0]);
}

void TaskAttentionCombineOp::getAccesses(Accesses &accesses) {
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  int64_t row = shape[1] * shape[2], dim = shape[2] - 2;
  addElements(accesses, getPartials(), false, begin * row, end * row);
  addElements(accesses, getOut(), true, begin * dim, end * dim);
}

LogicalResult TaskGatedActivationOp::verify() {
  int64_t length = lengthOf(getOut());
  if (failed(verifyLength(*this, "gate", getGate(), length)) ||
      failed(verifyLength(*this, "up", getUp(), length)))
    return failure();
  return verifyRange(*this, getUnits(), length);
}

void TaskGatedActivationOp::getAccesses(Accesses &accesses) {
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addElements(accesses, getGate(), false, begin, end);
  addElements(accesses, getUp(), false, begin, end);
  addElements(accesses, getOut(), true, begin, end);
}

LogicalResult TaskAddOp::verify() {
  int64_t length = lengthOf(getOut());
  if (failed(verifyLength(*this, "lhs", getLhs(), length)) ||
      failed(verifyLength(*this, "rhs", getRhs(), length)))
    return failure();
  return verifyRange(*this, getUnits(), length);
}

void TaskAddOp::getAccesses(Accesses &accesses) {
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addElements(accesses, getLhs(), false, begin, end);
  addElements(accesses, getRhs(), false, begin, end);
  addElements(accesses, getOut(), true, begin, end);
}

LogicalResult TaskArgmaxOp::verify() { return success(); }

void TaskArgmaxOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getLogits(), false);
  addWhole(accesses, getToken(), true);
  addWhole(accesses, getControl(), true);
}

LogicalResult TaskArgmaxCombineOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  if (shape.size() != 2 || shape[1] != 2)
    return emitOpError() << "expects partials [parts, 2], found "
                         << getPartials().getType();
  return success();
}

void TaskArgmaxCombineOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getPartials(), false);
  addWhole(accesses, getToken(), true);
  addWhole(accesses, getControl(), true);
}

//===----------------------------------------------------------------------===//
// Tasks with weights
//===----------------------------------------------------------------------===//

static WeightUse plainUse(ValueRange weights, PackRows rowMap, int64_t tileRows,
                          RangeAttr units, int64_t headDim = 0) {
  WeightUse use;
  use.weights.assign(weights.begin(), weights.end());
  use.rowMap = rowMap;
  use.tileRows = tileRows;
  use.headDim = headDim;
  use.unitBegin = units.getBegin();
  use.unitCount = units.size();
  use.columns = shapeOf(weights.front())[1];
  use.element = typeOf(weights.front()).getElementType();
  return use;
}

LogicalResult TaskLinearOp::verify() {
  int64_t rows = lengthOf(getOut());
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(verifyMatrix(*this, "weight", getWeight(), rows,
                          lengthOf(getInput()))) ||
      (getResidual() &&
       failed(verifyLength(*this, "residual", getResidual(), rows))))
    return failure();
  return verifyRange(*this, getUnits(), rows);
}

void TaskLinearOp::getAccesses(Accesses &accesses) {
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addWhole(accesses, getInput(), false);
  if (getResidual())
    addElements(accesses, getResidual(), false, begin, end);
  addElements(accesses, getOut(), true, begin, end);
}

std::optional<WeightUse> TaskLinearOp::getWeightUse() {
  return plainUse(getWeight(), PackRows::Plain, getTileRows(), getUnits());
}

LogicalResult TaskQKVOp::verify() {
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(verifyCache(*this, getCache())))
    return failure();
  CacheShape shape(getCache());
  int64_t columns = lengthOf(getInput()), query = lengthOf(getQuery());
  int64_t width = shape.heads * shape.dim;
  if (failed(verifyRotary(*this, getTable(), shape.dim)) ||
      failed(verifyMatrix(*this, "query_weight", getQueryWeight(), query,
                          columns)) ||
      failed(verifyMatrix(*this, "key_weight", getKeyWeight(), width,
                          columns)) ||
      failed(verifyMatrix(*this, "value_weight", getValueWeight(), width,
                          columns)))
    return failure();
  Type element = typeOf(getQueryWeight()).getElementType();
  if (typeOf(getKeyWeight()).getElementType() != element ||
      typeOf(getValueWeight()).getElementType() != element)
    return emitOpError() << "expects weights of one element type";
  return verifyRange(*this, getUnits(), (query + 2 * width) / 2);
}

void TaskQKVOp::getAccesses(Accesses &accesses) {
  CacheShape shape(getCache());
  int64_t queryHeads = lengthOf(getQuery()) / shape.dim;
  addWhole(accesses, getInput(), false);
  for (const PairRun &run : pairRuns(getUnits().getBegin(), getUnits().getEnd(),
                                     shape.dim / 2)) {
    if (run.head < queryHeads) {
      addQueryRun(accesses, getQuery(), run, shape.dim);
      continue;
    }
    int64_t head = run.head - queryHeads;
    addCacheRun(accesses, getCache(), run, /*plane=*/head / shape.heads,
                head % shape.heads);
  }
}

std::optional<WeightUse> TaskQKVOp::getWeightUse() {
  return plainUse({getQueryWeight(), getKeyWeight(), getValueWeight()},
                  PackRows::RotaryPairs, getTileRows(), getUnits(),
                  CacheShape(getCache()).dim);
}

LogicalResult TaskGatedLinearOp::verify() {
  int64_t rows = lengthOf(getOut()), columns = lengthOf(getInput());
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(verifyMatrix(*this, "gate_weight", getGateWeight(), rows,
                          columns)) ||
      failed(verifyMatrix(*this, "up_weight", getUpWeight(), rows, columns)))
    return failure();
  if (typeOf(getGateWeight()).getElementType() !=
      typeOf(getUpWeight()).getElementType())
    return emitOpError() << "expects weights of one element type";
  return verifyRange(*this, getUnits(), rows);
}

void TaskGatedLinearOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getInput(), false);
  addElements(accesses, getOut(), true, getUnits().getBegin(),
              getUnits().getEnd());
}

std::optional<WeightUse> TaskGatedLinearOp::getWeightUse() {
  return plainUse({getGateWeight(), getUpWeight()}, PackRows::Gated,
                  getTileRows(), getUnits());
}

LogicalResult TaskHeadOp::verify() {
  int64_t rows = lengthOf(getLogits());
  ArrayRef<int64_t> partials = shapeOf(getPartials());
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(verifyMatrix(*this, "weight", getWeight(), rows,
                          lengthOf(getInput()))))
    return failure();
  if (partials.size() != 2 || partials[0] != getPhase().getParts() ||
      partials[1] != 2)
    return emitOpError() << "expects partials [" << getPhase().getParts()
                         << ", 2], found " << getPartials().getType();
  return verifyRange(*this, getUnits(), rows);
}

void TaskHeadOp::getAccesses(Accesses &accesses) {
  int64_t part = getPhase().getPart();
  addWhole(accesses, getInput(), false);
  addElements(accesses, getLogits(), true, getUnits().getBegin(),
              getUnits().getEnd());
  addElements(accesses, getPartials(), true, 2 * part, 2 * part + 2);
}

std::optional<WeightUse> TaskHeadOp::getWeightUse() {
  return plainUse(getWeight(), PackRows::Plain, getTileRows(), getUnits());
}

//===- TaskOps.cpp - Buffers and tasks without weights -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TaskSupport.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::task;

//===----------------------------------------------------------------------===//
// Buffer
//===----------------------------------------------------------------------===//

void BufferOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), getName());
}

int64_t BufferOp::getBytes() {
  return lengthOf(getResult()) * elementBytes(getResult());
}

bool BufferOp::isMutable() {
  switch (addressSpace(getKind())) {
  case ::amk::abi::Space::Arena:
  case ::amk::abi::Space::KVCache:
  case ::amk::abi::Space::IO:
  case ::amk::abi::Space::Shared:
    return true;
  default:
    return false;
  }
}

/// Everything that is computed from shapes relies on this: there are no empty
/// buffers to divide by, and no product of sizes overflows.
static bool hasCountableSize(BufferOp buffer, MemRefType type) {
  int64_t bits = buffer.getHandOff() == HandOff::Tag
                     ? 8 * kWordBytes
                     : type.getElementTypeBitWidth();
  return llvm::all_of(type.getShape(), [&](int64_t size) {
    return size > 0 && !llvm::MulOverflow(bits, size, bits);
  });
}

/// [positions, 2, frequencies]
static bool isRotaryShape(ArrayRef<int64_t> shape, int64_t frequencies) {
  return shape.size() == 3 && shape[1] == 2 && shape[2] == frequencies;
}

/// Where a buffer lies, beside its kind: worker, capacity and offset.
static LogicalResult verifyPlace(BufferOp buffer) {
  BufferKind kind = buffer.getKind();
  StringRef name = stringifyBufferKind(kind);
  bool isShared = kind == BufferKind::Shared, isRing = kind == BufferKind::Ring;
  auto isNegative = [](std::optional<uint64_t> value) {
    return value && static_cast<int64_t>(*value) < 0;
  };
  if ((isShared || isRing) && isa_and_nonnull<GraphOp>(buffer->getParentOp()))
    return buffer.emitOpError()
           << "expects a schedule around kind " << name << ", found a graph";
  if (isShared && !buffer.getWorker())
    return buffer.emitOpError() << "expects a worker for kind " << name;
  if (buffer.getWorker() && !isShared && !isRing)
    return buffer.emitOpError() << "does not take a worker for kind " << name;
  if (isNegative(buffer.getWorker()))
    return buffer.emitOpError() << "expects a non-negative worker, found "
                                << static_cast<int64_t>(*buffer.getWorker());
  if (isRing != buffer.getCapacity().has_value())
    return buffer.emitOpError() << (isRing ? "expects" : "does not take")
                                << " a capacity for kind " << name;
  if (isRing && static_cast<int64_t>(*buffer.getCapacity()) < 1)
    return buffer.emitOpError() << "expects a capacity from 1 on, found "
                                << static_cast<int64_t>(*buffer.getCapacity());
  if (isRing && buffer.getOffset())
    return buffer.emitOpError() << "does not take an offset for kind " << name;
  if (isNegative(buffer.getOffset()))
    return buffer.emitOpError() << "expects a non-negative offset, found "
                                << static_cast<int64_t>(*buffer.getOffset());
  return success();
}

/// A word has 32 bits beside its tag.
static LogicalResult verifyHandOff(BufferOp buffer) {
  if (!buffer.getHandOff())
    return success();
  if (buffer.getKind() != BufferKind::Activation)
    return buffer.emitOpError() << "does not take a hand_off for kind "
                                << stringifyBufferKind(buffer.getKind());
  Type element = typeOf(buffer.getResult()).getElementType();
  if (buffer.getHandOff() == HandOff::Tag && !element.isF32() &&
      !element.isInteger(32))
    return buffer.emitOpError()
           << "expects f32 or i32 with `hand_off tag`, found " << element;
  return success();
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return emitOpError() << "expects a static, contiguous shape, found "
                         << type;
  if (!hasCountableSize(*this, type))
    return emitOpError() << "expects sizes from 1 on and less than 2^63 bits, "
                            "found "
                         << type;
  bool named = getKind() == BufferKind::Weight ||
               getKind() == BufferKind::Table ||
               getKind() == BufferKind::Vector;
  if (named != getSource().has_value())
    return emitOpError() << (named ? "expects" : "does not take")
                         << " a source for kind "
                         << stringifyBufferKind(getKind());
  bool isRotary = getKind() == BufferKind::Rotary;
  if (isRotary != getInvFreq().has_value() ||
      isRotary != getScale().has_value())
    return emitOpError() << "expects inv_freq and scale for rotary tables, and "
                            "only for them";
  if (isRotary && !isRotaryShape(type.getShape(), getInvFreq()->size()))
    return emitOpError() << "expects a shape [positions, 2, "
                         << getInvFreq()->size() << "] for "
                         << getInvFreq()->size() << " frequencies, found "
                         << type;
  bool isRaw =
      type.getElementType().isInteger(8) || type.getElementType().isInteger(64);
  if (isRaw && addressSpace(getKind()) != ::amk::abi::Space::Arena &&
      addressSpace(getKind()) != ::amk::abi::Space::Shared)
    return emitOpError() << "expects f32, f16, bf16 or i32 for kind "
                         << stringifyBufferKind(getKind()) << ", found "
                         << type;
  if (failed(verifyHandOff(*this)))
    return failure();
  return verifyPlace(*this);
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

LogicalResult TaskGateOp::verify() {
  return verifyRoles(*this, {{"control", getControl(), kControl}});
}

void TaskGateOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getControl(), AccessMode::ReadPrevious);
}

LogicalResult TaskEmbedOp::verify() {
  if (failed(verifyRoles(*this, {{"token", getToken(), kToken},
                                 {"table", getTable(), kTable},
                                 {"out", getOut(), kData}})))
    return failure();
  if (failed(verifyRange(*this, getUnits(), lengthOf(getOut()))))
    return failure();
  int64_t tokens = lengthOf(getToken()), part = getPhase().getPart();
  if (tokens != 1 && part >= tokens)
    return emitOpError() << "expects one token or one for part " << part
                         << ", found " << getToken().getType();
  return verifyMatrix(*this, "table", getTable(), -1, lengthOf(getOut()));
}

void TaskEmbedOp::getAccesses(Accesses &accesses) {
  int64_t token = lengthOf(getToken()) == 1 ? 0 : getPhase().getPart();
  addElements(accesses, getToken(), AccessMode::ReadPrevious, token, token + 1);
  addElements(accesses, getOut(), AccessMode::Write, getUnits().getBegin(),
              getUnits().getEnd());
}

LogicalResult TaskRmsNormOp::verify() {
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"weight", getWeight(), kVector},
                                 {"out", getOut(), kData}})))
    return failure();
  if (failed(verifyLength(*this, "weight", getWeight(), lengthOf(getInput()))))
    return failure();
  return verifyLength(*this, "out", getOut(), lengthOf(getInput()));
}

void TaskRmsNormOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getInput(), AccessMode::Read);
  addWhole(accesses, getOut(), AccessMode::Write);
}

LogicalResult TaskRopeOp::verify() {
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"table", getTable(), kRotary},
                                 {"out", getOut(), kData}})))
    return failure();
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
  addElements(accesses, getInput(), AccessMode::Read, begin, end);
  addElements(accesses, getOut(), AccessMode::Write, begin, end);
}

LogicalResult TaskKVAppendOp::verify() {
  if (failed(verifyRoles(*this, {{"key", getKey(), kData},
                                 {"value", getValue(), kData},
                                 {"cache", getCache(), kCache}})))
    return failure();
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
  addElements(accesses, getKey(), AccessMode::Read, begin * dim, end * dim);
  addElements(accesses, getValue(), AccessMode::Read, begin * dim, end * dim);
  addCacheHeads(accesses, getCache(), AccessMode::Write, begin, end);
}

LogicalResult TaskAttentionOp::verify() {
  if (failed(verifyRoles(*this, {{"query", getQuery(), kData},
                                 {"cache", getCache(), kCache},
                                 {"out", getOut(), kData}})))
    return failure();
  if (getRing())
    return verifyRingAttention(*this);
  if (failed(verifyCache(*this, getCache())))
    return failure();
  if (!typeOf(getCache()).getElementType().isF32())
    return emitOpError() << "expects a cache of f32 without a ring, found "
                         << getCache().getType();
  CacheShape shape(getCache());
  int64_t splits = getSplits(), query = lengthOf(getQuery());
  if (splits < 1 || splits > kMaxAttentionSplits)
    return emitOpError() << "expects 1 to " << kMaxAttentionSplits
                         << " splits, found " << splits;
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
  if (getRing())
    return addRingAttention(accesses, *this);
  CacheShape shape(getCache());
  int64_t splits = getSplits();
  int64_t group = lengthOf(getQuery()) / shape.dim / shape.heads;
  int64_t firstHead = getUnits().getBegin() / splits;
  int64_t lastHead = llvm::divideCeil(getUnits().getEnd(), splits);
  addElements(accesses, getQuery(), AccessMode::Read,
              firstHead * group * shape.dim, lastHead * group * shape.dim);
  addCacheHeads(accesses, getCache(), AccessMode::Read, firstHead, lastHead);
  if (splits == 1)
    return addElements(accesses, getOut(), AccessMode::Write,
                       firstHead * group * shape.dim,
                       lastHead * group * shape.dim);
  // Partials [heads, splits, dim + 2]: one run of splits per query head.
  int64_t row = (shape.dim + 2) * elementBytes(getOut());
  for (int64_t head = firstHead; head < lastHead; ++head) {
    int64_t first = std::max(getUnits().getBegin() - head * splits, int64_t(0));
    int64_t last = std::min(getUnits().getEnd() - head * splits, splits);
    accesses.push_back({getOut(),
                        AccessMode::Write,
                        (head * group * splits + first) * row,
                        group,
                        (last - first) * row,
                        splits * row,
                        {}});
  }
}

LogicalResult TaskAttentionCombineOp::verify() {
  if (failed(verifyRoles(*this, {{"partials", getPartials(), kActivation},
                                 {"out", getOut(), kData}})))
    return failure();
  if (failed(verifyPartials(*this, getPartials())))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  if (failed(verifyLength(*this, "out", getOut(), shape[0] * (shape[2] - 2))))
    return failure();
  return verifyRange(*this, getUnits(), shape[0]);
}

void TaskAttentionCombineOp::getAccesses(Accesses &accesses) {
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  int64_t row = shape[1] * shape[2], dim = shape[2] - 2;
  addElements(accesses, getPartials(), AccessMode::Read, begin * row,
              end * row);
  addElements(accesses, getOut(), AccessMode::Write, begin * dim, end * dim);
}

LogicalResult TaskGatedActivationOp::verify() {
  if (failed(verifyRoles(*this, {{"gate", getGate(), kData},
                                 {"up", getUp(), kData},
                                 {"out", getOut(), kData}})))
    return failure();
  int64_t length = lengthOf(getOut());
  if (failed(verifyLength(*this, "gate", getGate(), length)) ||
      failed(verifyLength(*this, "up", getUp(), length)))
    return failure();
  return verifyRange(*this, getUnits(), length);
}

void TaskGatedActivationOp::getAccesses(Accesses &accesses) {
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addElements(accesses, getGate(), AccessMode::Read, begin, end);
  addElements(accesses, getUp(), AccessMode::Read, begin, end);
  addElements(accesses, getOut(), AccessMode::Write, begin, end);
}

LogicalResult TaskAddOp::verify() {
  if (failed(verifyRoles(*this, {{"lhs", getLhs(), kData},
                                 {"rhs", getRhs(), kData},
                                 {"out", getOut(), kData}})))
    return failure();
  int64_t length = lengthOf(getOut());
  if (failed(verifyLength(*this, "lhs", getLhs(), length)) ||
      failed(verifyLength(*this, "rhs", getRhs(), length)))
    return failure();
  return verifyRange(*this, getUnits(), length);
}

void TaskAddOp::getAccesses(Accesses &accesses) {
  int64_t begin = getUnits().getBegin(), end = getUnits().getEnd();
  addElements(accesses, getLhs(), AccessMode::Read, begin, end);
  addElements(accesses, getRhs(), AccessMode::Read, begin, end);
  addElements(accesses, getOut(), AccessMode::Write, begin, end);
}

LogicalResult TaskArgmaxOp::verify() {
  return verifyRoles(*this, {{"logits", getLogits(), kData},
                             {"token", getToken(), kToken},
                             {"control", getControl(), kControl}});
}

void TaskArgmaxOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getLogits(), AccessMode::Read);
  addWhole(accesses, getToken(), AccessMode::Write);
  addWhole(accesses, getControl(), AccessMode::Write);
}

LogicalResult TaskArgmaxCombineOp::verify() {
  if (failed(verifyRoles(*this, {{"partials", getPartials(), kActivation},
                                 {"token", getToken(), kToken},
                                 {"control", getControl(), kControl}})))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  if (shape.size() != 2 || shape[1] != 2)
    return emitOpError() << "expects partials [parts, 2], found "
                         << getPartials().getType();
  return success();
}

void TaskArgmaxCombineOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getPartials(), AccessMode::Read);
  addWhole(accesses, getToken(), AccessMode::Write);
  addWhole(accesses, getControl(), AccessMode::Write);
}

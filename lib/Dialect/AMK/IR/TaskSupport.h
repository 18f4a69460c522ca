//===- TaskSupport.h - What verifiers of tasks and kernel ops share -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_DIALECT_AMK_IR_TASKSUPPORT_H
#define AMK_LIB_DIALECT_AMK_IR_TASKSUPPORT_H

#include "amk/Dialect/AMK/IR/AMK.h"

namespace mlir::amk::task {

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

inline MemRefType typeOf(Value buffer) {
  return cast<MemRefType>(buffer.getType());
}

inline ArrayRef<int64_t> shapeOf(Value buffer) {
  return typeOf(buffer).getShape();
}

/// Bytes from one element of a buffer to the next: those of a word if workers
/// pass its elements in words.
inline int64_t elementBytes(Value buffer) {
  auto op = buffer.getDefiningOp<BufferOp>();
  if (op && op.getHandOff() == HandOff::Tag)
    return kWordBytes;
  return typeOf(buffer).getElementTypeBitWidth() / 8;
}

/// Elements of a vector buffer.
inline int64_t lengthOf(Value buffer) {
  return typeOf(buffer).getNumElements();
}

/// A cache buffer [2, heads, positions, dim].
struct CacheShape {
  explicit CacheShape(Value cache)
      : heads(shapeOf(cache)[1]), positions(shapeOf(cache)[2]),
        dim(shapeOf(cache)[3]) {}
  int64_t heads, positions, dim;
  /// Bytes of one head's rows.
  int64_t headBytes() const { return positions * dim * 4; }
};

/// A query buffer of RotaryGroups: [kv heads, query heads of one + 2, dim].
struct GroupShape {
  explicit GroupShape(Value query)
      : count(shapeOf(query)[0]), heads(shapeOf(query)[1]),
        dim(shapeOf(query)[2]) {}
  int64_t count;
  int64_t heads; ///< of a group: queries, key, value
  int64_t dim;
  int64_t queryHeads() const { return heads - 2; }
  /// Of a group.
  int64_t elements() const { return heads * dim; }
};

//===----------------------------------------------------------------------===//
// Access builders
//===----------------------------------------------------------------------===//

using Accesses = SmallVectorImpl<BufferAccess>;
using ::amk::schedule::AccessMode;

inline void addWhole(Accesses &accesses, Value buffer, AccessMode mode) {
  int64_t bytes = lengthOf(buffer) * elementBytes(buffer);
  accesses.push_back({buffer, mode, 0, 1, bytes, bytes, {}});
}

/// Elements [begin, end) of a vector.
inline void addElements(Accesses &accesses, Value buffer, AccessMode mode,
                        int64_t begin, int64_t end) {
  int64_t size = elementBytes(buffer), bytes = (end - begin) * size;
  accesses.push_back({buffer, mode, begin * size, 1, bytes, bytes, {}});
}

/// All positions of kv heads [begin, end), keys and values. The row that a
/// step touches depends on the run, so the whole head stands for it.
inline void addCacheHeads(Accesses &accesses, Value cache, AccessMode mode,
                          int64_t begin, int64_t end) {
  CacheShape shape(cache);
  accesses.push_back({cache,
                      mode,
                      begin * shape.headBytes(),
                      2,
                      (end - begin) * shape.headBytes(),
                      shape.heads * shape.headBytes(),
                      {}});
}

/// A run of rotary pairs inside one head: elements i in [first, last) of both
/// halves.
struct PairRun {
  int64_t head, first, last;
};

/// Cuts pairs [begin, end) of heads with `half` pairs each into runs.
inline SmallVector<PairRun> pairRuns(int64_t begin, int64_t end, int64_t half) {
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
inline void addQueryRun(Accesses &accesses, Value query, const PairRun &run,
                        int64_t dim) {
  int64_t size = elementBytes(query);
  accesses.push_back({query,
                      AccessMode::Write,
                      (run.head * dim + run.first) * size,
                      2,
                      (run.last - run.first) * size,
                      dim / 2 * size,
                      {}});
}

/// Key (plane 0) or value (plane 1) elements of a run, at every position.
inline void addCacheRun(Accesses &accesses, Value cache, const PairRun &run,
                        int64_t plane, int64_t head) {
  CacheShape shape(cache);
  int64_t base = (plane * shape.heads + head) * shape.headBytes();
  // Rows of positions alternate halves: row 2p is the first half of position
  // p, row 2p + 1 the second, both dim / 2 elements apart.
  accesses.push_back({cache,
                      AccessMode::Write,
                      base + run.first * 4,
                      2 * shape.positions,
                      (run.last - run.first) * 4,
                      shape.dim * 2,
                      {}});
}

//===----------------------------------------------------------------------===//
// Verification helpers
//===----------------------------------------------------------------------===//

/// An operand and the kinds of buffer that may stand there. What the verifier
/// follows as an access, and what it takes for constant, depends on the kind.
struct Role {
  StringRef name;
  Value buffer;
  ArrayRef<BufferKind> kinds;
};

inline constexpr BufferKind kData[] = {BufferKind::Activation,
                                       BufferKind::Logits};
inline constexpr BufferKind kActivation[] = {BufferKind::Activation};
inline constexpr BufferKind kCache[] = {BufferKind::KVCache};
inline constexpr BufferKind kToken[] = {BufferKind::Token};
inline constexpr BufferKind kControl[] = {BufferKind::Control};
inline constexpr BufferKind kVector[] = {BufferKind::Vector};
inline constexpr BufferKind kRotary[] = {BufferKind::Rotary};
inline constexpr BufferKind kWeight[] = {BufferKind::Weight};
inline constexpr BufferKind kTable[] = {BufferKind::Table};
inline constexpr BufferKind kAnyBuffer[] = {
    BufferKind::Activation, BufferKind::KVCache, BufferKind::Token,
    BufferKind::Control,    BufferKind::Logits,  BufferKind::Vector,
    BufferKind::Rotary,     BufferKind::Weight,  BufferKind::Table,
    BufferKind::Shared,     BufferKind::Ring};

/// Roles without a buffer are optional operands that are absent.
inline LogicalResult verifyRoles(Operation *op, ArrayRef<Role> roles) {
  for (const Role &role : roles) {
    if (!role.buffer)
      continue;
    auto buffer = role.buffer.getDefiningOp<BufferOp>();
    if (!buffer)
      return op->emitOpError() << "expects an amk.buffer as " << role.name
                               << ", found " << role.buffer;
    // Dominance is checked last: a task may precede its buffers here.
    if (failed(buffer.verify()))
      return failure();
    if (llvm::is_contained(role.kinds, buffer.getKind()))
      continue;
    InFlightDiagnostic diag = op->emitOpError() << "expects a buffer of kind ";
    llvm::interleave(
        role.kinds, [&](BufferKind kind) { diag << stringifyBufferKind(kind); },
        [&] { diag << " or "; });
    diag << " as " << role.name << ", found "
         << stringifyBufferKind(buffer.getKind());
    diag.attachNote(buffer.getLoc()) << "see the buffer here";
    return diag;
  }
  return success();
}

inline LogicalResult verifyRange(Operation *op, RangeAttr range,
                                 int64_t units) {
  if (range.getEnd() > units)
    return op->emitOpError() << "covers units [" << range.getBegin() << ", "
                             << range.getEnd() << ") of " << units;
  return success();
}

inline LogicalResult verifyTile(Operation *op, int64_t tileRows) {
  if (tileRows < 2 || tileRows > kMaxTileRows || tileRows % 2 != 0)
    return op->emitOpError() << "expects an even tile of 2 to " << kMaxTileRows
                             << " rows, found " << tileRows;
  return success();
}

inline LogicalResult verifyLength(Operation *op, StringRef name, Value buffer,
                                  int64_t length) {
  if (lengthOf(buffer) != length)
    return op->emitOpError() << "expects " << length << " elements of " << name
                             << ", found " << buffer.getType();
  return success();
}

inline LogicalResult verifyMatrix(Operation *op, StringRef name, Value weight,
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
LogicalResult verifyNorm(OpTy op) {
  if (static_cast<bool>(op.getNorm()) != op.getEpsilon().has_value())
    return op.emitOpError() << "expects norm and epsilon together";
  if (!op.getNorm())
    return success();
  return verifyLength(op, "norm", op.getNorm(), lengthOf(op.getInput()));
}

inline LogicalResult verifyCache(Operation *op, Value cache) {
  ArrayRef<int64_t> shape = shapeOf(cache);
  if (shape.size() != 4 || shape[0] != 2)
    return op->emitOpError()
           << "expects a cache [2, heads, positions, dim], found "
           << cache.getType();
  return success();
}

inline LogicalResult verifyRotary(Operation *op, Value table, int64_t dim) {
  ArrayRef<int64_t> shape = shapeOf(table);
  if (dim % 2 != 0 || shape.size() != 3 || shape[1] != 2 || shape[2] != dim / 2)
    return op->emitOpError() << "expects a rotary table [positions, 2, "
                             << dim / 2 << "], found " << table.getType();
  return success();
}

inline LogicalResult verifyGroups(Operation *op, Value query) {
  ArrayRef<int64_t> shape = shapeOf(query);
  if (shape.size() != 3 || shape[1] < 3)
    return op->emitOpError()
           << "expects a query [kv heads, query heads of one + 2, dim], found "
           << query.getType();
  return success();
}

/// What splits of attention write.
inline LogicalResult verifyPartials(Operation *op, Value partials) {
  ArrayRef<int64_t> shape = shapeOf(partials);
  if (shape.size() != 3 || shape[2] <= 2)
    return op->emitOpError()
           << "expects partials [heads, splits, dim + 2], found "
           << partials.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// amk.task.attention with `ring`
//===----------------------------------------------------------------------===//

/// Its roles are verified.
LogicalResult verifyRingAttention(TaskAttentionOp task);
void addRingAttention(Accesses &accesses, TaskAttentionOp task);

} // namespace mlir::amk::task

#endif // AMK_LIB_DIALECT_AMK_IR_TASKSUPPORT_H

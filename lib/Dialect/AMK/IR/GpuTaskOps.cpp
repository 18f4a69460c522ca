//===- GpuTaskOps.cpp - Tasks that only GPUs have -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over a cache that comes through a worker's ring, and what goes with
// it. See docs/GpuKernel.md, section 5.
//
//===----------------------------------------------------------------------===//

#include "TaskSupport.h"

#include "amk/Support/GpuLayout.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::task;
namespace gpu = ::amk::gpu;

//===----------------------------------------------------------------------===//
// amk.task.attention ring
//===----------------------------------------------------------------------===//

/// The cache of one unit: [blocks, 2, positions of a block, padded dim].
static LogicalResult verifyRingCache(Operation *op, Value cache) {
  ArrayRef<int64_t> shape = shapeOf(cache);
  int64_t positions = gpu::kvBlockPositions(elementBytes(cache));
  if (shape.size() == 4 && shape[1] == 2 && shape[2] == positions)
    return success();
  return op->emitOpError() << "expects a cache [blocks, 2, " << positions
                           << ", padded dim] of "
                           << typeOf(cache).getElementType() << ", found "
                           << cache.getType();
}

LogicalResult task::verifyRingAttention(TaskAttentionOp task) {
  Value query = task.getQuery(), cache = task.getCache();
  if (failed(verifyGroups(task, query)) || failed(verifyRingCache(task, cache)))
    return failure();
  GroupShape groups(query);
  int64_t splits = task.getSplits();
  // Nothing limits them but the blocks of the context.
  if (splits < 1)
    return task.emitOpError() << "expects splits from 1 on, found " << splits;
  int64_t dim = gpu::kvPaddedDim(groups.dim);
  if (shapeOf(cache)[3] != dim)
    return task.emitOpError() << "expects a cache with rows of " << dim
                              << " elements for heads of " << groups.dim
                              << ", found " << cache.getType();
  int64_t heads = groups.count * groups.queryHeads();
  if (shapeOf(task.getOut()) !=
      ArrayRef<int64_t>{heads, splits, groups.dim + 2})
    return task.emitOpError()
           << "expects out [" << heads << ", " << splits << ", "
           << groups.dim + 2 << "], found " << task.getOut().getType();
  if (task.getUnits().size() != 1)
    return task.emitOpError() << "expects one unit, whose cache it has, found "
                              << task.getUnits().size();
  return verifyRange(task, task.getUnits(), groups.count * splits);
}

void task::addRingAttention(Accesses &accesses, TaskAttentionOp task) {
  GroupShape groups(task.getQuery());
  int64_t splits = task.getSplits(), unit = task.getUnits().getBegin();
  int64_t group = unit / splits, split = unit % splits;
  addElements(accesses, task.getQuery(), AccessMode::Read,
              group * groups.elements(), (group + 1) * groups.elements());
  // Which row depends on the run, so all of the cache stands for it.
  addWhole(accesses, task.getCache(), AccessMode::Write);
  int64_t row = (groups.dim + 2) * elementBytes(task.getOut());
  accesses.push_back({task.getOut(),
                      AccessMode::Write,
                      (group * groups.queryHeads() * splits + split) * row,
                      groups.queryHeads(),
                      row,
                      splits * row,
                      {}});
}

//===----------------------------------------------------------------------===//
// amk.task.load_kv
//===----------------------------------------------------------------------===//

std::optional<WeightUse> TaskLoadKVOp::getWeightUse() { return std::nullopt; }

LogicalResult TaskLoadKVOp::verify() {
  auto queue = dyn_cast<QueueOp>((*this)->getParentOp());
  if (!queue || !queue.getLoader())
    return emitOpError("expects a loader queue around it");
  if (failed(verifyRoles(*this, {{"cache", getCache(), kCache}})))
    return failure();
  return verifyRingCache(*this, getCache());
}

void TaskLoadKVOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getCache(), AccessMode::ReadPrevious);
}

//===----------------------------------------------------------------------===//
// amk.task.combine_splits
//===----------------------------------------------------------------------===//

std::optional<WeightUse> TaskCombineSplitsOp::getWeightUse() {
  return std::nullopt;
}

LogicalResult TaskCombineSplitsOp::verify() {
  if (failed(verifyRoles(*this, {{"partials", getPartials(), kActivation},
                                 {"out", getOut(), kActivation}})) ||
      failed(verifyPartials(*this, getPartials())))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  int64_t dim = shape[2] - 2;
  if (failed(verifyLength(*this, "out", getOut(), shape[0] * dim)) ||
      failed(verifyRange(*this, getUnits(), shape[0] * dim)))
    return failure();
  if (getUnits().getBegin() / dim != (getUnits().getEnd() - 1) / dim)
    return emitOpError() << "expects elements of one head of " << dim
                         << ", found units [" << getUnits().getBegin() << ", "
                         << getUnits().getEnd() << ")";
  return success();
}

void TaskCombineSplitsOp::getAccesses(Accesses &accesses) {
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  int64_t head = getUnits().getBegin() / (shape[2] - 2);
  int64_t elements = shape[1] * shape[2];
  addElements(accesses, getPartials(), AccessMode::Read, head * elements,
              (head + 1) * elements);
  addElements(accesses, getOut(), AccessMode::Write, getUnits().getBegin(),
              getUnits().getEnd());
}

//===----------------------------------------------------------------------===//
// amk.task.next_token
//===----------------------------------------------------------------------===//

std::optional<WeightUse> TaskNextTokenOp::getWeightUse() {
  return std::nullopt;
}

LogicalResult TaskNextTokenOp::verify() {
  if (failed(verifyRoles(*this, {{"partials", getPartials(), kActivation},
                                 {"token", getToken(), kToken}})))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(getPartials());
  if (shape.size() != 1 || shape[0] < 3 || shape[0] % 2 == 0)
    return emitOpError() << "expects partials [2 * parts + 1], found "
                         << getPartials().getType();
  if (lengthOf(getToken()) != getPhase().getParts())
    return emitOpError() << "expects a token for each of "
                         << getPhase().getParts() << " parts, found "
                         << getToken().getType();
  return success();
}

void TaskNextTokenOp::getAccesses(Accesses &accesses) {
  int64_t part = getPhase().getPart();
  addWhole(accesses, getPartials(), AccessMode::Read);
  addElements(accesses, getToken(), AccessMode::Write, part, part + 1);
}

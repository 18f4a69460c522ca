//===- WeightTaskOps.cpp - Tasks that stream weights -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TaskSupport.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::task;
using ::amk::abi::PackRows;

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
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"norm", getNorm(), kVector},
                                 {"weight", getWeight(), kWeight},
                                 {"residual", getResidual(), kData},
                                 {"out", getOut(), kData}})))
    return failure();
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
  addWhole(accesses, getInput(), AccessMode::Read);
  if (getResidual())
    addElements(accesses, getResidual(), AccessMode::Read, begin, end);
  addElements(accesses, getOut(), AccessMode::Write, begin, end);
}

std::optional<WeightUse> TaskLinearOp::getWeightUse() {
  return plainUse(getWeight(), PackRows::Plain, getTileRows(), getUnits());
}

/// The weights' rows, the table and the units of a qkv without a cache.
static LogicalResult verifyGroupedRows(TaskQKVOp task) {
  if (failed(verifyGroups(task, task.getQuery())))
    return failure();
  GroupShape groups(task.getQuery());
  int64_t tile = task.getTileRows(), begin = task.getUnits().getBegin();
  if (groups.dim % tile != 0)
    return task.emitOpError()
           << "expects heads of whole tiles of " << tile
           << " rows without a cache, found " << task.getQuery().getType();
  if (begin % (tile / 2) != 0)
    return task.emitOpError() << "expects units from a multiple of " << tile / 2
                              << " on without a cache, found " << begin;
  int64_t columns = lengthOf(task.getInput());
  int64_t width = groups.count * groups.dim;
  if (failed(verifyRotary(task, task.getTable(), groups.dim)) ||
      failed(verifyMatrix(task, "query_weight", task.getQueryWeight(),
                          width * groups.queryHeads(), columns)) ||
      failed(verifyMatrix(task, "key_weight", task.getKeyWeight(), width,
                          columns)) ||
      failed(verifyMatrix(task, "value_weight", task.getValueWeight(), width,
                          columns)))
    return failure();
  return verifyRange(task, task.getUnits(),
                     groups.count * groups.elements() / 2);
}

/// The same with a cache.
static LogicalResult verifyAppendedRows(TaskQKVOp task) {
  if (failed(verifyCache(task, task.getCache())))
    return failure();
  CacheShape shape(task.getCache());
  int64_t columns = lengthOf(task.getInput());
  int64_t query = lengthOf(task.getQuery()), width = shape.heads * shape.dim;
  if (failed(verifyRotary(task, task.getTable(), shape.dim)) ||
      failed(verifyMatrix(task, "query_weight", task.getQueryWeight(), query,
                          columns)) ||
      failed(verifyMatrix(task, "key_weight", task.getKeyWeight(), width,
                          columns)) ||
      failed(verifyMatrix(task, "value_weight", task.getValueWeight(), width,
                          columns)))
    return failure();
  return verifyRange(task, task.getUnits(), (query + 2 * width) / 2);
}

LogicalResult TaskQKVOp::verify() {
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"norm", getNorm(), kVector},
                                 {"query_weight", getQueryWeight(), kWeight},
                                 {"key_weight", getKeyWeight(), kWeight},
                                 {"value_weight", getValueWeight(), kWeight},
                                 {"table", getTable(), kRotary},
                                 {"query", getQuery(), kData},
                                 {"cache", getCache(), kCache}})))
    return failure();
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(getCache() ? verifyAppendedRows(*this) : verifyGroupedRows(*this)))
    return failure();
  Type element = typeOf(getQueryWeight()).getElementType();
  if (typeOf(getKeyWeight()).getElementType() != element ||
      typeOf(getValueWeight()).getElementType() != element)
    return emitOpError() << "expects weights of one element type";
  return success();
}

void TaskQKVOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getInput(), AccessMode::Read);
  if (!getCache()) {
    int64_t dim = GroupShape(getQuery()).dim;
    for (const PairRun &run :
         pairRuns(getUnits().getBegin(), getUnits().getEnd(), dim / 2))
      addQueryRun(accesses, getQuery(), run, dim);
    return;
  }
  CacheShape shape(getCache());
  int64_t queryHeads = lengthOf(getQuery()) / shape.dim;
  for (const PairRun &run :
       pairRuns(getUnits().getBegin(), getUnits().getEnd(), shape.dim / 2)) {
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
  SmallVector<Value, 3> weights = {getQueryWeight(), getKeyWeight(),
                                   getValueWeight()};
  if (!getCache())
    return plainUse(weights, PackRows::RotaryGroups, getTileRows(), getUnits(),
                    GroupShape(getQuery()).dim);
  return plainUse(weights, PackRows::RotaryPairs, getTileRows(), getUnits(),
                  CacheShape(getCache()).dim);
}

LogicalResult TaskGatedLinearOp::verify() {
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"norm", getNorm(), kVector},
                                 {"gate_weight", getGateWeight(), kWeight},
                                 {"up_weight", getUpWeight(), kWeight},
                                 {"out", getOut(), kData}})))
    return failure();
  int64_t rows = lengthOf(getOut()), columns = lengthOf(getInput());
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(
          verifyMatrix(*this, "gate_weight", getGateWeight(), rows, columns)) ||
      failed(verifyMatrix(*this, "up_weight", getUpWeight(), rows, columns)))
    return failure();
  if (typeOf(getGateWeight()).getElementType() !=
      typeOf(getUpWeight()).getElementType())
    return emitOpError() << "expects weights of one element type";
  return verifyRange(*this, getUnits(), rows);
}

void TaskGatedLinearOp::getAccesses(Accesses &accesses) {
  addWhole(accesses, getInput(), AccessMode::Read);
  addElements(accesses, getOut(), AccessMode::Write, getUnits().getBegin(),
              getUnits().getEnd());
}

std::optional<WeightUse> TaskGatedLinearOp::getWeightUse() {
  return plainUse({getGateWeight(), getUpWeight()}, PackRows::Gated,
                  getTileRows(), getUnits());
}

LogicalResult TaskHeadOp::verify() {
  if (failed(verifyRoles(*this, {{"input", getInput(), kData},
                                 {"norm", getNorm(), kVector},
                                 {"weight", getWeight(), kWeight},
                                 {"logits", getLogits(), kData},
                                 {"partials", getPartials(), kActivation}})))
    return failure();
  int64_t rows = lengthOf(getLogits()), parts = getPhase().getParts();
  ArrayRef<int64_t> partials = shapeOf(getPartials());
  if (failed(verifyTile(*this, getTileRows())) || failed(verifyNorm(*this)) ||
      failed(verifyMatrix(*this, "weight", getWeight(), rows,
                          lengthOf(getInput()))))
    return failure();
  if (partials != ArrayRef<int64_t>{parts, 2} &&
      partials != ArrayRef<int64_t>{2 * parts + 1})
    return emitOpError() << "expects partials [" << parts << ", 2] or ["
                         << 2 * parts + 1 << "], found "
                         << getPartials().getType();
  return verifyRange(*this, getUnits(), rows);
}

void TaskHeadOp::getAccesses(Accesses &accesses) {
  int64_t part = getPhase().getPart();
  addWhole(accesses, getInput(), AccessMode::Read);
  addElements(accesses, getLogits(), AccessMode::Write, getUnits().getBegin(),
              getUnits().getEnd());
  addElements(accesses, getPartials(), AccessMode::Write, 2 * part,
              2 * part + 2);
  int64_t partials = 2 * getPhase().getParts();
  if (part == 0 && lengthOf(getPartials()) > partials)
    addElements(accesses, getPartials(), AccessMode::Write, partials,
                partials + 1);
}

std::optional<WeightUse> TaskHeadOp::getWeightUse() {
  return plainUse(getWeight(), PackRows::Plain, getTileRows(), getUnits());
}

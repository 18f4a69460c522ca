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
      failed(verifyCache(*this, getCache())))
    return failure();
  CacheShape shape(getCache());
  int64_t columns = lengthOf(getInput()), query = lengthOf(getQuery());
  int64_t width = shape.heads * shape.dim;
  if (failed(verifyRotary(*this, getTable(), shape.dim)) ||
      failed(verifyMatrix(*this, "query_weight", getQueryWeight(), query,
                          columns)) ||
      failed(
          verifyMatrix(*this, "key_weight", getKeyWeight(), width, columns)) ||
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
  addWhole(accesses, getInput(), AccessMode::Read);
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
  return plainUse({getQueryWeight(), getKeyWeight(), getValueWeight()},
                  PackRows::RotaryPairs, getTileRows(), getUnits(),
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
  addWhole(accesses, getInput(), AccessMode::Read);
  addElements(accesses, getLogits(), AccessMode::Write, getUnits().getBegin(),
              getUnits().getEnd());
  addElements(accesses, getPartials(), AccessMode::Write, 2 * part,
              2 * part + 2);
}

std::optional<WeightUse> TaskHeadOp::getWeightUse() {
  return plainUse(getWeight(), PackRows::Plain, getTileRows(), getUnits());
}

//===- Reduce.cpp - Sums and maxima ---------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduce.h"

using namespace mlir;
using namespace mlir::amk;

Value mlir::amk::sumOf(GpuBuilder &code, ArrayRef<Value> values) {
  if (values.size() == 1)
    return values.front();
  size_t half = values.size() / 2;
  return code.addf(sumOf(code, values.take_front(half)),
                   sumOf(code, values.drop_front(half)));
}

static constexpr StringLiteral kRowAttrName = "amk.row";

Value mlir::amk::rowVariable(GpuBuilder &code) {
  for (auto op : code.function.getBody().front().getOps<LLVM::AllocaOp>())
    if (op->hasAttr(kRowAttrName))
      return op;
  return Value();
}

Value mlir::amk::makeRowVariable(GpuBuilder &code) {
  LLVM::AllocaOp variable = code.variable(code.b.getF32Type());
  variable->setAttr(kRowAttrName, code.b.getUnitAttr());
  code.store(code.f32(0.0f), variable, 4);
  return variable;
}

//===- Bodies.cpp - What bodies of all targets have in common -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

using namespace mlir;
using namespace mlir::amk;

MemRefType mlir::amk::inSpace(MemRefType type, MemorySpace space) {
  return MemRefType::get(type.getShape(), type.getElementType(), AffineMap(),
                         MemorySpaceAttr::get(type.getContext(), space));
}

MemRefType BodyBuilder::argumentType(BufferOp buffer) const {
  return inSpace(cast<MemRefType>(buffer.getResult().getType()),
                 kernelMemorySpace(buffer.getKind()));
}

void BodyBuilder::addArguments(Block &block) {
  for (Value operand : task->getOperands()) {
    BufferOp buffer = bufferOf(operand);
    if (buffer.getKind() == BufferKind::Weight)
      continue;
    // A buffer that a task uses twice still has one argument per use.
    Value argument = block.addArgument(argumentType(buffer), loc);
    arguments.try_emplace(operand, argument);
  }
  auto index = [&] { return block.addArgument(b.getIndexType(), loc); };
  std::optional<WeightUse> use = task.getWeightUse();
  if (use)
    stream = block.addArgument(
        inSpace(MemRefType::get({ShapedType::kDynamic}, use->element),
                MemorySpace::Stream),
        loc);
  if (task->hasAttr("units")) {
    begin = index();
    count = index();
  }
  if (use)
    tiles = index();
  if (isa<TaskHeadOp>(task))
    part = index();
}

Value BodyBuilder::scratch(int64_t offset, MemRefType type) {
  type = inSpace(type, MemorySpace::Scratch);
  scratchEnd =
      std::max<int64_t>(scratchEnd, llvm::alignTo(offset + byteSize(type), 64));
  return KernelScratchOp::create(b, loc, type, b.getI64IntegerAttr(offset));
}

LogicalResult BodyBuilder::build(StringRef name) {
  OpBuilder::InsertionGuard guard(b);
  auto body = KernelBodyOp::create(b, loc, b.getStringAttr(name));
  Block *block = b.createBlock(&body.getBody());
  addArguments(*block);
  if (failed(buildOps()))
    return failure();
  emit<KernelReturnOp>(stop);
  return success();
}

//===- KernelTypeConverter.cpp - Types of kernel bodies as pointers -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelTypeConverter.h"

#include "mlir/Dialect/LLVMIR/LLVMTypes.h"

using namespace mlir;
using namespace mlir::amk;

KernelTypeConverter::KernelTypeConverter(unsigned otherSpace,
                                         unsigned scratchSpace) {
  addConversion([](Type type) { return type; });
  addConversion([](IndexType type) -> Type {
    return IntegerType::get(type.getContext(), 64);
  });
  addConversion([=](MemRefType type) -> Type {
    auto space = dyn_cast_or_null<MemorySpaceAttr>(type.getMemorySpace());
    bool isScratch = space && space.getValue() == MemorySpace::Scratch;
    return LLVM::LLVMPointerType::get(type.getContext(),
                                      isScratch ? scratchSpace : otherSpace);
  });
  // Bodies are inlined with converted arguments, so casts stand for a while.
  auto cast = [](OpBuilder &builder, Type type, ValueRange inputs,
                 Location loc) -> Value {
    return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
        .getResult(0);
  };
  addSourceMaterialization(cast);
  addTargetMaterialization(cast);
}

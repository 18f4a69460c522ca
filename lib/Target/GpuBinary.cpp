//===- GpuBinary.cpp - PTX of a gpu.binary --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/GpuBinary.h"

using namespace mlir;
using namespace mlir::amk;

FailureOr<std::string> mlir::amk::ptxOf(gpu::BinaryOp binary) {
  ArrayAttr objects = binary.getObjects();
  auto object = objects.size() == 1 ? dyn_cast<gpu::ObjectAttr>(objects[0])
                                    : gpu::ObjectAttr();
  if (!object || object.getFormat() != gpu::CompilationTarget::Assembly) {
    binary.emitOpError("expects one object, in assembly format");
    return failure();
  }
  // Serialized with or without the NUL at its end, by version of LLVM.
  return object.getObject().getValue().rtrim('\0').str();
}

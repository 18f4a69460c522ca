//===- GpuBinary.h - PTX of a gpu.binary ------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TARGET_GPUBINARY_H
#define AMK_TARGET_GPUBINARY_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

#include <string>

namespace mlir::amk {

/// The text of the one assembly object of `binary`, as amk-nvvm-pipeline makes
/// it. Reports an error on `binary` if it holds anything else.
FailureOr<std::string> ptxOf(gpu::BinaryOp binary);

} // namespace mlir::amk

#endif // AMK_TARGET_GPUBINARY_H

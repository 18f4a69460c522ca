//===- GpuPattern.h - Patterns of a kernel program for a GPU ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_GPUPATTERN_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_GPUPATTERN_H

#include "GpuBuilder.h"

#include "mlir/Transforms/DialectConversion.h"

namespace mlir::amk {

/// Lowers an operation of a body of `kernel`.
template <typename OpTy>
struct GpuPattern : OpConversionPattern<OpTy> {
  GpuPattern(const TypeConverter &converter, MLIRContext *context,
             const GpuKernel &kernel)
      : OpConversionPattern<OpTy>(converter, context), kernel(kernel) {}
  const GpuKernel &kernel;
};

/// Number of elements of a memref.
inline int64_t elements(Value memref) {
  return cast<MemRefType>(memref.getType()).getNumElements();
}

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_GPUPATTERN_H

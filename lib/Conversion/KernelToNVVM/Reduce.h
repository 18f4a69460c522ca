//===- Reduce.h - Sums and maxima -------------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_REDUCE_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_REDUCE_H

#include "GpuBuilder.h"

namespace mlir::amk {

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// As a balanced tree in the order of `values`: as few waits for each other as
/// can be.
Value sumOf(GpuBuilder &code, ArrayRef<Value> values);

/// The variable in which each thread keeps the row (f32) that it has added
/// last; null before makeRowVariable().
Value rowVariable(GpuBuilder &code);
Value makeRowVariable(GpuBuilder &code);

//===----------------------------------------------------------------------===//
// The largest value
//===----------------------------------------------------------------------===//

struct Best {
  Value value, index; ///< f32, i32
};
/// The one with the larger value; of equal ones that with the lower index.
Best betterOf(GpuBuilder &code, Best a, Best c);
/// Of all threads, in all of them; has a barrier.
Best bestOfBlock(GpuBuilder &code, Best mine);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_REDUCE_H

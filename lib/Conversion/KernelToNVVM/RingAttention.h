//===- RingAttention.h - Attention over the cache's ring -------*- C++ -*- ===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_RINGATTENTION_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_RINGATTENTION_H

#include "GpuBuilder.h"

namespace mlir::amk {

/// Positions of a block of the cache, which all attention of a program shares; 0
/// without attention.
FailureOr<int32_t> findKVBlock(KernelProgramOp program);

void populateGpuRingAttentionPatterns(const TypeConverter &converter,
                                      const GpuKernel &kernel,
                                      RewritePatternSet &patterns);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_RINGATTENTION_H

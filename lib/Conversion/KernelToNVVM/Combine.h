//===- Combine.h - Joining the splits of an attention -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_COMBINE_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_COMBINE_H

#include "GpuBuilder.h"

namespace mlir::amk {

/// Maximum of an empty set of scores: finite, so that differences are, too.
constexpr float kNoScore = -1e30f;

/// 2^x, approximately: at most 2 units in the last place.
Value emitExp2(CodeBuilder &code, Value x);

void populateGpuCombinePatterns(const TypeConverter &converter,
                                const GpuKernel &kernel,
                                RewritePatternSet &patterns);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_COMBINE_H

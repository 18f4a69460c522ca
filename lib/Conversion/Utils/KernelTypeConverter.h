//===- KernelTypeConverter.h - Types of kernel bodies as pointers ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_UTILS_KERNELTYPECONVERTER_H
#define AMK_LIB_CONVERSION_UTILS_KERNELTYPECONVERTER_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/Transforms/DialectConversion.h"

namespace mlir::amk {

/// Buffers become plain pointers, in address space `scratchSpace` for scratch
/// and `otherSpace` for the rest; indices become 64-bit integers.
class KernelTypeConverter : public TypeConverter {
public:
  KernelTypeConverter(unsigned otherSpace, unsigned scratchSpace);
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_UTILS_KERNELTYPECONVERTER_H

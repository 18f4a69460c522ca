//===- TableEncoder.h - From a schedule to tables ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_TABLEENCODER_H
#define AMK_LIB_TARGET_TABLEENCODER_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Runtime/Manifest.h"
#include "amk/Schedule/Tables.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::amk {

/// Place of each checkpoint tensor in the manifest's list.
using TensorIndices = llvm::StringMap<uint32_t>;

/// Encodes `schedule`, whose buffers have their places. Body numbers are places
/// in `program`.
FailureOr<::amk::schedule::Tables>
encodeTables(ScheduleOp schedule, KernelProgramOp program,
             const ::amk::runtime::MemoryInfo &memory,
             const TensorIndices &tensors);

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_TABLEENCODER_H

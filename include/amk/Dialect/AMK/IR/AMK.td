//===- AMK.td - The file that tablegen runs on ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMK_TD
#define AMK_DIALECT_AMK_IR_AMK_TD

include "amk/Dialect/AMK/IR/AMKLayerOps.td"
include "amk/Dialect/AMK/IR/AMKTaskOps.td"
include "amk/Dialect/AMK/IR/AMKScheduleOps.td"
include "amk/Dialect/AMK/IR/AMKKernelOps.td"

#endif // AMK_DIALECT_AMK_IR_AMK_TD

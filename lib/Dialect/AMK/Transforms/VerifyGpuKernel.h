//===- VerifyGpuKernel.h - Bodies against the tasks of a GPU -----*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_DIALECT_AMK_TRANSFORMS_VERIFYGPUKERNEL_H
#define AMK_LIB_DIALECT_AMK_TRANSFORMS_VERIFYGPUKERNEL_H

#include "amk/Dialect/AMK/IR/AMK.h"

namespace mlir::amk {

/// Whether `body` does for `task`, whose call passes it the right number of
/// operands, what the tables will say of it: the same runs through the ring,
/// the same tags in the same order, the worker's own token.
LogicalResult verifyGpuCall(TaskOpInterface task, KernelBodyOp body,
                            uint32_t stageBytes);

/// Whether the stages of `program`, if it is made for an architecture already,
/// are those of the schedule.
LogicalResult verifyGpuProgram(KernelProgramOp program, uint32_t stageBytes);

} // namespace mlir::amk

#endif // AMK_LIB_DIALECT_AMK_TRANSFORMS_VERIFYGPUKERNEL_H

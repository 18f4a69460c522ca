//===- Report.h - What a wait of the kernel was for -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_REPORT_H
#define AMK_LIB_RUNTIME_CUDA_REPORT_H

#include "amk/Runtime/Session.h"

namespace amk::runtime::cuda {

/// Names what the kernel reports by numbers. `arena` is the device address of
/// the activations. Numbers that the tables do not know are shown as they are.
WaitReport explain(const abi::WaitReport &report,
                   const schedule::Tables &tables, uint64_t arena);

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_REPORT_H

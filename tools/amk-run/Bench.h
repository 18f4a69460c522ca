//===- Bench.h - How fast a model decodes -----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_RUN_BENCH_H
#define AMK_TOOLS_RUN_BENCH_H

#include "Options.h"
#include "amk/Runtime/Session.h"

namespace amk::run {

/// Measures the machine and the model, and prints both to stdout.
void bench(runtime::Session &session, const Options &options);

} // namespace amk::run

#endif // AMK_TOOLS_RUN_BENCH_H

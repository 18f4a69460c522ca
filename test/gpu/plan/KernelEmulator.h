//===- KernelEmulator.h - A GPU's kernel, interpreted ------------*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs an amk.kernel.program for a GPU on the host, from what a launch gets:
// device tables, packed streams, words with tags. Operations mean what
// AMKKernelOps.td and docs/GpuKernel.md say; a worker whose words are not there
// yet lets another one go on. So a plan (placement, tags, operands, packing)
// can be run without a GPU, and with other code than the one that it was made
// for.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_PLAN_KERNELEMULATOR_H
#define AMK_TEST_GPU_PLAN_KERNELEMULATOR_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include <string>
#include <vector>

namespace amk::test {

class KernelEmulator {
public:
  explicit KernelEmulator(mlir::amk::KernelProgramOp program);

  /// A launch; `parameter` is its abi::GpuArgs. If it cannot end, error() says
  /// why, and the launch counts as aborted.
  void run(const void *parameter);
  const std::string &error() const { return message; }

private:
  std::vector<mlir::amk::KernelBodyOp> bodies;
  std::string message;
};

} // namespace amk::test

#endif // AMK_TEST_GPU_PLAN_KERNELEMULATOR_H

//===- GpuCode.h - Machine code for GPUs ------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// gpu.module operations of the LLVM dialect to PTX and, where NVIDIA's
// assembler is there, to cubins.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TARGET_GPUCODE_H
#define AMK_TARGET_GPUCODE_H

#include "amk/Target/BundleWriter.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::amk {

struct GpuCodeOptions {
  /// Path of ptxas; empty: PTX is all there is, and the driver assembles it.
  std::string assembler;
};

/// A function of a kernel, as the assembler sees it.
struct GpuFunction {
  std::string name;
  uint32_t stackBytes = 0, spillStores = 0, spillLoads = 0;
  uint64_t codeBytes = 0;
};

/// One kernel for one architecture.
struct GpuCode {
  std::string arch;
  bool trace = false;
  /// The cubin if there is one; PTX if there is none, or if GPUs to come can
  /// run it.
  std::vector<::amk::CodeFile> files;
  /// From here on only what was assembled has anything.
  std::vector<GpuFunction> functions;
  uint64_t codeBytes = 0;
  double ptxSeconds = 0, assemblerSeconds = 0;

  bool isAssembled() const { return codeBytes != 0; }
};

/// $AMK_PTXAS, or ptxas in PATH, $CUDA_HOME/bin or /usr/local/cuda/bin; empty
/// if it is nowhere.
std::string findAssembler();

/// Compiles every gpu.module of `module`, several at a time, which
/// convert-amk-kernel-to-nvvm and the rest of buildGpuPipeline() made. Reports
/// errors on `module`.
FailureOr<std::vector<GpuCode>> compileGpuCode(ModuleOp module,
                                               const GpuCodeOptions &options);

} // namespace mlir::amk

#endif // AMK_TARGET_GPUCODE_H

//===- NvvmPipeline.cpp - From kernel programs to PTX ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Conversion/Passes.h"
#include "amk/Pipelines/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::amk;

// Not convert-gpu-to-nvvm: it would turn every math operation, LLVM's own
// intrinsics included, into a call of libdevice.
void mlir::amk::buildGpuPipeline(OpPassManager &passes,
                                 const NvvmOptions &options) {
  ConvertAMKKernelToNVVMOptions lowering;
  lowering.chip = options.chip;
  lowering.threads = options.threads;
  passes.addPass(createConvertAMKKernelToNVVM(lowering));

  OpPassManager &modules = passes.nest<gpu::GPUModuleOp>();
  modules.addPass(createCanonicalizerPass());
  modules.addPass(createCSEPass());
  modules.addPass(createSCFToControlFlowPass());
  modules.addPass(createConvertMathToLLVMPass());
  modules.addPass(createArithToLLVMConversionPass());
  // Runs on the whole module only.
  passes.addPass(createConvertControlFlowToLLVMPass());
  OpPassManager &rest = passes.nest<gpu::GPUModuleOp>();
  rest.addPass(createConvertNVVMToLLVMPass());
  rest.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::amk::buildNvvmPipeline(OpPassManager &passes,
                                  const NvvmOptions &options) {
  buildGpuPipeline(passes, options);
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = "isa";
  passes.addPass(createGpuModuleToBinaryPass(binary));
}

namespace {

struct NvvmPipelineOptions : public PassPipelineOptions<NvvmPipelineOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("Target architecture"),
                           llvm::cl::init(NvvmOptions().chip)};
  Option<unsigned> threads{*this, "threads",
                           llvm::cl::desc("Threads per block"),
                           llvm::cl::init(NvvmOptions().threads)};
};

} // namespace

void mlir::amk::registerNvvmPipeline() {
  PassPipelineRegistration<NvvmPipelineOptions>(
      "amk-nvvm-pipeline", "From kernel programs to PTX in gpu.binary",
      [](OpPassManager &passes, const NvvmPipelineOptions &options) {
        buildNvvmPipeline(passes, {options.chip, options.threads});
      });
}

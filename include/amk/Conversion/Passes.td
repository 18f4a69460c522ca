//===- Passes.td - Passes that change the level or the dialect -*- tablegen -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_CONVERSION_PASSES_TD
#define AMK_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertAMKLayerToTask : Pass<"convert-amk-layer-to-task", "::mlir::ModuleOp"> {
  let summary = "Tile the layers of each model into a task graph";
  let description = [{
    Each layer operation becomes a phase: at most `workers` tasks, each with a
    contiguous range of whole tiles. `tile-rows` rows of a weight matrix form
    form a tile. `kv-splits` cuts the context of each kv head; 0 means as many
    as give every worker a unit of attention (at most 16).

    With `gpu` the graph is one for GPUs (docs/GpuKernel.md): only fused layers
    have tasks, the cache is cut into one for each unit of attention, and every
    worker finds the next token itself. A phase has more tasks than workers where
    a worker's weights are more than one task of a GPU can have. `kv-splits` 0
    then means all workers, as far as the context has blocks for them.
  }];
  let options = [
    Option<"workers", "workers", "unsigned", "1",
           "Largest number of tasks per phase">,
    Option<"tileRows", "tile-rows", "unsigned", "4",
           "Rows per weight tile, even, 2 to 16">,
    Option<"kvSplits", "kv-splits", "unsigned", "0",
           "Splits of the context in attention; 0: by workers and heads">,
    Option<"gpu", "gpu", "bool", "false", "Make the graph of a GPU">
  ];
  let dependentDialects = ["::mlir::amk::AMKDialect"];
}

def ConvertAMKScheduleToKernel
    : Pass<"convert-amk-schedule-to-kernel", "::mlir::ModuleOp"> {
  let summary = "Create the kernel bodies and bind every task to one";
  let description = [{
    Tasks that differ only in offsets and ranges share a body. The schedule
    stays, with `call` set on every task; an `amk.kernel.program` joins it. If
    the schedule has the attribute `amk.stage_bytes`, the bodies are those of a
    GPU, and loads of the KV cache get none: the kernel's loader does them.
  }];
  let options = [
    Option<"hiLo", "hi-lo", "bool", "false",
           "On a GPU, multiply activations as the sum of two numbers of the "
           "weights' type">
  ];
  let dependentDialects = ["::mlir::amk::AMKDialect"];
}

def ConvertAMKKernelToLLVM
    : Pass<"convert-amk-kernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Lower kernel programs to the LLVM dialect for the host";
  let description = [{
    Bodies become functions of loops over vectors, and `amk_worker_main` becomes
    the persistent loop that waits, dispatches and signals. Leaves `scf`,
    `arith`, `vector`, `math` and `llvm`; `amk-cpu-pipeline` does the rest.
  }];
  let options = [
    Option<"spinHint", "spin-hint", "std::string", "\"llvm.x86.sse2.pause\"",
           "Intrinsic called between polls of a counter; empty for none">,
    Option<"injectDelays", "inject-delays", "bool", "false",
           "For tests: call KernelArgs::noise around waits and signals">
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::math::MathDialect"
  ];
}

def ConvertAMKKernelToNVVM
    : Pass<"convert-amk-kernel-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Lower kernel bodies to gpu.module and NVVM";
  let description = [{
    Each body becomes a GPU kernel of one thread block, named like the body,
    that takes its operands as parameters: pointers to global memory and 64-bit
    integers, in order. It needs `threads` threads and `scratch_bytes` of
    dynamic shared memory. There is no persistent loop. An operation without a
    GPU lowering is an error that names it. `amk-nvvm-pipeline` goes on to PTX.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_90a\"",
           "Target architecture: sm_80, 86, 89, 90, 90a, 100, 100a, 120, 120a">,
    Option<"threads", "threads", "unsigned", "256",
           "Threads per block, a multiple of 32 up to 1024">
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::gpu::GPUDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"
  ];
}

def SpecializeKernel : Pass<"amk-specialize-kernel", "::mlir::ModuleOp"> {
  let summary = "One kernel program for each GPU architecture";
  let description = [{
    Replaces each kernel program without a `gpu` attribute by one for every name
    of `archs`, called `program_arch`, with as many stages of `stage-bytes` as
    the architecture has shared memory for. A name that ends in `+trace` is for a
    program that writes clock stamps.
  }];
  let options = [
    ListOption<"archs", "archs", "std::string",
               "Architectures: sm_80, 86, 89, 90, 90a, 100, 100a, 120, 120a; "
               "with or without +trace">,
    Option<"stageBytes", "stage-bytes", "unsigned", "0",
           "Of a stage of the ring; 0: as the module's schedule says, or the "
           "smallest of the architectures'">,
    Option<"inFlight", "in-flight", "unsigned", "0",
           "Copies on their way at any time; 0: by architecture">
  ];
  let dependentDialects = ["::mlir::amk::AMKDialect"];
}

#endif // AMK_CONVERSION_PASSES_TD

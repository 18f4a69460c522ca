//===- Pipelines.h - The way from layers to machine code --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_PIPELINES_PIPELINES_H
#define AMK_PIPELINES_PIPELINES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace mlir::amk {

/// The levels of a module on its way, in order. A phase ends with the gate of
/// its level.
enum class Phase { Layer, Fused, Task, Schedule, Kernel, LLVM };
constexpr Phase kPhases[] = {Phase::Layer,    Phase::Fused,  Phase::Task,
                             Phase::Schedule, Phase::Kernel, Phase::LLVM};
StringRef stringifyPhase(Phase phase);

/// The level that a module is at, by the operations in it: the lowest one that
/// explains them.
Phase inferPhase(ModuleOp module);

enum class Fusion { QKV, Gated, Residual, Head, Norm };

enum class SyncMode {
  Exact,  ///< wait for just what is needed
  Coarse, ///< one counter per phase where that costs little
};

enum class TargetKind { Cpu, Cuda };

/// What is particular to code for GPUs.
struct GpuOptions {
  /// One kernel for each: names that isGpuArch() knows.
  std::vector<std::string> archs = {"sm_90a"};
  unsigned stageBytes = 0; ///< of the ring; 0: commonStageBytes()
  unsigned inFlight = 0;   ///< copies at any time; 0: by architecture
  bool hiLo = false;       ///< activations as a pair of 16-bit numbers
  int64_t releaseElements = 0; ///< see amk-choose-hand-off

  unsigned stage() const; ///< stageBytes, or what 0 means
};

/// The defaults are those for CPUs; see setTarget().
struct CompileOptions {
  TargetKind target = TargetKind::Cpu;
  GpuOptions gpu;
  unsigned workers = 1;
  unsigned tileRows = 4;
  unsigned kvSplits = 0; ///< 0: chosen by workers and heads
  std::string placement = "block";
  bool fuseQKV = true;
  bool fuseGated = true;
  bool fuseResidual = true;
  bool fuseHead = true;
  bool fuseNorm = true;
  SyncMode sync = SyncMode::Coarse;
  bool reuse = true;         ///< activations share bytes
  bool injectDelays = false; ///< for tests: see convert-amk-kernel-to-llvm

  /// With the target's own tile rows and placement.
  void setTarget(TargetKind kind);
  /// From a list of names as on the command line: qkv, gated, residual, head,
  /// norm, all or none. Returns false for anything else.
  bool setFusions(ArrayRef<std::string> names);
};

/// Appends what takes a module of `phase` - 1 to `phase`, gate included (for
/// Phase::Layer the gate alone).
void buildPhase(OpPassManager &passes, Phase phase,
                const CompileOptions &options);

/// Appends the gate of `from` and all later phases up to `to`.
void buildCompilePipeline(OpPassManager &passes, const CompileOptions &options,
                          Phase from = Phase::Layer, Phase to = Phase::LLVM);

/// Appends what `convert-amk-kernel-to-llvm` leaves to be done for the host.
void buildCpuPipeline(OpPassManager &passes);

struct NvvmOptions {
  std::string chip = "sm_90a"; ///< of programs without a `gpu` attribute
  unsigned threads = 256;      ///< per block, of these
};

/// Appends what takes kernel programs to `gpu.module` operations of the LLVM
/// dialect. For a module without other levels.
void buildGpuPipeline(OpPassManager &passes, const NvvmOptions &options = {});

/// The same, and on to `gpu.binary` operations with PTX; see
/// amk/Target/GpuBinary.h.
void buildNvvmPipeline(OpPassManager &passes, const NvvmOptions &options);

/// Replaces math.exp by polynomials: vector code without calls.
std::unique_ptr<Pass> createApproximateMathPass();

/// amk-compile-pipeline, amk-cpu-pipeline, amk-nvvm-pipeline and
/// amk-approximate-math.
void registerPipelines();
void registerNvvmPipeline();

} // namespace mlir::amk

#endif // AMK_PIPELINES_PIPELINES_H

//===- Pipelines.cpp - The way from layers to machine code ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Pipelines/Pipelines.h"
#include "amk/Conversion/GpuArchs.h"
#include "amk/Conversion/Passes.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::amk;

StringRef mlir::amk::stringifyPhase(Phase phase) {
  switch (phase) {
  case Phase::Layer:
    return "layer";
  case Phase::Fused:
    return "fused";
  case Phase::Task:
    return "task";
  case Phase::Schedule:
    return "schedule";
  case Phase::Kernel:
    return "kernel";
  case Phase::LLVM:
    return "llvm";
  }
  llvm_unreachable("every phase is handled");
}

Phase mlir::amk::inferPhase(ModuleOp module) {
  auto holds = [&](auto tag) {
    using OpT = decltype(tag);
    return !module.getOps<OpT>().empty();
  };
  if (holds(ModelOp())) {
    bool fused =
        module
            .walk([](Operation *op) {
              return op->getName().getStringRef().starts_with("amk.fused.")
                         ? WalkResult::interrupt()
                         : WalkResult::advance();
            })
            .wasInterrupted();
    return fused ? Phase::Fused : Phase::Layer;
  }
  if (holds(GraphOp()))
    return Phase::Task;
  if (holds(KernelProgramOp()))
    return Phase::Kernel;
  return holds(ScheduleOp()) ? Phase::Schedule : Phase::LLVM;
}

unsigned GpuOptions::stage() const {
  return stageBytes ? stageBytes : commonStageBytes(archs);
}

void CompileOptions::setTarget(TargetKind kind) {
  target = kind;
  bool isGpu = kind == TargetKind::Cuda;
  tileRows = isGpu ? 8 : 4;
  placement = isGpu ? "bytes" : "block";
}

bool CompileOptions::setFusions(ArrayRef<std::string> names) {
  auto set = [&](bool on) {
    fuseQKV = fuseGated = fuseResidual = fuseHead = fuseNorm = on;
  };
  set(false);
  for (StringRef name : names) {
    if (name == "all")
      set(true);
    else if (name == "qkv")
      fuseQKV = true;
    else if (name == "gated")
      fuseGated = true;
    else if (name == "residual")
      fuseResidual = true;
    else if (name == "head")
      fuseHead = true;
    else if (name == "norm")
      fuseNorm = true;
    else if (name != "none" || names.size() != 1)
      return false;
  }
  return true;
}

/// Of buffers in a GPU's memory: copies and vector accesses begin there.
static constexpr unsigned kGpuBufferAlignment = 256;

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// Every subset is valid. The norm goes last: the others leave it fewer users.
static void addFusions(OpPassManager &passes, const CompileOptions &options) {
  OpPassManager &models = passes.nest<ModelOp>();
  if (options.fuseQKV)
    models.addPass(createFuseQKV());
  if (options.fuseGated)
    models.addPass(createFuseGatedLinear());
  if (options.fuseResidual)
    models.addPass(createFuseResidual());
  if (options.fuseHead)
    models.addPass(createFuseHead());
  if (options.fuseNorm)
    models.addPass(createFuseNorm());
}

static void addTiling(OpPassManager &passes, const CompileOptions &options) {
  ConvertAMKLayerToTaskOptions tiling;
  tiling.workers = options.workers;
  tiling.tileRows = options.tileRows;
  tiling.kvSplits = options.kvSplits;
  tiling.gpu = options.target == TargetKind::Cuda;
  passes.addPass(createConvertAMKLayerToTask(tiling));
}

static void addPlacement(OpPassManager &passes, const CompileOptions &options) {
  PlaceTasksOptions placement;
  placement.workers = options.workers;
  placement.placement = options.placement;
  passes.addPass(createPlaceTasks(placement));
}

/// Workers of a CPU hand on everything by counters.
static void addScheduling(OpPassManager &passes,
                          const CompileOptions &options) {
  addPlacement(passes, options);
  OpPassManager &schedules = passes.nest<ScheduleOp>();
  schedules.addPass(createInsertSync());
  if (options.sync == SyncMode::Coarse)
    schedules.addPass(createCoarsenSync());
  schedules.addPass(createSimplifyWaits());
  AllocateBuffersOptions allocation;
  allocation.reuse = options.reuse;
  schedules.addPass(createAllocateBuffers(allocation));
  schedules.addPass(createPackWeights());
}

/// Workers of a GPU hand on activations as value+tag words or by counters.
static void addGpuScheduling(OpPassManager &passes,
                             const CompileOptions &options) {
  ChooseHandOffOptions choice;
  choice.releaseElements = options.gpu.releaseElements;
  passes.nest<GraphOp>().addPass(createChooseHandOff(choice));
  addPlacement(passes, options);
  OpPassManager &schedules = passes.nest<ScheduleOp>();
  InsertHandOffOptions handOff;
  handOff.stageBytes = options.gpu.stage();
  schedules.addPass(createInsertHandOff(handOff));
  AllocateBuffersOptions allocation;
  allocation.reuse = options.reuse;
  allocation.alignment = kGpuBufferAlignment;
  schedules.addPass(createAllocateBuffers(allocation));
  schedules.addPass(createPackWeights());
}

static void addGate(OpPassManager &passes, Phase phase) {
  switch (phase) {
  case Phase::Layer:
    return passes.addPass(createVerifyLayers());
  case Phase::Fused:
    return passes.addPass(createVerifyFusedLayers());
  case Phase::Task:
    return passes.addPass(createVerifyTaskGraph());
  case Phase::Schedule:
    return passes.addPass(createVerifySchedule());
  case Phase::Kernel:
    return passes.addPass(createVerifyKernel());
  case Phase::LLVM: // translation to LLVM IR refuses what does not belong
    return;
  }
}

static void addKernels(OpPassManager &passes, const CompileOptions &options) {
  ConvertAMKScheduleToKernelOptions bodies;
  bodies.hiLo = options.gpu.hiLo;
  passes.addPass(createConvertAMKScheduleToKernel(bodies));
}

static void addLowering(OpPassManager &passes, const CompileOptions &options) {
  if (options.target == TargetKind::Cuda) {
    SpecializeKernelOptions archs;
    archs.archs.assign(options.gpu.archs.begin(), options.gpu.archs.end());
    archs.stageBytes = options.gpu.stageBytes;
    archs.inFlight = options.gpu.inFlight;
    passes.addPass(createSpecializeKernel(archs));
    return buildGpuPipeline(passes);
  }
  ConvertAMKKernelToLLVMOptions lowering;
  lowering.injectDelays = options.injectDelays;
  passes.addPass(createConvertAMKKernelToLLVM(lowering));
  buildCpuPipeline(passes);
}

void mlir::amk::buildPhase(OpPassManager &passes, Phase phase,
                           const CompileOptions &options) {
  switch (phase) {
  case Phase::Layer:
    break;
  case Phase::Fused:
    addFusions(passes, options);
    break;
  case Phase::Task:
    addTiling(passes, options);
    break;
  case Phase::Schedule:
    if (options.target == TargetKind::Cuda)
      addGpuScheduling(passes, options);
    else
      addScheduling(passes, options);
    break;
  case Phase::Kernel:
    addKernels(passes, options);
    break;
  case Phase::LLVM:
    addLowering(passes, options);
    break;
  }
  addGate(passes, phase);
}

void mlir::amk::buildCompilePipeline(OpPassManager &passes,
                                     const CompileOptions &options, Phase from,
                                     Phase to) {
  addGate(passes, from);
  for (Phase phase : kPhases)
    if (phase > from && phase <= to)
      buildPhase(passes, phase, options);
}

void mlir::amk::buildCpuPipeline(OpPassManager &passes) {
  passes.addPass(createApproximateMathPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

namespace {

llvm::cl::ValuesClass phaseValues() {
  return llvm::cl::values(
      clEnumValN(Phase::Layer, "layer", "the model on tensors"),
      clEnumValN(Phase::Fused, "fused", "layers merged"),
      clEnumValN(Phase::Task, "task", "tiles on buffers, unplaced"),
      clEnumValN(Phase::Schedule, "schedule", "tasks on workers, verified"),
      clEnumValN(Phase::Kernel, "kernel", "task bodies"),
      clEnumValN(Phase::LLVM, "llvm", "LLVM dialect"));
}

struct CompilePipelineOptions
    : public PassPipelineOptions<CompilePipelineOptions> {
  Option<TargetKind> target{
      *this, "target", llvm::cl::desc("What to compile for"),
      llvm::cl::init(TargetKind::Cpu),
      llvm::cl::values(clEnumValN(TargetKind::Cpu, "cpu", "x86-64 host"),
                       clEnumValN(TargetKind::Cuda, "cuda", "NVIDIA GPUs"))};
  ListOption<std::string> archs{
      *this, "archs", llvm::cl::desc("Architectures of GPUs; none: sm_90a")};
  Option<unsigned> stageBytes{
      *this, "stage-bytes",
      llvm::cl::desc("Of a stage of a GPU's ring; 0: by architectures"),
      llvm::cl::init(0)};
  Option<unsigned> inFlight{
      *this, "in-flight",
      llvm::cl::desc("Copies to a GPU's ring at any time; 0: by architecture"),
      llvm::cl::init(0)};
  Option<bool> hiLo{
      *this, "hi-lo",
      llvm::cl::desc("Activations on a GPU as a pair of 16-bit numbers"),
      llvm::cl::init(false)};
  Option<int64_t> releaseElements{
      *this, "release-elements",
      llvm::cl::desc("Elements from which on a GPU's activations pass by a "
                     "counter; 0: none do"),
      llvm::cl::init(0)};
  Option<unsigned> workers{
      *this, "workers", llvm::cl::desc("Number of workers"), llvm::cl::init(1)};
  Option<unsigned> tileRows{
      *this, "tile-rows", llvm::cl::desc("Rows per weight tile; 0: by target"),
      llvm::cl::init(0)};
  Option<unsigned> kvSplits{
      *this, "kv-splits",
      llvm::cl::desc("Splits of the context in attention; 0: by workers"),
      llvm::cl::init(0)};
  Option<std::string> placement{*this, "placement",
                                llvm::cl::desc("block, rotate or bytes; empty: "
                                               "by target"),
                                llvm::cl::init("")};
  ListOption<std::string> fuse{
      *this, "fuse",
      llvm::cl::desc("all, none or any of qkv, gated, residual, head, norm")};
  Option<SyncMode> sync{
      *this, "sync", llvm::cl::desc("Granularity of counters"),
      llvm::cl::init(SyncMode::Coarse),
      llvm::cl::values(
          clEnumValN(SyncMode::Exact, "exact", "wait for just what is needed"),
          clEnumValN(SyncMode::Coarse, "coarse", "join counters of a phase"))};
  Option<bool> reuse{*this, "reuse",
                     llvm::cl::desc("Let activations share bytes"),
                     llvm::cl::init(true)};
  Option<Phase> from{*this, "compile-from",
                     llvm::cl::desc("Level of the input"),
                     llvm::cl::init(Phase::Layer), phaseValues()};
  Option<Phase> to{*this, "compile-to", llvm::cl::desc("Level to stop at"),
                   llvm::cl::init(Phase::LLVM), phaseValues()};

  /// What the options ask for; null after `fail` was told what is wrong.
  std::optional<CompileOptions>
  get(function_ref<LogicalResult(const Twine &)> fail) const {
    CompileOptions options;
    options.setTarget(target);
    options.workers = workers;
    if (tileRows)
      options.tileRows = tileRows;
    options.kvSplits = kvSplits;
    if (!placement.empty())
      options.placement = placement;
    if (!archs.empty())
      options.gpu.archs.assign(archs.begin(), archs.end());
    options.gpu.stageBytes = stageBytes;
    options.gpu.inFlight = inFlight;
    options.gpu.hiLo = hiLo;
    options.gpu.releaseElements = releaseElements;
    for (const std::string &name : options.gpu.archs)
      if (!isGpuArch(name)) {
        (void)fail("amk-compile-pipeline: archs: found '" + name +
                   "', expected some of " + gpuArchNames());
        return std::nullopt;
      }
    options.sync = sync;
    options.reuse = reuse;
    std::vector<std::string> names(fuse.begin(), fuse.end());
    if (!names.empty() && !options.setFusions(names)) {
      (void)fail("amk-compile-pipeline: fuse: found '" +
                 llvm::join(names, ",") +
                 "', expected all, none or any of qkv, gated, residual, head, "
                 "norm");
      return std::nullopt;
    }
    if (from > to) {
      (void)fail("amk-compile-pipeline: compile-to: found a level before that "
                 "of compile-from, expected the same or a later one");
      return std::nullopt;
    }
    return options;
  }
};

} // namespace

void mlir::amk::registerPipelines() {
  // PassPipelineRegistration has no way to refuse options.
  registerPassPipeline(
      "amk-compile-pipeline", "From layers to the LLVM dialect",
      [](OpPassManager &passes, StringRef text,
         function_ref<LogicalResult(const Twine &)> fail) {
        CompilePipelineOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        std::optional<CompileOptions> compile = options.get(fail);
        if (!compile)
          return failure();
        buildCompilePipeline(passes, *compile, options.from, options.to);
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> handle) {
        handle(CompilePipelineOptions());
      });
  PassPipelineRegistration<>(
      "amk-cpu-pipeline",
      "From what convert-amk-kernel-to-llvm leaves to the LLVM dialect",
      [](OpPassManager &passes) { buildCpuPipeline(passes); });
  registerNvvmPipeline();
  registerPass(createApproximateMathPass);
}

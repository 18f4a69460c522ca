//===- GpuCode.cpp - Machine code for GPUs --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/GpuCode.h"
#include "Assembler.h"
#include "InlineBodies.h"
#include "amk/Conversion/GpuArchs.h"
#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Support/GpuLayout.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Threading.h"

#include <chrono>

using namespace mlir;
using namespace mlir::amk;
using ::amk::runtime::GpuCodeInfo;

/// Seconds that `work` takes.
static double measure(function_ref<void()> work) {
  auto start = std::chrono::steady_clock::now();
  work();
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

/// LLVM's translation, optimisations and back end.
static FailureOr<std::string> emitPtx(gpu::GPUModuleOp module) {
  auto targets = module.getTargetsAttr();
  auto target = targets && targets.size() == 1
                    ? dyn_cast<gpu::TargetAttrInterface>(targets[0])
                    : gpu::TargetAttrInterface();
  if (!target)
    return module.emitOpError("expects one target"), failure();
  // As text; the toolkit is not asked for anything.
  gpu::TargetOptions options(/*toolkitPath=*/"", /*librariesToLink=*/{},
                             /*cmdOptions=*/"", /*elfSection=*/"",
                             gpu::CompilationTarget::Assembly,
                             /*getSymbolTableCallback=*/{},
                             /*initialLlvmIRCallback=*/{},
                             /*linkedLlvmIRCallback=*/{}, inlineBodies);
  auto text = target.serializeToObject(module, options);
  if (!text)
    return module.emitOpError("cannot be translated to PTX"), failure();
  // With or without the NUL at its end, by version of LLVM.
  return StringRef(text->data(), text->size()).rtrim('\0').str();
}

/// The manifest's entry, without what only the assembler knows.
static ::amk::runtime::CodeInfo codeInfo(GpuAttr gpu,
                                         GpuCodeInfo::Format format) {
  bool isPtx = format == GpuCodeInfo::Format::Ptx;
  ::amk::runtime::CodeInfo info;
  info.arch = gpu.getArch().str();
  info.file = info.arch + (gpu.getTrace() ? "+trace" : "") +
              (isPtx ? ".ptx" : ".cubin");
  info.gpu.emplace();
  info.gpu->format = format;
  info.gpu->sharedBytes =
      ::amk::gpu::sharedBytes(gpu.getStage(), gpu.getStages());
  info.gpu->stages = gpu.getStages();
  info.gpu->inFlight = gpu.getInFlight();
  info.gpu->trace = gpu.getTrace();
  return info;
}

/// PTX for sm_90a is for that alone, PTX for sm_90 for all that follow.
static bool runsOnLaterGpus(StringRef arch) { return !arch.ends_with("a"); }

static LogicalResult compile(gpu::GPUModuleOp module, StringRef assembler,
                             GpuCode &code) {
  auto gpu = module->getAttrOfType<GpuAttr>(kGpuAttrName);
  if (!gpu)
    return module.emitOpError("expects the attribute ") << kGpuAttrName;
  code.arch = gpu.getArch().str();
  code.trace = gpu.getTrace();
  FailureOr<std::string> ptx;
  code.ptxSeconds = measure([&] { ptx = emitPtx(module); });
  if (failed(ptx))
    return failure();
  uint32_t registers = 0, spillBytes = 0;
  auto add = [&](GpuCodeInfo::Format format, std::string bytes) {
    ::amk::CodeFile file{codeInfo(gpu, format), std::move(bytes)};
    file.info.gpu->registers = registers;
    file.info.gpu->spillBytes = spillBytes;
    code.files.push_back(std::move(file));
  };
  if (!assembler.empty()) {
    FailureOr<Assembly> assembly;
    code.assemblerSeconds = measure([&] {
      assembly =
          assemble(assembler, code.arch, *ptx,
                   [&](const Twine &message) { module.emitError(message); });
    });
    if (failed(assembly))
      return failure();
    registers = assembly->registers;
    for (const GpuFunction &function : assembly->functions)
      spillBytes += function.spillStores;
    code.functions = std::move(assembly->functions);
    code.codeBytes = assembly->codeBytes;
    add(GpuCodeInfo::Format::Cubin, std::move(assembly->cubin));
  }
  if (assembler.empty() || runsOnLaterGpus(code.arch))
    add(GpuCodeInfo::Format::Ptx, std::move(*ptx));
  return success();
}

FailureOr<std::vector<GpuCode>>
mlir::amk::compileGpuCode(ModuleOp module, const GpuCodeOptions &options) {
  auto modules = llvm::to_vector(module.getOps<gpu::GPUModuleOp>());
  if (modules.empty())
    return module.emitError("expected a gpu.module to make code of"), failure();
  std::vector<GpuCode> codes(modules.size());
  // Each is translated in an LLVM context of its own.
  if (failed(failableParallelForEachN(
          module.getContext(), 0, modules.size(), [&](size_t i) {
            return compile(modules[i], options.assembler, codes[i]);
          })))
    return failure();
  return codes;
}

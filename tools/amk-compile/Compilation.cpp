//===- Compilation.cpp - One run of amk-compile ---------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"
#include "amk/Import/Import.h"
#include "amk/InitAll.h"
#include "amk/Support/Error.h"
#include "amk/Target/BundlePlan.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace amk;
using namespace amk::tool;
using mlir::amk::Phase;

static mlir::DialectRegistry allDialects() {
  mlir::DialectRegistry registry;
  mlir::amk::registerAllDialects(registry);
  mlir::amk::registerAllExtensions(registry);
  return registry;
}

Compilation::Compilation(const Options &options)
    : options(options), compile(options.compile), context(allDialects()) {
  // A whole module in a message helps nobody.
  context.printOpOnDiagnostic(false);
}

void Compilation::run() {
  if (wantsBundle())
    checkBundleTarget(options.bundle);
  load();
  if (from > options.to)
    fail(options.input, "found a module at level " +
                            mlir::amk::stringifyPhase(from).str() +
                            ", expected one before --compile-to");
  if (wantsBundle() && from == Phase::LLVM)
    fail(options.input, "found a module without a schedule, expected one for a "
                        "bundle");
  for (Phase phase : mlir::amk::kPhases)
    if (phase >= from && phase <= options.to)
      runPhase(phase);
  if (!options.emit.empty())
    writeModule(options.emit);
  if (wantsBundle())
    finishBundle();
}

//===----------------------------------------------------------------------===//
// Input
//===----------------------------------------------------------------------===//

void Compilation::load() {
  if (!llvm::sys::fs::exists(options.input))
    fail(options.input, "found nothing, expected a directory or a .mlir file");
  if (llvm::sys::fs::is_directory(options.input)) {
    if (options.from.value_or(Phase::Layer) != Phase::Layer)
      fail("--compile-from", "expected a .mlir file as input");
    watch.measure("import", [&] { importDirectory(); });
  } else {
    watch.measure("parse", [&] { parseFile(); });
  }
}

void Compilation::importDirectory() {
  Checkpoint checkpoint = readCheckpoint(options.input, options.dummyWeights);
  int64_t positions =
      contextLength(checkpoint.config, options.maxContext, "--max-context");
  module = mlir::amk::importModel(context, checkpoint, positions);
  // Every worker of a GPU has a part of the embedding, or the next step would
  // not wait for it.
  if (options.chooseWorkers && compile.target == mlir::amk::TargetKind::Cuda)
    compile.workers =
        std::min<int64_t>(compile.workers, checkpoint.config.hidden);
}

void Compilation::parseFile() {
  if (options.maxContext != 0)
    fail("--max-context", "expected a directory as input");
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  module = mlir::parseSourceFile<mlir::ModuleOp>(options.input, sources,
                                                 mlir::ParserConfig(&context));
  if (!module)
    fail(options.input, "does not parse");
  from = options.from.value_or(mlir::amk::inferPhase(*module));
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

void Compilation::runPasses(
    const std::string &what,
    llvm::function_ref<void(mlir::OpPassManager &)> build) {
  // Lines of the input, if it has any.
  std::optional<mlir::SourceMgrDiagnosticHandler> handler;
  if (sources.getNumBuffers() != 0)
    handler.emplace(sources, &context);
  mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
  build(passes);
  if (options.passTiming)
    passes.enableTiming();
  // Once per phase, not after every pass: to verify a schedule takes a second
  // for large models.
  passes.enableVerifier(false);
  if (mlir::failed(passes.run(*module)) || mlir::failed(mlir::verify(*module)))
    fail(options.input, what + " failed");
}

void Compilation::runPhase(Phase phase) {
  std::string name = mlir::amk::stringifyPhase(phase).str();
  if (phase == Phase::LLVM && wantsBundle())
    encode();
  watch.measure(name, [&] {
    runPasses(name, [&](mlir::OpPassManager &passes) {
      if (phase == from)
        mlir::amk::buildCompilePipeline(passes, compile, from, from);
      else
        mlir::amk::buildPhase(passes, phase, compile);
    });
  });
  if (!options.dumpDirectory.empty())
    dump(phase);
  if (!options.printSchedule.empty() &&
      phase == std::max(from, Phase::Schedule))
    printSchedule();
}

/// The schedule as tables.
void Compilation::encode() {
  watch.measure("tables", [&] {
    auto planned = mlir::amk::planBundle(*module);
    if (mlir::failed(planned))
      fail(options.input, "encoding the schedule failed");
    plan = std::move(*planned);
  });
  // A module of a later level knows better than the command line.
  bool isForGpu = compile.target == mlir::amk::TargetKind::Cuda;
  if (isForGpu != plan.manifest.gpu.has_value())
    fail(options.input,
         std::string("found a schedule for ") + (isForGpu ? "a CPU" : "GPUs") +
             ", expected --target=" + (isForGpu ? "cpu" : "cuda"));
  if (isForGpu)
    compile.gpu.stageBytes = plan.manifest.gpu->stageBytes;
  // The tables hold it now; LLVM has no operation for it.
  for (auto schedule :
       llvm::make_early_inc_range(module->getOps<mlir::amk::ScheduleOp>()))
    schedule.erase();
}

void Compilation::printSchedule() {
  runPasses("print-schedule", [&](mlir::OpPassManager &passes) {
    mlir::amk::PrintScheduleOptions print;
    print.format = options.printSchedule;
    passes.addPass(mlir::amk::createPrintSchedule(print));
  });
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

void Compilation::writeModule(const std::string &path) {
  std::string message;
  auto file = mlir::openOutputFile(path, &message);
  if (!file)
    throw Error(message);
  mlir::OpPrintingFlags flags;
  // Until tasks carry labels, names are locations: the text must keep them to
  // compile to the same thing.
  if (mlir::amk::inferPhase(*module) <= Phase::Fused)
    flags.enableDebugInfo(true, /*prettyForm=*/false);
  module->print(file->os(), flags);
  file->os() << '\n';
  file->keep();
}

void Compilation::dump(Phase phase) {
  if (std::error_code error =
          llvm::sys::fs::create_directories(options.dumpDirectory))
    fail(options.dumpDirectory, "cannot create: " + error.message());
  writeModule(options.dumpDirectory + "/" +
              std::to_string(static_cast<int>(phase)) + "-" +
              mlir::amk::stringifyPhase(phase).str() + ".mlir");
}

std::vector<CodeFile> Compilation::compileGpu() {
  auto compiled = mlir::amk::compileGpuCode(*module, options.gpuCode);
  if (mlir::failed(compiled))
    fail(options.input, "generating code for the GPU failed");
  gpuCode = std::move(*compiled);
  std::vector<CodeFile> files;
  for (const mlir::amk::GpuCode &code : gpuCode)
    llvm::append_range(files, code.files);
  return files;
}

void Compilation::finishBundle() {
  std::vector<CodeFile> code;
  watch.measure("object", [&] {
    if (compile.target == mlir::amk::TargetKind::Cuda) {
      code = compileGpu();
      return;
    }
    auto object = mlir::amk::compileCpuObject(*module, options.object);
    if (mlir::failed(object))
      fail(options.input, "generating machine code failed");
    code.push_back(std::move(*object));
  });
  watch.measure("write", [&] { writeBundle(plan, code, options.bundle); });
  llvm::errs() << compileReport(plan, code, gpuCode, options.bundle, watch);
}

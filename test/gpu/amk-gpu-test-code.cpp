//===- amk-gpu-test-code.cpp - One kernel program for CPU and GPUs --------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-test-code [--persistent] PROGRAM.mlir DIRECTORY CHIP...
//
// Compiles one amk.kernel.program for the host (DIRECTORY/cpu.so, x86-64-v3)
// and for every chip (DIRECTORY/CHIP.ptx). With --persistent only for the chips,
// as one persistent kernel with the geometry of each chip.
//
//===----------------------------------------------------------------------===//

#include "Conversion/KernelToNVVM/Arch.h"
#include "amk/Conversion/Passes.h"
#include "amk/InitAll.h"
#include "amk/Pipelines/Pipelines.h"
#include "amk/Target/CpuObject.h"
#include "amk/Target/GpuBinary.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::amk;

static LogicalResult writeFile(const Twine &path, StringRef contents) {
  std::error_code error;
  llvm::raw_fd_ostream out(path.str(), error);
  if (!error) {
    out << contents;
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (!error)
    return success();
  llvm::errs() << path << ": " << error.message() << '\n';
  return failure();
}

/// A fresh copy of the program, taken through the passes that `build` adds.
static OwningOpRef<ModuleOp>
compile(MLIRContext &context, StringRef file,
        function_ref<void(OpPassManager &)> build,
        const ArchRow *persistent = nullptr) {
  auto module = parseSourceFile<ModuleOp>(file, &context);
  if (module && persistent)
    for (auto program : module->getOps<KernelProgramOp>())
      program.setGpuAttr(defaultGpuAttr(&context, *persistent));
  PassManager passes(&context);
  build(passes);
  if (!module || failed(passes.run(*module)))
    return nullptr;
  return module;
}

static LogicalResult writeCpuObject(MLIRContext &context, StringRef file,
                                    StringRef directory) {
  auto module = compile(context, file, [](OpPassManager &passes) {
    passes.addPass(createConvertAMKKernelToLLVM());
    buildCpuPipeline(passes);
  });
  if (!module)
    return failure();
  CpuObjectOptions options;
  options.level = "x86-64-v3"; // for machines other than this one
  auto code = compileCpuObject(*module, options);
  if (failed(code))
    return failure();
  return writeFile(directory + "/cpu.so", code->bytes);
}

static LogicalResult writePtx(MLIRContext &context, StringRef file,
                              StringRef directory, StringRef chip,
                              bool persistent) {
  auto build = [&](OpPassManager &passes) {
    NvvmOptions options;
    options.chip = chip.str();
    buildNvvmPipeline(passes, options);
  };
  auto module =
      compile(context, file, build, persistent ? findArch(chip) : nullptr);
  if (!module)
    return failure();
  auto binaries = module->getOps<gpu::BinaryOp>();
  if (!llvm::hasSingleElement(binaries))
    return module->emitError("expected one amk.kernel.program");
  auto ptx = ptxOf(*binaries.begin());
  if (failed(ptx))
    return failure();
  return writeFile(directory + "/" + chip + ".ptx", *ptx);
}

int main(int argc, char **argv) {
  bool persistent = argc > 1 && StringRef(argv[1]) == "--persistent";
  if (persistent) {
    --argc;
    ++argv;
  }
  if (argc < 3) {
    llvm::errs() << "usage: amk-gpu-test-code [--persistent] PROGRAM.mlir "
                    "DIRECTORY CHIP...\n";
    return 2;
  }
  StringRef file = argv[1], directory = argv[2];
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  MLIRContext context(registry);
  if (std::error_code error = llvm::sys::fs::create_directories(directory)) {
    llvm::errs() << directory << ": " << error.message() << '\n';
    return 1;
  }
  if (!persistent && failed(writeCpuObject(context, file, directory)))
    return 1;
  for (int i = 3; i < argc; ++i)
    if (failed(writePtx(context, file, directory, argv[i], persistent)))
      return 1;
  return 0;
}

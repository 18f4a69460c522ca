//===- Compilation.h - One run of amk-compile -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_AMKCOMPILE_COMPILATION_H
#define AMK_TOOLS_AMKCOMPILE_COMPILATION_H

#include "Options.h"
#include "Report.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

namespace amk::tool {

/// Failures are amk::Error, thrown between calls into MLIR and never through
/// one; MLIR's own diagnostics are printed before.
class Compilation {
public:
  explicit Compilation(const Options &options);

  void run();

private:
  void load();
  void importDirectory();
  void parseFile();
  void runPhase(mlir::amk::Phase phase);
  void runPasses(const std::string &what,
                 llvm::function_ref<void(mlir::OpPassManager &)> build);
  void printSchedule();
  void dump(mlir::amk::Phase phase);
  void writeModule(const std::string &path);
  void encode();
  void finishBundle();
  std::vector<CodeFile> compileGpu();
  bool wantsBundle() const { return !options.bundle.empty(); }

  const Options &options;
  mlir::amk::CompileOptions compile;
  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::amk::Phase from = mlir::amk::Phase::Layer;
  BundlePlan plan;
  std::vector<mlir::amk::GpuCode> gpuCode; ///< target cuda
  Stopwatch watch;
};

} // namespace amk::tool

#endif // AMK_TOOLS_AMKCOMPILE_COMPILATION_H

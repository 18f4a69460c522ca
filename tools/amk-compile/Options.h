//===- Options.h - Command line of amk-compile ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_AMKCOMPILE_OPTIONS_H
#define AMK_TOOLS_AMKCOMPILE_OPTIONS_H

#include "amk/Pipelines/Pipelines.h"
#include "amk/Target/CpuObject.h"
#include "amk/Target/GpuCode.h"

#include <optional>
#include <string>

namespace amk::tool {

/// The command line after every check that needs no file.
struct Options {
  std::string input;
  std::string bundle; ///< empty: none is written
  mlir::amk::CompileOptions compile;
  bool chooseWorkers = false; ///< compile.workers is more than a model may use
  mlir::amk::CpuObjectOptions object; ///< target cpu
  mlir::amk::GpuCodeOptions gpuCode;  ///< target cuda
  int64_t maxContext = 0;             ///< 0: chosen by the model
  bool dummyWeights = false;
  std::optional<mlir::amk::Phase> from; ///< none: by what the input holds
  mlir::amk::Phase to = mlir::amk::Phase::LLVM;
  std::string emit;          ///< file, "-" or empty
  std::string dumpDirectory; ///< or empty
  std::string printSchedule; ///< format or empty
  bool passTiming = false;
};

/// Throws amk::Error for what is wrong with the command line.
Options parseCommandLine(int argc, char **argv);

} // namespace amk::tool

#endif // AMK_TOOLS_AMKCOMPILE_OPTIONS_H

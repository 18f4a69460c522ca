//===- amk-compile.cpp - Compiles a model into a bundle -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "amk/Support/Error.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  try {
    amk::tool::Options options = amk::tool::parseCommandLine(argc, argv);
    amk::tool::Compilation(options).run();
    return 0;
  } catch (const std::exception &error) {
    llvm::errs() << "amk-compile: error: " << error.what() << '\n';
    return 1;
  }
}

//===- amk-opt.cpp - Runs amk passes and pipelines on MLIR files ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/InitAll.h"
#include "amk/Support/Version.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::amk::registerAllDialects(registry);
  mlir::amk::registerAllExtensions(registry);
  mlir::amk::registerAllPasses();
  llvm::cl::AddExtraVersionPrinter([](llvm::raw_ostream &os) {
    os << "AutoMegaKernel " << amk::version() << '\n';
  });
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "AutoMegaKernel optimizer driver\n", registry));
}

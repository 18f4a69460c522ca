//===- AMKPlugin.cpp - The amk dialect and passes for stock mlir-opt ------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entry points that mlir-opt looks up by name:
//   mlir-opt-22 --load-dialect-plugin=AMKPlugin.so
//     --load-pass-plugin=AMKPlugin.so --pass-pipeline='builtin.module(amk-...)'
// Passes of a plugin are not options of their own: mlir-opt reads its options
// before it loads plugins.
//
//===----------------------------------------------------------------------===//

#include "amk/InitAll.h"
#include "amk/Support/Version.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

static void registerDialects(mlir::DialectRegistry *registry) {
  mlir::amk::registerAllDialects(*registry);
  mlir::amk::registerAllExtensions(*registry);
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "AMK", amk::version(), registerDialects};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "AMK", amk::version(),
          mlir::amk::registerAllPasses};
}

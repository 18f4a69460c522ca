//===- WideAccesses.h - Vector accesses for ThreadSanitizer -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_WIDEACCESSES_H
#define AMK_LIB_TARGET_WIDEACCESSES_H

#include "llvm/IR/PassManager.h"

namespace mlir::amk {

/// Reports loads and stores of more than 16 bytes to ThreadSanitizer's runtime.
/// LLVM's own pass instruments 1, 2, 4, 8 and 16 bytes and leaves out wider
/// vectors without a word; in generated code those are most accesses.
struct WideAccessesPass : llvm::PassInfoMixin<WideAccessesPass> {
  llvm::PreservedAnalyses run(llvm::Module &module,
                              llvm::ModuleAnalysisManager &analyses);
  static bool isRequired() { return true; }
};

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_WIDEACCESSES_H

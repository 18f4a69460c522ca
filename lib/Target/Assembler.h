//===- Assembler.h - NVIDIA's assembler -------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_TARGET_ASSEMBLER_H
#define AMK_LIB_TARGET_ASSEMBLER_H

#include "amk/Target/GpuCode.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"

namespace mlir::amk {

/// What ptxas makes of a module, and what it says of it.
struct Assembly {
  std::string cubin;
  uint32_t registers = 0; ///< of a thread of the kernel
  std::vector<GpuFunction> functions;
  uint64_t codeBytes = 0;
};

/// Runs `ptxas` for `arch`. `report` gets a message if that fails.
FailureOr<Assembly>
assemble(llvm::StringRef ptxas, llvm::StringRef arch, llvm::StringRef ptx,
         llvm::function_ref<void(const llvm::Twine &)> report);

} // namespace mlir::amk

#endif // AMK_LIB_TARGET_ASSEMBLER_H

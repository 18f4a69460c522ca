//===- WideAccesses.cpp - Vector accesses for ThreadSanitizer -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WideAccesses.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;

/// The widest access that LLVM's ThreadSanitizer pass instruments, in bytes.
static constexpr uint64_t kWidest = 16;

static uint64_t accessBytes(Instruction &instruction) {
  return instruction.getDataLayout().getTypeStoreSize(
      getLoadStoreType(&instruction));
}

static void report(Instruction &access) {
  Module &module = *access.getModule();
  IRBuilder<> builder(&access);
  Type *pointer = builder.getPtrTy();
  Type *size = builder.getInt64Ty();
  FunctionCallee callee = module.getOrInsertFunction(
      isa<LoadInst>(access) ? "__tsan_read_range" : "__tsan_write_range",
      builder.getVoidTy(), pointer, size);
  builder.CreateCall(callee, {getLoadStorePointerOperand(&access),
                              builder.getInt64(accessBytes(access))});
}

PreservedAnalyses mlir::amk::WideAccessesPass::run(Module &module,
                                                   ModuleAnalysisManager &) {
  SmallVector<Instruction *> wide;
  for (Function &function : module)
    if (function.hasFnAttribute(Attribute::SanitizeThread))
      for (Instruction &instruction : instructions(function))
        if (isa<LoadInst, StoreInst>(instruction) &&
            accessBytes(instruction) > kWidest)
          wide.push_back(&instruction);
  for (Instruction *access : wide)
    report(*access);
  return wide.empty() ? PreservedAnalyses::all() : PreservedAnalyses::none();
}

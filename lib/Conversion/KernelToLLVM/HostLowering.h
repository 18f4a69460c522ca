//===- HostLowering.h - The parts of the host lowering -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTOLLVM_HOSTLOWERING_H
#define AMK_LIB_CONVERSION_KERNELTOLLVM_HOSTLOWERING_H

#include "../Utils/CodeBuilder.h"

#include "mlir/Transforms/DialectConversion.h"

namespace mlir::amk::host {

/// The pieces of KernelArgs that a body sees, from its function's arguments.
struct BodyContext {
  Value args, worker, instruction, step;
};
BodyContext bodyContext(Operation *op);

/// Position of the step's token: args.startPosition + step.
Value loadPosition(CodeBuilder &code, const BodyContext &context);

void populateStepPatterns(const TypeConverter &, RewritePatternSet &);
void populateGemvPatterns(const TypeConverter &, RewritePatternSet &);
void populateAttentionPatterns(const TypeConverter &, RewritePatternSet &);
void populateElementwisePatterns(const TypeConverter &, RewritePatternSet &);

struct WorkerMainOptions {
  StringRef spinHint;        ///< intrinsic between polls, or empty
  bool injectDelays = false; ///< call KernelArgs::noise around waits, signals
};

/// Adds `amk_worker_main`, which runs one worker's queue with `bodies`.
void buildWorkerMain(ModuleOp module, ArrayRef<LLVM::LLVMFuncOp> bodies,
                     const WorkerMainOptions &options);

} // namespace mlir::amk::host

#endif // AMK_LIB_CONVERSION_KERNELTOLLVM_HOSTLOWERING_H

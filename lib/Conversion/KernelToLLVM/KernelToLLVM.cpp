//===- KernelToLLVM.cpp - Kernel programs for the host -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bodies become internal functions of loops over vectors, dispatched by the
// persistent loop of WorkerMain.cpp. Memrefs become plain pointers: an argument
// is the base of its memory space plus the offset that the instruction gives.
//
//===----------------------------------------------------------------------===//

#include "../Utils/KernelTypeConverter.h"
#include "HostLowering.h"

#include "amk/Conversion/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_CONVERTAMKKERNELTOLLVM
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;

namespace {

struct ConvertAMKKernelToLLVM
    : mlir::amk::impl::ConvertAMKKernelToLLVMBase<ConvertAMKKernelToLLVM> {
  using ConvertAMKKernelToLLVMBase::ConvertAMKKernelToLLVMBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto programs = llvm::to_vector(module.getOps<KernelProgramOp>());
    if (programs.size() != 1) {
      module.emitError() << "expects one amk.kernel.program, found "
                         << programs.size();
      return signalPassFailure();
    }
    SmallVector<StringAttr> names;
    for (auto body : programs.front().getOps<KernelBodyOp>())
      names.push_back(body.getSymNameAttr());
    if (failed(convertBodies(programs.front())))
      return signalPassFailure();
    hoistFunctions(module, programs.front(), names);
  }

private:
  LogicalResult convertBodies(KernelProgramOp program) {
    KernelTypeConverter converter(/*otherSpace=*/0, /*scratchSpace=*/0);
    RewritePatternSet patterns(&getContext());
    populateStepPatterns(converter, patterns);
    populateGemvPatterns(converter, patterns);
    populateAttentionPatterns(converter, patterns);
    populateElementwisePatterns(converter, patterns);
    ConversionTarget target(getContext());
    target.addLegalDialect<LLVM::LLVMDialect, arith::ArithDialect,
                           scf::SCFDialect, vector::VectorDialect,
                           math::MathDialect>();
    target.addIllegalDialect<AMKDialect>();
    target.addLegalOp<KernelProgramOp>();
    return applyFullConversion(program, target, std::move(patterns));
  }

  /// Moves the functions out of the program and adds the entry point.
  void hoistFunctions(ModuleOp module, KernelProgramOp program,
                      ArrayRef<StringAttr> names) {
    SmallVector<LLVM::LLVMFuncOp> functions;
    SymbolTable symbols(program);
    for (StringAttr name : names)
      functions.push_back(symbols.lookup<LLVM::LLVMFuncOp>(name));
    for (LLVM::LLVMFuncOp function : functions)
      function->moveBefore(module.getBody(), module.getBody()->end());
    program.erase();

    OpBuilder builder(module.getContext());
    builder.setInsertionPointToEnd(module.getBody());
    LLVM::GlobalOp::create(builder, module.getLoc(), builder.getI32Type(),
                           /*isConstant=*/true, LLVM::Linkage::External,
                           ::amk::abi::kAbiSymbolName,
                           builder.getI32IntegerAttr(::amk::abi::kAbiVersion));
    buildWorkerMain(module, functions, spinHint);
  }
};

} // namespace

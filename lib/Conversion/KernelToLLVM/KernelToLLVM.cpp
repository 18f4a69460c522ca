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

/// Refuses what only GPUs run.
static LogicalResult checkGpuOnly(KernelProgramOp program) {
  if (program.getGpu())
    return program.emitOpError() << "is for a GPU (" << program.getGpuAttr()
                                 << "), expected one for the host";
  WalkResult result = program.walk([](Operation *op) {
    if (auto gemv = dyn_cast<KernelGemvOp>(op);
        gemv && gemv.packLayout() != PackLayout::RowInterleaved32) {
      gemv.emitOpError() << "has no lowering to the host for weights in layout "
                         << stringifyPackLayout(gemv.packLayout())
                         << ", expected row_interleaved32";
      return WalkResult::interrupt();
    }
    if (auto store = dyn_cast<KernelStoreQKVOp>(op);
        store && !store.getCache()) {
      store.emitOpError("has no lowering to the host without a cache");
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Bodies only, with arguments that have an address and a size.
static LogicalResult checkProgram(KernelProgramOp program) {
  if (failed(checkGpuOnly(program)))
    return failure();
  for (Operation &op : program.getBody().front()) {
    auto body = dyn_cast<KernelBodyOp>(op);
    if (!body)
      return op.emitOpError("is not allowed beside the bodies of a program");
    for (Type type : body.getBody().getArgumentTypes()) {
      auto memref = dyn_cast<MemRefType>(type);
      if (!memref)
        continue;
      MemorySpace space =
          cast<MemorySpaceAttr>(memref.getMemorySpace()).getValue();
      if (space == MemorySpace::Words)
        return body.emitOpError()
               << "expects plain values on the host, found the argument "
               << type;
      if (space == MemorySpace::Scratch)
        return body.emitOpError()
               << "expects its scratch from amk.kernel.scratch, found the "
                  "argument "
               << type;
      if (space != MemorySpace::Stream && !memref.hasStaticShape())
        return body.emitOpError()
               << "expects a static shape of every argument but weights, found "
               << type;
    }
  }
  return success();
}

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
    if (failed(checkProgram(programs.front())))
      return signalPassFailure();
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
    buildWorkerMain(module, functions, {spinHint, injectDelays});
  }
};

} // namespace

//===- GpuProgram.cpp - A kernel program as one persistent kernel ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bodies become private functions first, so that the patterns that lower their
// operations find the function around them; then the kernel that calls them is
// added.
//
//===----------------------------------------------------------------------===//

#include "../Utils/KernelTypeConverter.h"
#include "Combine.h"
#include "EarlyLoads.h"
#include "GpuPattern.h"
#include "RingAttention.h"

using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

static constexpr unsigned kGlobal = 1, kShared = 3;

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static LogicalResult checkGeometry(KernelProgramOp program,
                                   const GpuKernel &kernel) {
  uint64_t bytes =
      layout::sharedBytes(kernel.gpu.getStage(), kernel.gpu.getStages());
  if (bytes > kernel.arch.row().sharedBytes)
    return program.emitOpError()
           << "takes " << bytes << " bytes of shared memory a block, but "
           << kernel.arch.row().name << " has "
           << kernel.arch.row().sharedBytes;
  return success();
}

/// Scratch is the staged vector and the rows, and nothing else.
static LogicalResult checkScratch(KernelScratchOp op) {
  int64_t begin = op.getOffset();
  int64_t end = begin + byteSize(cast<MemRefType>(op.getType()));
  auto isIn = [&](int64_t first, int64_t last) {
    return begin >= first && end <= last;
  };
  if (isIn(layout::kStagedOffset, layout::kPartOffset) ||
      isIn(layout::kRowsOffset, layout::kInstructionsOffset))
    return success();
  return op.emitOpError() << "expects bytes of [" << layout::kStagedOffset
                          << ", " << layout::kPartOffset << ") or ["
                          << layout::kRowsOffset << ", "
                          << layout::kInstructionsOffset << "), found ["
                          << begin << ", " << end << ")";
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {

template <typename OpTy>
struct ValuePattern : GpuPattern<OpTy> {
  using GpuPattern<OpTy>::GpuPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, this->kernel);
    rewriter.replaceOp(op, lower(code, op));
    return success();
  }
  virtual Value lower(GpuBuilder &code, OpTy op) const = 0;
};

struct ScratchLowering : ValuePattern<KernelScratchOp> {
  using ValuePattern::ValuePattern;
  Value lower(GpuBuilder &code, KernelScratchOp op) const override {
    return code.shared(SharedPart::Staged, code.i32(op.getOffset()));
  }
};

struct PositionLowering : ValuePattern<KernelPositionOp> {
  using ValuePattern::ValuePattern;
  Value lower(GpuBuilder &code, KernelPositionOp) const override {
    return code.zext(code.position());
  }
};

struct InputTagLowering : ValuePattern<KernelInputTagOp> {
  using ValuePattern::ValuePattern;
  Value lower(GpuBuilder &code, KernelInputTagOp op) const override {
    return code.zext(code.inputTag(op.getNumber()));
  }
};

struct OutputTagLowering : ValuePattern<KernelOutputTagOp> {
  using ValuePattern::ValuePattern;
  Value lower(GpuBuilder &code, KernelOutputTagOp) const override {
    return code.zext(code.outputTag());
  }
};

struct ReturnLowering : GpuPattern<KernelReturnOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getStop())
      return op.emitOpError("has no lowering to a GPU for gates");
    GpuBuilder code(rewriter, op, kernel);
    Type i32 = rewriter.getI32Type();
    auto type = LLVM::LLVMStructType::getLiteral(getContext(), {i32, i32});
    Value result = code.make<LLVM::PoisonOp>(type);
    for (auto [i, value] : llvm::enumerate(code.ringState()))
      result = code.make<LLVM::InsertValueOp>(result, value, i);
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, result);
    return success();
  }
};

} // namespace

/// Where what the instruction says is to be read for `user`: there, as operands
/// are cheap to read and dear to keep; but for what follows a short product
/// before it, when everybody waits for words anyway.
static Operation *readingPoint(Operation *user, const GpuKernel &kernel) {
  if (!isa<KernelStoreRowsOp, KernelStoreGatedOp, KernelStoreQKVOp,
           KernelPositionOp, KernelInputTagOp, KernelOutputTagOp>(user))
    return user;
  for (auto gemv : user->getBlock()->getOps<KernelGemvOp>())
    if (gemv->isBeforeInBlock(user) && takesStagesAhead(gemv, kernel))
      return gemv;
  return user;
}

/// Replaces each use of a body's argument by what the instruction says.
static LogicalResult bindArguments(KernelBodyOp body, const GpuKernel &kernel,
                                   LLVM::LLVMFuncOp function) {
  if (body.getBody().getNumArguments() > ::amk::abi::kMaxOperands)
    return body.emitOpError()
           << "has more than " << ::amk::abi::kMaxOperands << " arguments";
  for (BlockArgument argument : body.getBody().getArguments())
    for (OpOperand &use : llvm::make_early_inc_range(argument.getUses())) {
      OpBuilder b(readingPoint(use.getOwner(), kernel));
      GpuBuilder code(b, use.getOwner()->getLoc(), kernel, function);
      unsigned number = argument.getArgNumber();
      Value value;
      if (auto type = dyn_cast<MemRefType>(argument.getType())) {
        auto space = cast<MemorySpaceAttr>(type.getMemorySpace()).getValue();
        if (space == MemorySpace::Scratch)
          return body.emitOpError("expects its scratch from "
                                  "amk.kernel.scratch, not as an argument");
        value = code.pointer(space, number);
      } else {
        value = code.operand(number);
      }
      auto cast = UnrealizedConversionCastOp::create(b, code.loc,
                                                     argument.getType(), value);
      use.set(cast.getResult(0));
    }
  return success();
}

static FailureOr<LLVM::LLVMFuncOp> makeFunction(KernelBodyOp body,
                                                const GpuKernel &kernel) {
  MLIRContext *context = body.getContext();
  OpBuilder b(body);
  Type i32 = b.getI32Type();
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMStructType::getLiteral(context, {i32, i32}),
      {LLVM::LLVMPointerType::get(context),
       LLVM::LLVMPointerType::get(context, kShared), i32, i32, i32});
  auto function = LLVM::LLVMFuncOp::create(b, body.getLoc(), body.getSymName(),
                                           type, LLVM::Linkage::Internal);
  // Inlined only after all optimisations (Target/InlineBodies.h): LLVM would
  // keep values of all bodies in registers across the dispatch, and spill in
  // their loops.
  function.setNoInline(true);
  if (body.getBody().getOps<KernelRingAttentionOp>().empty())
    function->setAttr(kKeepArgsAttrName, b.getUnitAttr());
  Block *entry = function.addEntryBlock(b);
  GpuBuilder rows(b, body.getLoc(), kernel, function);
  for (auto gemv : body.getBody().getOps<KernelGemvOp>())
    planRows(rows, gemv);
  EarlyLoads early(body);
  if (failed(bindArguments(body, kernel, function)))
    return failure();
  for (Operation &op : llvm::make_early_inc_range(body.getBody().front()))
    if (isa<KernelPositionOp, KernelInputTagOp, KernelOutputTagOp>(op))
      if (Operation *point = readingPoint(&op, kernel); point != &op)
        op.moveBefore(point);
  Block &old = body.getBody().front();
  entry->getOperations().splice(entry->end(), old.getOperations());
  b.setInsertionPointToStart(entry);
  GpuBuilder code(b, body.getLoc(), kernel, function);
  code.initRingState(entry->getArgument(kBodySlot),
                     entry->getArgument(kBodyParity));
  early.begin(code);
  body.erase();
  return function;
}

static LogicalResult convertBodies(KernelProgramOp program,
                                   const GpuKernel &kernel) {
  MLIRContext *context = program.getContext();
  KernelTypeConverter converter(kGlobal, kShared);
  RewritePatternSet patterns(context);
  patterns.add<ScratchLowering, PositionLowering, InputTagLowering,
               OutputTagLowering, ReturnLowering>(converter, context, kernel);
  populateGpuGemvPatterns(converter, kernel, patterns);
  populateGpuEpiloguePatterns(converter, kernel, patterns);
  populateGpuStepPatterns(converter, kernel, patterns);
  populateGpuRingAttentionPatterns(converter, kernel, patterns);
  populateGpuCombinePatterns(converter, kernel, patterns);
  ConversionTarget target(*context);
  target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect,
                         arith::ArithDialect, scf::SCFDialect,
                         math::MathDialect>();
  target.addIllegalDialect<AMKDialect>();
  target.addLegalOp<KernelProgramOp, UnrealizedConversionCastOp>();
  return applyFullConversion(program, target, std::move(patterns));
}

LogicalResult mlir::amk::lowerGpuProgram(KernelProgramOp program,
                                         Operation *module,
                                         const GpuKernel &kernel) {
  if (failed(checkGeometry(program, kernel)))
    return failure();
  WalkResult scratch = program.walk([](KernelScratchOp op) {
    return failed(checkScratch(op)) ? WalkResult::interrupt()
                                    : WalkResult::advance();
  });
  if (scratch.wasInterrupted())
    return failure();

  Block *to = &module->getRegion(0).front();
  OpBuilder b(program.getContext());
  b.setInsertionPointToStart(to);
  LLVM::GlobalOp::create(b, program.getLoc(),
                         LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                         /*isConstant=*/false, LLVM::Linkage::External,
                         kSharedName, Attribute(), /*alignment=*/1024, kShared);

  SmallVector<LLVM::LLVMFuncOp> bodies;
  for (auto body : llvm::to_vector(program.getOps<KernelBodyOp>())) {
    auto function = makeFunction(body, kernel);
    if (failed(function))
      return failure();
    bodies.push_back(*function);
  }
  if (failed(convertBodies(program, kernel)))
    return failure();
  Block &from = program.getBody().front();
  to->getOperations().splice(to->end(), from.getOperations());
  b.setInsertionPointToEnd(to);
  buildGpuMain(b, program.getLoc(), kernel, bodies);
  program.erase();

  WalkResult legal = module->walk([&](Operation *op) {
    return failed(kernel.arch.verify(op)) ? WalkResult::interrupt()
                                          : WalkResult::advance();
  });
  return failure(legal.wasInterrupted());
}

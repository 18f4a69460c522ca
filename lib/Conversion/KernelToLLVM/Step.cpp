//===- Step.cpp - Begin and end of a step, embedding, bodies -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostLowering.h"

#include <limits>

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;
using ::amk::abi::Control;
using ::amk::abi::Instruction;
using ::amk::abi::KernelArgs;

BodyContext host::bodyContext(Operation *op) {
  Block &entry = op->getParentOfType<LLVM::LLVMFuncOp>().getBody().front();
  return {entry.getArgument(0), entry.getArgument(1), entry.getArgument(2),
          entry.getArgument(3)};
}

Value host::loadPosition(CodeBuilder &code, const BodyContext &context) {
  Value start = code.loadField(code.b.getI32Type(), context.args,
                               offsetof(KernelArgs, startPosition));
  return code.zext(code.add(start, context.step));
}

namespace {

struct PositionLowering : OpConversionPattern<KernelPositionOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelPositionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    rewriter.replaceOp(op, loadPosition(code, bodyContext(op)));
    return success();
  }
};

struct ScratchLowering : OpConversionPattern<KernelScratchOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelScratchOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    BodyContext context = bodyContext(op);
    Value all =
        code.loadField(code.ptr(), context.args, offsetof(KernelArgs, scratch));
    Value mine = code.load(
        code.ptr(), code.at(all, code.zext(context.worker), code.ptr()), 8);
    rewriter.replaceOp(op, code.byteAt(mine, code.i64(op.getOffset())));
    return success();
  }
};

struct GateLowering : OpConversionPattern<KernelGateOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelGateOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    // The host may set the flag, too, while it abandons a launch.
    auto flag = LLVM::LoadOp::create(
        rewriter, op.getLoc(), rewriter.getI32Type(),
        code.byteAt(adaptor.getControl(), code.i64(offsetof(Control, stop))), 4,
        /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/false,
        /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic);
    rewriter.replaceOp(op, code.make<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                                    flag, code.i32(0)));
    return success();
  }
};

struct ReturnLowering : OpConversionPattern<KernelReturnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    Value stop = adaptor.getStop();
    if (!stop)
      stop = code.make<arith::ConstantOp>(rewriter.getBoolAttr(false));
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, stop);
    return success();
  }
};

struct EmbedLowering : OpConversionPattern<KernelEmbedOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelEmbedOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    auto table = cast<MemRefType>(op.getTable().getType());
    Type element = table.getElementType();
    Value token =
        code.zext(code.load(rewriter.getI32Type(),
                            code.at(adaptor.getToken(), adaptor.getPosition(),
                                    rewriter.getI32Type()),
                            4));
    Value row = code.mul(token, table.getDimSize(1));
    code.loop(code.i64(0), adaptor.getCount(), 1, [&](Value u) {
      Value i = code.add(adaptor.getBegin(), u);
      code.storeF32(
          loadAsFloat(code, adaptor.getTable(), code.add(row, i), element),
          adaptor.getOut(), i);
    });
    rewriter.eraseOp(op);
    return success();
  }

  /// An element of a mapped file, which need not be aligned.
  static Value loadAsFloat(CodeBuilder &code, Value table, Value index,
                           Type element) {
    Value pointer = code.at(table, index, element);
    if (element.isF32())
      return code.load(element, pointer, 1);
    if (element.isF16())
      return code.make<arith::ExtFOp>(code.b.getF32Type(),
                                      code.load(element, pointer, 1));
    // A bf16 is the upper half of the float of the same value.
    Value bits = code.make<arith::ExtUIOp>(
        code.b.getI32Type(), code.load(code.b.getI16Type(), pointer, 1));
    return code.make<arith::BitcastOp>(
        code.b.getF32Type(), code.make<arith::ShLIOp>(bits, code.i32(16)));
  }
};

struct FinishStepLowering : OpConversionPattern<KernelFinishStepOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(KernelFinishStepOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    BodyContext context = bodyContext(op);
    Type i32 = rewriter.getI32Type();
    int64_t parts = cast<MemRefType>(op.getPartials().getType()).getDimSize(0);
    Value token = bestToken(code, adaptor.getPartials(), parts);

    Value next = code.add(adaptor.getPosition(), 1);
    Value promptLength = code.zext(
        code.loadField(i32, context.args, offsetof(KernelArgs, promptLength)));
    Value isProduced =
        code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, next, promptLength);
    code.ifThen(isProduced, [&] {
      code.store(token, code.at(adaptor.getToken(), next, i32), 4);
      stopIfListed(code, context, adaptor.getControl(), token);
    });
    // Release: the host reads the token and the logits after this.
    LLVM::StoreOp::create(
        rewriter, op.getLoc(), code.add(context.step, code.i32(1)),
        code.byteAt(adaptor.getControl(),
                    code.i64(offsetof(Control, stepsDone))),
        4, /*isVolatile=*/false, /*isNonTemporal=*/false,
        /*isInvariantGroup=*/false, LLVM::AtomicOrdering::release);
    rewriter.eraseOp(op);
    return success();
  }

  /// Index of the best partial; parts are in index order, so the first of
  /// equals has the lowest index.
  static Value bestToken(CodeBuilder &code, Value partials, int64_t parts) {
    Type i32 = code.b.getI32Type();
    auto field = [&](Value part, int64_t which) {
      return code.load(
          i32, code.at(partials, code.add(code.mul(part, 2), which), i32), 4);
    };
    float lowest = -std::numeric_limits<float>::infinity();
    return code.loop(code.i64(0), code.i64(parts), 1,
                     {code.f32(lowest), field(code.i64(0), 1)},
                     [&](Value part, ValueRange best) {
                       Value value = code.make<arith::BitcastOp>(
                           code.b.getF32Type(), field(part, 0));
                       Value better = code.make<arith::CmpFOp>(
                           arith::CmpFPredicate::OGT, value, best[0]);
                       return SmallVector<Value>{
                           code.select(better, value, best[0]),
                           code.select(better, field(part, 1), best[1])};
                     })[1];
  }

  static void stopIfListed(CodeBuilder &code, const BodyContext &context,
                           Value control, Value token) {
    Type i32 = code.b.getI32Type();
    Value list = code.loadField(code.ptr(), context.args,
                                offsetof(KernelArgs, stopTokens));
    Value count = code.zext(code.loadField(
        i32, context.args, offsetof(KernelArgs, stopTokenCount)));
    code.loop(code.i64(0), count, 1, [&](Value i) {
      Value listed = code.load(i32, code.at(list, i, i32), 4);
      code.ifThen(code.equal(listed, token), [&] {
        LLVM::StoreOp::create(
            code.b, code.loc, code.i32(1),
            code.byteAt(control, code.i64(offsetof(Control, stop))), 4,
            /*isVolatile=*/false, /*isNonTemporal=*/false,
            /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic);
      });
    });
  }
};

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

/// Base of a memory space plus the byte offset of an operand.
Value bufferPointer(CodeBuilder &code, const BodyContext &context,
                    MemorySpace space, Value operand) {
  auto base = [&](uint64_t field) {
    return code.loadField(code.ptr(), context.args, field);
  };
  auto offsetFrom = [&](uint64_t field) {
    return code.byteAt(base(field), operand);
  };
  switch (space) {
  case MemorySpace::Arena:
    return offsetFrom(offsetof(KernelArgs, arena));
  case MemorySpace::KVCache:
    return offsetFrom(offsetof(KernelArgs, kvCache));
  case MemorySpace::Constant:
    return offsetFrom(offsetof(KernelArgs, constants));
  case MemorySpace::Stream: {
    Value streams = base(offsetof(KernelArgs, streams));
    Value mine = code.load(
        code.ptr(), code.at(streams, code.zext(context.worker), code.ptr()), 8);
    return code.byteAt(mine, operand);
  }
  case MemorySpace::External: // the operand is an index, not an offset
    return code.load(
        code.ptr(),
        code.at(base(offsetof(KernelArgs, externals)), operand, code.ptr()), 8);
  // The offsets of the IO space exist for the verifier only.
  case MemorySpace::Token:
    return base(offsetof(KernelArgs, tokens));
  case MemorySpace::Control:
    return base(offsetof(KernelArgs, control));
  case MemorySpace::Logits: {
    Value stride = code.loadField(code.b.getI64Type(), context.args,
                                  offsetof(KernelArgs, logitsStride));
    return code.atF32(base(offsetof(KernelArgs, logits)),
                      code.mul(code.zext(context.step), stride));
  }
  case MemorySpace::Scratch:
    break;
  }
  llvm_unreachable("scratch is not an argument");
}

/// i1 body(args, worker, instruction, step); true ends the worker's launch.
struct BodyLowering : OpConversionPattern<KernelBodyOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelBodyOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CodeBuilder code(rewriter, op.getLoc());
    Type ptr = code.ptr(), i32 = rewriter.getI32Type();
    auto type =
        LLVM::LLVMFunctionType::get(rewriter.getI1Type(), {ptr, i32, ptr, i32});
    auto func = LLVM::LLVMFuncOp::create(rewriter, op.getLoc(), op.getSymName(),
                                         type, LLVM::Linkage::Internal);
    Block *entry = func.addEntryBlock(rewriter);
    BodyContext context{entry->getArgument(0), entry->getArgument(1),
                        entry->getArgument(2), entry->getArgument(3)};

    rewriter.setInsertionPointToStart(entry);
    SmallVector<Value> arguments;
    for (auto [i, arg] : llvm::enumerate(op.getBody().getArguments())) {
      Value operand = code.loadField(rewriter.getI64Type(), context.instruction,
                                     offsetof(Instruction, operands) +
                                         i * sizeof(uint64_t));
      if (auto memref = dyn_cast<MemRefType>(arg.getType()))
        operand = bufferPointer(
            code, context,
            cast<MemorySpaceAttr>(memref.getMemorySpace()).getValue(), operand);
      arguments.push_back(operand);
    }
    rewriter.inlineBlockBefore(&op.getBody().front(), entry, entry->end(),
                               arguments);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void host::populateStepPatterns(const TypeConverter &converter,
                                RewritePatternSet &patterns) {
  patterns.add<BodyLowering, PositionLowering, ScratchLowering, GateLowering,
               ReturnLowering, EmbedLowering, FinishStepLowering>(
      converter, patterns.getContext());
}

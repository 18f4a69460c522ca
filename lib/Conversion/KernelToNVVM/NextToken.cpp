//===- NextToken.cpp - Begin and end of a step ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every worker finds the next token by itself, from words that all of them read
// alike, and keeps it in shared memory until its embed task of the next step.
// docs/GpuKernel.md, section 7.
//
//===----------------------------------------------------------------------===//

#include "Combine.h"
#include "GpuPattern.h"
#include "Reduce.h"
#include "Words.h"

#include <limits>

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static Value stateAt(GpuBuilder &code, uint32_t offset) {
  return code.shared(SharedPart::State, code.i32(int32_t(offset)));
}

//===----------------------------------------------------------------------===//
// embed
//===----------------------------------------------------------------------===//

namespace {

struct EmbedLowering : GpuPattern<KernelEmbedOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelEmbedOp op, OpAdaptor operands,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    auto table = cast<MemRefType>(op.getTable().getType());
    Value token = code.zext(code.load(
        rewriter.getI32Type(), stateAt(code, layout::StateOffset::kToken), 4));
    token = code.min(token, code.i64(table.getDimSize(0) - 1));
    Value row = code.mul(token, table.getDimSize(1));
    // Nothing is published before a body's first barrier.
    code.blockBarrier();
    code.loop(code.zext(code.thread()), operands.getCount(), abi::kGpuConsumers,
              [&](Value u) {
                Value i = code.add(operands.getBegin(), u);
                Value value =
                    loadElement(code, operands.getTable(), code.add(row, i),
                                table.getElementType());
                if (operands.getTag())
                  code.send(operands.getOut(), i, value,
                            code.narrow(operands.getTag()));
                else
                  code.storeF32(value, operands.getOut(), i);
              });
    rewriter.eraseOp(op);
    return success();
  }

  static Value loadElement(GpuBuilder &code, Value table, Value index,
                           Type element) {
    Value value = LLVM::LoadOp::create(
        code.b, code.loc, element, code.at(table, index, element),
        element.getIntOrFloatBitWidth() / 8, /*isVolatile=*/false,
        /*isNonTemporal=*/false, /*isInvariant=*/true);
    if (element.isF32())
      return value;
    return code.make<LLVM::FPExtOp>(code.b.getF32Type(), value);
  }
};

//===----------------------------------------------------------------------===//
// next_token
//===----------------------------------------------------------------------===//

class NextToken {
public:
  NextToken(GpuBuilder &code, KernelNextTokenOp op,
            KernelNextTokenOp::Adaptor operands)
      : code(code), operands(operands), i32(code.b.getI32Type()),
        parts(elements(op.getBest()) / 2) {}
  void emit();

private:
  Value field(uint64_t offset) { return code.argsField(i32, offset); }
  Value stopToken(Value i);
  Best receive();
  void setStop();
  void end(Value token, Value isProduced, Value early);

  GpuBuilder &code;
  KernelNextTokenOp::Adaptor operands;
  Type i32;
  int64_t parts;
};

} // namespace

/// Stop token i (i64).
Value NextToken::stopToken(Value i) {
  Value list = code.argsPointer(offsetof(abi::GpuArgs, stopTokens));
  return code.load(i32, code.at(list, i, i32), 4);
}

void NextToken::setStop() {
  code.storeShared32(code.i32(1), stateAt(code, layout::StateOffset::kStop));
}

/// The best of this thread's parts. The last thread polls the flags, too.
Best NextToken::receive() {
  Value tag = code.narrow(operands.getTag());
  Value words = operands.getBest();
  Value value = code.variable(code.b.getF32Type()), index = code.variable();
  code.store(code.f32(-std::numeric_limits<float>::infinity()), value, 4);
  code.store(code.i32(-1), index, 4);
  auto mine = [&] {
    return Best{code.load(code.b.getF32Type(), value, 4),
                code.load(i32, index, 4)};
  };
  Value part;
  WordPoller poller(code, words, tag);
  poller.add(2, [&] { return code.mul32(part, 2); });
  // Lanes beyond the end have the last part, which changes nothing.
  forMyNumbers(code, code.i32(parts), [&](Value number, Value) {
    part = number;
    poller.load();
    poller.wait();
    Best next =
        betterOf(code, mine(),
                 {poller.value(0, 0),
                  code.make<arith::BitcastOp>(i32, poller.value(0, 1))});
    code.store(next.value, value, 4);
    code.store(next.index, index, 4);
  });
  Value last = code.i32(abi::kGpuConsumers - 1);
  code.ifThen(code.equal(code.thread(), last), [&] {
    Value flags = emitPollWord(code, words, code.i64(2 * parts), tag);
    code.storeF32(flags, stateAt(code, layout::StateOffset::kSums),
                  code.i64(0));
  });
  return mine();
}

/// `early` is stop token number `thread`.
void NextToken::end(Value token, Value isProduced, Value early) {
  Value thread = code.zext(code.thread());
  Value stops = code.zext(field(offsetof(abi::GpuArgs, stopTokenCount)));
  code.ifThen(isProduced, [&] {
    Value isListed = code.make<arith::AndIOp>(code.less(thread, stops),
                                              code.equal(early, token));
    code.ifThen(isListed, [&] { setStop(); });
    code.loop(code.add(thread, abi::kGpuConsumers), stops, abi::kGpuConsumers,
              [&](Value i) {
                code.ifThen(code.equal(stopToken(i), token),
                            [&] { setStop(); });
              });
  });
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    // In an aborted launch the words may be those of a worker that gave up.
    Value control = code.argsPointer(offsetof(abi::GpuArgs, control));
    Value aborted = LLVM::LoadOp::create(
        code.b, code.loc, i32,
        code.byteAt(control, code.i64(offsetof(abi::Control, aborted))), 4,
        /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/false,
        /*isInvariantGroup=*/false, LLVM::AtomicOrdering::acquire, "device");
    Value flags = code.load(i32, stateAt(code, layout::StateOffset::kSums), 4);
    code.store(token, stateAt(code, layout::StateOffset::kToken), 4);
    Value isStopped = code.make<arith::CmpIOp>(
        arith::CmpIPredicate::ne, code.make<arith::OrIOp>(aborted, flags),
        code.i32(0));
    code.ifThen(isStopped, [&] { setStop(); });
    Value isReporter =
        code.make<arith::AndIOp>(code.equal(code.worker(), code.i32(0)),
                                 code.equal(aborted, code.i32(0)));
    code.ifThen(isReporter, [&] {
      Value word =
          code.make<arith::OrIOp>(code.zext(token), code.i64(int64_t(1) << 32));
      Value host = code.argsPointer(offsetof(abi::GpuArgs, hostTokens));
      LLVM::StoreOp::create(
          code.b, code.loc, word,
          code.at(host, code.zext(code.step()), code.b.getI64Type()), 8,
          /*isVolatile=*/false, /*isNonTemporal=*/false,
          /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic, "");
    });
  });
}

void NextToken::emit() {
  // Asked for before the wait: the prompt's next token and a stop token.
  Value next = code.add(operands.getPosition(), 1);
  Value promptLength = code.zext(field(offsetof(abi::GpuArgs, promptLength)));
  Value isPrompt = code.less(next, promptLength);
  Value isProduced = negate(code, isPrompt);
  Value prompt = code.variable(), stop = code.variable();
  code.store(code.i32(0), prompt, 4);
  code.store(code.i32(-1), stop, 4);
  code.ifThen(isPrompt, [&] {
    Value tokens = code.argsPointer(offsetof(abi::GpuArgs, tokens));
    code.store(code.load(i32, code.at(tokens, next, i32), 4), prompt, 4);
  });
  Value thread = code.zext(code.thread());
  Value stops = code.zext(field(offsetof(abi::GpuArgs, stopTokenCount)));
  code.ifThen(code.less(thread, stops),
              [&] { code.store(stopToken(thread), stop, 4); });

  Best best = receive();
  code.stamp(abi::Stamp::Input);
  best = bestOfBlock(code, best);
  Value token = code.select(isPrompt, code.load(i32, prompt, 4), best.index);
  Value vocab = field(offsetof(abi::GpuArgs, vocab));
  token = code.min(token, code.sub(vocab, code.i32(1)));
  code.stamp(abi::Stamp::Weights);
  end(token, isProduced, code.load(i32, stop, 4));
  code.blockBarrier();
}

namespace {

struct NextTokenLowering : GpuPattern<KernelNextTokenOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelNextTokenOp op, OpAdaptor operands,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    NextToken(code, op, operands).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::amk::populateGpuStepPatterns(const TypeConverter &converter,
                                        const GpuKernel &kernel,
                                        RewritePatternSet &patterns) {
  patterns.add<EmbedLowering, NextTokenLowering>(converter,
                                                 patterns.getContext(), kernel);
}

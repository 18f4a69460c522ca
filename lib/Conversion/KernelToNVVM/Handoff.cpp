//===- Handoff.cpp - Vectors that workers pass to each other --------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A task polls the words of its input into shared memory, and sends its rows as
// words. docs/GpuKernel.md, sections 4.1 and 4.3.
//
//===----------------------------------------------------------------------===//

#include "Combine.h"
#include "GpuBuilder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

/// Pairs of words that a thread asks for at once: their latencies overlap.
static constexpr int64_t kBatch = 4;
static constexpr int64_t kPairStride = 2 * int64_t(abi::kGpuConsumers);

static int64_t elements(Value memref) {
  return cast<MemRefType>(memref.getType()).getNumElements();
}

//===----------------------------------------------------------------------===//
// receive
//===----------------------------------------------------------------------===//

namespace {

class Receiver {
public:
  Receiver(GpuBuilder &code, KernelReceiveOp op,
           KernelReceiveOp::Adaptor operands)
      : code(code), op(op), operands(operands),
        words(elements(op.getWords())), staged(elements(op.getStaged())),
        tag(code.narrow(operands.getTag())) {}

  /// The scale; null without a norm.
  Value emit();

private:
  void poll(ArrayRef<Value> pairs, ArrayRef<Value> values);
  void stage(Value i, Value value);
  void receiveBatch(int64_t first, int64_t count);
  Value rootMeanSquare();

  GpuBuilder &code;
  KernelReceiveOp op;
  KernelReceiveOp::Adaptor operands;
  int64_t words, staged;
  Value tag;
  Value squares; ///< of this thread's elements; null without a norm
};

} // namespace

/// Repeats the loads of all pairs until every tag is right; their values go to
/// the variables `values`.
void Receiver::poll(ArrayRef<Value> pairs, ArrayRef<Value> values) {
  Type i64 = code.b.getI64Type();
  Value base = operands.getWords();
  auto load = [&](Value pair) {
    return NVVM::InlinePtxOp::create(
               code.b, code.loc, TypeRange{i64, i64},
               ValueRange{code.at(base, pair, i64)}, ValueRange(),
               "ld.relaxed.gpu.global.v2.b64 {$0, $1}, [$2];", Value())
        .getResults();
  };
  auto tagOf = [&](Value word) {
    return code.narrow(code.make<arith::ShRUIOp>(word, code.i64(32)));
  };
  code.waitFor(
      [&]() -> Value {
        SmallVector<Value> loaded;
        for (Value pair : pairs)
          llvm::append_range(loaded, load(pair));
        Value all;
        for (auto [word, value] : llvm::zip(loaded, values)) {
          code.store(code.narrow(word), value, 4);
          Value right = code.equal(tagOf(word), tag);
          all = all ? code.make<arith::AndIOp>(all, right) : right;
        }
        return all;
      },
      [&] {
        Value address = code.make<LLVM::PtrToIntOp>(i64, base);
        Value seen = tagOf(load(pairs.front()).front());
        return GpuBuilder::Failure{abi::WaitKind::Word,
                                   code.narrow(pairs.front()), seen, tag,
                                   address};
      });
}

void Receiver::stage(Value i, Value value) {
  if (op.getNorm())
    value = code.mulf(value, code.loadF32(operands.getNorm(), i));
  code.storeF32(value, operands.getStaged(), i);
}

/// Pairs first .. first + count of this thread.
void Receiver::receiveBatch(int64_t first, int64_t count) {
  Value mine = code.mul(code.zext(code.thread()), 2);
  SmallVector<Value> pairs, isThere, values;
  for (int64_t u = first; u < first + count; ++u) {
    Value pair = code.add(mine, u * kPairStride);
    // Threads beyond the end poll the last pair, too, and drop it.
    isThere.push_back(code.less(pair, code.i64(words)));
    pairs.push_back(code.min(pair, code.i64(words - 2)));
    values.push_back(code.variable());
    values.push_back(code.variable());
  }
  poll(pairs, values);
  for (int64_t u = 0; u < count; ++u) {
    Value x0 = code.load(code.b.getF32Type(), values[2 * u], 4);
    Value x1 = code.load(code.b.getF32Type(), values[2 * u + 1], 4);
    code.ifThen(isThere[u], [&] {
      stage(pairs[u], x0);
      stage(code.add(pairs[u], 1), x1);
    });
    if (!squares)
      continue;
    Value sum = code.fma(x1, x1, code.fma(x0, x0, squares));
    squares = code.select(isThere[u], sum, squares);
  }
}

/// 1 / rms of the values; the sum has the same order in every thread.
Value Receiver::rootMeanSquare() {
  Value sums = code.shared(SharedPart::State,
                           code.i32(layout::StateOffset::kSums));
  Value sum = code.warpSum(squares);
  code.ifThen(code.equal(code.lane(), code.i32(0)),
              [&] { code.storeF32(sum, sums, code.zext(code.warp())); });
  code.blockBarrier();
  Value total = code.loadF32(sums, code.i64(0));
  for (int64_t w = 1; w < layout::kGroups * layout::kGroupWarps; ++w)
    total = code.addf(total, code.loadF32(sums, code.i64(w)));
  Value mean = code.divf(total, code.f32(words));
  Value epsilon = code.f32(op.getEpsilon()->convertToDouble());
  return code.divf(code.f32(1.0f),
                   code.make<LLVM::SqrtOp>(code.addf(mean, epsilon)));
}

Value Receiver::emit() {
  if (op.getNorm())
    squares = code.f32(0.0f);
  int64_t pairs = llvm::divideCeil(words, kPairStride);
  for (int64_t first = 0; first < pairs; first += kBatch)
    receiveBatch(first, std::min(kBatch, pairs - first));
  code.loop(code.zext(code.thread()), code.i64(staged - words),
            abi::kGpuConsumers, [&](Value i) {
              code.storeF32(code.f32(0.0f), operands.getStaged(),
                            code.add(i, words));
            });
  if (squares)
    return rootMeanSquare();
  code.blockBarrier();
  return Value();
}

namespace {

struct ReceiveLowering : OpConversionPattern<KernelReceiveOp> {
  ReceiveLowering(const TypeConverter &converter, MLIRContext *context,
                  const GpuKernel &kernel)
      : OpConversionPattern(converter, context), kernel(kernel) {}
  LogicalResult
  matchAndRewrite(KernelReceiveOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    Value scale = Receiver(code, op, adaptor).emit();
    if (scale)
      rewriter.replaceOp(op, scale);
    else
      rewriter.eraseOp(op);
    return success();
  }
  const GpuKernel &kernel;
};

//===----------------------------------------------------------------------===//
// store_rows
//===----------------------------------------------------------------------===//

struct StoreRowsLowering : OpConversionPattern<KernelStoreRowsOp> {
  StoreRowsLowering(const TypeConverter &converter, MLIRContext *context,
                    const GpuKernel &kernel)
      : OpConversionPattern(converter, context), kernel(kernel) {}
  LogicalResult
  matchAndRewrite(KernelStoreRowsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    // This thread's rows, of which it reads the residuals first.
    SmallVector<std::pair<Value, Value>> rows;
    int64_t most = elements(op.getValues());
    for (int64_t u = 0; u < most; u += abi::kGpuConsumers) {
      Value i = code.add(code.zext(code.thread()), u);
      Value sum = code.variable();
      code.ifThen(code.less(i, adaptor.getCount()), [&] {
        code.store(valueOf(code, adaptor, i), sum, 4);
      });
      rows.push_back({i, sum});
    }
    // What is published says that all of the task's input has been read.
    if (op.getTag() && op.getResidual())
      code.blockBarrier();
    for (auto [i, sum] : rows)
      code.ifThen(code.less(i, adaptor.getCount()), [&, i = i, sum = sum] {
        Value value = code.load(rewriter.getF32Type(), sum, 4);
        Value row = code.add(adaptor.getBegin(), i);
        if (op.getTag())
          code.send(adaptor.getOut(), row, value,
                    code.narrow(adaptor.getTag()));
        else
          code.storeF32(value, adaptor.getOut(), row);
      });
    rewriter.eraseOp(op);
    return success();
  }

  static Value valueOf(GpuBuilder &code, OpAdaptor adaptor, Value i) {
    Value value = code.loadF32(adaptor.getValues(), i);
    Value residual = adaptor.getResidual();
    if (!residual)
      return value;
    Value row = code.add(adaptor.getBegin(), i);
    Value addend =
        adaptor.getResidualTag()
            ? emitPollWord(code, residual, row,
                           code.narrow(adaptor.getResidualTag()))
            : code.loadF32(residual, row);
    return code.addf(addend, value);
  }
  const GpuKernel &kernel;
};

} // namespace

void mlir::amk::populateGpuHandoffPatterns(const TypeConverter &converter,
                                           const GpuKernel &kernel,
                                           RewritePatternSet &patterns) {
  patterns.add<ReceiveLowering, StoreRowsLowering>(
      converter, patterns.getContext(), kernel);
}

//===- Combine.cpp - Joining the splits of an attention -------------------- ===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A piece of the attention result: elements of one head. Threads poll the words
// of all splits into shared memory; then one thread for each element joins them
// in the order of splits. docs/GpuKernel.md, section 5.4.
//
//===----------------------------------------------------------------------===//

#include "Combine.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

Value mlir::amk::emitExp2(CodeBuilder &code, Value x) {
  return LLVM::Exp2Op::create(code.b, code.loc, x.getType(), x,
                              LLVM::FastmathFlags::afn);
}

//===----------------------------------------------------------------------===//
// Polling words
//===----------------------------------------------------------------------===//

/// Repeats `load`, which gives words (i64) and their number, until all tags are
/// right; their values as f32.
static SmallVector<Value> pollWords(GpuBuilder &code, Value words, Value index,
                                    Value tag, unsigned count,
                                    function_ref<SmallVector<Value>()> load) {
  OpBuilder &b = code.b;
  // Values leave the loop as variables, which become registers.
  SmallVector<Value> values;
  for (unsigned i = 0; i < count; ++i)
    values.push_back(code.variable());
  auto tagOf = [&](Value word) {
    return code.narrow(code.make<arith::ShRUIOp>(word, code.i64(32)));
  };
  code.waitFor(
      [&]() -> Value {
        Value all;
        for (auto [word, value] : llvm::zip(load(), values)) {
          code.store(code.narrow(word), value, 4);
          Value right = code.equal(tagOf(word), tag);
          all = all ? code.make<arith::AndIOp>(all, right) : right;
        }
        return all;
      },
      [&] {
        Value address = code.make<LLVM::PtrToIntOp>(b.getI64Type(), words);
        return GpuBuilder::Failure{abi::WaitKind::Word, code.narrow(index),
                                   tagOf(load().front()), tag, address};
      });
  return llvm::map_to_vector(values, [&](Value value) {
    return code.load(b.getF32Type(), value, 4);
  });
}

Value mlir::amk::emitPollWord(GpuBuilder &code, Value words, Value index,
                              Value tag) {
  Type i64 = code.b.getI64Type();
  Value word = code.at(words, index, i64);
  auto load = [&]() -> SmallVector<Value> {
    return {LLVM::LoadOp::create(code.b, code.loc, i64, word, 8,
                                 /*isVolatile=*/false, /*isNonTemporal=*/false,
                                 /*isInvariant=*/false,
                                 /*isInvariantGroup=*/false,
                                 LLVM::AtomicOrdering::monotonic, "device")};
  };
  return pollWords(code, words, index, tag, 1, load).front();
}

std::array<Value, 2> mlir::amk::emitPollPair(GpuBuilder &code, Value words,
                                             Value index, Value tag) {
  Type i64 = code.b.getI64Type();
  Value word = code.at(words, index, i64);
  auto load = [&]() -> SmallVector<Value> {
    auto pair = NVVM::InlinePtxOp::create(
        code.b, code.loc, TypeRange{i64, i64}, ValueRange{word}, ValueRange(),
        "ld.relaxed.gpu.global.v2.b64 {$0, $1}, [$2];", Value());
    return SmallVector<Value>(pair.getResults());
  };
  SmallVector<Value> values = pollWords(code, words, index, tag, 2, load);
  return {values[0], values[1]};
}

//===----------------------------------------------------------------------===//
// combine_splits
//===----------------------------------------------------------------------===//

namespace {

class Combine {
public:
  Combine(GpuBuilder &code, KernelCombineSplitsOp op,
          KernelCombineSplitsOp::Adaptor operands)
      : code(code), operands(operands) {
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getPartials().getType()).getShape();
    splits = shape[1];
    dim = shape[2] - 2;
    // Maximum and sum of each split; then the elements of each split. Splits
    // times elements are at most 2 * query heads of a kv head * dim, as a piece
    // has less than twice a worker's share of all elements: they fit.
    sums = code.shared(SharedPart::Part);
    elements = code.shared(SharedPart::Staged);
  }
  void emit();

private:
  void receive();
  Value join(Value element);

  GpuBuilder &code;
  KernelCombineSplitsOp::Adaptor operands;
  int64_t splits, dim;
  Value sums, elements;
  Value used; ///< splits that have blocks, i64
};

} // namespace

void Combine::receive() {
  Value tag = code.narrow(operands.getPartialsTag());
  Value head = code.div(operands.getBegin(), dim);
  Value inHead = code.rem(operands.getBegin(), dim);
  Value row = code.mul(head, splits * (dim + 2));
  Value words = code.at(operands.getPartials(), row, code.b.getI64Type());
  Value last = code.div(operands.getPosition(), kAttentionBlock);
  used = code.min(code.add(last, 1), code.i64(splits));
  // All splits, also those without blocks: their words say that they are done.
  Value thread = code.zext(code.thread());
  code.loop(thread, code.i64(2 * splits), abi::kGpuConsumers, [&](Value i) {
    Value split = code.mul(code.div(i, 2), dim + 2);
    Value word = code.add(split, code.rem(i, 2));
    code.storeF32(emitPollWord(code, words, word, tag), sums, i);
  });
  // From the other end, so that mostly other threads do it.
  Value reversed = code.sub(code.i64(abi::kGpuConsumers - 1), thread);
  Value count = operands.getCount();
  code.loop(reversed, code.mul(used, count), abi::kGpuConsumers,
            [&](Value i) {
              Value split = code.make<arith::DivUIOp>(i, count);
              Value element = code.make<arith::RemUIOp>(i, count);
              Value word = code.add(code.mul(split, dim + 2),
                                    code.add(code.add(inHead, element), 2));
              code.storeF32(emitPollWord(code, words, word, tag), elements,
                            i);
            });
}

/// Of the piece's element: sum(w * O) / sum(w * l), w = 2^(m - max m), in the
/// order of splits.
Value Combine::join(Value element) {
  Value zero = code.i64(0);
  auto maximumOf = [&](Value split) {
    return code.loadF32(sums, code.mul(split, 2));
  };
  Value maximum =
      code.loop(zero, used, 1, ValueRange{code.f32(kNoScore)},
                [&](Value split, ValueRange v) -> SmallVector<Value> {
                  return {code.make<arith::MaxNumFOp>(v[0], maximumOf(split))};
                })
          .front();
  SmallVector<Value> result = code.loop(
      zero, used, 1, ValueRange{code.f32(0), code.f32(0)},
      [&](Value split, ValueRange v) -> SmallVector<Value> {
        Value w = emitExp2(code, code.subf(maximumOf(split), maximum));
        Value sum = code.loadF32(sums, code.add(code.mul(split, 2), 1));
        Value value = code.loadF32(
            elements, code.add(code.mul(split, operands.getCount()), element));
        return {code.fma(w, value, v[0]), code.fma(w, sum, v[1])};
      });
  return code.divf(result[0], result[1]);
}

void Combine::emit() {
  receive();
  code.blockBarrier();
  code.stamp(abi::Stamp::Input);
  // A piece has at most dim elements, fewer than there are threads. Threads
  // without one join the first.
  Value thread = code.zext(code.thread());
  Value isMine = code.less(thread, operands.getCount());
  Value value = join(code.select(isMine, thread, code.i64(0)));
  // Nothing is published before all reads of shared memory.
  code.blockBarrier();
  code.stamp(abi::Stamp::Weights);
  code.ifThen(isMine, [&] {
    Value row = code.add(operands.getBegin(), thread);
    if (Value tag = operands.getTag())
      code.send(operands.getOut(), row, value, code.narrow(tag));
    else
      code.storeF32(value, operands.getOut(), row);
  });
}

namespace {

struct CombineLowering : OpConversionPattern<KernelCombineSplitsOp> {
  CombineLowering(const TypeConverter &converter, MLIRContext *context,
                  const GpuKernel &kernel)
      : OpConversionPattern(converter, context), kernel(kernel) {}
  LogicalResult
  matchAndRewrite(KernelCombineSplitsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    Combine(code, op, adaptor).emit();
    rewriter.eraseOp(op);
    return success();
  }
  const GpuKernel &kernel;
};

} // namespace

void mlir::amk::populateGpuCombinePatterns(const TypeConverter &converter,
                                           const GpuKernel &kernel,
                                           RewritePatternSet &patterns) {
  patterns.add<CombineLowering>(converter, patterns.getContext(), kernel);
}

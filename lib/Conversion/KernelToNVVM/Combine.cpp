//===- Combine.cpp - Joining the splits of an attention -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A piece of the attention result: elements of one head. Threads poll the words
// of all splits into shared memory; then a few lanes for each element join them
// in a fixed order. docs/GpuKernel.md, section 5.4.
//
//===----------------------------------------------------------------------===//

#include "Combine.h"
#include "GpuPattern.h"
#include "Words.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static constexpr int32_t kWarp = 32;
static constexpr int32_t kStagedFloats = layout::kStagedBytes / 4;

Value mlir::amk::emitExp2(CodeBuilder &code, Value x) {
  return LLVM::Exp2Op::create(code.b, code.loc, x.getType(), x,
                              LLVM::FastmathFlags::afn);
}

//===----------------------------------------------------------------------===//
// combine_splits
//===----------------------------------------------------------------------===//

namespace {

class Combine {
public:
  /// Splits whose numbers a lane reads at once, and lanes that share an
  /// element.
  static constexpr int32_t kChunk = 4, kMaxLanes = 8;

  Combine(GpuBuilder &code, KernelCombineSplitsOp op,
          KernelCombineSplitsOp::Adaptor operands)
      : code(code), operands(operands) {
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getPartials().getType()).getShape();
    splits = shape[1];
    dim = shape[2] - 2;
    chunks = layout::ceilDiv(splits, kChunk);
    lanes = std::min<int32_t>(kMaxLanes, llvm::PowerOf2Ceil(chunks));
    // With a chunk more, elements begin at different banks.
    stride = chunks * kChunk;
    if ((dim + 2) * (stride + kChunk) <= kStagedFloats)
      stride += kChunk;
  }
  void emit();

private:
  void receive();
  void receiveWord(Value i, Value isMine);
  std::array<Value, 2> join(Value element, Value lane);

  // In `staged`: maxima of all splits, sums, and each element, at intervals of
  // `stride`, with those of splits without blocks and of no splits up to a
  // whole chunk.
  Value line(int32_t number) { return line(code.i32(number)); }
  Value line(Value number) { return code.mul32(number, stride); }
  Value floats() { return code.shared(SharedPart::Staged); }
  SmallVector<Value> loadChunk(Value place);
  Value overLanes(Value x, function_ref<Value(Value, Value)> join);

  GpuBuilder &code;
  KernelCombineSplitsOp::Adaptor operands;
  int32_t splits, dim, chunks, lanes, stride;
  // Of the piece's head; i32 but for the words.
  Value words, tag, inHead, count, used;
};

} // namespace

/// Of split i / count and element i % count. Every thread polls the split's
/// sums, too: few lines of memory, and no second wait for some threads.
void Combine::receiveWord(Value i, Value isMine) {
  Value split = code.make<arith::DivUIOp>(i, count);
  Value element = code.make<arith::RemUIOp>(i, count);
  Value exists = code.less(split, code.i32(splits));
  Value has = code.less(split, used);
  Value row = code.mul32(code.min(split, code.i32(splits - 1)), dim + 2);
  // Splits without blocks send no elements, only that they are done.
  Value place = code.add32(code.add(inHead, element), 2);
  Value word = code.add(row, code.select(has, place, code.i32(0)));
  WordPoller poller(code, words, tag);
  unsigned sums = poller.add(2, [&] { return row; });
  unsigned output = poller.add(1, [&] { return word; });
  poller.load();
  poller.wait();
  auto put = [&](Value value, Value isThere, float otherwise, Value line) {
    value = code.select(isThere, value, code.f32(otherwise));
    code.storeF32(value, floats(), code.zext(code.add(line, split)));
  };
  code.ifThen(isMine, [&] {
    code.ifThen(code.equal(element, code.i32(0)), [&] {
      put(poller.value(sums, 0), exists, kNoScore, line(0));
      put(poller.value(sums, 1), exists, 0, line(1));
    });
    put(poller.value(output), has, 0, line(code.add32(element, 2)));
  });
}

void Combine::receive() {
  tag = code.narrow(operands.getPartialsTag());
  Value begin = code.narrow(operands.getBegin());
  count = code.narrow(operands.getCount());
  inHead = code.rem32(begin, dim);
  Value row = code.mul32(code.div32(begin, dim), splits * (dim + 2));
  words = code.at(operands.getPartials(), code.zext(row), code.b.getI64Type());
  Value last =
      code.div32(code.narrow(operands.getPosition()), code.kernel.kvBlock);
  used = code.min(code.add32(last, 1), code.i32(splits));
  Value all = code.mul32(count, chunks * kChunk);
  forMyNumbers(code, all,
               [&](Value i, Value isMine) { receiveWord(i, isMine); });
}

SmallVector<Value> Combine::loadChunk(Value place) {
  Value vector = code.load(code.floats(kChunk),
                           code.atF32(floats(), code.zext(place)), 4 * kChunk);
  SmallVector<Value> values;
  for (int32_t i = 0; i < kChunk; ++i)
    values.push_back(code.make<LLVM::ExtractElementOp>(vector, code.i32(i)));
  return values;
}

Value Combine::overLanes(Value x, function_ref<Value(Value, Value)> join) {
  for (int32_t mask = 1; mask < lanes; mask *= 2)
    x = join(x, code.shuffleXor(x, mask));
  return x;
}

/// Of the piece's element: sum(w * O) and sum(w * l), w = 2^(m - max m). A lane
/// has every so manieth chunk of splits, in their order; then lanes are joined
/// as a tree.
std::array<Value, 2> Combine::join(Value element, Value lane) {
  SmallVector<Value> maxima, places;
  for (int32_t i = 0; i < chunks; i += lanes) {
    // Lanes beyond the end have the last chunk, at no weight.
    Value chunk = code.add32(lane, i);
    Value place = code.mul32(code.min(chunk, code.i32(chunks - 1)), kChunk);
    Value exists = code.less(chunk, code.i32(chunks));
    places.push_back(place);
    for (Value maximum : loadChunk(place))
      maxima.push_back(code.select(exists, maximum, code.f32(kNoScore)));
  }
  auto max = [&](Value x, Value y) -> Value {
    return code.make<arith::MaxNumFOp>(x, y);
  };
  auto add = [&](Value x, Value y) { return code.addf(x, y); };
  Value maximum = maxima.front();
  for (Value other : ArrayRef(maxima).drop_front())
    maximum = max(maximum, other);
  maximum = overLanes(maximum, max);
  Value value = code.f32(0), sum = value;
  for (auto [i, place] : llvm::enumerate(places)) {
    SmallVector<Value> sums = loadChunk(code.add(place, line(1)));
    SmallVector<Value> elements =
        loadChunk(code.add(place, line(code.add32(element, 2))));
    for (int32_t s = 0; s < kChunk; ++s) {
      Value w = emitExp2(code, code.subf(maxima[i * kChunk + s], maximum));
      sum = code.fma(w, sums[s], sum);
      value = code.fma(w, elements[s], value);
    }
  }
  return {overLanes(value, add), overLanes(sum, add)};
}

void Combine::emit() {
  receive();
  // Afterwards everything that comes from other workers has been read.
  code.blockBarrier();
  code.stamp(abi::Stamp::Input);
  Value thread = code.thread();
  Value lane = code.rem32(thread, lanes);
  // Whole warps take part, for the shuffles: those without an element join the
  // last.
  Value first = code.mul32(code.warp(), kWarp / lanes);
  auto loop = scf::ForOp::create(code.b, code.loc, first, count,
                                 code.i32(abi::kGpuConsumers / lanes));
  {
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(loop.getBody());
    Value element =
        code.add(loop.getInductionVar(), code.div32(code.lane(), lanes));
    Value isMine = code.make<arith::AndIOp>(code.less(element, count),
                                            code.equal(lane, code.i32(0)));
    auto joined = join(code.min(element, code.add32(count, -1)), lane);
    Value value = LLVM::FDivOp::create(code.b, code.loc, joined[0], joined[1],
                                       LLVM::FastmathFlags::afn);
    code.ifThen(isMine, [&] {
      Value row = code.add(operands.getBegin(), code.zext(element));
      if (Value tag = operands.getTag())
        code.send(operands.getOut(), row, value, code.narrow(tag));
      else
        code.storeF32(value, operands.getOut(), row);
    });
  }
  code.stamp(abi::Stamp::Weights);
  // Shared memory is free.
  code.blockBarrier();
}

namespace {

struct CombineLowering : GpuPattern<KernelCombineSplitsOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelCombineSplitsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getPartials().getType()).getShape();
    // Maxima, sums and at least one element of all splits.
    int64_t floats = 3 * llvm::alignTo(shape[1], Combine::kChunk);
    if (floats > kStagedFloats)
      return op.emitOpError()
             << "expects up to "
             << kStagedFloats / 3 / Combine::kChunk * Combine::kChunk
             << " splits, found " << shape[1];
    if (kernel.kvBlock == 0)
      return op.emitOpError(
          "expects the attention that it joins in the same program");
    GpuBuilder code(rewriter, op, kernel);
    Combine(code, op, adaptor).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::amk::populateGpuCombinePatterns(const TypeConverter &converter,
                                           const GpuKernel &kernel,
                                           RewritePatternSet &patterns) {
  patterns.add<CombineLowering>(converter, patterns.getContext(), kernel);
}

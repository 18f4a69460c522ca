//===- Epilogues.cpp - What becomes of a product's rows -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The thread that has added a row can use it without a barrier, and rows of its
// warp after one of the warp. All other reads that a task makes of what workers
// share are complete before the barrier of the multiplication, as words are
// published that say so. A barrier ends those bodies that use shared memory
// here: the next may use any. docs/GpuKernel.md, section 4.3.
//
//===----------------------------------------------------------------------===//

#include "Combine.h"
#include "EarlyLoads.h"
#include "GpuPattern.h"
#include "Reduce.h"
#include "Words.h"

#include <limits>

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

namespace {

template <typename OpTy>
struct EpiloguePattern : GpuPattern<OpTy> {
  using GpuPattern<OpTy>::GpuPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, this->kernel);
    if (failed(lower(code, op, adaptor)))
      return failure();
    if (code.endsWithRows())
      code.stampRows();
    else
      code.blockBarrier();
    rewriter.eraseOp(op);
    return success();
  }
  virtual LogicalResult lower(GpuBuilder &code, OpTy op,
                              typename OpTy::Adaptor operands) const = 0;
};

/// This thread's rows (i64), of at most `most`.
void forMyRows(GpuBuilder &code, int64_t most,
               function_ref<void(int64_t, Value)> body) {
  for (int64_t u = 0; u * abi::kGpuConsumers < most; ++u)
    body(u, code.add(code.zext(code.rowThread()), u * abi::kGpuConsumers));
}

/// As a word with a tag (may be null), or as it is.
void publish(GpuBuilder &code, Value out, Value index, Value value, Value tag) {
  if (tag)
    code.send(out, index, value, code.narrow(tag));
  else
    code.storeF32(value, out, index);
}

/// The variable with this thread's one row of `values`; null if tasks can have
/// more rows than there are threads.
Value onlyRow(GpuBuilder &code, Value values) {
  bool isOne = elements(values) <= int64_t(abi::kGpuConsumers);
  return isOne ? rowVariable(code) : Value();
}

/// Runs body(number, unit, first row's sum, partner's sum) for this thread's
/// units of tiles that hold half of the rows' first and half of their partners.
/// `values` lie at `pointer`.
void forMyUnits(GpuBuilder &code, Value values, Value pointer, int64_t tileRows,
                Value count,
                function_ref<void(int64_t, Value, Value, Value)> body) {
  int64_t half = tileRows / 2;
  // The partner's sum is by another thread of the warp.
  Value first, second;
  if (Value variable = onlyRow(code, values)) {
    first = code.load(code.b.getF32Type(), variable, 4);
    second = code.shuffleXor(first, int32_t(half));
  } else {
    code.warpBarrier();
  }
  forMyRows(code, elements(values), [&](int64_t u, Value row) {
    Value unit = unitOfRow(code, row, tileRows);
    Value isFirst = code.less(code.rem(row, tileRows), code.i64(half));
    Value isMine = code.make<arith::AndIOp>(isFirst, code.less(unit, count));
    code.ifThen(isMine, [&] {
      if (first)
        body(u, unit, first, second);
      else
        body(u, unit, code.loadF32(pointer, row),
             code.loadF32(pointer, code.add(row, half)));
    });
  });
}

//===----------------------------------------------------------------------===//
// store_rows
//===----------------------------------------------------------------------===//

struct StoreRowsLowering : EpiloguePattern<KernelStoreRowsOp> {
  using EpiloguePattern::EpiloguePattern;
  LogicalResult lower(GpuBuilder &code, KernelStoreRowsOp op,
                      OpAdaptor operands) const override {
    Value early;
    if (op.getResidualTag())
      early = EarlyLoads::get(code, 0, code.b.getF32Type());
    if (op.getResidual())
      addResidual(code, op, operands, early ? 1 : 0);
    // Late residuals are added in memory.
    Value only;
    if (early || !op.getResidual())
      only = onlyRow(code, op.getValues());
    forMyRows(code, elements(op.getValues()), [&](int64_t u, Value i) {
      code.ifThen(code.less(i, operands.getCount()), [&] {
        Value value = only ? code.load(code.b.getF32Type(), only, 4)
                           : code.loadF32(operands.getValues(), i);
        if (u == 0 && early)
          value = code.addf(early, value);
        publish(code, operands.getOut(), code.add(operands.getBegin(), i),
                value, operands.getTag());
      });
    });
    return success();
  }

  /// Of this thread's rows but the first `done`.
  static void addResidual(GpuBuilder &code, KernelStoreRowsOp op,
                          OpAdaptor operands, int64_t done) {
    int64_t most = elements(op.getValues()), first = done * abi::kGpuConsumers;
    if (most <= first)
      return;
    Value tag = operands.getResidualTag();
    auto add = [&](Value i) {
      Value row = code.add(operands.getBegin(), i);
      Value addend = tag ? emitPollWord(code, operands.getResidual(), row,
                                        code.narrow(tag))
                         : code.loadF32(operands.getResidual(), row);
      Value sum = code.addf(addend, code.loadF32(operands.getValues(), i));
      code.storeF32(sum, operands.getValues(), i);
    };
    code.ifThen(code.less(code.i64(first), operands.getCount()), [&] {
      forMyRows(code, most, [&](int64_t u, Value i) {
        if (u >= done)
          code.ifThen(code.less(i, operands.getCount()), [&] { add(i); });
      });
      // Words that are published say that all input has been read.
      if (op.getTag())
        code.blockBarrier();
    });
  }
};

//===----------------------------------------------------------------------===//
// store_gated
//===----------------------------------------------------------------------===//

struct StoreGatedLowering : EpiloguePattern<KernelStoreGatedOp> {
  using EpiloguePattern::EpiloguePattern;
  LogicalResult lower(GpuBuilder &code, KernelStoreGatedOp op,
                      OpAdaptor operands) const override {
    forMyUnits(
        code, op.getValues(), operands.getValues(), op.getTileRows(),
        operands.getCount(), [&](int64_t, Value unit, Value gate, Value up) {
          publish(code, operands.getOut(), code.add(operands.getBegin(), unit),
                  code.mulf(silu(code, gate), up), operands.getTag());
        });
    return success();
  }

  /// x / (1 + 2^(-x * log2(e))); the division to two units in the last place.
  static Value silu(GpuBuilder &code, Value x) {
    Value power = emitExp2(code, code.mulf(x, code.f32(-1.44269504f)));
    auto division = NVVM::InlinePtxOp::create(
        code.b, code.loc, TypeRange{x.getType()},
        ValueRange{x, code.addf(code.f32(1.0f), power)}, ValueRange(),
        "div.full.f32 $0, $1, $2;", Value());
    return division.getResults().front();
  }
};

//===----------------------------------------------------------------------===//
// store_qkv
//===----------------------------------------------------------------------===//

struct StoreQKVLowering : EpiloguePattern<KernelStoreQKVOp> {
  using EpiloguePattern::EpiloguePattern;
  LogicalResult lower(GpuBuilder &code, KernelStoreQKVOp op,
                      OpAdaptor operands) const override {
    if (op.getCache())
      return op.emitOpError("has no lowering to a GPU with a cache: keys and "
                            "values go to their kv head's words");
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getQuery().getType()).getShape();
    int64_t heads = shape[1], dim = shape[2], half = dim / 2;
    forMyUnits(code, op.getValues(), operands.getValues(), op.getTileRows(),
               operands.getCount(),
               [&](int64_t u, Value unit, Value a, Value c) {
                 Value pair = code.add(operands.getBegin(), unit);
                 Value head = code.div(pair, half), i = code.rem(pair, half);
                 auto [cosine, sine] = angle(code, op, operands, u, i, half);
                 Value ra = code.subf(code.mulf(a, cosine), code.mulf(c, sine));
                 Value rc = code.addf(code.mulf(c, cosine), code.mulf(a, sine));
                 // The last head of a kv head's group is its value, which is
                 // not rotated.
                 Value isValue =
                     code.equal(code.rem(head, heads), code.i64(heads - 1));
                 Value at = code.add(code.mul(head, dim), i);
                 publish(code, operands.getQuery(), at,
                         code.select(isValue, a, ra), operands.getTag());
                 publish(code, operands.getQuery(), code.add(at, half),
                         code.select(isValue, c, rc), operands.getTag());
               });
    return success();
  }

  static std::pair<Value, Value> angle(GpuBuilder &code, KernelStoreQKVOp op,
                                       OpAdaptor operands, int64_t u, Value i,
                                       int64_t half) {
    Type f32 = code.b.getF32Type();
    if (Value cosine = u ? Value() : EarlyLoads::get(code, 0, f32))
      return {cosine, EarlyLoads::get(code, 1, f32)};
    Value row = code.add(code.mul(operands.getPosition(), 2 * half), i);
    return {code.loadF32(operands.getTable(), row),
            code.loadF32(operands.getTable(), code.add(row, half))};
  }
};

//===----------------------------------------------------------------------===//
// store_logits
//===----------------------------------------------------------------------===//

struct StoreLogitsLowering : EpiloguePattern<KernelStoreLogitsOp> {
  using EpiloguePattern::EpiloguePattern;
  LogicalResult lower(GpuBuilder &code, KernelStoreLogitsOp op,
                      OpAdaptor operands) const override {
    if (!op.getTag())
      return op.emitOpError("has no lowering to a GPU but for words");
    Best best = {code.f32(-std::numeric_limits<float>::infinity()),
                 code.narrow(operands.getBegin())};
    Type i64 = code.b.getI64Type();
    Value wanted = code.make<arith::CmpIOp>(
        arith::CmpIPredicate::ne,
        code.argsField(i64, offsetof(abi::GpuArgs, logits)), code.i64(0));
    forMyRows(code, elements(op.getValues()), [&](int64_t, Value i) {
      Value isThere = code.less(i, operands.getCount());
      // Rows beyond the end have room, and no meaning.
      Value value = code.loadF32(operands.getValues(), i);
      Value row = code.add(operands.getBegin(), i);
      code.ifThen(code.make<arith::AndIOp>(isThere, wanted),
                  [&] { code.storeF32(value, operands.getLogits(), row); });
      Value isBetter = code.make<arith::AndIOp>(
          isThere, code.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, value,
                                            best.value));
      best = {code.select(isBetter, value, best.value),
              code.select(isBetter, code.narrow(row), best.index)};
    });
    best = bestOfBlock(code, best);
    code.ifThen(code.equal(code.thread(), code.i32(0)),
                [&] { send(code, op, operands, best); });
    return success();
  }

  static void send(GpuBuilder &code, KernelStoreLogitsOp op, OpAdaptor operands,
                   Best best) {
    Value tag = code.narrow(operands.getTag());
    Value words = operands.getPartials(), part = operands.getPart();
    Value first = code.mul(part, 2);
    code.send(words, first, best.value, tag);
    code.send(words, code.add(first, 1), best.index, tag);
    code.ifThen(code.equal(part, code.i64(0)), [&] {
      int64_t flags = elements(op.getPartials()) - 1;
      Value stop = EarlyLoads::get(code, 0, code.b.getI32Type());
      code.send(words, code.i64(flags), stop, tag);
    });
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// The best of a block
//===----------------------------------------------------------------------===//

Best mlir::amk::betterOf(GpuBuilder &code, Best a, Best c) {
  auto compare = [&](arith::CmpFPredicate predicate) -> Value {
    return code.make<arith::CmpFOp>(predicate, c.value, a.value);
  };
  Value isLower = code.make<arith::AndIOp>(compare(arith::CmpFPredicate::OEQ),
                                           code.less(c.index, a.index));
  Value isBetter =
      code.make<arith::OrIOp>(compare(arith::CmpFPredicate::OGT), isLower);
  return {code.select(isBetter, c.value, a.value),
          code.select(isBetter, c.index, a.index)};
}

static Best bestOfLanes(GpuBuilder &code, Best best, int32_t lanes) {
  for (int32_t mask = lanes / 2; mask > 0; mask /= 2)
    best = betterOf(
        code, best,
        {code.shuffleXor(best.value, mask), code.shuffleXor(best.index, mask)});
  return best;
}

Best mlir::amk::bestOfBlock(GpuBuilder &code, Best mine) {
  constexpr int32_t warps = layout::kGroups * layout::kGroupWarps;
  Type f32 = code.b.getF32Type(), i32 = code.b.getI32Type();
  auto at = [&](uint32_t offset, Value warp) {
    Value bytes = code.add32(code.mul32(warp, 4), int32_t(offset));
    return code.shared(SharedPart::State, bytes);
  };
  Best best = bestOfLanes(code, mine, 32);
  code.ifThen(code.equal(code.lane(), code.i32(0)), [&] {
    Value warp = code.warp();
    code.store(best.value, at(layout::StateOffset::kBestValue, warp), 4);
    code.store(best.index, at(layout::StateOffset::kBestIndex, warp), 4);
  });
  code.blockBarrier();
  Value warp = code.rem32(code.lane(), warps);
  return bestOfLanes(
      code,
      {code.load(f32, at(layout::StateOffset::kBestValue, warp), 4),
       code.load(i32, at(layout::StateOffset::kBestIndex, warp), 4)},
      warps);
}

void mlir::amk::populateGpuEpiloguePatterns(const TypeConverter &converter,
                                            const GpuKernel &kernel,
                                            RewritePatternSet &patterns) {
  patterns.add<StoreRowsLowering, StoreGatedLowering, StoreQKVLowering,
               StoreLogitsLowering>(converter, patterns.getContext(), kernel);
}

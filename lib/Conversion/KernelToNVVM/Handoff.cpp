//===- Handoff.cpp - Vectors that workers pass to each other --------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A task polls the words of its input into shared memory. All loads of a thread
// are under way at once, and only those that came too early are repeated: what
// workers ask for in vain is traffic, too. docs/GpuKernel.md, section 4.1.
//
//===----------------------------------------------------------------------===//

#include "Handoff.h"
#include "GpuPattern.h"

#include "Combine.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static constexpr int64_t kPairStride = 2 * int64_t(abi::kGpuConsumers);

Value mlir::amk::tagOf(GpuBuilder &code, Value word) {
  return code.narrow(code.make<arith::ShRUIOp>(word, code.i64(32)));
}

Value mlir::amk::valueOf(GpuBuilder &code, Value word) {
  return code.make<arith::BitcastOp>(code.b.getF32Type(), code.narrow(word));
}

Value mlir::amk::negate(GpuBuilder &code, Value condition) {
  return code.make<arith::XOrIOp>(
      condition, code.make<arith::ConstantOp>(code.b.getBoolAttr(true)));
}

SmallVector<Value> mlir::amk::reloadIf(GpuBuilder &code, Value condition,
                                       Value address, ArrayRef<Value> old) {
  // Predicated, since loads behind branches would wait for each other.
  Type i64 = code.b.getI64Type();
  bool isPair = old.size() == 2;
  StringRef text = isPair ? "@$3 ld.relaxed.gpu.global.v2.b64 {$0, $1}, [$2];"
                          : "@$2 ld.relaxed.gpu.global.b64 $0, [$1];";
  StringRef constraints = isPair ? "=l,=l,l,b,0,1" : "=l,l,b,0";
  Type type = i64;
  if (isPair)
    type = LLVM::LLVMStructType::getLiteral(code.b.getContext(), {i64, i64});
  SmallVector<Value> operands = {address, condition};
  llvm::append_range(operands, old);
  auto load = LLVM::InlineAsmOp::create(
      code.b, code.loc, type, operands, text, constraints,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  if (!isPair)
    return {load.getRes()};
  return {code.make<LLVM::ExtractValueOp>(load.getRes(), 0),
          code.make<LLVM::ExtractValueOp>(load.getRes(), 1)};
}

Value mlir::amk::sumOf(GpuBuilder &code, ArrayRef<Value> values) {
  if (values.size() == 1)
    return values.front();
  size_t half = values.size() / 2;
  return code.addf(sumOf(code, values.take_front(half)),
                   sumOf(code, values.drop_front(half)));
}

static constexpr StringLiteral kRowAttrName = "amk.row";

Value mlir::amk::rowVariable(GpuBuilder &code) {
  for (auto op : code.function.getBody().front().getOps<LLVM::AllocaOp>())
    if (op->hasAttr(kRowAttrName))
      return op;
  return Value();
}

Value mlir::amk::makeRowVariable(GpuBuilder &code) {
  LLVM::AllocaOp variable = code.variable(code.b.getF32Type());
  variable->setAttr(kRowAttrName, code.b.getUnitAttr());
  code.store(code.f32(0.0f), variable, 4);
  return variable;
}

//===----------------------------------------------------------------------===//
// VectorReceiver
//===----------------------------------------------------------------------===//

VectorReceiver::VectorReceiver(GpuBuilder &code, Value vector, Value tag,
                               std::pair<int64_t, int64_t> pieceSizes,
                               int64_t staged)
    : code(code), vector(vector), tag(tag), least(pieceSizes.first),
      staged(staged), count(llvm::divideCeil(staged, kPairStride)),
      mayBeOdd(pieceSizes.first % 2 || pieceSizes.second % 2) {
  assert(pieceSizes.second <= staged && staged % 2 == 0);
  Type type = tag ? Type(code.b.getI64Type()) : code.b.getF32Type();
  for (int64_t i = 0; i < 2 * count; ++i)
    words.push_back(code.variable(type));
}

Value VectorReceiver::isThere(int64_t u, int64_t j) {
  if ((u + 1) * kPairStride <= least)
    return Value();
  int64_t element = mayBeOdd ? j : 0;
  return code.less(code.add32(thread2(), u * kPairStride + element), size);
}

Value VectorReceiver::place(int64_t u) {
  Value pair = code.add32(thread2(), u * kPairStride);
  if (!isThere(u))
    return pair;
  // Threads beyond the end take the last pair, too, and drop it.
  Value last = code.add32(size, -2);
  if (mayBeOdd)
    last = code.make<arith::AndIOp>(code.add32(size, -1), code.i32(-2));
  return code.min(pair, last);
}

Value VectorReceiver::address(int64_t u) {
  Type element = tag ? Type(code.b.getI64Type()) : code.b.getF32Type();
  return code.at(vector, code.zext(code.add(begin, place(u))), element);
}

void VectorReceiver::load(Value newBegin, Value newCount) {
  begin = newBegin;
  size = newCount;
  Type i64 = code.b.getI64Type();
  for (int64_t u = 0; u < count; ++u) {
    SmallVector<Value> pair;
    if (tag) {
      auto loaded = NVVM::InlinePtxOp::create(
          code.b, code.loc, TypeRange{i64, i64}, ValueRange{address(u)},
          ValueRange(), "ld.relaxed.gpu.global.v2.b64 {$0, $1}, [$2];",
          Value());
      llvm::append_range(pair, loaded.getResults());
    } else {
      auto type = VectorType::get({2}, code.b.getF32Type());
      Value loaded = code.load(type, address(u), 8);
      for (int32_t j = 0; j < 2; ++j)
        pair.push_back(code.make<LLVM::ExtractElementOp>(loaded, code.i32(j)));
    }
    for (int64_t j = 0; j < 2; ++j)
      code.store(pair[j], words[2 * u + j], tag ? 8 : 4);
  }
}

void VectorReceiver::wait() {
  if (!tag)
    return;
  Type i64 = code.b.getI64Type();
  auto word = [&](int64_t i) { return code.load(i64, words[i], 8); };
  auto isRight = [&](int64_t u) -> Value {
    Value second = code.equal(tagOf(code, word(2 * u + 1)), tag);
    if (Value there = mayBeOdd ? isThere(u, 1) : Value())
      second = code.make<arith::OrIOp>(second, negate(code, there));
    return code.make<arith::AndIOp>(code.equal(tagOf(code, word(2 * u)), tag),
                                    second);
  };
  auto attempt = [&]() -> Value {
    Value all;
    for (int64_t u = 0; u < count; ++u) {
      Value right = isRight(u);
      SmallVector<Value> pair = reloadIf(code, negate(code, right), address(u),
                                         {word(2 * u), word(2 * u + 1)});
      for (int64_t j = 0; j < 2; ++j)
        code.store(pair[j], words[2 * u + j], 8);
      all = all ? code.make<arith::AndIOp>(all, right) : right;
    }
    return all;
  };
  code.waitFor(attempt, [&] {
    // A word that is still missing.
    Value what = place(0), seen = tagOf(code, word(0));
    for (int64_t i = 1; i < 2 * count; ++i) {
      Value newTag = tagOf(code, word(i));
      Value isLate = negate(code, code.equal(newTag, tag));
      if (Value there = mayBeOdd && i % 2 ? isThere(i / 2, 1) : Value())
        isLate = code.make<arith::AndIOp>(isLate, there);
      what = code.select(isLate, code.add32(place(i / 2), i % 2), what);
      seen = code.select(isLate, newTag, seen);
    }
    return GpuBuilder::Failure{abi::WaitKind::Word, code.add(begin, what), seen,
                               tag, code.make<LLVM::PtrToIntOp>(i64, vector)};
  });
}

Value VectorReceiver::value(int64_t u, int64_t j) {
  Value value;
  if (tag)
    value = valueOf(code, code.load(code.b.getI64Type(), words[2 * u + j], 8));
  else
    value = code.load(code.b.getF32Type(), words[2 * u + j], 4);
  Value there = isThere(u, j);
  return there ? code.select(there, value, code.f32(0.0f)) : value;
}

void VectorReceiver::write(
    Value out,
    function_ref<std::array<Value, 2>(int64_t, std::array<Value, 2>)> change) {
  auto type = VectorType::get({2}, code.b.getF32Type());
  for (int64_t u = 0; u < count; ++u) {
    std::array<Value, 2> pair = {value(u, 0), value(u, 1)};
    if (change)
      pair = change(u, pair);
    Value both = code.make<LLVM::PoisonOp>(type);
    for (int32_t j = 0; j < 2; ++j)
      both = code.make<LLVM::InsertElementOp>(both, pair[j], code.i32(j));
    Value at = code.add32(thread2(), u * kPairStride);
    auto put = [&] { code.store(both, code.atF32(out, code.zext(at)), 8); };
    if ((u + 1) * kPairStride <= staged)
      put();
    else
      code.ifThen(code.less(at, code.i32(staged)), put);
  }
}

void mlir::amk::emitPollAll(GpuBuilder &code, Value words, int64_t count,
                            Value tag) {
  code.loop(code.zext(code.thread()), code.i64(count), abi::kGpuConsumers,
            [&](Value i) { emitPollWord(code, words, i, tag); });
}

//===----------------------------------------------------------------------===//
// receive
//===----------------------------------------------------------------------===//

namespace {

class Receiver {
public:
  Receiver(GpuBuilder &code, KernelReceiveOp op,
           KernelReceiveOp::Adaptor operands)
      : code(code), op(op), operands(operands), words(elements(op.getWords())),
        pieces(code, operands.getWords(), code.narrow(operands.getTag()),
               {words, words}, elements(op.getStaged())) {}

  /// The scale; null without a norm.
  Value emit();

private:
  void loadNorm();
  Value rootMeanSquare();
  Value reciprocalRoot(Value x);

  GpuBuilder &code;
  KernelReceiveOp op;
  KernelReceiveOp::Adaptor operands;
  int64_t words;
  VectorReceiver pieces;
  SmallVector<Value> norm; ///< of this thread's pairs
  Value squares;           ///< of this thread's elements
};

} // namespace

void Receiver::loadNorm() {
  auto type = VectorType::get({2}, code.b.getF32Type());
  for (int64_t u = 0; u < pieces.pairs(); ++u)
    norm.push_back(LLVM::LoadOp::create(
        code.b, code.loc, type,
        code.atF32(operands.getNorm(), code.zext(pieces.place(u))), 8,
        /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/true));
}

/// 1 / sqrt(x): an approximation and a step of Newton's method, which takes it
/// to an error of about one unit in the last place, in a quarter of the time.
Value Receiver::reciprocalRoot(Value x) {
  Value y = LLVM::CallIntrinsicOp::create(
                code.b, code.loc, code.b.getF32Type(),
                code.b.getStringAttr("llvm.nvvm.rsqrt.approx.f"), ValueRange{x})
                .getResults();
  Value half = code.mulf(code.mulf(x, code.f32(-0.5f)), y);
  return code.mulf(y, code.fma(half, y, code.f32(1.5f)));
}

/// 1 / rms of the values; the sum has the same order in every thread.
Value Receiver::rootMeanSquare() {
  constexpr int64_t warps = layout::kGroups * layout::kGroupWarps, lanes = 4;
  auto vector = VectorType::get({lanes}, code.b.getF32Type());
  Value sums =
      code.shared(SharedPart::State, code.i32(layout::StateOffset::kSums));
  Value sum = code.warpSum(squares);
  code.ifThen(code.equal(code.lane(), code.i32(0)),
              [&] { code.storeF32(sum, sums, code.zext(code.warp())); });
  code.blockBarrier();
  SmallVector<Value> all;
  for (int64_t w = 0; w < warps; w += lanes) {
    Value four = code.load(vector, code.atF32(sums, code.i64(w)), 16);
    for (int32_t j = 0; j < lanes; ++j)
      all.push_back(code.make<LLVM::ExtractElementOp>(four, code.i32(j)));
  }
  Value mean = code.mulf(sumOf(code, all), code.f32(1.0f / words));
  Value epsilon = code.f32(op.getEpsilon()->convertToDouble());
  return reciprocalRoot(code.addf(mean, epsilon));
}

Value Receiver::emit() {
  pieces.load(code.i32(0), code.i32(words));
  if (!op.getNorm()) {
    pieces.wait();
    pieces.write(operands.getStaged());
    code.blockBarrier();
    return Value();
  }
  loadNorm();
  pieces.wait();
  squares = code.f32(0.0f);
  pieces.write(operands.getStaged(), [&](int64_t u, std::array<Value, 2> pair) {
    for (int32_t j = 0; j < 2; ++j) {
      Value weight = code.make<LLVM::ExtractElementOp>(norm[u], code.i32(j));
      squares = code.fma(pair[j], pair[j], squares);
      pair[j] = code.mulf(pair[j], weight);
    }
    return pair;
  });
  return rootMeanSquare();
}

namespace {

struct ReceiveLowering : GpuPattern<KernelReceiveOp> {
  using GpuPattern::GpuPattern;
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
};

} // namespace

void mlir::amk::populateGpuHandoffPatterns(const TypeConverter &converter,
                                           const GpuKernel &kernel,
                                           RewritePatternSet &patterns) {
  patterns.add<ReceiveLowering>(converter, patterns.getContext(), kernel);
}

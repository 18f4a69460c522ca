//===- Words.cpp - Words that workers pass to each other ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Words.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

static constexpr int32_t kWarp = 32;

Value mlir::amk::negate(GpuBuilder &code, Value condition) {
  return code.make<arith::XOrIOp>(
      condition, code.make<arith::ConstantOp>(code.b.getBoolAttr(true)));
}

static Value tagOf(GpuBuilder &code, Value word) {
  return code.narrow(code.make<arith::ShRUIOp>(word, code.i64(32)));
}

static Value valueOf(GpuBuilder &code, Value word) {
  return code.make<arith::BitcastOp>(code.b.getF32Type(), code.narrow(word));
}

static Value disjunction(GpuBuilder &code, Value a, Value b) {
  return a ? code.make<arith::OrIOp>(a, b) : b;
}

//===----------------------------------------------------------------------===//
// WordPoller
//===----------------------------------------------------------------------===//

unsigned WordPoller::add(unsigned count, Number index, Number hasSecond) {
  Item item = {std::move(index), std::move(hasSecond), {}};
  for (unsigned j = 0; j < count; ++j) {
    item.words.push_back(code.variable(code.b.getI64Type()));
    code.store(code.i64(0), item.words.back(), 8);
  }
  items.push_back(std::move(item));
  return items.size() - 1;
}

unsigned WordPoller::add(Value variable, Number index) {
  items.push_back({std::move(index), nullptr, {variable}});
  return items.size() - 1;
}

Value WordPoller::address(const Item &item) {
  return code.at(vector, code.zext(item.index()), code.b.getI64Type());
}

SmallVector<Value, 2> WordPoller::words(const Item &item) {
  SmallVector<Value, 2> loaded;
  for (Value variable : item.words)
    loaded.push_back(code.load(code.b.getI64Type(), variable, 8));
  return loaded;
}

Value WordPoller::value(unsigned number, unsigned j) {
  Value word = code.load(code.b.getI64Type(), items[number].words[j], 8);
  return valueOf(code, word);
}

Value WordPoller::isMissing(const Item &item, unsigned j) {
  Value word = code.load(code.b.getI64Type(), item.words[j], 8);
  Value missing = code.make<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                           tagOf(code, word), tag);
  if (j == 0 || !item.hasSecond)
    return missing;
  return code.make<arith::AndIOp>(missing, item.hasSecond());
}

Value WordPoller::isMissing(const Item &item) {
  Value missing;
  for (unsigned j = 0; j < item.words.size(); ++j)
    missing = disjunction(code, missing, isMissing(item, j));
  return missing;
}

Value WordPoller::isAnyMissing() {
  Value missing;
  for (const Item &item : items)
    missing = disjunction(code, missing, isMissing(item));
  return missing;
}

void WordPoller::load() {
  Value always = code.make<arith::ConstantOp>(code.b.getBoolAttr(true));
  for (const Item &item : items)
    reload(item, always);
}

/// Where `condition` holds. Predicated, since loads behind branches would wait
/// for each other.
void WordPoller::reload(const Item &item, Value condition) {
  Type i64 = code.b.getI64Type();
  bool isPair = item.words.size() == 2;
  StringRef text = isPair ? "@$3 ld.relaxed.gpu.global.v2.b64 {$0, $1}, [$2];"
                          : "@$2 ld.relaxed.gpu.global.b64 $0, [$1];";
  StringRef constraints = isPair ? "=l,=l,l,b,0,1" : "=l,l,b,0";
  Type type = i64;
  if (isPair)
    type = LLVM::LLVMStructType::getLiteral(code.b.getContext(), {i64, i64});
  SmallVector<Value> operands = {address(item), condition};
  llvm::append_range(operands, words(item));
  Value loaded = LLVM::InlineAsmOp::create(
                     code.b, code.loc, type, operands, text, constraints,
                     /*has_side_effects=*/true,
                     /*is_align_stack=*/false, LLVM::TailCallKind::None,
                     LLVM::AsmDialectAttr(), ArrayAttr())
                     .getRes();
  if (!isPair) {
    code.store(loaded, item.words[0], 8);
    return;
  }
  for (int64_t j = 0; j < 2; ++j)
    code.store(code.make<LLVM::ExtractValueOp>(loaded, j), item.words[j], 8);
}

/// Whether nothing was missing before.
Value WordPoller::attempt() {
  if (polling == Polling::Elected)
    return electedAttempt();
  Value missing = code.ballot(isAnyMissing());
  for (const Item &item : items)
    reload(item, isMissing(item));
  return code.equal(missing, code.i32(0));
}

/// The first lane that misses something asks for the first of it; if that
/// comes, all lanes ask for what they miss.
Value WordPoller::electedAttempt() {
  Value missing = code.ballot(isAnyMissing());
  Value first =
      code.make<arith::AndIOp>(missing, code.sub(code.i32(0), missing));
  Value mine = code.make<arith::ShLIOp>(code.i32(1), code.lane());
  Value asks = code.equal(first, mine);
  Value hasCome, earlier;
  for (const Item &item : items) {
    Value misses = isMissing(item), wants = misses;
    if (earlier)
      wants = code.make<arith::AndIOp>(wants, negate(code, earlier));
    wants = code.make<arith::AndIOp>(wants, asks);
    earlier = disjunction(code, earlier, misses);
    reload(item, wants);
    Value came = code.make<arith::AndIOp>(wants, negate(code, isMissing(item)));
    hasCome = disjunction(code, hasCome, came);
  }
  Value goOn = code.make<arith::CmpIOp>(arith::CmpIPredicate::ne,
                                        code.ballot(hasCome), code.i32(0));
  code.ifThen(goOn, [&] {
    for (const Item &item : items)
      reload(item, isMissing(item));
  });
  return code.equal(missing, code.i32(0));
}

/// A word that some lane misses.
GpuBuilder::Failure WordPoller::failure() {
  Value index = items.front().index(), seen = tag;
  for (const Item &item : items)
    for (unsigned j = 0; j < item.words.size(); ++j) {
      Value word = code.load(code.b.getI64Type(), item.words[j], 8);
      Value misses = isMissing(item, j);
      index = code.select(misses, code.add32(item.index(), j), index);
      seen = code.select(misses, tagOf(code, word), seen);
    }
  // Of the last lane that misses one, in all of them.
  Value missing = code.ballot(isAnyMissing());
  Value above = code.make<LLVM::CountLeadingZerosOp>(
      code.b.getI32Type(), missing, /*is_zero_poison=*/false);
  Value lane = code.sub(code.i32(kWarp - 1), above);
  return {abi::WaitKind::Word, code.shuffle(index, lane),
          code.shuffle(seen, lane), tag,
          code.make<LLVM::PtrToIntOp>(code.b.getI64Type(), vector)};
}

void WordPoller::wait() {
  code.waitFor([&] { return attempt(); }, [&] { return failure(); },
               /*byWarp=*/true);
}

//===----------------------------------------------------------------------===//
// Single words
//===----------------------------------------------------------------------===//

Value mlir::amk::emitPollWord(GpuBuilder &code, Value words, Value index,
                              Value tag) {
  Type i64 = code.b.getI64Type();
  auto load = [&]() -> Value {
    return LLVM::LoadOp::create(
        code.b, code.loc, i64, code.at(words, index, i64), 8,
        /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/false,
        /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic, "device");
  };
  // Leaves the loop as a variable, which becomes a register.
  Value word = code.variable(i64);
  code.waitFor(
      [&]() -> Value {
        Value loaded = load();
        code.store(loaded, word, 8);
        return code.equal(tagOf(code, loaded), tag);
      },
      [&] {
        Value address = code.make<LLVM::PtrToIntOp>(i64, words);
        return GpuBuilder::Failure{abi::WaitKind::Word, code.narrow(index),
                                   tagOf(code, load()), tag, address};
      });
  return valueOf(code, code.load(i64, word, 8));
}

void mlir::amk::emitPollAll(GpuBuilder &code, Value words, int64_t count,
                            Value tag) {
  Value index;
  WordPoller poller(code, words, tag);
  poller.add(1, [&] { return index; });
  forMyNumbers(code, code.i32(count), [&](Value i, Value) {
    index = i;
    poller.load();
    poller.wait();
  });
}

void mlir::amk::forMyNumbers(GpuBuilder &code, Value count,
                             function_ref<void(Value, Value)> body) {
  Value first = code.mul32(code.warp(), kWarp);
  code.loop32(first, count, abi::kGpuConsumers, [&](Value begin) {
    Value number = code.add(begin, code.lane());
    Value exists = code.less(number, count);
    body(code.min(number, code.add32(count, -1)), exists);
  });
}

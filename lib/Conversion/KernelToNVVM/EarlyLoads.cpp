//===- EarlyLoads.cpp - Loads begun long before their use -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an epilogue reads from global memory is asked for at the head of its
// body: the wait for the task's input then hides the time that it takes.
//
//===----------------------------------------------------------------------===//

#include "EarlyLoads.h"

#include "Words.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;

static MemRefType typeOf(Value memref) {
  return cast<MemRefType>(memref.getType());
}

/// On variables of the function: the number of the load. On the residual's also
/// the arguments, the tag's number and the number of words.
static constexpr StringLiteral kEarlyAttrName = "amk.early";
static constexpr StringLiteral kResidualAttrName = "amk.residual";

static LLVM::AllocaOp earlyVariable(GpuBuilder &code, int64_t i) {
  for (auto op : code.function.getBody().front().getOps<LLVM::AllocaOp>()) {
    auto number = op->getAttrOfType<IntegerAttr>(kEarlyAttrName);
    if (number && number.getInt() == i)
      return op;
  }
  return {};
}

static LLVM::AllocaOp addEarly(GpuBuilder &code, int64_t i, Value value) {
  LLVM::AllocaOp variable = code.variable(value.getType());
  variable->setAttr(kEarlyAttrName, code.b.getI64IntegerAttr(i));
  code.store(value, variable, value.getType().isInteger(64) ? 8 : 4);
  return variable;
}

Value EarlyLoads::get(GpuBuilder &code, int64_t i, Type type) {
  LLVM::AllocaOp variable = earlyVariable(code, i);
  return variable ? code.load(type, variable, 4) : Value();
}

EarlyLoads::EarlyLoads(KernelBodyOp body) {
  // False if one of them is not an argument as it is.
  auto take = [&](ValueRange values) {
    for (Value value : values) {
      auto argument = dyn_cast<BlockArgument>(value);
      if (!argument)
        return false;
      arguments.push_back(argument.getArgNumber());
    }
    return true;
  };
  bool hasGemv = !body.getBody().getOps<KernelGemvOp>().empty();
  for (auto op : body.getBody().getOps<KernelStoreRowsOp>()) {
    Value tagValue = op.getResidualTag();
    auto tag = tagValue ? tagValue.getDefiningOp<KernelInputTagOp>() : nullptr;
    if (!hasGemv || !tag ||
        !take({op.getResidual(), op.getBegin(), op.getCount()}))
      return;
    arguments.push_back(tag.getNumber());
    rows = op;
  }
  for (auto op : body.getBody().getOps<KernelStoreQKVOp>())
    if (take({op.getTable(), op.getBegin()}))
      qkv = op;
  for (auto op : body.getBody().getOps<KernelStoreLogitsOp>())
    if (take({op.getPart()}))
      logits = op;
}

static Value relaxedLoad(GpuBuilder &code, Type type, Value address,
                         StringRef scope) {
  return LLVM::LoadOp::create(
      code.b, code.loc, type, address, type.isInteger(64) ? 8 : 4,
      /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/false,
      /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic, scope);
}

/// Index of this thread's residual (i32); threads beyond the task's rows have
/// the last one.
static Value residualIndex(GpuBuilder &code, ArrayRef<int64_t> arguments) {
  Value begin = code.narrow(code.operand(arguments[1]));
  Value last = code.add32(code.narrow(code.operand(arguments[2])), -1);
  return code.add(begin, code.min(code.rowThread(), last));
}

/// Emits `body` for the warps that have rows.
static void ifHasRows(GpuBuilder &code, ArrayRef<int64_t> arguments,
                      function_ref<void()> body) {
  Value first = code.sub(code.rowThread(), code.lane());
  Value count = code.narrow(code.operand(arguments[2]));
  code.ifThen(code.less(first, count), body);
}

void EarlyLoads::beginResidual(GpuBuilder &code) const {
  addEarly(code, 0, code.f32(0.0f));
  SmallVector<int64_t> numbers = arguments;
  numbers.push_back(
      typeOf(KernelStoreRowsOp(rows).getResidual()).getNumElements());
  LLVM::AllocaOp word = addEarly(code, 1, code.i64(0));
  word->setAttr(kResidualAttrName, code.b.getDenseI64ArrayAttr(numbers));
  ifHasRows(code, arguments, [&] {
    Type i64 = code.b.getI64Type();
    Value words = code.pointer(MemorySpace::Words, arguments[0]);
    Value index = code.zext(residualIndex(code, arguments));
    code.store(relaxedLoad(code, i64, code.at(words, index, i64), "device"),
               word, 8);
  });
}

void EarlyLoads::finish(GpuBuilder &code) {
  LLVM::AllocaOp variable = earlyVariable(code, 1);
  auto numbers =
      variable ? variable->getAttrOfType<DenseI64ArrayAttr>(kResidualAttrName)
               : DenseI64ArrayAttr();
  if (!numbers)
    return;
  Value tag = code.inputTag(numbers[3]);
  code.ifThen(negate(code, code.hasFlag(abi::kResidualPolled)), [&] {
    emitPollAll(code, code.pointer(MemorySpace::Words, numbers[0]), numbers[4],
                tag);
  });
  ifHasRows(code, numbers, [&] {
    WordPoller poller(code, code.pointer(MemorySpace::Words, numbers[0]), tag);
    poller.add(variable, [&] { return residualIndex(code, numbers); });
    poller.wait();
    code.store(poller.value(0), earlyVariable(code, 0), 4);
  });
}

/// Cosine and sine of this thread's first pair; see store_qkv for which it is.
void EarlyLoads::beginAngle(GpuBuilder &code) const {
  KernelStoreQKVOp op = qkv;
  int64_t half = cast<MemRefType>(op.getTable().getType()).getShape().back();
  Value pair = code.rem(
      code.add(code.operand(arguments[1]),
               unitOfRow(code, code.zext(code.rowThread()), op.getTileRows())),
      half);
  Value row = code.add(code.mul(code.zext(code.position()), 2 * half), pair);
  Value table = code.pointer(MemorySpace::Constant, arguments[0]);
  for (int64_t i = 0; i < 2; ++i)
    addEarly(code, i,
             LLVM::LoadOp::create(code.b, code.loc, code.b.getF32Type(),
                                  code.atF32(table, code.add(row, i * half)), 4,
                                  /*isVolatile=*/false,
                                  /*isNonTemporal=*/false,
                                  /*isInvariant=*/true));
}

/// The host's wish to stop, in thread 0 of part 0.
void EarlyLoads::beginStop(GpuBuilder &code) const {
  LLVM::AllocaOp variable = addEarly(code, 0, code.i32(0));
  Value part = code.operand(arguments[0]);
  Value isMine = code.make<arith::AndIOp>(
      code.equal(part, code.i64(0)), code.equal(code.thread(), code.i32(0)));
  code.ifThen(isMine, [&] {
    Value control = code.argsPointer(offsetof(abi::GpuArgs, control));
    Value stop = relaxedLoad(
        code, code.b.getI32Type(),
        code.byteAt(control, code.i64(offsetof(abi::Control, stop))), "");
    code.store(stop, variable, 4);
  });
}

void EarlyLoads::begin(GpuBuilder &code) const {
  if (rows)
    beginResidual(code);
  if (qkv)
    beginAngle(code);
  if (logits)
    beginStop(code);
}

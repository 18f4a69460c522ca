//===- WorkerMain.cpp - The persistent loop -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   - for each step of the launch, for each instruction of my queue:
//     - for each wait: poll the counter (acquire); after spinLimit polls, ask
//       the host
//     - run the body; if it says so (the gate saw the stop flag), return
//     - for each signal: add to the counter (release)
//
// With delay injection, KernelArgs::noise is called, if it is there, before and
// after every wait and every signal, so that a test can hold a worker up there.
//
// Emitted as blocks of the LLVM dialect; docs/Architecture.md has the picture.
//
//===----------------------------------------------------------------------===//

#include "HostLowering.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::host;
namespace abi = ::amk::abi;

namespace {

class WorkerMainBuilder {
public:
  WorkerMainBuilder(ModuleOp module, ArrayRef<LLVM::LLVMFuncOp> bodies,
                    const WorkerMainOptions &options)
      : builder(module.getContext()), loc(module.getLoc()), bodies(bodies),
        options(options), code(builder, loc), i32(builder.getI32Type()),
        i64(builder.getI64Type()) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  void build();

private:
  void emitSteps(Block *entry);
  void emitQueue(Value step, Block *exitQueue);
  void emitWaits(Value step, Value index, Value instruction, Block *done);
  void emitWait(Value step, Value index, Value waitIndex, Block *satisfied);
  void emitPoll(Value index, Value counter, Value expected, Block *satisfied);
  void emitDispatch(Value step, Value instruction, Block *done);
  void emitSignals(Value index, Value instruction, Block *done);
  /// Goes on in a new block where it emits anything.
  void emitNoise(Value index, abi::NoisePoint point);

  /// for (i = begin; i != end; ++i) body(i, next): `body` emits code that ends
  /// in a branch to `next`; the loop leaves to `done`.
  void forRange(Value begin, Value end, Block *done,
                function_ref<void(Value, Block *)> body);

  Block *newBlock(ArrayRef<Type> types = {}) {
    OpBuilder::InsertionGuard guard(builder);
    return builder.createBlock(&func.getBody(), func.getBody().end(), types,
                               SmallVector<Location>(types.size(), loc));
  }
  void at(Block *block) { builder.setInsertionPointToEnd(block); }
  void branch(Block *block, ValueRange values = {}) {
    LLVM::BrOp::create(builder, loc, values, block);
  }
  void condBranch(Value condition, Block *yes, Block *no) {
    LLVM::CondBrOp::create(builder, loc, condition, yes, no);
  }
  void ret(int32_t value) {
    LLVM::ReturnOp::create(builder, loc, code.i32(value));
  }
  Value argsField(Type type, uint64_t offset) {
    return code.loadField(type, args, offset);
  }
  Value elementAt(uint64_t arrayField, Value index, uint64_t size) {
    return code.byteAt(argsField(code.ptr(), arrayField),
                       code.mul(index, size));
  }
  Value counterPointer(Value counter) {
    return elementAt(offsetof(abi::KernelArgs, counters), counter,
                     abi::kCounterStride);
  }
  Value field32(Value base, uint64_t offset) {
    return code.zext(code.loadField(i32, base, offset));
  }

  OpBuilder builder;
  Location loc;
  ArrayRef<LLVM::LLVMFuncOp> bodies;
  WorkerMainOptions options;
  CodeBuilder code;
  Type i32, i64;
  LLVM::LLVMFuncOp func;
  Value args, worker;
  Block *left = nullptr;      ///< returns 0
  Block *abandoned = nullptr; ///< returns 1
};

} // namespace

void WorkerMainBuilder::forRange(Value begin, Value end, Block *done,
                                 function_ref<void(Value, Block *)> body) {
  Block *header = newBlock({i64}), *inside = newBlock(), *latch = newBlock();
  branch(header, begin);
  at(header);
  Value i = header->getArgument(0);
  condBranch(code.less(i, end), inside, done);
  at(inside);
  body(i, latch);
  at(latch);
  branch(header, code.add(i, 1));
}

void WorkerMainBuilder::build() {
  auto type = LLVM::LLVMFunctionType::get(i32, {code.ptr(), i32});
  func = LLVM::LLVMFuncOp::create(builder, loc, abi::kWorkerEntryName, type);
  Block *entry = func.addEntryBlock(builder);
  args = entry->getArgument(0);
  worker = entry->getArgument(1);
  left = newBlock();
  at(left);
  ret(0);
  abandoned = newBlock();
  at(abandoned);
  ret(1);
  emitSteps(entry);
}

void WorkerMainBuilder::emitSteps(Block *entry) {
  at(entry);
  Value steps = field32(args, offsetof(abi::KernelArgs, steps));
  forRange(code.i64(0), steps, left,
           [&](Value step, Block *next) { emitQueue(step, next); });
}

void WorkerMainBuilder::emitQueue(Value step, Block *exitQueue) {
  Value queue = elementAt(offsetof(abi::KernelArgs, queues), code.zext(worker),
                          sizeof(abi::Queue));
  Value begin = field32(queue, offsetof(abi::Queue, begin));
  Value end = code.add(begin, field32(queue, offsetof(abi::Queue, count)));
  forRange(begin, end, exitQueue, [&](Value index, Block *next) {
    Value instruction = elementAt(offsetof(abi::KernelArgs, instructions),
                                  index, sizeof(abi::Instruction));
    Block *ready = newBlock(), *finished = newBlock();
    emitWaits(step, index, instruction, ready);
    at(ready);
    emitDispatch(step, instruction, finished);
    at(finished);
    emitSignals(index, instruction, next);
  });
}

void WorkerMainBuilder::emitWaits(Value step, Value index, Value instruction,
                                  Block *done) {
  Value begin = field32(instruction, offsetof(abi::Instruction, waitBegin));
  Value end = code.add(
      begin, field32(instruction, offsetof(abi::Instruction, waitCount)));
  forRange(begin, end, done, [&](Value waitIndex, Block *next) {
    Block *satisfied = newBlock();
    emitNoise(index, abi::NoisePoint::BeforeWait);
    emitWait(step, index, waitIndex, satisfied);
    at(satisfied);
    emitNoise(index, abi::NoisePoint::AfterWait);
    branch(next);
  });
}

void WorkerMainBuilder::emitWait(Value step, Value index, Value waitIndex,
                                 Block *satisfied) {
  Value wait =
      elementAt(offsetof(abi::KernelArgs, waits), waitIndex, sizeof(abi::Wait));
  Value counter = field32(wait, offsetof(abi::Wait, counter));
  Value threshold = code.make<arith::ExtSIOp>(
      i64, code.loadField(i32, wait, offsetof(abi::Wait, threshold)));
  Value info = elementAt(offsetof(abi::KernelArgs, counterInfo), counter,
                         sizeof(abi::Counter));
  Value perStep = field32(info, offsetof(abi::Counter, perStep));
  Value expected = code.add(threshold, code.mul(step, perStep));
  // A wait on the step before the first is satisfied.
  Value needed = code.make<arith::CmpIOp>(arith::CmpIPredicate::sgt, expected,
                                          code.i64(0));
  Block *poll = newBlock();
  condBranch(needed, poll, satisfied);
  at(poll);
  emitPoll(index, counter, expected, satisfied);
}

void WorkerMainBuilder::emitPoll(Value index, Value counter, Value expected,
                                 Block *satisfied) {
  Value pointer = counterPointer(counter);
  Value limit = field32(args, offsetof(abi::KernelArgs, spinLimit));
  Block *spin = newBlock({i64}), *missed = newBlock(), *again = newBlock(),
        *slow = newBlock();
  branch(spin, code.i64(0));

  at(spin);
  Value polls = spin->getArgument(0);
  auto seen = LLVM::LoadOp::create(
      builder, loc, i32, pointer, 4, /*isVolatile=*/false,
      /*isNonTemporal=*/false, /*isInvariant=*/false,
      /*isInvariantGroup=*/false, LLVM::AtomicOrdering::acquire);
  condBranch(code.less(code.zext(seen), expected), missed, satisfied);

  at(missed);
  condBranch(code.less(polls, limit), again, slow);

  at(again);
  if (!options.spinHint.empty())
    LLVM::CallIntrinsicOp::create(builder, loc,
                                  builder.getStringAttr(options.spinHint),
                                  ValueRange());
  branch(spin, code.add(polls, 1));

  // The host waits patiently, gives up after a while, and says why.
  at(slow);
  auto narrow = [&](Value value) {
    return code.make<arith::TruncIOp>(i32, value);
  };
  Value callee = argsField(code.ptr(), offsetof(abi::KernelArgs, waitSlow));
  auto type =
      LLVM::LLVMFunctionType::get(i32, {code.ptr(), i32, i32, i32, i32});
  auto call =
      LLVM::CallOp::create(builder, loc, type,
                           ValueRange{callee, args, worker, narrow(index),
                                      narrow(counter), narrow(expected)});
  condBranch(code.equal(call.getResult(), code.i32(0)), satisfied, abandoned);
}

void WorkerMainBuilder::emitDispatch(Value step, Value instruction,
                                     Block *done) {
  Value number =
      code.loadField(i32, instruction, offsetof(abi::Instruction, body));
  Value step32 = code.make<arith::TruncIOp>(i32, step);
  SmallVector<Block *> blocks;
  SmallVector<int32_t> numbers;
  for (auto [i, body] : llvm::enumerate(bodies)) {
    Block *block = newBlock();
    {
      OpBuilder::InsertionGuard guard(builder);
      at(block);
      auto call = LLVM::CallOp::create(
          builder, loc, body, ValueRange{args, worker, instruction, step32});
      condBranch(call.getResult(), left, done);
    }
    blocks.push_back(block);
    numbers.push_back(i);
  }
  // The runtime checks body numbers; an unknown one abandons the launch.
  LLVM::SwitchOp::create(builder, loc, number, abandoned, ValueRange(), numbers,
                         blocks,
                         SmallVector<ValueRange>(blocks.size(), ValueRange()));
}

void WorkerMainBuilder::emitSignals(Value index, Value instruction,
                                    Block *done) {
  Value begin = field32(instruction, offsetof(abi::Instruction, signalBegin));
  Value end = code.add(
      begin, field32(instruction, offsetof(abi::Instruction, signalCount)));
  forRange(begin, end, done, [&](Value signalIndex, Block *next) {
    Value signal = elementAt(offsetof(abi::KernelArgs, signals), signalIndex,
                             sizeof(abi::Signal));
    Value counter = field32(signal, offsetof(abi::Signal, counter));
    Value amount = code.loadField(i32, signal, offsetof(abi::Signal, amount));
    emitNoise(index, abi::NoisePoint::BeforeSignal);
    LLVM::AtomicRMWOp::create(builder, loc, LLVM::AtomicBinOp::add,
                              counterPointer(counter), amount,
                              LLVM::AtomicOrdering::release);
    emitNoise(index, abi::NoisePoint::AfterSignal);
    branch(next);
  });
}

void WorkerMainBuilder::emitNoise(Value index, abi::NoisePoint point) {
  if (!options.injectDelays)
    return;
  Value callee = argsField(code.ptr(), offsetof(abi::KernelArgs, noise));
  Value none = LLVM::ZeroOp::create(builder, loc, code.ptr());
  Value wanted = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                      callee, none);
  Block *delay = newBlock(), *resume = newBlock();
  condBranch(wanted, delay, resume);

  at(delay);
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()),
      {code.ptr(), i32, i32, i32});
  Value index32 = code.make<arith::TruncIOp>(i32, index);
  LLVM::CallOp::create(builder, loc, type,
                       ValueRange{callee, args, worker, index32,
                                  code.i32(static_cast<int32_t>(point))});
  branch(resume);
  at(resume);
}

void host::buildWorkerMain(ModuleOp module, ArrayRef<LLVM::LLVMFuncOp> bodies,
                           const WorkerMainOptions &options) {
  WorkerMainBuilder(module, bodies, options).build();
}

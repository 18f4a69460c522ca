//===- Loader.cpp - The loader warp ---------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   request the first instructions
//   for k in all instructions of the launch, until the worker stops:
//     request instruction k + 8
//     wait for instruction k; copy the stages of its run into the ring
//   wait until all copies have landed
//
// Every wait also ends when the worker stops; nothing is copied after that, but
// what needs no wait.
// docs/GpuKernel.md, sections 1.2, 2.3 and 5.3.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

namespace {

class LoaderBuilder {
public:
  explicit LoaderBuilder(GpuBuilder &code)
      : code(code), b(code.b), gpu(code.kernel.gpu), i32(b.getI32Type()),
        i64(b.getI64Type()) {}

  void emit();

private:
  Value variable(Value init) {
    Value slot = code.variable();
    code.store(init, slot, 4);
    return slot;
  }
  Value get(Value variable) { return code.load(i32, variable, 4); }
  void set(Value variable, Value value) { code.store(value, variable, 4); }
  void advance(Value slot, Value parity, int32_t slots);

  Value stopped() {
    Value flag = code.loadShared32(
        code.shared(SharedPart::State, code.i32(layout::StateOffset::kStop)));
    return code.make<arith::CmpIOp>(arith::CmpIPredicate::ne, flag,
                                    code.i32(0));
  }
  /// Runs `body` when the phase has completed, and not at all if the worker
  /// stops before.
  void whenReady(abi::WaitKind kind, Value bar, Value parity, Value what,
                 function_ref<void()> body);
  void emitInstruction(Value number);
  void emitRun();
  void emitStages(Value base, Value count, Value bytes, Value policy);
  void emitSharedStages(Value base, Value count, Value bytes, Value shape,
                        Value policy);
  void emitWeightRun(Value count, Value shape, Value offset);
  void emitKVRun(Value splits, Value shape, Value offset);
  void waitAppended();
  void emitStage(const CopySource &source, Value policy);
  void emitDrain(uint32_t barriers, Value issued, int32_t slots);
  Value queueField(Type type, uint64_t offset) {
    return code.loadField(type, queue, offset);
  }
  Value globalField(uint64_t offset) {
    return code.make<LLVM::IntToPtrOp>(code.globalPtr(),
                                       queueField(i64, offset));
  }

  GpuBuilder &code;
  OpBuilder &b;
  GpuAttr gpu;
  Type i32, i64;
  Value queue, count, total;
  // Variables. Slot and parity of the next stage, of the one that pacing waits
  // for, and how many stages and instructions have been asked for.
  Value slot, parity, pacedSlot, pacedParity, stages, requested, runs;
};

} // namespace

void LoaderBuilder::advance(Value slot, Value parity, int32_t slots) {
  Value next = code.add32(get(slot), 1);
  Value wraps = code.equal(next, code.i32(slots));
  set(slot, code.select(wraps, code.i32(0), next));
  Value flipped = code.make<arith::XOrIOp>(get(parity), code.i32(1));
  set(parity, code.select(wraps, flipped, get(parity)));
}

void LoaderBuilder::whenReady(abi::WaitKind kind, Value bar, Value parity,
                              Value what, function_ref<void()> body) {
  // Where there is nothing to wait for, nobody asks whether to stop: copies
  // into slots that are free do no harm, and are waited for at the end.
  Type i1 = b.getI1Type();
  Value isReady = code.variable(i1);
  auto tryOnce = [&]() -> Value {
    Value ready = code.kernel.arch.emitBarrierTry(code, bar, parity);
    code.store(ready, isReady, 1);
    return ready;
  };
  Value isLate = code.make<arith::XOrIOp>(
      tryOnce(), code.make<arith::ConstantOp>(b.getBoolAttr(true)));
  code.ifThen(isLate, [&] {
    code.waitFor([&] { return code.make<arith::OrIOp>(tryOnce(), stopped()); },
                 [&] {
                   return GpuBuilder::Failure{kind, what, Value(), parity,
                                              Value()};
                 });
  });
  code.ifThen(code.load(i1, isReady, 1), body);
}

/// Asks for instruction `number` of the launch, if there is one.
void LoaderBuilder::emitInstruction(Value number) {
  code.ifThen(code.less(number, total), [&] {
    constexpr int32_t slots = layout::kInstructionSlots;
    Value place = code.rem32(number, slots);
    Value use = code.rem32(code.div32(number, slots), 2);
    Value before = code.make<arith::XOrIOp>(use, code.i32(1));
    Value empty = code.barrier(layout::kInstructionEmptyBarriers, place);
    whenReady(abi::WaitKind::InstructionFree, empty, before, place, [&] {
      constexpr int32_t size = sizeof(abi::DeviceInstruction);
      Value index = code.make<arith::RemUIOp>(number, count);
      Value source =
          code.byteAt(globalField(offsetof(abi::DeviceQueue, instructions)),
                      code.zext(code.mul32(index, size)));
      Value target =
          code.shared(SharedPart::Instructions, code.mul32(place, size));
      Value full = code.barrier(layout::kInstructionFullBarriers, place);
      code.kernel.arch.emitCopy(code, {source, code.i32(size), {}, {}, {}},
                                target, full, Value());
      set(requested, code.add32(get(requested), 1));
    });
  });
}

void LoaderBuilder::emitStage(const CopySource &source, Value policy) {
  Value at = get(slot), use = get(parity);
  Value before = code.make<arith::XOrIOp>(use, code.i32(1));
  // Few bytes on their way: what consumers load waits behind them.
  int32_t inFlight = gpu.getInFlight();
  Value full = code.less(code.i32(inFlight - 1), get(stages));
  code.ifThen(full, [&] {
    whenReady(abi::WaitKind::RingFull,
              code.barrier(layout::kFullBarriers, get(pacedSlot)),
              get(pacedParity), get(pacedSlot),
              [&] { advance(pacedSlot, pacedParity, gpu.getStages()); });
  });
  whenReady(abi::WaitKind::RingEmpty, code.barrier(layout::kEmptyBarriers, at),
            before, at, [&] {
              Value target =
                  code.shared(SharedPart::Ring, code.mul32(at, gpu.getStage()));
              code.kernel.arch.emitCopy(code, source, target,
                                        code.barrier(layout::kFullBarriers, at),
                                        policy);
              advance(slot, parity, gpu.getStages());
              set(stages, code.add32(get(stages), 1));
            });
}

/// A stage after the other, as they lie in the stream.
void LoaderBuilder::emitStages(Value base, Value count, Value bytes,
                               Value policy) {
  Value step = code.zext(bytes);
  code.loop(code.i64(0), code.zext(count), 1, [&](Value i) {
    emitStage({code.byteAt(base, code.mul(i, step)), bytes, {}, {}, {}},
              policy);
  });
}

/// Stages 2g and 2g + 1 are two halves of the same tiles, which lie one tile
/// behind the other in the stream; `shape` has how many. Carried, so that no
/// time goes by between a wait and its copy: where the stage begins, its tiles
/// and bytes.
void LoaderBuilder::emitSharedStages(Value base, Value count, Value bytes,
                                     Value shape, Value policy) {
  Value tiles = code.make<arith::AndIOp>(
      code.make<arith::ShRUIOp>(shape, code.i32(16)), code.i32(0xff));
  Value lastTiles = code.make<arith::ShRUIOp>(shape, code.i32(24));
  Value half = code.zext(bytes), stride = code.mul(half, 2);
  // From a second half to the next first one.
  Value back = code.sub(code.mul(stride, code.zext(tiles)), half);
  Value full = code.add32(count, -2);
  auto tilesOf = [&](Value stage) {
    return code.select(code.less(stage, full), tiles, lastTiles);
  };
  SmallVector<Value> init = {code.i64(0), tilesOf(code.i32(0))};
  init.push_back(code.mul(init[1], bytes));
  code.loop(
      code.i64(0), code.zext(count), 1, init, [&](Value i, ValueRange now) {
        emitStage({code.byteAt(base, now[0]), bytes, now[1], stride, now[2]},
                  policy);
        Value here = tilesOf(code.add32(code.narrow(i), 1));
        Value isFirst = code.equal(code.rem(i, 2), code.i64(0));
        return SmallVector<Value>{
            code.add(now[0], code.select(isFirst, half, back)), here,
            code.mul(here, bytes)};
      });
}

void LoaderBuilder::emitWeightRun(Value count, Value shape, Value offset) {
  Value policy = code.kernel.arch.emitStreamPolicy(code);
  Value base = code.byteAt(globalField(offsetof(abi::DeviceQueue, stream)),
                           code.mul(code.zext(offset), abi::kFragmentBytes));
  Value bytes = code.make<arith::AndIOp>(shape, code.i32(0xffff));
  code.stampLoad(/*isEnd=*/false);
  // A copy that begins a little later is missed by all that come after it.
  if (code.kernel.sharesStages)
    emitSharedStages(base, count, bytes, shape, policy);
  else
    emitStages(base, count, bytes, policy);
  code.stampLoad(/*isEnd=*/true);
}

/// The worker's append of this layer in the step before is a real store to
/// memory that the copies read.
void LoaderBuilder::waitAppended() {
  Value appended =
      code.shared(SharedPart::State, code.i32(layout::StateOffset::kAppended));
  Value perStep = queueField(i32, offsetof(abi::DeviceQueue, kvRuns));
  // Runs before this one in the launch, and those of a step less: what must be
  // done is below zero in the first step.
  Value needed = code.add32(code.sub(get(runs), perStep), 1);
  auto done = [&]() -> Value {
    Value enough = code.make<arith::CmpIOp>(
        arith::CmpIPredicate::sge, code.pollShared32(appended), needed);
    return code.make<arith::OrIOp>(enough, stopped());
  };
  code.waitFor(done, [&] {
    return GpuBuilder::Failure{abi::WaitKind::Appended, Value(),
                               code.pollShared32(appended), needed, Value()};
  });
  set(runs, code.add32(get(runs), 1));
  code.kernel.arch.emitCopyAfterStores(code);
}

void LoaderBuilder::emitKVRun(Value splits, Value shape, Value offset) {
  waitAppended();
  Value blockBytes = code.make<arith::AndIOp>(shape, code.i32(0xffff));
  // Blocks 0 .. position / kvBlock in all; this split has those that are equal
  // to it modulo the number of splits.
  Value split = code.make<arith::AndIOp>(splits, code.i32(0xffff));
  Value all = code.make<arith::ShRUIOp>(splits, code.i32(16));
  Value last = code.div32(code.position(), code.kernel.kvBlock);
  Value has = code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, last, split);
  Value rounds = code.make<arith::DivUIOp>(code.sub(last, split), all);
  Value blocks = code.select(has, code.add32(rounds, 1), code.i32(0));
  Value perStage =
      code.make<arith::DivUIOp>(code.i32(gpu.getStage()), blockBytes);
  Value pair = code.mul32(perStage, 2);
  Value pairs =
      code.make<arith::DivUIOp>(code.add(blocks, code.add32(pair, -1)), pair);
  Value base = code.byteAt(globalField(offsetof(abi::DeviceQueue, kvCache)),
                           code.mul(code.zext(offset), abi::kFragmentBytes));
  code.stampLoad(/*isEnd=*/false);
  code.loop(code.i64(0), code.zext(code.mul32(pairs, 2)), 1, [&](Value j) {
    Value first = code.mul(code.narrow(j), perStage);
    Value left = code.select(code.less(first, blocks), code.sub(blocks, first),
                             code.i32(0));
    Value bytes = code.mul(code.min(left, perStage), blockBytes);
    Value source =
        code.byteAt(base, code.mul(code.zext(first), code.zext(blockBytes)));
    emitStage({source, bytes, {}, {}, {}}, Value());
  });
  code.stampLoad(/*isEnd=*/true);
}

void LoaderBuilder::emitRun() {
  auto field = [&](uint64_t offset) { return code.instructionField(offset); };
  Value flags = code.make<arith::ShRUIOp>(field(0), code.i32(16));
  Value count = field(offsetof(abi::DeviceInstruction, stageCount));
  Value shape = field(offsetof(abi::DeviceInstruction, stageBytes));
  Value offset = field(offsetof(abi::DeviceInstruction, runOffset));
  auto has = [&](abi::DeviceFlag flag) {
    return code.make<arith::CmpIOp>(
        arith::CmpIPredicate::ne,
        code.make<arith::AndIOp>(flags, code.i32(flag)), code.i32(0));
  };
  code.ifThen(has(abi::kWeightRun),
              [&] { emitWeightRun(count, shape, offset); });
  if (code.kernel.kvBlock != 0)
    code.ifThen(has(abi::kKVRun), [&] { emitKVRun(count, shape, offset); });
}

/// Waits until the last copy into every slot has landed. A block must not end
/// before.
void LoaderBuilder::emitDrain(uint32_t barriers, Value issued, int32_t slots) {
  code.loop(code.i64(0), code.i64(slots), 1, [&](Value i) {
    Value place = code.narrow(i);
    code.ifThen(code.less(place, issued), [&] {
      Value last = code.add32(code.sub(issued, place), -1);
      Value use = code.rem32(code.div32(last, slots), 2);
      code.waitBarrier(abi::WaitKind::RingFull, code.barrier(barriers, place),
                       use, place);
    });
  });
}

void LoaderBuilder::emit() {
  Value zero = code.i32(0);
  for (Value *v :
       {&slot, &parity, &pacedSlot, &pacedParity, &stages, &requested, &runs})
    *v = variable(zero);
  queue =
      code.byteAt(code.argsPointer(offsetof(abi::GpuArgs, queues)),
                  code.mul(code.zext(code.worker()), sizeof(abi::DeviceQueue)));
  count = queueField(i32, offsetof(abi::DeviceQueue, count));
  Value steps = code.argsField(i32, offsetof(abi::GpuArgs, steps));
  total = code.mul(count, steps);

  // Not a task yet: waits report slot 0, which nothing has been copied to.
  code.setTask(code.shared(SharedPart::Instructions), zero);
  code.loop(code.i64(0), code.i64(layout::kInstructionAhead), 1,
            [&](Value k) { emitInstruction(code.narrow(k)); });

  auto loop =
      scf::WhileOp::create(b, code.loc, TypeRange{i32}, ValueRange{zero});
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&loop.getBefore(), {}, {i32}, {code.loc});
    Value k = loop.getBeforeArguments()[0];
    Value goOn = code.make<arith::XOrIOp>(
        stopped(), code.make<arith::ConstantOp>(b.getBoolAttr(true)));
    scf::ConditionOp::create(
        b, code.loc, code.make<arith::AndIOp>(code.less(k, total), goOn), k);
    b.createBlock(&loop.getAfter(), {}, {i32}, {code.loc});
    k = loop.getAfterArguments()[0];
    emitInstruction(code.add32(k, layout::kInstructionAhead));
    constexpr int32_t slots = layout::kInstructionSlots;
    Value place = code.rem32(k, slots);
    Value instruction =
        code.shared(SharedPart::Instructions,
                    code.mul32(place, sizeof(abi::DeviceInstruction)));
    code.setTask(instruction, code.make<arith::DivUIOp>(k, count));
    whenReady(abi::WaitKind::Instruction,
              code.barrier(layout::kInstructionFullBarriers, place),
              code.rem32(code.div32(k, slots), 2), place, [&] { emitRun(); });
    scf::YieldOp::create(b, code.loc, code.add32(k, 1));
  }
  code.setTask(code.shared(SharedPart::Instructions), zero);
  emitDrain(layout::kFullBarriers, get(stages), gpu.getStages());
  emitDrain(layout::kInstructionFullBarriers, get(requested),
            layout::kInstructionSlots);
}

void mlir::amk::emitLoader(GpuBuilder &code) { LoaderBuilder(code).emit(); }

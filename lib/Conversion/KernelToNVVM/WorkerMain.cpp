//===- WorkerMain.cpp - The persistent kernel -----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One block per worker: 16 consumer warps that run the worker's tasks, and the
// loader's. docs/GpuKernel.md, section 1.4, has the picture.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static constexpr int32_t kInstructionBytes = sizeof(abi::DeviceInstruction);

//===----------------------------------------------------------------------===//
// amk_wait_slow
//===----------------------------------------------------------------------===//

namespace {
/// Parameters, in order; see visitSlowPath().
enum SlowArgument : unsigned {
  kControl, kReport, kLimit, kSince, kKind, kIndex, kWhat, kSeen, kExpected,
  kAddress, kStep,
};
} // namespace

static Value relaxedLoad(CodeBuilder &code, Type type, Value pointer) {
  return LLVM::LoadOp::create(
      code.b, code.loc, type, pointer, 4, /*isVolatile=*/false,
      /*isNonTemporal=*/false, /*isInvariant=*/false,
      /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic, "device");
}

static void relaxedStore(CodeBuilder &code, Value value, Value pointer) {
  LLVM::StoreOp::create(code.b, code.loc, value, pointer, 4,
                        /*isVolatile=*/false, /*isNonTemporal=*/false,
                        /*isInvariantGroup=*/false,
                        LLVM::AtomicOrdering::monotonic, "device");
}

/// Past the deadline: the first to come writes the report; all abort.
static void emitGiveUp(CodeBuilder &code, ValueRange args, Value now) {
  auto field = [&](uint64_t offset) {
    return code.byteAt(args[kReport], code.i64(offset));
  };
  auto claim = LLVM::AtomicCmpXchgOp::create(
      code.b, code.loc, field(offsetof(abi::WaitReport, kind)), code.i32(0),
      args[kKind], LLVM::AtomicOrdering::monotonic,
      LLVM::AtomicOrdering::monotonic, "device");
  Value won = code.make<LLVM::ExtractValueOp>(claim.getRes(), 1);
  code.ifThen(won, [&] {
    auto put = [&](Value value, uint64_t offset) {
      code.store(value, field(offset), value.getType().isInteger(64) ? 8 : 4);
    };
    put(code.make<NVVM::BlockIdXOp>(code.b.getI32Type()),
        offsetof(abi::WaitReport, worker));
    put(args[kIndex], offsetof(abi::WaitReport, instruction));
    put(args[kWhat], offsetof(abi::WaitReport, what));
    put(args[kSeen], offsetof(abi::WaitReport, seen));
    put(args[kExpected], offsetof(abi::WaitReport, expected));
    put(code.sub(now, args[kSince]), offsetof(abi::WaitReport, nanoseconds));
    put(args[kAddress], offsetof(abi::WaitReport, address));
    put(args[kStep], offsetof(abi::WaitReport, step));
    LLVM::StoreOp::create(code.b, code.loc, code.i32(1),
                          field(offsetof(abi::WaitReport, complete)), 4, false,
                          false, false, LLVM::AtomicOrdering::release,
                          "device");
  });
  relaxedStore(code, code.i32(1),
               code.byteAt(args[kControl],
                           code.i64(offsetof(abi::Control, aborted))));
}

static void buildWaitSlow(OpBuilder &b, Location loc) {
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto global = LLVM::LLVMPointerType::get(b.getContext(), 1);
  auto type = LLVM::LLVMFunctionType::get(
      i64, {global, global, i64, i64, i32, i32, i32, i32, i32, i64, i32});
  auto function = LLVM::LLVMFuncOp::create(b, loc, kWaitSlowName, type,
                                           LLVM::Linkage::Internal);
  function.setAlwaysInline(true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  CodeBuilder code(b, loc);
  ValueRange args = function.getArguments();
  Value now = code.make<NVVM::GlobalTimerOp>(i64);
  Value control = code.byteAt(args[kControl],
                              code.i64(offsetof(abi::Control, aborted)));
  Value aborted = code.make<arith::CmpIOp>(
      arith::CmpIPredicate::ne, relaxedLoad(code, i32, control), code.i32(0));
  // -1 comes back from a wait that goes on in spite of the abort.
  Value isFirst = code.make<arith::OrIOp>(
      code.equal(args[kSince], code.i64(0)),
      code.equal(args[kSince], code.i64(-1)));
  Value since = code.select(isFirst, now, args[kSince]);
  Value late = code.less(args[kLimit], code.sub(now, since));
  Value giveUp = code.make<arith::AndIOp>(
      late, code.make<arith::XOrIOp>(
                aborted, code.make<arith::ConstantOp>(b.getBoolAttr(true))));
  code.ifThen(giveUp, [&] { emitGiveUp(code, args, now); });
  Value ended = code.make<arith::OrIOp>(aborted, giveUp);
  LLVM::ReturnOp::create(b, loc, code.select(ended, code.i64(-1), since));
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {

class MainBuilder {
public:
  MainBuilder(OpBuilder &b, Location loc, const GpuKernel &kernel,
              LLVM::LLVMFuncOp function, ArrayRef<LLVM::LLVMFuncOp> bodies)
      : code(b, loc, kernel, function), b(b), bodies(bodies),
        i32(b.getI32Type()) {}

  void emit();

private:
  void emitPrologue();
  void emitBarriers(uint32_t offset, int32_t slots, unsigned count);
  void emitConsumers();
  void emitTask(Value number);
  void emitCounterWaits();
  void emitDispatch(Value body);
  void emitSignal();
  void emitRelease(Value place);
  Value state(uint32_t offset) {
    return code.shared(SharedPart::State, code.i32(offset));
  }
  Value counterPointer(Value counter) {
    return code.byteAt(code.argsPointer(offsetof(abi::GpuArgs, counters)),
                       code.mul(code.zext(counter), abi::kCounterStride));
  }
  void wholeBlockBarrier() {
    NVVM::BarrierOp::create(b, code.loc, Type(), code.i32(0),
                            code.i32(abi::kGpuThreads),
                            NVVM::BarrierReductionAttr(), Value());
  }

  GpuBuilder code;
  OpBuilder &b;
  ArrayRef<LLVM::LLVMFuncOp> bodies;
  Type i32;
};

} // namespace

void MainBuilder::emitBarriers(uint32_t offset, int32_t slots,
                               unsigned count) {
  code.loop(code.i64(0), code.i64(slots), 1, [&](Value i) {
    code.kernel.arch.emitBarrierInit(code, code.barrier(offset, code.narrow(i)),
                                     count);
  });
}

void MainBuilder::emitPrologue() {
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    unsigned loader = code.kernel.arch.loaderLanes();
    int32_t stages = code.kernel.gpu.getStages();
    emitBarriers(layout::kFullBarriers, stages, loader);
    // Every lane arrives for what it has read. One lane for its warp, behind a
    // warp's barrier, would be as right and is no faster, but racecheck of
    // compute-sanitizer does not follow it (docs/GpuKernel.md, 10.9).
    constexpr unsigned readers = abi::kGpuConsumers;
    emitBarriers(layout::kEmptyBarriers, stages, readers / layout::kGroups);
    emitBarriers(layout::kInstructionFullBarriers, layout::kInstructionSlots,
                 loader);
    emitBarriers(layout::kInstructionEmptyBarriers, layout::kInstructionSlots,
                 readers);
    for (uint32_t offset :
         {layout::StateOffset::kStop, layout::StateOffset::kAppended})
      code.store(code.i32(0), state(offset), 4);
    Value start =
        code.argsField(i32, offsetof(abi::GpuArgs, startPosition));
    Value token = code.load(
        i32,
        code.at(code.argsPointer(offsetof(abi::GpuArgs, tokens)),
                code.zext(start), i32),
        4);
    code.store(token, state(layout::StateOffset::kToken), 4);
    code.kernel.arch.emitBarriersReady(code);
  });
  wholeBlockBarrier();
  code.stampWorker(/*isEnd=*/false);
}

void MainBuilder::emitCounterWaits() {
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    for (unsigned w = 0; w < abi::kDeviceWaits; ++w) {
      uint64_t base = offsetof(abi::DeviceInstruction, waits) +
                      w * sizeof(abi::DeviceWait);
      auto field = [&](uint64_t offset) {
        return code.instructionField(base + offset);
      };
      Value counter = field(offsetof(abi::DeviceWait, counter));
      Value needed =
          code.add(field(offsetof(abi::DeviceWait, threshold)),
                   code.mul(code.step(),
                            field(offsetof(abi::DeviceWait, perStep))));
      Value isUsed = code.make<arith::CmpIOp>(
          arith::CmpIPredicate::ne, counter,
          code.i32(static_cast<int32_t>(abi::kNone)));
      // A wait on the step before the first is satisfied.
      Value isOpen = code.make<arith::CmpIOp>(arith::CmpIPredicate::sgt, needed,
                                              code.i32(0));
      code.ifThen(code.make<arith::AndIOp>(isUsed, isOpen), [&] {
        Value pointer = counterPointer(counter);
        auto seen = [&]() -> Value {
          return LLVM::LoadOp::create(
              b, code.loc, i32, pointer, 4, /*isVolatile=*/false,
              /*isNonTemporal=*/false, /*isInvariant=*/false,
              /*isInvariantGroup=*/false, LLVM::AtomicOrdering::acquire,
              "device");
        };
        code.waitFor(
            [&]() -> Value {
              return code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, seen(),
                                              needed);
            },
            [&] {
              return GpuBuilder::Failure{abi::WaitKind::Counter, counter,
                                         seen(), needed, Value()};
            });
      });
    }
  });
  code.blockBarrier();
}

void MainBuilder::emitSignal() {
  code.blockBarrier();
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    Value counter = code.instructionField(
        offsetof(abi::DeviceInstruction, signalCounter));
    Value amount =
        code.instructionField(offsetof(abi::DeviceInstruction, signalAmount));
    // Not llvm.atomicrmw, which loses its ordering.
    NVVM::InlinePtxOp::create(b, code.loc, TypeRange(),
                              ValueRange{counterPointer(counter), amount},
                              ValueRange(),
                              "red.release.gpu.global.add.u32 [$0], $1;",
                              Value());
  });
}

void MainBuilder::emitDispatch(Value body) {
  SmallVector<int64_t> numbers;
  for (size_t i = 0; i < bodies.size(); ++i)
    numbers.push_back(i);
  Value index =
      code.make<arith::IndexCastUIOp>(b.getIndexType(), body);
  auto dispatch = scf::IndexSwitchOp::create(b, code.loc, TypeRange(), index,
                                             numbers, numbers.size());
  OpBuilder::InsertionGuard guard(b);
  // The runtime checks body numbers.
  b.createBlock(&dispatch.getDefaultRegion());
  scf::YieldOp::create(b, code.loc);
  for (size_t i = 0; i < bodies.size(); ++i) {
    b.createBlock(&dispatch.getCaseRegions()[i]);
    SmallVector<Value> operands = {code.args(), code.instruction(),
                                   code.step()};
    llvm::append_range(operands, code.ringState());
    auto call = LLVM::CallOp::create(b, code.loc, bodies[i], operands);
    Value slot = code.make<LLVM::ExtractValueOp>(call.getResult(), 0);
    Value parity = code.make<LLVM::ExtractValueOp>(call.getResult(), 1);
    code.setRingState({slot, parity});
    if (!GpuBuilder(b, code.loc, code.kernel, bodies[i]).endsWithRows())
      code.stamp(abi::Stamp::Published);
    scf::YieldOp::create(b, code.loc);
  }
}

void MainBuilder::emitRelease(Value place) {
  code.kernel.arch.emitBarrierArrive(
      code, code.barrier(layout::kInstructionEmptyBarriers, place));
}

void MainBuilder::emitTask(Value number) {
  constexpr int32_t slots = layout::kInstructionSlots;
  Value place = code.rem32(number, slots);
  code.waitBarrier(abi::WaitKind::Instruction,
                   code.barrier(layout::kInstructionFullBarriers, place),
                   code.rem32(code.div32(number, slots), 2), place);
  // Flags are read again behind the body, over which they would be spilled.
  Value word = code.instructionField(offsetof(abi::DeviceInstruction, body));
  code.stamp(abi::Stamp::Begin);
  code.ifThen(code.hasFlag(abi::kCounterWaits), [&] { emitCounterWaits(); });
  emitDispatch(code.make<arith::AndIOp>(word, code.i32(0xffff)));
  code.ifThen(code.hasFlag(abi::kCounterSignals), [&] { emitSignal(); });
  emitRelease(place);
}

void MainBuilder::emitConsumers() {
  code.initRingState(code.group(), code.i32(0));
  Value queue = code.byteAt(code.argsPointer(offsetof(abi::GpuArgs, queues)),
                            code.mul(code.zext(code.worker()),
                                     sizeof(abi::DeviceQueue)));
  Value count = code.loadField(i32, queue, offsetof(abi::DeviceQueue, count));
  Value steps = code.argsField(i32, offsetof(abi::GpuArgs, steps));
  // Carried: number of the instruction in the queue, and of the step.
  SmallVector<Type> types(2, i32);
  SmallVector<Location> locs(2, code.loc);
  auto loop = scf::WhileOp::create(b, code.loc, types,
                                   ValueRange{code.i32(0), code.i32(0)});
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&loop.getBefore(), {}, types, locs);
  ValueRange before = loop.getBeforeArguments();
  // next_token sets it before its last barrier, as the last task of a step.
  auto goOn = scf::IfOp::create(
      b, code.loc, code.equal(before[0], code.i32(0)),
      [&](OpBuilder &, Location) {
        Value flag = code.loadShared32(state(layout::StateOffset::kStop));
        Value goesOn = code.make<arith::AndIOp>(code.equal(flag, code.i32(0)),
                                                code.less(before[1], steps));
        scf::YieldOp::create(b, code.loc, goesOn);
      },
      [&](OpBuilder &, Location) {
        Value yes = code.make<arith::ConstantOp>(b.getBoolAttr(true));
        scf::YieldOp::create(b, code.loc, yes);
      });
  scf::ConditionOp::create(b, code.loc, goOn.getResult(0), before);

  b.createBlock(&loop.getAfter(), {}, types, locs);
  ValueRange now = loop.getAfterArguments();
  Value number = code.add(code.mul(now[1], count), now[0]);
  Value offset = code.mul32(code.rem32(number, layout::kInstructionSlots),
                            kInstructionBytes);
  code.setTask(code.shared(SharedPart::Instructions, offset), now[1]);
  emitTask(number);
  Value next = code.add32(now[0], 1);
  Value ends = code.equal(next, count);
  scf::YieldOp::create(
      b, code.loc,
      ValueRange{code.select(ends, code.i32(0), next),
                 code.select(ends, code.add32(now[1], 1), now[1])});
}

void MainBuilder::emit() {
  emitPrologue();
  Value consumer =
      code.less(code.thread(), code.i32(abi::kGpuConsumers));
  auto role = scf::IfOp::create(b, code.loc, consumer,
                                /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&role.getThenRegion().front());
    emitConsumers();
    code.stampWorker(/*isEnd=*/true);
    b.setInsertionPointToStart(&role.getElseRegion().front());
    int32_t lanes = code.kernel.arch.loaderLanes();
    code.ifThen(code.less(code.lane(), code.i32(lanes)),
                [&] { emitLoader(code); });
  }
  wholeBlockBarrier();
  LLVM::ReturnOp::create(b, code.loc, ValueRange());
}

void mlir::amk::buildGpuMain(OpBuilder &b, Location loc,
                             const GpuKernel &kernel,
                             ArrayRef<LLVM::LLVMFuncOp> bodies) {
  buildWaitSlow(b, loc);
  MLIRContext *context = b.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {pointer});
  auto function = LLVM::LLVMFuncOp::create(b, loc, abi::kGpuEntryName, type);
  auto bytes = LLVM::LLVMArrayType::get(b.getI64Type(),
                                        sizeof(abi::GpuArgs) / 8);
  function.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(),
                      TypeAttr::get(bytes));
  function.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(),
                      b.getI64IntegerAttr(8));
  function.setArgAttr(0, NVVM::NVVMDialect::getGridConstantAttrName(),
                      b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    b.getDenseI32ArrayAttr({abi::kGpuThreads}));
  // Without it, ptxas keeps registers for a second block, and spills.
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                    b.getI32IntegerAttr(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  MainBuilder(b, loc, kernel, function, bodies).emit();
}

//===- GpuBuilder.cpp - What bodies of the GPU kernel may use -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static constexpr unsigned kGlobal = 1, kShared = 3;
static constexpr int32_t kWarp = 32;

LLVM::LLVMPointerType GpuBuilder::sharedPtr() {
  return LLVM::LLVMPointerType::get(b.getContext(), kShared);
}

LLVM::LLVMPointerType GpuBuilder::globalPtr() {
  return LLVM::LLVMPointerType::get(b.getContext(), kGlobal);
}

//===----------------------------------------------------------------------===//
// Where am I
//===----------------------------------------------------------------------===//

Value GpuBuilder::thread() { return make<NVVM::ThreadIdXOp>(b.getI32Type()); }
Value GpuBuilder::lane() { return rem32(thread(), kWarp); }
Value GpuBuilder::warp() { return div32(thread(), kWarp); }
Value GpuBuilder::group() {
  return div32(thread(), kWarp * layout::kGroupWarps);
}
Value GpuBuilder::warpInGroup() { return rem32(warp(), layout::kGroupWarps); }

/// On functions: see setRows().
static constexpr StringLiteral kRowThreadAttrName = "amk.first_row_thread";
static constexpr StringLiteral kRowsLastAttrName = "amk.ends_with_rows";

void GpuBuilder::setRows(int32_t firstThread, bool areLast) {
  function->setAttr(kRowThreadAttrName, b.getI32IntegerAttr(firstThread));
  if (areLast)
    function->setAttr(kRowsLastAttrName, b.getUnitAttr());
}

bool GpuBuilder::endsWithRows() { return function->hasAttr(kRowsLastAttrName); }

Value GpuBuilder::rowThread() {
  auto first = function->getAttrOfType<IntegerAttr>(kRowThreadAttrName);
  if (!first || first.getInt() == 0)
    return thread();
  Value row = add32(thread(), int32_t(abi::kGpuConsumers - first.getInt()));
  return rem32(row, abi::kGpuConsumers);
}

Value GpuBuilder::worker() { return make<NVVM::BlockIdXOp>(b.getI32Type()); }

//===----------------------------------------------------------------------===//
// Barriers, shuffles
//===----------------------------------------------------------------------===//

void GpuBuilder::blockBarrier() {
  NVVM::BarrierOp::create(b, loc, Type(), i32(1), i32(abi::kGpuConsumers),
                          NVVM::BarrierReductionAttr(), Value());
}

void GpuBuilder::warpBarrier() { NVVM::SyncWarpOp::create(b, loc, i32(-1)); }

Value GpuBuilder::shuffleXor(Value value, int32_t mask) {
  return make<NVVM::ShflOp>(value.getType(), i32(-1), value, i32(mask),
                            i32(kWarp - 1), NVVM::ShflKind::bfly, UnitAttr());
}

Value GpuBuilder::shuffle(Value value, Value from) {
  return make<NVVM::ShflOp>(value.getType(), i32(-1), value, from,
                            i32(kWarp - 1), NVVM::ShflKind::idx, UnitAttr());
}

Value GpuBuilder::ballot(Value condition) {
  return make<NVVM::VoteSyncOp>(b.getI32Type(), i32(-1), condition,
                                NVVM::VoteSyncKind::ballot);
}

Value GpuBuilder::warpSum(Value f32) {
  for (int32_t mask = kWarp / 2; mask > 0; mask /= 2)
    f32 = addf(f32, shuffleXor(f32, mask));
  return f32;
}

void GpuBuilder::loop32(Value from, Value to, int32_t step,
                        function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, loc, from, to, i32(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

//===----------------------------------------------------------------------===//
// The task
//===----------------------------------------------------------------------===//

Value GpuBuilder::instructionField(uint64_t offset) {
  return load(b.getI32Type(), byteAt(instruction(), i32(offset)), 4);
}

/// Flags are the upper half of the word that the body's number begins.
Value GpuBuilder::hasFlag(abi::DeviceFlag flag) {
  static_assert(offsetof(abi::DeviceInstruction, flags) ==
                offsetof(abi::DeviceInstruction, body) + 2);
  Value word = instructionField(offsetof(abi::DeviceInstruction, body));
  return make<arith::CmpIOp>(arith::CmpIPredicate::ne,
                             make<arith::AndIOp>(word, i32(flag << 16)),
                             i32(0));
}

Value GpuBuilder::instruction() {
  return currentInstruction ? currentInstruction
                            : function.getArgument(kBodyInstruction);
}

static uint64_t operandOffset(unsigned i) {
  return offsetof(abi::DeviceInstruction, operands) + i * sizeof(uint32_t);
}

Value GpuBuilder::operand(unsigned i) {
  return zext(instructionField(operandOffset(i)));
}

Value GpuBuilder::argsPointer(uint64_t offset) {
  return make<LLVM::IntToPtrOp>(globalPtr(), argsField(b.getI64Type(), offset));
}

Value GpuBuilder::pointer(MemorySpace space, unsigned i) {
  Value value = operand(i);
  switch (space) {
  case MemorySpace::Arena:
  case MemorySpace::Words:
    return byteAt(argsPointer(offsetof(abi::GpuArgs, arena)),
                  mul(value, abi::kOperandUnit));
  case MemorySpace::Constant:
    return byteAt(argsPointer(offsetof(abi::GpuArgs, constants)),
                  mul(value, abi::kOperandUnit));
  case MemorySpace::External: {
    Value table = argsPointer(offsetof(abi::GpuArgs, externals));
    Value address = load(b.getI64Type(), at(table, value, b.getI64Type()), 8);
    return make<LLVM::IntToPtrOp>(globalPtr(), address);
  }
  case MemorySpace::Logits: {
    Value stride =
        argsField(b.getI64Type(), offsetof(abi::GpuArgs, logitsStride));
    return atF32(argsPointer(offsetof(abi::GpuArgs, logits)),
                 mul(zext(step()), stride));
  }
  case MemorySpace::Token:
    return argsPointer(offsetof(abi::GpuArgs, tokens));
  case MemorySpace::Control:
    return argsPointer(offsetof(abi::GpuArgs, control));
  case MemorySpace::KVCache:
  case MemorySpace::Stream: {
    bool isStream = space == MemorySpace::Stream;
    Value queue = byteAt(argsPointer(offsetof(abi::GpuArgs, queues)),
                         mul(zext(worker()), sizeof(abi::DeviceQueue)));
    Value base = loadField(b.getI64Type(), queue,
                           isStream ? offsetof(abi::DeviceQueue, stream)
                                    : offsetof(abi::DeviceQueue, kvCache));
    return byteAt(make<LLVM::IntToPtrOp>(globalPtr(), base),
                  mul(value, abi::kOperandUnit));
  }
  case MemorySpace::Scratch:
    break;
  }
  llvm_unreachable("scratch is no operand");
}

Value GpuBuilder::step() {
  return currentStep ? currentStep : function.getArgument(kBodyStep);
}

Value GpuBuilder::position() {
  return add(argsField(b.getI32Type(), offsetof(abi::GpuArgs, startPosition)),
             step());
}

static Value tagOf(GpuBuilder &code, uint64_t field) {
  Type i32 = code.b.getI32Type();
  Value launch = code.argsField(i32, offsetof(abi::GpuArgs, launchTag));
  Value stride = code.argsField(i32, offsetof(abi::GpuArgs, tagStride));
  Value base = code.add(launch, code.mul(code.step(), stride));
  return code.add(base, code.instructionField(field));
}

Value GpuBuilder::inputTag(unsigned number) {
  return tagOf(*this, offsetof(abi::DeviceInstruction, tagIn) +
                          number * sizeof(uint32_t));
}

Value GpuBuilder::outputTag() {
  return tagOf(*this, offsetof(abi::DeviceInstruction, tagOut));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value GpuBuilder::args() { return function.getArgument(kBodyArgs); }

Value GpuBuilder::argsField(Type type, uint64_t offset) {
  return LLVM::LoadOp::create(b, loc, type, byteAt(args(), i64(offset)),
                              type.isInteger(64) ? 8 : 4, /*isVolatile=*/false,
                              /*isNonTemporal=*/false,
                              function->hasAttr(kKeepArgsAttrName));
}

Value GpuBuilder::shared(SharedPart part) {
  uint32_t ring = kernel.gpu.getStage() * kernel.gpu.getStages();
  uint32_t offset = 0;
  switch (part) {
  case SharedPart::Ring:
    break;
  case SharedPart::Staged:
    offset = ring + layout::kStagedOffset;
    break;
  case SharedPart::Part:
    offset = ring + layout::kPartOffset;
    break;
  case SharedPart::Rows:
    offset = ring + layout::kRowsOffset;
    break;
  case SharedPart::Instructions:
    offset = ring + layout::kInstructionsOffset;
    break;
  case SharedPart::Barriers:
    offset = ring + layout::kBarriersOffset;
    break;
  case SharedPart::State:
    offset = ring + layout::kStateOffset;
    break;
  }
  Value base = make<LLVM::AddressOfOp>(sharedPtr(), kSharedName);
  return offset ? byteAt(base, i32(offset)) : base;
}

Value GpuBuilder::shared(SharedPart part, Value byteOffset) {
  return byteAt(shared(part), byteOffset);
}

//===----------------------------------------------------------------------===//
// Waits
//===----------------------------------------------------------------------===//

Value GpuBuilder::loadShared32(Value pointer) {
  return LLVM::LoadOp::create(
      b, loc, b.getI32Type(), pointer, 4, /*isVolatile=*/false,
      /*isNonTemporal=*/false, /*isInvariant=*/false,
      /*isInvariantGroup=*/false, LLVM::AtomicOrdering::acquire, "block");
}

void GpuBuilder::storeShared32(Value value, Value pointer) {
  LLVM::StoreOp::create(b, loc, value, pointer, 4, /*isVolatile=*/false,
                        /*isNonTemporal=*/false, /*isInvariantGroup=*/false,
                        LLVM::AtomicOrdering::release, "block");
}

// Not llvm.atomicrmw, which loses its ordering.
void GpuBuilder::countShared32(Value amount, Value pointer) {
  NVVM::InlinePtxOp::create(
      b, loc, TypeRange(), ValueRange{pointer, amount}, ValueRange(),
      "red.release.cta.shared.add.u32 [$0], $1;", Value());
}

Value GpuBuilder::pollShared32(Value pointer) {
  auto read = NVVM::InlinePtxOp::create(
      b, loc, TypeRange{b.getI32Type()}, ValueRange{pointer, i32(0)},
      ValueRange(), "atom.acquire.cta.shared.or.b32 $0, [$1], $2;", Value());
  return read.getResult(0);
}

/// Only these waits are for other workers, which may have given up.
static bool endsWithAbort(abi::WaitKind kind) {
  return kind == abi::WaitKind::Counter || kind == abi::WaitKind::Word;
}

/// Waits within a block are held up by a worker that waits for another, and
/// that wait is the one to report: they get this many times as long.
static constexpr int64_t kOwnWaitFactor = 4;

/// Nanoseconds that a wait may last.
static Value waitLimit(GpuBuilder &code, abi::WaitKind kind) {
  Value limit = code.argsField(code.b.getI64Type(),
                               offsetof(abi::GpuArgs, waitNanoseconds));
  return endsWithAbort(kind) ? limit : code.mul(limit, kOwnWaitFactor);
}

/// A visit of the slow path: the new time of the first visit, or -1 in an
/// aborted launch.
static Value visitSlowPath(GpuBuilder &code, const GpuBuilder::Failure &report,
                           Value since) {
  OpBuilder &b = code.b;
  auto or0 = [&](Value value) { return value ? value : code.i32(0); };
  Type i64 = b.getI64Type();
  SmallVector<Value> operands = {
      code.argsPointer(offsetof(abi::GpuArgs, control)),
      code.argsPointer(offsetof(abi::GpuArgs, report)),
      waitLimit(code, report.kind),
      since,
      code.i32(static_cast<int32_t>(report.kind)),
      code.instructionField(offsetof(abi::DeviceInstruction, index)),
      or0(report.what),
      or0(report.seen),
      or0(report.expected),
      report.address ? report.address : code.i64(0),
      code.step()};
  auto call = LLVM::CallOp::create(b, code.loc, TypeRange{i64}, kWaitSlowName,
                                   operands);
  return call.getResult();
}

void GpuBuilder::waitFor(function_ref<Value()> attempt,
                         function_ref<Failure()> failure, bool byWarp) {
  Type i32Type = b.getI32Type(), i64Type = b.getI64Type();
  // Carried: attempts that failed, and when the slow path was first visited (0:
  // not yet).
  auto loop = scf::WhileOp::create(b, loc, TypeRange{i32Type, i64Type},
                                   ValueRange{i32(0), i64(0)});
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&loop.getBefore(), {}, {i32Type, i64Type}, {loc, loc});
  Value done = attempt();
  Value again =
      make<arith::XOrIOp>(done, make<arith::ConstantOp>(b.getBoolAttr(true)));
  scf::ConditionOp::create(b, loc, again, loop.getBeforeArguments());

  b.createBlock(&loop.getAfter(), {}, {i32Type, i64Type}, {loc, loc});
  Value count = add32(loop.getAfterArguments()[0], 1);
  Value since = loop.getAfterArguments()[1];
  Value rare = equal(make<arith::AndIOp>(count, i32(kSpinLimit - 1)), i32(0));
  // Out of the way of what is fetched all the time.
  rare =
      make<LLVM::ExpectOp>(rare, make<arith::ConstantOp>(b.getBoolAttr(false)));
  auto visit = scf::IfOp::create(b, loc, TypeRange{i64Type}, rare,
                                 /*withElseRegion=*/true);
  scf::YieldOp::create(b, loc, ValueRange{count, visit.getResult(0)});
  b.setInsertionPointToStart(&visit.getElseRegion().front());
  scf::YieldOp::create(b, loc, since);

  b.setInsertionPointToStart(&visit.getThenRegion().front());
  Failure report = failure();
  scf::YieldOp::create(b, loc, visitSlowPath(*this, report, since));
  if (!endsWithAbort(report.kind))
    return;
  // What is waited for may never come: -1 ends the loop, too.
  b.setInsertionPoint(again.getDefiningOp());
  Value aborted = equal(loop.getBeforeArguments()[1], i64(-1));
  // Lanes may have seen it at different times.
  if (byWarp)
    aborted =
        make<arith::CmpIOp>(arith::CmpIPredicate::ne, ballot(aborted), i32(0));
  again.getDefiningOp()->setOperand(0, make<arith::OrIOp>(done, aborted));
}

void GpuBuilder::waitBarrier(abi::WaitKind kind, Value bar, Value parity,
                             Value slot) {
  waitFor([&] { return kernel.arch.emitBarrierTry(*this, bar, parity); },
          [&] { return Failure{kind, slot, Value(), parity, Value()}; });
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

static Value wordOf(GpuBuilder &code, Value value, Value tag) {
  if (!value.getType().isInteger(32))
    value = code.make<arith::BitcastOp>(code.b.getI32Type(), value);
  Value high = code.make<arith::ShLIOp>(code.zext(tag), code.i64(32));
  return code.make<arith::OrIOp>(high, code.zext(value));
}

void GpuBuilder::send(Value words, Value row, Value value, Value tag) {
  Value word = wordOf(*this, value, tag);
  LLVM::StoreOp::create(b, loc, word, at(words, row, b.getI64Type()), 8,
                        /*isVolatile=*/false, /*isNonTemporal=*/false,
                        /*isInvariantGroup=*/false,
                        LLVM::AtomicOrdering::monotonic, "device");
}

/// Accesses to vectors are those to their elements, which LLVM has no
/// instruction for.
void GpuBuilder::sendPair(Value words, Value row, Value first, Value second,
                          Value tag) {
  SmallVector<Value> operands = {at(words, row, b.getI64Type()),
                                 wordOf(*this, first, tag),
                                 wordOf(*this, second, tag)};
  LLVM::InlineAsmOp::create(
      b, loc, TypeRange(), operands,
      "st.relaxed.gpu.global.v2.b64 [$0], {$1, $2};", "l,l,l,~{memory}",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
}

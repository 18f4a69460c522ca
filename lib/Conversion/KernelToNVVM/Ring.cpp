//===- Ring.cpp - The consumers' side of the ring -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp walks the stages of its group: every second slot, so that the parity of
// its barrier flips when the slot wraps. The two numbers live in stack slots
// that LLVM turns into registers; bodies take and return them.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

/// On the two variables of a function that hold the state.
static constexpr StringLiteral kRingAttrName = "amk.ring";

static SmallVector<Value, 2> stackSlots(LLVM::LLVMFuncOp function) {
  SmallVector<Value, 2> slots;
  for (Operation &op : function.getBody().front())
    if (op.hasAttr(kRingAttrName))
      slots.push_back(op.getResult(0));
  assert(slots.size() == 2 && "no ring state in this function");
  return slots;
}

LLVM::AllocaOp GpuBuilder::variable(Type type) {
  // LLVM promotes only those of the entry block.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(b, loc, ptr(), type ? type : b.getI32Type(),
                                i32(1));
}

void GpuBuilder::initRingState(Value slot, Value parity) {
  // Each comes before the one that was made before.
  for (Value value : {parity, slot}) {
    LLVM::AllocaOp state = variable();
    state->setAttr(kRingAttrName, b.getUnitAttr());
    store(value, state, 4);
  }
}

SmallVector<Value, 2> GpuBuilder::ringState() {
  SmallVector<Value, 2> values;
  for (Value slot : stackSlots(function))
    values.push_back(load(b.getI32Type(), slot, 4));
  return values;
}

void GpuBuilder::setRingState(ValueRange slotAndParity) {
  for (auto [value, slot] : llvm::zip(slotAndParity, stackSlots(function)))
    store(value, slot, 4);
}

Value GpuBuilder::barrier(uint32_t offset, Value slot) {
  Value bytes = add32(mul32(slot, 8), static_cast<int32_t>(offset));
  return shared(SharedPart::Barriers, bytes);
}

Value GpuBuilder::acquireStage() {
  SmallVector<Value, 2> state = ringState();
  timeRingWait([&] {
    waitBarrier(abi::WaitKind::RingFull,
                barrier(layout::kFullBarriers, state[0]), state[1], state[0]);
  });
  return shared(SharedPart::Ring, mul32(state[0], kernel.gpu.getStage()));
}

void GpuBuilder::releaseStage() {
  SmallVector<Value, 2> state = ringState();
  kernel.arch.emitBarrierArrive(*this,
                                barrier(layout::kEmptyBarriers, state[0]));
  int32_t stages = kernel.gpu.getStages();
  Value next = add32(state[0], layout::kGroups);
  Value wraps = less(i32(stages - 1), next);
  Value slot = select(wraps, add32(next, -stages), next);
  Value flipped = make<arith::XOrIOp>(state[1], i32(1));
  setRingState({slot, select(wraps, flipped, state[1])});
}

//===- Trace.cpp - Clock stamps of the persistent kernel ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs with `trace` write what amk/Support/Stamps.h says; in others nothing
// here emits any code.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"
#include "amk/Support/Stamps.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static Value clock32(GpuBuilder &code) {
  return code.make<NVVM::ClockOp>(code.b.getI32Type());
}

static Value instructionCount(GpuBuilder &code) {
  return code.zext(code.argsField(code.b.getI32Type(),
                                  offsetof(abi::GpuArgs, instructionCount)));
}

/// Stores 32 bits at byte `offset` of the task's stamps.
static void putStamp(GpuBuilder &code, uint64_t offset, Value value) {
  Value index =
      code.zext(code.instructionField(offsetof(abi::DeviceInstruction, index)));
  Value row = code.add(
      code.mul(code.zext(code.step()), instructionCount(code)), index);
  Value byte = code.add(code.mul(row, sizeof(abi::TaskStamps)), offset);
  code.store(value,
             code.byteAt(code.argsPointer(offsetof(abi::GpuArgs, stamps)),
                         byte),
             4);
}

static Value ringWait(GpuBuilder &code) {
  return code.shared(SharedPart::State, code.i32(layout::kRingWaitState));
}

void GpuBuilder::stamp(abi::Stamp which) {
  if (!kernel.gpu.getTrace())
    return;
  ifThen(equal(thread(), i32(0)), [&] {
    uint64_t offset = offsetof(abi::TaskStamps, clock) +
                      static_cast<uint64_t>(which) * sizeof(uint32_t);
    putStamp(*this, offset, clock32(*this));
    auto putRingWait = [&](uint64_t offset) {
      putStamp(*this, offset, load(b.getI32Type(), ringWait(*this), 4));
    };
    if (which == abi::Stamp::Begin)
      store(i32(0), ringWait(*this), 4);
    if (which == abi::Stamp::Input)
      putRingWait(offsetof(abi::TaskStamps, earlyRingWait));
    if (which == abi::Stamp::Weights)
      putRingWait(offsetof(abi::TaskStamps, ringWait));
  });
}

void GpuBuilder::stampRows() {
  if (!kernel.gpu.getTrace())
    return;
  ifThen(equal(rowThread(), i32(0)), [&] {
    putStamp(*this,
             offsetof(abi::TaskStamps, clock) +
                 uint64_t(abi::Stamp::Published) * sizeof(uint32_t),
             clock32(*this));
  });
}

void GpuBuilder::stampLoad(bool isEnd) {
  if (!kernel.gpu.getTrace())
    return;
  ifThen(equal(lane(), i32(0)), [&] {
    putStamp(*this,
             isEnd ? offsetof(abi::TaskStamps, loadEnd)
                   : offsetof(abi::TaskStamps, loadBegin),
             clock32(*this));
  });
}

void GpuBuilder::stampWorker(bool isEnd) {
  if (!kernel.gpu.getTrace())
    return;
  ifThen(equal(thread(), i32(0)), [&] {
    Value steps =
        zext(argsField(b.getI32Type(), offsetof(abi::GpuArgs, steps)));
    Value tasks = mul(steps, instructionCount(*this));
    Value place = add(mul(tasks, sizeof(abi::TaskStamps)),
                      mul(zext(worker()), sizeof(abi::WorkerClocks)));
    auto put = [&](Value value, uint64_t offset) {
      Value byte = add(place, offset + (isEnd ? sizeof(uint64_t) : 0));
      store(value,
            byteAt(argsPointer(offsetof(abi::GpuArgs, stamps)), byte), 8);
    };
    Type i64 = b.getI64Type();
    put(make<NVVM::GlobalTimerOp>(i64),
        offsetof(abi::WorkerClocks, nanoseconds));
    put(make<NVVM::Clock64Op>(i64), offsetof(abi::WorkerClocks, ticks));
  });
}

void GpuBuilder::timeRingWait(function_ref<void()> wait) {
  if (!kernel.gpu.getTrace())
    return wait();
  Value begin = clock32(*this);
  wait();
  Value ticks = make<arith::SubIOp>(clock32(*this), begin);
  ifThen(equal(thread(), i32(0)), [&] {
    Value before = load(b.getI32Type(), ringWait(*this), 4);
    store(add(before, ticks), ringWait(*this), 4);
  });
}

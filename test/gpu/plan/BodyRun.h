//===- BodyRun.h - One task on an emulated GPU -------------------*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_PLAN_BODYRUN_H
#define AMK_TEST_GPU_PLAN_BODYRUN_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Support/Abi.h"

#include <stdexcept>
#include <vector>

namespace amk::test {

/// What no kernel that was compiled for the plan would meet.
struct EmulatorError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct EmulatedWorker {
  abi::DeviceQueue queue;
  uint32_t index;
  int32_t token; ///< of its step
  uint32_t next = 0, step = 0;
  bool stop = false, isDone = false;
};

/// One attempt at a task. Nothing that others see happens before everything
/// that the task waits for is there.
class BodyRun {
public:
  BodyRun(const abi::GpuArgs &args, EmulatedWorker &worker,
          const abi::DeviceInstruction &in)
      : args(args), worker(worker), in(in) {}

  /// False if words are missing; the attempt then has no effect.
  bool execute(mlir::amk::KernelBodyOp body);

  uint32_t &counter(uint32_t index) const {
    return *reinterpret_cast<uint32_t *>(args.counters +
                                         uint64_t(index) * abi::kCounterStride);
  }

  const abi::GpuArgs &args;
  EmulatedWorker &worker;
  const abi::DeviceInstruction &in;

private:
  /// Of a value of the body: memory, a number, or a factor.
  struct Slot {
    uint8_t *memory = nullptr;
    uint64_t number = 0;
  };
  struct NotThere {};

  void bindArguments(mlir::amk::KernelBodyOp body);
  void run(mlir::Operation &op);
  void run(mlir::amk::KernelScratchOp op);
  void run(mlir::amk::KernelEmbedOp op);
  void run(mlir::amk::KernelGemvOp op);
  void run(mlir::amk::KernelStoreRowsOp op);
  void run(mlir::amk::KernelStoreGatedOp op);
  void run(mlir::amk::KernelStoreQKVOp op);
  void run(mlir::amk::KernelStoreLogitsOp op);
  void run(mlir::amk::KernelRingAttentionOp op);
  void run(mlir::amk::KernelCombineSplitsOp op);
  void run(mlir::amk::KernelNextTokenOp op);

  uint64_t tag(uint32_t base) const {
    return uint32_t(args.launchTag + base + worker.step * args.tagStride);
  }
  uint64_t position() const { return args.startPosition + worker.step; }
  uint64_t number(mlir::Value value) { return slots[value].number; }
  float *floats(mlir::Value memory) {
    return reinterpret_cast<float *>(slots[memory].memory);
  }
  /// The bits of word `index`; throws NotThere unless it carries the tag.
  uint32_t pollBits(mlir::Value words, uint64_t index, mlir::Value tag);
  float poll(mlir::Value words, uint64_t index, mlir::Value tag);
  void send(mlir::Value words, uint64_t index, uint32_t bits, mlir::Value tag);
  /// To words, or plainly without a tag.
  void send(mlir::Value out, uint64_t index, double value, mlir::Value tag);

  llvm::DenseMap<mlir::Value, Slot> slots;
  std::vector<uint8_t> scratch;
};

/// Element `index` at `from`, of f32, f16 or bf16.
float loadElement(mlir::Type element, const uint8_t *from, uint64_t index);
/// Stores it rounded to the nearest.
void storeElement(mlir::Type element, uint8_t *to, uint64_t index,
                  double value);

} // namespace amk::test

#endif // AMK_TEST_GPU_PLAN_BODYRUN_H

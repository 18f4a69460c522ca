//===- TestKernel.cpp - A kernel written by hand, for tests ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestKernel.h"
#include "amk/Support/Abi.h"

#include <chrono>
#include <thread>

using namespace amk::abi;
using namespace amk::test;

#ifdef AMK_TEST_OLD_ABI
extern "C" const uint32_t amk_abi_version = kAbiVersion - 1;
#else
extern "C" const uint32_t amk_abi_version = kAbiVersion;
#endif

namespace {

enum class Outcome { Done, Stopped, Abandoned };

/// One worker in one step.
struct Worker {
  const KernelArgs &args;
  uint32_t index;
  uint32_t step;

  uint32_t *counter(uint32_t i) const {
    return reinterpret_cast<uint32_t *>(args.counters +
                                        uint64_t(i) * kCounterStride);
  }

  uint32_t &cell(uint64_t offset) const {
    return *reinterpret_cast<uint32_t *>(args.arena + offset);
  }

  /// False when the launch is abandoned.
  bool waitFor(uint32_t instruction, const Wait &wait) const {
    int64_t expected =
        wait.threshold +
        int64_t(step) * args.counterInfo[wait.counter].perStep;
    if (expected <= 0)
      return true;
    for (uint32_t i = 0; i < args.spinLimit; ++i)
      if (__atomic_load_n(counter(wait.counter), __ATOMIC_ACQUIRE) >= expected)
        return true;
    return args.waitSlow(&args, index, instruction, wait.counter, expected) ==
           0;
  }

  void embed(const Instruction &instruction) const {
    uint32_t position = args.startPosition + step;
    int32_t token = args.tokens[position];
    auto *embedding = reinterpret_cast<const float *>(args.externals[0]);
    cell(instruction.operands[0]) = token + int32_t(embedding[token]);
    reinterpret_cast<int32_t *>(args.kvCache)[position] = token;
  }

  void mix(const Instruction &instruction) const {
    const uint64_t *op = instruction.operands;
    uint32_t sum = 0;
    for (uint64_t i = 0; i < op[3]; ++i)
      sum += args.streams[index][op[2] + i];
    // Scratch is private; passing through it shows that it is there.
    *reinterpret_cast<uint32_t *>(args.scratch[index]) =
        cell(op[0]) * kMixFactor;
    cell(op[1]) = *reinterpret_cast<uint32_t *>(args.scratch[index]) + sum;
  }

  void argmax(const Instruction &instruction) const {
    uint32_t position = args.startPosition + step;
    uint32_t vocab = instruction.operands[1];
    uint32_t sum = cell(instruction.operands[0]) +
                   int32_t(reinterpret_cast<const float *>(args.constants)[0]);
    for (uint32_t i = 0; i <= position; ++i)
      sum += (i + 1) * reinterpret_cast<const int32_t *>(args.kvCache)[i];
    uint32_t next = sum % vocab;
    float *row = args.logits + step * args.logitsStride;
    for (uint32_t i = 0; i < vocab; ++i)
      row[i] = i == next ? 1.0f : -float(i + position);
    if (position + 1 >= args.promptLength)
      produce(position + 1, next);
    __atomic_store_n(&args.control->stepsDone, step + 1, __ATOMIC_RELEASE);
  }

  void produce(uint32_t position, int32_t token) const {
    args.tokens[position] = token;
    for (uint32_t i = 0; i < args.stopTokenCount; ++i)
      if (args.stopTokens[i] == token)
        __atomic_store_n(&args.control->stop, 1, __ATOMIC_RELEASE);
  }

  void run(const Instruction &instruction) const {
    switch (instruction.body) {
    case Embed:
      return embed(instruction);
    case Mix:
      return mix(instruction);
    case Argmax:
      return argmax(instruction);
    case Sleep:
      std::this_thread::sleep_for(
          std::chrono::milliseconds(instruction.operands[0]));
    }
  }

  Outcome runStep() const {
    const Queue &queue = args.queues[index];
    for (uint32_t i = queue.begin; i < queue.begin + queue.count; ++i) {
      const Instruction &instruction = args.instructions[i];
      for (uint32_t w = 0; w < instruction.waitCount; ++w)
        if (!waitFor(i, args.waits[instruction.waitBegin + w]))
          return Outcome::Abandoned;
      // The gate: the first instruction has waited for the step before.
      if (i == queue.begin &&
          __atomic_load_n(&args.control->stop, __ATOMIC_ACQUIRE))
        return Outcome::Stopped;
      run(instruction);
      if (instruction.body == Lost)
        continue;
      for (uint32_t s = 0; s < instruction.signalCount; ++s) {
        const Signal &signal = args.signals[instruction.signalBegin + s];
        __atomic_fetch_add(counter(signal.counter), signal.amount,
                           __ATOMIC_RELEASE);
      }
    }
    return Outcome::Done;
  }
};

} // namespace

extern "C" uint32_t amk_worker_main(const KernelArgs *args, uint32_t index) {
  for (uint32_t step = 0; step < args->steps; ++step) {
    if (__atomic_load_n(&args->control->aborted, __ATOMIC_ACQUIRE))
      return 1;
    Outcome outcome = Worker{*args, index, step}.runStep();
    if (outcome != Outcome::Done)
      return outcome == Outcome::Abandoned;
  }
  return 0;
}

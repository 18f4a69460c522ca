//===- GpuTestBundle.h - A bundle for a GPU, and its kernel -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model of integers with the parts of a real schedule: loaders, a KV run and
// a weight run for each worker, hand-off by tags. A step computes
//   next = (3 * token + 1 + table[token] + norm + sum over workers of the first
//           packed weight's bits) mod vocab
// with the table in an external tensor and norm in the constants.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_RUNTIME_GPUTESTBUNDLE_H
#define AMK_TEST_UNIT_RUNTIME_GPUTESTBUNDLE_H

#include "TestBundle.h"

#include <atomic>

namespace amk::test {

class GpuTestBundle {
public:
  static constexpr uint32_t kWorkers = 2, kVocab = 64, kContext = 64;
  /// Instructions of a worker: 3 of its compute queue, then its loader's.
  static constexpr uint32_t kAttend = 0, kMix = 1, kNext = 2, kLoad = 3;
  static constexpr uint32_t kPerWorker = 4;

  GpuTestBundle();
  void write();

  std::string bundlePath() const { return dir.file("bundle"); }
  std::string weightsPath() const { return dir.file("weights"); }
  runtime::Manifest parsed() const;
  abi::Instruction &instruction(uint32_t worker, uint32_t task) {
    return tables.instructions[worker * kPerWorker + task];
  }
  /// What it generates.
  std::vector<int32_t> reference(int32_t token, uint32_t count) const;

  nlohmann::json manifest;
  schedule::Tables tables;
  std::vector<TensorData> tensors;
  std::vector<std::string> codeTexts; ///< of the files in the manifest
  TempDir dir;

private:
  uint32_t name(const std::string &text);
  uint32_t counter(const std::string &text, abi::Protocol protocol,
                   uint64_t tagBase = 0);
  void buildMemory();
  void buildWorker(uint32_t worker);
  void add(const std::string &text, uint32_t body,
           std::vector<uint64_t> operands, std::vector<abi::Wait> waits,
           std::vector<abi::Signal> signals,
           std::vector<abi::Access> accesses);
};

/// The kernel, for FakeCuda::kernel.
struct GpuTestKernel {
  std::atomic<uint32_t> stepMillis{0};
  /// The launch ends with this report when its kind is not None.
  abi::WaitReport report{};
  abi::GpuArgs lastArgs{}; ///< of the last launch
  uint32_t launches = 0;

  void run(const void *parameter);
};

} // namespace amk::test

#endif // AMK_TEST_UNIT_RUNTIME_GPUTESTBUNDLE_H

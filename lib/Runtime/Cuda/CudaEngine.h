//===- CudaEngine.h - Runs the kernel on a GPU ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/GpuKernel.md, sections 7 and 9.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_CUDAENGINE_H
#define AMK_LIB_RUNTIME_CUDA_CUDAENGINE_H

#include "../Engine.h"
#include "CodeChoice.h"
#include "DeviceTables.h"
#include "Driver.h"
#include "amk/Runtime/Timeline.h"

#include <optional>
#include <vector>

namespace amk::runtime::cuda {

/// Loads a code object after its hash.
std::unique_ptr<Module> loadCode(const Bundle &bundle, const CodeInfo &code);

/// Throws amk::Error with both numbers unless all `workers` blocks of the code
/// can be resident at once.
void checkResidency(const Context &context, const Function &kernel,
                    const GpuCodeInfo &code, uint32_t workers,
                    const std::string &where);

/// Bytes of a session on the device, and the context that they are for.
struct MemoryPlan {
  uint64_t fixedBytes = 0; ///< all but the KV cache
  uint32_t context = 0;
  uint64_t kvBytes = 0;
};

/// `requested` positions, or, if 0, as many as the model has and `freeBytes`
/// leave room for. Throws amk::Error that says what would fit.
MemoryPlan planMemory(const Bundle &bundle, uint32_t requested,
                      uint64_t freeBytes, const std::string &where);

class CudaEngine : public Engine {
public:
  CudaEngine(const Bundle &bundle, Weights &weights,
             const SessionOptions &options, int ordinal);
  ~CudaEngine() override;

  const std::string &arch() const override { return archName; }
  std::string device() const override {
    return deviceName + " " + gpu.device().name;
  }
  uint32_t context() const override { return memory.context; }
  uint32_t maxSteps(bool withLogits) const override;
  void fillCache() override;
  void beginCall() override;
  LaunchResult launch(const LaunchRequest &request, int32_t *tokens,
                      const PollFn &poll) override;
  const float *logits(uint32_t step) const override;
  void abort() override;
  const std::optional<WaitReport> &report() const override { return timeout; }
  const Trace *trace() const override {
    return lastTrace ? &*lastTrace : nullptr;
  }

private:
  enum AbortCode : uint32_t { NotAborted = 0, WaitFailed = 1, ByHost = 2 };
  struct Progress;

  // CudaEngine.cpp
  void loadKernel(const std::string &arch, bool trace);
  void allocate(Weights &weights, const ProgressFn &progress);
  void uploadTables();
  void bindArguments();
  DeviceBuffer &newBuffer(uint64_t bytes, const std::string &purpose);
  template <typename T>
  uint64_t uploadArray(const std::vector<T> &array, const std::string &purpose);

  // CudaLaunch.cpp
  void bindRequest(const LaunchRequest &request);
  void raiseTag(uint32_t steps);
  void uploadTokens(const LaunchRequest &request, const int32_t *tokens);
  void makeRoomForStamps(uint32_t steps);
  void readStamps(const Progress &progress);
  void start(const LaunchRequest &request);
  void follow(Progress &progress);
  bool takeTokens(Progress &progress);
  void endLaunch(bool byAbort);
  bool abortRequested() const;
  LaunchResult finish(Progress &progress);
  void checkEarlyEnd(const Progress &progress);
  bool isStopToken(const Progress &progress) const;

  const Bundle &bundle;
  std::string deviceName; ///< "cuda:0"
  std::string archName;
  Context gpu;
  std::unique_ptr<Module> module;
  Function kernel;
  GpuCodeInfo code;
  DeviceTables tables;
  MemoryPlan memory;
  double waitTimeout; ///< seconds

  std::vector<DeviceBuffer> buffers; ///< what lives as long as the session
  std::vector<uint64_t> streamAddresses, kvAddresses; ///< [workers]
  uint64_t kvBase = 0, kvBytes = 0;                   ///< of all workers
  uint64_t launchState = 0, launchStateBytes = 0; ///< cleared for every launch
  std::optional<DeviceBuffer> logitsRows, stamps;
  std::optional<Trace> lastTrace;
  std::unique_ptr<PinnedBuffer> hostLogits;
  std::unique_ptr<PinnedBuffer> hostTokens; ///< one word for each step
  std::unique_ptr<PinnedBuffer> hostPrompt; ///< on its way to the device
  std::unique_ptr<PinnedBuffer> hostControl; ///< to and from the device
  Stream stream, side; ///< `side` reaches a running kernel
  Event launchBegin, launchEnd; ///< of a launch whose time is wanted
  abi::GpuArgs args{};
  uint64_t nextTag = 0; ///< all before it may be in memory
  uint32_t aborting = 0; ///< atomic; reset when a call begins
  std::optional<WaitReport> timeout;
};

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_CUDAENGINE_H

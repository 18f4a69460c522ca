//===- Engine.h - What runs the steps of a session --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A session knows requests, prompts and tokens; an engine knows one kind of
// device: its memory, its code and how to launch it.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_ENGINE_H
#define AMK_LIB_RUNTIME_ENGINE_H

#include "amk/Runtime/Session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace amk::runtime {

/// Some steps, from one launch to its end.
struct LaunchRequest {
  uint32_t startPosition = 0;
  uint32_t steps = 1;
  uint32_t promptLength = 0;
  uint32_t stopTokenCount = 0; ///< of the model's; 0: none ends the launch
  bool wantLogits = false;     ///< of every step
  bool wantTime = false;       ///< of the device
};

struct LaunchResult {
  uint32_t stepsDone = 0;
  bool stopped = false; ///< by a stop token or by the host
  double deviceSeconds = 0; ///< if it was wanted and the device has a clock
};

class Engine {
public:
  /// Called by the launching thread now and then with the number of steps whose
  /// tokens are there; true ends the launch.
  using PollFn = std::function<bool(uint32_t stepsDone)>;

  virtual ~Engine() = default;

  virtual const std::string &arch() const = 0;
  /// "cpu AMD EPYC", "cuda:0 NVIDIA H200"
  virtual std::string device() const = 0;
  /// Positions that its cache has room for.
  virtual uint32_t context() const = 0;
  /// Most steps of one launch.
  virtual uint32_t maxSteps(bool withLogits) const = 0;
  /// Puts finite numbers that mean nothing into the whole KV cache.
  virtual void fillCache() = 0;
  /// Forgets abort() requests of before and the last report.
  virtual void beginCall() = 0;
  /// `tokens` hold the text up to the prompt's end and startPosition; the
  /// launch adds what it produces, before it calls `poll` (which may be null).
  /// Throws amk::Error, then report() may say more.
  virtual LaunchResult launch(const LaunchRequest &request, int32_t *tokens,
                              const PollFn &poll) = 0;
  /// Of a step of the last launch, if it wanted them.
  virtual const float *logits(uint32_t step) const = 0;
  /// Ends the running launch with an error; from any thread.
  virtual void abort() = 0;
  virtual const std::optional<WaitReport> &report() const = 0;
  /// Of the last launch; null if none is written.
  virtual const Trace *trace() const { return nullptr; }
};

constexpr uint64_t kMaxLogitsBytes = 64ull << 20;

/// Floats from one row of logits to the next: rows begin at the border of a
/// cache line.
inline uint64_t logitsStride(const Manifest &manifest) {
  return (uint64_t(manifest.model.vocabSize) + 15) / 16 * 16;
}

/// Steps whose counter values stay in 31 bits and whose logits, if wanted, in
/// kMaxLogitsBytes; at least 1.
uint32_t limitSteps(const Bundle &bundle, bool withLogits);

/// Of SessionOptions, or else of AMK_WAIT_TIMEOUT, or else `fallback`.
double chooseWaitTimeout(double requested, double fallback);

std::unique_ptr<Engine> makeCpuEngine(const Bundle &bundle, Weights &weights,
                                      const SessionOptions &options);

namespace cuda {
/// `ordinal` of the device.
std::unique_ptr<Engine> makeEngine(const Bundle &bundle, Weights &weights,
                                   const SessionOptions &options, int ordinal);
} // namespace cuda

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_ENGINE_H

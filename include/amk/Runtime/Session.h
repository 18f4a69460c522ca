//===- Session.h - A loaded model and its state -----------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_SESSION_H
#define AMK_RUNTIME_SESSION_H

#include "amk/Runtime/Bundle.h"
#include "amk/Runtime/Packing.h"
#include "amk/Runtime/Weights.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amk::runtime {

class Engine;
struct Trace;

struct SessionOptions {
  /// "cpu", "cuda:0", ...; empty: what the bundle is for, and of GPUs the first.
  std::string device;
  /// On a GPU, the architecture whose code is used; empty: the best.
  std::string arch;
  /// On a GPU, positions of the KV cache; 0: the model's, or as many as fit.
  uint32_t context = 0;
  /// On a GPU, run code that writes clock stamps; see Session::trace().
  bool trace = false;
  /// Longest wait of a worker for another before the launch is abandoned. Not
  /// positive: AMK_WAIT_TIMEOUT (seconds) or, without it, 20 seconds, on a GPU
  /// 2 seconds.
  double waitTimeoutSeconds = 0;
  ProgressFn progress;
};

/// Gets every produced token in order; true ends the generation.
using TokenFn = std::function<bool(int32_t token)>;
/// Gets the logits of one position; the row is valid during the call only.
using LogitsFn = std::function<void(uint64_t position, const float *logits)>;

/// What one launch took.
struct LaunchTimes {
  uint32_t startPosition = 0;
  uint32_t steps = 0;
  /// Of the host: from the end of the launch before, or from the begin of the
  /// call, until the last token was there.
  double seconds = 0;
  /// Of the kernel alone, with GenerateOptions::timeDevice and on a GPU; else 0.
  double deviceSeconds = 0;
};
using LaunchFn = std::function<void(const LaunchTimes &)>;

struct GenerateOptions {
  /// Steps of one launch; the last launch may be shorter.
  uint32_t stepsPerLaunch = 64;
  /// Append the prompt to what the session holds instead of starting over.
  bool continueSession = false;
  /// Do not end at the model's stop tokens.
  bool ignoreStopTokens = false;
  TokenFn onToken;
  /// Called for every position processed, prompt and generated, in order.
  LogitsFn onLogits;
  LaunchFn onLaunch; ///< after each launch
  /// Measure the kernel's own time; costs the host some of it.
  bool timeDevice = false;
};

enum class StopReason { Length, StopToken, Callback };

struct GenerateResult {
  std::vector<int32_t> tokens; ///< without the prompt; a stop token is included
  StopReason reason = StopReason::Length;
};

/// What a worker was waiting for when its wait timed out.
struct WaitReport {
  uint32_t worker = 0;
  std::string task;
  std::string what;    ///< "counter layers.0.done", "stage 3 of the ring"
  std::string counter; ///< its name; empty if it was no counter
  uint32_t seen = 0;
  uint32_t expected = 0;
  double seconds = 0;

  std::string text() const;
};

/// Weights, memory and code of one model on one device. One call at a time, except
/// for abort(). A refused request changes nothing; a call that fails later
/// leaves the session empty.
class Session {
public:
  Session(Bundle bundle, Weights weights, const SessionOptions &options = {});
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  /// Processes the prompt and generates up to `maxNew` tokens greedily. With
  /// maxNew 0 only the prompt is processed. Throws amk::Error.
  GenerateResult generate(const std::vector<int32_t> &prompt, uint32_t maxNew,
                          const GenerateOptions &options = {});

  /// Processes the tokens as one text from position 0 and delivers the logits
  /// of every position. `stepsPerLaunch` 0: as many as fit into 64 MiB.
  void scoreTokens(const std::vector<int32_t> &tokens, const LogitsFn &onLogits,
                   uint32_t stepsPerLaunch = 0);

  /// Forgets what comes after the token at `position`, which the next call that
  /// continues the session processes first. The session must know that token.
  void rewind(uint64_t position);

  /// Makes the session hold a text of `positions` tokens, and know one more,
  /// without processing it: tokens and cache are numbers that mean nothing. For
  /// measuring time only.
  void pretend(uint64_t positions);

  /// Ends the running call with an error, from any thread. Without one it does
  /// nothing.
  void abort();

  const Manifest &manifest() const { return bundle.manifest; }
  const std::string &arch() const;
  /// "cpu AMD EPYC", "cuda:0 NVIDIA H200"
  std::string device() const;
  const std::string &weightsDescription() const {
    return weights.description();
  }
  uint32_t workers() const { return bundle.manifest.workers; }
  /// Positions whose keys and values the cache holds.
  uint64_t position() const { return processed; }
  /// Positions that the cache has room for.
  uint64_t context() const;
  /// Bytes of packed weights that one step reads.
  uint64_t streamBytesPerStep() const;
  /// Bytes of the KV cache that the step at `position` has to read.
  uint64_t kvBytesOfStep(uint64_t position) const;
  /// Set by the last failed call if a wait timed out.
  const std::optional<WaitReport> &waitReport() const;
  /// Of the last launch, to make a Timeline of; null without
  /// SessionOptions::trace and before the first launch.
  const Trace *trace() const;
  const schedule::Tables &tables() const { return bundle.tables; }

private:
  struct Call;

  uint64_t acceptPrompt(const std::vector<int32_t> &prompt, uint64_t maxNew,
                        bool continueSession);
  void run(uint64_t steps, uint32_t stepsPerLaunch, Call &call);
  /// Runs up to `steps` steps; returns those that completed.
  uint32_t launch(uint32_t steps, Call &call);
  void deliverTokens(uint32_t stepsDone, Call &call);
  void deliverLogits(uint32_t stepsDone, const Call &call);

  Bundle bundle;
  Weights weights;             ///< keeps the external tensors alive
  std::vector<int32_t> tokens; ///< maxContext + 1
  /// tokens[0, processed) are in the KV cache; tokens[0, known) are given or
  /// produced. known is processed or larger.
  uint64_t processed = 0;
  uint64_t known = 0;
  std::unique_ptr<Engine> engine; ///< last: it uses the rest
};

} // namespace amk::runtime

#endif // AMK_RUNTIME_SESSION_H

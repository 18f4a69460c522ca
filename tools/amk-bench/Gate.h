//===- Gate.h - Is what a session computes right? ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A measured time counts only beside the answer to this question. Three kinds of
// answer, from the strongest: what HuggingFace computed, what another bundle
// computes, or only that many runs give the same finite numbers.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_BENCH_GATE_H
#define AMK_TOOLS_BENCH_GATE_H

#include "amk/Runtime/Session.h"

#include <string>
#include <vector>

namespace amk::bench {

/// A prompt and what should come of it.
struct Text {
  std::vector<int32_t> prompt;
  std::vector<int32_t> ids; ///< the greedy continuation
  /// Rows for the first positions of prompt and continuation; may be less than
  /// all of them.
  std::vector<float> logits;
};

/// The texts of a golden.json of test/models, with their logits. Throws
/// amk::Error.
std::vector<Text> readGolden(const std::string &file);

/// Logits beside those of the same positions of a reference.
struct Difference {
  uint64_t positions = 0;
  double maxError = 0;         ///< largest absolute difference
  double maxRelativeError = 0; ///< of a row: ||a - b|| / ||b||
  double meanKL = 0, maxKL = 0; ///< KL(softmax b || softmax a), nats
  uint64_t sameChoice = 0;     ///< positions with the same largest logit

  void add(const float *row, const float *reference, uint32_t vocab);
};

struct GateResult {
  bool passed = false;
  /// "HuggingFace's greedy ids", "timing only: ..."
  std::string what;
  std::string failure; ///< empty if passed
  Difference difference; ///< positions == 0: there is no reference
  uint64_t sameIds = 0;  ///< texts whose ids are those expected
};

/// Random ids, the same for every session.
std::vector<int32_t> randomPrompt(const runtime::Manifest &manifest,
                                  uint32_t count);

/// Generates `count` tokens after the prompt and keeps the logits of every
/// position.
Text generateText(runtime::Session &session, const std::vector<int32_t> &prompt,
                  uint32_t count, uint32_t stepsPerLaunch);

/// The session generates the ids of every text, with each number of steps a
/// launch, and logits of the same bits with all of them; where there are
/// expected logits, those on the expected text differ no more than rounding
/// explains. Without `exactIds` the ids may part, as they do where 16-bit
/// activations round to another choice.
GateResult compareWithGolden(runtime::Session &session,
                             const std::vector<Text> &texts,
                             const std::vector<uint32_t> &stepsPerLaunch,
                             bool exactIds = true);

/// The session's logits on a text that `reference` generates differ by less
/// than rounding to 16 bits explains.
GateResult compareSessions(runtime::Session &session,
                           runtime::Session &reference, uint32_t promptLength,
                           uint32_t count);

/// `runs` runs, with the numbers of steps a launch in turn, give the same ids
/// and bits of logits, all finite. Says nothing about their being right.
GateResult compareRuns(runtime::Session &session, uint32_t runs,
                       uint32_t promptLength, uint32_t count,
                       const std::vector<uint32_t> &stepsPerLaunch);

} // namespace amk::bench

#endif // AMK_TOOLS_BENCH_GATE_H

//===- DecoderPlan.h - Schedules shaped like a decoder's --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_DECODERPLAN_H
#define AMK_TEST_EXPERIMENT_MUTANTS_DECODERPLAN_H

#include "Plan.h"

namespace amk::mutants {

struct DecoderShape {
  unsigned workers = 4, layers = 1, rows = 1;
  unsigned heads = 2, headBytes = 16, kvHeads = 1, positions = 4;
  unsigned kvSplits = 2;   ///< parts of the cache that attention reads
  unsigned tiles = 3;      ///< of each linear layer
  unsigned downSplits = 1; ///< parts of down's sum, added in order
  bool groupPerHead = true;
  bool reuseAddresses = true;
  bool lockStep = true; ///< next step begins with this step's token
};

DecoderShape randomShape(Random &random);

/// norm+qkv, rope+append, split attention, combine, o+residual, gate/up, down
/// per layer; embedding before and head and argmax after them.
Plan makeDecoderPlan(const DecoderShape &shape, Random &random);

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_DECODERPLAN_H

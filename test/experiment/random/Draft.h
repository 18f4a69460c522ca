//===- Draft.h - Random programs --------------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A random program is drafted in four passes: shape and data in a valid order
// of all actions (Data.cpp), the order that the data need (Sync.cpp), and then
// a few small changes that may or may not break it (Perturb.cpp). Drafts that
// are not changed are safe in most cases; the oracle says which.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_DRAFT_H
#define AMK_TEST_EXPERIMENT_RANDOM_DRAFT_H

#include "Random.h"
#include "amk/Schedule/Program.h"

#include <set>
#include <utility>

namespace amk::experiment {

using namespace schedule;

struct Draft {
  Draft(uint64_t seed, unsigned steps) : random(seed), steps(steps) {}

  Random random;
  unsigned steps;
  Program program;
  std::vector<ActionRef> order; ///< a valid order of the actions of a step

  Action &at(size_t position) {
    return program.agents[order[position].agent]
        .actions[order[position].action];
  }
  const Action &at(size_t position) const {
    return const_cast<Draft *>(this)->at(position);
  }
  uint32_t agentAt(size_t position) const { return order[position].agent; }
  uint32_t workerAt(size_t position) const {
    return program.agents[agentAt(position)].worker;
  }
  /// A new last action of `agent`, last in the order; its position.
  size_t append(uint32_t agent);
  uint32_t addCounter(Protocol protocol, uint32_t barriers = 0,
                      uint64_t tagBase = 0);
};

/// Bytes of memory as (space, address).
using ByteSet = std::set<std::pair<uint32_t, uint64_t>>;
ByteSet memoryOf(const Program &program, const Access &access, unsigned step);

void drawData(Draft &draft);
void addSync(Draft &draft);
/// Makes one change.
void perturb(Draft &draft);
/// Breaks a rule of section 2, perhaps. The program is not to be changed again.
void breakForm(Draft &draft);

struct RandomProgram {
  Program program;
  unsigned steps = 1;
  unsigned changes = 0;
};

/// Program `number` of the experiment with `seed`.
RandomProgram randomProgram(uint64_t seed, uint64_t number, unsigned minSteps,
                            unsigned maxSteps);

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_DRAFT_H

//===- Explorer.h - Decides small programs by definition --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Explores every interleaving of a launch of a given number of steps, with a
// start and an end event for each action. Shares nothing with the verifier but
// the structs of Program.h: no confluence, no clocks, no symmetry of steps.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_SCHEDULE_EXPLORER_H
#define AMK_TEST_UNIT_SCHEDULE_EXPLORER_H

#include "amk/Schedule/Program.h"

#include <set>
#include <string>
#include <vector>

namespace amk::schedule::test {

struct Verdict {
  bool deadlock = false;
  bool race = false; ///< two conflicting actions run at the same time
  /// Some execution reads a byte of a Scratch or Output buffer before a write of
  /// the same step completed.
  bool undefined = false;
};

class Explorer {
public:
  Explorer(const Program &program, unsigned steps)
      : program(program), steps(steps) {}
  Verdict explore();

  /// After explore(): instance b (of all steps) of agentB completed or began in
  /// some execution while instance a of agentA was not complete.
  bool canStartBefore(unsigned agentA, unsigned a, unsigned agentB,
                      unsigned b) const {
    return furthest[agentB][agentA][a] > b;
  }

private:
  /// How many events (start, end, start, ...) each agent is past.
  using State = std::vector<unsigned>;

  bool canStart(const State &state, unsigned agent) const;
  int64_t value(const State &state, unsigned counter) const;
  int64_t perStep(unsigned counter) const;
  void checkState(const State &state, Verdict &verdict) const;
  void recordOrder(const State &state);
  void checkDefined(const State &state, unsigned agent, Verdict &verdict) const;
  const Action &actionAt(unsigned agent, unsigned instance) const {
    const std::vector<Action> &actions = program.agents[agent].actions;
    return actions[instance % actions.size()];
  }
  unsigned instances(unsigned agent) const {
    return static_cast<unsigned>(program.agents[agent].actions.size()) * steps;
  }

  const Program &program;
  unsigned steps;
  /// [agentB][agentA][a]: how many instances of agentB started in some
  /// execution in which a was not complete.
  std::vector<std::vector<std::vector<unsigned>>> furthest;
};

/// The bytes of a region, one by one.
std::set<uint64_t> bytesOf(const Region &region);

} // namespace amk::schedule::test

#endif // AMK_TEST_UNIT_SCHEDULE_EXPLORER_H

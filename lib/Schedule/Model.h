//===- Model.h - A program as flat arrays -----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The synchronisation of a well-formed program (AMK-S* hold), with actions
// numbered 0.. agent by agent. Regions are not part of it.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_MODEL_H
#define AMK_LIB_SCHEDULE_MODEL_H

#include "amk/Schedule/Program.h"

namespace amk::schedule {

/// a / b rounded down; b > 0. Says in which step a number of a step lies.
inline int64_t floorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

class Model {
public:
  Model() = default;
  explicit Model(const Program &program) { build(program); }
  /// Keeps the memory of what it held before.
  void build(const Program &program);

  uint32_t numAgents() const {
    return static_cast<uint32_t>(agentBegin.size()) - 1;
  }
  uint32_t numActions() const { return agentBegin.back(); }
  uint32_t numCounters() const { return static_cast<uint32_t>(perStep.size()); }
  /// Actions of an agent in one step.
  uint32_t length(uint32_t agent) const {
    return agentBegin[agent + 1] - agentBegin[agent];
  }
  /// Position of an action in its agent's queue.
  uint32_t position(uint32_t action) const {
    return action - agentBegin[agentOf[action]];
  }
  ActionRef ref(uint32_t action) const {
    return {agentOf[action], position(action)};
  }
  uint32_t flat(ActionRef ref) const {
    return agentBegin[ref.agent] + ref.action;
  }
  bool isTag(uint32_t counter) const {
    return protocol[counter] == Protocol::Tag;
  }

  std::vector<uint32_t> agentBegin; ///< [agents + 1]
  std::vector<uint32_t> agentOf;    ///< [actions]
  std::vector<uint32_t> waitBegin;  ///< [actions + 1]
  std::vector<Wait> waits;
  std::vector<uint32_t> signalBegin; ///< [actions + 1]
  /// At most one per action and counter, all amounts positive.
  std::vector<Signal> signals;
  std::vector<uint64_t> perStep;  ///< [counters]
  std::vector<Protocol> protocol; ///< [counters]
  /// [actions] The action has a signal event: its agent goes on only after all
  /// its writes so far are visible.
  std::vector<char> releases;
  /// Some counter is a Tag counter. If none is, all ends of an action look the
  /// same to other agents.
  bool hasTags = false;
  size_t numAccesses = 0;

private:
  void resize(const Program &program);
  Signal *addSignals(const Action &action, uint32_t index, Signal *out);
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_MODEL_H

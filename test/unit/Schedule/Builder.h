//===- Builder.h - Small programs in few lines ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_SCHEDULE_BUILDER_H
#define AMK_TEST_UNIT_SCHEDULE_BUILDER_H

#include "amk/Schedule/Verifier.h"

#include <string>
#include <vector>

namespace amk::schedule::test {

/// Spaces of every program made here.
enum : uint32_t { kArena, kCarried, kOutput };

/// Appends to one action.
class ActionBuilder {
public:
  explicit ActionBuilder(Action &action) : action(action) {}
  ActionBuilder &wait(uint32_t counter, int64_t threshold) {
    action.waits.push_back({counter, threshold});
    return *this;
  }
  ActionBuilder &read(uint32_t space, uint64_t offset, uint64_t bytes) {
    return access(AccessMode::Read, {space, offset, 1, bytes, 0});
  }
  ActionBuilder &write(uint32_t space, uint64_t offset, uint64_t bytes) {
    return access(AccessMode::Write, {space, offset, 1, bytes, 0});
  }
  ActionBuilder &access(AccessMode mode, Region region) {
    action.accesses.push_back({mode, region});
    return *this;
  }
  ActionBuilder &signal(uint32_t counter, uint64_t amount = 1) {
    action.signals.push_back({counter, amount});
    return *this;
  }

private:
  Action &action;
};

class ProgramBuilder {
public:
  explicit ProgramBuilder(unsigned agents, unsigned counters,
                          uint64_t outputBytes = 0) {
    program.spaces = {{"arena", SpaceKind::Scratch, 1024},
                      {"kv", SpaceKind::Carried, 1024},
                      {"logits", SpaceKind::Output, outputBytes}};
    for (unsigned i = 0; i != counters; ++i)
      program.counters.push_back({"c" + std::to_string(i)});
    for (unsigned i = 0; i != agents; ++i)
      program.agents.push_back({"worker " + std::to_string(i), {}});
  }
  ActionBuilder task(unsigned agent, const std::string &name) {
    program.agents[agent].actions.push_back({});
    program.agents[agent].actions.back().name = name;
    return ActionBuilder(program.agents[agent].actions.back());
  }

  Program program;
};

/// The ids of all violations, in the order reported: "AMK-R1 AMK-C1".
inline std::string rules(const Program &program, uint64_t steps = 0) {
  Options options;
  options.steps = steps;
  std::string text;
  for (const Violation &violation : verify(program, options))
    text += (text.empty() ? "" : " ") + std::string(ruleId(violation.rule));
  return text;
}

/// All violations as text, one after the other.
inline std::string messages(const Program &program) {
  std::string text;
  for (const Violation &violation : verify(program))
    text += render(program, violation) + "\n";
  return text;
}

} // namespace amk::schedule::test

#endif // AMK_TEST_UNIT_SCHEDULE_BUILDER_H

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

/// Buffers of every program made here, each with a space of its own name.
enum : uint32_t { kArena, kCarried, kOutput };

/// Appends to one action.
class ActionBuilder {
public:
  explicit ActionBuilder(Action &action) : action(action) {}
  ActionBuilder &wait(uint32_t counter, int64_t threshold) {
    action.waits.push_back({counter, threshold});
    return *this;
  }
  ActionBuilder &read(uint32_t buffer, uint64_t offset, uint64_t bytes) {
    return access(AccessMode::Read, {buffer, offset, 1, bytes, 0});
  }
  ActionBuilder &readPrevious(uint32_t buffer, uint64_t offset,
                              uint64_t bytes) {
    return access(AccessMode::ReadPrevious, {buffer, offset, 1, bytes, 0});
  }
  ActionBuilder &write(uint32_t buffer, uint64_t offset, uint64_t bytes) {
    return access(AccessMode::Write, {buffer, offset, 1, bytes, 0});
  }
  ActionBuilder &reduce(uint32_t buffer, uint64_t offset, uint64_t bytes) {
    return access(AccessMode::Reduce, {buffer, offset, 1, bytes, 0});
  }
  /// Writes words of a Tag counter and signals it.
  ActionBuilder &tag(uint32_t counter, uint32_t buffer, uint64_t offset,
                     uint64_t bytes) {
    action.accesses.push_back(
        {AccessMode::WriteTagged, {buffer, offset, 1, bytes, 0}, counter});
    return signal(counter);
  }
  ActionBuilder &access(AccessMode mode, Region region) {
    action.accesses.push_back({mode, region, Access::kNoCounter});
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
  /// Each agent has a worker of its own; all counters are Release.
  explicit ProgramBuilder(unsigned agents, unsigned counters,
                          uint64_t outputBytes = 0) {
    space("arena", 1024);
    space("kv", 1024);
    space("logits", outputBytes);
    buffer("arena", BufferKind::Scratch, 0, 0, 1024);
    buffer("kv", BufferKind::Carried, 1, 0, 1024);
    buffer("logits", BufferKind::Output, 2, 0, outputBytes);
    program.tags.stride = 1;
    for (unsigned i = 0; i != counters; ++i)
      program.counters.push_back({"c" + std::to_string(i)});
    for (unsigned i = 0; i != agents; ++i)
      program.agents.push_back({"worker " + std::to_string(i), i, {}});
  }
  ActionBuilder task(unsigned agent, const std::string &name) {
    program.agents[agent].actions.push_back({});
    program.agents[agent].actions.back().name = name;
    return ActionBuilder(program.agents[agent].actions.back());
  }
  /// Of `ringBytes` bytes of memory; 0: no ring.
  uint32_t space(const std::string &name, uint64_t bytes,
                 uint64_t ringBytes = 0, uint32_t worker = Space::kGlobal) {
    program.spaces.push_back({name, bytes, ringBytes, worker});
    return static_cast<uint32_t>(program.spaces.size()) - 1;
  }
  uint32_t buffer(const std::string &name, BufferKind kind, uint32_t space,
                  uint64_t offset, uint64_t bytes) {
    program.buffers.push_back({name, kind, space, offset, bytes});
    return static_cast<uint32_t>(program.buffers.size()) - 1;
  }
  void makeTag(uint32_t counter, uint64_t base = 0) {
    program.counters[counter].protocol = Protocol::Tag;
    program.counters[counter].tagBase = base;
  }
  void makeParity(uint32_t counter, uint32_t barriers) {
    program.counters[counter].protocol = Protocol::Parity;
    program.counters[counter].barriers = barriers;
  }

  Program program;
};

/// Worker 0 writes 64 bytes, worker 1 reads them, and the next step's write
/// waits for the read. Counter 0: written; counter 1: read.
inline ProgramBuilder handOff(int64_t readWaits = 1, int64_t writeWaits = 0) {
  ProgramBuilder b(2, 2);
  b.task(0, "produce").wait(1, writeWaits).write(kArena, 0, 64).signal(0);
  b.task(1, "consume").wait(0, readWaits).read(kArena, 0, 64).signal(1);
  return b;
}

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
inline std::string messages(const Program &program, uint64_t steps = 0) {
  Options options;
  options.steps = steps;
  std::string text;
  for (const Violation &violation : verify(program, options))
    text += render(program, violation) + "\n";
  return text;
}

} // namespace amk::schedule::test

#endif // AMK_TEST_UNIT_SCHEDULE_BUILDER_H

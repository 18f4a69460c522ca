//===- Program.h - What a placed schedule means, as plain data -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input of the verifier core: built from IR by the schedule op's verifier
// and from the tables of a compiled bundle by the runtime. No MLIR, no LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SCHEDULE_PROGRAM_H
#define AMK_SCHEDULE_PROGRAM_H

#include <cstdint>
#include <string>
#include <vector>

namespace amk::schedule {

enum class AccessMode : uint8_t { Read, Write };

/// What the first write of a step must have happened to a space's bytes before
/// they are read.
enum class SpaceKind : uint8_t {
  Scratch, ///< activations: a read needs a write of the same step before it
  Carried, ///< state kept over steps (KV cache, next token): may be read first
  Output,  ///< must be written completely and exactly once per step
};

/// A range of addresses in which accesses can overlap. Accesses in different
/// spaces never overlap.
struct Space {
  std::string name;
  SpaceKind kind = SpaceKind::Scratch;
  uint64_t bytes = 0;
};

/// `rows` runs of `rowBytes` bytes, `rowStride` bytes apart.
struct Region {
  uint32_t space = 0;
  uint64_t offset = 0;
  uint64_t rows = 1;
  uint64_t rowBytes = 0;
  uint64_t rowStride = 0;

  /// One past the last byte. Saturates instead of overflowing.
  uint64_t end() const;
};

/// True if the two regions share at least one byte. Exact.
bool overlap(const Region &a, const Region &b);

struct Access {
  AccessMode mode = AccessMode::Read;
  Region region;
};

/// counter >= threshold + step * perStep(counter). A negative sum is satisfied:
/// a wait on the step before the first.
struct Wait {
  uint32_t counter = 0;
  int64_t threshold = 0;
};

struct Signal {
  uint32_t counter = 0;
  uint64_t amount = 1;
};

/// Waits for all of `waits`, touches `accesses`, then adds all `signals` with
/// release semantics.
struct Action {
  std::string name;
  std::vector<Wait> waits;
  std::vector<Access> accesses;
  std::vector<Signal> signals;
};

/// A sequential agent: its actions run in order, every step again.
struct Agent {
  std::string name;
  std::vector<Action> actions;
};

struct Counter {
  std::string name;
};

struct Program {
  std::vector<Space> spaces;
  std::vector<Counter> counters;
  std::vector<Agent> agents;
  /// Most agents that can be resident at once on the target; 0 = unchecked.
  uint64_t maxAgents = 0;
};

/// Names one action of a program.
struct ActionRef {
  uint32_t agent = 0;
  uint32_t action = 0;
  bool operator==(const ActionRef &o) const {
    return agent == o.agent && action == o.action;
  }
};

} // namespace amk::schedule

#endif // AMK_SCHEDULE_PROGRAM_H

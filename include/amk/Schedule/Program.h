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

/// Where accesses can overlap. Accesses in different spaces never do.
///
/// A space with `ringBytes` is a ring: an endless tape of which the memory holds
/// `ringBytes` bytes. Byte x of step t is tape byte x + t * bytes and lies at
/// memory byte (x + t * bytes) mod ringBytes.
struct Space {
  static constexpr uint32_t kGlobal = UINT32_MAX;

  std::string name;
  uint64_t bytes = 0;          ///< addresses; of a ring: tape per step
  uint64_t ringBytes = 0;      ///< memory of a ring; 0: not a ring
  uint32_t worker = kGlobal;   ///< whose shared memory it lies in
};

/// How long the bytes of a buffer mean something.
enum class BufferKind : uint8_t {
  Scratch, ///< within a step: a read needs a write of the same step before it
  Carried, ///< over steps (KV cache, next token): may be read first
  Output,  ///< like Scratch, and written completely in every step
};

/// A value of the program, at bytes [offset, offset + bytes) of its space.
/// Buffers may share bytes if their uses do not interfere.
struct Buffer {
  std::string name;
  BufferKind kind = BufferKind::Scratch;
  uint32_t space = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

/// `rows` runs of `rowBytes` bytes, `rowStride` bytes apart, from byte `offset`
/// of a buffer.
struct Region {
  uint32_t buffer = 0;
  uint64_t offset = 0;
  uint64_t rows = 1;
  uint64_t rowBytes = 0;
  uint64_t rowStride = 0;

  /// One past the last byte. Saturates instead of overflowing.
  uint64_t end() const;
};

/// True if the two regions share at least one byte, taking regions of the same
/// `buffer` number to be of one address range. Exact.
bool overlap(const Region &a, const Region &b);

enum class AccessMode : uint8_t {
  Read,         ///< what this step wrote
  ReadPrevious, ///< Carried only: what the step before wrote
  Write,        ///< ordinary stores; others see them after a release
  WriteTagged,  ///< value+tag words of a Tag counter that the action signals
  Reduce,       ///< adds to what is there, in place
};

struct Access {
  static constexpr uint32_t kNoCounter = UINT32_MAX;

  AccessMode mode = AccessMode::Read;
  Region region;
  uint32_t counter = kNoCounter; ///< WriteTagged: whose words these are

  bool isWrite() const { return mode >= AccessMode::Write; }
  bool isRead() const {
    return mode <= AccessMode::ReadPrevious || mode == AccessMode::Reduce;
  }
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

/// Waits for all of `waits`, touches `accesses`, then adds all `signals`.
struct Action {
  std::string name;
  std::vector<Wait> waits;
  std::vector<Access> accesses;
  std::vector<Signal> signals;
};

/// A sequential agent: its actions run in order, every step again.
struct Agent {
  std::string name;
  uint32_t worker = 0; ///< a worker can have several agents (loader, compute)
  std::vector<Action> actions;
};

/// How a counter is made, and with it what a wait on it orders.
enum class Protocol : uint8_t {
  /// A word in memory, release/acquire: whoever waits sees all that the
  /// signalling agents did before.
  Release,
  /// No word of its own: waits poll the counter's value+tag words, and see only
  /// these. Complete when all words of this step are there.
  Tag,
  /// `barriers` mbarriers in turn, waited for by parity; else like Release. The
  /// n-th signal of a launch (from 0) completes phase n / barriers of barrier
  /// n mod barriers.
  Parity,
};

struct Counter {
  std::string name;
  Protocol protocol = Protocol::Release;
  uint32_t barriers = 0; ///< Parity: at least 1
  uint64_t tagBase = 0;  ///< Tag: see Program::tags
};

/// The words of a Tag counter carry (tagBase + step * stride) mod 2^bits.
struct TagFormat {
  uint64_t stride = 0;
  uint32_t bits = 32; ///< 1 to 64
};

/// What the target has; 0: unchecked.
struct Limits {
  uint64_t workers = 0;     ///< resident at once
  uint64_t sharedBytes = 0; ///< of shared memory per worker
};

struct Program {
  std::vector<Space> spaces;
  std::vector<Buffer> buffers;
  std::vector<Counter> counters;
  std::vector<Agent> agents;
  TagFormat tags;
  Limits limits;
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

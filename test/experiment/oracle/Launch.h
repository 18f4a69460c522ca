//===- Launch.h - A launch, unrolled ----------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A launch of T steps, unrolled: every action of every step with the bytes of
// memory that it touches. Bytes that the same accesses touch behave alike and
// are one cell.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ORACLE_LAUNCH_H
#define AMK_TEST_EXPERIMENT_ORACLE_LAUNCH_H

#include "StaticRules.h"

#include <array>

namespace amk::oracle {

constexpr unsigned kMaxCells = 256;
constexpr unsigned kMaxInstances = 64; ///< of one agent

/// A set of cells.
struct CellSet {
  std::array<uint64_t, kMaxCells / 64> bits{};

  void insert(unsigned cell) { bits[cell / 64] |= uint64_t(1) << cell % 64; }
  bool has(unsigned cell) const { return bits[cell / 64] >> cell % 64 & 1; }
  bool meets(const CellSet &o) const {
    for (size_t i = 0; i != bits.size(); ++i)
      if (bits[i] & o.bits[i])
        return true;
    return false;
  }
  CellSet &operator|=(const CellSet &o) {
    for (size_t i = 0; i != bits.size(); ++i)
      bits[i] |= o.bits[i];
    return *this;
  }
};

/// What a write leaves in a cell. 0 is the initial content.
using ContentId = uint8_t;
constexpr ContentId kInitial = 0;
/// Two values written to the same bytes at once: nobody can say which is there.
constexpr ContentId kMixed = 1;

struct Content {
  uint64_t buffer;
  unsigned step;
  uint64_t lap;    ///< of a ring: how often the tape has gone round before
  int64_t counter; ///< whose words they are; -1: ordinary data
};

/// Ordinary writes of an action become visible at its flush, the words of a Tag
/// counter k at its flush k: these are the parts of its writes.
constexpr int64_t kOrdinary = -1;

struct Put {
  unsigned cell;
  ContentId content;
};

struct Part {
  int64_t counter; ///< kOrdinary or a Tag counter
  CellSet cells;
  std::vector<Put> puts;
};

/// A part of another action's writes.
struct PartRef {
  unsigned agent, index; ///< instance `index` of `agent`
  int64_t counter;
};

/// One cell that an action reads, and what it is to hold.
struct ReadItem {
  unsigned cell;
  Mode mode; ///< Read, ReadPrevious or Reduce
  uint64_t buffer;
  uint64_t lap;
  /// What other actions of this step write to the same bytes of the buffer; of
  /// a Reduce without reductions.
  std::vector<PartRef> others;
};

/// An access of a ring that must have ended before a write to the next laps.
struct RingUse {
  unsigned agent, index;
  bool isRead;
};

/// An action of one step.
struct Instance {
  unsigned agent, index; ///< index counts over all steps
  unsigned step;
  const Action *action;
  CellSet reads;  ///< polls of Tag waits and reductions included
  CellSet writes; ///< all parts
  std::vector<Part> parts;
  std::vector<ReadItem> items;
  std::vector<RingUse> ringUses;
  bool touchesMemory = false;
  bool signalsValue = false; ///< has a signal event
  std::vector<int64_t> tags; ///< Tag counters it signals

  const Part *part(int64_t counter) const {
    for (const Part &p : parts)
      if (p.counter == counter)
        return &p;
    return nullptr;
  }
};

class Launch {
public:
  /// Of a well-formed program. Throws TooLarge.
  explicit Launch(const Program &program);

  const Program &program;
  std::vector<std::vector<Instance>> agents;
  std::vector<Content> contents;
  unsigned numCells = 0;
  /// Cells that hold words of a counter.
  std::vector<CellSet> words;
  std::vector<int64_t> perStep;

  /// The tag that words of `counter` carry in `step`.
  uint64_t tag(int64_t counter, unsigned step) const;

private:
  struct Touch;
  std::vector<Touch> collectTouches() const;
  void addTouch(const Touch &touch, unsigned cell);
  void linkReads(const std::vector<std::vector<Touch>> &cells);
  void linkRings(const std::vector<std::vector<Touch>> &cells);
  ContentId contentId(const Content &content);
};

} // namespace amk::oracle

#endif // AMK_TEST_EXPERIMENT_ORACLE_LAUNCH_H

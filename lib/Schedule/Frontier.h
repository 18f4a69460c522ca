//===- Frontier.h - The last accesses of each cell --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the race rules remember while they visit the accesses, cell by cell
// (see RegionIndex).
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_FRONTIER_H
#define AMK_LIB_SCHEDULE_FRONTIER_H

#include <cstdint>
#include <limits>
#include <vector>

namespace amk::schedule {

constexpr uint32_t kNoClock = std::numeric_limits<uint32_t>::max();

/// An access to a cell, in one of the two steps.
struct Touch {
  uint32_t use;
  uint32_t agentAndStep; ///< agent << 1 | step

  uint32_t agent() const { return agentAndStep >> 1; }
  unsigned step() const { return agentAndStep & 1; }
};

/// At most one touch per agent, the last, by agent.
struct Frontier {
  void add(Touch touch);
  void clear() {
    touches.clear();
    provenClock = kNoClock;
  }

  std::vector<Touch> touches;
  /// A clock that has all touches; kNoClock if none is known.
  uint32_t provenClock = kNoClock;
};

struct Cell {
  Frontier reads, writes;
  /// Counts the writes that share bytes with this cell.
  uint32_t version = 0;
  /// A clock that has all writes up to this version.
  uint32_t provenVersion = 0, provenClock = kNoClock;
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_FRONTIER_H

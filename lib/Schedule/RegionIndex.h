//===- RegionIndex.h - The distinct regions, and which overlap --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs use few regions many times (the same in every layer), so overlap is
// decided once per pair of distinct regions. What each buffer's region is used
// for, and when, is summed up here for the value rules; which bytes of memory
// it shares with other regions, for the race rules.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_REGIONINDEX_H
#define AMK_LIB_SCHEDULE_REGIONINDEX_H

#include "BufferGroups.h"
#include "Model.h"
#include "RegionUtils.h"

#include <algorithm>
#include <limits>

namespace amk::schedule {

/// An access, empty ones left out. A wait on a Tag counter is one, too.
struct Use {
  uint32_t action;
  uint32_t region;  ///< in RegionIndex::regions
  uint32_t counter; ///< of WriteTagged
  AccessMode mode;

  bool isWrite() const { return mode >= AccessMode::Write; }
  /// Gives the bytes a value of their own: a write, but no reduction.
  bool isDefinition() const {
    return mode == AccessMode::Write || mode == AccessMode::WriteTagged;
  }
};

/// A region of a buffer with all its uses. Times are positions in the canonical
/// order.
struct UsedRegion {
  static constexpr int32_t kNever = std::numeric_limits<int32_t>::max();
  static constexpr uint32_t kManyAgents = std::numeric_limits<uint32_t>::max();
  /// WriteTagged counts as Write.
  enum Kind : unsigned { kRead, kPrevious, kWrite, kReduce, kNumKinds };

  Region bytes;        ///< normalized, not empty
  uint32_t agent = 0;  ///< or kManyAgents
  uint32_t writes = 0; ///< Write and WriteTagged accesses
  int32_t first[kNumKinds] = {kNever, kNever, kNever, kNever};
  int32_t last[kNumKinds] = {-1, -1, -1, -1};

  int32_t firstMod() const { return std::min(first[kWrite], first[kReduce]); }
  int32_t lastMod() const { return std::max(last[kWrite], last[kReduce]); }
  int32_t lastUse() const {
    return std::max({last[kRead], last[kPrevious], last[kReduce]});
  }
};

class RegionIndex {
public:
  /// `order`: all actions, in the order in which times count. Leaves out the
  /// buffers that are settled. Keeps the memory of the program before. There
  /// are no cells yet.
  void build(const Program &program, const Model &model,
             const std::vector<uint32_t> &order,
             const std::vector<char> &isSettled);
  void makeCells(const Program &program, const BufferGroups &groups);

  std::vector<Use> uses; ///< in the given order
  std::vector<UsedRegion> regions;
  std::vector<int32_t> times; ///< [actions] places in the order

  /// The regions of a buffer, by offset.
  const uint32_t *begin(uint32_t buffer) const {
    return byBuffer.data() + bufferBegin[buffer];
  }
  const uint32_t *end(uint32_t buffer) const {
    return byBuffer.data() + bufferBegin[buffer + 1];
  }

  /// The uses of a region, as places in `uses`. Built when first asked for.
  struct Range {
    const uint32_t *first, *last;
    const uint32_t *begin() const { return first; }
    const uint32_t *end() const { return last; }
  };
  Range usesOf(uint32_t region);

  /// The cell of a region: regions with the same bytes of memory share one.
  /// kPrivate if no access of another agent can conflict.
  static constexpr uint32_t kPrivate = std::numeric_limits<uint32_t>::max();
  uint32_t cellOf(uint32_t region) const { return cells[region]; }
  const Region &bytesOf(uint32_t cell) const { return cellBytes[cell]; }
  uint32_t numCells() const { return static_cast<uint32_t>(cellBytes.size()); }
  /// Calls body(cell, isCovered) for every cell that shares a byte with `cell`,
  /// itself included; isCovered if `cell` has all bytes of the other.
  template <typename Body>
  void forNeighbours(uint32_t cell, Body body) const;

private:
  struct Neighbour {
    uint32_t cell;
    bool isCovered;
  };
  /// A pair of overlapping cells.
  struct Pair {
    uint32_t a, b;
    bool aCovers, bCovers;
  };
  void findWords(const Program &program);
  /// An action while its uses are added.
  struct Actor {
    uint32_t action, agent;
    int32_t time;
  };
  void addUse(const Actor &actor, AccessMode mode, uint32_t counter,
              const Region &normalized);
  uint32_t find(const Region &normalized, uint32_t agent);
  uint32_t insert(const Region &normalized, uint32_t agent, size_t slot);
  void grow();
  void sortByBuffer(const Program &program);
  void makeClusters(const Program &program, const uint32_t *firstBuffer,
                    const uint32_t *lastBuffer);
  void closeCluster(const Program &program, uint32_t first, uint32_t last);
  void linkCells();

  std::vector<uint32_t> table; ///< hash table of regions, a power of two
  std::vector<uint32_t> bufferBegin, byBuffer;
  std::vector<uint64_t>
      lastOffset; ///< while the regions of a buffer are sorted
  std::vector<uint32_t> useBegin, useOf;

  std::vector<uint32_t> wordBegin; ///< [counters + 1], empty if no Tag counter
  std::vector<Region> words;       ///< cover all words of a counter

  std::vector<uint32_t> cells;        ///< [regions]
  std::vector<Region> cellBytes;      ///< [cells] in the space
  std::vector<uint32_t> sortedRegion; ///< regions of a group, by offset
  std::vector<Pair> pairs;
  std::vector<uint32_t> neighbourBegin;
  std::vector<Neighbour> neighbours;
  /// Too many pairs to remember: neighbours are searched every time.
  bool isDense = false;
};

/// "reads x [0, 64)"
std::string describe(const Program &program, const RegionIndex &index,
                     const Use &use);

template <typename Body>
void RegionIndex::forNeighbours(uint32_t cell, Body body) const {
  if (!isDense) {
    for (uint32_t i = neighbourBegin[cell]; i != neighbourBegin[cell + 1]; ++i)
      body(neighbours[i].cell, neighbours[i].isCovered);
    return;
  }
  for (uint32_t other = 0; other != numCells(); ++other)
    if (overlap(cellBytes[cell], cellBytes[other]))
      body(other, covers(cellBytes[cell], cellBytes[other]));
}

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REGIONINDEX_H

//===- RegionIndex.h - The distinct regions, and which overlap --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs use few regions many times (a buffer per phase, the same in every
// layer), so overlap is decided once per pair of distinct regions.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_REGIONINDEX_H
#define AMK_LIB_SCHEDULE_REGIONINDEX_H

#include "RegionUtils.h"

namespace amk::schedule {

class RegionIndex {
public:
  explicit RegionIndex(const Program &program);

  struct Use {
    uint32_t region;
    bool isWrite;
  };
  /// The accesses of an action (numbered as in Model), empty ones left out.
  const Use *usesBegin(uint32_t action) const {
    return uses.data() + useBegin[action];
  }
  const Use *usesEnd(uint32_t action) const {
    return uses.data() + useBegin[action + 1];
  }

  uint32_t size() const { return static_cast<uint32_t>(regions.size()); }
  const Region &region(uint32_t index) const { return regions[index]; }

  /// Regions that share a byte with this one, itself included. Valid until the
  /// next call.
  const std::vector<uint32_t> &neighbours(uint32_t index);

private:
  void find(uint32_t index, std::vector<uint32_t> &out);
  uint64_t buildEnds(uint32_t low, uint32_t high);

  std::vector<Region> regions; ///< normalized, by space and offset
  /// Implicit balanced tree over `regions`: the root of [low, high) is its
  /// middle; furthestEnd is the largest end in that range.
  std::vector<uint64_t> furthestEnd;
  std::vector<uint32_t> useBegin;
  std::vector<Use> uses;
  std::vector<std::vector<uint32_t>> found; ///< empty: not asked yet
  uint64_t remembered = 0;
  std::vector<uint32_t> transient;
};

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REGIONINDEX_H

//===- RegionIndex.cpp - The distinct regions, and which overlap ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RegionIndex.h"

#include <algorithm>
#include <tuple>

using namespace amk::schedule;

/// Overlaps remembered at most; beyond, they are searched again every time.
static constexpr uint64_t kMaxRemembered = 1 << 24;

static auto key(const Region &r) {
  return std::make_tuple(r.space, r.offset, r.rows, r.rowBytes, r.rowStride);
}

RegionIndex::RegionIndex(const Program &program) {
  struct Item {
    Region region;
    uint32_t use;
  };
  std::vector<Item> items;
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions) {
      useBegin.push_back(static_cast<uint32_t>(uses.size()));
      for (const Access &access : action.accesses) {
        Region region = normalize(access.region);
        if (region.rows == 0)
          continue;
        items.push_back({region, static_cast<uint32_t>(uses.size())});
        uses.push_back({0, access.mode == AccessMode::Write});
      }
    }
  useBegin.push_back(static_cast<uint32_t>(uses.size()));

  std::sort(items.begin(), items.end(), [](const Item &a, const Item &b) {
    return key(a.region) < key(b.region);
  });
  for (const Item &item : items) {
    if (regions.empty() || key(regions.back()) != key(item.region))
      regions.push_back(item.region);
    uses[item.use].region = size() - 1;
  }
  found.resize(size());
  furthestEnd.resize(size());
  buildEnds(0, size());
}

/// Recursion as deep as the tree: at most 32.
uint64_t RegionIndex::buildEnds(uint32_t low, uint32_t high) {
  if (low == high)
    return 0;
  uint32_t middle = low + (high - low) / 2;
  uint64_t end = regions[middle].end();
  end = std::max(end, buildEnds(low, middle));
  end = std::max(end, buildEnds(middle + 1, high));
  return furthestEnd[middle] = end;
}

void RegionIndex::find(uint32_t index, std::vector<uint32_t> &out) {
  const Region &self = regions[index];
  auto bySpace = [](const Region &a, const Region &b) {
    return a.space < b.space;
  };
  auto range = std::equal_range(regions.begin(), regions.end(), self, bySpace);
  // The tree is over all spaces: its ends are bounds for one space's, too.
  uint32_t spaceLow = static_cast<uint32_t>(range.first - regions.begin());
  uint32_t spaceHigh = static_cast<uint32_t>(range.second - regions.begin());
  std::vector<std::pair<uint32_t, uint32_t>> stack{{0, size()}};
  while (!stack.empty()) {
    auto [low, high] = stack.back();
    stack.pop_back();
    if (low >= high || high <= spaceLow || low >= spaceHigh)
      continue;
    uint32_t middle = low + (high - low) / 2;
    if (furthestEnd[middle] <= self.offset)
      continue;
    const Region &other = regions[middle];
    bool isRight = other.space > self.space ||
                   (other.space == self.space && other.offset >= self.end());
    if (!isRight) {
      stack.push_back({middle + 1, high});
      if (overlap(self, other))
        out.push_back(middle);
    }
    stack.push_back({low, middle});
  }
}

const std::vector<uint32_t> &RegionIndex::neighbours(uint32_t index) {
  if (!found[index].empty())
    return found[index];
  if (remembered >= kMaxRemembered) {
    transient.clear();
    find(index, transient);
    return transient;
  }
  find(index, found[index]);
  remembered += found[index].size();
  return found[index];
}

//===- RegionIndex.cpp - The distinct regions, and which overlap ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RegionIndex.h"
#include "amk/Support/Hash.h"

#include <algorithm>
#include <tuple>

using namespace amk;
using namespace amk::schedule;

/// Overlaps remembered at most.
static constexpr size_t kMaxPairs = size_t(1) << 23;
/// In place of an offset; no region begins there.
static constexpr uint64_t kUnsorted = std::numeric_limits<uint64_t>::max();
static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

static auto key(const Region &r) {
  return std::make_tuple(r.buffer, r.offset, r.rows, r.rowBytes, r.rowStride);
}

//===----------------------------------------------------------------------===//
// Words of Tag counters
//===----------------------------------------------------------------------===//

/// The rows of strided regions are joined one by one if that is cheap.
static void joinWords(std::vector<Region> &words) {
  constexpr uint64_t maxRows = 1 << 16;
  uint64_t rows = 0;
  for (const Region &region : words)
    rows += std::min(region.rows, maxRows);
  if (rows >= maxRows)
    return;
  std::sort(words.begin(), words.end(),
            [](const Region &a, const Region &b) { return key(a) < key(b); });
  std::vector<Region> joined;
  std::vector<Interval> bytes;
  for (size_t i = 0; i != words.size();) {
    uint32_t buffer = words[i].buffer;
    bytes.clear();
    for (; i != words.size() && words[i].buffer == buffer; ++i)
      appendRows(words[i], {0, std::numeric_limits<uint64_t>::max()}, bytes);
    unite(bytes);
    for (Interval piece : bytes)
      joined.push_back({buffer, piece.begin, 1, piece.end - piece.begin, 0});
  }
  if (joined.size() <= words.size())
    words = std::move(joined);
}

/// For each Tag counter few regions that have all its words.
void RegionIndex::findWords(const Program &program) {
  wordBegin.clear();
  words.clear();
  auto isTag = [](const Counter &counter) {
    return counter.protocol == Protocol::Tag;
  };
  if (std::none_of(program.counters.begin(), program.counters.end(), isTag))
    return;
  std::vector<std::vector<Region>> found(program.counters.size());
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      for (const Access &access : action.accesses) {
        if (access.mode != AccessMode::WriteTagged)
          continue;
        Region region = normalize(access.region);
        if (region.rows != 0)
          found[access.counter].push_back(region);
      }
  for (std::vector<Region> &list : found) {
    joinWords(list);
    wordBegin.push_back(static_cast<uint32_t>(words.size()));
    words.insert(words.end(), list.begin(), list.end());
  }
  wordBegin.push_back(static_cast<uint32_t>(words.size()));
}

//===----------------------------------------------------------------------===//
// Uses
//===----------------------------------------------------------------------===//

static uint64_t hashOf(const Region &r) {
  uint64_t h = r.offset + r.rowBytes * 0xbf58476d1ce4e5b9ull +
               r.buffer * 0x94d049bb133111ebull;
  if (r.rows > 1)
    h += mix64(r.rows ^ (r.rowStride << 20));
  h *= 0x9e3779b97f4a7c15ull;
  return h ^ (h >> 32);
}

static bool same(const Region &a, const Region &b) {
  return a.offset == b.offset && a.rowBytes == b.rowBytes &&
         a.buffer == b.buffer && a.rows == b.rows && a.rowStride == b.rowStride;
}

void RegionIndex::grow() {
  size_t size = std::max<size_t>(256, table.size() * 2);
  table.assign(size, kNone);
  for (uint32_t i = 0; i != regions.size(); ++i) {
    size_t slot = hashOf(regions[i].bytes) & (size - 1);
    while (table[slot] != kNone)
      slot = (slot + 1) & (size - 1);
    table[slot] = i;
  }
}

inline uint32_t RegionIndex::insert(const Region &normalized, uint32_t agent,
                                    size_t slot) {
  uint32_t index = static_cast<uint32_t>(regions.size());
  table[slot] = index;
  UsedRegion &region = regions.emplace_back();
  region.bytes = normalized;
  region.agent = agent;
  if (regions.size() * 2 > table.size())
    grow();
  return index;
}

inline uint32_t RegionIndex::find(const Region &normalized, uint32_t agent) {
  const uint32_t *slots = table.data();
  const UsedRegion *known = regions.data();
  size_t mask = table.size() - 1;
  size_t slot = hashOf(normalized) & mask;
  for (; slots[slot] != kNone; slot = (slot + 1) & mask)
    if (same(known[slots[slot]].bytes, normalized))
      return slots[slot];
  return insert(normalized, agent, slot);
}

inline void RegionIndex::addUse(const Actor &actor, AccessMode mode,
                                uint32_t counter, const Region &normalized) {
  static constexpr UsedRegion::Kind kinds[] = {
      UsedRegion::kRead, UsedRegion::kPrevious, UsedRegion::kWrite,
      UsedRegion::kWrite, UsedRegion::kReduce};
  uint32_t index = find(normalized, actor.agent);
  uses.push_back({actor.action, index, counter, mode});
  UsedRegion &region = regions[index];
  if (region.agent != actor.agent)
    region.agent = UsedRegion::kManyAgents;
  UsedRegion::Kind kind = kinds[static_cast<unsigned>(mode)];
  region.writes += kind == UsedRegion::kWrite;
  region.first[kind] = std::min(region.first[kind], actor.time);
  region.last[kind] = actor.time;
}

RegionIndex::Range RegionIndex::usesOf(uint32_t region) {
  if (useBegin.empty()) {
    useBegin.assign(regions.size() + 1, 0);
    for (const Use &use : uses)
      ++useBegin[use.region + 1];
    for (size_t i = 0; i != regions.size(); ++i)
      useBegin[i + 1] += useBegin[i];
    useOf.resize(uses.size());
    std::vector<uint32_t> fill(useBegin.begin(), useBegin.end() - 1);
    for (uint32_t i = 0; i != uses.size(); ++i)
      useOf[fill[uses[i].region]++] = i;
  }
  return {useOf.data() + useBegin[region], useOf.data() + useBegin[region + 1]};
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

void RegionIndex::sortByBuffer(const Program &program) {
  bufferBegin.assign(program.buffers.size() + 2, 0);
  for (const UsedRegion &region : regions)
    ++bufferBegin[region.bytes.buffer + 2];
  for (size_t i = 2; i != bufferBegin.size(); ++i)
    bufferBegin[i] += bufferBegin[i - 1];
  byBuffer.resize(regions.size());
  lastOffset.assign(program.buffers.size(), 0);
  for (uint32_t i = 0; i != regions.size(); ++i) {
    const Region &bytes = regions[i].bytes;
    byBuffer[bufferBegin[bytes.buffer + 1]++] = i;
    uint64_t &last = lastOffset[bytes.buffer];
    last = bytes.offset < last ? kUnsorted : bytes.offset;
  }
  bufferBegin.pop_back();
  for (uint32_t i = 0; i != program.buffers.size(); ++i)
    if (lastOffset[i] == kUnsorted)
      std::sort(byBuffer.begin() + bufferBegin[i],
                byBuffer.begin() + bufferBegin[i + 1],
                [&](uint32_t a, uint32_t b) {
                  return regions[a].bytes.offset < regions[b].bytes.offset;
                });
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

/// Regions whose hulls are connected by overlaps become cells together, or are
/// private together.
void RegionIndex::makeClusters(const Program &program,
                               const uint32_t *firstBuffer,
                               const uint32_t *lastBuffer) {
  sortedRegion.clear();
  for (const uint32_t *it = firstBuffer; it != lastBuffer; ++it)
    sortedRegion.insert(sortedRegion.end(), begin(*it), end(*it));
  auto offsetOf = [&](uint32_t region) {
    const Region &bytes = regions[region].bytes;
    return program.buffers[bytes.buffer].offset + bytes.offset;
  };
  if (lastBuffer - firstBuffer > 1) {
    auto spaceKey = [&](uint32_t region) {
      const Region &r = regions[region].bytes;
      return std::make_tuple(offsetOf(region), r.rows, r.rowBytes, r.rowStride);
    };
    std::sort(
        sortedRegion.begin(), sortedRegion.end(),
        [&](uint32_t a, uint32_t b) { return spaceKey(a) < spaceKey(b); });
  }
  uint32_t count = static_cast<uint32_t>(sortedRegion.size());
  for (uint32_t first = 0; first != count;) {
    uint32_t last = first, agent = regions[sortedRegion[first]].agent;
    bool isWritten = false;
    uint64_t end = 0;
    do {
      const UsedRegion &region = regions[sortedRegion[last]];
      uint64_t offset = offsetOf(sortedRegion[last]);
      end = std::max(end, offset - region.bytes.offset + endOf(region.bytes));
      isWritten |= region.lastMod() >= 0;
      if (region.agent != agent)
        agent = UsedRegion::kManyAgents;
      ++last;
    } while (last != count && offsetOf(sortedRegion[last]) < end);
    if (isWritten && agent == UsedRegion::kManyAgents)
      closeCluster(program, first, last);
    first = last;
  }
}

void RegionIndex::closeCluster(const Program &program, uint32_t first,
                               uint32_t last) {
  uint32_t firstCell = numCells();
  for (uint32_t i = first; i != last; ++i) {
    Region bytes = inSpace(program, regions[sortedRegion[i]].bytes);
    if (i == first || !same(cellBytes.back(), bytes))
      cellBytes.push_back(bytes);
    cells[sortedRegion[i]] = numCells() - 1;
  }
  for (uint32_t a = firstCell; a != numCells() && !isDense; ++a) {
    uint64_t end = endOf(cellBytes[a]);
    for (uint32_t b = a + 1; b != numCells() && cellBytes[b].offset < end; ++b)
      if (shareBytes(cellBytes[a], cellBytes[b]))
        pairs.push_back({a, b, covers(cellBytes[a], cellBytes[b]),
                         covers(cellBytes[b], cellBytes[a])});
    isDense = pairs.size() > kMaxPairs;
  }
}

void RegionIndex::linkCells() {
  if (isDense) {
    pairs.clear();
    return;
  }
  neighbourBegin.assign(numCells() + 2, 0);
  for (const Pair &pair : pairs) {
    ++neighbourBegin[pair.a + 2];
    ++neighbourBegin[pair.b + 2];
  }
  for (uint32_t cell = 0; cell != numCells(); ++cell)
    neighbourBegin[cell + 2] += neighbourBegin[cell + 1] + 1;
  neighbours.resize(numCells() + 2 * pairs.size());
  for (uint32_t cell = 0; cell != numCells(); ++cell)
    neighbours[neighbourBegin[cell + 1]++] = {cell, true};
  for (const Pair &pair : pairs) {
    neighbours[neighbourBegin[pair.a + 1]++] = {pair.b, pair.aCovers};
    neighbours[neighbourBegin[pair.b + 1]++] = {pair.a, pair.bCovers};
  }
}

void RegionIndex::makeCells(const Program &program,
                            const BufferGroups &groups) {
  cells.assign(regions.size(), kPrivate);
  cellBytes.clear();
  pairs.clear();
  isDense = false;
  for (const BufferGroups::Group &group : groups.groups)
    makeClusters(program, groups.buffers.data() + group.begin,
                 groups.buffers.data() + group.end);
  linkCells();
}

//===----------------------------------------------------------------------===//
// All of it
//===----------------------------------------------------------------------===//

void RegionIndex::build(const Program &program, const Model &model,
                        const std::vector<uint32_t> &order,
                        const std::vector<char> &isSettled) {
  uses.clear();
  regions.clear();
  useBegin.clear();
  std::fill(table.begin(), table.end(), kNone);
  if (table.empty())
    grow();
  findWords(program);
  times.resize(model.numActions());
  int32_t time = 0;
  for (uint32_t action : order) {
    Actor actor{action, model.agentOf[action], time};
    times[action] = actor.time;
    const Action &source =
        program.agents[actor.agent].actions[model.position(action)];
    if (!wordBegin.empty())
      for (const Wait &wait : source.waits)
        for (uint32_t i = wordBegin[wait.counter];
             i != wordBegin[wait.counter + 1]; ++i)
          addUse(actor, AccessMode::Read, 0, words[i]);
    for (const Access &access : source.accesses) {
      const Region &given = access.region;
      if (isSettled[given.buffer])
        continue;
      if (given.rows == 1 && given.rowBytes != 0)
        addUse(actor, access.mode, access.counter,
               {given.buffer, given.offset, 1, given.rowBytes, 0});
      else if (Region region = normalize(given); region.rows != 0)
        addUse(actor, access.mode, access.counter, region);
    }
    ++time;
  }
  sortByBuffer(program);
}

std::string amk::schedule::describe(const Program &program,
                                    const RegionIndex &index, const Use &use) {
  const char *verb = !use.isWrite()                   ? "reads "
                     : use.mode == AccessMode::Reduce ? "adds to "
                                                      : "writes ";
  return verb + describe(program, index.regions[use.region].bytes);
}

//===- Rings.cpp - Ring bytes are used up before they are reused: AMK-G1 --===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Follows the bytes of each access along the tape to the writes that come to
// lie on the same memory, in this step and in later ones, until every byte was
// written over once: what is written over later is ordered by transitivity.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "Run.h"

#include <algorithm>

using namespace amk::schedule;

namespace {

/// A run of written bytes of the tape of one step.
struct Run {
  Interval bytes;
  uint32_t region;
  uint64_t furthest; ///< the largest end up to this run
};

class RingChecker {
public:
  RingChecker(const Facts &facts, uint32_t space, Report &report)
      : facts(facts), program(facts.program), index(facts.index),
        report(report), space(program.spaces[space]) {}
  void add(uint32_t region);
  void run();

private:
  bool fits(uint32_t region);
  bool allFit();
  void follow(uint32_t region, Interval bytes);
  uint64_t hit(uint32_t region, const Run &written, uint64_t distance,
               const std::vector<Interval> &open,
               std::vector<Interval> &replaced);
  void compare(uint32_t region, uint32_t writer, uint64_t distance);

  const Facts &facts;
  const Program &program;
  RegionIndex &index;
  Report &report;
  const Space &space;
  std::vector<uint32_t> regions;
  std::vector<Run> runs; ///< by begin
};

} // namespace

void RingChecker::add(uint32_t region) {
  regions.push_back(region);
  const UsedRegion &used = index.regions[region];
  if (used.lastMod() >= 0)
    for (Interval bytes : rowsInSpace(program, used.bytes))
      runs.push_back({bytes, region, 0});
}

/// No two bytes of one access lie on the same byte of memory.
bool RingChecker::fits(uint32_t region) {
  const UsedRegion &used = index.regions[region];
  if (used.bytes.end() - used.bytes.offset <= space.ringBytes)
    return true;
  std::vector<Interval> memory;
  uint64_t total = 0;
  for (Interval bytes : rowsInSpace(program, used.bytes)) {
    uint64_t length = bytes.end - bytes.begin;
    if (length > space.ringBytes)
      return false;
    uint64_t begin = bytes.begin % space.ringBytes;
    uint64_t before = std::min(length, space.ringBytes - begin);
    memory.push_back({begin, begin + before});
    if (before != length)
      memory.push_back({0, length - before});
    total += length;
  }
  unite(memory);
  for (Interval bytes : memory)
    total -= bytes.end - bytes.begin;
  return total == 0;
}

void RingChecker::compare(uint32_t region, uint32_t writer, uint64_t distance) {
  for (uint32_t e : index.usesOf(region))
    for (uint32_t w : index.usesOf(writer)) {
      const Use &earlier = index.uses[e], &write = index.uses[w];
      if (!write.isWrite() || report.full() ||
          facts.order.before(endingOf(earlier), write.action, distance) ||
          !report.isNewPair(earlier.action, write.action))
        continue;
      std::string when;
      if (distance == 1)
        when = " in the step before";
      else if (distance > 1)
        when = " " + std::to_string(distance) + " steps before";
      std::string what = describe(program, index, earlier);
      report.add(Rule::RingOverrun, facts.ref(write),
                 describe(program, index, write) + " in ring " + space.name +
                     " of " + std::to_string(space.ringBytes) +
                     " bytes without waiting for " +
                     describe(program, facts.ref(earlier)) + ", which " + what +
                     " in the same memory" + when,
                 {{facts.ref(earlier), what + " here"}});
    }
}

/// Adds to `replaced` what `written`, of the step `distance` later, replaces of
/// `open`. Returns the end of that on the later step's tape; 0: nothing.
uint64_t RingChecker::hit(uint32_t region, const Run &written,
                          uint64_t distance, const std::vector<Interval> &open,
                          std::vector<Interval> &replaced) {
  using Wide = __int128;
  Wide ring = space.ringBytes, shift = Wide(distance) * space.bytes;
  Wide begin = written.bytes.begin + shift, end = written.bytes.end + shift;
  Wide furthest = 0;
  for (Interval bytes : open) {
    // Turns of the ring after which some of the bytes lie in the run.
    Wide turn = std::max<Wide>(1, (begin - bytes.end + ring) / ring);
    for (; turn * ring + bytes.begin < end; ++turn) {
      Wide low = std::max<Wide>(begin - turn * ring, bytes.begin);
      Wide high = std::min<Wide>(end - turn * ring, bytes.end);
      if (low >= high)
        continue;
      furthest = std::max(furthest, high + turn * ring - shift);
      replaced.push_back(
          {static_cast<uint64_t>(low), static_cast<uint64_t>(high)});
    }
  }
  if (furthest != 0)
    compare(region, written.region, distance);
  return static_cast<uint64_t>(furthest);
}

/// `bytes` is a row of the region.
void RingChecker::follow(uint32_t region, Interval bytes) {
  bool isLong = facts.steps == 0 || facts.steps - 1 > kMaxRunAhead;
  uint64_t last = isLong ? kMaxRunAhead : facts.steps - 1;
  std::vector<Interval> open{bytes};
  // The first byte of the tape to look at.
  using Wide = unsigned __int128;
  Wide next = Wide(bytes.begin) + space.ringBytes;
  auto from = static_cast<uint64_t>(next % space.bytes);
  auto distance =
      static_cast<uint64_t>(std::min<Wide>(next / space.bytes, last + 1));
  for (; distance <= last && !open.empty(); ++distance, from = 0) {
    auto it =
        std::partition_point(runs.begin(), runs.end(), [&](const Run &run) {
          return run.furthest <= from;
        });
    // Several runs may lie at one place of the tape: all are compared, and only
    // then do their bytes count as replaced.
    std::vector<Interval> replaced;
    auto settle = [&] {
      unite(replaced);
      open = subtract(open, replaced);
      replaced.clear();
    };
    uint64_t end = 0;
    for (; it != runs.end() && !report.full(); ++it) {
      if (!replaced.empty() && it->bytes.begin >= end)
        settle();
      if (open.empty())
        break;
      end = std::max(end, hit(region, *it, distance, open, replaced));
    }
    settle();
  }
  // An agent further ahead than this counts as one that nothing stops: what is
  // ordered now stays so, and all else counts as not ordered.
  if (isLong && !open.empty())
    for (const Run &run : runs)
      compare(region, run.region, kMaxRunAhead);
}

bool RingChecker::allFit() {
  bool result = true;
  for (uint32_t region : regions) {
    if (fits(region))
      continue;
    result = false;
    const Use &use = index.uses[*index.usesOf(region).begin()];
    report.add(Rule::RingOverrun, facts.ref(use),
               describe(program, index, use) + ", but ring " + space.name +
                   " holds only " + std::to_string(space.ringBytes) + " bytes");
  }
  return result;
}

void RingChecker::run() {
  if (!allFit())
    return;
  std::sort(runs.begin(), runs.end(), [](const Run &a, const Run &b) {
    return a.bytes.begin < b.bytes.begin;
  });
  uint64_t furthest = 0;
  for (Run &run : runs)
    run.furthest = furthest = std::max(furthest, run.bytes.end);
  for (uint32_t region : regions)
    for (Interval bytes : rowsInSpace(program, index.regions[region].bytes)) {
      if (report.full())
        return;
      follow(region, bytes);
    }
}

void amk::schedule::checkRings(const Facts &facts, Report &report) {
  const RegionIndex &index = facts.index;
  const std::vector<uint32_t> &buffers = facts.groups.buffers;
  // Buffers are sorted by space.
  for (size_t i = 0; i != buffers.size();) {
    uint32_t space = facts.program.buffers[buffers[i]].space;
    bool isRing = facts.program.spaces[space].ringBytes != 0;
    RingChecker checker(facts, space, report);
    for (; i != buffers.size() &&
           facts.program.buffers[buffers[i]].space == space;
         ++i)
      if (isRing)
        for (const uint32_t *it = index.begin(buffers[i]);
             it != index.end(buffers[i]); ++it)
          checker.add(*it);
    if (isRing)
      checker.run();
  }
}

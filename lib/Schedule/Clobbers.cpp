//===- Clobbers.cpp - Buffers that share bytes leave each other's: AMK-C4 -===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Looks only at buffers that share addresses and are in use at the same time of
// the canonical order; of these, at regions that overlap; of these, at bytes.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>

using namespace amk::schedule;

namespace {

/// From the first write of a buffer to the last access.
struct Lifetime {
  uint32_t buffer;
  int32_t begin, end;
};

class ClobberChecker {
public:
  ClobberChecker(const Facts &facts, Report &report)
      : facts(facts), program(facts.program), index(facts.index),
        report(report) {}
  void checkGroup(const BufferGroups::Group &group);

private:
  Lifetime lifetimeOf(uint32_t buffer) const;
  void checkBuffers(const Lifetime &victim, uint32_t other);
  void checkRegions(uint32_t read, uint32_t other);
  void checkUses(const Use &read, const Use &other,
                 const std::vector<Interval> &shared);
  void removeRewritten(const Use &read, const Use &other, bool isStepBefore,
                       std::vector<Interval> &bytes);
  std::vector<Interval> bytesOf(uint32_t region) const {
    return rowsInSpace(program, index.regions[region].bytes);
  }
  bool isCarried(uint32_t region) const {
    return program.buffers[index.regions[region].bytes.buffer].kind ==
           BufferKind::Carried;
  }
  int32_t timeOf(const Use &use) const { return index.times[use.action]; }

  const Facts &facts;
  const Program &program;
  RegionIndex &index;
  Report &report;
  std::vector<Lifetime> lifetimes, active;
};

} // namespace

Lifetime ClobberChecker::lifetimeOf(uint32_t buffer) const {
  Lifetime life{buffer, UsedRegion::kNever, -1};
  for (const uint32_t *it = index.begin(buffer); it != index.end(buffer);
       ++it) {
    const UsedRegion &region = index.regions[*it];
    life.begin = std::min(life.begin, region.firstMod());
    life.end = std::max({life.end, region.lastUse(), region.lastMod()});
  }
  // The value of the step before is there from the start, and kept to the end.
  if (program.buffers[buffer].kind == BufferKind::Carried && life.end >= 0)
    return {buffer, -1, UsedRegion::kNever};
  return life;
}

void ClobberChecker::checkGroup(const BufferGroups::Group &group) {
  lifetimes.clear();
  for (uint32_t i = group.begin; i != group.end; ++i)
    if (Lifetime life = lifetimeOf(facts.groups.buffers[i]);
        life.end >= 0 && life.begin != UsedRegion::kNever)
      lifetimes.push_back(life);
  std::sort(lifetimes.begin(), lifetimes.end(),
            [](const Lifetime &a, const Lifetime &b) {
              return a.begin != b.begin ? a.begin < b.begin
                                        : a.buffer < b.buffer;
            });
  active.clear();
  for (const Lifetime &life : lifetimes) {
    active.erase(
        std::remove_if(active.begin(), active.end(),
                       [&](const Lifetime &a) { return a.end < life.begin; }),
        active.end());
    const Buffer &self = program.buffers[life.buffer];
    for (const Lifetime &a : active) {
      const Buffer &other = program.buffers[a.buffer];
      if (self.offset >= other.offset + other.bytes ||
          other.offset >= self.offset + self.bytes)
        continue;
      checkBuffers(a, life.buffer);
      checkBuffers(life, a.buffer);
    }
    active.push_back(life);
  }
}

/// Reads of `victim` against writes of `other`.
void ClobberChecker::checkBuffers(const Lifetime &victim, uint32_t other) {
  bool carried = program.buffers[victim.buffer].kind == BufferKind::Carried;
  // In the same step, only writes before a read can have replaced its bytes.
  bool onlyBefore = !carried || facts.steps == 1;
  for (const uint32_t *r = index.begin(victim.buffer);
       r != index.end(victim.buffer); ++r) {
    const UsedRegion &read = index.regions[*r];
    if (read.lastUse() < 0)
      continue;
    Region readBytes = inSpace(program, read.bytes);
    for (const uint32_t *o = index.begin(other); o != index.end(other); ++o) {
      const UsedRegion &write = index.regions[*o];
      if (write.lastMod() < 0 || write.lastMod() < victim.begin ||
          (onlyBefore && write.firstMod() >= read.lastUse()))
        continue;
      if (overlap(readBytes, inSpace(program, write.bytes)))
        checkRegions(*r, *o);
    }
  }
}

void ClobberChecker::checkRegions(uint32_t read, uint32_t other) {
  std::vector<Interval> shared = intersect(bytesOf(read), bytesOf(other));
  for (uint32_t r : index.usesOf(read)) {
    const Use &use = index.uses[r];
    if (use.isDefinition())
      continue;
    for (uint32_t o : index.usesOf(other))
      if (index.uses[o].isWrite() && !report.full())
        checkUses(use, index.uses[o], shared);
  }
}

/// Removes the bytes that the read's buffer writes again after `other`, and, of
/// Scratch and Output, those that it has not written before.
void ClobberChecker::removeRewritten(const Use &read, const Use &other,
                                     bool isStepBefore,
                                     std::vector<Interval> &bytes) {
  uint32_t buffer = index.regions[read.region].bytes.buffer;
  std::vector<Interval> before;
  for (const uint32_t *it = index.begin(buffer); it != index.end(buffer);
       ++it) {
    if (!index.regions[*it].writes)
      continue;
    std::vector<Interval> written = intersect(bytesOf(*it), bytes);
    for (uint32_t w : index.usesOf(*it)) {
      const Use &write = index.uses[w];
      if (!write.isDefinition())
        continue;
      bool isAfter = timeOf(write) > timeOf(other);
      bool isInTime = timeOf(write) < timeOf(read);
      if (isStepBefore ? isAfter || isInTime : isAfter && isInTime)
        bytes = subtract(bytes, written);
      else if (!isStepBefore && !isAfter)
        before.insert(before.end(), written.begin(), written.end());
    }
  }
  if (isCarried(read.region))
    return;
  unite(before);
  bytes = intersect(bytes, before);
}

void ClobberChecker::checkUses(const Use &read, const Use &other,
                               const std::vector<Interval> &shared) {
  for (bool isStepBefore : {false, true}) {
    if (isStepBefore && (!isCarried(read.region) || facts.steps == 1))
      return;
    if (!isStepBefore && timeOf(other) >= timeOf(read))
      continue;
    std::vector<Interval> bytes = shared;
    removeRewritten(read, other, isStepBefore, bytes);
    if (bytes.empty() || !report.isNewPair(read.action, other.action))
      continue;
    const Buffer &victim =
        program.buffers[index.regions[read.region].bytes.buffer];
    Interval first{bytes[0].begin - victim.offset,
                   bytes[0].end - victim.offset};
    std::string what = describe(program, index, other);
    report.add(Rule::Clobbered, facts.ref(read),
               describe(program, index, read) + ", but " +
                   describe(program, facts.ref(other)) + " " + what + " over " +
                   describe(victim, first) + " before" +
                   (isStepBefore ? ", in the step before" : ""),
               {{facts.ref(other), what + " here"}});
    return;
  }
}

void amk::schedule::checkClobbers(const Facts &facts, Report &report) {
  ClobberChecker checker(facts, report);
  for (const BufferGroups::Group &group : facts.groups.groups)
    if (!group.isAlone() && !report.full())
      checker.checkGroup(group);
}

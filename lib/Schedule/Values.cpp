//===- Values.cpp - Reads see what they mean: AMK-C1, AMK-C3, AMK-C5 ------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares the regions of each buffer with each other: what is written where,
// and when in the canonical order. Single accesses are looked at only where the
// sums over whole regions do not settle a rule.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>

using namespace amk::schedule;

namespace {

/// Writes of a buffer that share bytes with a region.
struct Coverage {
  uint64_t bytes = 0;    ///< that they have in common
  int32_t latest = -1;   ///< time of the last one
  bool isCounted = true; ///< `bytes` is exact if the writes are disjoint
};

class ValueChecker {
public:
  ValueChecker(const Facts &facts, Report &report)
      : facts(facts), program(facts.program), index(facts.index),
        report(report) {}
  void checkBuffer(uint32_t buffer);

private:
  bool needsChecks(uint32_t buffer) const;
  void comparePair(uint32_t reader, uint32_t writer, bool isCarried);
  void cover(uint32_t reader, uint32_t writer);
  bool isSuspect(const UsedRegion &reader, const UsedRegion &writer,
                 bool isCarried) const;
  void reportWrittenTwice(uint32_t a, uint32_t b);
  void reportVersions(uint32_t reader, uint32_t writer, bool isCarried);
  void checkDefined(uint32_t region);
  int32_t timeOf(const Use &use) const { return index.times[use.action]; }

  const Facts &facts;
  const Program &program;
  RegionIndex &index;
  Report &report;
  std::vector<Coverage> coverage; ///< by place in the buffer's list
  const uint32_t *list = nullptr; ///< the buffer's regions
  uint32_t listSize = 0;
  bool isWrittenTwice = false; ///< the buffer
};

} // namespace

bool ValueChecker::needsChecks(uint32_t buffer) const {
  if (program.buffers[buffer].kind != BufferKind::Carried)
    return true;
  return std::any_of(list, list + listSize, [&](uint32_t region) {
    return index.regions[region].lastMod() >= 0;
  });
}

void ValueChecker::checkBuffer(uint32_t buffer) {
  list = index.begin(buffer);
  listSize = static_cast<uint32_t>(index.end(buffer) - list);
  if (!needsChecks(buffer))
    return;
  bool isCarried = program.buffers[buffer].kind == BufferKind::Carried;
  isWrittenTwice = false;
  coverage.assign(listSize, {});
  for (uint32_t i = 0; i != listSize; ++i) {
    const UsedRegion &region = index.regions[list[i]];
    if (region.writes > 1)
      reportWrittenTwice(list[i], list[i]);
    if (region.lastMod() >= 0)
      comparePair(i, i, isCarried);
    uint64_t end = endOf(region.bytes);
    for (uint32_t j = i + 1;
         j != listSize && index.regions[list[j]].bytes.offset < end; ++j) {
      const UsedRegion &other = index.regions[list[j]];
      if ((region.lastMod() < 0 && other.lastMod() < 0) ||
          !shareBytes(region.bytes, other.bytes))
        continue;
      if (region.writes && other.writes)
        reportWrittenTwice(list[i], list[j]);
      comparePair(i, j, isCarried);
      comparePair(j, i, isCarried);
    }
  }
  if (isCarried)
    return;
  for (uint32_t i = 0; i != listSize; ++i) {
    const UsedRegion &region = index.regions[list[i]];
    int32_t first = std::min(region.first[UsedRegion::kRead],
                             region.first[UsedRegion::kReduce]);
    if (first == UsedRegion::kNever)
      continue;
    if (isWrittenTwice || !coverage[i].isCounted ||
        coverage[i].bytes != numBytes(region.bytes) ||
        coverage[i].latest >= first)
      checkDefined(list[i]);
  }
}

/// What `writer` does to what `reader` reads. Places in the list.
inline void ValueChecker::comparePair(uint32_t reader, uint32_t writer,
                                      bool isCarried) {
  const UsedRegion &from = index.regions[list[writer]];
  if (from.writes && !isCarried)
    cover(reader, writer);
  if (isSuspect(index.regions[list[reader]], from, isCarried))
    reportVersions(list[reader], list[writer], isCarried);
}

void ValueChecker::cover(uint32_t reader, uint32_t writer) {
  const Region &to = index.regions[list[reader]].bytes;
  const UsedRegion &from = index.regions[list[writer]];
  Coverage &sum = coverage[reader];
  sum.latest = std::max(sum.latest, from.last[UsedRegion::kWrite]);
  if (covers(to, from.bytes))
    sum.bytes += numBytes(from.bytes);
  else if (covers(from.bytes, to))
    sum.bytes += numBytes(to);
  else if (to.rows == 1 && from.bytes.rows == 1)
    sum.bytes += std::min(endOf(to), endOf(from.bytes)) -
                 std::max(to.offset, from.bytes.offset);
  else
    sum.isCounted = false;
}

/// False if AMK-C5 cannot be broken by a pair of uses of the two. An action's
/// own access at the same time does not count.
inline bool ValueChecker::isSuspect(const UsedRegion &reader,
                                    const UsedRegion &writer,
                                    bool isCarried) const {
  // Of other buffers a read before the write is a read of nothing: AMK-C1.
  if (!isCarried)
    return reader.first[UsedRegion::kRead] < writer.last[UsedRegion::kReduce];
  return reader.first[UsedRegion::kRead] < writer.lastMod() ||
         reader.first[UsedRegion::kReduce] < writer.last[UsedRegion::kWrite] ||
         reader.last[UsedRegion::kPrevious] > writer.firstMod();
}

void ValueChecker::reportVersions(uint32_t reader, uint32_t writer,
                                  bool isCarried) {
  for (uint32_t r : index.usesOf(reader))
    for (uint32_t w : index.usesOf(writer)) {
      const Use &read = index.uses[r], &write = index.uses[w];
      bool isLate = timeOf(write) > timeOf(read);
      bool isReduce = write.mode == AccessMode::Reduce;
      bool isWrong = false;
      if (read.mode == AccessMode::Read)
        isWrong = isLate && (isCarried || isReduce);
      else if (read.mode == AccessMode::Reduce)
        isWrong = isLate && isCarried && !isReduce;
      else if (read.mode == AccessMode::ReadPrevious)
        isWrong = timeOf(write) < timeOf(read);
      if (!isWrong || !write.isWrite() || report.full() ||
          !report.isNewPair(read.action, write.action))
        continue;
      std::string what = describe(program, index, write);
      report.add(
          Rule::WrongVersion, facts.ref(read),
          describe(program, index, read) + (isLate ? " before " : " after ") +
              describe(program, facts.ref(write)) + " of the same step " + what,
          {{facts.ref(write), what + " here"}});
    }
}

/// AMK-C3. a and b overlap or are the same region.
void ValueChecker::reportWrittenTwice(uint32_t a, uint32_t b) {
  isWrittenTwice = true;
  for (uint32_t i : index.usesOf(a))
    for (uint32_t j : index.usesOf(b)) {
      const Use &first = index.uses[std::min(i, j)];
      const Use &second = index.uses[std::max(i, j)];
      if ((a == b && i >= j) || !first.isDefinition() ||
          !second.isDefinition() || report.full() ||
          !report.isNewPair(first.action, second.action))
        continue;
      std::string what = describe(program, index, first);
      report.add(Rule::WrittenTwice, facts.ref(second),
                 describe(program, index, second) + ", but " +
                     describe(program, facts.ref(first)) + " " + what +
                     " in the same step",
                 {{facts.ref(first), what + " here"}});
    }
}

/// AMK-C1, use by use, until the region is defined.
void ValueChecker::checkDefined(uint32_t region) {
  const Region &bytes = index.regions[region].bytes;
  std::vector<Interval> written;
  for (uint32_t u : index.usesOf(region)) {
    const Use &use = index.uses[u];
    if (use.mode != AccessMode::Read && use.mode != AccessMode::Reduce)
      continue;
    written.clear();
    for (uint32_t i = 0; i != listSize; ++i) {
      const UsedRegion &other = index.regions[list[i]];
      if (other.bytes.offset >= bytes.end())
        break;
      if (other.first[UsedRegion::kWrite] < timeOf(use))
        appendRows(other.bytes, {bytes.offset, bytes.end()}, written);
    }
    unite(written);
    std::optional<Interval> gap = firstGap(bytes, written);
    if (!gap || report.full())
      return;
    report.add(Rule::Undefined, facts.ref(use),
               describe(program, index, use) + ", but nothing wrote " +
                   describe(program.buffers[bytes.buffer], *gap) +
                   " before in this step");
  }
}

void amk::schedule::checkValues(const Facts &facts, Report &report) {
  ValueChecker checker(facts, report);
  for (uint32_t buffer : facts.groups.buffers) {
    if (report.full())
      return;
    checker.checkBuffer(buffer);
  }
}

//===- Program.cpp - Regions and their overlap ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Program.h"
#include "RegionUtils.h"

#include <algorithm>
#include <limits>

using namespace amk::schedule;

// Bounds of addresses are 64 bits, so products of a row and a stride fit here.
using Wide = __int128;
using UWide = unsigned __int128;

uint64_t Region::end() const {
  if (rows == 0 || rowBytes == 0)
    return offset;
  UWide end = UWide(offset) + UWide(rows - 1) * rowStride + rowBytes;
  constexpr uint64_t max = std::numeric_limits<uint64_t>::max();
  return end > max ? max : static_cast<uint64_t>(end);
}

Region amk::schedule::normalize(const Region &region) {
  Region r = region;
  if (r.rows == 0 || r.rowBytes == 0)
    return {r.space, r.offset, 0, 0, 0};
  if (r.rows == 1 || r.rowStride <= r.rowBytes)
    return {r.space, r.offset, 1, r.end() - r.offset, 0};
  return r;
}

/// Sum of floor((a * i + b) / m) for i in [0, n), modulo 2^128. Euclid's
/// algorithm: a logarithmic number of rounds.
static UWide floorSum(UWide n, UWide m, UWide a, UWide b) {
  UWide sum = 0;
  for (;;) {
    if (a >= m) {
      UWide pairs = n % 2 ? n * ((n - 1) / 2) : (n / 2) * (n - 1);
      sum += pairs * (a / m);
      a %= m;
    }
    if (b >= m) {
      sum += n * (b / m);
      b %= m;
    }
    UWide top = a * n + b;
    if (top < m)
      return sum;
    n = top / m;
    b = top % m;
    std::swap(m, a);
  }
}

static Wide ceilDiv(Wide a, Wide b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}
static Wide floorDiv(Wide a, Wide b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// True if some multiple of `stride`, k in [0, count), lies in [low, high].
static bool hasMultiple(Wide low, Wide high, Wide stride, Wide count) {
  Wide k = std::max<Wide>(ceilDiv(low, stride), 0);
  return k < count && k * stride <= high;
}

/// Both normalized, a with more than one row, b with at least one. Row i of a
/// and row j of b share a byte if and only if
///   -a.rowBytes < a.offset + i * S - b.offset - j * T < b.rowBytes,
/// that is, j * T lies in the window [i * S + low, i * S + high].
static bool rowsOverlap(const Region &a, const Region &b) {
  Wide s = a.rowStride, m = a.rows, n = b.rows;
  Wide t = n > 1 ? b.rowStride : 1;
  Wide distance = Wide(a.offset) - Wide(b.offset);
  Wide low = distance - Wide(b.rowBytes) + 1;
  Wide high = distance + Wide(a.rowBytes) - 1;
  Wide last = (n - 1) * t;
  // A window that holds the first or the last j * T.
  if (hasMultiple(-high, -low, s, m) ||
      hasMultiple(last - high, last - low, s, m))
    return true;
  // The others are hit only if they lie strictly between these two.
  Wide from = std::max<Wide>(0, ceilDiv(1 - low, s));
  Wide to = std::min<Wide>(m - 1, floorDiv(last - 1 - high, s));
  if (from > to)
    return false;
  UWide count = UWide(to - from + 1);
  // Multiples of T up to the windows' ends, less those before their begins.
  UWide upTo = floorSum(count, UWide(t), UWide(s), UWide(from * s + high));
  UWide before = floorSum(count, UWide(t), UWide(s), UWide(from * s + low - 1));
  return upTo != before;
}

bool amk::schedule::overlap(const Region &first, const Region &second) {
  if (first.space != second.space)
    return false;
  Region a = normalize(first), b = normalize(second);
  if (a.rows == 0 || b.rows == 0 || a.offset >= b.end() || b.offset >= a.end())
    return false;
  if (a.rows == 1 && b.rows == 1)
    return true;
  return a.rows > 1 ? rowsOverlap(a, b) : rowsOverlap(b, a);
}

void amk::schedule::appendRows(const Region &region, Interval window,
                               std::vector<Interval> &out) {
  if (region.rows == 0 || window.begin >= window.end ||
      region.offset >= window.end || region.end() <= window.begin)
    return;
  uint64_t first = 0, stride = region.rows > 1 ? region.rowStride : 1;
  if (window.begin > region.offset)
    first = (window.begin - region.offset) / stride;
  if (region.rows == 1)
    first = 0;
  for (uint64_t row = first; row < region.rows; ++row) {
    uint64_t begin = region.offset + row * stride;
    if (begin >= window.end)
      break;
    uint64_t end = std::min(begin + region.rowBytes, window.end);
    begin = std::max(begin, window.begin);
    if (begin < end)
      out.push_back({begin, end});
  }
}

void amk::schedule::unite(std::vector<Interval> &intervals) {
  std::sort(intervals.begin(), intervals.end());
  size_t count = 0;
  for (const Interval &interval : intervals) {
    if (count && interval.begin <= intervals[count - 1].end)
      intervals[count - 1].end =
          std::max(intervals[count - 1].end, interval.end);
    else
      intervals[count++] = interval;
  }
  intervals.resize(count);
}

std::optional<Interval>
amk::schedule::firstGap(const Region &region,
                        const std::vector<Interval> &cover) {
  uint64_t stride = region.rows > 1 ? region.rowStride : 0;
  auto it = cover.begin();
  for (uint64_t row = 0; row < region.rows; ++row) {
    uint64_t begin = region.offset + row * stride;
    uint64_t end = begin + region.rowBytes;
    while (it != cover.end() && it->end <= begin)
      ++it;
    if (it == cover.end() || it->begin >= end)
      return Interval{begin, end};
    if (it->begin > begin)
      return Interval{begin, it->begin};
    if (it->end < end) {
      uint64_t gapEnd = end;
      if (std::next(it) != cover.end())
        gapEnd = std::min(end, std::next(it)->begin);
      return Interval{it->end, gapEnd};
    }
  }
  return std::nullopt;
}

std::string amk::schedule::describe(const Space &space, Interval bytes) {
  return space.name + " [" + std::to_string(bytes.begin) + ", " +
         std::to_string(bytes.end) + ")";
}

std::string amk::schedule::describe(const Program &program,
                                    const Region &region) {
  const Space &space = program.spaces[region.space];
  Region r = normalize(region);
  if (r.rows <= 1)
    return describe(space, {r.offset, r.end()});
  return space.name + " " + std::to_string(r.rows) + " x " +
         std::to_string(r.rowBytes) + " bytes from " +
         std::to_string(r.offset) + ", " + std::to_string(r.rowStride) +
         " apart";
}

std::string amk::schedule::describe(const Program &program, ActionRef ref) {
  const Agent &agent = program.agents[ref.agent];
  return "'" + agent.actions[ref.action].name + "' (" + agent.name + ")";
}

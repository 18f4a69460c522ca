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
    return {r.buffer, r.offset, 0, 0, 0};
  if (r.rows == 1 || r.rowStride <= r.rowBytes)
    return {r.buffer, r.offset, 1, r.end() - r.offset, 0};
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

/// Ends up to here can be subtracted and negated in 64 bits.
static constexpr uint64_t kNarrow = uint64_t(1) << 62;

static int64_t floorDiv(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Both with more than one row and the same stride S: row i of a and row
/// i + d of b share a byte if and only if
///   -b.rowBytes < b.offset - a.offset + d * S < a.rowBytes.
static bool rowsOfOneStrideOverlap(const Region &a, const Region &b) {
  auto signedOf = [](uint64_t value) { return static_cast<int64_t>(value); };
  int64_t stride = signedOf(a.rowStride);
  int64_t distance = signedOf(b.offset) - signedOf(a.offset);
  int64_t low = -floorDiv(signedOf(b.rowBytes) - 1 + distance, stride);
  int64_t high = floorDiv(signedOf(a.rowBytes) - 1 - distance, stride);
  return std::max(low, 1 - signedOf(a.rows)) <=
         std::min(high, signedOf(b.rows) - 1);
}

bool amk::schedule::overlap(const Region &first, const Region &second) {
  if (first.buffer != second.buffer)
    return false;
  Region a = normalize(first), b = normalize(second);
  if (a.rows == 0 || b.rows == 0 || a.offset >= b.end() || b.offset >= a.end())
    return false;
  if (a.rows == 1 && b.rows == 1)
    return true;
  if (a.rowStride == b.rowStride && a.end() <= kNarrow && b.end() <= kNarrow)
    return rowsOfOneStrideOverlap(a, b);
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

std::vector<Interval> amk::schedule::rowsInSpace(const Program &program,
                                                 const Region &region) {
  std::vector<Interval> rows;
  appendRows(inSpace(program, region),
             {0, std::numeric_limits<uint64_t>::max()}, rows);
  return rows;
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

std::vector<Interval> amk::schedule::subtract(const std::vector<Interval> &a,
                                              const std::vector<Interval> &b) {
  std::vector<Interval> rest;
  auto it = b.begin();
  for (Interval bytes : a) {
    while (it != b.end() && it->end <= bytes.begin)
      ++it;
    for (auto cut = it; cut != b.end() && cut->begin < bytes.end; ++cut) {
      if (cut->begin > bytes.begin)
        rest.push_back({bytes.begin, cut->begin});
      bytes.begin = std::min(cut->end, bytes.end);
    }
    if (bytes.begin < bytes.end)
      rest.push_back(bytes);
  }
  return rest;
}

std::vector<Interval> amk::schedule::intersect(const std::vector<Interval> &a,
                                               const std::vector<Interval> &b) {
  std::vector<Interval> both;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    Interval bytes{std::max(i->begin, j->begin), std::min(i->end, j->end)};
    if (bytes.begin < bytes.end)
      both.push_back(bytes);
    ++(i->end < j->end ? i : j);
  }
  return both;
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

bool amk::schedule::coversStrided(const Region &a, const Region &b) {
  if (b.rows > 1 && b.rowStride != a.rowStride)
    return false;
  uint64_t distance = b.offset - a.offset;
  return distance % a.rowStride + b.rowBytes <= a.rowBytes &&
         distance / a.rowStride + b.rows <= a.rows;
}

Region amk::schedule::inSpace(const Program &program, const Region &region) {
  const Buffer &buffer = program.buffers[region.buffer];
  Region result = region;
  result.buffer = buffer.space;
  result.offset += buffer.offset;
  return result;
}

std::string amk::schedule::describe(const Buffer &buffer, Interval bytes) {
  return buffer.name + " [" + std::to_string(bytes.begin) + ", " +
         std::to_string(bytes.end) + ")";
}

std::string amk::schedule::describe(const Program &program,
                                    const Region &region) {
  const Buffer &buffer = program.buffers[region.buffer];
  Region r = normalize(region);
  if (r.rows <= 1)
    return describe(buffer, {r.offset, r.end()});
  return buffer.name + " " + std::to_string(r.rows) + " x " +
         std::to_string(r.rowBytes) + " bytes from " +
         std::to_string(r.offset) + ", " + std::to_string(r.rowStride) +
         " apart";
}

std::string amk::schedule::describe(const Program &program, ActionRef ref) {
  const Agent &agent = program.agents[ref.agent];
  return "'" + agent.actions[ref.action].name + "' (" + agent.name + ")";
}

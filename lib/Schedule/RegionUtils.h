//===- RegionUtils.h - Byte ranges of regions -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A region names bytes of a buffer. Resolved by inSpace(), it names bytes of a
// space instead: offset and `buffer` are then those of the space.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_SCHEDULE_REGIONUTILS_H
#define AMK_LIB_SCHEDULE_REGIONUTILS_H

#include "amk/Schedule/Program.h"

#include <optional>

namespace amk::schedule {

/// Bytes [begin, end).
struct Interval {
  uint64_t begin, end;
  bool operator<(const Interval &o) const {
    return begin != o.begin ? begin < o.begin : end < o.end;
  }
};

/// The same bytes with as few rows as possible: one row if they are contiguous,
/// no rows if there are none, else rows that do not touch each other.
Region normalize(const Region &region);

/// The number of bytes of a normalized region.
inline uint64_t numBytes(const Region &region) {
  return region.rows * region.rowBytes;
}

/// Region::end() of a region of a well-formed program, not empty.
inline uint64_t endOf(const Region &region) {
  return region.offset + (region.rows - 1) * region.rowStride + region.rowBytes;
}

/// overlap() of normalized regions of one buffer, not empty.
inline bool shareBytes(const Region &a, const Region &b) {
  return a.offset < endOf(b) && b.offset < endOf(a) &&
         ((a.rows == 1 && b.rows == 1) || overlap(a, b));
}

/// For covers(): a strided, and no byte of b outside of a's hull.
bool coversStrided(const Region &a, const Region &b);
/// True only if normalized region a has all bytes of normalized region b; false
/// also where that is not obvious.
inline bool covers(const Region &a, const Region &b) {
  if (a.buffer != b.buffer || a.offset > b.offset || endOf(a) < endOf(b))
    return false;
  return a.rows == 1 || coversStrided(a, b);
}

/// The region as bytes of its buffer's space.
Region inSpace(const Program &program, const Region &region);

/// Appends the bytes of a normalized region that lie in `window`, row by row.
void appendRows(const Region &region, Interval window,
                std::vector<Interval> &out);

/// The bytes of a normalized region in its buffer's space, united.
std::vector<Interval> rowsInSpace(const Program &program, const Region &region);

/// Sorts the intervals and joins those that touch.
void unite(std::vector<Interval> &intervals);

/// a without b, both united.
std::vector<Interval> subtract(const std::vector<Interval> &a,
                               const std::vector<Interval> &b);
/// The bytes that both have, both united.
std::vector<Interval> intersect(const std::vector<Interval> &a,
                                const std::vector<Interval> &b);

/// The first run of bytes of a normalized region that `cover` (united) lacks.
std::optional<Interval> firstGap(const Region &region,
                                 const std::vector<Interval> &cover);

/// "x [0, 256)" or "x 4 x 64 bytes from 0, 128 apart", bytes of the buffer.
std::string describe(const Program &program, const Region &region);
std::string describe(const Buffer &buffer, Interval bytes);
/// "'layers.0.o[3]' (worker 3)"
std::string describe(const Program &program, ActionRef ref);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REGIONUTILS_H

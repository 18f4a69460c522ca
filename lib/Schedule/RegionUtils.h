//===- RegionUtils.h - Byte ranges of regions -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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

/// Appends the bytes of a normalized region that lie in `window`, row by row.
void appendRows(const Region &region, Interval window,
                std::vector<Interval> &out);

/// Sorts the intervals and joins those that touch.
void unite(std::vector<Interval> &intervals);

/// The first run of bytes of a normalized region that `cover` (united) lacks.
std::optional<Interval> firstGap(const Region &region,
                                 const std::vector<Interval> &cover);

/// "arena [0, 256)" or "arena 4 x 64 bytes from 0, 128 apart".
std::string describe(const Program &program, const Region &region);
std::string describe(const Space &space, Interval bytes);
/// "'layers.0.o[3]' (worker 3)"
std::string describe(const Program &program, ActionRef ref);

} // namespace amk::schedule

#endif // AMK_LIB_SCHEDULE_REGIONUTILS_H

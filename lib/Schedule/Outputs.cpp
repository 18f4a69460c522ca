//===- Outputs.cpp - Outputs are written completely: AMK-C2 ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>

using namespace amk::schedule;

/// True if contiguous writes leave no gap. The regions are sorted by offset.
static bool isTiled(const RegionIndex &index, uint32_t buffer, uint64_t bytes) {
  uint64_t done = 0;
  for (const uint32_t *it = index.begin(buffer); it != index.end(buffer);
       ++it) {
    const UsedRegion &region = index.regions[*it];
    if (region.writes && region.bytes.rows == 1 && region.bytes.offset <= done)
      done = std::max(done, region.bytes.offset + region.bytes.rowBytes);
  }
  return done == bytes;
}

static void checkBuffer(const Program &program, const RegionIndex &index,
                        uint32_t buffer, Report &report) {
  const Buffer &output = program.buffers[buffer];
  if (isTiled(index, buffer, output.bytes))
    return;
  std::vector<Interval> written;
  for (const uint32_t *it = index.begin(buffer); it != index.end(buffer); ++it)
    if (index.regions[*it].writes)
      appendRows(index.regions[*it].bytes, {0, output.bytes}, written);
  unite(written);
  for (Interval gap : subtract({{0, output.bytes}}, written))
    report.add(Rule::Incomplete,
               "nothing writes " + describe(output, gap) + " in a step");
}

void amk::schedule::checkOutputs(const Program &program,
                                 const RegionIndex &index,
                                 const BufferGroups &groups,
                                 const std::vector<char> &isSettled,
                                 Report &report) {
  for (uint32_t buffer : groups.buffers)
    if (program.buffers[buffer].kind == BufferKind::Output &&
        !isSettled[buffer] && !report.full())
      checkBuffer(program, index, buffer, report);
}

//===- BrokenSchedule.cpp - A schedule that cannot end --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BrokenSchedule.h"
#include "amk/Support/Error.h"

using namespace amk;

static bool isTag(const schedule::Tables &tables, uint32_t counter) {
  return tables.counters[counter].protocol == uint32_t(abi::Protocol::Tag);
}

std::string test::breakSchedule(schedule::Tables &tables) {
  for (abi::Instruction &in : tables.instructions) {
    // One wait for a tag: two would have to stay in the order of operands.
    uint32_t tags = 0, place = 0;
    for (uint32_t w = 0; w < in.waitCount; ++w)
      if (isTag(tables, tables.waits[in.waitBegin + w].counter)) {
        ++tags;
        place = in.waitBegin + w;
      }
    if (tags != 1)
      continue;
    abi::Wait &wait = tables.waits[place];
    for (uint32_t other = 0; other < tables.counters.size(); ++other)
      if (isTag(tables, other) && tables.counters[other].tagBase !=
                                      tables.counters[wait.counter].tagBase) {
        wait.counter = other;
        wait.threshold = static_cast<int32_t>(tables.counters[other].perStep);
        return tables.name(in.name);
      }
  }
  throw Error("found no task that waits for one of several tags");
}

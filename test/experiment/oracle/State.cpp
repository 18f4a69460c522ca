//===- State.cpp - States of a launch -------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"

using namespace amk::oracle;

StateLayout::StateLayout(const Launch &launch) {
  numBytes = launch.agents.size();
  size_t numCounters = launch.program.counters.size();
  CellSet read;
  for (const std::vector<Instance> &instances : launch.agents) {
    maskOffset.push_back(numBytes);
    maskBytes.push_back((instances.size() + 7) / 8);
    numBytes += maskBytes.back();
    tagOffset.emplace_back(numCounters, 0);
    for (const Instance &instance : instances) {
      read |= instance.reads;
      for (int64_t k : instance.tags)
        if (tagOffset.back()[size_t(k)] == 0)
          tagOffset.back()[size_t(k)] = numBytes++;
    }
  }
  contentOffset.resize(launch.numCells);
  for (unsigned cell = 0; cell != launch.numCells; ++cell)
    if (read.has(cell))
      contentOffset[cell] = numBytes++;
  numBytes = (numBytes + 7) / 8 * 8; // hashed and compared as words
}

StateSet::StateSet(size_t stateBytes)
    : stateBytes(stateBytes), table(size_t(1) << 10) {}

uint64_t StateSet::hash(const uint8_t *state) const {
  uint64_t h = 0;
  for (size_t i = 0; i != stateBytes; i += 8) {
    uint64_t word;
    std::memcpy(&word, state + i, 8);
    h = (h ^ word) * 0x9e3779b97f4a7c15ull;
    h ^= h >> 32;
  }
  return h;
}

void StateSet::grow() {
  table.assign(table.size() * 4, 0);
  for (size_t number = 0; number != origins.size(); ++number) {
    size_t slot = hash(state(int64_t(number))) & (table.size() - 1);
    while (table[slot] != 0)
      slot = (slot + 1) & (table.size() - 1);
    table[slot] = uint32_t(number) + 1;
  }
}

int64_t StateSet::add(const uint8_t *state, int64_t parent, uint32_t event) {
  if (origins.size() * 2 > table.size())
    grow();
  size_t slot = hash(state) & (table.size() - 1);
  for (; table[slot] != 0; slot = (slot + 1) & (table.size() - 1))
    if (std::memcmp(this->state(table[slot] - 1), state, stateBytes) == 0)
      return -1;
  table[slot] = uint32_t(origins.size()) + 1;
  storage.insert(storage.end(), state, state + stateBytes);
  origins.push_back({parent, event});
  return int64_t(origins.size()) - 1;
}

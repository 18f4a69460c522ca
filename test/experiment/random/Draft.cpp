//===- Draft.cpp - Random programs ----------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Draft.h"

using namespace amk;
using namespace amk::experiment;

size_t Draft::append(uint32_t agent) {
  std::vector<Action> &actions = program.agents[agent].actions;
  order.push_back({agent, static_cast<uint32_t>(actions.size())});
  Action action;
  action.name =
      "a" + std::to_string(agent) + "." + std::to_string(actions.size());
  actions.push_back(action);
  return order.size() - 1;
}

uint32_t Draft::addCounter(Protocol protocol, uint32_t barriers,
                           uint64_t tagBase) {
  static const char *const prefixes[] = {"c", "k", "p"};
  std::vector<Counter> &counters = program.counters;
  counters.push_back(
      {prefixes[unsigned(protocol)] + std::to_string(counters.size()), protocol,
       barriers, tagBase});
  return static_cast<uint32_t>(counters.size() - 1);
}

ByteSet experiment::memoryOf(const Program &program, const Access &access,
                             unsigned step) {
  ByteSet bytes;
  const Region &region = access.region;
  const Buffer &buffer = program.buffers[region.buffer];
  const Space &space = program.spaces[buffer.space];
  for (uint64_t row = 0; row != region.rows; ++row)
    for (uint64_t i = 0; i != region.rowBytes; ++i) {
      uint64_t byte =
          buffer.offset + region.offset + row * region.rowStride + i;
      if (space.ringBytes != 0)
        byte = (byte + step * space.bytes) % space.ringBytes;
      bytes.insert({buffer.space, byte});
    }
  return bytes;
}

RandomProgram experiment::randomProgram(uint64_t seed, uint64_t number,
                                        unsigned minSteps, unsigned maxSteps) {
  uint64_t stream = mix64(seed) + number;
  auto steps = static_cast<unsigned>(Random(~stream).range(minSteps, maxSteps));
  Draft draft(stream, steps);
  drawData(draft);
  addSync(draft);
  unsigned changes = draft.random.weighted({28, 37, 21, 14});
  for (unsigned i = 0; i != changes; ++i)
    perturb(draft);
  if (draft.random.chance(3)) {
    breakForm(draft);
    ++changes;
  }
  return {draft.program, steps, changes};
}

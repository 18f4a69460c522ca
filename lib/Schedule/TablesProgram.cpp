//===- TablesProgram.cpp - The program that tables describe ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"

#include <algorithm>

using namespace amk;
using namespace amk::schedule;
using abi::IOLayout;

namespace {
enum : uint32_t { kArena, kKV, kToken, kControl, kLogits };
} // namespace

static std::vector<Space> makeSpaces(const SpaceSizes &sizes) {
  // What the manifest's size leaves of each part of the IO space.
  auto part = [&](uint64_t begin, uint64_t end) {
    return std::min(sizes.io, end) - std::min(sizes.io, begin);
  };
  return {{"arena", SpaceKind::Scratch, sizes.arena},
          {"kv", SpaceKind::Carried, sizes.kvCache},
          {"io.token", SpaceKind::Carried,
           part(IOLayout::kToken, IOLayout::kControl)},
          {"io.control", SpaceKind::Carried,
           part(IOLayout::kControl, IOLayout::kLogits)},
          {"io.logits", SpaceKind::Output, part(IOLayout::kLogits, sizes.io)}};
}

/// An access that crosses from one part of the IO space into the next keeps its
/// first part's space and so violates AMK-S2.
static Region makeRegion(const abi::Access &access) {
  Region region{kArena, access.offset, access.rows, access.rowBytes,
                access.rowStride};
  switch (static_cast<abi::Space>(access.space)) {
  case abi::Space::KVCache:
    region.space = kKV;
    break;
  case abi::Space::IO:
    if (access.offset >= IOLayout::kLogits) {
      region.space = kLogits;
      region.offset -= IOLayout::kLogits;
    } else if (access.offset >= IOLayout::kControl) {
      region.space = kControl;
      region.offset -= IOLayout::kControl;
    } else {
      region.space = kToken;
      region.offset -= IOLayout::kToken;
    }
    break;
  default: // decodeTables lets only the arena remain.
    break;
  }
  return region;
}

static Action makeAction(const Tables &tables, const abi::Instruction &in) {
  Action action;
  action.name = tables.name(in.name);
  for (uint32_t i = 0; i != in.waitCount; ++i) {
    const abi::Wait &wait = tables.waits[in.waitBegin + i];
    action.waits.push_back({wait.counter, wait.threshold});
  }
  for (uint32_t i = 0; i != in.accessCount; ++i) {
    const abi::Access &access = tables.accesses[in.accessBegin + i];
    bool isWrite = access.mode == static_cast<uint32_t>(abi::AccessMode::Write);
    action.accesses.push_back(
        {isWrite ? AccessMode::Write : AccessMode::Read, makeRegion(access)});
  }
  for (uint32_t i = 0; i != in.signalCount; ++i) {
    const abi::Signal &signal = tables.signals[in.signalBegin + i];
    action.signals.push_back({signal.counter, signal.amount});
  }
  return action;
}

Program amk::schedule::programFromTables(const Tables &tables,
                                         const SpaceSizes &sizes) {
  Program program;
  program.spaces = makeSpaces(sizes);
  for (const abi::Counter &counter : tables.counters)
    program.counters.push_back({tables.name(counter.name)});
  for (uint32_t worker = 0; worker != tables.queues.size(); ++worker) {
    const abi::Queue &queue = tables.queues[worker];
    Agent agent;
    agent.name = "worker " + std::to_string(worker);
    agent.actions.reserve(queue.count);
    for (uint32_t i = 0; i != queue.count; ++i)
      agent.actions.push_back(
          makeAction(tables, tables.instructions[queue.begin + i]));
    program.agents.push_back(std::move(agent));
  }
  return program;
}

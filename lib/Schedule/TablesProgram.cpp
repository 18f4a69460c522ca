//===- TablesProgram.cpp - The program that tables describe ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"

using namespace amk;
using namespace amk::schedule;

// Both sides number kinds, modes and protocols alike; decodeTables() has
// checked that each is one of them.
static_assert(Space::kGlobal == abi::kNone);
static_assert(Access::kNoCounter == abi::kNone);
template <typename To, typename From>
static constexpr To same(From value) {
  return static_cast<To>(value);
}
static_assert(same<BufferKind>(abi::BufferKind::Carried) ==
                  BufferKind::Carried &&
              same<BufferKind>(abi::BufferKind::Output) == BufferKind::Output);
static_assert(same<AccessMode>(abi::AccessMode::ReadPrevious) ==
                  AccessMode::ReadPrevious &&
              same<AccessMode>(abi::AccessMode::Write) == AccessMode::Write &&
              same<AccessMode>(abi::AccessMode::WriteTagged) ==
                  AccessMode::WriteTagged &&
              same<AccessMode>(abi::AccessMode::Reduce) == AccessMode::Reduce);
static_assert(same<Protocol>(abi::Protocol::Tag) == Protocol::Tag &&
              same<Protocol>(abi::Protocol::Parity) == Protocol::Parity);

static Access makeAccess(const abi::Access &from) {
  Access access;
  access.mode = same<AccessMode>(from.mode);
  access.region = {from.buffer, from.offset, from.rows, from.rowBytes,
                   from.rowStride};
  access.counter = from.counter;
  return access;
}

static Action makeAction(const Tables &tables, const abi::Instruction &in) {
  Action action;
  action.name = tables.name(in.name);
  for (uint32_t i = 0; i != in.waitCount; ++i) {
    const abi::Wait &wait = tables.waits[in.waitBegin + i];
    action.waits.push_back({wait.counter, wait.threshold});
  }
  for (uint32_t i = 0; i != in.accessCount; ++i)
    action.accesses.push_back(makeAccess(tables.accesses[in.accessBegin + i]));
  for (uint32_t i = 0; i != in.signalCount; ++i) {
    const abi::Signal &signal = tables.signals[in.signalBegin + i];
    action.signals.push_back({signal.counter, signal.amount});
  }
  return action;
}

static Agent makeAgent(const Tables &tables, const abi::Queue &queue) {
  Agent agent;
  agent.name = "worker " + std::to_string(queue.worker);
  if (same<abi::Role>(queue.role) == abi::Role::Loader)
    agent.name += " loader";
  agent.worker = queue.worker;
  agent.actions.reserve(queue.count);
  for (uint32_t i = 0; i != queue.count; ++i)
    agent.actions.push_back(
        makeAction(tables, tables.instructions[queue.begin + i]));
  return agent;
}

Program amk::schedule::programFromTables(const Tables &tables) {
  Program program;
  program.tags = tables.tags;
  program.limits = tables.limits;
  for (const abi::SpaceInfo &space : tables.spaces)
    program.spaces.push_back(
        {tables.name(space.name), space.bytes, space.ringBytes, space.worker});
  for (const abi::BufferInfo &buffer : tables.buffers)
    program.buffers.push_back({tables.name(buffer.name),
                               same<BufferKind>(buffer.kind), buffer.space,
                               buffer.offset, buffer.bytes});
  for (const abi::Counter &counter : tables.counters)
    program.counters.push_back({tables.name(counter.name),
                                same<Protocol>(counter.protocol),
                                counter.barriers, counter.tagBase});
  for (const abi::Queue &queue : tables.queues)
    program.agents.push_back(makeAgent(tables, queue));
  return program;
}

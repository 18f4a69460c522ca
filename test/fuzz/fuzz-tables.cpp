//===- fuzz-tables.cpp - Fuzzes tables.bin and the verifier -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is one kind byte and the rest. Kind '0': the rest is a tables.bin,
// which either decodes or gives amk::Error, and comes back unchanged from the
// encoder if it decodes. Any other kind: the rest chooses the fields of a small
// schedule, because mutations of a file rarely keep its indices and sums right.
//
// What decodes becomes a program that verify() decides without a crash.
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"

#include <cstdlib>
#include <fuzzer/FuzzedDataProvider.h>

using namespace amk;
using namespace amk::schedule;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// Mostly small, so that regions meet; now and then anything.
static uint64_t consumeSize(FuzzedDataProvider &input, uint64_t max) {
  if (input.ConsumeIntegral<uint8_t>() == 0xff)
    return input.ConsumeIntegral<uint64_t>();
  return input.ConsumeIntegralInRange<uint64_t>(0, max);
}

static abi::Access makeAccess(FuzzedDataProvider &input, const Tables &tables) {
  abi::Access access{};
  access.buffer = input.ConsumeIntegralInRange<uint32_t>(
      0, static_cast<uint32_t>(tables.buffers.size() - 1));
  access.mode = input.ConsumeIntegralInRange<uint32_t>(0, 4);
  access.counter = abi::kNone;
  if (access.mode == static_cast<uint32_t>(abi::AccessMode::WriteTagged))
    access.counter = input.ConsumeIntegralInRange<uint32_t>(
        0, static_cast<uint32_t>(tables.counters.size() - 1));
  access.offset = consumeSize(input, 400);
  access.rows = consumeSize(input, 4);
  access.rowBytes = consumeSize(input, 128);
  access.rowStride = consumeSize(input, 128);
  return access;
}

static abi::Instruction makeInstruction(FuzzedDataProvider &input,
                                        Tables &tables) {
  auto counter = [&] {
    return input.ConsumeIntegralInRange<uint32_t>(0,
                                                  tables.counters.size() - 1);
  };
  abi::Instruction result{};
  result.name = 1;
  result.waitBegin = tables.waits.size();
  result.waitCount = input.ConsumeIntegralInRange<uint32_t>(0, 3);
  for (uint32_t i = 0; i != result.waitCount; ++i)
    tables.waits.push_back(
        {counter(), input.ConsumeIntegralInRange<int32_t>(-4, 8)});
  result.signalBegin = tables.signals.size();
  result.signalCount = input.ConsumeIntegralInRange<uint32_t>(0, 3);
  for (uint32_t i = 0; i != result.signalCount; ++i) {
    abi::Signal signal{counter(), input.ConsumeIntegralInRange<uint32_t>(0, 3)};
    tables.signals.push_back(signal);
    tables.counters[signal.counter].perStep += signal.amount;
  }
  result.accessBegin = tables.accesses.size();
  result.accessCount = input.ConsumeIntegralInRange<uint32_t>(0, 3);
  for (uint32_t i = 0; i != result.accessCount; ++i)
    tables.accesses.push_back(makeAccess(input, tables));
  return result;
}

/// One of each kind of memory, and up to two rings; then what lies there.
static void addMemory(FuzzedDataProvider &input, Tables &tables) {
  for (abi::Space space :
       {abi::Space::Arena, abi::Space::KVCache, abi::Space::IO})
    tables.spaces.push_back(
        {1, static_cast<uint32_t>(space), 1024, 0, abi::kNone, 0});
  uint32_t rings = input.ConsumeIntegralInRange<uint32_t>(0, 2);
  for (uint32_t i = 0; i != rings; ++i) {
    uint64_t bytes = consumeSize(input, 512);
    uint64_t ringBytes = consumeSize(input, 512);
    uint32_t worker =
        input.ConsumeIntegralInRange<uint32_t>(0, tables.workers) - 1;
    tables.spaces.push_back({1, static_cast<uint32_t>(abi::Space::Shared),
                             bytes, ringBytes, worker, 0});
  }
  size_t buffers = input.ConsumeIntegralInRange<size_t>(1, 6);
  for (size_t i = 0; i != buffers; ++i) {
    abi::BufferInfo buffer{};
    buffer.name = 1;
    buffer.kind = input.ConsumeIntegralInRange<uint32_t>(0, 2);
    buffer.space = input.ConsumeIntegralInRange<uint32_t>(
        0, static_cast<uint32_t>(tables.spaces.size() - 1));
    buffer.offset = consumeSize(input, 256);
    buffer.bytes = consumeSize(input, 512);
    tables.buffers.push_back(buffer);
  }
}

static abi::Counter makeCounter(FuzzedDataProvider &input) {
  abi::Counter counter{};
  counter.name = 1;
  counter.protocol = input.ConsumeIntegralInRange<uint32_t>(0, 2);
  auto protocol = static_cast<abi::Protocol>(counter.protocol);
  if (protocol == abi::Protocol::Parity)
    counter.barriers = input.ConsumeIntegralInRange<uint32_t>(0, 4);
  if (protocol == abi::Protocol::Tag)
    counter.tagBase = consumeSize(input, 4);
  return counter;
}

static void addQueue(FuzzedDataProvider &input, Tables &tables, uint32_t worker,
                     abi::Role role) {
  abi::Queue queue;
  queue.begin = tables.instructions.size();
  queue.count = input.ConsumeIntegralInRange<uint32_t>(0, 5);
  queue.worker = worker;
  queue.role = static_cast<uint32_t>(role);
  for (uint32_t i = 0; i != queue.count; ++i)
    tables.instructions.push_back(makeInstruction(input, tables));
  tables.queues.push_back(queue);
}

static Tables makeTables(FuzzedDataProvider &input) {
  Tables tables;
  tables.strings = std::string("\0name", 6);
  tables.workers = input.ConsumeIntegralInRange<uint32_t>(1, 4);
  tables.tags.stride = consumeSize(input, 4);
  tables.tags.bits = input.ConsumeIntegralInRange<uint32_t>(0, 65);
  tables.limits.workers = input.ConsumeIntegralInRange<uint32_t>(0, 5);
  tables.limits.sharedBytes = consumeSize(input, 2048);
  addMemory(input, tables);
  size_t counters = input.ConsumeIntegralInRange<size_t>(1, 6);
  for (size_t i = 0; i != counters; ++i)
    tables.counters.push_back(makeCounter(input));
  for (uint32_t worker = 0; worker != tables.workers; ++worker) {
    addQueue(input, tables, worker, abi::Role::Compute);
    if (input.ConsumeIntegralInRange<uint8_t>(0, 3) == 0)
      addQueue(input, tables, worker, abi::Role::Loader);
  }
  return tables;
}

static void decide(const Tables &tables) {
  Program program = programFromTables(tables);
  std::vector<Violation> violations = verify(program);
  for (const Violation &violation : violations)
    require(!render(program, violation).empty());
  if (violations.empty())
    require(HappensBefore(program).ok());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return -1;
  if (data[0] != '0') {
    FuzzedDataProvider input(data + 1, size - 1);
    std::string encoded = encodeTables(makeTables(input));
    Tables decoded = decodeTables(encoded, "tables.bin");
    require(encodeTables(decoded) == encoded);
    decide(decoded);
    return 0;
  }
  std::string bytes(reinterpret_cast<const char *>(data + 1), size - 1);
  Tables tables;
  try {
    tables = decodeTables(bytes, "tables.bin");
  } catch (const Error &) {
    return 0;
  }
  require(encodeTables(tables) == bytes);
  decide(tables);
  return 0;
}

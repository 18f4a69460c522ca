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

static abi::Access makeAccess(FuzzedDataProvider &input) {
  abi::Access access;
  access.space = static_cast<uint32_t>(input.PickValueInArray(
      {abi::Space::Arena, abi::Space::KVCache, abi::Space::IO}));
  access.mode = input.ConsumeIntegralInRange<uint32_t>(0, 1);
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
    tables.accesses.push_back(makeAccess(input));
  return result;
}

static Tables makeTables(FuzzedDataProvider &input) {
  Tables tables;
  tables.strings = std::string("\0name", 6);
  tables.workers = input.ConsumeIntegralInRange<uint32_t>(1, 4);
  tables.counters.resize(input.ConsumeIntegralInRange<size_t>(1, 6), {0, 1});
  for (uint32_t worker = 0; worker != tables.workers; ++worker) {
    abi::Queue queue;
    queue.begin = tables.instructions.size();
    queue.count = input.ConsumeIntegralInRange<uint32_t>(0, 5);
    for (uint32_t i = 0; i != queue.count; ++i)
      tables.instructions.push_back(makeInstruction(input, tables));
    tables.queues.push_back(queue);
  }
  return tables;
}

static void decide(const Tables &tables) {
  SpaceSizes sizes;
  sizes.arena = 1024;
  sizes.kvCache = 1024;
  sizes.io = abi::IOLayout::kLogits + 4 * 16;
  Program program = programFromTables(tables, sizes);
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

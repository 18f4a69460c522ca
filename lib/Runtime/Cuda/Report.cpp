//===- Report.cpp - What a wait of the kernel was for ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;

/// The buffer of the arena that holds byte `offset`, and the word in it.
static std::string wordName(const schedule::Tables &tables, uint64_t offset,
                            uint32_t word) {
  constexpr uint64_t wordBytes = 8;
  uint64_t byte = offset + word * wordBytes;
  for (const abi::BufferInfo &buffer : tables.buffers)
    if (tables.spaces[buffer.space].space == uint32_t(abi::Space::Arena) &&
        byte >= buffer.offset && byte - buffer.offset < buffer.bytes)
      return "the tag of word " +
             std::to_string((byte - buffer.offset) / wordBytes) + " of " +
             tables.name(buffer.name);
  return "the tag of a word at byte " + std::to_string(byte) +
         " of the activations";
}

static std::string whatName(const abi::WaitReport &report,
                            const schedule::Tables &tables, uint64_t arena,
                            std::string &counter) {
  std::string number = std::to_string(report.what);
  switch (static_cast<abi::WaitKind>(report.kind)) {
  case abi::WaitKind::None:
    break;
  case abi::WaitKind::Counter:
    if (report.what < tables.counters.size())
      counter = tables.name(tables.counters[report.what].name);
    return "counter " + (counter.empty() ? number : counter);
  case abi::WaitKind::Word:
    return wordName(tables, report.address - arena, report.what);
  case abi::WaitKind::RingFull:
    return "data in slot " + number + " of the ring";
  case abi::WaitKind::RingEmpty:
    return "room in slot " + number + " of the ring";
  case abi::WaitKind::Instruction:
    return "instruction slot " + number;
  case abi::WaitKind::InstructionFree:
    return "room in instruction slot " + number;
  case abi::WaitKind::Appended:
    return "the appends to the KV cache";
  }
  return "something of unknown kind " + std::to_string(report.kind);
}

WaitReport cuda::explain(const abi::WaitReport &report,
                         const schedule::Tables &tables, uint64_t arena) {
  WaitReport result;
  result.worker = report.worker;
  result.task = report.instruction < tables.instructions.size()
                    ? tables.name(tables.instructions[report.instruction].name)
                    : "number " + std::to_string(report.instruction);
  result.what = whatName(report, tables, arena, result.counter);
  result.seen = report.seen;
  result.expected = report.expected;
  result.seconds = report.nanoseconds * 1e-9;
  return result;
}

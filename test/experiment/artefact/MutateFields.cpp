//===- MutateFields.cpp - Damage to fields of the tables' structs -*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"

#include <cstring>

using namespace amk;
using namespace amk::artefact;

namespace {

struct Field {
  size_t offset, bytes;
};

/// A section of the header and the fields of its elements.
struct Layout {
  abi::Section abi::TablesHeader::*section;
  size_t bytes;
  std::vector<Field> fields;
};

} // namespace

#define FIELD(type, name) {offsetof(abi::type, name), sizeof(abi::type::name)}

static const std::vector<Layout> &layouts() {
  using Header = abi::TablesHeader;
  static const std::vector<Layout> all = {
      {&Header::spaces,
       sizeof(abi::SpaceInfo),
       {FIELD(SpaceInfo, name), FIELD(SpaceInfo, space),
        FIELD(SpaceInfo, bytes), FIELD(SpaceInfo, ringBytes),
        FIELD(SpaceInfo, worker), FIELD(SpaceInfo, reserved)}},
      {&Header::buffers,
       sizeof(abi::BufferInfo),
       {FIELD(BufferInfo, name), FIELD(BufferInfo, kind),
        FIELD(BufferInfo, space), FIELD(BufferInfo, reserved),
        FIELD(BufferInfo, offset), FIELD(BufferInfo, bytes)}},
      {&Header::queues,
       sizeof(abi::Queue),
       {FIELD(Queue, begin), FIELD(Queue, count), FIELD(Queue, worker),
        FIELD(Queue, role)}},
      {&Header::instructions,
       sizeof(abi::Instruction),
       {FIELD(Instruction, body), FIELD(Instruction, name),
        FIELD(Instruction, waitBegin), FIELD(Instruction, waitCount),
        FIELD(Instruction, signalBegin), FIELD(Instruction, signalCount),
        FIELD(Instruction, accessBegin), FIELD(Instruction, accessCount),
        FIELD(Instruction, operandCount), FIELD(Instruction, reserved[3]),
        FIELD(Instruction, operands[0])}},
      {&Header::waits,
       sizeof(abi::Wait),
       {FIELD(Wait, counter), FIELD(Wait, threshold)}},
      {&Header::signals,
       sizeof(abi::Signal),
       {FIELD(Signal, counter), FIELD(Signal, amount)}},
      {&Header::accesses,
       sizeof(abi::Access),
       {FIELD(Access, buffer), FIELD(Access, mode), FIELD(Access, counter),
        FIELD(Access, reserved), FIELD(Access, offset), FIELD(Access, rows),
        FIELD(Access, rowBytes), FIELD(Access, rowStride)}},
      {&Header::counters,
       sizeof(abi::Counter),
       {FIELD(Counter, perStep), FIELD(Counter, name), FIELD(Counter, protocol),
        FIELD(Counter, barriers), FIELD(Counter, tagBase)}},
      {&Header::segments,
       sizeof(abi::PackSegment),
       {FIELD(PackSegment, worker), FIELD(PackSegment, layout),
        FIELD(PackSegment, rowMap), FIELD(PackSegment, tileRows),
        FIELD(PackSegment, tensors[1]), FIELD(PackSegment, headDim),
        FIELD(PackSegment, unitBegin), FIELD(PackSegment, unitCount),
        FIELD(PackSegment, streamOffset), FIELD(PackSegment, bytes)}},
      {&Header::strings, 1, {{0, 1}}},
  };
  return all;
}

static abi::TablesHeader headerOf(const std::string &bytes) {
  abi::TablesHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

/// So that a changed amount is not caught by the sum beside it.
static void repairSums(std::string &bytes) {
  abi::TablesHeader header = headerOf(bytes);
  std::vector<abi::Counter> counters(header.counters.count);
  std::vector<abi::Signal> signals(header.signals.count);
  if (counters.empty() || signals.empty())
    return;
  size_t counterBytes = counters.size() * sizeof(abi::Counter);
  std::memcpy(counters.data(), &bytes[header.counters.offset], counterBytes);
  std::memcpy(signals.data(), &bytes[header.signals.offset],
              signals.size() * sizeof(abi::Signal));
  for (abi::Counter &counter : counters)
    counter.perStep = 0;
  for (const abi::Signal &signal : signals)
    if (signal.counter < counters.size())
      counters[signal.counter].perStep += signal.amount;
  std::memcpy(&bytes[header.counters.offset], counters.data(), counterBytes);
}

namespace {

/// A section with elements, and where one of them is.
struct Target {
  const Layout *layout;
  size_t row;      ///< byte of the element
  size_t otherRow; ///< of another (or the same)
};

} // namespace

static Target chooseRow(const std::string &bytes, Random &random) {
  abi::TablesHeader header = headerOf(bytes);
  for (;;) { // strings are never empty
    const Layout &layout = layouts()[random.below(layouts().size())];
    const abi::Section &section = header.*layout.section;
    if (section.count == 0)
      continue;
    return {&layout,
            section.offset + random.below(section.count) * layout.bytes,
            section.offset + random.below(section.count) * layout.bytes};
  }
}

static void changeOne(std::string &bytes, Random &random) {
  Target target = chooseRow(bytes, random);
  const std::vector<Field> &fields = target.layout->fields;
  Field field = fields[random.below(fields.size())];
  uint64_t value = 0;
  std::memcpy(&value, &bytes[target.row + field.offset], field.bytes);
  if (random.oneIn(3)) // what another element has there
    std::memcpy(&value, &bytes[target.otherRow + field.offset], field.bytes);
  else
    value = interesting(value, random);
  std::memcpy(&bytes[target.row + field.offset], &value, field.bytes);
}

void artefact::setField(Source &source, Random &random) {
  changeOne(source.tables, random);
  if (!random.oneIn(4))
    repairSums(source.tables);
}

void artefact::setFields(Source &source, Random &random) {
  for (uint64_t n = 2 + random.below(3); n--;)
    changeOne(source.tables, random);
  if (!random.oneIn(4))
    repairSums(source.tables);
}

void artefact::swapRows(Source &source, Random &random) {
  Target target = chooseRow(source.tables, random);
  for (size_t i = 0; i != target.layout->bytes; ++i)
    std::swap(source.tables[target.row + i],
              source.tables[target.otherRow + i]);
  repairSums(source.tables);
}

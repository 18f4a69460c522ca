//===- Tables.cpp - tables.bin: encode and decode -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file has one form for one content: sections in the order of the header,
// each at the next multiple of 8 bytes, zeros between them, nothing after the
// last; each instruction's waits, signals and accesses directly after those of
// the instruction before it. So encodeTables(decodeTables(bytes)) == bytes, and
// the memory that decoding takes is linear in the size of the file.
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

using namespace amk;
using namespace amk::schedule;

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tables are little endian and are read in place"
#endif

static uint64_t align8(uint64_t value) { return (value + 7) & ~uint64_t(7); }

namespace {

/// Checks that the arrays make sense together; `file` begins every message.
class TableChecker {
public:
  TableChecker(const Tables &tables, const std::string &file)
      : t(tables), file(file) {}
  void check();

private:
  [[noreturn]] void bad(const std::string &field, uint64_t found,
                        const std::string &expected) const {
    fail(file,
         field + ": found " + std::to_string(found) + ", expected " + expected);
  }
  void need(bool ok, const char *section, size_t index, const char *field,
            uint64_t found, const std::string &expected) const {
    if (!ok)
      bad(std::string(section) + "[" + std::to_string(index) + "]." + field,
          found, expected);
  }
  void below(const char *section, size_t index, const char *field,
             uint64_t found, uint64_t limit) const {
    if (found >= limit)
      need(false, section, index, field, found,
           "less than " + std::to_string(limit));
  }
  void equal(const char *section, size_t index, const char *field,
             uint64_t found, uint64_t expected) const {
    if (found != expected)
      need(false, section, index, field, found, std::to_string(expected));
  }
  void range(size_t index, const char *beginField, const char *countField,
             uint32_t begin, uint32_t count, uint64_t &next, uint64_t size);

  void checkStrings();
  void checkName(const char *section, size_t index, uint32_t offset);
  void checkSpaces();
  void checkBuffers();
  void checkQueues();
  void checkQueue(size_t index);
  void checkInstructions();
  void checkCounters();
  void checkAccesses();
  void checkLayout(size_t index, const abi::PackSegment &segment);
  void checkSegment(size_t index, const abi::PackSegment &segment);

  const Tables &t;
  const std::string &file;
};

} // namespace

void TableChecker::checkStrings() {
  if (t.strings.empty())
    bad("strings.count", 0, "at least 1");
  if (t.strings.front() != '\0')
    bad("strings[0]", static_cast<unsigned char>(t.strings.front()), "0");
  if (t.strings.back() != '\0')
    bad("strings: last byte", static_cast<unsigned char>(t.strings.back()),
        "0");
}

/// Names go to terminals and are copied per instruction.
void TableChecker::checkName(const char *section, size_t index,
                             uint32_t offset) {
  constexpr size_t maxLength = 255;
  below(section, index, "name", offset, t.strings.size());
  const char *name = t.name(offset);
  const void *end = std::memchr(
      name, '\0', std::min(maxLength + 1, t.strings.size() - offset));
  size_t length = end ? static_cast<const char *>(end) - name : maxLength + 1;
  need(length <= maxLength, section, index, "name", offset,
       "a name of at most " + std::to_string(maxLength) + " bytes");
  for (size_t i = 0; i != length; ++i)
    if (name[i] < 0x20 || name[i] > 0x7e)
      need(false, section, index, "name", offset, "a printable ASCII name");
}

/// Two spaces that stand for the same memory would hide an overlap.
void TableChecker::checkSpaces() {
  bool seen[abi::kNumSpaces] = {};
  for (size_t i = 0; i != t.spaces.size(); ++i) {
    const abi::SpaceInfo &info = t.spaces[i];
    checkName("spaces", i, info.name);
    auto space = static_cast<abi::Space>(info.space);
    bool isShared = space == abi::Space::Shared;
    need(isShared || space == abi::Space::Arena ||
             space == abi::Space::KVCache || space == abi::Space::IO,
         "spaces", i, "space", info.space,
         "0 (arena), 1 (kv), 5 (io) or 7 (shared)");
    need(isShared || !seen[info.space], "spaces", i, "space", info.space,
         "no second one of its kind");
    seen[info.space] = true;
    if (isShared) {
      if (info.worker != abi::kNone)
        below("spaces", i, "worker", info.worker, t.workers);
    } else {
      equal("spaces", i, "worker", info.worker, abi::kNone);
      equal("spaces", i, "ringBytes", info.ringBytes, 0);
    }
    equal("spaces", i, "reserved", info.reserved, 0);
  }
}

void TableChecker::checkBuffers() {
  for (size_t i = 0; i != t.buffers.size(); ++i) {
    const abi::BufferInfo &buffer = t.buffers[i];
    checkName("buffers", i, buffer.name);
    below("buffers", i, "kind", buffer.kind, 3);
    below("buffers", i, "space", buffer.space, t.spaces.size());
    equal("buffers", i, "reserved", buffer.reserved, 0);
  }
}

/// Sorted by worker, then by role; the first of each worker is Compute.
void TableChecker::checkQueue(size_t i) {
  const abi::Queue &queue = t.queues[i];
  auto compute = static_cast<uint32_t>(abi::Role::Compute);
  auto loader = static_cast<uint32_t>(abi::Role::Loader);
  bool isSecond = i != 0 && t.queues[i - 1].role == compute &&
                  t.queues[i - 1].worker == queue.worker;
  uint64_t workerBefore = i != 0 ? t.queues[i - 1].worker : UINT64_MAX;
  if (!isSecond)
    equal("queues", i, "worker", queue.worker, workerBefore + 1);
  equal("queues", i, "role", queue.role, isSecond ? loader : compute);
}

void TableChecker::checkQueues() {
  if (t.workers == 0)
    bad("workers", 0, "at least 1");
  if (t.queues.empty() || t.queues.back().worker + uint64_t(1) != t.workers)
    bad("workers", t.workers, "one more than the last queue's worker");
  uint64_t next = 0;
  for (size_t i = 0; i != t.queues.size(); ++i) {
    checkQueue(i);
    equal("queues", i, "begin", t.queues[i].begin, next);
    next += t.queues[i].count;
    if (next > t.instructions.size())
      need(false, "queues", i, "count", t.queues[i].count,
           "an end of at most " + std::to_string(t.instructions.size()));
  }
  if (next != t.instructions.size())
    bad("instructions.count", t.instructions.size(),
        "the sum of the queues (" + std::to_string(next) + ")");
}

/// [begin, begin + count) of an array of `size`, directly after the last one.
void TableChecker::range(size_t index, const char *beginField,
                         const char *countField, uint32_t begin, uint32_t count,
                         uint64_t &next, uint64_t size) {
  equal("instructions", index, beginField, begin, next);
  next += count;
  if (next > size)
    need(false, "instructions", index, countField, count,
         "an end of at most " + std::to_string(size));
}

void TableChecker::checkInstructions() {
  uint64_t wait = 0, signal = 0, access = 0;
  for (size_t i = 0; i != t.instructions.size(); ++i) {
    const abi::Instruction &in = t.instructions[i];
    checkName("instructions", i, in.name);
    range(i, "waitBegin", "waitCount", in.waitBegin, in.waitCount, wait,
          t.waits.size());
    range(i, "signalBegin", "signalCount", in.signalBegin, in.signalCount,
          signal, t.signals.size());
    range(i, "accessBegin", "accessCount", in.accessBegin, in.accessCount,
          access, t.accesses.size());
    below("instructions", i, "operandCount", in.operandCount,
          abi::kMaxOperands + 1);
    for (uint32_t word : in.reserved)
      equal("instructions", i, "reserved", word, 0);
    for (uint32_t k = in.operandCount; k != abi::kMaxOperands; ++k)
      equal("instructions", i, "operands past operandCount", in.operands[k], 0);
  }
  auto all = [&](const char *section, uint64_t size, uint64_t used) {
    if (size != used)
      bad(std::string(section) + ".count", size,
          "the sum over the instructions (" + std::to_string(used) + ")");
  };
  all("waits", t.waits.size(), wait);
  all("signals", t.signals.size(), signal);
  all("accesses", t.accesses.size(), access);
}

void TableChecker::checkCounters() {
  for (size_t i = 0; i != t.waits.size(); ++i)
    below("waits", i, "counter", t.waits[i].counter, t.counters.size());
  std::vector<uint64_t> perStep(t.counters.size());
  for (size_t i = 0; i != t.signals.size(); ++i) {
    below("signals", i, "counter", t.signals[i].counter, t.counters.size());
    perStep[t.signals[i].counter] += t.signals[i].amount;
  }
  for (size_t i = 0; i != t.counters.size(); ++i) {
    const abi::Counter &counter = t.counters[i];
    checkName("counters", i, counter.name);
    if (counter.perStep != perStep[i])
      need(false, "counters", i, "perStep", counter.perStep,
           "the sum of its signals (" + std::to_string(perStep[i]) + ")");
    below("counters", i, "protocol", counter.protocol, 3);
    auto protocol = static_cast<abi::Protocol>(counter.protocol);
    if (protocol != abi::Protocol::Parity)
      equal("counters", i, "barriers", counter.barriers, 0);
    if (protocol != abi::Protocol::Tag)
      equal("counters", i, "tagBase", counter.tagBase, 0);
  }
}

void TableChecker::checkAccesses() {
  for (size_t i = 0; i != t.accesses.size(); ++i) {
    const abi::Access &access = t.accesses[i];
    below("accesses", i, "buffer", access.buffer, t.buffers.size());
    below("accesses", i, "mode", access.mode, 5);
    auto mode = static_cast<abi::AccessMode>(access.mode);
    if (mode == abi::AccessMode::WriteTagged)
      below("accesses", i, "counter", access.counter, t.counters.size());
    else
      equal("accesses", i, "counter", access.counter, abi::kNone);
    equal("accesses", i, "reserved", access.reserved, 0);
  }
}

void TableChecker::checkLayout(size_t i, const abi::PackSegment &segment) {
  const char *name = "segments";
  equal(name, i, "reserved", segment.reserved, 0);
  auto layout = static_cast<abi::PackLayout>(segment.layout);
  if (layout == abi::PackLayout::RowInterleaved32) {
    equal(name, i, "stageBlocks", segment.stageBlocks, 0);
    return;
  }
  need(segment.stageBlocks >= 1 && segment.stageBlocks <= 32, name, i,
       "stageBlocks", segment.stageBlocks, "1 to 32");
  uint32_t rows = layout == abi::PackLayout::MmaTile4x4 ? 4 : 8;
  equal(name, i, "tileRows", segment.tileRows, rows);
  need(segment.streamOffset % abi::kFragmentBytes == 0, name, i, "streamOffset",
       segment.streamOffset, "a multiple of 512");
  need(segment.bytes % abi::kFragmentBytes == 0, name, i, "bytes",
       segment.bytes, "a multiple of 512");
}

void TableChecker::checkSegment(size_t i, const abi::PackSegment &segment) {
  const char *name = "segments";
  below(name, i, "worker", segment.worker, t.workers);
  below(name, i, "layout", segment.layout, abi::kNumPackLayouts);
  below(name, i, "rowMap", segment.rowMap, abi::kNumPackRows);
  checkLayout(i, segment);
  auto rows = static_cast<abi::PackRows>(segment.rowMap);
  bool isPlain = rows == abi::PackRows::Plain;
  bool isRotary = rows == abi::PackRows::RotaryPairs ||
                  rows == abi::PackRows::RotaryGroups;
  need(segment.tileRows != 0 && (isPlain || segment.tileRows % 2 == 0), name, i,
       "tileRows", segment.tileRows,
       isPlain ? "at least 1" : "even and at least 2");
  uint32_t tensors = isPlain ? 1 : isRotary ? 3 : 2;
  for (uint32_t k = 0; k != 3; ++k)
    need((segment.tensors[k] != abi::kNoTensor) == (k < tensors), name, i,
         "tensors", segment.tensors[k],
         std::to_string(tensors) + " tensors, then none");
  need(isRotary ? segment.headDim != 0 && segment.headDim % 2 == 0
                : segment.headDim == 0,
       name, i, "headDim", segment.headDim,
       isRotary ? "even and at least 2" : "0");
  need(segment.streamOffset % 64 == 0, name, i, "streamOffset",
       segment.streamOffset, "a multiple of 64");
  need(segment.streamOffset + segment.bytes >= segment.bytes, name, i, "bytes",
       segment.bytes, "an end below 2^64");
  need(segment.unitBegin + segment.unitCount >= segment.unitBegin, name, i,
       "unitCount", segment.unitCount, "an end below 2^64");
}

void TableChecker::check() {
  checkStrings();
  checkQueues();
  checkSpaces();
  checkBuffers();
  checkInstructions();
  checkCounters();
  checkAccesses();
  for (size_t i = 0; i != t.segments.size(); ++i)
    checkSegment(i, t.segments[i]);
}

//===----------------------------------------------------------------------===//
// Encode
//===----------------------------------------------------------------------===//

template <typename Array>
static abi::Section append(std::string &out, const Array &array) {
  using Element = typename Array::value_type;
  static_assert(std::is_trivially_copyable_v<Element>);
  out.resize(align8(out.size()));
  abi::Section section{out.size(), array.size()};
  out.append(reinterpret_cast<const char *>(array.data()),
             array.size() * sizeof(Element));
  return section;
}

std::string amk::schedule::encodeTables(const Tables &tables) {
  TableChecker(tables, "tables to encode").check();
  abi::TablesHeader header{};
  std::memcpy(header.magic, abi::kTablesMagic, sizeof(header.magic));
  header.abiVersion = abi::kAbiVersion;
  header.workers = tables.workers;
  header.tagStride = tables.tags.stride;
  header.tagBits = tables.tags.bits;
  header.limitWorkers = tables.limits.workers;
  header.limitSharedBytes = tables.limits.sharedBytes;
  std::string out(sizeof(header), '\0');
  header.spaces = append(out, tables.spaces);
  header.buffers = append(out, tables.buffers);
  header.queues = append(out, tables.queues);
  header.instructions = append(out, tables.instructions);
  header.waits = append(out, tables.waits);
  header.signals = append(out, tables.signals);
  header.accesses = append(out, tables.accesses);
  header.counters = append(out, tables.counters);
  header.segments = append(out, tables.segments);
  header.strings = append(out, tables.strings);
  header.fileBytes = out.size();
  std::memcpy(&out[0], &header, sizeof(header));
  return out;
}

//===----------------------------------------------------------------------===//
// Decode
//===----------------------------------------------------------------------===//

namespace {

/// Copies one section after the other out of the file.
class SectionReader {
public:
  SectionReader(const std::string &bytes, const std::string &file)
      : bytes(bytes), file(file), next(sizeof(abi::TablesHeader)) {}

  template <typename Array>
  void read(const char *name, const abi::Section &section, Array &array) {
    uint64_t size = sizeof(typename Array::value_type);
    uint64_t offset = align8(next);
    if (section.offset != offset)
      fail(file, std::string(name) + ".offset: found " +
                     std::to_string(section.offset) + ", expected " +
                     std::to_string(offset));
    if (offset > bytes.size() || section.count > (bytes.size() - offset) / size)
      fail(file, std::string(name) + ".count: found " +
                     std::to_string(section.count) + " elements of " +
                     std::to_string(size) + " bytes at " +
                     std::to_string(offset) + ", expected an end of at most " +
                     std::to_string(bytes.size()));
    for (uint64_t i = next; i != offset; ++i)
      if (bytes[i] != '\0')
        fail(file, "byte " + std::to_string(i) + " before " + name +
                       ": found padding that is not zero, expected 0");
    array.resize(section.count);
    if (section.count)
      std::memcpy(&array[0], bytes.data() + offset, section.count * size);
    next = offset + section.count * size;
  }

  void finish() {
    if (next != bytes.size())
      fail(file, "found " + std::to_string(bytes.size()) + " bytes, expected " +
                     std::to_string(next));
  }

private:
  const std::string &bytes;
  const std::string &file;
  uint64_t next; ///< the end of what was read
};

} // namespace

Tables amk::schedule::decodeTables(const std::string &bytes,
                                   const std::string &file) {
  abi::TablesHeader header;
  if (bytes.size() < sizeof(header))
    fail(file, "found " + std::to_string(bytes.size()) +
                   " bytes, expected a header of " +
                   std::to_string(sizeof(header)));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, abi::kTablesMagic, sizeof(header.magic)) != 0)
    fail(file, "magic: found other bytes, expected \"" +
                   std::string(abi::kTablesMagic, sizeof(header.magic)) + "\"");
  if (header.abiVersion != abi::kAbiVersion)
    fail(file, "abiVersion: found " + std::to_string(header.abiVersion) +
                   ", expected " + std::to_string(abi::kAbiVersion));
  if (header.fileBytes != bytes.size())
    fail(file, "fileBytes: found " + std::to_string(header.fileBytes) +
                   ", expected " + std::to_string(bytes.size()));
  if (header.reserved != 0)
    fail(file,
         "reserved: found " + std::to_string(header.reserved) + ", expected 0");

  Tables tables;
  tables.workers = header.workers;
  tables.tags = {header.tagStride, header.tagBits};
  tables.limits = {header.limitWorkers, header.limitSharedBytes};
  SectionReader reader(bytes, file);
  reader.read("spaces", header.spaces, tables.spaces);
  reader.read("buffers", header.buffers, tables.buffers);
  reader.read("queues", header.queues, tables.queues);
  reader.read("instructions", header.instructions, tables.instructions);
  reader.read("waits", header.waits, tables.waits);
  reader.read("signals", header.signals, tables.signals);
  reader.read("accesses", header.accesses, tables.accesses);
  reader.read("counters", header.counters, tables.counters);
  reader.read("segments", header.segments, tables.segments);
  reader.read("strings", header.strings, tables.strings);
  reader.finish();
  TableChecker(tables, file).check();
  return tables;
}

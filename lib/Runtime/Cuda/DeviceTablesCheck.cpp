//===- DeviceTablesCheck.cpp - Compares device tables with the verified ---===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the device form the way the kernel does, and asks of every part where
// it comes from in the tables.
//
//===----------------------------------------------------------------------===//

#include "DeviceTables.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"

#include <algorithm>
#include <map>
#include <set>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;
using abi::DeviceInstruction;
using abi::Instruction;

namespace {

class Checker {
public:
  Checker(const DeviceTables &device, const Manifest &manifest,
          const schedule::Tables &tables, const std::string &file)
      : device(device), manifest(manifest), t(tables), file(file) {}
  void run();

private:
  void equal(const char *field, uint64_t found, uint64_t expected) const {
    if (found == expected)
      return;
    fail(file, "device form of instructions[" + std::to_string(index) + "] (" +
                   t.name(t.instructions[index].name) + "): " + field +
                   ": found " + std::to_string(found) + ", expected " +
                   std::to_string(expected));
  }
  void checkWorker(uint32_t worker, const abi::Queue &queue);
  void checkWaits(const DeviceInstruction &found, const Instruction &in);
  void checkSignals(const DeviceInstruction &found, const Instruction &in);
  void checkOperands(const DeviceInstruction &found, const Instruction &in);
  void checkWeightRun(const DeviceInstruction &found,
                      const abi::PackSegment &segment);
  void checkRun(const DeviceInstruction &found, const Instruction &in,
                uint32_t worker);
  bool isLoaders(uint32_t counter) const { return loaders.count(counter); }
  bool isTag(uint32_t counter) const {
    return t.counters[counter].protocol == uint32_t(abi::Protocol::Tag);
  }

  const DeviceTables &device;
  const Manifest &manifest;
  const schedule::Tables &t;
  const std::string &file;
  std::set<uint32_t> loaders; ///< counters that a loader uses
  /// By worker and streamOffset.
  std::map<std::pair<uint32_t, uint64_t>, const abi::PackSegment *> segments;
  uint32_t index = 0;         ///< of the instruction in the tables
  // Of the worker in hand.
  std::vector<uint64_t> caches; ///< begins of its KV runs' buffers, sorted
  std::set<uint32_t> tagsSeen;
  uint64_t streamEnd = 0; ///< of its weight runs so far
};

} // namespace

void Checker::checkWaits(const DeviceInstruction &found,
                         const Instruction &in) {
  uint32_t waits = 0, tags = 0;
  bool residual = false;
  for (uint32_t i = 0; i != in.waitCount; ++i) {
    const abi::Wait &wait = t.waits[in.waitBegin + i];
    if (isLoaders(wait.counter))
      continue; // the ring's barriers; checkRun() asks for the run
    if (isTag(wait.counter)) {
      equal("tags waited for", tags < abi::kDeviceTagInputs, 1);
      equal("tagIn", found.tagIn[tags], t.counters[wait.counter].tagBase);
      bool isFirst = tagsSeen.insert(wait.counter).second;
      residual = tags + waits != 0 && !isFirst; // the input comes first
      ++tags;
      continue;
    }
    residual = false;
    equal("counters waited for", waits < abi::kDeviceWaits, 1);
    const abi::DeviceWait &slot = found.waits[waits++];
    equal("waits.counter", slot.counter, wait.counter);
    equal("waits.threshold", static_cast<uint32_t>(slot.threshold),
          static_cast<uint32_t>(wait.threshold));
    equal("waits.perStep", slot.perStep, t.counters[wait.counter].perStep);
  }
  equal("flag counter waits", (found.flags & abi::kCounterWaits) != 0,
        waits != 0);
  equal("flag residual polled", (found.flags & abi::kResidualPolled) != 0,
        residual);
  for (; waits != abi::kDeviceWaits; ++waits)
    equal("waits.counter", found.waits[waits].counter, abi::kNone);
  for (; tags != abi::kDeviceTagInputs; ++tags)
    equal("tagIn", found.tagIn[tags], 0);
}

void Checker::checkSignals(const DeviceInstruction &found,
                           const Instruction &in) {
  uint64_t tag = 0;
  uint32_t counter = abi::kNone, amount = 0;
  for (uint32_t i = 0; i != in.signalCount; ++i) {
    const abi::Signal &signal = t.signals[in.signalBegin + i];
    if (isLoaders(signal.counter))
      continue;
    if (isTag(signal.counter)) {
      tag = t.counters[signal.counter].tagBase;
      equal("tagOut", found.tagOut, tag);
    } else {
      equal("counters signalled", counter == abi::kNone, 1);
      counter = signal.counter;
      amount = signal.amount;
    }
  }
  equal("tagOut", found.tagOut, tag);
  equal("signalCounter", found.signalCounter, counter);
  equal("signalAmount", found.signalAmount, amount);
  equal("flag counter signals", (found.flags & abi::kCounterSignals) != 0,
        counter != abi::kNone);
}

void Checker::checkOperands(const DeviceInstruction &found,
                            const Instruction &in) {
  const std::vector<OperandKind> &kinds =
      manifest.gpu->bodies[in.body].operands;
  equal("operands", kinds.size(), in.operandCount);
  for (uint32_t i = 0; i != in.operandCount; ++i) {
    uint64_t value = found.operands[i];
    switch (kinds[i]) {
    case OperandKind::Arena:
    case OperandKind::Constant:
      value *= abi::kOperandUnit;
      break;
    case OperandKind::Stream:
      value *= abi::kOperandUnit;
      equal("stream operand, begin of the run", value,
            uint64_t(found.runOffset) * abi::kFragmentBytes);
      break;
    case OperandKind::KVCache: {
      value *= abi::kOperandUnit;
      equal("operand into the cache, within a run",
            device.kvRunBytes ? value % device.kvRunBytes : 1, 0);
      uint64_t run = value / device.kvRunBytes;
      equal("operand into the cache, below the worker's runs",
            run < caches.size(), 1);
      value = caches[run];
      break;
    }
    case OperandKind::Integer:
    case OperandKind::External:
    case OperandKind::IO:
    case OperandKind::Split:
      break;
    }
    equal("operands", value, in.operands[i]);
  }
  for (uint32_t i = in.operandCount; i != abi::kMaxOperands; ++i)
    equal("operands past the last", found.operands[i], 0);
}

/// Bytes are copied for each tile and stage.
void Checker::checkWeightRun(const DeviceInstruction &found,
                             const abi::PackSegment &segment) {
  bool isPlain = segment.rowMap == uint32_t(abi::PackRows::Plain);
  uint64_t units = segment.tileRows / (isPlain ? 1 : 2);
  uint64_t tiles = (segment.unitCount + units - 1) / units;
  uint64_t bytes = found.stageBytes, copies = segment.bytes / tiles / bytes;
  equal("bytes of the run", tiles * copies * bytes, segment.bytes);
  // Tiles of two copies share stages as far as there is room.
  uint64_t fit =
      std::min<uint64_t>(manifest.gpu->stageBytes / bytes, gpu::kMaxStageTiles);
  equal("stageTiles", found.stageTiles, copies == 2 ? fit : 1);
  equal("lastTiles",
        (found.stageCount - 2) / 2 * found.stageTiles + found.lastTiles,
        tiles * copies / 2);
}

void Checker::checkRun(const DeviceInstruction &found, const Instruction &in,
                       uint32_t worker) {
  bool isKV = in.stageCount == 0 && in.stageBytes != 0;
  equal("flag weight run", (found.flags & abi::kWeightRun) != 0,
        in.stageCount != 0);
  equal("flag KV run", (found.flags & abi::kKVRun) != 0, isKV);
  equal("stageBytes", found.stageBytes, in.stageBytes);
  uint64_t offset = uint64_t(found.runOffset) * abi::kFragmentBytes;
  if (!isKV) {
    equal("stageCount", found.stageCount, in.stageCount);
    if (in.stageCount == 0) {
      equal("runOffset", found.runOffset, 0);
      equal("stageTiles and lastTiles", found.stageTiles | found.lastTiles, 0);
      return;
    }
    // One of the worker's segments, and behind those of the runs before.
    auto it = segments.find({worker, offset});
    equal("runOffset, begin of a segment", it != segments.end(), 1);
    checkWeightRun(found, *it->second);
    equal("runOffset, behind the run before", offset >= streamEnd, 1);
    streamEnd = offset + it->second->bytes;
    return;
  }
  equal("stageTiles and lastTiles", found.stageTiles | found.lastTiles, 0);
  equal("splits", found.stageCount >> 16, manifest.gpu->kvSplits);
  const std::vector<OperandKind> &kinds =
      manifest.gpu->bodies[in.body].operands;
  for (uint32_t i = 0; i != in.operandCount; ++i) {
    if (kinds[i] == OperandKind::Split)
      equal("split", found.stageCount & 0xffff, in.operands[i]);
    if (kinds[i] == OperandKind::KVCache)
      equal("runOffset", offset,
            uint64_t(found.operands[i]) * abi::kOperandUnit);
  }
}

void Checker::checkWorker(uint32_t worker, const abi::Queue &queue) {
  const DeviceTables::Worker &range = device.workers[worker];
  caches.clear();
  tagsSeen.clear();
  streamEnd = 0;
  uint64_t runs = 0;
  for (uint32_t i = queue.begin; i != queue.begin + queue.count; ++i) {
    const Instruction &in = t.instructions[i];
    if (in.stageCount != 0 || in.stageBytes == 0)
      continue;
    ++runs;
    const std::vector<OperandKind> &kinds =
        manifest.gpu->bodies[in.body].operands;
    for (size_t k = 0; k != kinds.size(); ++k)
      if (kinds[k] == OperandKind::KVCache)
        caches.push_back(in.operands[k]);
  }
  std::sort(caches.begin(), caches.end());
  index = queue.begin;
  equal("count of the worker's instructions", range.count, queue.count);
  equal("KV runs of the worker", range.kvRuns, runs);
  equal("end of the worker's instructions",
        uint64_t(range.begin) + range.count <= device.instructions.size(), 1);
  for (uint32_t k = 0; k != queue.count; ++k) {
    index = queue.begin + k;
    const DeviceInstruction &found = device.instructions[range.begin + k];
    const Instruction &in = t.instructions[index];
    equal("index", found.index, index);
    equal("body", found.body, in.body);
    equal("flags, unknown",
          found.flags & ~(abi::kWeightRun | abi::kKVRun | abi::kCounterWaits |
                          abi::kCounterSignals | abi::kResidualPolled),
          0);
    checkWaits(found, in);
    checkSignals(found, in);
    checkOperands(found, in);
    checkRun(found, in, worker);
  }
}

void Checker::run() {
  for (const abi::Queue &queue : t.queues)
    for (uint32_t i = queue.begin; queue.role == uint32_t(abi::Role::Loader) &&
                                   i != queue.begin + queue.count;
         ++i) {
      const Instruction &in = t.instructions[i];
      for (uint32_t w = 0; w != in.waitCount; ++w)
        loaders.insert(t.waits[in.waitBegin + w].counter);
      for (uint32_t s = 0; s != in.signalCount; ++s)
        loaders.insert(t.signals[in.signalBegin + s].counter);
    }
  for (const abi::PackSegment &segment : t.segments)
    segments[{segment.worker, segment.streamOffset}] = &segment;
  if (device.workers.size() != t.workers)
    fail(file, "device form: workers: found " +
                   std::to_string(device.workers.size()) + ", expected " +
                   std::to_string(t.workers));
  for (const abi::Queue &queue : t.queues)
    if (queue.role == uint32_t(abi::Role::Compute))
      checkWorker(queue.worker, queue);
}

void cuda::checkDeviceTables(const DeviceTables &device,
                             const Manifest &manifest,
                             const schedule::Tables &tables,
                             const std::string &file) {
  Checker(device, manifest, tables, file).run();
}

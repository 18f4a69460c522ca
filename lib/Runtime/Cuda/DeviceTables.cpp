//===- DeviceTables.cpp - The tables as the GPU kernel reads them ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceTables.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"

#include <algorithm>
#include <iterator>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;
using abi::DeviceInstruction;
using abi::Instruction;

static bool isKVRun(const Instruction &in) {
  return in.stageCount == 0 && in.stageBytes != 0;
}

static const Instruction *firstKVRun(const schedule::Tables &tables) {
  auto it = std::find_if(tables.instructions.begin(), tables.instructions.end(),
                         isKVRun);
  return it == tables.instructions.end() ? nullptr : &*it;
}

namespace {

class Encoder {
public:
  Encoder(const Manifest &manifest, const schedule::Tables &tables,
          const std::string &file)
      : manifest(manifest), gpu(*manifest.gpu), t(tables), file(file) {}
  DeviceTables run(uint64_t context);

private:
  /// The two counters that order a worker's loads of the cache and its appends
  /// (docs/GpuKernel.md, 6.2). They are no memory on the device.
  struct KVCounters {
    uint32_t loaded = abi::kNone, appended = abi::kNone;
  };

  [[noreturn]] void refuse(const std::string &field, uint64_t found,
                           const std::string &expected) const {
    const Instruction &in = t.instructions[current];
    fail(file, "instructions[" + std::to_string(current) + "] (" +
                   t.name(in.name) + "): " + field + ": found " +
                   std::to_string(found) + ", expected " + expected);
  }
  /// Unless `ok`; the texts are built only then.
  void need(bool ok, const char *field, uint64_t found,
            const char *expected) const {
    if (!ok)
      refuse(field, found, expected);
  }

  void checkFormat();
  void findModelCounters();
  void encodeWorker(size_t queue, DeviceTables &out);
  KVCounters checkLoader(const abi::Queue *loader, uint32_t kvRuns);
  DeviceInstruction encode(const Instruction &in);
  void encodeWaits(const Instruction &in, DeviceInstruction &out);
  void encodeSignals(const Instruction &in, DeviceInstruction &out);
  void encodeOperands(const Instruction &in, DeviceInstruction &out);
  void encodeWeightRun(const Instruction &in, DeviceInstruction &out);
  void encodeKVRun(const Instruction &in, DeviceInstruction &out);
  uint64_t kvBuffer(const Instruction &in, uint64_t offset);

  const Manifest &manifest;
  const GpuTargetInfo &gpu;
  const schedule::Tables &t;
  const std::string &file;
  std::vector<bool> isModelCounter;
  uint64_t runBytes = 0, maxRunBytes = 0;
  uint32_t blockBytes = 0; ///< of all KV runs
  uint32_t current = 0; ///< instruction

  // Of the worker in hand.
  std::vector<const abi::PackSegment *> segments; ///< in the stream's order
  std::vector<uint64_t> kvOffsets; ///< of its KV runs' buffers, sorted
  KVCounters kv;
  uint32_t runs = 0, kvRuns = 0; ///< encoded so far
  std::vector<uint32_t> polled;  ///< Tag counters that were waited for
};

} // namespace

void Encoder::checkFormat() {
  bool hasTags = std::any_of(
      t.counters.begin(), t.counters.end(), [](const abi::Counter &counter) {
        return counter.protocol == uint32_t(abi::Protocol::Tag);
      });
  if (hasTags && t.tags.bits != 32)
    fail(file, "tagBits: found " + std::to_string(t.tags.bits) +
                   ", expected 32: words of this kernel carry so many");
  for (size_t i = 0; i < t.counters.size(); ++i) {
    const abi::Counter &counter = t.counters[i];
    std::string where = "counters[" + std::to_string(i) + "] (" +
                        t.name(counter.name) + "): ";
    auto protocol = static_cast<abi::Protocol>(counter.protocol);
    if (protocol == abi::Protocol::Parity)
      fail(file, where + "protocol: found 2 (parity), expected 0 or 1: the "
                         "kernel has no others between tasks");
    // Tag 0 is what memory holds that nothing has written.
    if (protocol == abi::Protocol::Tag &&
        (counter.tagBase == 0 || counter.tagBase >= t.tags.stride))
      fail(file, where + "tagBase: found " + std::to_string(counter.tagBase) +
                     ", expected 1 to " + std::to_string(t.tags.stride - 1));
  }
}

void Encoder::findModelCounters() {
  isModelCounter.resize(t.counters.size());
  for (const abi::Queue &queue : t.queues) {
    if (queue.role != uint32_t(abi::Role::Loader))
      continue;
    for (uint32_t i = queue.begin; i != queue.begin + queue.count; ++i) {
      const Instruction &in = t.instructions[i];
      for (uint32_t w = 0; w != in.waitCount; ++w)
        isModelCounter[t.waits[in.waitBegin + w].counter] = true;
      for (uint32_t s = 0; s != in.signalCount; ++s)
        isModelCounter[t.signals[in.signalBegin + s].counter] = true;
    }
  }
}

/// A loader has one action for each KV run of its worker: it waits for this
/// run's append of the step before and says that the blocks are there.
Encoder::KVCounters Encoder::checkLoader(const abi::Queue *loader,
                                         uint32_t kvRuns) {
  KVCounters counters;
  uint32_t actions = loader ? loader->count : 0;
  if (actions != kvRuns)
    refuse("loader actions of its worker", actions,
           std::to_string(kvRuns) + ", one for each KV run");
  for (uint32_t j = 0; j != actions; ++j) {
    current = loader->begin + j;
    const Instruction &in = t.instructions[current];
    need(in.waitCount == 1, "waitCount", in.waitCount, "1 of a loader");
    need(in.signalCount == 1, "signalCount", in.signalCount, "1 of a loader");
    const abi::Wait &wait = t.waits[in.waitBegin];
    const abi::Signal &signal = t.signals[in.signalBegin];
    if (j == 0)
      counters = {signal.counter, wait.counter};
    need(wait.counter == counters.appended, "wait", wait.counter,
         "the counter that the worker's loader waited for before");
    need(signal.counter == counters.loaded, "signal", signal.counter,
         "the counter that the worker's loader signalled before");
    for (uint32_t counter : {counters.appended, counters.loaded})
      need(t.counters[counter].protocol == uint32_t(abi::Protocol::Release),
           "protocol", t.counters[counter].protocol, "0 (release)");
    if (wait.threshold != int64_t(j) + 1 - kvRuns)
      fail(file, "instructions[" + std::to_string(current) + "] (" +
                     t.name(in.name) + "): threshold: found " +
                     std::to_string(wait.threshold) + ", expected " +
                     std::to_string(int64_t(j) + 1 - kvRuns));
    need(signal.amount == 1, "amount", signal.amount, "1");
    need(counters.loaded != counters.appended, "signal", signal.counter,
         "another counter than it waits for");
  }
  return counters;
}

void Encoder::encodeWaits(const Instruction &in, DeviceInstruction &out) {
  uint32_t waits = 0, tags = 0, loads = 0;
  bool isResidualPolled = false;
  for (abi::DeviceWait &wait : out.waits)
    wait.counter = abi::kNone;
  for (uint32_t i = 0; i != in.waitCount; ++i) {
    const abi::Wait &wait = t.waits[in.waitBegin + i];
    const abi::Counter &counter = t.counters[wait.counter];
    if (isModelCounter[wait.counter]) {
      need(isKVRun(in) && wait.counter == kv.loaded, "wait", wait.counter,
           "no counter of a loader but for the task's own KV run");
      need(wait.threshold == int32_t(kvRuns + 1), "threshold", wait.threshold,
           "the number of the worker's KV runs up to this one");
      ++loads;
    } else if (counter.protocol == uint32_t(abi::Protocol::Tag)) {
      need(tags < abi::kDeviceTagInputs, "waits for tags", tags + 1,
           "at most 2");
      need(wait.threshold == int64_t(counter.perStep), "threshold",
           wait.threshold, "the counter's perStep, as it is a tag");
      bool again = std::find(polled.begin(), polled.end(), wait.counter) !=
                   polled.end();
      isResidualPolled = again && tags + waits != 0; // the input comes first
      if (!again)
        polled.push_back(wait.counter);
      out.tagIn[tags++] = static_cast<uint32_t>(counter.tagBase);
    } else {
      need(waits < abi::kDeviceWaits, "waits for counters", waits + 1,
           "at most 2");
      out.waits[waits++] = {wait.counter, wait.threshold, counter.perStep};
      out.flags |= abi::kCounterWaits;
      isResidualPolled = false;
    }
  }
  if (isResidualPolled)
    out.flags |= abi::kResidualPolled;
  need(loads == isKVRun(in), "waits for the loader", loads,
       "1 with a KV run, else 0");
}

void Encoder::encodeSignals(const Instruction &in, DeviceInstruction &out) {
  uint32_t appends = 0;
  out.signalCounter = abi::kNone;
  for (uint32_t i = 0; i != in.signalCount; ++i) {
    const abi::Signal &signal = t.signals[in.signalBegin + i];
    const abi::Counter &counter = t.counters[signal.counter];
    if (isModelCounter[signal.counter]) {
      need(isKVRun(in) && signal.counter == kv.appended, "signal",
           signal.counter,
           "no counter of a loader but for the task's own KV run");
      need(signal.amount == 1, "amount", signal.amount, "1");
      ++appends;
    } else if (counter.protocol == uint32_t(abi::Protocol::Tag)) {
      need(out.tagOut == 0 || out.tagOut == counter.tagBase, "tagBase",
           counter.tagBase, "that of the other tags that it signals");
      out.tagOut = static_cast<uint32_t>(counter.tagBase);
    } else {
      need(out.signalCounter == abi::kNone, "signals of counters", 2,
           "at most 1");
      out.signalCounter = signal.counter;
      out.signalAmount = signal.amount;
      out.flags |= abi::kCounterSignals;
    }
  }
  need(appends == isKVRun(in), "signals to the loader", appends,
       "1 with a KV run, else 0");
}

/// The KV run's buffer at `offset` of the cache: which of the worker's it is.
uint64_t Encoder::kvBuffer(const Instruction &in, uint64_t offset) {
  for (uint32_t i = 0; i != in.accessCount; ++i) {
    const abi::Access &access = t.accesses[in.accessBegin + i];
    const abi::BufferInfo &buffer = t.buffers[access.buffer];
    if (t.spaces[buffer.space].space != uint32_t(abi::Space::KVCache) ||
        buffer.offset != offset ||
        access.mode != uint32_t(abi::AccessMode::Write))
      continue;
    need(buffer.bytes == maxRunBytes, "bytes of its KV buffer", buffer.bytes,
         "what max_context, kv_block and kv_splits make of its blocks");
    return offset;
  }
  refuse("kv operand", offset,
         "the begin of a buffer in the cache that the task writes");
}

void Encoder::encodeOperands(const Instruction &in, DeviceInstruction &out) {
  const std::vector<OperandKind> &kinds = gpu.bodies[in.body].operands;
  need(in.operandCount == kinds.size(), "operandCount", in.operandCount,
       "as many as the manifest says of its body");
  for (uint32_t i = 0; i != in.operandCount; ++i) {
    uint64_t value = in.operands[i], limit = uint64_t(UINT32_MAX) + 1;
    uint64_t unit = 1;
    switch (kinds[i]) {
    case OperandKind::Integer:
    case OperandKind::IO:
      break;
    case OperandKind::Split:
      limit = gpu.kvSplits;
      break;
    case OperandKind::External:
      limit = manifest.externals.size();
      break;
    case OperandKind::Arena:
      limit = manifest.memory.arenaBytes;
      unit = abi::kOperandUnit;
      break;
    case OperandKind::Constant:
      limit = manifest.memory.constantBytes;
      unit = abi::kOperandUnit;
      break;
    case OperandKind::Stream:
      need(in.stageCount != 0 && runs < segments.size(), "stream operand",
           value, "none without a weight run");
      need(value == segments[runs]->streamOffset, "stream operand", value,
           "streamOffset of the worker's next segment");
      limit = UINT64_MAX;
      unit = abi::kOperandUnit;
      break;
    case OperandKind::KVCache: {
      need(isKVRun(in), "kv operand", value, "none without a KV run");
      auto it = std::lower_bound(kvOffsets.begin(), kvOffsets.end(),
                                 kvBuffer(in, value));
      value = (it - kvOffsets.begin()) * runBytes;
      limit = UINT64_MAX;
      unit = abi::kOperandUnit;
      break;
    }
    }
    std::string field = "operands[" + std::to_string(i) + "]";
    if (value >= limit)
      refuse(field, value, "less than " + std::to_string(limit));
    if (value % unit != 0 || value / unit > UINT32_MAX)
      refuse(field, value, "a multiple of 16 below 2^36");
    out.operands[i] = static_cast<uint32_t>(value / unit);
  }
}

void Encoder::encodeWeightRun(const Instruction &in, DeviceInstruction &out) {
  need(runs < segments.size(), "weight runs of its worker", runs + 1,
       "as many as the worker has segments");
  const abi::PackSegment &segment = *segments[runs++];
  auto layout = static_cast<abi::PackLayout>(segment.layout);
  need(gpu::blockColumns(layout) != 0, "layout of its segment", segment.layout,
       "one of fragment blocks");
  need(segment.stageBlocks * uint64_t(abi::kFragmentBytes) == gpu.stageBytes,
       "stageBlocks of its segment", segment.stageBlocks,
       "stage_bytes of the manifest, in blocks of 512 bytes");
  need(segment.streamOffset % abi::kFragmentBytes == 0 &&
           segment.streamOffset / abi::kFragmentBytes <= UINT32_MAX,
       "streamOffset of its segment", segment.streamOffset,
       "a multiple of 512 below 2^41");
  // The kernel knows the shape at compile time; another number of stages here
  // would leave loader and consumers waiting for each other.
  gpu::RunShape shape = gpu::runShape(
      layout, manifest.tensors[segment.tensors[0]].columns(),
      segment.stageBlocks);
  need(in.stageBytes == shape.stageBytes(), "stageBytes", in.stageBytes,
       "what the columns of its weights make");
  uint64_t tileBytes = shape.panels * shape.tileBytes();
  need(segment.bytes != 0 && segment.bytes % tileBytes == 0,
       "bytes of its segment", segment.bytes, "whole tiles");
  uint64_t tiles = segment.bytes / tileBytes;
  need(in.stageCount == shape.stages(tiles), "stageCount", in.stageCount,
       "what the tiles of its segment make");
  out.flags |= abi::kWeightRun;
  out.stageCount = in.stageCount;
  out.stageBytes = uint16_t(in.stageBytes);
  out.stageTiles = uint8_t(shape.stageTiles);
  out.lastTiles = uint8_t(shape.lastTiles(tiles));
  out.runOffset =
      static_cast<uint32_t>(segment.streamOffset / abi::kFragmentBytes);
}

void Encoder::encodeKVRun(const Instruction &in, DeviceInstruction &out) {
  const std::vector<OperandKind> &kinds = gpu.bodies[in.body].operands;
  auto only = [&](OperandKind kind, const char *name) {
    auto count = std::count(kinds.begin(), kinds.end(), kind);
    need(count == 1, name, count, "1 of a body with a KV run");
    return std::find(kinds.begin(), kinds.end(), kind) - kinds.begin();
  };
  size_t cache = only(OperandKind::KVCache, "kv operands");
  size_t split = only(OperandKind::Split, "split operands");
  need(in.stageBytes <= gpu.stageBytes &&
           in.stageBytes % abi::kFragmentBytes == 0,
       "stageBytes", in.stageBytes,
       "a multiple of 512 up to stage_bytes of the manifest");
  need(in.stageBytes == blockBytes, "stageBytes", in.stageBytes,
       "that of the first KV run");
  out.flags |= abi::kKVRun;
  out.stageCount = gpu.kvSplits << 16 | out.operands[split];
  out.stageBytes = uint16_t(in.stageBytes);
  uint64_t bytes = uint64_t(out.operands[cache]) * abi::kOperandUnit;
  out.runOffset = static_cast<uint32_t>(bytes / abi::kFragmentBytes);
  ++kvRuns;
}

DeviceInstruction Encoder::encode(const Instruction &in) {
  DeviceInstruction out = {};
  need(in.body < gpu.bodies.size(), "body", in.body,
       "one of the bodies in the manifest");
  out.body = static_cast<uint16_t>(in.body);
  out.index = current;
  encodeWaits(in, out);
  encodeSignals(in, out);
  encodeOperands(in, out);
  if (isKVRun(in))
    encodeKVRun(in, out);
  else if (in.stageCount != 0)
    encodeWeightRun(in, out);
  return out;
}

void Encoder::encodeWorker(size_t number, DeviceTables &out) {
  const abi::Queue &queue = t.queues[number];
  const abi::Queue *loader = nullptr;
  if (number + 1 < t.queues.size() &&
      t.queues[number + 1].role == uint32_t(abi::Role::Loader))
    loader = &t.queues[number + 1];
  if (queue.count == 0)
    fail(file, "queues[" + std::to_string(number) +
                   "].count: found 0, expected a task that ends the step");
  segments.clear();
  for (const abi::PackSegment &segment : t.segments)
    if (segment.worker == queue.worker)
      segments.push_back(&segment);
  std::sort(segments.begin(), segments.end(), [](auto *a, auto *b) {
    return a->streamOffset < b->streamOffset;
  });
  kvOffsets.clear();
  for (uint32_t i = queue.begin; i != queue.begin + queue.count; ++i) {
    const Instruction &in = t.instructions[i];
    current = i;
    if (!isKVRun(in))
      continue;
    need(in.body < gpu.bodies.size(), "body", in.body,
         "one of the bodies in the manifest");
    const std::vector<OperandKind> &kinds = gpu.bodies[in.body].operands;
    for (size_t k = 0; k < std::min<size_t>(kinds.size(), in.operandCount); ++k)
      if (kinds[k] == OperandKind::KVCache)
        kvOffsets.push_back(in.operands[k]);
  }
  std::sort(kvOffsets.begin(), kvOffsets.end());
  for (size_t i = 1; i < kvOffsets.size(); ++i)
    need(kvOffsets[i] != kvOffsets[i - 1], "kv operand", kvOffsets[i],
         "no second task of the worker with the same buffer");
  runs = kvRuns = 0;
  polled.clear();
  kv = checkLoader(loader, static_cast<uint32_t>(kvOffsets.size()));
  DeviceTables::Worker worker;
  worker.begin = static_cast<uint32_t>(out.instructions.size());
  worker.count = queue.count;
  for (uint32_t i = 0; i != queue.count; ++i) {
    current = queue.begin + i;
    out.instructions.push_back(encode(t.instructions[current]));
  }
  need(runs == segments.size(), "segments of its worker", segments.size(),
       "as many as its weight runs");
  need(t.instructions[current].body == t.instructions[t.queues[0].begin +
                                                      t.queues[0].count - 1]
                                           .body,
       "body", t.instructions[current].body,
       "that of worker 0's last task, which ends the step");
  worker.kvRuns = kvRuns;
  out.workers.push_back(worker);
}

DeviceTables Encoder::run(uint64_t context) {
  checkFormat();
  findModelCounters();
  DeviceTables out;
  runBytes = out.kvRunBytes = cuda::kvRunBytes(manifest, t, context);
  maxRunBytes = cuda::kvRunBytes(manifest, t, manifest.model.maxContext);
  if (const Instruction *first = firstKVRun(t))
    blockBytes = first->stageBytes;
  for (size_t i = 0; i < t.queues.size(); ++i)
    if (t.queues[i].role == uint32_t(abi::Role::Compute))
      encodeWorker(i, out);
  return out;
}

uint64_t cuda::kvRunBytes(const Manifest &manifest,
                          const schedule::Tables &tables, uint64_t context) {
  const Instruction *first = firstKVRun(tables);
  if (!first || manifest.gpu->kvSplits == 0)
    return 0;
  uint64_t blocks = gpu::ceilDiv(context, manifest.gpu->kvBlock);
  return gpu::ceilDiv(blocks, manifest.gpu->kvSplits) * first->stageBytes;
}

DeviceTables cuda::encodeDeviceTables(const Manifest &manifest,
                                      const schedule::Tables &tables,
                                      uint64_t context,
                                      const std::string &file) {
  return Encoder(manifest, tables, file).run(context);
}

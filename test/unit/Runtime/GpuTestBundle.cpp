//===- GpuTestBundle.cpp - A bundle for a GPU, and its kernel -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuTestBundle.h"
#include "amk/Support/GpuLayout.h"
#include "amk/Support/Hash.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

using namespace amk;
using namespace amk::test;
using nlohmann::json;
using abi::AccessMode;

namespace {
enum : uint32_t { kArena, kKV, kIO }; // spaces, then one for each worker
enum : uint32_t { kX, kY, kLogits, kToken, kControl, kOwn }; // buffers
enum : uint32_t { kTagX, kTagY, kOwnCounters };              // counters
enum : uint32_t { kTable, kNorm, kWeights };                 // tensors

constexpr uint64_t kBlockBytes = 512, kRunBytes = 2 * kBlockBytes;
constexpr uint32_t kSplits = 2, kStride = 4;
constexpr uint32_t kWordBytes = 8;
} // namespace

static abi::Access access(uint32_t buffer, AccessMode mode, uint64_t offset,
                          uint64_t bytes, uint32_t counter = abi::kNone) {
  return {buffer, uint32_t(mode), counter, 0, offset, 1, bytes, bytes};
}

uint32_t GpuTestBundle::name(const std::string &text) {
  return addString(tables, text);
}

uint32_t GpuTestBundle::counter(const std::string &text,
                                abi::Protocol protocol, uint64_t tagBase) {
  tables.counters.push_back({0, name(text), uint32_t(protocol), 0, tagBase});
  return tables.counters.size() - 1;
}

void GpuTestBundle::add(const std::string &text, uint32_t body,
                        std::vector<uint64_t> operands,
                        std::vector<abi::Wait> waits,
                        std::vector<abi::Signal> signals,
                        std::vector<abi::Access> accesses) {
  addInstruction(tables, text, body, operands, waits, signals, accesses);
  for (const abi::Signal &signal : signals)
    tables.counters[signal.counter].perStep += signal.amount;
}

void GpuTestBundle::buildMemory() {
  using abi::BufferKind;
  auto space = [&](const std::string &text, abi::Space space, uint64_t bytes,
                   uint32_t worker = abi::kNone) {
    tables.spaces.push_back({name(text), uint32_t(space), bytes, 0, worker, 0});
  };
  auto buffer = [&](const std::string &text, BufferKind kind, uint32_t space,
                    uint64_t offset, uint64_t bytes) {
    tables.buffers.push_back(
        {name(text), uint32_t(kind), space, 0, offset, bytes});
  };
  uint64_t words = kWorkers * kWordBytes;
  space("arena", abi::Space::Arena, 2 * words);
  space("kv", abi::Space::KVCache, kWorkers * kRunBytes);
  space("io", abi::Space::IO, abi::IOLayout::kLogits + 4 * kVocab);
  buffer("x", BufferKind::Scratch, kArena, 0, words);
  buffer("y", BufferKind::Scratch, kArena, words, words);
  buffer("logits", BufferKind::Output, kIO, abi::IOLayout::kLogits, 4 * kVocab);
  buffer("token", BufferKind::Carried, kIO, abi::IOLayout::kToken, 4);
  buffer("control", BufferKind::Carried, kIO, abi::IOLayout::kControl, 4);
  for (uint32_t w = 0; w < kWorkers; ++w) {
    std::string own = "[" + std::to_string(w) + "]";
    space("shared" + own, abi::Space::Shared, 4, w);
    buffer("kv" + own, BufferKind::Carried, kKV, w * kRunBytes, kRunBytes);
    buffer("own token" + own, BufferKind::Carried, kIO + 1 + w, 0, 4);
  }
}

void GpuTestBundle::buildWorker(uint32_t w) {
  std::string own = "[" + std::to_string(w) + "]";
  uint32_t loaded = kOwnCounters + 2 * w, appended = loaded + 1;
  uint32_t kv = kOwn + 2 * w, token = kv + 1;
  uint64_t words = kWorkers * kWordBytes, word = w * kWordBytes;
  int32_t all = kWorkers;
  uint32_t begin = tables.instructions.size();
  add("attend" + own, kAttend, {w * kRunBytes, w % kSplits, 0, w},
      {{loaded, 1}}, {{kTagX, 1}, {appended, 1}},
      {access(token, AccessMode::ReadPrevious, 0, 4),
       access(kv, AccessMode::Write, 0, kRunBytes),
       access(kX, AccessMode::WriteTagged, word, kWordBytes, kTagX)});
  tables.instructions.back().stageBytes = kBlockBytes;
  add("mix" + own, kMix, {0, words, 0, w}, {{kTagX, all}}, {{kTagY, 1}},
      {access(kY, AccessMode::WriteTagged, word, kWordBytes, kTagY)});
  tables.instructions.back().stageCount = 2;
  tables.instructions.back().stageBytes = abi::kFragmentBytes;
  std::vector<abi::Access> results = {
      access(token, AccessMode::Write, 0, 4)};
  if (w == 0) {
    results.push_back(access(kToken, AccessMode::Write, 0, 4));
    results.push_back(access(kControl, AccessMode::Write, 0, 4));
    results.push_back(access(kLogits, AccessMode::Write, 0, 4 * kVocab));
  }
  add("next" + own, kNext, {words, 0, 0}, {{kTagY, all}}, {}, results);
  tables.queues.push_back({begin, 3, w, uint32_t(abi::Role::Compute)});
  add("load" + own, kNext, {}, {{appended, 0}}, {{loaded, 1}},
      {access(kv, AccessMode::ReadPrevious, 0, kRunBytes)});
  tables.instructions.back().operandCount = 0;
  tables.queues.push_back({begin + 3, 1, w, uint32_t(abi::Role::Loader)});
}

GpuTestBundle::GpuTestBundle() : codeTexts{"ptx"} {
  tensors = {randomTensor("embed.weight", DType::F32, {kVocab, 1}),
             randomTensor("norm.weight", DType::F32, {8}),
             randomTensor("proj.weight", DType::BF16, {8 * kWorkers, 32})};
  float *table = reinterpret_cast<float *>(&tensors[kTable].bytes[0]);
  for (uint32_t i = 0; i < kVocab; ++i)
    table[i] = float((7 * i) % 5);
  reinterpret_cast<float *>(&tensors[kNorm].bytes[0])[0] = 11;
  json list = json::array();
  for (const TensorData &tensor : tensors)
    list.push_back({{"name", tensor.spec.name},
                    {"dtype", std::string(dtypeName(tensor.spec.dtype))},
                    {"shape", tensor.spec.shape}});
  json bodies = {
      {{"name", "attend"},
       {"operands", {"kv", "split", "external", "integer"}}},
      {{"name", "mix"},
       {"operands", {"arena", "arena", "constant", "integer"}}},
      {{"name", "next"}, {"operands", {"arena", "io", "io"}}}};
  manifest = {
      {"format", "amk-bundle"},
      {"version", runtime::kBundleVersion},
      {"amk_version", "0.1.0"},
      {"model",
       {{"family", "test"},
        {"vocab_size", kVocab},
        {"hidden_size", 8},
        {"layers", 1},
        {"max_context", kContext},
        {"eos_token_ids", json::array()}}},
      {"target",
       {{"kind", "cuda"},
        {"workers", kWorkers},
        {"stage_bytes", 16384},
        {"kv_splits", kSplits},
        {"kv_block", 16},
        {"bodies", bodies}}},
      {"code",
       {{{"arch", "sm_90a"},
         {"file", "sm_90a.ptx"},
         {"format", "ptx"},
         {"shared_bytes", gpu::sharedBytes(16384, 12)},
         {"registers", 0},
         {"spill_bytes", 0},
         {"stages", 12},
         {"in_flight", 3},
         {"trace", false},
         {"hash", std::string(16, '0')}}}},
      {"tables", {{"file", "tables.bin"}, {"hash", std::string(16, '0')}}},
      {"memory",
       {{"arena_bytes", 2 * kWorkers * kWordBytes},
        {"kv_bytes", kWorkers * kRunBytes},
        {"constant_bytes", 64},
        {"scratch_bytes", 0},
        {"io_bytes", abi::IOLayout::kLogits + 4 * kVocab}}},
      {"constants",
       {{{"kind", "tensor_f32"},
         {"tensor", "norm.weight"},
         {"offset", 0},
         {"count", 8}}}},
      {"external", {"embed.weight"}},
      {"tensors", list}};

  tables.workers = kWorkers;
  tables.strings = std::string(1, '\0');
  tables.tags = {kStride, 32};
  buildMemory();
  counter("x", abi::Protocol::Tag, 1);
  counter("y", abi::Protocol::Tag, 2);
  for (uint32_t w = 0; w < kWorkers; ++w) {
    std::string own = "[" + std::to_string(w) + "]";
    counter("loaded" + own, abi::Protocol::Release);
    counter("appended" + own, abi::Protocol::Release);
  }
  for (uint32_t w = 0; w < kWorkers; ++w) {
    buildWorker(w);
    abi::PackSegment segment{};
    segment.worker = w;
    segment.layout = uint32_t(abi::PackLayout::MmaTile8x2);
    segment.tileRows = 8;
    segment.tensors[0] = kWeights;
    segment.tensors[1] = segment.tensors[2] = abi::kNoTensor;
    segment.stageBlocks = 32;
    segment.unitBegin = 8 * w;
    segment.unitCount = 8;
    segment.bytes = 2 * abi::kFragmentBytes;
    tables.segments.push_back(segment);
  }
}

runtime::Manifest GpuTestBundle::parsed() const {
  return runtime::parseManifest(manifest.dump(), "manifest.json");
}

void GpuTestBundle::write() {
  std::filesystem::create_directories(bundlePath());
  std::string bytes = schedule::encodeTables(tables);
  manifest["tables"]["hash"] = hex64(fnv1a(bytes));
  for (size_t i = 0; i < codeTexts.size(); ++i) {
    manifest["code"][i]["hash"] = hex64(fnv1a(codeTexts[i]));
    writeFile(bundlePath() + "/" +
                  manifest["code"][i]["file"].get<std::string>(),
              codeTexts[i]);
  }
  writeFile(bundlePath() + "/tables.bin", bytes);
  writeFile(bundlePath() + "/manifest.json", manifest.dump(2));
  writeCheckpoint(weightsPath(), tensors);
}

std::vector<int32_t> GpuTestBundle::reference(int32_t token,
                                              uint32_t count) const {
  std::vector<int32_t> ids;
  for (uint32_t n = 0; n < count; ++n) {
    uint32_t sum = 3 * token + 1 + (7 * token) % 5 + 11;
    for (uint32_t w = 0; w < kWorkers; ++w) {
      uint16_t bits; // the first element of the worker's first row
      std::memcpy(&bits, &tensors[kWeights].bytes[w * 8 * 32 * 2], 2);
      sum += bits;
    }
    ids.push_back(token = sum % kVocab);
  }
  return ids;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

template <typename T>
static T *at(uint64_t address) {
  return reinterpret_cast<T *>(address);
}

/// The first packed weight of every worker, found as the loader would.
static uint32_t weightBits(const abi::GpuArgs &args) {
  uint32_t sum = 0;
  for (uint32_t w = 0; w < args.workers; ++w) {
    const auto &queue = at<abi::DeviceQueue>(args.queues)[w];
    const auto *list = at<abi::DeviceInstruction>(queue.instructions);
    for (uint32_t k = 0; k < queue.count; ++k)
      if (list[k].flags & abi::kWeightRun)
        sum += *at<uint16_t>(queue.stream +
                             uint64_t(list[k].runOffset) * abi::kFragmentBytes);
  }
  return sum;
}

void GpuTestKernel::run(const void *parameter) {
  abi::GpuArgs args;
  std::memcpy(&args, parameter, sizeof(args));
  lastArgs = args;
  ++launches;
  auto *control = at<abi::Control>(args.control);
  auto *words = at<uint64_t>(args.hostTokens);
  auto *tokens = at<int32_t>(args.tokens);
  const float *table = at<float>(at<uint64_t>(args.externals)[0]);
  for (uint32_t step = 0; step < args.steps; ++step) {
    uint32_t p = args.startPosition + step;
    std::this_thread::sleep_for(std::chrono::milliseconds(stepMillis.load()));
    if (report.kind != uint32_t(abi::WaitKind::None)) {
      *at<abi::WaitReport>(args.report) = report;
      control->aborted = 1;
      return;
    }
    bool wantsStop = __atomic_load_n(&control->stop, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&control->aborted, __ATOMIC_ACQUIRE))
      return;
    int32_t token = tokens[p];
    // Dummy weights may be negative, which a float may not be as unsigned.
    auto whole = [](float value) {
      return static_cast<uint32_t>(static_cast<int64_t>(value));
    };
    uint32_t sum = 3 * token + 1 + whole(table[token]) +
                   whole(at<float>(args.constants)[0]) + weightBits(args);
    auto next = static_cast<int32_t>(sum % args.vocab);
    if (args.logits) {
      float *row = at<float>(args.logits) + step * args.logitsStride;
      std::fill_n(row, args.vocab, 0.0f);
      row[next] = float(p + 1);
    }
    if (p + 1 < args.promptLength)
      next = tokens[p + 1];
    tokens[p + 1] = next;
    __atomic_store_n(&words[step], uint64_t(1) << 32 | uint32_t(next),
                     __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < args.stopTokenCount; ++i)
      wantsStop |= p + 1 >= args.promptLength &&
                   at<int32_t>(args.stopTokens)[i] == next;
    if (wantsStop)
      return;
  }
}

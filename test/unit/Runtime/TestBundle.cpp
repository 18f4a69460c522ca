//===- TestBundle.cpp - Writes bundles and checkpoints for tests ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "TestKernel.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace amk;
using namespace amk::test;
using namespace amk::runtime;
using nlohmann::json;

static constexpr uint64_t kCellBytes = 64;
static constexpr uint64_t kRowsPerWorker = 6;
static constexpr uint64_t kColumns = 40;
static constexpr uint32_t kTileRows = 4;
/// Two tiles of four rows, K padded to 64, two bytes each.
static constexpr uint64_t kStreamBytes = 2 * 4 * 64 * 2;
enum TensorIndexes : uint32_t { kEmbedding, kNorm, kProjection };

TempDir::TempDir() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "amk-test-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    throw Error(pattern + ": cannot create");
  path = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

void amk::test::writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file)
    throw Error(path + ": cannot write");
}

TensorData amk::test::randomTensor(const std::string &name, DType dtype,
                                   std::vector<int64_t> shape) {
  TensorData tensor{{name, dtype, std::move(shape)}, ""};
  tensor.bytes.resize(tensor.spec.bytes());
  uint64_t stream = fnv1a(name);
  for (size_t i = 0; i < tensor.bytes.size(); ++i)
    // The top exponent bit stays clear: neither infinite nor NaN.
    tensor.bytes[i] = static_cast<char>(mix64(stream + i) & 0x3f);
  return tensor;
}

void amk::test::writeCheckpoint(const std::string &directory,
                                const std::vector<TensorData> &tensors) {
  std::filesystem::create_directories(directory);
  json header = json::object();
  std::string data;
  for (const TensorData &tensor : tensors) {
    header[tensor.spec.name] = {
        {"dtype", std::string(dtypeName(tensor.spec.dtype))},
        {"shape", tensor.spec.shape},
        {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data += tensor.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  uint64_t length = text.size();
  std::string prefix(reinterpret_cast<const char *>(&length), sizeof(length));
  writeFile(directory + "/model.safetensors", prefix + text + data);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

namespace {
enum : uint32_t { kArena, kKV, kIO };                          // spaces
enum : uint32_t { kCells, kCache, kToken, kControl, kLogits }; // buffers
} // namespace

static abi::Access access(uint32_t buffer, abi::AccessMode mode,
                          uint64_t offset, uint64_t bytes) {
  return {buffer, uint32_t(mode), abi::kNone, 0, offset, 1, bytes, bytes};
}

static abi::Access reads(uint32_t buffer, uint64_t offset, uint64_t bytes) {
  return access(buffer, abi::AccessMode::Read, offset, bytes);
}

/// What the step before left there.
static abi::Access readsPrevious(uint32_t buffer, uint64_t bytes) {
  return access(buffer, abi::AccessMode::ReadPrevious, 0, bytes);
}

static abi::Access writes(uint32_t buffer, uint64_t offset, uint64_t bytes) {
  return access(buffer, abi::AccessMode::Write, offset, bytes);
}

uint32_t amk::test::addString(schedule::Tables &tables,
                              const std::string &text) {
  uint32_t offset = tables.strings.size();
  tables.strings += text + '\0';
  return offset;
}

uint32_t TestModel::addCounter(const std::string &name) {
  tables.counters.push_back({1, addString(tables, name), 0, 0, 0});
  return tables.counters.size() - 1;
}

void amk::test::addInstruction(schedule::Tables &tables,
                               const std::string &name, uint32_t body,
                               const std::vector<uint64_t> &operands,
                               const std::vector<abi::Wait> &waits,
                               const std::vector<abi::Signal> &signals,
                               const std::vector<abi::Access> &accesses) {
  abi::Instruction instruction{};
  instruction.body = body;
  instruction.name = addString(tables, name);
  instruction.waitBegin = tables.waits.size();
  instruction.waitCount = waits.size();
  instruction.signalBegin = tables.signals.size();
  instruction.signalCount = signals.size();
  instruction.accessBegin = tables.accesses.size();
  instruction.accessCount = accesses.size();
  instruction.operandCount = operands.size();
  std::copy(operands.begin(), operands.end(), instruction.operands);
  tables.instructions.push_back(instruction);
  auto append = [](auto &to, const auto &from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(tables.waits, waits);
  append(tables.signals, signals);
  append(tables.accesses, accesses);
}

/// Counter w: worker w has written cell w + 1. The last counter: the step is
/// over.
void TestModel::buildWorker(uint32_t worker) {
  uint32_t done = options.workers;
  uint32_t last = options.workers - 1;
  uint64_t kvBytes = manifest["memory"]["kv_bytes"];
  std::string suffix = "[" + std::to_string(worker) + "]";
  abi::Queue queue{};
  queue.worker = worker;
  queue.begin = tables.instructions.size();
  addInstruction(tables, "gate" + suffix, Sleep, {options.sleepMillis},
                 {{done, 0}}, {}, {readsPrevious(kControl, 4)});
  if (worker == 0)
    addInstruction(tables, "embed", Embed, {0}, {}, {},
                   {readsPrevious(kToken, 4), writes(kCells, 0, 4),
                    writes(kCache, 0, kvBytes)});
  std::vector<abi::Wait> waits;
  if (worker > 0 && !options.missingWait)
    waits.push_back({worker - 1, 1});
  bool lost = options.loseSignal && worker == last;
  uint64_t from = worker * kCellBytes, to = from + kCellBytes;
  addInstruction(tables, "mix" + suffix, lost ? Lost : Mix,
                 {from, to, 0, kStreamBytes}, waits, {{worker, 1}},
                 {reads(kCells, from, 4), writes(kCells, to, 4)});
  if (worker == 0)
    addInstruction(tables, "argmax", Argmax,
                   {options.workers * kCellBytes, options.vocab}, {{last, 1}},
                   {{done, 1}},
                   {reads(kCells, options.workers * kCellBytes, 4),
                    reads(kCache, 0, kvBytes),
                    writes(kLogits, 0, options.vocab * sizeof(float)),
                    writes(kToken, 0, 4), writes(kControl, 0, 4)});
  queue.count = tables.instructions.size() - queue.begin;
  tables.queues.push_back(queue);
}

void TestModel::buildMemory() {
  using abi::BufferKind;
  using Layout = abi::IOLayout;
  const nlohmann::json &memory = manifest["memory"];
  auto space = [&](const std::string &name, abi::Space space, uint64_t bytes) {
    tables.spaces.push_back(
        {addString(tables, name), uint32_t(space), bytes, 0, abi::kNone, 0});
  };
  auto buffer = [&](const std::string &name, BufferKind kind, uint32_t space,
                    uint64_t offset, uint64_t bytes) {
    tables.buffers.push_back(
        {addString(tables, name), uint32_t(kind), space, 0, offset, bytes});
  };
  space("arena", abi::Space::Arena, memory["arena_bytes"]);
  space("kv", abi::Space::KVCache, memory["kv_bytes"]);
  space("io", abi::Space::IO, memory["io_bytes"]);
  buffer("cells", BufferKind::Scratch, kArena, 0, memory["arena_bytes"]);
  buffer("cache", BufferKind::Carried, kKV, 0, memory["kv_bytes"]);
  buffer("token", BufferKind::Carried, kIO, Layout::kToken, 4);
  buffer("control", BufferKind::Carried, kIO, Layout::kControl, 4);
  buffer("logits", BufferKind::Output, kIO, Layout::kLogits,
         options.vocab * sizeof(float));
}

void TestModel::buildTables() {
  tables.workers = options.workers;
  tables.strings = std::string(1, '\0');
  buildMemory();
  for (uint32_t worker = 0; worker < options.workers; ++worker)
    addCounter("mixed[" + std::to_string(worker) + "]");
  addCounter("done");
  for (uint32_t worker = 0; worker < options.workers; ++worker) {
    buildWorker(worker);
    abi::PackSegment segment{};
    segment.worker = worker;
    segment.tileRows = kTileRows;
    segment.tensors[0] = kProjection;
    segment.tensors[1] = segment.tensors[2] = abi::kNoTensor;
    segment.unitBegin = worker * kRowsPerWorker;
    segment.unitCount = kRowsPerWorker;
    segment.bytes = kStreamBytes;
    tables.segments.push_back(segment);
  }
}

//===----------------------------------------------------------------------===//
// The rest
//===----------------------------------------------------------------------===//

static void setFloats(TensorData &tensor, float first, float step) {
  auto count = static_cast<int64_t>(tensor.spec.elements());
  for (int64_t i = 0; i < count; ++i) {
    float value = first + step * float(i);
    std::memcpy(tensor.bytes.data() + i * sizeof(value), &value, sizeof(value));
  }
}

void TestModel::buildTensors() {
  tensors = {randomTensor("embed.weight", DType::F32, {options.vocab, 1}),
             randomTensor("norm.weight", DType::F32, {8}),
             randomTensor("proj.weight", DType::BF16,
                          {int64_t(kRowsPerWorker * options.workers),
                           int64_t(kColumns)})};
  setFloats(tensors[kEmbedding], 1, 3);
  setFloats(tensors[kNorm], 7, 1);
}

void TestModel::buildManifest() {
  json list = json::array();
  for (const TensorData &tensor : tensors)
    list.push_back({{"name", tensor.spec.name},
                    {"dtype", std::string(dtypeName(tensor.spec.dtype))},
                    {"shape", tensor.spec.shape}});
  std::string zeros(16, '0');
  manifest = {{"format", "amk-bundle"},
              {"version", kBundleVersion},
              {"amk_version", "0.1.0"},
              {"model",
               {{"family", "test"},
                {"vocab_size", options.vocab},
                {"hidden_size", 8},
                {"layers", 1},
                {"max_context", options.maxContext},
                {"eos_token_ids", options.eos}}},
              {"target", {{"kind", "cpu"}, {"workers", options.workers}}},
              {"code",
               {{{"arch", "test"},
                 {"file", "cpu-test.so"},
                 {"features", json::array()},
                 {"sanitizer", buildSanitizer()},
                 {"hash", zeros}}}},
              {"tables", {{"file", "tables.bin"}, {"hash", zeros}}},
              {"memory",
               {{"arena_bytes", (options.workers + 1) * kCellBytes},
                {"kv_bytes", options.maxContext * sizeof(int32_t)},
                {"constant_bytes", 256},
                {"scratch_bytes", 64},
                {"io_bytes", abi::IOLayout::kLogits + 4 * options.vocab}}},
              {"constants",
               {{{"kind", "tensor_f32"},
                 {"tensor", "norm.weight"},
                 {"offset", 0},
                 {"count", 8}},
                {{"kind", "rotary"},
                 {"offset", 64},
                 {"positions", options.maxContext},
                 {"inv_freq", json::array()},
                 {"scale", 1.0}}}},
              {"external", {"embed.weight"}},
              {"tensors", list}};
  // One frequency needs 8 bytes per position.
  manifest["constants"][1]["inv_freq"].push_back(0.5);
  manifest["memory"]["constant_bytes"] = 64 + 8 * options.maxContext;
}

TestModel::TestModel(const ModelOptions &options) : options(options) {
  buildTensors();
  buildManifest();
  buildTables();
}

void TestModel::write() {
  std::filesystem::create_directories(bundlePath());
  std::string bytes = schedule::encodeTables(tables);
  std::string code =
      readFile(options.oldAbi ? AMK_TEST_KERNEL_OLD_ABI : AMK_TEST_KERNEL);
  manifest["tables"]["hash"] = hex64(fnv1a(bytes));
  manifest["code"][0]["hash"] = hex64(fnv1a(code));
  writeFile(bundlePath() + "/tables.bin", bytes);
  writeFile(bundlePath() + "/cpu-test.so", code);
  writeFile(bundlePath() + "/manifest.json", manifest.dump(2));
  writeCheckpoint(weightsPath(), tensors);
}

std::vector<int32_t> TestModel::reference(std::vector<int32_t> history,
                                          uint32_t count) const {
  size_t prompt = history.size();
  for (uint32_t n = 0; n < count; ++n) {
    uint32_t x = history.back() + (1 + 3 * history.back());
    for (uint32_t worker = 0; worker < options.workers; ++worker) {
      uint64_t bytes = kRowsPerWorker * kColumns * 2;
      uint32_t sum = 0;
      for (uint64_t i = worker * bytes; i < (worker + 1) * bytes; ++i)
        sum += static_cast<uint8_t>(tensors[kProjection].bytes[i]);
      x = x * kMixFactor + sum;
    }
    for (size_t i = 0; i < history.size(); ++i)
      x += (i + 1) * history[i];
    history.push_back((x + 7) % options.vocab);
  }
  return {history.begin() + prompt, history.end()};
}

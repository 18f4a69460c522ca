//===- Manifest.cpp - manifest.json of a bundle ---------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Manifest.h"
#include "amk/Support/Abi.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"
#include "amk/Support/Json.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <unordered_map>

using namespace amk;
using namespace amk::runtime;

namespace {

constexpr size_t kMaxTensors = 1 << 20;
constexpr size_t kMaxConstants = 1 << 16;
constexpr size_t kMaxCodeObjects = 64;
constexpr size_t kMaxStopTokens = 1024;
constexpr size_t kMaxFrequencies = 1 << 14;
constexpr size_t kMaxNameLength = 512;
constexpr int64_t kMaxVocab = 1 << 24;
constexpr int64_t kMaxContext = 1 << 24;
constexpr int64_t kMaxInt32 = 0x7fffffff;

/// An object with exactly these keys, of which the optional ones may lack.
void expectKeys(const JsonView &view,
                std::initializer_list<const char *> required,
                std::initializer_list<const char *> optional = {}) {
  view.expectObject();
  auto contains = [](std::initializer_list<const char *> list,
                     const std::string &key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  for (const std::string &key : view.keys())
    if (!contains(required, key) && !contains(optional, key))
      view.at(key).expected("no such key in a bundle manifest");
  for (const char *key : required)
    (void)view.at(key);
}

void expectArrayOf(const JsonView &view, size_t minSize, size_t maxSize) {
  view.expectArray();
  if (view.size() < minSize || view.size() > maxSize)
    view.expected("between " + std::to_string(minSize) + " and " +
                  std::to_string(maxSize) + " elements");
}

uint64_t asSize(const JsonView &view) {
  return static_cast<uint64_t>(
      view.asInt(0, static_cast<int64_t>(kMaxBytes)));
}

std::string asName(const JsonView &view) {
  std::string name = view.asString();
  bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  if (name.empty() || name.size() > kMaxNameLength || !printable)
    view.expected("a name of 1 to " + std::to_string(kMaxNameLength) +
                  " printable characters");
  return name;
}

/// Letters, digits and "._-+", not hidden: the file cannot leave the bundle.
std::string asPlainFileName(const JsonView &view) {
  std::string name = view.asString();
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
           c == '+';
  });
  if (name.empty() || name.size() > 255 || name[0] == '.' || !plain)
    view.expected("a plain file name");
  return name;
}

std::string asHash(const JsonView &view) {
  std::string hash = view.asString();
  bool hex = std::all_of(hash.begin(), hash.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (hash.size() != 16 || !hex)
    view.expected("16 lower-case hex digits");
  return hash;
}

ModelInfo parseModel(const JsonView &view) {
  expectKeys(view,
             {"family", "vocab_size", "hidden_size", "layers", "max_context",
              "eos_token_ids"},
             {"bos_token_id"});
  ModelInfo model;
  model.family = asName(view.at("family"));
  model.vocabSize = view.at("vocab_size").asInt(1, kMaxVocab);
  model.hiddenSize = view.at("hidden_size").asInt(1, 1 << 24);
  model.layers = view.at("layers").asInt(1, 1 << 16);
  model.maxContext = view.at("max_context").asInt(1, kMaxContext);
  JsonView eos = view.at("eos_token_ids");
  expectArrayOf(eos, 0, kMaxStopTokens);
  for (size_t i = 0; i < eos.size(); ++i)
    model.eosTokenIds.push_back(eos.at(i).asInt(0, kMaxInt32));
  if (view.has("bos_token_id"))
    model.bosTokenId = view.at("bos_token_id").asInt(0, kMaxInt32);
  return model;
}

CodeInfo parseGpuCode(const JsonView &view, uint32_t stageBytes) {
  expectKeys(view, {"arch", "file", "format", "shared_bytes", "registers",
                    "spill_bytes", "stages", "in_flight", "trace", "hash"});
  CodeInfo code;
  code.arch = asName(view.at("arch"));
  code.file = asPlainFileName(view.at("file"));
  code.hash = asHash(view.at("hash"));
  GpuCodeInfo info;
  std::string format = view.at("format").asString();
  if (format != "cubin" && format != "ptx")
    view.at("format").expected("\"cubin\" or \"ptx\"");
  info.format = format == "ptx" ? GpuCodeInfo::Format::Ptx
                               : GpuCodeInfo::Format::Cubin;
  info.stages = view.at("stages").asInt(2, gpu::kMaxStages);
  if (info.stages % 2 != 0)
    view.at("stages").expected("an even number");
  info.inFlight = view.at("in_flight").asInt(1, info.stages);
  info.sharedBytes = view.at("shared_bytes").asInt(0, 1 << 24);
  uint32_t expected = gpu::sharedBytes(stageBytes, info.stages);
  if (info.sharedBytes != expected)
    view.at("shared_bytes")
        .expected(std::to_string(expected) + " (from stages and stage_bytes)");
  info.registers = view.at("registers").asInt(0, 255);
  info.spillBytes = view.at("spill_bytes").asInt(0, 1 << 20);
  info.trace = view.at("trace").asBool();
  code.gpu = info;
  return code;
}

CodeInfo parseCode(const JsonView &view) {
  expectKeys(view, {"arch", "file", "features", "sanitizer", "hash"});
  CodeInfo code;
  code.arch = asName(view.at("arch"));
  code.file = asPlainFileName(view.at("file"));
  JsonView features = view.at("features");
  expectArrayOf(features, 0, 256);
  for (size_t i = 0; i < features.size(); ++i)
    code.features.push_back(asName(features.at(i)));
  code.sanitizer = view.at("sanitizer").asString();
  if (code.sanitizer != "none" && code.sanitizer != "thread" &&
      code.sanitizer != "address")
    view.at("sanitizer").expected("\"none\", \"thread\" or \"address\"");
  code.hash = asHash(view.at("hash"));
  return code;
}

MemoryInfo parseMemory(const JsonView &view, const ModelInfo &model) {
  expectKeys(view, {"arena_bytes", "kv_bytes", "constant_bytes",
                    "scratch_bytes", "io_bytes"});
  MemoryInfo memory;
  memory.arenaBytes = asSize(view.at("arena_bytes"));
  memory.kvBytes = asSize(view.at("kv_bytes"));
  memory.constantBytes = asSize(view.at("constant_bytes"));
  memory.scratchBytes = asSize(view.at("scratch_bytes"));
  memory.ioBytes = asSize(view.at("io_bytes"));
  uint64_t ioBytes =
      abi::IOLayout::kLogits + sizeof(float) * uint64_t(model.vocabSize);
  if (memory.ioBytes != ioBytes)
    view.at("io_bytes").expected(std::to_string(ioBytes) +
                                 " (from vocab_size)");
  return memory;
}

TensorSpec parseTensor(const JsonView &view) {
  expectKeys(view, {"name", "dtype", "shape"});
  TensorSpec tensor;
  tensor.name = asName(view.at("name"));
  std::optional<DType> dtype = dtypeFromName(view.at("dtype").asString());
  if (!dtype)
    view.at("dtype").expected("\"F32\", \"F16\" or \"BF16\"");
  tensor.dtype = *dtype;
  JsonView shape = view.at("shape");
  expectArrayOf(shape, 1, 8);
  uint64_t room = kMaxBytes / byteSize(*dtype);
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t extent = shape.at(i).asInt(1, static_cast<int64_t>(kMaxBytes));
    if (static_cast<uint64_t>(extent) > room)
      shape.expected("at most " + std::to_string(kMaxBytes) + " bytes");
    room /= extent;
    tensor.shape.push_back(extent);
  }
  return tensor;
}

using TensorNames = std::unordered_map<std::string, uint32_t>;

uint32_t parseTensorName(const JsonView &view, const TensorNames &names) {
  auto it = names.find(view.asString());
  if (it == names.end())
    view.expected("the name of an entry of tensors");
  return it->second;
}

void parseRotary(const JsonView &view, ConstantInfo &constant,
                 const ModelInfo &model) {
  expectKeys(view, {"kind", "offset", "positions", "inv_freq", "scale"});
  constant.kind = ConstantInfo::Kind::Rotary;
  constant.positions = view.at("positions").asInt(1, kMaxContext);
  if (constant.positions < model.maxContext)
    view.at("positions")
        .expected("at least max_context " + std::to_string(model.maxContext));
  JsonView invFreq = view.at("inv_freq");
  expectArrayOf(invFreq, 1, kMaxFrequencies);
  auto asFloat = [](const JsonView &number) {
    float value = static_cast<float>(number.asFinite());
    if (!std::isfinite(value))
      number.expected("a number within the range of float32");
    return value;
  };
  for (size_t i = 0; i < invFreq.size(); ++i)
    constant.invFreq.push_back(asFloat(invFreq.at(i)));
  constant.scale = asFloat(view.at("scale"));
}

ConstantInfo parseConstant(const JsonView &view, const Manifest &manifest,
                           const TensorNames &names) {
  view.expectObject();
  ConstantInfo constant;
  std::string kind = view.at("kind").asString();
  if (kind == "tensor_f32") {
    expectKeys(view, {"kind", "tensor", "offset", "count"});
    constant.tensor = parseTensorName(view.at("tensor"), names);
    constant.count = asSize(view.at("count"));
    uint64_t elements = manifest.tensors[constant.tensor].elements();
    if (constant.count != elements)
      view.at("count").expected(std::to_string(elements) +
                                ", the elements of the tensor");
  } else if (kind == "rotary") {
    parseRotary(view, constant, manifest.model);
  } else {
    view.at("kind").expected("\"tensor_f32\" or \"rotary\"");
  }
  constant.offset = asSize(view.at("offset"));
  if (constant.offset % sizeof(float) != 0)
    view.at("offset").expected("a multiple of 4");
  uint64_t limit = manifest.memory.constantBytes;
  if (constant.offset > limit || constant.bytes() > limit - constant.offset)
    view.at("offset").expected(
        "a range of " + std::to_string(constant.bytes()) +
        " bytes inside constant_bytes " + std::to_string(limit));
  return constant;
}

void checkConstantsDisjoint(const JsonView &view,
                            const std::vector<ConstantInfo> &constants) {
  std::vector<size_t> order(constants.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return constants[a].offset < constants[b].offset;
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const ConstantInfo &before = constants[order[i - 1]];
    if (before.offset + before.bytes() > constants[order[i]].offset)
      view.at(order[i]).at("offset").expected(
          "no overlap with constants[" + std::to_string(order[i - 1]) + "]");
  }
}

void parseTensors(const JsonView &view, Manifest &manifest,
                  TensorNames &names) {
  expectArrayOf(view, 1, kMaxTensors);
  for (size_t i = 0; i < view.size(); ++i) {
    manifest.tensors.push_back(parseTensor(view.at(i)));
    if (!names.emplace(manifest.tensors.back().name, i).second)
      view.at(i).at("name").expected("a name that occurs once");
  }
}

void parseExternals(const JsonView &view, Manifest &manifest,
                    const TensorNames &names) {
  expectArrayOf(view, 0, kMaxTensors);
  std::vector<bool> used(manifest.tensors.size());
  for (size_t i = 0; i < view.size(); ++i) {
    uint32_t tensor = parseTensorName(view.at(i), names);
    if (used[tensor])
      view.at(i).expected("a name that occurs once");
    used[tensor] = true;
    manifest.externals.push_back(tensor);
  }
}

constexpr std::pair<OperandKind, const char *> kOperandKinds[] = {
    {OperandKind::Integer, "integer"},   {OperandKind::Arena, "arena"},
    {OperandKind::Constant, "constant"}, {OperandKind::KVCache, "kv"},
    {OperandKind::External, "external"}, {OperandKind::IO, "io"},
    {OperandKind::Split, "split"},       {OperandKind::Stream, "stream"}};

OperandKind parseOperandKind(const JsonView &view) {
  std::string name = view.asString(), names;
  for (auto [kind, text] : kOperandKinds) {
    if (name == text)
      return kind;
    names += (names.empty() ? "" : ", ") + std::string(text);
  }
  view.expected("one of " + names);
}

BodyInfo parseBody(const JsonView &view) {
  expectKeys(view, {"name", "operands"});
  BodyInfo body;
  body.name = asName(view.at("name"));
  JsonView operands = view.at("operands");
  expectArrayOf(operands, 0, abi::kMaxOperands);
  for (size_t i = 0; i < operands.size(); ++i)
    body.operands.push_back(parseOperandKind(operands.at(i)));
  return body;
}

GpuTargetInfo parseGpuTarget(const JsonView &view) {
  expectKeys(view, {"kind", "workers", "stage_bytes", "kv_splits", "kv_block",
                    "bodies"});
  GpuTargetInfo gpu;
  gpu.stageBytes = view.at("stage_bytes")
                       .asInt(abi::kFragmentBytes,
                              gpu::kMaxStageBlocks * abi::kFragmentBytes);
  if (gpu.stageBytes % abi::kFragmentBytes != 0)
    view.at("stage_bytes")
        .expected("a multiple of " + std::to_string(abi::kFragmentBytes));
  gpu.kvSplits = view.at("kv_splits").asInt(0, abi::kMaxWorkers);
  gpu.kvBlock = view.at("kv_block").asInt(0, 1024);
  if ((gpu.kvBlock == 0) != (gpu.kvSplits == 0))
    view.at("kv_block").expected("0 exactly if kv_splits is 0");
  JsonView bodies = view.at("bodies");
  expectArrayOf(bodies, 1, UINT16_MAX);
  for (size_t i = 0; i < bodies.size(); ++i)
    gpu.bodies.push_back(parseBody(bodies.at(i)));
  return gpu;
}

void parseTarget(const JsonView &view, Manifest &manifest) {
  view.expectObject();
  std::string kind = view.at("kind").asString();
  if (kind == "cuda")
    manifest.gpu = parseGpuTarget(view);
  else if (kind == "cpu")
    expectKeys(view, {"kind", "workers"});
  else
    view.at("kind").expected("\"cpu\" or \"cuda\"");
  manifest.workers = view.at("workers").asInt(1, abi::kMaxWorkers);
}

/// The version comes before everything that a version may change.
void checkVersion(const JsonView &root) {
  root.expectObject();
  if (root.at("format").asString() != "amk-bundle")
    root.at("format").expected("\"amk-bundle\"");
  int64_t version = root.at("version").asInt(0, kMaxInt32);
  if (version != kBundleVersion)
    root.at("version").expected(std::to_string(kBundleVersion) +
                                ": compile the model again");
}

} // namespace

const char *amk::runtime::operandKindName(OperandKind kind) {
  for (auto [candidate, name] : kOperandKinds)
    if (candidate == kind)
      return name;
  return "";
}

uint64_t ConstantInfo::bytes() const {
  if (kind == Kind::TensorF32)
    return count * sizeof(float);
  return positions * 2 * invFreq.size() * sizeof(float);
}

uint64_t TensorSpec::elements() const {
  uint64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

uint64_t TensorSpec::bytes() const { return elements() * byteSize(dtype); }

uint64_t TensorSpec::rows() const { return elements() / columns(); }

uint64_t TensorSpec::columns() const { return shape.back(); }

Manifest amk::runtime::parseManifest(const std::string &text,
                                     const std::string &file) {
  nlohmann::json document = parseJson(text, file);
  JsonView root(document, file);
  checkVersion(root);
  expectKeys(root, {"format", "version", "amk_version", "model", "target",
                    "code", "tables", "memory", "constants", "external",
                    "tensors"});
  Manifest manifest;
  manifest.amkVersion = asName(root.at("amk_version"));
  manifest.model = parseModel(root.at("model"));
  parseTarget(root.at("target"), manifest);
  JsonView code = root.at("code");
  expectArrayOf(code, 1, kMaxCodeObjects);
  for (size_t i = 0; i < code.size(); ++i)
    manifest.code.push_back(
        manifest.gpu ? parseGpuCode(code.at(i), manifest.gpu->stageBytes)
                     : parseCode(code.at(i)));
  JsonView tables = root.at("tables");
  expectKeys(tables, {"file", "hash"});
  manifest.tablesFile = asPlainFileName(tables.at("file"));
  manifest.tablesHash = asHash(tables.at("hash"));
  manifest.memory = parseMemory(root.at("memory"), manifest.model);

  TensorNames names;
  parseTensors(root.at("tensors"), manifest, names);
  parseExternals(root.at("external"), manifest, names);
  JsonView constants = root.at("constants");
  expectArrayOf(constants, 0, kMaxConstants);
  for (size_t i = 0; i < constants.size(); ++i)
    manifest.constants.push_back(
        parseConstant(constants.at(i), manifest, names));
  checkConstantsDisjoint(constants, manifest.constants);
  return manifest;
}

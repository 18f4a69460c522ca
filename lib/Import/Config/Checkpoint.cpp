//===- Checkpoint.cpp - A HuggingFace directory, checked ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/Checkpoint.h"
#include "amk/Import/Family.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <filesystem>

using namespace amk;

/// Configurations are small; a huge file is not one.
static constexpr uint64_t kMaxConfigBytes = 16ull << 20;

static bool exists(const std::string &path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

static std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

static ModelConfig readConfig(const std::string &directory) {
  NamedText config{directory + "/config.json", ""};
  config.text = readFile(config.file, kMaxConfigBytes);
  NamedText generation{directory + "/generation_config.json", ""};
  if (!exists(generation.file))
    return parseModelConfig(config, nullptr);
  generation.text = readFile(generation.file, kMaxConfigBytes);
  return parseModelConfig(config, &generation);
}

/// A tensor of the directory that nothing consumes.
[[noreturn]] static void failUnexpected(const ModelConfig &config,
                                        const std::string &name,
                                        const TensorInfo &info) {
  std::string reason =
      config.tied && name == "lm_head.weight"
          ? "none, since config.json has tie_word_embeddings true"
          : std::string("only tensors of the ") + config.family->name +
                " family with this config.json";
  fail(info.file, printable(name, 200) + ": found a tensor of shape " +
                      shapeText(info.shape) + ", expected " + reason);
}

std::map<std::string, CheckpointTensor>
amk::matchTensors(const ModelConfig &config,
                  const std::map<std::string, TensorInfo> &found,
                  const std::string &directory) {
  std::map<std::string, CheckpointTensor> tensors;
  for (const PlannedTensor &planned : config.family->planTensors(config)) {
    auto it = found.find(planned.name);
    if (it == found.end()) {
      if (planned.derived)
        continue;
      fail(directory, planned.name +
                          ": found no such tensor, expected one of "
                          "shape " +
                          shapeText(planned.shape));
    }
    const TensorInfo &info = it->second;
    if (info.shape != planned.shape)
      fail(info.file, planned.name + ": found shape " + shapeText(info.shape) +
                          ", expected " + shapeText(planned.shape) +
                          " (from config.json)");
    tensors[planned.name] = {info.dtype, info.shape, planned.derived};
  }
  for (const auto &[name, info] : found)
    if (!tensors.count(name))
      failUnexpected(config, name, info);
  return tensors;
}

static std::map<std::string, CheckpointTensor>
synthesiseTensors(const ModelConfig &config) {
  std::map<std::string, CheckpointTensor> tensors;
  for (const PlannedTensor &planned : config.family->planTensors(config))
    if (!planned.derived)
      tensors[planned.name] = {config.dtype.value_or(DType::F32), planned.shape,
                               false};
  return tensors;
}

Checkpoint amk::readCheckpoint(const std::string &directory,
                               bool dummyWeights) {
  Checkpoint checkpoint;
  checkpoint.config = readConfig(directory);
  bool hasWeights = exists(directory + "/model.safetensors") ||
                    exists(directory + "/model.safetensors.index.json");
  if (dummyWeights && !hasWeights)
    checkpoint.tensors = synthesiseTensors(checkpoint.config);
  else
    checkpoint.tensors = matchTensors(
        checkpoint.config, TensorIndex::open(directory).tensors(), directory);
  return checkpoint;
}

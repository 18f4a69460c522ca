//===- CheckpointTest.cpp - Tests of the tensor check -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/Checkpoint.h"
#include "../Support/ExpectError.h"
#include "../Support/SafetensorsImage.h"
#include "../Support/TemporaryDirectory.h"
#include "amk/Import/Family.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace amk;
using nlohmann::json;
using test::errorOf;
using testing::HasSubstr;

namespace {

struct Directory {
  test::TemporaryDirectory files;
  std::map<std::string, std::vector<int64_t>> tensors;

  explicit Directory(bool tied = false) {
    std::string text = R"({"architectures": ["LlamaForCausalLM"],
      "vocab_size": 8, "hidden_size": 4, "intermediate_size": 6,
      "num_hidden_layers": 1, "num_attention_heads": 2,
      "num_key_value_heads": 1, "torch_dtype": "float16",
      "tie_word_embeddings": )" +
                       std::string(tied ? "true" : "false") + "}";
    files.write("config.json", text);
    ModelConfig config = parseModelConfig({"config.json", text}, nullptr);
    for (const PlannedTensor &planned : config.family->planTensors(config))
      if (!planned.derived)
        tensors[planned.name] = planned.shape;
  }

  Checkpoint read() {
    json header = json::object();
    uint64_t offset = 0;
    for (const auto &[name, shape] : tensors) {
      uint64_t bytes = 2;
      for (int64_t extent : shape)
        bytes *= extent;
      header[name] = {{"dtype", "BF16"},
                      {"shape", shape},
                      {"data_offsets", {offset, offset + bytes}}};
      offset += bytes;
    }
    files.write("model.safetensors", test::image(header.dump(), offset));
    return readCheckpoint(files.path(), /*dummyWeights=*/false);
  }

  std::string error() {
    return errorOf([this] { read(); });
  }
};

TEST(Checkpoint, ListsEveryTensor) {
  Directory directory;
  Checkpoint checkpoint = directory.read();
  EXPECT_EQ(checkpoint.tensors.size(), 12u);
  const CheckpointTensor &head = checkpoint.tensors.at("lm_head.weight");
  EXPECT_EQ(head.dtype, DType::BF16);
  EXPECT_THAT(head.shape, testing::ElementsAre(8, 4));
  EXPECT_FALSE(head.derived);
}

TEST(Checkpoint, NamesAMissingTensor) {
  Directory directory;
  directory.tensors.erase("model.norm.weight");
  EXPECT_EQ(directory.error(), directory.files.path() +
                                   ": model.norm.weight: found no such "
                                   "tensor, expected one of shape [4]");
}

TEST(Checkpoint, NamesAnUnexpectedTensor) {
  Directory directory;
  directory.tensors["model.layers.0.self_attn.q_proj.bias"] = {4};
  EXPECT_THAT(directory.error(),
              HasSubstr("model.safetensors: model.layers.0.self_attn.q_proj."
                        "bias: found a tensor of shape [4], expected only"));
}

TEST(Checkpoint, NamesATensorOfALayerThatTheConfigLacks) {
  Directory directory;
  directory.tensors["model.layers.1.input_layernorm.weight"] = {4};
  EXPECT_THAT(directory.error(),
              HasSubstr("model.layers.1.input_layernorm.weight: found"));
}

TEST(Checkpoint, NamesATensorOfTheWrongShape) {
  Directory directory;
  directory.tensors["model.layers.0.mlp.up_proj.weight"] = {4, 6};
  EXPECT_THAT(directory.error(),
              HasSubstr("model.layers.0.mlp.up_proj.weight: found shape [4, "
                        "6], expected [6, 4] (from config.json)"));
}

TEST(Checkpoint, ATiedModelHasNoHead) {
  Directory directory(/*tied=*/true);
  EXPECT_EQ(directory.read().tensors.size(), 11u);
  directory.tensors["lm_head.weight"] = {8, 4};
  EXPECT_THAT(directory.error(),
              HasSubstr("lm_head.weight: found a tensor of shape [8, 4], "
                        "expected none, since config.json has "
                        "tie_word_embeddings true"));
}

TEST(Checkpoint, RotaryFrequenciesOfOldCheckpointsAreDerived) {
  Directory directory;
  const char *name = "model.layers.0.self_attn.rotary_emb.inv_freq";
  directory.tensors[name] = {1};
  EXPECT_TRUE(directory.read().tensors.at(name).derived);
  directory.tensors[name] = {2};
  EXPECT_THAT(directory.error(), HasSubstr("found shape [2], expected [1]"));
}

TEST(Checkpoint, DummyWeightsNeedNoFiles) {
  Directory directory;
  Checkpoint dummy = readCheckpoint(directory.files.path(), true);
  EXPECT_EQ(dummy.tensors.size(), 12u);
  EXPECT_EQ(dummy.tensors.at("lm_head.weight").dtype, DType::F16);
  EXPECT_THAT(errorOf([&] { readCheckpoint(directory.files.path(), false); }),
              HasSubstr("found neither model.safetensors nor"));
}

TEST(Checkpoint, WeightsThatAreThereAreCheckedEvenForDummyWeights) {
  Directory directory;
  directory.read();
  Checkpoint checkpoint = readCheckpoint(directory.files.path(), true);
  EXPECT_EQ(checkpoint.tensors.at("lm_head.weight").dtype, DType::BF16);
}

TEST(Checkpoint, NamesAMissingConfiguration) {
  test::TemporaryDirectory empty;
  EXPECT_THAT(errorOf([&] { readCheckpoint(empty.path(), true); }),
              HasSubstr("config.json: cannot open"));
}

} // namespace

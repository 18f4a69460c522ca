//===- ModelConfigTest.cpp - Tests of the config reader -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/ModelConfig.h"
#include "../Support/ExpectError.h"
#include "amk/Import/Family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using nlohmann::json;
using test::errorOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// A complete configuration with `patch` merged in (RFC 7396, except that a
/// null stays a null).
std::string configText(const json &patch) {
  json config = json::parse(R"({
    "architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "vocab_size": 32, "hidden_size": 24, "intermediate_size": 40,
    "num_hidden_layers": 2, "num_attention_heads": 6,
    "num_key_value_heads": 2, "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
    "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16"})");
  for (const auto &[key, value] : patch.items())
    config[key] = value;
  return config.dump();
}

ModelConfig parse(const json &patch) {
  return parseModelConfig({"config.json", configText(patch)}, nullptr);
}

ModelConfig parseWith(const json &patch, const std::string &generation) {
  NamedText text{"generation_config.json", generation};
  return parseModelConfig({"config.json", configText(patch)}, &text);
}

std::string parseError(const json &patch) {
  return errorOf([&] { parse(patch); });
}

std::string errorWithout(const std::string &key) {
  json config = json::parse(configText({}));
  config.erase(key);
  return errorOf(
      [&] { parseModelConfig({"config.json", config.dump()}, nullptr); });
}

TEST(ModelConfig, ReadsEverySize) {
  ModelConfig config = parse({});
  EXPECT_STREQ(config.family->name, "llama");
  EXPECT_EQ(config.vocab, 32);
  EXPECT_EQ(config.hidden, 24);
  EXPECT_EQ(config.intermediate, 40);
  EXPECT_EQ(config.layers, 2);
  EXPECT_EQ(config.heads, 6);
  EXPECT_EQ(config.kvHeads, 2);
  EXPECT_EQ(config.headDim, 4);
  EXPECT_EQ(config.maxPositions, 64);
  EXPECT_EQ(config.rmsEps, 1e-5);
  EXPECT_FALSE(config.tied);
  EXPECT_THAT(config.eosTokenIds, ElementsAre(2));
  EXPECT_EQ(config.bosTokenId, 1);
  EXPECT_EQ(config.dtype, DType::BF16);
}

TEST(ModelConfig, FillsInTheDefaultsOfTransformers) {
  ModelConfig config = parse({{"num_key_value_heads", nullptr},
                              {"head_dim", nullptr},
                              {"max_position_embeddings", nullptr},
                              {"rms_norm_eps", nullptr},
                              {"rope_theta", nullptr},
                              {"torch_dtype", nullptr},
                              {"eos_token_id", nullptr},
                              {"bos_token_id", nullptr}});
  EXPECT_EQ(config.kvHeads, 6);
  EXPECT_EQ(config.headDim, 4);
  EXPECT_EQ(config.maxPositions, 2048);
  EXPECT_EQ(config.rmsEps, 1e-6);
  EXPECT_EQ(config.rope.theta, 10000);
  EXPECT_EQ(config.dtype, std::nullopt);
  EXPECT_TRUE(config.eosTokenIds.empty());
  EXPECT_EQ(config.bosTokenId, std::nullopt);
}

TEST(ModelConfig, HeadDimNeedNotDivideHidden) {
  ModelConfig config = parse({{"head_dim", 10}});
  EXPECT_EQ(config.headDim, 10);
  std::vector<PlannedTensor> plan = config.family->planTensors(config);
  EXPECT_EQ(plan[2].name, "model.layers.0.self_attn.q_proj.weight");
  EXPECT_THAT(plan[2].shape, ElementsAre(60, 24));
  EXPECT_THAT(plan[3].shape, ElementsAre(20, 24));
}

TEST(ModelConfig, AcceptsKeysOfRealCheckpoints) {
  // SmolLM2, TinyLlama.
  EXPECT_NO_THROW(parse({{"is_llama_config", true},
                         {"rope_interleaved", false},
                         {"rope_scaling", nullptr},
                         {"transformers.js_config", {{"dtype", "q4"}}},
                         {"pretraining_tp", 1},
                         {"pad_token_id", 2}}));
}

TEST(ModelConfig, RefusesUnknownKeys) {
  EXPECT_THAT(parseError({{"logit_scale", 0.5}}),
              HasSubstr("config.json: logit_scale: found 0.5, expected"));
}

TEST(ModelConfig, RefusesOtherArithmetic) {
  for (const json &patch :
       {json{{"hidden_act", "gelu"}}, json{{"attention_bias", true}},
        json{{"mlp_bias", true}}, json{{"pretraining_tp", 2}},
        json{{"rope_interleaved", true}}, json{{"partial_rotary_factor", 0.5}},
        json{{"sliding_window", 128}}, json{{"model_type", "mistral"}},
        json{{"quantization_config", {{"bits", 4}}}}}) {
    std::string key = patch.begin().key();
    EXPECT_THAT(parseError(patch), HasSubstr("config.json: " + key + ": found"))
        << key;
  }
}

TEST(ModelConfig, RefusesOtherArchitectures) {
  EXPECT_THAT(parseError({{"architectures", {"GPT2LMHeadModel"}}}),
              HasSubstr("architectures[0]: found \"GPT2LMHeadModel\", "
                        "expected LlamaForCausalLM"));
  EXPECT_THAT(parseError({{"architectures", json::array()}}),
              HasSubstr("expected one architecture"));
  EXPECT_THAT(errorWithout("architectures"), HasSubstr("architectures"));
}

TEST(ModelConfig, RefusesMissingSizes) {
  for (const char *key : {"vocab_size", "hidden_size", "intermediate_size",
                          "num_hidden_layers", "num_attention_heads"})
    EXPECT_EQ(errorWithout(key), std::string("config.json: ") + key +
                                     ": found nothing, expected a value");
}

TEST(ModelConfig, RefusesSizesOutOfRange) {
  for (const char *key :
       {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads", "num_key_value_heads", "head_dim",
        "max_position_embeddings"})
    for (const json &value : {json(0), json(-1), json(4294967296), json(1.5),
                              json("8"), json(18446744073709551615u)})
      EXPECT_THAT(parseError({{key, value}}),
                  HasSubstr(std::string("config.json: ") + key + ": found " +
                            value.dump() + ", expected an integer from 1 to"))
          << key;
}

TEST(ModelConfig, RefusesHeadsThatDoNotFit) {
  EXPECT_THAT(parseError({{"num_key_value_heads", 4}}),
              HasSubstr("num_key_value_heads: found 4, expected a divisor"));
  EXPECT_THAT(parseError({{"num_attention_heads", 3}}),
              HasSubstr("expected a divisor of num_attention_heads 3"));
  EXPECT_THAT(parseError({{"hidden_size", 25}}),
              HasSubstr("expected a divisor of hidden_size 25"));
  EXPECT_THAT(parseError({{"head_dim", 5}}), HasSubstr("head_dim: found 5"));
  EXPECT_THAT(parseError({{"hidden_size", 18}}),
              HasSubstr("num_attention_heads: found 6, expected heads of an "
                        "even size"));
}

TEST(ModelConfig, RefusesBadEpsilon) {
  for (const json &value :
       {json(0), json(-1e-5), json(1e-45), json(2), json("1e-5"), json(true)})
    EXPECT_THAT(parseError({{"rms_norm_eps", value}}),
                HasSubstr("rms_norm_eps: found " + value.dump()));
  std::string text = configText({});
  text.replace(text.find("1e-05"), 5, "NaN");
  EXPECT_THAT(
      errorOf([&] { parseModelConfig({"config.json", text}, nullptr); }),
      HasSubstr("config.json: byte"));
}

TEST(ModelConfig, ReadsStopTokens) {
  EXPECT_THAT(parse({{"eos_token_id", {3, 4, 3}}}).eosTokenIds,
              ElementsAre(3, 4));
  EXPECT_THAT(parseError({{"eos_token_id", 32}}),
              HasSubstr("eos_token_id: found 32, expected an integer from 0 to "
                        "31"));
  EXPECT_THAT(parseError({{"eos_token_id", {1, -1}}}),
              HasSubstr("eos_token_id[1]: found -1"));
}

TEST(ModelConfig, GenerationConfigWins) {
  ModelConfig config =
      parseWith({}, R"({"eos_token_id": [5, 6], "temperature": 0.7})");
  EXPECT_THAT(config.eosTokenIds, ElementsAre(5, 6));
  EXPECT_EQ(config.bosTokenId, 1);
  EXPECT_EQ(parseWith({}, R"({"bos_token_id": 0})").bosTokenId, 0);
}

TEST(ModelConfig, RefusesOtherDecoding) {
  EXPECT_THAT(
      errorOf([] { parseWith({}, R"({"repetition_penalty": 1.1})"); }),
      HasSubstr("generation_config.json: repetition_penalty: found 1.1, "
                "expected 1.0"));
  EXPECT_THAT(errorOf([] { parseWith({}, R"({"watermark": 1})"); }),
              HasSubstr("generation_config.json: watermark: found 1"));
}

TEST(ModelConfig, DtypeHasTwoSpellings) {
  EXPECT_EQ(parse({{"dtype", "float16"}}).dtype, DType::F16);
  EXPECT_THAT(parseError({{"dtype", "float64"}}), HasSubstr("dtype: found"));
}

TEST(ModelConfig, RefusesMoreContextThanTheModelHas) {
  ModelConfig config = parse({});
  EXPECT_EQ(contextLength(config, 0, "--max-context"), 64);
  EXPECT_EQ(contextLength(config, 8, "--max-context"), 8);
  EXPECT_EQ(errorOf([&] { contextLength(config, 65, "--max-context"); }),
            "--max-context: found 65, expected a number from 1 to 64, the "
            "model's max_position_embeddings");
  EXPECT_EQ(contextLength(parse({{"max_position_embeddings", 131072}}), 0, ""),
            4096);
}

} // namespace

//===- Llama.cpp - The Llama family ---------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Llama.h"
#include "KeyTable.h"
#include "Rope.h"
#include "amk/Support/Error.h"

using namespace amk;

namespace {

// The bounds of docs/BundleFormat.md; with them no product below overflows.
constexpr int64_t kMaxExtent = 1 << 24;
constexpr int64_t kMaxLayers = 1 << 16;
constexpr int64_t kMaxHeads = 1 << 16;
constexpr int64_t kMaxHeadDim = 1 << 14;
constexpr int64_t kMaxPositions = 0x7fffffff;
// What LlamaConfig assumes where a key is missing.
constexpr int64_t kDefaultPositions = 2048;
constexpr double kDefaultEps = 1e-6;

const std::vector<KeyRule> &keyRules() {
  static const std::vector<KeyRule> rules = {
      honoured("architectures"),
      honoured("bos_token_id"),
      honoured("dtype"),
      honoured("eos_token_id"),
      honoured("head_dim"),
      honoured("hidden_size"),
      honoured("intermediate_size"),
      honoured("max_position_embeddings"),
      honoured("num_attention_heads"),
      honoured("num_hidden_layers"),
      honoured("num_key_value_heads"),
      honoured("rms_norm_eps"),
      honoured("rope_parameters"),
      honoured("rope_scaling"),
      honoured("rope_theta"),
      honoured("tie_word_embeddings"),
      honoured("torch_dtype"),
      honoured("vocab_size"),

      irrelevant("_attn_implementation_autoset"),
      irrelevant("_name_or_path"),
      irrelevant("attention_dropout"), // training only
      irrelevant("initializer_range"), // training only
      irrelevant("is_llama_config"),   // SmolLM2
      irrelevant("max_sequence_length"),
      irrelevant("output_attentions"),
      irrelevant("output_hidden_states"),
      irrelevant("pad_token_id"),
      irrelevant("return_dict"),
      irrelevant("transformers.js_config"),
      irrelevant("transformers_version"),
      irrelevant("unsloth_fixed"),
      irrelevant("unsloth_version"),
      irrelevant("use_cache"),

      fixed("attention_bias", "[false]"),
      fixed("hidden_act", R"(["silu", "swish"])"), // two names of one function
      fixed("is_encoder_decoder", "[false]"),
      fixed("mlp_bias", "[false]"),
      fixed("model_type", R"(["llama"])"),
      fixed("partial_rotary_factor", "[1.0]"),
      fixed("pretraining_tp", "[1]"),
      fixed("quantization_config", "[null]"),
      fixed("rope_interleaved", "[false]"),
      fixed("sliding_window", "[null]"),
  };
  return rules;
}

/// Key/value heads and the size of a head, with their defaults.
void parseHeads(const JsonView &view, ModelConfig &config) {
  JsonView heads = view.at("num_attention_heads");
  config.heads = heads.asInt(1, kMaxHeads);
  config.kvHeads = config.heads;
  if (view.has("num_key_value_heads")) {
    JsonView kvHeads = view.at("num_key_value_heads");
    config.kvHeads = kvHeads.asInt(1, kMaxHeads);
    if (config.heads % config.kvHeads != 0)
      kvHeads.expected("a divisor of num_attention_heads " +
                       std::to_string(config.heads));
  }
  if (!view.has("head_dim") && config.hidden % config.heads != 0)
    heads.expected("a divisor of hidden_size " + std::to_string(config.hidden) +
                   ", since head_dim is not given");
  // Whatever gives the head its size is what an error is about.
  JsonView source = view.has("head_dim") ? view.at("head_dim") : heads;
  config.headDim = view.has("head_dim") ? source.asInt(1, kMaxHeadDim)
                                        : config.hidden / config.heads;
  if (config.headDim % 2 != 0 || config.headDim > kMaxHeadDim)
    source.expected("heads of an even size up to " +
                    std::to_string(kMaxHeadDim) + ", not of " +
                    std::to_string(config.headDim));
  if (config.heads * config.headDim > kMaxExtent)
    source.expected("at most " + std::to_string(kMaxExtent) +
                    " elements in all heads");
}

double parseEps(const JsonView &view) {
  double eps = view.asFinite();
  // A smaller one would be zero or subnormal in float32.
  if (eps < 1e-37 || eps >= 1)
    view.expected("a number from 1e-37 to less than 1");
  return eps;
}

std::optional<DType> parseDtype(const JsonView &view) {
  // transformers 5 writes "dtype", older ones "torch_dtype".
  const char *key = view.has("dtype") ? "dtype" : "torch_dtype";
  if (!view.has(key))
    return std::nullopt;
  std::string name = view.at(key).asString();
  if (name == "float32")
    return DType::F32;
  if (name == "float16")
    return DType::F16;
  if (name == "bfloat16")
    return DType::BF16;
  view.at(key).expected("\"float32\", \"float16\" or \"bfloat16\"");
}

} // namespace

ModelConfig amk::parseLlamaConfig(const JsonView &view) {
  checkKeys(view, keyRules(), "the llama family");
  ModelConfig config;
  config.vocab = view.at("vocab_size").asInt(1, kMaxExtent);
  config.hidden = view.at("hidden_size").asInt(1, kMaxExtent);
  config.intermediate = view.at("intermediate_size").asInt(1, kMaxExtent);
  config.layers = view.at("num_hidden_layers").asInt(1, kMaxLayers);
  parseHeads(view, config);
  config.maxPositions =
      view.has("max_position_embeddings")
          ? view.at("max_position_embeddings").asInt(1, kMaxPositions)
          : kDefaultPositions;
  config.rmsEps = view.has("rms_norm_eps") ? parseEps(view.at("rms_norm_eps"))
                                           : kDefaultEps;
  config.rope = parseRope(view);
  config.tied = view.has("tie_word_embeddings") &&
                view.at("tie_word_embeddings").asBool();
  config.dtype = parseDtype(view);
  return config;
}

std::vector<PlannedTensor> amk::planLlamaTensors(const ModelConfig &config) {
  int64_t query = config.heads * config.headDim;
  int64_t keyValue = config.kvHeads * config.headDim;
  std::vector<PlannedTensor> plan;
  auto add = [&](const std::string &name, std::vector<int64_t> shape,
                 bool derived = false) {
    plan.push_back({name, std::move(shape), derived});
  };
  add("model.embed_tokens.weight", {config.vocab, config.hidden});
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    add(prefix + "input_layernorm.weight", {config.hidden});
    add(prefix + "self_attn.q_proj.weight", {query, config.hidden});
    add(prefix + "self_attn.k_proj.weight", {keyValue, config.hidden});
    add(prefix + "self_attn.v_proj.weight", {keyValue, config.hidden});
    add(prefix + "self_attn.o_proj.weight", {config.hidden, query});
    // Written by transformers before 4.32.
    add(prefix + "self_attn.rotary_emb.inv_freq", {config.headDim / 2}, true);
    add(prefix + "post_attention_layernorm.weight", {config.hidden});
    add(prefix + "mlp.gate_proj.weight", {config.intermediate, config.hidden});
    add(prefix + "mlp.up_proj.weight", {config.intermediate, config.hidden});
    add(prefix + "mlp.down_proj.weight", {config.hidden, config.intermediate});
  }
  add("model.norm.weight", {config.hidden});
  if (!config.tied)
    add("lm_head.weight", {config.vocab, config.hidden});
  return plan;
}

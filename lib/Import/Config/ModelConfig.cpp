//===- ModelConfig.cpp - Facts of config.json, checked --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/ModelConfig.h"
#include "KeyTable.h"
#include "amk/Import/Family.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <algorithm>

using namespace amk;

namespace {

constexpr int64_t kDefaultContext = 4096;
constexpr int64_t kMaxContext = 1 << 24; // docs/BundleFormat.md
constexpr size_t kMaxStopTokens = 1024;

/// Keys of generation_config.json, which all families share. Sampling settings
/// have no effect on the logits and none on greedy decoding.
const std::vector<KeyRule> &generationRules() {
  static const std::vector<KeyRule> rules = {
      honoured("bos_token_id"),
      honoured("eos_token_id"),

      irrelevant("_from_model_config"),
      irrelevant("cache_implementation"),
      irrelevant("do_sample"),
      irrelevant("max_length"),
      irrelevant("max_new_tokens"),
      irrelevant("min_p"),
      irrelevant("output_attentions"),
      irrelevant("output_hidden_states"),
      irrelevant("pad_token_id"),
      irrelevant("temperature"),
      irrelevant("top_k"),
      irrelevant("top_p"),
      irrelevant("transformers_version"),
      irrelevant("typical_p"),
      irrelevant("use_cache"),

      fixed("bad_words_ids", "[null]"),
      fixed("begin_suppress_tokens", "[null]"),
      fixed("encoder_no_repeat_ngram_size", "[0]"),
      fixed("forced_bos_token_id", "[null]"),
      fixed("forced_eos_token_id", "[null]"),
      fixed("min_length", "[0]"),
      fixed("min_new_tokens", "[null, 0]"),
      fixed("no_repeat_ngram_size", "[0]"),
      fixed("num_beam_groups", "[1]"),
      fixed("num_beams", "[1]"),
      fixed("penalty_alpha", "[null]"),
      fixed("repetition_penalty", "[1.0]"),
      fixed("sequence_bias", "[null]"),
      fixed("suppress_tokens", "[null]"),
  };
  return rules;
}

const Family &parseFamily(const JsonView &config) {
  JsonView list = config.at("architectures");
  list.expectArray();
  if (list.size() != 1)
    list.expected("one architecture");
  JsonView name = list.at(size_t(0));
  const Family *family = findFamily(name.asString());
  if (!family)
    name.expected(knownArchitectures());
  return *family;
}

int32_t parseToken(const JsonView &view, int64_t vocab) {
  return static_cast<int32_t>(view.asInt(0, vocab - 1));
}

/// An id, a list of ids or null.
std::vector<int32_t> parseStopTokens(const JsonView &view, int64_t vocab) {
  if (view.isNull())
    return {};
  if (!view.raw().is_array())
    return {parseToken(view, vocab)};
  if (view.size() > kMaxStopTokens)
    view.expected("at most " + std::to_string(kMaxStopTokens) + " tokens");
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < view.size(); ++i) {
    int32_t token = parseToken(view.at(i), vocab);
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end())
      tokens.push_back(token);
  }
  return tokens;
}

/// A null says the same as a missing key: it takes no earlier value back.
void parseTokens(const JsonView &view, ModelConfig &config) {
  if (view.has("eos_token_id"))
    config.eosTokenIds = parseStopTokens(view.at("eos_token_id"), config.vocab);
  if (view.has("bos_token_id"))
    config.bosTokenId = parseToken(view.at("bos_token_id"), config.vocab);
}

} // namespace

ModelConfig amk::parseModelConfig(const NamedText &config,
                                  const NamedText *generation) {
  nlohmann::json document = parseJson(config.text, config.file);
  JsonView view(document, config.file);
  view.expectObject();
  const Family &family = parseFamily(view);
  ModelConfig result = family.parseConfig(view);
  result.family = &family;
  parseTokens(view, result);
  if (!generation)
    return result;
  nlohmann::json generationDocument =
      parseJson(generation->text, generation->file);
  JsonView generationView(generationDocument, generation->file);
  checkKeys(generationView, generationRules(), "greedy decoding");
  parseTokens(generationView, result);
  return result;
}

int64_t amk::contextLength(const ModelConfig &config, int64_t requested,
                           const std::string &where) {
  int64_t most = std::min(config.maxPositions, kMaxContext);
  if (requested == 0)
    return std::min(most, kDefaultContext);
  if (requested < 0 || requested > most)
    fail(where, "found " + std::to_string(requested) +
                    ", expected a number from 1 to " + std::to_string(most) +
                    ", the model's max_position_embeddings");
  return requested;
}

//===- ModelConfig.h - Facts of config.json, checked ------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// config.json and generation_config.json of a HuggingFace directory. The world
// is closed: every key is honoured, known not to change the arithmetic, or
// required to have a certain value; any other key is an error that names it.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_IMPORT_MODELCONFIG_H
#define AMK_IMPORT_MODELCONFIG_H

#include "amk/Support/DType.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amk {

struct Family;

/// Rotary position embedding.
struct RopeConfig {
  enum class Type {
    Default, ///< frequencies theta^(-2i/d)
    Llama3,  ///< of these, the low ones divided by `factor`
  };
  Type type = Type::Default;
  double theta = 10000;
  // Llama3 only.
  double factor = 1;
  double lowFreqFactor = 1;
  double highFreqFactor = 1;
  int64_t originalMaxPositions = 0;
};

/// The d/2 frequencies of a head of `headDim` elements, in float32 and with the
/// roundings of HuggingFace's modeling_rope_utils.
std::vector<float> rotaryFrequencies(const RopeConfig &rope, int64_t headDim);

/// What a family's parser leaves. All sizes are positive and bounded, so that
/// the product of any two of them fits int64_t.
struct ModelConfig {
  const Family *family = nullptr;
  int64_t hidden = 0;
  int64_t intermediate = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kvHeads = 0;
  int64_t headDim = 0;
  int64_t vocab = 0;
  int64_t maxPositions = 0;
  double rmsEps = 0;
  RopeConfig rope;
  bool tied = false; ///< the head's weights are the embedding table
  std::vector<int32_t> eosTokenIds;
  std::optional<int32_t> bosTokenId;
  std::optional<DType> dtype; ///< what the checkpoint was saved as
};

/// A file's name, for errors, and its content.
struct NamedText {
  std::string file;
  std::string text;
};

/// Parses and checks a configuration. `generation`, if not null, is
/// generation_config.json, whose stop and start tokens win. Throws amk::Error.
ModelConfig parseModelConfig(const NamedText &config,
                             const NamedText *generation);

/// The number of positions to compile for: `requested`, or, if that is 0, at
/// most 4096. Throws amk::Error, naming `where`, for more than the model has.
int64_t contextLength(const ModelConfig &config, int64_t requested,
                      const std::string &where);

} // namespace amk

#endif // AMK_IMPORT_MODELCONFIG_H

//===- Rope.cpp - Rotary embedding parameters and frequencies -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rope.h"
#include "KeyTable.h"
#include "amk/Support/Error.h"

#include <cmath>

using namespace amk;

namespace {

constexpr double kMaxTheta = 1e30; // its powers stay in the range of float32
constexpr double kMaxFactor = 1e6;
constexpr int64_t kMaxPositions = 0x7fffffff;

double asNumber(const JsonView &view, double min, double max) {
  double value = view.asFinite();
  if (value < min || value > max)
    view.expected("a number from " + nlohmann::json(min).dump() + " to " +
                  nlohmann::json(max).dump());
  return value;
}

double parseTheta(const JsonView &view) { return asNumber(view, 1, kMaxTheta); }

/// "type" is what "rope_type" was called before transformers 4.43.
RopeConfig::Type parseType(const JsonView &view) {
  if (view.has("type") && view.has("rope_type") &&
      view.at("type").raw() != view.at("rope_type").raw())
    view.at("type").expected("the same as rope_type");
  JsonView type = view.at(view.has("type") ? "type" : "rope_type");
  std::string name = type.asString();
  if (name == "default")
    return RopeConfig::Type::Default;
  if (name == "llama3")
    return RopeConfig::Type::Llama3;
  type.expected("\"default\" or \"llama3\"");
}

void parseLlama3(const JsonView &view, RopeConfig &rope) {
  rope.factor = asNumber(view.at("factor"), 1, kMaxFactor);
  rope.lowFreqFactor = asNumber(view.at("low_freq_factor"), 1e-6, kMaxFactor);
  JsonView high = view.at("high_freq_factor");
  rope.highFreqFactor = asNumber(high, 1e-6, kMaxFactor);
  if (rope.highFreqFactor <= rope.lowFreqFactor)
    high.expected("more than low_freq_factor");
  rope.originalMaxPositions =
      view.at("original_max_position_embeddings").asInt(1, kMaxPositions);
}

/// The object that is "rope_scaling" in the old spelling, "rope_parameters" in
/// the new one.
void parseObject(const JsonView &view, bool withTheta, RopeConfig &rope) {
  view.expectObject();
  rope.type = parseType(view);
  std::vector<KeyRule> rules = {honoured("type"), honoured("rope_type"),
                                fixed("partial_rotary_factor", "[1.0]")};
  if (withTheta)
    rules.push_back(honoured("rope_theta"));
  if (rope.type == RopeConfig::Type::Llama3)
    for (const char *key : {"factor", "low_freq_factor", "high_freq_factor",
                            "original_max_position_embeddings"})
      rules.push_back(honoured(key));
  checkKeys(view, rules, "this rope_type");
  if (rope.type == RopeConfig::Type::Llama3)
    parseLlama3(view, rope);
}

} // namespace

RopeConfig amk::parseRope(const JsonView &config) {
  RopeConfig rope;
  bool hasTheta = config.has("rope_theta");
  if (hasTheta)
    rope.theta = parseTheta(config.at("rope_theta"));
  if (config.has("rope_scaling") && config.has("rope_parameters"))
    config.at("rope_scaling").expected("null beside rope_parameters");
  if (config.has("rope_scaling"))
    parseObject(config.at("rope_scaling"), /*withTheta=*/false, rope);
  if (!config.has("rope_parameters"))
    return rope;
  JsonView parameters = config.at("rope_parameters");
  parseObject(parameters, /*withTheta=*/true, rope);
  if (!parameters.has("rope_theta"))
    return rope;
  double theta = parseTheta(parameters.at("rope_theta"));
  if (hasTheta && theta != rope.theta)
    parameters.at("rope_theta")
        .expected("the same as the other rope_theta of this file");
  rope.theta = theta;
  return rope;
}

/// PyTorch evaluates "number / tensor" as the product with the reciprocal.
static float divide(float number, float divisor) {
  return (1.0f / divisor) * number;
}

/// One frequency of "llama3": long waves are slowed down by the factor, short
/// ones stay, those between are interpolated (Llama 3.1; operation by operation
/// as in _compute_llama3_parameters).
static float scaleLlama3(const RopeConfig &rope, float frequency) {
  double context = static_cast<double>(rope.originalMaxPositions);
  float lowWavelength = static_cast<float>(context / rope.lowFreqFactor);
  float highWavelength = static_cast<float>(context / rope.highFreqFactor);
  float factor = static_cast<float>(rope.factor);
  float wavelength = divide(static_cast<float>(2 * M_PI), frequency);
  if (wavelength > lowWavelength)
    return frequency / factor;
  if (wavelength < highWavelength)
    return frequency;
  float smooth = divide(static_cast<float>(context), wavelength) -
                 static_cast<float>(rope.lowFreqFactor);
  smooth /= static_cast<float>(rope.highFreqFactor - rope.lowFreqFactor);
  float slowed = (1.0f - smooth) * frequency / factor;
  float kept = smooth * frequency;
  return slowed + kept;
}

std::vector<float> amk::rotaryFrequencies(const RopeConfig &rope,
                                          int64_t headDim) {
  std::vector<float> frequencies;
  float theta = static_cast<float>(rope.theta);
  for (int64_t i = 0; i < headDim; i += 2) {
    float exponent = static_cast<float>(i) / static_cast<float>(headDim);
    // Rounded once from double; PyTorch's powf may be off by one ulp.
    float power = static_cast<float>(
        std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
    float frequency = 1.0f / power;
    if (rope.type == RopeConfig::Type::Llama3)
      frequency = scaleLlama3(rope, frequency);
    frequencies.push_back(frequency);
  }
  return frequencies;
}

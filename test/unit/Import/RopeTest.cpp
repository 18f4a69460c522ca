//===- RopeTest.cpp - Tests of rotary parameters ------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Support/ExpectError.h"
#include "amk/Import/ModelConfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using test::errorOf;
using testing::HasSubstr;

namespace {

ModelConfig parse(const std::string &rope) {
  return parseModelConfig({"config.json", R"({
    "architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 64,
    "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 1,
    )" + rope + "}"},
                          nullptr);
}

std::string parseError(const std::string &rope) {
  return errorOf([&] { parse(rope); });
}

const char *kLlama3 = R"("rope_type": "llama3", "factor": 8.0,
  "low_freq_factor": 1.0, "high_freq_factor": 4.0,
  "original_max_position_embeddings": 8192)";

TEST(Rope, BothSpellingsAgree) {
  RopeConfig before = parse(R"("rope_theta": 500000, "rope_scaling": {)" +
                            std::string(kLlama3) + "}")
                          .rope;
  RopeConfig after = parse(R"("rope_parameters": {"rope_theta": 500000,)" +
                           std::string(kLlama3) + "}")
                         .rope;
  EXPECT_EQ(before.type, RopeConfig::Type::Llama3);
  EXPECT_EQ(before.originalMaxPositions, 8192);
  EXPECT_EQ(rotaryFrequencies(before, 64), rotaryFrequencies(after, 64));
}

TEST(Rope, DefaultFrequencies) {
  RopeConfig rope = parse(R"("rope_theta": 10000.0)").rope;
  std::vector<float> frequencies = rotaryFrequencies(rope, 64);
  ASSERT_EQ(frequencies.size(), 32u);
  EXPECT_EQ(frequencies[0], 1.0f);
  EXPECT_FLOAT_EQ(frequencies[1], 0.749894209f);
  EXPECT_FLOAT_EQ(frequencies[16], 0.01f);
  EXPECT_FLOAT_EQ(frequencies[31], 0.000133352143f);
}

TEST(Rope, Llama3KeepsShortWavesAndSlowsLongOnes) {
  RopeConfig rope = parse(R"("rope_theta": 500000, "rope_scaling": {)" +
                          std::string(kLlama3) + "}")
                        .rope;
  RopeConfig plain = rope;
  plain.type = RopeConfig::Type::Default;
  std::vector<float> scaled = rotaryFrequencies(rope, 128);
  std::vector<float> base = rotaryFrequencies(plain, 128);
  // Wavelengths: below 8192 / 4 unchanged, above 8192 / 1 divided by 8.
  EXPECT_EQ(scaled[0], base[0]);
  EXPECT_EQ(scaled[28], base[28]);
  EXPECT_EQ(scaled[35], base[35] / 8);
  EXPECT_EQ(scaled[63], base[63] / 8);
  // Between: base[32] is 500000^-0.5 and 8192 / wavelength = 1.84385, which is
  // 0.281283 of the way from 1 to 4.
  EXPECT_NEAR(scaled[32], base[32] * (0.281283f + 0.718717f / 8), 1e-9f);
}

TEST(Rope, RefusesOtherTypes) {
  EXPECT_THAT(parseError(R"("rope_scaling": {"type": "linear", "factor": 2})"),
              HasSubstr("config.json: rope_scaling.type: found \"linear\", "
                        "expected \"default\" or \"llama3\""));
  EXPECT_THAT(parseError(R"("rope_scaling": {"rope_type": null})"),
              HasSubstr("rope_scaling.rope_type: found null"));
  EXPECT_THAT(parseError(R"("rope_scaling": {"type": "default",
                             "rope_type": "llama3"})"),
              HasSubstr("expected the same as rope_type"));
  EXPECT_THAT(parseError(R"("rope_scaling": 2)"),
              HasSubstr("rope_scaling: found 2, expected an object"));
}

TEST(Rope, RefusesUnknownKeys) {
  EXPECT_THAT(parseError(R"("rope_scaling": {"type": "default", "factor": 2})"),
              HasSubstr("rope_scaling.factor: found 2"));
  EXPECT_THAT(parseError(R"("rope_parameters": {"rope_type": "default",
                             "mscale": 1})"),
              HasSubstr("rope_parameters.mscale: found 1"));
  EXPECT_THAT(parseError(R"("rope_parameters": {"rope_type": "default",
                             "partial_rotary_factor": 0.25})"),
              HasSubstr("partial_rotary_factor: found 0.25, expected 1.0"));
}

TEST(Rope, RefusesBadNumbers) {
  EXPECT_THAT(parseError(R"("rope_theta": 0)"),
              HasSubstr("rope_theta: found 0, expected a number from 1.0"));
  EXPECT_THAT(parseError(R"("rope_theta": "10000")"),
              HasSubstr("rope_theta: found \"10000\""));
  EXPECT_THAT(parseError(R"("rope_scaling": {"rope_type": "llama3"})"),
              HasSubstr("rope_scaling.factor: found nothing"));
  std::string equal = kLlama3;
  equal.replace(equal.find("4.0"), 3, "1.0");
  EXPECT_THAT(parseError(R"("rope_scaling": {)" + equal + "}"),
              HasSubstr("high_freq_factor: found 1.0, expected more than"));
}

TEST(Rope, RefusesContradictions) {
  EXPECT_THAT(parseError(R"("rope_theta": 10000, "rope_parameters":
                         {"rope_type": "default", "rope_theta": 500000})"),
              HasSubstr("rope_parameters.rope_theta: found 500000"));
  EXPECT_THAT(parseError(R"("rope_scaling": {"rope_type": "default"},
                         "rope_parameters": {"rope_type": "default"})"),
              HasSubstr("rope_scaling: found"));
}

} // namespace

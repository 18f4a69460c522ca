//===- WeightsTest.cpp - Checkpoints and dummy weights --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Weights.h"
#include "TestBundle.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using testing::AllOf;
using testing::HasSubstr;

static Manifest manifestOf(const TestModel &model) {
  return parseManifest(model.manifest.dump(), "m.json");
}

static std::string error(const std::vector<TensorData> &tensors) {
  TestModel model;
  writeCheckpoint(model.weightsPath(), tensors);
  try {
    Weights::fromDirectory(manifestOf(model), model.weightsPath());
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

TEST(Weights, MustBeExactlyTheTensorsOfTheBundle) {
  std::vector<TensorData> good = TestModel().tensors, bad = good;
  EXPECT_EQ(error(good), "no error");
  bad.pop_back();
  EXPECT_THAT(error(bad), HasSubstr("tensor proj.weight: not found"));
  bad = good;
  bad.push_back(randomTensor("extra.weight", DType::F32, {2}));
  EXPECT_THAT(error(bad), HasSubstr("tensor extra.weight: the bundle has no"));
  bad = good;
  bad[2] = randomTensor("proj.weight", DType::F16, {12, 40});
  EXPECT_THAT(error(bad), HasSubstr("proj.weight: dtype: found F16, "
                                    "expected BF16"));
  bad = good;
  bad[2] = randomTensor("proj.weight", DType::BF16, {40, 12});
  EXPECT_THAT(error(bad), HasSubstr("proj.weight: shape: found [40, 12], "
                                    "expected [12, 40]"));
}

TEST(Weights, RowsAndWholesOfAMapping) {
  TestModel model;
  model.write();
  Weights weights =
      Weights::fromDirectory(manifestOf(model), model.weightsPath());
  const std::string &bytes = model.tensors[2].bytes;
  EXPECT_EQ(std::memcmp(weights.whole(2), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(weights.row(2, 3, nullptr), weights.whole(2) + 3 * 80);
}

TEST(Weights, DummyValuesFollowTheirDefinition) {
  Manifest manifest;
  manifest.tensors = {{"a.weight", DType::F32, {3, 50}},
                      {"b.norm.weight", DType::F16, {50}},
                      {"c.weight", DType::BF16, {700, 500}}};
  Weights weights = Weights::dummy(manifest, 42);
  for (uint32_t t = 0; t < 3; ++t) {
    const TensorSpec &spec = manifest.tensors[t];
    std::vector<float> values(spec.elements());
    convertToFloat(spec.dtype, weights.whole(t), values.size(), values.data());
    DummyRange range =
        dummyRange(spec.name, spec.shape.size(), spec.columns());
    uint64_t stream = mix64(fnv1a(spec.name) ^ 42);
    for (size_t i = 0; i < values.size(); ++i) {
      volatile float centred = 2.0f * dummyUniform(stream, i) - 1.0f;
      volatile float scaled = centred * range.halfWidth;
      volatile float value = range.centre + scaled;
      float expected = value;
      if (spec.dtype == DType::F16)
        expected = halfToFloat(floatToHalf(value));
      if (spec.dtype == DType::BF16)
        expected = bfloatToFloat(floatToBfloat(value));
      ASSERT_EQ(values[i], expected) << spec.name << " " << i;
    }
  }
  std::vector<uint8_t> scratch(1000);
  const uint8_t *row = weights.row(2, 699, scratch.data());
  EXPECT_EQ(std::memcmp(row, weights.whole(2) + 699 * 1000, 1000), 0);
}

//===- PackingTest.cpp - Packed layouts against the text of Abi.h ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Packing.h"
#include "TestBundle.h"
#include "amk/Support/Error.h"

#include <cmath>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using amk::abi::PackRows;
using amk::abi::PackSegment;
using testing::HasSubstr;

namespace {

struct Case {
  PackRows rows;
  DType dtype;
  uint32_t tileRows;
  int64_t columns;
  uint64_t unitBegin, unitCount;
};

/// q has 4 heads, k and v have 2, of 6 dimensions each.
constexpr uint32_t kHeadDim = 6;

std::vector<TensorData> tensorsOf(const Case &c) {
  if (c.rows == PackRows::Plain)
    return {randomTensor("w", c.dtype, {37, c.columns})};
  if (c.rows == PackRows::Gated)
    return {randomTensor("gate", c.dtype, {23, c.columns}),
            randomTensor("up", c.dtype, {23, c.columns})};
  return {randomTensor("q", c.dtype, {4 * kHeadDim, c.columns}),
          randomTensor("k", c.dtype, {2 * kHeadDim, c.columns}),
          randomTensor("v", c.dtype, {2 * kHeadDim, c.columns})};
}

std::vector<TensorSpec> specsOf(const std::vector<TensorData> &tensors) {
  std::vector<TensorSpec> specs;
  for (const TensorData &tensor : tensors)
    specs.push_back(tensor.spec);
  return specs;
}

PackSegment segmentOf(const Case &c, size_t tensors) {
  PackSegment segment{};
  segment.rowMap = uint32_t(c.rows);
  segment.tileRows = c.tileRows;
  for (uint32_t i = 0; i < 3; ++i)
    segment.tensors[i] = i < tensors ? i : amk::abi::kNoTensor;
  segment.headDim = c.rows == PackRows::RotaryPairs ? kHeadDim : 0;
  segment.unitBegin = c.unitBegin;
  segment.unitCount = c.unitCount;
  return segment;
}

/// Row `r` of all tensors' rows one after another, as bytes.
std::string rowBytes(const std::vector<TensorData> &tensors, uint64_t r) {
  for (const TensorData &tensor : tensors) {
    uint64_t bytes = tensor.spec.columns() * byteSize(tensor.spec.dtype);
    if (r < tensor.spec.rows())
      return tensor.bytes.substr(r * bytes, bytes);
    r -= tensor.spec.rows();
  }
  ADD_FAILURE() << "no such row";
  return "";
}

/// The packed rows in order, padded with empty strings: written from the text
/// of amk::abi::PackRows, by listing rows instead of computing indices.
std::vector<std::string> packedRows(const Case &c,
                                    const std::vector<TensorData> &tensors) {
  std::vector<std::pair<std::string, std::string>> units;
  for (uint64_t u = c.unitBegin; u < c.unitBegin + c.unitCount; ++u) {
    if (c.rows == PackRows::Plain)
      units.push_back({rowBytes(tensors, u), ""});
    else if (c.rows == PackRows::Gated)
      units.push_back({rowBytes(tensors, u), rowBytes(tensors, 23 + u)});
    else {
      uint64_t first = u / 3 * kHeadDim + u % 3;
      units.push_back({rowBytes(tensors, first), rowBytes(tensors, first + 3)});
    }
  }
  uint64_t perTile = c.rows == PackRows::Plain ? c.tileRows : c.tileRows / 2;
  while (units.size() % perTile != 0)
    units.push_back({"", ""});
  std::vector<std::string> rows;
  for (uint64_t tile = 0; tile < units.size(); tile += perTile) {
    for (uint64_t i = 0; i < perTile; ++i)
      rows.push_back(units[tile + i].first);
    for (uint64_t i = 0; i < perTile && c.rows != PackRows::Plain; ++i)
      rows.push_back(units[tile + i].second);
  }
  return rows;
}

std::string naivePack(const Case &c, const std::vector<TensorData> &tensors) {
  uint64_t size = byteSize(c.dtype), chunks = (c.columns + 31) / 32;
  std::vector<std::string> rows = packedRows(c, tensors);
  for (std::string &row : rows)
    row.resize(chunks * 32 * size, '\0');
  std::string packed;
  for (size_t tile = 0; tile < rows.size(); tile += c.tileRows)
    for (uint64_t chunk = 0; chunk < chunks; ++chunk)
      for (uint64_t r = 0; r < c.tileRows; ++r) {
        std::string in = rows[tile + r].substr(chunk * 32 * size, 32 * size);
        if (c.dtype != DType::BF16) {
          packed += in;
          continue;
        }
        for (uint64_t j = 0; j < 16; ++j)
          packed += in.substr(2 * j, 2) + in.substr(2 * (16 + j), 2);
      }
  return packed;
}

class Packing : public testing::TestWithParam<Case> {};

std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (DType dtype : {DType::F32, DType::F16, DType::BF16})
    for (int64_t columns : {1, 32, 40, 95, 96})
      for (uint32_t tileRows : {2u, 8u, 16u}) {
        cases.push_back({PackRows::Plain, dtype, tileRows, columns, 0, 37});
        cases.push_back({PackRows::Plain, dtype, tileRows, columns, 5, 1});
        cases.push_back({PackRows::Gated, dtype, tileRows, columns, 0, 23});
        cases.push_back({PackRows::Gated, dtype, tileRows, columns, 7, 9});
        cases.push_back(
            {PackRows::RotaryPairs, dtype, tileRows, columns, 0, 24});
        cases.push_back(
            {PackRows::RotaryPairs, dtype, tileRows, columns, 10, 11});
      }
  return cases;
}

} // namespace

TEST_P(Packing, TilesAndDefinitionEqualTheNaivePack) {
  const Case &c = GetParam();
  std::vector<TensorData> tensors = tensorsOf(c);
  std::string expected = naivePack(c, tensors);
  TempDir dir;
  writeCheckpoint(dir.path, tensors);
  Manifest manifest;
  manifest.tensors = specsOf(tensors);
  Weights weights = Weights::fromDirectory(manifest, dir.path);
  PackSegment segment = segmentOf(c, tensors.size());
  SegmentShape shape = segmentShape(segment, manifest.tensors, "here");
  ASSERT_EQ(shape.bytes, expected.size());

  std::string packed(shape.bytes, '\xee');
  auto *out = reinterpret_cast<uint8_t *>(packed.data());
  for (uint64_t tile = 0; tile < shape.tiles; ++tile)
    packTile(segment, shape, manifest.tensors, weights, tile, nullptr,
             out + tile * shape.tileBytes);
  EXPECT_TRUE(packed == expected);

  uint64_t size = byteSize(c.dtype);
  for (uint64_t i = 0; i < shape.bytes / size; ++i) {
    ElementSource source = sourceOf(segment, manifest.tensors, i);
    std::string element(size, '\0');
    if (!source.padding())
      element = tensors[source.row.tensor].bytes.substr(
          (source.row.row * c.columns + source.column) * size, size);
    ASSERT_EQ(element, expected.substr(i * size, size)) << "element " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Packing, testing::ValuesIn(allCases()));

TEST(PackSegment, RefusesWhatItsTensorsDoNotHold) {
  Case gated{PackRows::Gated, DType::F32, 8, 40, 0, 23};
  Case rotary{PackRows::RotaryPairs, DType::F32, 8, 40, 0, 24};
  auto error = [](const Case &c, auto change) -> std::string {
    std::vector<TensorSpec> specs = specsOf(tensorsOf(c));
    PackSegment segment = segmentOf(c, specs.size());
    change(segment, specs);
    try {
      segmentShape(segment, specs, "here");
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  };
  using S = PackSegment;
  using T = std::vector<TensorSpec>;
  EXPECT_EQ(error(gated, [](S &, T &) {}), "no error");
  EXPECT_EQ(error(rotary, [](S &, T &) {}), "no error");
  EXPECT_THAT(error(gated, [](S &s, T &) { s.layout = 5; }),
              HasSubstr("here: layout: found 5"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.rowMap = 4; }),
              HasSubstr("rowMap: found 4"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.stageBlocks = 32; }),
              HasSubstr("stageBlocks: found 32, expected 0"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.tileRows = 0; }),
              HasSubstr("tileRows: found 0"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.tileRows = 7; }),
              HasSubstr("tileRows: found 7"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.tileRows = 1u << 31; }),
              HasSubstr("tileRows"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.headDim = 2; }),
              HasSubstr("headDim: found 2, expected 0"));
  EXPECT_THAT(error(rotary, [](S &s, T &) { s.headDim = 0; }),
              HasSubstr("headDim: found 0"));
  EXPECT_THAT(error(rotary, [](S &s, T &) { s.headDim = 3; }),
              HasSubstr("headDim: found 3"));
  EXPECT_THAT(error(rotary, [](S &s, T &) { s.headDim = 8; }),
              HasSubstr("multiple of headDim 8"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.tensors[1] = 2; }),
              HasSubstr("tensors[1]: found 2, expected less than 2"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.tensors[2] = 0; }),
              HasSubstr("tensors[2]: found 0, expected no tensor"));
  EXPECT_THAT(error(gated,
                    [](S &s, T &) { s.tensors[0] = amk::abi::kNoTensor; }),
              HasSubstr("tensors[0]"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.unitCount = 0; }),
              HasSubstr("units: found 0 from 0"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.unitBegin = 1; }),
              HasSubstr("units: found 23 from 1"));
  EXPECT_THAT(error(gated, [](S &s, T &) { s.unitCount = UINT64_MAX; }),
              HasSubstr("units"));
  EXPECT_THAT(error(gated, [](S &, T &t) { t[1].dtype = DType::F16; }),
              HasSubstr("tensor up: dtype or columns differ"));
  EXPECT_THAT(error(gated, [](S &, T &t) { t[1].shape = {23, 41}; }),
              HasSubstr("tensor up: dtype or columns differ"));
  EXPECT_THAT(error(gated, [](S &, T &t) { t[1].shape = {24, 40}; }),
              HasSubstr("tensors[1]: rows: found 24, expected 23"));
  EXPECT_THAT(error(gated, [](S &, T &t) { t[0].shape = {23, 1, 40}; }),
              HasSubstr("found rank 3, expected 2"));
  EXPECT_THAT(error(gated, [](S &, T &t) { t[0].shape = {0, 40}; }),
              HasSubstr("tensor gate: found no elements"));
}

TEST(Constants, TensorsAndRotaryTables) {
  TestModel model;
  model.manifest["constants"][1]["inv_freq"] = {1.0, 0.25};
  model.manifest["constants"][1]["scale"] = 1.5;
  model.manifest["memory"]["constant_bytes"] = 64 + 64 * 16;
  model.write();
  Manifest manifest = parseManifest(model.manifest.dump(), "m.json");
  Weights weights = Weights::fromDirectory(manifest, model.weightsPath());
  Buffer buffer = buildConstants(manifest, weights);
  auto *floats = reinterpret_cast<const float *>(buffer.data());
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(floats[i], 7.0f + i);
  const float *rotary = floats + 16;
  for (int p = 0; p < 64; ++p)
    for (int f = 0; f < 2; ++f) {
      double angle = double(p) * (f ? 0.25 : 1.0);
      EXPECT_NEAR(rotary[p * 4 + f], 1.5 * std::cos(angle), 2e-7);
      EXPECT_NEAR(rotary[p * 4 + 2 + f], 1.5 * std::sin(angle), 2e-7);
    }
}

TEST(PackStreams, WholeBundleWithProgressInBounds) {
  TestModel model;
  model.write();
  Bundle bundle = Bundle::open(model.bundlePath());
  Weights weights =
      Weights::fromDirectory(bundle.manifest, model.weightsPath());
  std::vector<Buffer> streams = packStreams(bundle, weights);
  ASSERT_EQ(streams.size(), 2u);
  for (uint32_t worker = 0; worker < 2; ++worker) {
    Case c{PackRows::Plain, DType::BF16, 4, 40, worker * 6, 6};
    std::string expected = naivePack(c, {model.tensors[2]});
    ASSERT_EQ(streams[worker].size(), expected.size());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(streams[worker].data()) % 64, 0u);
    EXPECT_EQ(std::memcmp(streams[worker].data(), expected.data(),
                          expected.size()),
              0);
  }
}

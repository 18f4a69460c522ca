//===- WordsModel.cpp - The model of the words test -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WordsModel.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace amk;
using namespace amk::test;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static uint16_t toHalf(float value, Format format) {
  if (format == Format::BF16) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
  _Float16 half = _Float16(value);
  uint16_t bits;
  std::memcpy(&bits, &half, sizeof(bits));
  return bits;
}

static float rounded(float value, Format format) {
  if (format == Format::F32)
    return value;
  uint16_t half = toHalf(value, format);
  if (format == Format::BF16) {
    uint32_t bits = uint32_t(half) << 16;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  _Float16 small;
  std::memcpy(&small, &half, sizeof(small));
  return float(small);
}

/// A number of the format as bytes.
static void put(uint8_t *at, float value, Format format) {
  if (format == Format::F32) {
    std::memcpy(at, &value, sizeof(value));
    return;
  }
  uint16_t half = toHalf(value, format);
  std::memcpy(at, &half, sizeof(half));
}

static uint32_t bytesOf(Format format) { return format == Format::F32 ? 4 : 2; }

namespace {
/// Uniform in [-1, 1]; there are tens of millions to make.
struct Random {
  uint64_t state;
  float operator()() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return float(int32_t(state >> 32)) * 0x1p-31f;
  }
};
} // namespace

static Matrix makeMatrix(Random &random, uint32_t rows, uint32_t columns,
                         float scale, Format format) {
  Matrix m{rows, columns, {}};
  m.values.resize(size_t(rows) * columns);
  for (float &value : m.values)
    value = rounded(scale * random(), format);
  return m;
}

std::vector<double> Matrix::times(const std::vector<double> &x) const {
  std::vector<double> result(rows);
  for (uint32_t r = 0; r != rows; ++r) {
    const float *weights = row(r);
    double sums[4] = {};
    for (uint32_t k = 0; k != columns; ++k)
      sums[k % 4] += weights[k] * x[k];
    result[r] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

Model::Model(const Config &config, uint32_t seed) : config(config) {
  Random random{0x9e3779b97f4a7c15ull * (seed + 1)};
  auto weights = [&](uint32_t rows, uint32_t columns) {
    // Results are about as large as what is multiplied.
    float scale = std::sqrt(3.0f / float(columns));
    return makeMatrix(random, rows, columns, scale, config.format);
  };
  const Config &c = config;
  table = makeMatrix(random, c.vocab, c.hidden, 1.5f, c.format);
  queryWeights = weights(c.queries(), c.hidden);
  oWeights = weights(c.hidden, c.queries());
  gate = weights(c.inner, c.hidden);
  up = weights(c.inner, c.hidden);
  downWeights = weights(c.hidden, c.inner);
  headWeights = weights(c.vocab, c.hidden);
  for (std::vector<float> &norm : norms)
    for (uint32_t i = 0; i != c.hidden; ++i)
      norm.push_back(1 + 0.5f * random());
  for (uint32_t p = 0; p != kPositions; ++p)
    for (auto function : {+[](double x) { return std::cos(x); },
                          +[](double x) { return std::sin(x); }})
      for (uint32_t i = 0; i != c.dim / 2; ++i)
        angles.push_back(
            float(function(p * std::pow(10000.0, -2.0 * i / double(c.dim)))));
}

std::vector<double> Model::normalised(const std::vector<double> &x,
                                      const std::vector<float> &weight) const {
  double sum = 0;
  for (double value : x)
    sum += value * value;
  double scale = 1 / std::sqrt(sum / double(x.size()) + kEpsilon);
  std::vector<double> result;
  for (size_t i = 0; i != x.size(); ++i)
    result.push_back(x[i] * weight[i] * scale);
  return result;
}

Step Model::run(uint32_t token, uint32_t position) const {
  Step step;
  step.embedded.assign(table.row(token), table.row(token) + config.hidden);
  step.queries = queryWeights.times(normalised(step.embedded, norms[0]));
  uint32_t half = config.dim / 2;
  for (uint32_t h = 0; h != config.kvHeads * (config.heads + 2); ++h) {
    if (h % (config.heads + 2) == config.heads + 1)
      continue; // a value
    double *row = &step.queries[h * config.dim];
    for (uint32_t i = 0; i != half; ++i) {
      double cosine = angles[position * config.dim + i];
      double sine = angles[position * config.dim + half + i];
      double a = row[i], b = row[i + half];
      row[i] = a * cosine - b * sine;
      row[i + half] = b * cosine + a * sine;
    }
  }
  step.middle = oWeights.times(step.queries);
  for (uint32_t i = 0; i != config.hidden; ++i)
    step.middle[i] += step.embedded[i];
  std::vector<double> x = normalised(step.middle, norms[1]);
  std::vector<double> ups = up.times(x);
  step.inner = gate.times(x);
  for (uint32_t i = 0; i != config.inner; ++i)
    step.inner[i] *= ups[i] / (1 + std::exp(-step.inner[i]));
  step.out = downWeights.times(step.inner);
  for (uint32_t i = 0; i != config.hidden; ++i)
    step.out[i] += step.middle[i];
  step.logits = headWeights.times(normalised(step.out, norms[2]));
  return step;
}

//===----------------------------------------------------------------------===//
// Runs of weights
//===----------------------------------------------------------------------===//

uint32_t Model::columns(Phase phase) const {
  if (phase == O)
    return config.queries();
  return phase == Down ? config.inner : config.hidden;
}

uint32_t Model::units(Phase phase) const {
  switch (phase) {
  case QKV:
    return config.queries() / 2;
  case Gated:
    return config.inner;
  case Head:
    return config.vocab;
  default:
    return config.hidden;
  }
}

uint32_t Model::unitsOfTile(Phase phase) const {
  bool isPaired = phase == QKV || phase == Gated;
  return isPaired ? config.tileRows() / 2 : config.tileRows();
}

gpu::RunShape Model::shape(Phase phase, uint32_t stageBytes) const {
  return gpu::runShape(config.layout, columns(phase),
                       stageBytes / abi::kFragmentBytes);
}

const float *Model::rowOf(Phase phase, uint32_t begin, uint32_t count,
                          uint32_t tile, uint32_t r) const {
  uint32_t perTile = unitsOfTile(phase), half = config.dim / 2;
  uint32_t unit = tile * perTile + r % perTile;
  if (unit >= count)
    return nullptr;
  unit += begin;
  bool isPartner = r >= perTile;
  switch (phase) {
  case QKV:
    return queryWeights.row(unit / half * config.dim + unit % half +
                            (isPartner ? half : 0));
  case Gated:
    return (isPartner ? up : gate).row(unit);
  case O:
    return oWeights.row(unit);
  case Down:
    return downWeights.row(unit);
  default:
    return headWeights.row(unit);
  }
}

void Model::pack(std::vector<uint8_t> &stream, Phase phase, uint32_t begin,
                 uint32_t count, uint32_t stageBytes) const {
  gpu::RunShape run = shape(phase, stageBytes);
  uint32_t unit = gpu::blockColumns(config.layout);
  uint64_t tiles = gpu::ceilDiv(count, unitsOfTile(phase));
  uint64_t start = stream.size();
  stream.resize(start + run.bytes(tiles));
  for (uint32_t r = 0; r != config.tileRows(); ++r) {
    std::vector<uint32_t> bytes;
    for (uint32_t k = 0; k != unit; ++k)
      bytes.push_back(gpu::fragmentByte(config.layout, r, k));
    for (uint64_t tile = 0; tile != tiles; ++tile) {
      const float *row = rowOf(phase, begin, count, uint32_t(tile), r);
      for (uint64_t k = 0; row && k != columns(phase); ++k) {
        uint64_t panel = k / run.panelColumns, inPanel = k % run.panelColumns;
        uint64_t block = run.tileOffset(tiles, panel, tile) +
                         inPanel / unit * abi::kFragmentBytes;
        put(&stream[start + block + bytes[inPanel % unit]], row[k],
            config.format);
      }
    }
  }
}

std::vector<uint8_t> Model::tableBytes() const {
  uint32_t size = bytesOf(config.format);
  std::vector<uint8_t> bytes(table.values.size() * size);
  for (size_t i = 0; i != table.values.size(); ++i)
    put(&bytes[i * size], table.values[i], config.format);
  return bytes;
}

//===- BodyCase.cpp - One body with its memory ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BodyCase.h"
#include "amk/Runtime/Packing.h"
#include "amk/Runtime/Weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

static constexpr double kEpsilon = 1.0e-5; // as in linear-norm.mlir
static constexpr uint64_t kSeed = 1;
static constexpr uint32_t kPattern = 0xffc0dead; // a NaN

enum TensorNumber : uint32_t { kMatrix, kNorm, kInput, kResidual };

static std::vector<TensorSpec> tensorsOf(const BodyShape &shape) {
  return {{"weight", shape.weights, {shape.rows, shape.columns}},
          {"norm.weight", DType::F32, {shape.columns}},
          {"input", DType::F32, {1, shape.columns}},
          {"residual", DType::F32, {1, shape.rows}}};
}

static void packWeights(const BodyShape &shape,
                        const std::vector<TensorSpec> &tensors,
                        const Weights &weights, Buffer &stream) {
  abi::PackSegment segment = {};
  segment.tileRows = static_cast<uint32_t>(shape.tileRows);
  segment.tensors[0] = kMatrix;
  segment.tensors[1] = segment.tensors[2] = abi::kNoTensor;
  segment.unitBegin = shape.begin;
  segment.unitCount = shape.count;
  SegmentShape packed = segmentShape(segment, tensors, shape.name);
  stream = Buffer(packed.bytes, "packed weights");
  std::vector<uint8_t> row(packed.columns * byteSize(packed.dtype));
  for (uint64_t tile = 0; tile < packed.tiles; ++tile)
    packTile(segment, packed, tensors, weights, tile, row.data(),
             stream.data() + tile * packed.tileBytes);
}

static std::vector<double> compute(const BodyShape &shape, Weights &weights,
                                   const float *input, const float *residual,
                                   const float *norm) {
  double squares = 0;
  for (int64_t k = 0; k < shape.columns; ++k)
    squares += double(input[k]) * input[k];
  double scale = 1 / std::sqrt(squares / shape.columns + kEpsilon);
  const uint8_t *matrix = weights.whole(kMatrix);
  std::vector<float> row(shape.columns);
  std::vector<double> result;
  for (int64_t n = shape.begin; n < shape.begin + shape.count; ++n) {
    convertToFloat(shape.weights,
                   matrix + n * shape.columns * byteSize(shape.weights),
                   shape.columns, row.data());
    double sum = residual[n];
    for (int64_t k = 0; k < shape.columns; ++k)
      sum += row[k] * (norm[k] * (input[k] * scale));
    result.push_back(sum);
  }
  return result;
}

uint64_t BodyShape::scratchBytes() const {
  uint64_t chunks = (columns + abi::kPackChunk - 1) / abi::kPackChunk;
  return sizeof(float) * (chunks * abi::kPackChunk + tiles() * tileRows);
}

BodyCase::BodyCase(const BodyShape &shape)
    : shape(shape), constants(shape.columns * sizeof(float), "constants"),
      arena(shape.columns + 2 * shape.rows) {
  Manifest manifest;
  manifest.tensors = tensorsOf(shape);
  Weights weights = Weights::dummy(manifest, kSeed);
  auto copy = [&](TensorNumber number, int64_t count, void *to) {
    std::memcpy(to, weights.whole(number), count * sizeof(float));
  };
  float *input = arena.data(), *residual = input + shape.columns;
  copy(kNorm, shape.columns, constants.data());
  copy(kInput, shape.columns, input);
  copy(kResidual, shape.rows, residual);
  packWeights(shape, manifest.tensors, weights, stream);
  reference = compute(shape, weights, input, residual,
                      reinterpret_cast<const float *>(constants.data()));
}

std::vector<BodyCase::Operand> BodyCase::operands() const {
  auto arenaAt = [](int64_t element) {
    return Operand{abi::Space::Arena, element * sizeof(float)};
  };
  auto number = [](int64_t value) {
    return Operand{abi::Space::Scratch, uint64_t(value)};
  };
  return {arenaAt(0),
          {abi::Space::Constant, 0},
          {abi::Space::Stream, 0},
          arenaAt(shape.columns),
          arenaAt(outputOffset()),
          number(shape.begin),
          number(shape.count),
          number(shape.tiles())};
}

void BodyCase::poison(std::vector<float> &arena) const {
  for (int64_t n = 0; n < shape.rows; ++n)
    std::memcpy(output(arena) + n, &kPattern, sizeof(kPattern));
}

bool BodyCase::othersUntouched(std::vector<float> &arena) const {
  for (int64_t n = 0; n < shape.rows; ++n) {
    bool mine = n >= shape.begin && n < shape.begin + shape.count;
    if (!mine && std::memcmp(output(arena) + n, &kPattern, sizeof(kPattern)))
      return false;
  }
  return true;
}

double BodyCase::error(std::vector<float> &arena,
                       const std::vector<double> &expected) const {
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < shape.count; ++i) {
    double value = output(arena)[shape.begin + i];
    if (std::isnan(value))
      return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::fabs(expected[i]));
    difference = std::max(difference, std::fabs(value - expected[i]));
  }
  return difference / largest;
}

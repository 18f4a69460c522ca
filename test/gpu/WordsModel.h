//===- WordsModel.h - The model of the words test ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model of one layer without attention, its steps in float64, and its weights
// as tasks' runs.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_WORDSMODEL_H
#define AMK_TEST_GPU_WORDSMODEL_H

#include "amk/Support/GpuLayout.h"

#include <cstdint>
#include <vector>

namespace amk::test {

enum class Format { BF16, F16, F32 };

/// The bodies of words-kernel.mlir and words-types-kernel.mlir.
struct Config {
  const char *name;
  uint32_t hidden, kvHeads, heads, dim, inner, vocab;
  Format format;
  abi::PackLayout layout;
  bool hiLo;
  double tolerance; ///< relative to the largest value
  uint32_t rows;    ///< of a task, at most

  /// Elements that qkv makes: query heads, key and value of each kv head.
  uint32_t queries() const { return kvHeads * (heads + 2) * dim; }
  uint32_t tileRows() const { return gpu::blockRows(layout); }
};

constexpr uint32_t kPositions = 64;
constexpr double kEpsilon = 1e-5;

enum Phase : uint32_t { Embed, QKV, O, Gated, Down, Head, NextToken };
constexpr uint32_t kPhases = 7;

/// A matrix whose elements are numbers of the model's format.
struct Matrix {
  uint32_t rows = 0, columns = 0;
  std::vector<float> values;
  const float *row(uint32_t r) const { return &values[size_t(r) * columns]; }
  std::vector<double> times(const std::vector<double> &x) const;
};

/// Values of a step.
struct Step {
  std::vector<double> embedded, queries, middle, inner, out, logits;
};

class Model {
public:
  Model(const Config &config, uint32_t seed);

  Step run(uint32_t token, uint32_t position) const;

  /// Columns of a phase's weights, and its units: what is cut into parts.
  uint32_t columns(Phase phase) const;
  uint32_t units(Phase phase) const;
  /// Units of a tile.
  uint32_t unitsOfTile(Phase phase) const;
  gpu::RunShape shape(Phase phase, uint32_t stageBytes) const;
  /// Appends the run of units [begin, begin + count) to a worker's stream.
  void pack(std::vector<uint8_t> &stream, Phase phase, uint32_t begin,
            uint32_t count, uint32_t stageBytes) const;
  /// A table as the device reads it.
  std::vector<uint8_t> tableBytes() const;

  const Config &config;
  Matrix table, queryWeights, oWeights, gate, up, downWeights, headWeights;
  std::vector<float> norms[3]; ///< of qkv, gated, head
  std::vector<float> angles;   ///< [kPositions][2][dim / 2]

private:
  /// Row r of tile t of a phase's units from `begin` on; null beyond the end.
  const float *rowOf(Phase phase, uint32_t begin, uint32_t count, uint32_t tile,
                     uint32_t r) const;
  std::vector<double> normalised(const std::vector<double> &x,
                                 const std::vector<float> &weight) const;
};

} // namespace amk::test

#endif // AMK_TEST_GPU_WORDSMODEL_H

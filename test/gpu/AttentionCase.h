//===- AttentionCase.h - What attention on a GPU is tested with -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two kv heads in three splits. The results of a step are the queries, keys and
// values of the next one, so that every step has its own, and errors of any
// step are seen in the cache and in the last results.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_ATTENTIONCASE_H
#define AMK_TEST_GPU_ATTENTIONCASE_H

#include <cstdint>
#include <string>
#include <vector>

namespace amk::test {

constexpr uint32_t kKVHeads = 2, kSplits = 3, kWorkers = kKVHeads * kSplits;
constexpr uint32_t kMaxPositions = 4096;

enum class CacheType { BF16, F16, F32 };

struct AttentionCase {
  const char *name;
  uint32_t dim, heads; ///< of a kv head
  CacheType type;

  uint32_t elementBytes() const { return type == CacheType::F32 ? 4 : 2; }
  uint32_t padded() const { return (dim + 15) / 16 * 16; }
  /// Positions of a block, and its bytes.
  uint32_t block() const { return type == CacheType::F32 ? 8 : 16; }
  uint32_t blockBytes() const { return 64 * padded(); }
  /// Of a kv head: its queries, key and value.
  uint32_t rows() const { return heads + 2; }
  uint32_t words() const { return kKVHeads * rows() * dim; }
  /// Where an element lies in its block (docs/GpuKernel.md, 5.1).
  uint32_t keyByte(uint32_t position, uint32_t e) const;
  uint32_t valueByte(uint32_t position, uint32_t e) const;
  /// An element's bits, and their value.
  uint32_t toBits(double value) const;
  double fromBits(uint32_t bits) const;
  /// What rounding to an element may change, relative.
  double roundingError() const;
};

/// Cases of attention-kernel.mlir and attention-f32-kernel.mlir, in order, and
/// of attention-wide-kernel.mlir and attention-wide-f32-kernel.mlir.
const std::vector<AttentionCase> &halfCases();
const std::vector<AttentionCase> &floatCases();
const std::vector<AttentionCase> &wideCases();
const std::vector<AttentionCase> &wideFloatCases();

/// Elements of the result that become elements of the next step's queries, keys
/// and values: `count` of query head `head` (of all) from `from` on become
/// those of row `row` of kv head `kvHead` from `to` on.
struct Piece {
  uint32_t head, from, kvHead, row, to, count;
};
std::vector<Piece> piecesOf(const AttentionCase &test);

/// The workers' parts of the cache.
using Caches = std::vector<std::vector<uint8_t>>;

class Problem {
public:
  Problem(const AttentionCase &test, uint32_t seed);

  /// Random rows below `positions`; everything else is not a number.
  Caches cachesBefore(uint32_t positions) const;
  /// Of the first step: [kv head][row][dim].
  const std::vector<float> &firstWords() const { return words; }

  struct Difference {
    /// Largest, of the rows that the steps appended, beyond their rounding, and
    /// of the last results; relative to the largest of them.
    double results;
    bool padding; ///< whether keys that the steps appended are padded with 0
    bool kept;    ///< whether the rows from before are as they were
  };
  /// Of what `steps` steps from `start` on left: the words of the step after,
  /// and the caches. Every step is computed from the cache that the kernel
  /// left, so that its rounding does not add up.
  Difference compare(uint32_t start, uint32_t steps,
                     const std::vector<float> &found,
                     const Caches &caches) const;

private:
  const AttentionCase &test;
  std::vector<float> words;
  std::vector<uint32_t> bits; ///< [key, value][kv head][position][dim]
};

} // namespace amk::test

#endif // AMK_TEST_GPU_ATTENTIONCASE_H

//===- AttentionCase.cpp - What attention on a GPU is tested with ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionCase.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace amk::test;

const std::vector<AttentionCase> &amk::test::halfCases() {
  static const std::vector<AttentionCase> cases = {
      {"d64", 64, 4, CacheType::BF16},    {"d128", 128, 4, CacheType::BF16},
      {"d16", 16, 8, CacheType::BF16},    {"d72", 72, 3, CacheType::BF16},
      {"d64f16", 64, 3, CacheType::F16},  {"d8", 8, 3, CacheType::BF16},
      {"d24f16", 24, 1, CacheType::F16},  {"d80f16", 80, 4, CacheType::F16},
      {"d96", 96, 5, CacheType::BF16},    {"d64g8", 64, 8, CacheType::BF16},
      {"d128g8", 128, 8, CacheType::BF16}};
  return cases;
}

const std::vector<AttentionCase> &amk::test::floatCases() {
  static const std::vector<AttentionCase> cases = {
      {"d64f32", 64, 1, CacheType::F32},    {"d24f32", 24, 1, CacheType::F32},
      {"d8f32", 8, 4, CacheType::F32},      {"d128f32", 128, 1, CacheType::F32},
      {"d80f32g3", 80, 3, CacheType::F32},  {"d64f32g8", 64, 8, CacheType::F32},
      {"d128f32g8", 128, 8, CacheType::F32}};
  return cases;
}

const std::vector<AttentionCase> &amk::test::wideCases() {
  static const std::vector<AttentionCase> cases = {
      {"d256", 256, 3, CacheType::BF16},
      {"d256g8", 256, 8, CacheType::BF16},
      {"d144f16", 144, 2, CacheType::F16}};
  return cases;
}

const std::vector<AttentionCase> &amk::test::wideFloatCases() {
  static const std::vector<AttentionCase> cases = {
      {"d256f32", 256, 2, CacheType::F32},
      {"d200f32g8", 200, 8, CacheType::F32}};
  return cases;
}

//===----------------------------------------------------------------------===//
// Elements and blocks
//===----------------------------------------------------------------------===//

uint32_t AttentionCase::toBits(double value) const {
  float narrow = float(value);
  uint32_t bits = 0;
  if (type == CacheType::F16) {
    _Float16 half = _Float16(narrow);
    std::memcpy(&bits, &half, sizeof(half));
    return bits;
  }
  std::memcpy(&bits, &narrow, sizeof(bits));
  if (type == CacheType::F32)
    return bits;
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

double AttentionCase::fromBits(uint32_t bits) const {
  if (type == CacheType::F16) {
    _Float16 half;
    std::memcpy(&half, &bits, sizeof(half));
    return double(half);
  }
  if (type == CacheType::BF16)
    bits <<= 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

double AttentionCase::roundingError() const {
  switch (type) {
  case CacheType::BF16:
    return 1.0 / 256;
  case CacheType::F16:
    return 1.0 / 2048;
  case CacheType::F32:
    return 0;
  }
  return 0;
}

uint32_t AttentionCase::keyByte(uint32_t position, uint32_t e) const {
  uint32_t row = position % block(), u = e % 16;
  if (type == CacheType::F32)
    return 4 * (row * padded() + e);
  return 512 * (e / 16) + 16 * (4 * (row % 8) + (u % 8) / 2) +
         4 * (2 * (row / 8) + u / 8) + 2 * (u % 2);
}

uint32_t AttentionCase::valueByte(uint32_t position, uint32_t e) const {
  uint32_t row = position % block();
  if (type == CacheType::F32)
    return 32 * padded() + 4 * (row * padded() + e);
  return 32 * padded() + 512 * (e / 16) + 16 * (4 * (e % 8) + (row % 8) / 2) +
         4 * (2 * ((e / 8) % 2) + row / 8) + 2 * (row % 2);
}

/// Where an element of a position is: the worker, and the byte of its part.
static std::pair<uint32_t, uint64_t> placeOf(const AttentionCase &test,
                                             bool isKey, uint32_t kvHead,
                                             uint32_t position, uint32_t e) {
  uint32_t block = position / test.block();
  uint64_t byte =
      uint64_t(block / kSplits) * test.blockBytes() +
      (isKey ? test.keyByte(position, e) : test.valueByte(position, e));
  return {kvHead * kSplits + block % kSplits, byte};
}

static uint32_t readBits(const AttentionCase &test, const Caches &caches,
                         bool isKey, uint32_t kvHead, uint32_t position,
                         uint32_t e) {
  auto [worker, byte] = placeOf(test, isKey, kvHead, position, e);
  uint32_t bits = 0;
  std::memcpy(&bits, &caches[worker][byte], test.elementBytes());
  return bits;
}

/// Queries become the results as they are. Keys and values become results of
/// the other kv head with their halves exchanged: never what the queries are.
std::vector<Piece> amk::test::piecesOf(const AttentionCase &test) {
  std::vector<Piece> pieces;
  uint32_t half = test.dim / 2;
  for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead)
    for (uint32_t row = 0; row != test.rows(); ++row)
      for (uint32_t to : {0u, half}) {
        uint32_t head = kvHead * test.heads + row, from = to;
        if (row >= test.heads) {
          uint32_t other = (kvHead + 1) % kKVHeads * test.heads;
          head = other + (row == test.heads ? 0 : test.heads - 1);
          from = half - to;
        }
        pieces.push_back({head, from, kvHead, row, to, half});
      }
  return pieces;
}

//===----------------------------------------------------------------------===//
// Problem
//===----------------------------------------------------------------------===//

Problem::Problem(const AttentionCase &test, uint32_t seed) : test(test) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-2, 2);
  for (uint32_t i = 0; i != test.words(); ++i)
    words.push_back(uniform(random));
  for (uint32_t i = 0; i != 2 * kKVHeads * kMaxPositions * test.dim; ++i)
    bits.push_back(test.toBits(uniform(random)));
}

Caches Problem::cachesBefore(uint32_t positions) const {
  uint64_t blocks = kMaxPositions / test.block() / kSplits + 1;
  Caches caches(kWorkers,
                std::vector<uint8_t>(blocks * test.blockBytes(), 0xff));
  for (bool isKey : {true, false})
    for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead)
      for (uint32_t p = 0; p != positions; ++p)
        for (uint32_t e = 0; e != test.padded(); ++e) {
          auto [worker, byte] = placeOf(test, isKey, kvHead, p, e);
          uint32_t row = ((isKey ? 0 : kKVHeads) + kvHead) * kMaxPositions + p;
          uint32_t element = e < test.dim ? bits[row * test.dim + e] : 0;
          // The padding of values is not used.
          if (isKey || e < test.dim)
            std::memcpy(&caches[worker][byte], &element, test.elementBytes());
        }
  return caches;
}

/// All rows of a kv head below `positions`, [position][dim].
static std::vector<double> decode(const AttentionCase &test,
                                  const Caches &caches, bool isKey,
                                  uint32_t kvHead, uint32_t positions) {
  std::vector<double> rows;
  for (uint32_t p = 0; p != positions; ++p)
    for (uint32_t e = 0; e != test.dim; ++e)
      rows.push_back(
          test.fromBits(readBits(test, caches, isKey, kvHead, p, e)));
  return rows;
}

/// One query to all positions up to `position`.
static std::vector<double> attend(const AttentionCase &test, uint32_t position,
                                  const double *query,
                                  const std::vector<double> &keys,
                                  const std::vector<double> &values) {
  // The scale as the programs have it.
  double scale = 1 / std::sqrt(double(test.dim)), total = 0;
  std::vector<double> scores, result(test.dim);
  for (uint32_t p = 0; p <= position; ++p) {
    double sum = 0;
    for (uint32_t e = 0; e != test.dim; ++e)
      sum += query[e] * keys[p * test.dim + e];
    scores.push_back(sum * scale);
  }
  double most = *std::max_element(scores.begin(), scores.end());
  for (uint32_t p = 0; p <= position; ++p) {
    double weight = std::exp(scores[p] - most);
    total += weight;
    for (uint32_t e = 0; e != test.dim; ++e)
      result[e] += weight * values[p * test.dim + e];
  }
  for (double &value : result)
    value /= total;
  return result;
}

Problem::Difference Problem::compare(uint32_t start, uint32_t steps,
                                     const std::vector<float> &found,
                                     const Caches &caches) const {
  Difference difference = {0, true, true};
  double largest = 0;
  auto differ = [&](double error) {
    difference.results =
        std::isnan(error) ? HUGE_VAL : std::max(difference.results, error);
  };
  std::vector<double> keys[kKVHeads], values[kKVHeads];
  for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead) {
    keys[kvHead] = decode(test, caches, true, kvHead, start + steps);
    values[kvHead] = decode(test, caches, false, kvHead, start + steps);
  }
  std::vector<double> now(words.begin(), words.end());
  auto at = [&](uint32_t kvHead, uint32_t row, uint32_t e) -> double & {
    return now[(kvHead * test.rows() + row) * test.dim + e];
  };
  for (uint32_t position = start; position != start + steps; ++position) {
    for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead)
      for (bool isKey : {true, false})
        for (uint32_t e = 0; e != test.dim; ++e) {
          double row = at(kvHead, test.heads + (isKey ? 0 : 1), e);
          double kept =
              (isKey ? keys : values)[kvHead][position * test.dim + e];
          // What rounding to the cache's type does not explain.
          differ(std::fabs(row - kept) - std::fabs(row) * test.roundingError());
          largest = std::max(largest, std::fabs(row));
        }
    std::vector<std::vector<double>> results;
    for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead)
      for (uint32_t head = 0; head != test.heads; ++head)
        results.push_back(attend(test, position, &at(kvHead, head, 0),
                                 keys[kvHead], values[kvHead]));
    for (const Piece &piece : piecesOf(test))
      for (uint32_t e = 0; e != piece.count; ++e)
        at(piece.kvHead, piece.row, piece.to + e) =
            results[piece.head][piece.from + e];
  }
  for (size_t i = 0; i != now.size(); ++i) {
    differ(std::fabs(found[i] - now[i]));
    largest = std::max(largest, std::fabs(now[i]));
  }
  difference.results /= largest;

  Caches before = cachesBefore(start);
  for (bool isKey : {true, false})
    for (uint32_t kvHead = 0; kvHead != kKVHeads; ++kvHead)
      for (uint32_t p = 0; p != start + steps; ++p)
        for (uint32_t e = 0; e != (isKey ? test.padded() : test.dim); ++e) {
          uint32_t is = readBits(test, caches, isKey, kvHead, p, e);
          if (p < start)
            difference.kept &=
                is == readBits(test, before, isKey, kvHead, p, e);
          else
            difference.padding &= e < test.dim || is == 0;
        }
  return difference;
}

//===- Hash.cpp - Content hashes and counter-based random numbers ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Hash.h"

#include <cmath>

namespace amk {

uint64_t fnv1a(std::string_view bytes, uint64_t seed) {
  uint64_t hash = seed;
  for (char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ull;
  }
  return hash;
}

std::string hex64(uint64_t value) {
  std::string digits(16, '0');
  for (size_t i = digits.size(); i-- != 0; value >>= 4)
    digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

static bool endsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         text.substr(text.size() - suffix.size()) == suffix;
}

DummyRange dummyRange(std::string_view name, uint64_t rank, uint64_t columns) {
  if (rank == 1 && endsWith(name, "norm.weight"))
    return {1.0f, 0.25f};
  if (endsWith(name, "embed_tokens.weight"))
    return {0.0f, 1.0f};
  // Division and square root are correctly rounded in IEEE arithmetic, so this
  // is the same value everywhere.
  return {0.0f,
          static_cast<float>(std::sqrt(3.0 / static_cast<double>(columns)))};
}

} // namespace amk

//===- Hash.h - Content hashes and counter-based random numbers -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_HASH_H
#define AMK_SUPPORT_HASH_H

#include <cstdint>
#include <string>
#include <string_view>

namespace amk {

/// 64-bit FNV-1a of `bytes`. Guards against damage and stale caches, not
/// against an adversary.
uint64_t fnv1a(std::string_view bytes, uint64_t seed = 0xcbf29ce484222325ull);

/// 16 lower-case hex digits.
std::string hex64(uint64_t value);

/// Finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
constexpr uint64_t mix64(uint64_t z) {
  z += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/// Dummy weight `index` of tensor `name`: the same value on every machine, in
/// C++ and in python/amk/dummy.py. `stream` = mix64(fnv1a(name) ^ seed).
/// u = (mix64(stream + index) >> 40) * 2^-24 in [0, 1); the value is
/// centre + (2u - 1) * halfWidth, computed in float32, then rounded to the
/// tensor's dtype. See dummyRange().
constexpr float dummyUniform(uint64_t stream, uint64_t index) {
  return static_cast<float>(mix64(stream + index) >> 40) * 0x1p-24f;
}

/// centre and halfWidth of a dummy tensor: norm weights (rank 1, name ends in
/// "norm.weight") are 1 +- 0.25; every other tensor is 0 +- sqrt(3) * 1.0 /
/// sqrt(columns), with columns the last dimension (unit-variance outputs for
/// unit-variance inputs), except the embedding ("embed_tokens.weight"): 0 +- 1.
struct DummyRange {
  float centre;
  float halfWidth;
};
DummyRange dummyRange(std::string_view name, uint64_t rank, uint64_t columns);

} // namespace amk

#endif // AMK_SUPPORT_HASH_H

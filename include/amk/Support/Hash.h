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

/// Dummy weight `index` (its place in row-major order) of tensor `name`: the
/// same value on every machine, in C++ and in python/amk/dummy.py. With `stream`
/// = mix64(fnv1a(name) ^ seed), this is u in [0, 1); see dummyValue().
constexpr float dummyUniform(uint64_t stream, uint64_t index) {
  return static_cast<float>(mix64(stream + index) >> 40) * 0x1p-24f;
}

/// centre and halfWidth of a dummy tensor: norm weights (rank 1, name ends in
/// "norm.weight") are 1 +- 0.25; the embedding ("embed_tokens.weight" ends its
/// name) is 0 +- 1; every other tensor is 0 +- sqrt(3 / columns), computed in
/// float64 and rounded once to float32, with columns the last dimension
/// (unit-variance outputs for unit-variance inputs; 1 for a scalar).
struct DummyRange {
  float centre;
  float halfWidth;
};
DummyRange dummyRange(std::string_view name, uint64_t rank, uint64_t columns);

/// The value before it is rounded to the tensor's dtype. 2u - 1 is exact in
/// float32, and either the product (halfWidth a power of two) or the sum (centre
/// zero) is exact too, so a fused multiply-add gives the same bits.
constexpr float dummyValue(const DummyRange &range, uint64_t stream,
                           uint64_t index) {
  return range.centre +
         (2.0f * dummyUniform(stream, index) - 1.0f) * range.halfWidth;
}

} // namespace amk

#endif // AMK_SUPPORT_HASH_H

//===- Sha256.cpp - SHA-256 of a string -----------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Sha256.h"

#include <algorithm>
#include <cstring>

using namespace amk;

/// FIPS 180-4, section 4.2.2.
static constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned n) {
  return x >> n | x << (32 - n);
}

void Sha256::addBlock(const uint8_t *block) {
  uint32_t w[64];
  for (unsigned i = 0; i != 16; ++i)
    w[i] = uint32_t(block[4 * i]) << 24 | uint32_t(block[4 * i + 1]) << 16 |
           uint32_t(block[4 * i + 2]) << 8 | block[4 * i + 3];
  for (unsigned i = 16; i != 64; ++i) {
    uint32_t x = w[i - 15], y = w[i - 2];
    uint32_t s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3;
    uint32_t s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (unsigned i = 0; i != 64; ++i) {
    uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t sum[8] = {a, b, c, d, e, f, g, h};
  for (unsigned i = 0; i != 8; ++i)
    state[i] += sum[i];
}

void Sha256::add(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t used = length % pending.size();
    size_t count = std::min(bytes.size(), pending.size() - used);
    std::memcpy(pending.data() + used, bytes.data(), count);
    length += count;
    bytes.remove_prefix(count);
    if (used + count == pending.size())
      addBlock(pending.data());
  }
}

/// A one bit, zeros, and the length in bits fill the last block.
std::string Sha256::finish() {
  uint64_t bits = length * 8;
  add(std::string_view("\x80", 1));
  while (length % pending.size() != pending.size() - 8)
    add(std::string_view("\0", 1));
  char suffix[8];
  for (unsigned i = 0; i != 8; ++i)
    suffix[i] = static_cast<char>(bits >> (56 - 8 * i));
  add(std::string_view(suffix, sizeof(suffix)));
  std::string digits;
  for (uint32_t word : state)
    for (unsigned shift = 32; shift != 0; shift -= 4)
      digits += "0123456789abcdef"[word >> (shift - 4) & 15];
  return digits;
}

//===- Sha256Test.cpp - SHA-256 against published digests -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Sha256.h"

#include <gtest/gtest.h>

using namespace amk;

namespace {

std::string digest(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hash.finish();
}

/// The examples of FIPS 180 and the empty message.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb924"
                        "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223"
                           "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039"
            "a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                   "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b049237"
            "0b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(digest(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
}

/// Lengths around the borders of the padding, in pieces of every size.
TEST(Sha256, PiecesDoNotMatter) {
  for (size_t length : {55, 56, 63, 64, 65, 119, 120, 128, 200}) {
    std::string text;
    for (size_t i = 0; i != length; ++i)
      text += static_cast<char>(i * 7);
    for (size_t piece = 1; piece <= length; ++piece) {
      Sha256 hash;
      for (size_t begin = 0; begin < length; begin += piece)
        hash.add(std::string_view(text).substr(begin, piece));
      ASSERT_EQ(hash.finish(), digest(text)) << length << " " << piece;
    }
  }
}

/// From Python's hashlib: bytes i * 7 mod 256.
TEST(Sha256, PaddingBorders) {
  auto ramp = [](size_t length) {
    std::string text;
    for (size_t i = 0; i != length; ++i)
      text += static_cast<char>(i * 7);
    return digest(text);
  };
  EXPECT_EQ(ramp(55), "576a1bf8d4478657e6dc4af939854476"
                      "5c2a92cde28478b019235cfed315fc09");
  EXPECT_EQ(ramp(56), "9b20501dfd1d99161c257950f3444f3e"
                      "49230c351c5c8e0943ef369f85f5205d");
  EXPECT_EQ(ramp(64), "d8bc63b4fc1156e5e7d95a418b9bf54c"
                      "d3174bedbc2db40f74895349b229b3c0");
  EXPECT_EQ(ramp(119), "7a6589821178918ca8d9edaba5abfc1e"
                       "9b2669564f4469b66885379c1530b2c8");
  EXPECT_EQ(ramp(120), "655250427d56b1b0eeb8497d21428704"
                       "273458a01772d6881b65c0abac0f8a98");
}

} // namespace

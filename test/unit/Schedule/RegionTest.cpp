//===- RegionTest.cpp - Overlap of strided regions ------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explorer.h"
#include "amk/Support/Hash.h"

#include <gtest/gtest.h>
#include <limits>

using namespace amk;
using namespace amk::schedule;
using namespace amk::schedule::test;

static Region smallRegion(uint64_t seed) {
  auto pick = [&](uint64_t limit) { return mix64(seed++ * 7919) % limit; };
  Region region;
  region.offset = pick(40);
  region.rows = pick(8);
  region.rowBytes = pick(5);
  region.rowStride = pick(14);
  return region;
}

TEST(Region, OverlapAgreesWithByteSets) {
  unsigned overlapping = 0, strided = 0;
  for (uint64_t seed = 0; seed != 100000; ++seed) {
    Region a = smallRegion(seed * 10), b = smallRegion(seed * 10 + 5);
    std::set<uint64_t> bytes = bytesOf(a);
    bool expected = false;
    for (uint64_t byte : bytesOf(b))
      expected |= bytes.count(byte) != 0;
    ASSERT_EQ(overlap(a, b), expected)
        << a.offset << " " << a.rows << " " << a.rowBytes << " " << a.rowStride
        << " / " << b.offset << " " << b.rows << " " << b.rowBytes << " "
        << b.rowStride;
    ASSERT_EQ(overlap(b, a), expected);
    if (!bytes.empty())
      ASSERT_EQ(a.end(), *bytes.rbegin() + 1);
    overlapping += expected;
    strided += !expected && a.offset < b.end() && b.offset < a.end() &&
               a.rows > 1 && b.rows > 1;
  }
  EXPECT_GT(overlapping, 20000u);
  EXPECT_GT(strided, 5000u); // disjoint, though their hulls are not
}

TEST(Region, OverlapOfHugeRegionsIsImmediate) {
  // Offsets are equal modulo the gcd of the strides, or not.
  Region a{0, 0, 1ull << 40, 1, 1ull << 20};
  Region b{0, 3, 1ull << 39, 1, (1ull << 21) + 4};
  EXPECT_FALSE(overlap(a, b)); // even against odd
  b.offset = 4;
  EXPECT_TRUE(overlap(a, b));
  b.rows = (1ull << 18) - 2; // The first common row is 2^18 - 1.
  EXPECT_FALSE(overlap(a, b));
  b.rows += 2;
  EXPECT_TRUE(overlap(a, b));
}

TEST(Region, EndSaturates) {
  constexpr uint64_t max = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ((Region{0, max, 1, 2, 0}.end()), max);
  EXPECT_EQ((Region{0, 0, max, max, max}.end()), max);
  EXPECT_EQ((Region{0, 5, 0, max, max}.end()), 5u);
}

TEST(Region, RegionsOfDifferentBuffersDoNotOverlap) {
  EXPECT_FALSE(overlap({0, 0, 1, 8, 0}, {1, 0, 1, 8, 0}));
  EXPECT_TRUE(overlap({1, 0, 1, 8, 0}, {1, 7, 1, 8, 0}));
}

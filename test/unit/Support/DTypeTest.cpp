//===- DTypeTest.cpp - Conversions of half and bfloat -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/DType.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace amk;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The value of a finite half from its fields, by arithmetic alone.
double valueOfHalf(uint16_t bits) {
  int exponent = (bits >> 10) & 31;
  int fraction = bits & 1023;
  double magnitude = exponent ? std::ldexp(1024 + fraction, exponent - 25)
                              : std::ldexp(fraction, -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST(DType, NamesAndSizes) {
  EXPECT_EQ(byteSize(DType::F32), 4u);
  EXPECT_EQ(byteSize(DType::F16), 2u);
  EXPECT_EQ(byteSize(DType::BF16), 2u);
  for (DType type : {DType::F32, DType::F16, DType::BF16})
    EXPECT_EQ(dtypeFromName(dtypeName(type)), type);
  for (const char *name : {"", "F3", "f32", "F32 ", "F64", "I8", "F8_E4M3"})
    EXPECT_EQ(dtypeFromName(name), std::nullopt) << name;
}

TEST(DType, EveryHalfHasItsValue) {
  for (uint32_t bits = 0; bits != 0x10000; ++bits) {
    float value = halfToFloat(static_cast<uint16_t>(bits));
    if ((bits & 0x7fff) > 0x7c00)
      ASSERT_TRUE(std::isnan(value)) << bits;
    else if ((bits & 0x7fff) == 0x7c00)
      ASSERT_EQ(value, bits & 0x8000 ? -kInf : kInf);
    else
      ASSERT_EQ(value, valueOfHalf(static_cast<uint16_t>(bits))) << bits;
    ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
  }
}

TEST(DType, EveryHalfRoundTrips) {
  for (uint32_t bits = 0; bits != 0x10000; ++bits) {
    // A signalling NaN becomes quiet, as in hardware.
    uint32_t expected = (bits & 0x7fff) > 0x7c00 ? bits | 0x200 : bits;
    ASSERT_EQ(floatToHalf(halfToFloat(static_cast<uint16_t>(bits))), expected);
  }
}

TEST(DType, EveryBfloatRoundTrips) {
  for (uint32_t bits = 0; bits != 0x10000; ++bits) {
    uint32_t expected = (bits & 0x7fff) > 0x7f80 ? bits | 0x40 : bits;
    float value = bfloatToFloat(static_cast<uint16_t>(bits));
    ASSERT_EQ(bitsOf(value), bits << 16);
    ASSERT_EQ(floatToBfloat(value), expected);
  }
}

/// Between each pair of neighbours: the midpoint goes to the even one, the
/// floats next to the midpoint go to the nearer one.
TEST(DType, HalfRoundsToNearestEven) {
  for (uint32_t low = 0; low != 0x7bff; ++low) {
    float middle =
        static_cast<float>((valueOfHalf(low) + valueOfHalf(low + 1)) / 2);
    uint32_t even = low & 1 ? low + 1 : low;
    ASSERT_EQ(floatToHalf(middle), even) << low;
    ASSERT_EQ(floatToHalf(-middle), even | 0x8000) << low;
    ASSERT_EQ(floatToHalf(std::nextafter(middle, 0.0f)), low);
    ASSERT_EQ(floatToHalf(std::nextafter(middle, kInf)), low + 1);
  }
}

TEST(DType, HalfOverflowsAndUnderflows) {
  EXPECT_EQ(floatToHalf(65504.0f), 0x7bff);
  EXPECT_EQ(floatToHalf(std::nextafter(65520.0f, 0.0f)), 0x7bff);
  EXPECT_EQ(floatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(floatToHalf(-std::numeric_limits<float>::max()), 0xfc00);
  EXPECT_EQ(floatToHalf(0x1p-25f), 0x0000);
  EXPECT_EQ(floatToHalf(std::nextafter(0x1p-25f, 1.0f)), 0x0001);
  EXPECT_EQ(floatToHalf(-std::numeric_limits<float>::denorm_min()), 0x8000);
}

TEST(DType, BfloatRoundsToNearestEven) {
  for (uint32_t low = 0; low != 0x7f80; ++low) {
    uint32_t middle = (low << 16) | 0x8000;
    uint32_t even = low & 1 ? low + 1 : low;
    ASSERT_EQ(floatToBfloat(floatOf(middle)), even) << low;
    ASSERT_EQ(floatToBfloat(floatOf(middle | 0x80000000)), even | 0x8000);
    ASSERT_EQ(floatToBfloat(floatOf(middle - 1)), low);
    ASSERT_EQ(floatToBfloat(floatOf(middle + 1)), low + 1);
  }
}

TEST(DType, NanStaysNan) {
  // Payload bits that the narrow types drop must not leave an infinity.
  for (uint32_t bits : {0x7f800001u, 0xff800001u, 0x7fc00000u, 0xffffffffu}) {
    EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(floatOf(bits))))) << bits;
    EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(floatOf(bits)))));
  }
}

} // namespace

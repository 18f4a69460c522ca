//===- DType.cpp - Element types of tensors -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/DType.h"

#include <cstring>

namespace amk {

namespace {

struct DTypeInfo {
  DType type;
  std::string_view name;
  uint64_t bytes;
};

constexpr DTypeInfo kTypes[] = {
    {DType::F32, "F32", 4}, {DType::F16, "F16", 2}, {DType::BF16, "BF16", 2}};

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

/// `value` >> `shift`, rounded to nearest even. 1 <= shift <= 31.
uint32_t shiftRoundingToEven(uint32_t value, unsigned shift) {
  uint32_t kept = value >> shift;
  uint32_t dropped = value & ((1u << shift) - 1);
  uint32_t half = 1u << (shift - 1);
  return kept + (dropped > half || (dropped == half && (kept & 1)));
}

} // namespace

uint64_t byteSize(DType type) {
  return kTypes[static_cast<uint32_t>(type)].bytes;
}

std::string_view dtypeName(DType type) {
  return kTypes[static_cast<uint32_t>(type)].name;
}

std::optional<DType> dtypeFromName(std::string_view name) {
  for (const DTypeInfo &info : kTypes)
    if (info.name == name)
      return info.type;
  return std::nullopt;
}

float halfToFloat(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f;
  uint32_t fraction = bits & 0x3ff;
  if (exponent == 0x1f) // infinity or NaN
    return floatOf(sign | 0x7f800000 | (fraction << 13));
  if (exponent != 0)
    return floatOf(sign | ((exponent + 127 - 15) << 23) | (fraction << 13));
  // Zero or subnormal: the product is exact and normal (or zero) in float32.
  float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return floatOf(sign | bitsOf(magnitude));
}

uint16_t floatToHalf(float value) {
  uint32_t bits = bitsOf(value);
  uint16_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) // NaN, made quiet as hardware does
    return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff);
  // 65520 lies halfway between the largest half and the next power of two.
  if (magnitude >= 0x477ff000)
    return sign | 0x7c00;
  uint32_t exponent = magnitude >> 23;
  if (exponent >= 127 - 14) // A carry out of the fraction raises the exponent.
    return sign | static_cast<uint16_t>(shiftRoundingToEven(
                      magnitude - ((127u - 15u) << 23), 13));
  // Subnormal results count units of 2^-24; below half a unit all is zero.
  if (exponent < 127 - 25)
    return sign;
  uint32_t significand = (magnitude & 0x7fffff) | 0x800000;
  return sign | static_cast<uint16_t>(
                    shiftRoundingToEven(significand, 126 - exponent));
}

float bfloatToFloat(uint16_t bits) {
  return floatOf(static_cast<uint32_t>(bits) << 16);
}

uint16_t floatToBfloat(float value) {
  uint32_t bits = bitsOf(value);
  if ((bits & 0x7fffffff) > 0x7f800000) // NaN, made quiet as hardware does
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>(shiftRoundingToEven(bits, 16));
}

} // namespace amk

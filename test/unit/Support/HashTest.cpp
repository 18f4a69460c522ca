//===- HashTest.cpp - Hashes and dummy weights -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Hash.h"
#include "amk/Support/DType.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace amk;

namespace {

TEST(Hash, Fnv1aVectors) {
  // From the reference test vectors of FNV (Fowler, Noll, Vo).
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8ull);
  // Bytes above 0x7f are unsigned.
  EXPECT_EQ(fnv1a("\xff"), (0xcbf29ce484222325ull ^ 0xff) * 0x100000001b3ull);
}

TEST(Hash, Fnv1aContinues) {
  EXPECT_EQ(fnv1a("bar", fnv1a("foo")), fnv1a("foobar"));
}

TEST(Hash, Hex) {
  EXPECT_EQ(hex64(0), "0000000000000000");
  EXPECT_EQ(hex64(0x0123456789abcdefull), "0123456789abcdef");
  EXPECT_EQ(hex64(~0ull), "ffffffffffffffff");
}

TEST(Hash, Mix64Vectors) {
  // splitmix64 seeded with 0 yields mix64(0), mix64(golden gamma), ...
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafull);
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15ull), 0x6e789e6aa1b965f4ull);
  EXPECT_EQ(mix64(1), 0x910a2dec89025cc1ull);
  EXPECT_EQ(mix64(~0ull), 0xe4d971771b652c20ull);
}

TEST(Hash, DummyRange) {
  auto expectRange = [](const char *name, uint64_t rank, uint64_t columns,
                        float centre, float halfWidth) {
    DummyRange range = dummyRange(name, rank, columns);
    EXPECT_EQ(range.centre, centre) << name;
    EXPECT_EQ(range.halfWidth, halfWidth) << name;
  };
  expectRange("model.norm.weight", 1, 192, 1.0f, 0.25f);
  expectRange("model.layers.0.post_attention_layernorm.weight", 1, 64, 1.0f,
              0.25f);
  expectRange("model.norm.weight", 2, 3, 0.0f, 1.0f);
  expectRange("model.embed_tokens.weight", 2, 192, 0.0f, 1.0f);
  expectRange("norm.weight.bias", 1, 3, 0.0f, 1.0f);
  expectRange("lm_head.weight", 2, 12, 0.0f, 0.5f);
  expectRange("norm.weigh", 1, 12, 0.0f, 0.5f);
}

void append(std::string &out, DType dtype, float value) {
  char bytes[4];
  uint16_t narrow =
      dtype == DType::F16 ? floatToHalf(value) : floatToBfloat(value);
  if (dtype == DType::F32)
    std::memcpy(bytes, &value, 4);
  else
    std::memcpy(bytes, &narrow, 2);
  out.append(bytes, byteSize(dtype));
}

/// Hash of the elements [begin, end) as they lie in memory.
uint64_t hashOfDummy(std::string_view name, uint64_t rank, uint64_t columns,
                     DType dtype, uint64_t seed, uint64_t begin, uint64_t end) {
  DummyRange range = dummyRange(name, rank, columns);
  uint64_t stream = mix64(fnv1a(name) ^ seed);
  std::string bytes;
  for (uint64_t i = begin; i != end; ++i)
    append(bytes, dtype, dummyValue(range, stream, i));
  return fnv1a(bytes);
}

struct Golden {
  const char *name;
  uint64_t rows; ///< 0 for rank 1
  uint64_t columns;
  uint64_t hashes[3]; ///< F32, F16, BF16
};

/// Each hash is what this prints, with numpy installed:
///   PYTHONPATH=python python3 -c 'from amk.dummy import *
///   print(hex(fnv1a(to_bytes(dummy_tensor(NAME, SHAPE, 7), DTYPE))))'
constexpr Golden kGoldens[] = {
    {"model.layers.0.input_layernorm.weight",
     0,
     192,
     {0xb0686984ba5b8a20, 0x70f7842f57b2dab1, 0x4408a61dfe579afb}},
    {"model.embed_tokens.weight",
     40,
     24,
     {0x4eaf95e3657e7abc, 0xcfce91df49d7e4de, 0x903c6a06f7807bb7}},
    {"model.layers.3.mlp.down_proj.weight",
     24,
     172,
     {0x09c4ddc41ba1047f, 0xfa1f32da129d59cb, 0x0211bae50a410b57}},
    {"model.layers.1.self_attn.q_proj.bias",
     0,
     64,
     {0x6da2d4ea97a3b539, 0x39682dabbb85528f, 0xebdeb791ec2e532e}},
};

TEST(Hash, DummyTensorsEqualPython) {
  for (const Golden &golden : kGoldens) {
    uint64_t rank = golden.rows ? 2 : 1;
    uint64_t count = golden.columns * (golden.rows ? golden.rows : 1);
    for (DType dtype : {DType::F32, DType::F16, DType::BF16})
      EXPECT_EQ(
          hashOfDummy(golden.name, rank, golden.columns, dtype, 7, 0, count),
          golden.hashes[static_cast<uint32_t>(dtype)])
          << golden.name << " " << dtypeName(dtype);
  }
}

/// The last 2048 elements of a larger tensor, with the largest seed:
///   to_bytes(dummy_tensor("lm_head.weight", (1100, 1000), 2**64 - 1),
///            "BF16")[-4096:]
TEST(Hash, EndOfLargeDummyTensorEqualsPython) {
  EXPECT_EQ(hashOfDummy("lm_head.weight", 2, 1000, DType::BF16, ~0ull,
                        1100000 - 2048, 1100000),
            0x33af29d2daf20a85ull);
}

} // namespace

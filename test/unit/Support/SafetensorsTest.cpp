//===- SafetensorsTest.cpp - Headers of safetensors files -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Safetensors.h"
#include "ExpectError.h"
#include "SafetensorsImage.h"

#include <gtest/gtest.h>

using namespace amk;
using namespace amk::test;

namespace {

std::map<std::string, TensorInfo> parse(const std::string &bytes) {
  return TensorIndex::parseHeader(bytes.data(), bytes.size(), bytes.size(),
                                  "m.safetensors");
}

TEST(Safetensors, ReadsEveryKindOfTensor) {
  std::string header = R"({"__metadata__": {"format": "pt"},
    "b": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [16, 28]},
    "a": {"dtype": "F32", "shape": [3], "data_offsets": [4, 16]},
    "half": {"dtype": "F16", "shape": [1, 1, 1, 1, 1, 1, 1, 1],
             "data_offsets": [28, 30]},
    "scalar": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}   )";
  auto tensors = parse(image(header, 30));
  ASSERT_EQ(tensors.size(), 4u);
  const TensorInfo &b = tensors.at("b");
  EXPECT_EQ(b.dtype, DType::BF16);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(b.file, "m.safetensors");
  EXPECT_EQ(b.offset, 8 + header.size() + 16);
  EXPECT_EQ(b.bytes, 12u);
  EXPECT_EQ(tensors.at("half").shape.size(), 8u);
  EXPECT_EQ(tensors.at("scalar").bytes, 4u);
}

TEST(Safetensors, MayHoldNoTensor) {
  EXPECT_TRUE(parse(image("{}", 0)).empty());
}

TEST(Safetensors, NeedsOnlyTheHeader) {
  std::string header =
      R"({"a": {"dtype": "F32", "shape": [1000], "data_offsets": [0, 4000]}})";
  std::string head = image(header, 0);
  auto tensors = TensorIndex::parseHeader(head.data(), head.size(),
                                          head.size() + 4000, "m");
  EXPECT_EQ(tensors.at("a").offset + 4000, head.size() + 4000);
}

/// Tensor "t" with these fields, and 16 bytes of data.
std::string withEntry(const std::string &entry) {
  return image("{\"t\": " + entry + "}", 16);
}

std::string withShape(const std::string &shape, const char *dtype = "F32") {
  return withEntry("{\"dtype\": \"" + std::string(dtype) +
                   "\", \"shape\": " + shape + ", \"data_offsets\": [0, 16]}");
}

std::string withOffsets(const std::string &offsets) {
  return withEntry("{\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": " +
                   offsets + "}");
}

/// Two tensors of 8 bytes in 16 bytes of data, at the given offsets.
std::string withTwo(const std::string &first, const std::string &second) {
  return image("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], "
               "\"data_offsets\": " +
                   first +
                   "}, \"b\": {\"dtype\": \"F32\", \"shape\": [2], "
                   "\"data_offsets\": " +
                   second + "}}",
               16);
}

struct Malformed {
  const char *name;
  std::string bytes;
  const char *message; ///< all of it, after "m.safetensors: "
};

class MalformedSafetensors : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSafetensors, IsRefused) {
  EXPECT_EQ(errorOf([] { parse(GetParam().bytes); }),
            std::string("m.safetensors: ") + GetParam().message);
}

std::string nameOf(const testing::TestParamInfo<Malformed> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Length, MalformedSafetensors,
    testing::Values(
        Malformed{"EmptyFile", "",
                  "found 0 bytes, expected at least 8 (the header's length)"},
        Malformed{"ShortLength", "1234567",
                  "found 7 bytes, expected at least 8 (the header's length)"},
        Malformed{"BeyondFile", lengthField(3) + "{}",
                  "header length: found 3, expected at most 2 (the rest of "
                  "the file)"},
        Malformed{"BeyondLimit", lengthField((100 << 20) + 1) + "{}",
                  "header length: found 104857601, expected at most "
                  "104857600"},
        Malformed{"AllOnes", lengthField(~0ull) + "{}",
                  "header length: found 18446744073709551615, expected at "
                  "most 104857600"},
        Malformed{"Zero", lengthField(0) + "{}",
                  "header: found \"\", expected \"{\""}),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    Header, MalformedSafetensors,
    testing::Values(
        Malformed{"NotAnObject", image("[]", 0),
                  "header: found \"[]\", expected \"{\""},
        Malformed{"LeadingSpace", image(" {}", 0),
                  "header: found \" {}\", expected \"{\""},
        Malformed{"DuplicateTensor", image(R"({"a": {}, "a": {}})", 0),
                  "header: byte 13: duplicate key \"a\""},
        Malformed{"EmptyName",
                  image(R"({"": {"dtype": "F32", "shape": [],)"
                        R"( "data_offsets": [0, 4]}})",
                        4),
                  "header: found a tensor with an empty name, expected a "
                  "name"},
        Malformed{"MetadataNotAnObject", image(R"({"__metadata__": 1})", 0),
                  "__metadata__: found 1, expected an object"},
        Malformed{"MetadataNotStrings",
                  image(R"({"__metadata__": {"a": "x", "b": 2}})", 0),
                  "__metadata__.b: found 2, expected a string"},
        Malformed{"DataWithoutTensors", image("{}", 5),
                  "found 5 bytes after the last tensor, expected none"}),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    Entry, MalformedSafetensors,
    testing::Values(
        Malformed{"NotAnObject", withEntry("[]"),
                  "t: found [], expected an object"},
        Malformed{"UnknownKey", withEntry(R"({"dtype": "F32", "strides": 1})"),
                  "t: found unknown key \"strides\", expected none"},
        Malformed{"NoDtype", withEntry(R"({"shape": []})"),
                  "t.dtype: found nothing, expected a value"},
        Malformed{"NoShape", withEntry(R"({"dtype": "F32"})"),
                  "t.shape: found nothing, expected a value"},
        Malformed{"NoOffsets", withEntry(R"({"dtype": "F32", "shape": [4]})"),
                  "t.data_offsets: found nothing, expected a value"},
        Malformed{"DtypeNotAString", withEntry(R"({"dtype": 32})"),
                  "t.dtype: found 32, expected a string"},
        Malformed{"DtypeUnknown", withEntry(R"({"dtype": "I64"})"),
                  "t.dtype: found \"I64\", expected F32, F16 or BF16"}),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    Shape, MalformedSafetensors,
    testing::Values(
        Malformed{"NotAList", withShape("4"),
                  "t.shape: found 4, expected an array"},
        Malformed{"Negative", withShape("[2, -2]"),
                  "t.shape[1]: found -2, expected an integer from 0 to "
                  "9223372036854775807"},
        Malformed{"NotAnInteger", withShape("[4.0]"),
                  "t.shape[0]: found 4.0, expected an integer from 0 to "
                  "9223372036854775807"},
        Malformed{"Above63Bits", withShape("[9223372036854775808]"),
                  "t.shape[0]: found 9223372036854775808, expected an integer "
                  "from 0 to 9223372036854775807"},
        Malformed{"Rank9", withShape("[1,1,1,1,1,1,1,1,4]"),
                  "t.shape: found [1,1,1,1,1,1,1,1,4], expected at most 8 "
                  "dimensions"},
        Malformed{"SizeZero", withShape("[4, 0]"),
                  "t.shape[1]: found size 0, expected a positive size"},
        // 2^64 elements: the product would wrap to 0, and with 4 more to 4.
        Malformed{"ProductOverflow", withShape("[4294967296,4294967296]"),
                  "t.shape: found [4294967296,4294967296], expected a number "
                  "of elements below 2^64"},
        // 2^62 + 4 elements of 4 bytes would wrap to 16.
        Malformed{"BytesOverflow", withShape("[4611686018427387908]"),
                  "t.shape: found [4611686018427387908], expected fewer than "
                  "2^64 bytes"},
        Malformed{"TooSmall", withShape("[3]"),
                  "t.data_offsets: found [0,16], expected 12 bytes (shape "
                  "times dtype)"},
        Malformed{"OtherDtype", withShape("[4]", "BF16"),
                  "t.data_offsets: found [0,16], expected 8 bytes (shape "
                  "times dtype)"}),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    Offsets, MalformedSafetensors,
    testing::Values(
        Malformed{"NotAList", withOffsets("{}"),
                  "t.data_offsets: found {}, expected an array"},
        Malformed{"One", withOffsets("[0]"),
                  "t.data_offsets: found [0], expected begin and end"},
        Malformed{"Three", withOffsets("[0, 8, 16]"),
                  "t.data_offsets: found [0,8,16], expected begin and end"},
        Malformed{"NotIntegers", withOffsets("[0, \"16\"]"),
                  "t.data_offsets[1]: found \"16\", expected an integer from "
                  "0 to 16"},
        Malformed{"Negative", withOffsets("[-16, 0]"),
                  "t.data_offsets[0]: found -16, expected an integer from 0 "
                  "to 16"},
        Malformed{"Reversed", withOffsets("[16, 0]"),
                  "t.data_offsets[1]: found 0, expected an integer from 16 to "
                  "16"},
        Malformed{"BeyondFile", withOffsets("[4, 20]"),
                  "t.data_offsets[1]: found 20, expected an integer from 4 to "
                  "16"},
        Malformed{"Huge", withOffsets("[18446744073709551600, 0]"),
                  "t.data_offsets[0]: found 18446744073709551600, expected an "
                  "integer from 0 to 16"}),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    Coverage, MalformedSafetensors,
    testing::Values(
        Malformed{"SameRange", withTwo("[8, 16]", "[8, 16]"),
                  "a.data_offsets: found begin 8, expected 0 (leaves a gap "
                  "after the tensor before it)"},
        Malformed{"Overlap", withTwo("[4, 12]", "[0, 8]"),
                  "a.data_offsets: found begin 4, expected 8 (overlaps the "
                  "tensor before it)"},
        Malformed{"Gap",
                  image(R"({"a": {"dtype": "F32", "shape": [1],)"
                        R"( "data_offsets": [0, 4]},)"
                        R"( "b": {"dtype": "F32", "shape": [2],)"
                        R"( "data_offsets": [8, 16]}})",
                        16),
                  "b.data_offsets: found begin 8, expected 4 (leaves a gap "
                  "after the tensor before it)"},
        Malformed{"TrailingData",
                  image(R"({"a": {"dtype": "F32", "shape": [1],)"
                        R"( "data_offsets": [0, 4]}})",
                        7),
                  "found 3 bytes after the last tensor, expected none"}),
    nameOf);

TEST(Safetensors, RefusesTruncatedHeader) {
  std::string bytes = image("{          }", 0);
  EXPECT_EQ(errorOf([&] {
              TensorIndex::parseHeader(bytes.data(), 12, bytes.size(), "m");
            }),
            "m: found 4 bytes of header, expected 12");
}

TEST(Safetensors, SyntaxErrorNamesByteOfHeader) {
  std::string message = errorOf([] { parse(image("{\"a\":}", 0)); });
  EXPECT_EQ(message.rfind("m.safetensors: header: byte 6: parse error", 0), 0u)
      << message;
}

TEST(Safetensors, HostileNamesStayShort) {
  std::string header = "{\"" + std::string(100000, 'n') + "\\u0007\": 1}";
  EXPECT_LT(errorOf([&] { parse(image(header, 0)); }).size(), 150u);
}

} // namespace

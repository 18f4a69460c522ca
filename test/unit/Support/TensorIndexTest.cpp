//===- TensorIndexTest.cpp - Directories of safetensors files -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpectError.h"
#include "SafetensorsImage.h"
#include "TemporaryDirectory.h"
#include "amk/Support/Safetensors.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace amk;
using namespace amk::test;

namespace {

constexpr const char *kSingle = "model.safetensors";
constexpr const char *kIndex = "model.safetensors.index.json";

/// A file that holds these float32 scalars.
std::string scalars(const std::vector<std::string> &names) {
  std::string header = "{";
  for (size_t i = 0; i != names.size(); ++i)
    header += std::string(i ? "," : "") + "\"" + names[i] +
              "\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[" +
              std::to_string(4 * i) + "," + std::to_string(4 * i + 4) + "]}";
  return image(header + "}", 4 * names.size());
}

class TensorIndexTest : public testing::Test {
protected:
  TemporaryDirectory directory;

  std::string indexPath() const { return directory.path(kIndex); }

  void writeIndex(const std::string &weightMap) {
    directory.write(kIndex, "{\"weight_map\": " + weightMap + "}");
  }

  std::string openError() {
    return errorOf([&] { TensorIndex::open(directory.path()); });
  }
};

TEST_F(TensorIndexTest, OpensOneFile) {
  directory.write(kSingle, scalars({"a", "b"}));
  TensorIndex index = TensorIndex::open(directory.path());
  EXPECT_EQ(index.tensors().size(), 2u);
  ASSERT_NE(index.find("b"), nullptr);
  EXPECT_EQ(index.find("b")->file, directory.path(kSingle));
  EXPECT_EQ(index.find("c"), nullptr);
}

TEST_F(TensorIndexTest, OpensShards) {
  directory.write("x-1.safetensors", scalars({"a", "b"}));
  directory.write("x-2.safetensors", scalars({"c"}));
  directory.write(kIndex, R"({"metadata": {"total_size": 12}, "weight_map": {)"
                          R"("b": "x-1.safetensors", "c": "x-2.safetensors",)"
                          R"( "a": "x-1.safetensors"}})");
  TensorIndex index = TensorIndex::open(directory.path());
  EXPECT_EQ(index.tensors().size(), 3u);
  EXPECT_EQ(index.find("a")->file, directory.path("x-1.safetensors"));
  EXPECT_EQ(index.find("c")->file, directory.path("x-2.safetensors"));
}

/// Every byte of a tensor's range must lie in the file.
TEST_F(TensorIndexTest, OffsetsPointAtTheData) {
  std::string path = directory.write(kSingle, scalars({"a", "b"}));
  TensorIndex index = TensorIndex::open(directory.path());
  auto file = MappedFile::open(path);
  EXPECT_EQ(index.find("b")->offset + 4, file->size());
  EXPECT_EQ(file->data()[index.find("a")->offset], 1);
  EXPECT_EQ(file->data()[index.find("a")->offset - 1], '}');
}

TEST_F(TensorIndexTest, RefusesNeither) {
  EXPECT_EQ(openError(), directory.path() +
                             ": found neither model.safetensors nor "
                             "model.safetensors.index.json, expected one of "
                             "them");
}

TEST_F(TensorIndexTest, RefusesMissingDirectory) {
  std::string path = directory.path("none");
  EXPECT_EQ(errorOf([&] {
              TensorIndex::open(path);
            }).rfind(path + ": found neither", 0),
            0u);
}

TEST_F(TensorIndexTest, RefusesBoth) {
  directory.write(kSingle, scalars({"a"}));
  writeIndex(R"({"a": "model.safetensors"})");
  EXPECT_EQ(openError(), directory.path() +
                             ": found both model.safetensors and "
                             "model.safetensors.index.json, expected one of "
                             "them");
}

TEST_F(TensorIndexTest, RefusesTruncatedFile) {
  std::string whole = scalars({"a"});
  directory.write(kSingle, whole.substr(0, 20));
  EXPECT_EQ(openError(), directory.path(kSingle) + ": header length: found " +
                             std::to_string(whole.size() - 12) +
                             ", expected at most 12 (the rest of the file)");
  directory.write(kSingle, "");
  EXPECT_EQ(openError(),
            directory.path(kSingle) +
                ": found 0 bytes, expected at least 8 (the header's length)");
}

TEST_F(TensorIndexTest, RefusesWhatIsNoFile) {
  std::filesystem::create_directory(directory.path(kSingle));
  EXPECT_EQ(openError(), directory.path(kSingle) +
                             ": found something else, expected a regular "
                             "file");
}

TEST_F(TensorIndexTest, DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(directory.path(kSingle).c_str(), 0600), 0);
  EXPECT_EQ(openError(), directory.path(kSingle) +
                             ": found something else, expected a regular "
                             "file");
}

struct BrokenIndex {
  const char *name;
  const char *text;
  const char *message; ///< all of it, after "<path of the index>: "
};

class BrokenIndexTest : public TensorIndexTest,
                        public testing::WithParamInterface<BrokenIndex> {};

TEST_P(BrokenIndexTest, IsRefused) {
  directory.write("x.safetensors", scalars({"a"}));
  directory.write(kIndex, GetParam().text);
  EXPECT_EQ(openError(), indexPath() + ": " + GetParam().message);
}

#define PLAIN_NAME "expected a plain file name that ends in .safetensors"

INSTANTIATE_TEST_SUITE_P(
    All, BrokenIndexTest,
    testing::Values(
        BrokenIndex{"NotAnObject", "[]", "found [], expected an object"},
        BrokenIndex{"NoWeightMap", "{}",
                    "weight_map: found nothing, expected a value"},
        BrokenIndex{"UnknownKey", R"({"weights": {}})",
                    "found unknown key \"weights\", expected none"},
        BrokenIndex{"MetadataNotAnObject",
                    R"({"metadata": 1, "weight_map": {}})",
                    "metadata: found 1, expected an object"},
        BrokenIndex{"WeightMapNotAnObject", R"({"weight_map": ["a"]})",
                    "weight_map: found [\"a\"], expected an object"},
        BrokenIndex{"WeightMapEmpty", R"({"weight_map": {}})",
                    "weight_map: found {}, expected at least one tensor"},
        BrokenIndex{"DuplicateTensor",
                    R"({"weight_map": {"a": "x.safetensors", "a": 1}})",
                    "byte 41: duplicate key \"a\""},
        BrokenIndex{"ShardNotAString", R"({"weight_map": {"a": 1}})",
                    "weight_map.a: found 1, expected a string"},
        BrokenIndex{"ShardEmpty", R"({"weight_map": {"a": ""}})",
                    "weight_map.a: found \"\", " PLAIN_NAME},
        BrokenIndex{"ShardOnlySuffix",
                    R"({"weight_map": {"a": ".safetensors"}})",
                    "weight_map.a: found \".safetensors\", " PLAIN_NAME},
        BrokenIndex{"ShardInParent",
                    R"({"weight_map": {"a": "../x.safetensors"}})",
                    "weight_map.a: found \"../x.safetensors\", " PLAIN_NAME},
        BrokenIndex{"ShardAbsolute",
                    R"({"weight_map": {"a": "/x.safetensors"}})",
                    "weight_map.a: found \"/x.safetensors\", " PLAIN_NAME},
        BrokenIndex{"ShardInSubdirectory",
                    R"({"weight_map": {"a": "d/x.safetensors"}})",
                    "weight_map.a: found \"d/x.safetensors\", " PLAIN_NAME},
        BrokenIndex{"ShardWithDots",
                    R"({"weight_map": {"a": "x..safetensors"}})",
                    "weight_map.a: found \"x..safetensors\", " PLAIN_NAME},
        BrokenIndex{
            "ShardWithNul", R"({"weight_map": {"a": "x\u0000.safetensors"}})",
            "weight_map.a: found \"x\\u0000.safetensors\", " PLAIN_NAME},
        BrokenIndex{"ShardOfOtherKind",
                    R"({"weight_map": {"a": "pytorch_model.bin"}})",
                    "weight_map.a: found \"pytorch_model.bin\", " PLAIN_NAME},
        BrokenIndex{"TensorNotInShard",
                    R"({"weight_map": {"a": "x.safetensors",)"
                    R"( "b": "x.safetensors"}})",
                    "weight_map.b: found \"x.safetensors\", expected a shard "
                    "that holds the tensor"}),
    [](const testing::TestParamInfo<BrokenIndex> &info) {
      return std::string(info.param.name);
    });

TEST_F(TensorIndexTest, RefusesMissingShard) {
  writeIndex(R"({"a": "gone.safetensors"})");
  EXPECT_EQ(openError(), directory.path("gone.safetensors") +
                             ": cannot open: No such file or directory");
}

TEST_F(TensorIndexTest, RefusesTensorThatTheIndexLacks) {
  directory.write("x.safetensors", scalars({"a", "extra"}));
  writeIndex(R"({"a": "x.safetensors"})");
  EXPECT_EQ(openError(), directory.path("x.safetensors") +
                             ": found tensor \"extra\", expected only tensors "
                             "that the index lists for this shard");
}

TEST_F(TensorIndexTest, RefusesTensorInTwoShards) {
  directory.write("x-1.safetensors", scalars({"a"}));
  directory.write("x-2.safetensors", scalars({"a", "b"}));
  writeIndex(R"({"a": "x-1.safetensors", "b": "x-2.safetensors"})");
  EXPECT_EQ(openError(), directory.path("x-2.safetensors") +
                             ": found tensor \"a\", expected only tensors "
                             "that the index lists for this shard");
}

TEST_F(TensorIndexTest, RefusesBrokenShard) {
  directory.write("x-1.safetensors", scalars({"a"}));
  directory.write("x-2.safetensors", image("{}", 1));
  writeIndex(R"({"a": "x-1.safetensors", "b": "x-2.safetensors"})");
  EXPECT_EQ(openError(),
            directory.path("x-2.safetensors") +
                ": found 1 bytes after the last tensor, expected none");
}

} // namespace

//===- ManifestTest.cpp - Every rule of the manifest ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Manifest.h"
#include "GpuTestBundle.h"
#include "TestBundle.h"
#include "amk/Support/Error.h"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using nlohmann::json;
using testing::HasSubstr;

TEST(Manifest, ReadsEveryField) {
  TestModel model;
  model.manifest["model"]["bos_token_id"] = 3;
  model.manifest["model"]["eos_token_ids"] = {1, 2};
  Manifest manifest = parseManifest(model.manifest.dump(), "m.json");
  EXPECT_EQ(manifest.model.family, "test");
  EXPECT_EQ(manifest.model.vocabSize, 16u);
  EXPECT_EQ(manifest.model.maxContext, 64u);
  EXPECT_EQ(manifest.model.bosTokenId, 3);
  EXPECT_EQ(manifest.model.eosTokenIds, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(manifest.workers, 2u);
  EXPECT_EQ(manifest.code.at(0).file, "cpu-test.so");
  EXPECT_EQ(manifest.tablesFile, "tables.bin");
  EXPECT_EQ(manifest.memory.arenaBytes, 192u);
  ASSERT_EQ(manifest.constants.size(), 2u);
  EXPECT_EQ(manifest.constants[0].tensor, 1u);
  EXPECT_EQ(manifest.constants[1].bytes(), 512u);
  EXPECT_EQ(manifest.constants[1].invFreq, std::vector<float>{0.5f});
  EXPECT_EQ(manifest.externals, std::vector<uint32_t>{0});
  ASSERT_EQ(manifest.tensors.size(), 3u);
  EXPECT_EQ(manifest.tensors[2].dtype, DType::BF16);
  EXPECT_EQ(manifest.tensors[2].rows(), 12u);
  EXPECT_EQ(manifest.tensors[2].columns(), 40u);
}

namespace {

/// A change of a good manifest and what the error must say.
struct BadManifest {
  const char *name;
  std::function<void(json &)> change;
  const char *message;
};

class ManifestErrors : public testing::TestWithParam<BadManifest> {};

const BadManifest kBad[] = {
    {"Format", [](json &m) { m["format"] = "zip"; }, "format: found \"zip\""},
    {"Version", [](json &m) { m["version"] = 2; }, "version: found 2"},
    {"VersionType", [](json &m) { m["version"] = "1"; }, "version: found"},
    {"NoModel", [](json &m) { m.erase("model"); }, "model"},
    {"UnknownKey", [](json &m) { m["extra"] = 1; }, "extra: found 1"},
    {"UnknownModelKey", [](json &m) { m["model"]["heads"] = 4; },
     "model.heads"},
    {"ModelIsArray", [](json &m) { m["model"] = json::array(); }, "model"},
    {"ZeroVocab", [](json &m) { m["model"]["vocab_size"] = 0; },
     "model.vocab_size: found 0"},
    {"HugeVocab", [](json &m) { m["model"]["vocab_size"] = 1ll << 40; },
     "model.vocab_size"},
    {"FractionalVocab", [](json &m) { m["model"]["vocab_size"] = 16.5; },
     "model.vocab_size: found 16.5"},
    {"NegativeContext", [](json &m) { m["model"]["max_context"] = -1; },
     "model.max_context: found -1"},
    {"NegativeEos", [](json &m) { m["model"]["eos_token_ids"] = {-2}; },
     "model.eos_token_ids[0]: found -2"},
    {"EosIsNumber", [](json &m) { m["model"]["eos_token_ids"] = 0; },
     "model.eos_token_ids"},
    {"TargetKind", [](json &m) { m["target"]["kind"] = "tpu"; },
     "target.kind: found \"tpu\""},
    {"NoWorkers", [](json &m) { m["target"]["workers"] = 0; },
     "target.workers: found 0"},
    {"TooManyWorkers", [](json &m) { m["target"]["workers"] = 100000; },
     "target.workers: found 100000"},
    {"NoCode", [](json &m) { m["code"] = json::array(); }, "code: found"},
    {"CodeOutside", [](json &m) { m["code"][0]["file"] = "../evil.so"; },
     "code[0].file: found \"../evil.so\""},
    {"CodeAbsolute", [](json &m) { m["code"][0]["file"] = "/lib/evil.so"; },
     "plain file name"},
    {"CodeHidden", [](json &m) { m["code"][0]["file"] = "."; },
     "plain file name"},
    {"CodeSanitizer", [](json &m) { m["code"][0]["sanitizer"] = "memory"; },
     "code[0].sanitizer: found \"memory\""},
    {"CodeHash", [](json &m) { m["code"][0]["hash"] = "12"; },
     "code[0].hash: found \"12\", expected 16"},
    {"UpperHash", [](json &m) { m["tables"]["hash"] = "0123456789ABCDEF"; },
     "tables.hash"},
    {"TablesOutside", [](json &m) { m["tables"]["file"] = "a/b"; },
     "tables.file: found \"a/b\""},
    {"EmptyTablesName", [](json &m) { m["tables"]["file"] = ""; },
     "tables.file"},
    {"NegativeArena", [](json &m) { m["memory"]["arena_bytes"] = -64; },
     "memory.arena_bytes: found -64"},
    {"HugeKV", [](json &m) { m["memory"]["kv_bytes"] = (1ll << 42) + 1; },
     "memory.kv_bytes"},
    {"IOBytes", [](json &m) { m["memory"]["io_bytes"] = 128; },
     "memory.io_bytes: found 128, expected 192"},
    {"NoScratch", [](json &m) { m["memory"].erase("scratch_bytes"); },
     "scratch_bytes"},
    {"ConstantKind", [](json &m) { m["constants"][0]["kind"] = "zeros"; },
     "constants[0].kind: found \"zeros\""},
    {"ConstantTensor", [](json &m) { m["constants"][0]["tensor"] = "x"; },
     "constants[0].tensor: found \"x\""},
    {"ConstantCount", [](json &m) { m["constants"][0]["count"] = 9; },
     "constants[0].count: found 9, expected 8"},
    {"ConstantOffset", [](json &m) { m["constants"][0]["offset"] = 2; },
     "constants[0].offset: found 2, expected a multiple of 4"},
    {"ConstantOutside", [](json &m) { m["constants"][0]["offset"] = 572; },
     "constants[0].offset: found 572"},
    {"ConstantFarOutside",
     [](json &m) { m["constants"][0]["offset"] = (1ll << 42); },
     "constants[0].offset"},
    {"ConstantsOverlap", [](json &m) { m["constants"][0]["offset"] = 36; },
     "no overlap with constants[0]"},
    {"RotaryKey", [](json &m) { m["constants"][1]["base"] = 1; },
     "constants[1].base"},
    {"RotaryShort", [](json &m) { m["constants"][1]["positions"] = 63; },
     "constants[1].positions: found 63, expected at least max_context 64"},
    {"RotaryNoFrequency",
     [](json &m) { m["constants"][1]["inv_freq"] = json::array(); },
     "constants[1].inv_freq"},
    {"RotaryText", [](json &m) { m["constants"][1]["inv_freq"][0] = "x"; },
     "constants[1].inv_freq[0]"},
    {"RotaryRange", [](json &m) { m["constants"][1]["inv_freq"][0] = 1e300; },
     "within the range of float32"},
    {"RotaryNull", [](json &m) { m["constants"][1]["scale"] = nullptr; },
     "constants[1].scale"},
    {"ExternalUnknown", [](json &m) { m["external"][0] = "nothing"; },
     "external[0]: found \"nothing\""},
    {"ExternalTwice", [](json &m) { m["external"].push_back("embed.weight"); },
     "external[1]: found \"embed.weight\", expected a name that occurs once"},
    {"NoTensors", [](json &m) { m["tensors"] = json::array(); },
     "tensors: found"},
    {"TensorTwice",
     [](json &m) { m["tensors"][1]["name"] = "embed.weight"; },
     "tensors[1].name: found \"embed.weight\""},
    {"TensorDtype", [](json &m) { m["tensors"][0]["dtype"] = "I8"; },
     "tensors[0].dtype: found \"I8\""},
    {"TensorScalar", [](json &m) { m["tensors"][0]["shape"] = json::array(); },
     "tensors[0].shape"},
    {"TensorZero", [](json &m) { m["tensors"][0]["shape"][0] = 0; },
     "tensors[0].shape[0]: found 0"},
    {"TensorNegative", [](json &m) { m["tensors"][0]["shape"][0] = -16; },
     "tensors[0].shape[0]: found -16"},
    {"TensorProduct",
     [](json &m) { m["tensors"][0]["shape"] = {1ll << 32, 1ll << 32}; },
     "tensors[0].shape: found"},
    {"TensorNoName", [](json &m) { m["tensors"][0]["name"] = ""; },
     "tensors[0].name"},
    {"TensorControlName", [](json &m) { m["tensors"][0]["name"] = "a\nb"; },
     "printable"},
};

} // namespace

TEST_P(ManifestErrors, NamesFileFieldAndValue) {
  TestModel model;
  GetParam().change(model.manifest);
  try {
    parseManifest(model.manifest.dump(), "m.json");
    FAIL() << "no error";
  } catch (const Error &error) {
    EXPECT_THAT(error.what(), testing::StartsWith("m.json: "));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(Bad, ManifestErrors, testing::ValuesIn(kBad),
                         [](const auto &info) { return info.param.name; });

TEST(Manifest, RefusesTextThatIsNoManifest) {
  TestModel model;
  std::string good = model.manifest.dump();
  std::vector<std::string> texts = {
      "", "null", "[]", "{}", good.substr(0, good.size() / 2), good + "x",
      "{\"format\": \"amk-bundle\", \"format\": \"amk-bundle\"}"};
  for (const std::string &text : texts)
    EXPECT_THROW(parseManifest(text, "m.json"), Error) << text;
}

namespace {

const BadManifest kBadGpu[] = {
    {"Kind", [](json &m) { m["target"]["kind"] = "metal"; },
     "target.kind: found \"metal\""},
    {"StageBytes", [](json &m) { m["target"]["stage_bytes"] = 1000; },
     "target.stage_bytes: found 1000, expected a multiple of 512"},
    {"Block", [](json &m) { m["target"]["kv_block"] = 0; },
     "target.kv_block: found 0, expected 0 exactly if kv_splits is 0"},
    {"NoBodies", [](json &m) { m["target"]["bodies"] = json::array(); },
     "target.bodies"},
    {"Operand",
     [](json &m) { m["target"]["bodies"][0]["operands"][0] = "pointer"; },
     "target.bodies[0].operands[0]: found \"pointer\", expected one of"},
    {"Format", [](json &m) { m["code"][0]["format"] = "elf"; },
     "code[0].format: found \"elf\""},
    {"OddStages", [](json &m) { m["code"][0]["stages"] = 11; },
     "code[0].stages: found 11, expected an even number"},
    {"Shared", [](json &m) { m["code"][0]["shared_bytes"] = 228865; },
     "code[0].shared_bytes: found 228865, expected 228864"},
    {"InFlight", [](json &m) { m["code"][0]["in_flight"] = 13; },
     "code[0].in_flight: found 13"},
    {"Trace", [](json &m) { m["code"][0]["trace"] = 1; }, "code[0].trace"},
    {"Features", [](json &m) { m["code"][0]["features"] = json::array(); },
     "code[0].features"},
};

} // namespace

TEST(Manifest, RefusesBadGpuParts) {
  GpuTestBundle good;
  EXPECT_EQ(good.parsed().gpu->bodies.size(), 3u);
  for (const BadManifest &bad : kBadGpu) {
    GpuTestBundle bundle;
    bad.change(bundle.manifest);
    try {
      bundle.parsed();
      ADD_FAILURE() << bad.name << ": no error";
    } catch (const Error &error) {
      EXPECT_NE(std::string(error.what()).find(bad.message), std::string::npos)
          << error.what();
    }
  }
}

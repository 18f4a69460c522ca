//===- CApiTest.cpp - The C interface -------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk-c/Runtime.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

using namespace amk::test;
using testing::HasSubstr;
using Ids = std::vector<int32_t>;

/// In CApiHeaderTest.c: the header from C.
extern "C" int amkTestFromC(amk_model *model, int32_t *first);

static std::string takeError(char *error) {
  std::string text = error ? error : "no error";
  amk_free_error(error);
  return text;
}

static amk_model *open(TestModel &model) {
  model.write();
  char *error = nullptr;
  amk_model *opened = amk_model_open(model.bundlePath().c_str(),
                                     model.weightsPath().c_str(), 0, &error);
  EXPECT_EQ(error, nullptr) << takeError(error);
  return opened;
}

static int append(int32_t token, void *user) {
  auto *ids = static_cast<Ids *>(user);
  ids->push_back(token);
  return ids->size() == 20;
}

TEST(CApi, GeneratesAndEnds) {
  ModelOptions options;
  options.eos = {3};
  TestModel model(options);
  Ids expected = model.reference({1, 2}, 20);
  amk_model *opened = open(model);
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(amk_c_api_version(), uint32_t(AMK_C_API_VERSION));
  EXPECT_EQ(amk_vocab_size(opened), 16u);
  EXPECT_EQ(amk_max_context(opened), 64u);
  EXPECT_EQ(amk_workers(opened), 2u);
  EXPECT_STREQ(amk_arch(opened), "test");
  int32_t eos = -1;
  EXPECT_EQ(amk_eos_token_ids(opened, &eos, 1), 1u);
  EXPECT_EQ(eos, 3);
  EXPECT_EQ(amk_eos_token_ids(opened, nullptr, 0), 1u);

  Ids ids = {1, 2}, got;
  char *error = nullptr;
  int status =
      amk_generate(opened, ids.data(), 2, 40, 5, append, &got, &error);
  EXPECT_EQ(error, nullptr);
  auto stop = std::find(expected.begin(), expected.end(), 3);
  EXPECT_EQ(status, stop == expected.end() ? AMK_CALLBACK : AMK_STOP_TOKEN);
  if (stop != expected.end())
    expected.erase(stop + 1, expected.end());
  EXPECT_EQ(got, expected);
  int32_t first = -1;
  EXPECT_EQ(amkTestFromC(opened, &first), AMK_LENGTH);
  EXPECT_EQ(first, model.reference({5}, 1)[0]);
  amk_model_close(opened);
}

TEST(CApi, Scores) {
  TestModel model;
  amk_model *opened = open(model);
  ASSERT_NE(opened, nullptr);
  Ids ids = {4, 4, 2}, best;
  char *error = nullptr;
  EXPECT_EQ(amk_score(
                opened, ids.data(), 3,
                [](uint64_t, const float *row, uint32_t vocab, void *user) {
                  static_cast<Ids *>(user)->push_back(
                      std::max_element(row, row + vocab) - row);
                },
                &best, &error),
            0);
  EXPECT_EQ(best, (Ids{model.reference({4}, 1)[0],
                       model.reference({4, 4}, 1)[0],
                       model.reference({4, 4, 2}, 1)[0]}));
  amk_model_close(opened);
}

TEST(CApi, ReportsErrors) {
  TestModel model;
  char *error = nullptr;
  EXPECT_EQ(amk_model_open("/nowhere", nullptr, 1, &error), nullptr);
  EXPECT_THAT(takeError(error), HasSubstr("/nowhere: not a directory"));
  EXPECT_EQ(amk_model_open("/nowhere", nullptr, 1, nullptr), nullptr);
  EXPECT_EQ(amk_model_open(nullptr, nullptr, 1, &error), nullptr);
  EXPECT_THAT(takeError(error), HasSubstr("bundle: found NULL"));

  amk_model *opened = open(model);
  ASSERT_NE(opened, nullptr);
  int32_t id = 16;
  EXPECT_EQ(amk_generate(opened, &id, 1, 1, 0, nullptr, nullptr, &error),
            AMK_ERROR);
  EXPECT_THAT(takeError(error), HasSubstr("found 16, expected 0 to 15"));
  EXPECT_EQ(amk_generate(opened, nullptr, 1, 1, 0, nullptr, nullptr, &error),
            AMK_ERROR);
  EXPECT_THAT(takeError(error), HasSubstr("ids: found NULL"));
  EXPECT_EQ(amk_score(opened, &id, 1, nullptr, nullptr, &error), AMK_ERROR);
  EXPECT_THAT(takeError(error), HasSubstr("callback: found NULL"));
  EXPECT_EQ(amk_generate(nullptr, &id, 1, 1, 0, nullptr, nullptr, &error),
            AMK_ERROR);
  EXPECT_THAT(takeError(error), HasSubstr("model: found NULL"));
  amk_model_close(opened);
  amk_model_close(nullptr);
}

TEST(CApi, OpensOnADevice) {
  TestModel model;
  model.write();
  std::string bundle = model.bundlePath(), weights = model.weightsPath();
  char *error = nullptr;
  amk_model *opened =
      amk_model_open_on(bundle.c_str(), weights.c_str(), 0, "cpu", &error);
  ASSERT_NE(opened, nullptr) << takeError(error);
  char text[256] = {}, start[6];
  size_t length = amk_device(opened, text, sizeof(text));
  EXPECT_THAT(text, testing::StartsWith("cpu "));
  EXPECT_EQ(length, strlen(text));
  EXPECT_EQ(amk_device(opened, start, sizeof(start)), length);
  EXPECT_EQ(start, std::string(text, 5));
  EXPECT_EQ(amk_device(opened, nullptr, 0), length);
  amk_model_close(opened);

  EXPECT_EQ(
      amk_model_open_on(bundle.c_str(), weights.c_str(), 0, "cuda:0", &error),
      nullptr);
  EXPECT_THAT(takeError(error), HasSubstr("target: found cpu, expected cuda"));
  EXPECT_EQ(
      amk_model_open_on(bundle.c_str(), weights.c_str(), 0, "tpu", &error),
      nullptr);
  EXPECT_THAT(takeError(error),
              HasSubstr("found \"tpu\", expected cpu or cuda:NUMBER"));
}

TEST(CApi, FindsGpusOrSaysWhyNot) {
  amk_gpu gpu = {};
  char *error = nullptr;
  if (amk_find_gpu(-1, &gpu, &error) == 0) {
    EXPECT_GE(gpu.capability, 80u);
    EXPECT_GT(gpu.multiprocessors, 0u);
    EXPECT_NE(gpu.name[0], '\0');
  } else {
    EXPECT_THAT(takeError(error), HasSubstr("CUDA"));
  }
  EXPECT_EQ(amk_find_gpu(999, &gpu, &error), AMK_ERROR);
  EXPECT_THAT(takeError(error), testing::StartsWith("cuda:999: "));
  EXPECT_EQ(amk_find_gpu(-2, &gpu, &error), AMK_ERROR);
  EXPECT_EQ(takeError(error), "ordinal: found -2, expected -1 or more");
  EXPECT_EQ(amk_find_gpu(0, nullptr, &error), AMK_ERROR);
  EXPECT_THAT(takeError(error), HasSubstr("gpu: found NULL"));
}

TEST(CApi, AbortFromAnotherThread) {
  ModelOptions options;
  options.maxContext = 4096;
  options.sleepMillis = 5;
  TestModel model(options);
  amk_model *opened = open(model);
  ASSERT_NE(opened, nullptr);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    amk_abort(opened);
  });
  int32_t id = 1;
  char *error = nullptr;
  EXPECT_EQ(amk_generate(opened, &id, 1, 4000, 0, nullptr, nullptr, &error),
            AMK_ERROR);
  other.join();
  EXPECT_THAT(takeError(error), HasSubstr("aborted"));
  amk_model_close(opened);
}

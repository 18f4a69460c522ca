//===- fuzz-config.cpp - Fuzzes the reader of config.json ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a config.json, then a NUL byte, then a generation_config.json
// (optional). Any text gives a configuration or amk::Error, and what holds for
// every configuration holds for an accepted one.
//
//===----------------------------------------------------------------------===//

#include "amk/Import/Family.h"
#include "amk/Import/ModelConfig.h"
#include "amk/Support/Error.h"

#include <cmath>
#include <cstdlib>

using namespace amk;

static void expect(bool condition) {
  if (!condition)
    std::abort();
}

static void checkConfig(const ModelConfig &config) {
  expect(config.heads % config.kvHeads == 0 && config.headDim % 2 == 0);
  expect(config.rmsEps > 0 && std::isfinite(config.rmsEps));
  for (float frequency : rotaryFrequencies(config.rope, config.headDim))
    expect(std::isfinite(frequency) && frequency >= 0);
  for (int32_t token : config.eosTokenIds)
    expect(token >= 0 && token < config.vocab);
  expect(contextLength(config, 0, "") > 0);
  if (config.layers > 8) // tens of thousands of names take too long here
    return;
  for (const PlannedTensor &tensor : config.family->planTensors(config))
    for (int64_t extent : tensor.shape)
      expect(extent > 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  size_t split = text.find('\0');
  NamedText config{"config.json", text.substr(0, split)};
  NamedText generation{"generation_config.json", ""};
  if (split != text.npos)
    generation.text = text.substr(split + 1);
  try {
    checkConfig(
        parseModelConfig(config, split == text.npos ? nullptr : &generation));
  } catch (const Error &) {
  }
  return 0;
}

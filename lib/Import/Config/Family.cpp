//===- Family.cpp - The model families that can be imported ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/Family.h"
#include "Llama.h"

using namespace amk;

static constexpr Family kFamilies[] = {
    {"llama", "LlamaForCausalLM", parseLlamaConfig, planLlamaTensors},
};

const Family *amk::findFamily(const std::string &architecture) {
  for (const Family &family : kFamilies)
    if (architecture == family.architecture)
      return &family;
  return nullptr;
}

std::string amk::knownArchitectures() {
  std::string list;
  for (const Family &family : kFamilies)
    list += (list.empty() ? "" : " or ") + std::string(family.architecture);
  return list;
}

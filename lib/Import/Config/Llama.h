//===- Llama.h - The Llama family -------------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_IMPORT_CONFIG_LLAMA_H
#define AMK_LIB_IMPORT_CONFIG_LLAMA_H

#include "amk/Import/Family.h"

namespace amk {

ModelConfig parseLlamaConfig(const JsonView &config);
std::vector<PlannedTensor> planLlamaTensors(const ModelConfig &config);

} // namespace amk

#endif // AMK_LIB_IMPORT_CONFIG_LLAMA_H

//===- Checkpoint.h - A HuggingFace directory, checked ----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The configuration together with the list of tensors it was checked against.
// Reads safetensors headers only.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_IMPORT_CHECKPOINT_H
#define AMK_IMPORT_CHECKPOINT_H

#include "amk/Import/ModelConfig.h"
#include "amk/Support/Safetensors.h"

#include <map>
#include <string>
#include <vector>

namespace amk {

struct CheckpointTensor {
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  bool derived = false; ///< see PlannedTensor
};

struct Checkpoint {
  ModelConfig config;
  /// Exactly the tensors of the directory.
  std::map<std::string, CheckpointTensor> tensors;
};

/// Reads and checks a directory. With `dummyWeights`, a directory without
/// weights stands for one with every planned tensor in the configuration's
/// dtype (float32 if it has none). Throws amk::Error.
Checkpoint readCheckpoint(const std::string &directory, bool dummyWeights);

/// Checks that `found` are the tensors that `config` asks for: none missing,
/// none unexpected, all of the right shape. Throws amk::Error.
std::map<std::string, CheckpointTensor>
matchTensors(const ModelConfig &config,
             const std::map<std::string, TensorInfo> &found,
             const std::string &directory);

} // namespace amk

#endif // AMK_IMPORT_CHECKPOINT_H

//===- Family.h - The model families that can be imported -------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A family is one entry of the table in lib/Import/Config/Family.cpp: how its
// configuration reads and which tensors its checkpoints hold; and one of the
// table in lib/Import/Import.cpp: how its graph is built.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_IMPORT_FAMILY_H
#define AMK_IMPORT_FAMILY_H

#include "amk/Import/ModelConfig.h"
#include "amk/Support/Json.h"

#include <string>
#include <vector>

namespace amk {

/// A tensor that a checkpoint of a given configuration holds.
struct PlannedTensor {
  std::string name;
  std::vector<int64_t> shape;
  /// The configuration determines its values: it may be there, is checked, and
  /// is not read.
  bool derived = false;
};

struct Family {
  const char *name;         ///< in #amk.config and in bundles
  const char *architecture; ///< in "architectures" of config.json
  /// Everything but the family and the tokens. Throws amk::Error.
  ModelConfig (*parseConfig)(const JsonView &config);
  std::vector<PlannedTensor> (*planTensors)(const ModelConfig &config);
};

/// Null if there is none.
const Family *findFamily(const std::string &architecture);

/// "A, B or C", for messages.
std::string knownArchitectures();

} // namespace amk

#endif // AMK_IMPORT_FAMILY_H

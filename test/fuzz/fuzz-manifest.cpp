//===- fuzz-manifest.cpp - Fuzzes the manifest of a bundle -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any text either parses or gives amk::Error that names the file. What is
// accepted keeps its promises: constants inside their space, indices inside
// their lists, sizes within the limit.
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Manifest.h"
#include "amk/Support/Error.h"

#include <cstdlib>

using namespace amk;
using namespace amk::runtime;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void checkManifest(const Manifest &manifest) {
  require(manifest.workers > 0 && !manifest.code.empty());
  require(manifest.model.vocabSize > 0 && manifest.model.maxContext > 0);
  for (const CodeInfo &code : manifest.code)
    require(code.file.find('/') == std::string::npos && code.file[0] != '.');
  for (const TensorSpec &tensor : manifest.tensors) {
    require(tensor.bytes() > 0 && tensor.bytes() <= kMaxBytes);
    require(tensor.rows() * tensor.columns() == tensor.elements());
  }
  for (uint32_t tensor : manifest.externals)
    require(tensor < manifest.tensors.size());
  for (const ConstantInfo &constant : manifest.constants) {
    require(constant.tensor < manifest.tensors.size());
    require(constant.offset + constant.bytes() <=
            manifest.memory.constantBytes);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  try {
    checkManifest(parseManifest(text, "fuzz.json"));
  } catch (const Error &error) {
    require(std::string(error.what()).rfind("fuzz.json", 0) == 0);
  }
  return 0;
}

//===- use-runtime.cpp - A program outside AMK that uses the runtime ------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Manifest.h"
#include "amk/Support/Error.h"
#include "amk/Support/Version.h"

#include <cstdio>
#include <string>

// The library works, errors cross its border as exceptions, and its message
// names the file.
int main() {
  try {
    amk::runtime::parseManifest("{}", "empty.json");
  } catch (const amk::Error &error) {
    std::printf("amk %s: %s\n", amk::version(), error.what());
    return std::string(error.what()).find("empty.json") == std::string::npos;
  }
  std::fprintf(stderr, "an empty manifest was accepted\n");
  return 1;
}

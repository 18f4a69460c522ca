//===- fuzz-tables.cpp - Fuzzes tables.bin and the verifier -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any bytes either decode or give amk::Error. What decodes becomes a program
// that verify() decides without a crash, and the encoder and the decoder agree
// about it.
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Tables.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"

#include <cstdlib>

using namespace amk;
using namespace amk::schedule;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string bytes(reinterpret_cast<const char *>(data), size);
  Tables tables;
  try {
    tables = decodeTables(bytes, "tables.bin");
  } catch (const Error &) {
    return 0;
  }
  // Encoding is canonical: decoding its output and encoding again changes
  // nothing.
  std::string encoded = encodeTables(tables);
  if (encodeTables(decodeTables(encoded, "encoded")) != encoded)
    std::abort();

  SpaceSizes sizes;
  sizes.arena = 4096;
  sizes.kvCache = 4096;
  sizes.io = abi::IOLayout::kLogits + 4 * 64;
  Program program = programFromTables(tables, sizes);
  for (const Violation &violation : verify(program))
    if (render(program, violation).empty())
      std::abort();
  return 0;
}

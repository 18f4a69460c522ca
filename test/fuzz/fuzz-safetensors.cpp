//===- fuzz-safetensors.cpp - Fuzzes safetensors headers -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is one kind byte and the rest. Kind '0': the rest is the beginning
// of a file as it is. Any other kind: the rest is a header, the target puts the
// right length before it, and (kind - '0') * 4 bytes of data follow, so that
// mutations reach the checks behind the length.
//
// What is accepted must lie in the file, fill it, and be as long as its shape
// says.
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Error.h"
#include "amk/Support/Safetensors.h"

#include <cstdlib>
#include <memory>

using namespace amk;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void checkTensors(const std::map<std::string, TensorInfo> &tensors,
                         uint64_t fileBytes) {
  uint64_t total = 0;
  for (const auto &[name, info] : tensors) {
    uint64_t bytes = byteSize(info.dtype);
    for (int64_t size : info.shape) {
      require(size > 0);
      bytes *= static_cast<uint64_t>(size);
    }
    require(!name.empty() && bytes == info.bytes);
    require(info.offset <= fileBytes && bytes <= fileBytes - info.offset);
    total += bytes;
  }
  require(tensors.empty() || total <= fileBytes - 8);
}

/// Copies to an array of the exact size, for AddressSanitizer.
static void parse(const std::string &bytes, uint64_t fileBytes) {
  std::unique_ptr<char[]> exact(new char[bytes.size()]);
  bytes.copy(exact.get(), bytes.size());
  try {
    checkTensors(TensorIndex::parseHeader(exact.get(), bytes.size(), fileBytes,
                                          "fuzz.safetensors"),
                 fileBytes);
  } catch (const Error &) {
    // Refused, as most inputs should be.
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return -1;
  std::string rest(reinterpret_cast<const char *>(data + 1), size - 1);
  if (data[0] == '0') {
    parse(rest, rest.size());
    parse(rest, rest.size() + 1024); // a file of which only this was read
    return 0;
  }
  std::string length;
  for (int i = 0; i != 8; ++i)
    length += static_cast<char>(static_cast<uint64_t>(rest.size()) >> (8 * i));
  uint64_t dataBytes = static_cast<uint8_t>(data[0] - '0') * 4u;
  parse(length + rest, 8 + rest.size() + dataBytes);
  return 0;
}

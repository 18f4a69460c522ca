//===- SafetensorsImage.h - Safetensors files made by hand -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_UNITTEST_SUPPORT_SAFETENSORSIMAGE_H
#define AMK_UNITTEST_SUPPORT_SAFETENSORSIMAGE_H

#include <cstdint>
#include <string>

namespace amk::test {

/// 8 bytes, little endian.
inline std::string lengthField(uint64_t length) {
  std::string bytes;
  for (int i = 0; i != 8; ++i)
    bytes += static_cast<char>(length >> (8 * i));
  return bytes;
}

/// A file with this header and `dataBytes` bytes of data.
inline std::string image(const std::string &header, uint64_t dataBytes) {
  return lengthField(header.size()) + header + std::string(dataBytes, '\1');
}

} // namespace amk::test

#endif // AMK_UNITTEST_SUPPORT_SAFETENSORSIMAGE_H

//===- Noise.h - Numbers that mean nothing ----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_NOISE_H
#define AMK_LIB_RUNTIME_NOISE_H

#include "amk/Support/Hash.h"

#include <cstdint>
#include <cstring>

namespace amk::runtime {

/// Fills memory that is only read to measure time: zeros can be faster. Whether
/// it is read as bf16, f16 or f32, every number is finite, between 1/8 and 2 in
/// size, of either sign. `bytes` is even.
inline void fillWithNoise(uint8_t *out, uint64_t bytes) {
  uint64_t random = 0;
  for (uint64_t i = 0; i < bytes / 2; ++i) {
    if (i % 4 == 0)
      random = mix64(i);
    auto bits = static_cast<uint16_t>(random >> (16 * (i % 4)));
    bits = (bits & 0x81ff) | 0x3e00;
    std::memcpy(out + 2 * i, &bits, sizeof(bits));
  }
}

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_NOISE_H

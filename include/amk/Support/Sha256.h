//===- Sha256.h - SHA-256 of a string ---------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For decisions that must not be moved to other bytes by whoever can choose
// them. See Hash.h for hashes against mere damage.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_SHA256_H
#define AMK_SUPPORT_SHA256_H

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace amk {

/// SHA-256 as in FIPS 180-4.
class Sha256 {
public:
  void add(std::string_view bytes);
  /// 64 lower-case hex digits of all that was added. Ends the use of the
  /// object.
  std::string finish();

private:
  void addBlock(const uint8_t *block);

  std::array<uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                   0xa54ff53a, 0x510e527f, 0x9b05688c,
                                   0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending{}; ///< the block that is not full yet
  uint64_t length = 0;               ///< bytes added
};

} // namespace amk

#endif // AMK_SUPPORT_SHA256_H

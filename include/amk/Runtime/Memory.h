//===- Memory.h - Large zeroed allocations ----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_MEMORY_H
#define AMK_RUNTIME_MEMORY_H

#include <cstdint>
#include <string>

namespace amk::runtime {

/// Zeroed anonymous memory, at least 64-byte aligned, advised to use huge
/// pages. No page exists before its first touch. Never null, also for 0 bytes.
class Buffer {
public:
  Buffer() = default;
  /// Throws amk::Error that names `purpose` when the memory cannot be had.
  Buffer(uint64_t bytes, const std::string &purpose);
  Buffer(Buffer &&other) noexcept;
  Buffer &operator=(Buffer &&other) noexcept;
  ~Buffer();

  uint8_t *data() { return base; }
  const uint8_t *data() const { return base; }
  uint64_t size() const { return bytes; }

private:
  void *mapping = nullptr;
  uint64_t mappedBytes = 0;
  uint8_t *base = nullptr;
  uint64_t bytes = 0;
};

} // namespace amk::runtime

#endif // AMK_RUNTIME_MEMORY_H

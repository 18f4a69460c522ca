//===- Memory.cpp - Large zeroed allocations ------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Memory.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

using namespace amk;
using namespace amk::runtime;

/// The size of a huge page on x86-64 and most AArch64 systems.
static constexpr uint64_t kHugePage = 2ull << 20;

Buffer::Buffer(uint64_t size, const std::string &purpose) : bytes(size) {
  // A buffer that can hold a huge page begins at a huge page's border.
  uint64_t slack = size >= kHugePage ? kHugePage : 0;
  mappedBytes = std::max<uint64_t>(size, 1) + slack;
  void *memory = mappedBytes < size
                     ? MAP_FAILED
                     : mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    fail(purpose, "cannot allocate " + std::to_string(size) +
                      " bytes: " + std::strerror(errno));
  mapping = memory;
  auto address = reinterpret_cast<uintptr_t>(memory);
  if (slack != 0) {
    address = (address + kHugePage - 1) / kHugePage * kHugePage;
    // Only a hint: without huge pages the program is slower, not wrong.
    (void)madvise(reinterpret_cast<void *>(address), size, MADV_HUGEPAGE);
  }
  base = reinterpret_cast<uint8_t *>(address);
}

Buffer::Buffer(Buffer &&other) noexcept { *this = std::move(other); }

Buffer &Buffer::operator=(Buffer &&other) noexcept {
  std::swap(mapping, other.mapping);
  std::swap(mappedBytes, other.mappedBytes);
  std::swap(base, other.base);
  std::swap(bytes, other.bytes);
  return *this;
}

Buffer::~Buffer() {
  if (mapping)
    munmap(mapping, mappedBytes);
}

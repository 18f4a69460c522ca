//===- Parallel.h - A loop over all cores -----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_PARALLEL_H
#define AMK_LIB_RUNTIME_PARALLEL_H

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace amk::runtime {

inline unsigned coreCount() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Calls body(item) for every item in [0, items), each once, on all cores; the
/// calling thread takes part. Rethrows the first exception.
template <typename Body>
void parallelFor(uint64_t items, const Body &body) {
  std::atomic<uint64_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  auto work = [&] {
    try {
      for (uint64_t item; (item = next.fetch_add(1)) < items;)
        body(item);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex);
      if (!error)
        error = std::current_exception();
      next.store(items);
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(coreCount());
  try {
    for (uint64_t i = 1; i < std::min<uint64_t>(coreCount(), items); ++i)
      helpers.emplace_back(work);
  } catch (const std::system_error &) {
    // The threads that there are, this one at least, do it all.
  }
  work();
  for (std::thread &helper : helpers)
    helper.join();
  if (error)
    std::rethrow_exception(error);
}

} // namespace amk::runtime

#endif // AMK_LIB_RUNTIME_PARALLEL_H

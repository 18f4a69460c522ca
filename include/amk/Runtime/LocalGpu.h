//===- LocalGpu.h - GPUs of this machine ------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_LOCALGPU_H
#define AMK_RUNTIME_LOCALGPU_H

#include <cstdint>
#include <optional>
#include <string>

namespace amk::runtime {

struct LocalGpu {
  uint32_t ordinal = 0; ///< 1 for "cuda:1"
  std::string name;     ///< "NVIDIA H200"
  uint32_t number = 0;  ///< 90 for sm_90
  uint32_t multiprocessors = 0;
};

/// The number N of "cuda:N"; "cuda" is the first. Throws amk::Error.
uint32_t parseGpu(const std::string &device);

/// That GPU. Throws amk::Error that says what is missing, or why the kernels of
/// bundles cannot run on it.
LocalGpu examineGpu(uint32_t ordinal);

/// The first GPU of the machine that can run the kernels of bundles. If none
/// can, `why` says what is missing, or what is wrong with each.
std::optional<LocalGpu> findLocalGpu(std::string *why = nullptr);

} // namespace amk::runtime

#endif // AMK_RUNTIME_LOCALGPU_H

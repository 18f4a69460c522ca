//===- LocalGpu.h - The GPU of this machine ---------------------*- C++ -*-===//
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
  std::string name;    ///< "NVIDIA H200"
  uint32_t number = 0; ///< 90 for sm_90
  uint32_t multiprocessors = 0;
};

/// The first one of the machine; none without a driver or a device.
std::optional<LocalGpu> findLocalGpu();

} // namespace amk::runtime

#endif // AMK_RUNTIME_LOCALGPU_H

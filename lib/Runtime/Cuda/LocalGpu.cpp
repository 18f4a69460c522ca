//===- LocalGpu.cpp - The GPU of this machine -----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/LocalGpu.h"
#include "Driver.h"
#include "amk/Support/Error.h"

using namespace amk;
using namespace amk::runtime;

std::optional<LocalGpu> runtime::findLocalGpu() {
  try {
    if (!cuda::available() || cuda::deviceCount() == 0)
      return std::nullopt;
    const cuda::Context context(0);
    const cuda::DeviceInfo &device = context.device();
    return LocalGpu{device.name, uint32_t(10 * device.major + device.minor),
                    uint32_t(device.multiprocessors)};
  } catch (const Error &) {
    // A device that nobody can use is as good as none.
    return std::nullopt;
  }
}

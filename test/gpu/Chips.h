//===- Chips.h - What the GPU tests have in common --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_CHIPS_H
#define AMK_TEST_GPU_CHIPS_H

#include "Runtime/Cuda/Driver.h"
#include "amk/Support/Error.h"

#include <cstdio>
#include <fstream>
#include <iterator>

namespace amk::test {

constexpr int kPassed = 0, kFailed = 1, kSkipped = 77;

/// A PTX file, the devices that take it, and its geometry (Arch.cpp).
struct Chip {
  const char *name;
  int major, minor;
  bool exact; ///< "a": no other device
  uint32_t stageBytes, sharedBytes;
};
constexpr Chip kChips[] = {
    {"sm_80", 8, 0, false, 16384, 166912},
    {"sm_86", 8, 6, false, 8192, 101376},
    {"sm_89", 8, 9, false, 8192, 101376},
    {"sm_90a", 9, 0, true, 16384, 232448},
    {"sm_100a", 10, 0, true, 16384, 232448},
    {"sm_120a", 12, 0, true, 8192, 101376},
};

inline bool runsOn(const Chip &chip, const runtime::cuda::DeviceInfo &device) {
  int wanted = 10 * chip.major + chip.minor;
  int found = 10 * device.major + device.minor;
  return chip.exact ? wanted == found : wanted <= found;
}

/// The module in DIRECTORY/CHIP.ptx.
inline runtime::cuda::Module loadModule(const std::string &directory,
                                        const Chip &chip) {
  std::string path = directory + "/" + chip.name + ".ptx";
  std::ifstream file(path, std::ios::binary);
  if (!file)
    fail(path, "cannot be read");
  std::string ptx((std::istreambuf_iterator<char>(file)), {});
  return runtime::cuda::Module(ptx, path);
}

inline void printDevice(const runtime::cuda::DeviceInfo &device) {
  std::printf("GPU: %s, compute capability %d.%d, %d multiprocessors\n",
              device.name.c_str(), device.major, device.minor,
              device.multiprocessors);
}

/// The status of a test that ran `objects` code objects.
inline int conclude(int objects, bool passed) {
  if (objects == 0) {
    std::printf("skipped: no code object here is for this device\n");
    return kSkipped;
  }
  std::printf("%s\n", passed ? "passed" : "FAILED");
  return passed ? kPassed : kFailed;
}

/// The status of `body()`, or of a machine where nothing can run.
template <typename Body> int runTest(const char *program, Body body) {
  std::string why;
  if (!runtime::cuda::available(&why)) {
    std::printf("skipped: %s\n", why.c_str());
    return kSkipped;
  }
  try {
    return body();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return kFailed;
  }
}

} // namespace amk::test

#endif // AMK_TEST_GPU_CHIPS_H

//===- FakeCuda.h - A CUDA driver without a device --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A library with the name and the functions of the CUDA driver, in host memory.
// Its kernel "add_one" adds 1 to `count` floats: (float *, uint64_t count);
// "amk_stream_read" reads what it is told to; "amk_gpu_main" is a function of
// the test, which runs beside the host until it returns.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_RUNTIME_FAKECUDA_H
#define AMK_TEST_UNIT_RUNTIME_FAKECUDA_H

#include <cstddef>
#include <functional>
#include <string>

/// Of the parameter of "amk_gpu_main".
constexpr size_t kFakeParameterBytes = 152;

/// What the driver does and what it has seen.
struct FakeCuda {
  int devices = 1;
  int oldDevices = 0;        ///< so many of them, the first ones, are sm_75
  int synchronizeStatus = 0; ///< CUDA's number of an error
  /// Objects that are not released.
  int contexts = 0, modules = 0, allocations = 0;
  unsigned blocks = 0, threads = 0, sharedBytes = 0; ///< of the last launch
  int maxDynamicSharedBytes = 0;

  // The device.
  int major = 9, minor = 0;
  int multiprocessors = 1016, sharedBytesPerBlock = 1097;
  int cooperativeLaunch = 1;
  size_t freeBytes = 1 << 20;
  size_t largestAllocation = 1 << 20;
  int blocksPerMultiprocessor = 1;
  /// Gets the kernel's parameter.
  std::function<void(const void *parameter)> kernel;
  int streams = 0, pinned = 0, events = 0; ///< not released
  /// Milliseconds: each recorded event is one later than the one before.
  double clock = 0;
  size_t bytesRead = 0, zerosRead = 0; ///< by amk_stream_read; 16-bit zeros
};

/// The state, shared by a test and the driver. In a program that knows nothing
/// of it, it begins with what AMK_FAKE_CUDA_DEVICES and
/// AMK_FAKE_CUDA_OLD_DEVICES say.
FakeCuda &fakeCuda();

#endif // AMK_TEST_UNIT_RUNTIME_FAKECUDA_H

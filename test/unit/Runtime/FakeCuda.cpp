//===- FakeCuda.cpp - A CUDA driver without a device ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeCuda.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

static constexpr int kInvalidValue = 1, kInvalidPtx = 218, kNotFound = 500,
                     kIllegalAddress = 700, kNotReady = 600;

static void setFromEnvironment(const char *name, int &value) {
  if (const char *text = std::getenv(name))
    value = std::atoi(text);
}

FakeCuda &fakeCuda() {
  static FakeCuda state = [] {
    FakeCuda initial;
    setFromEnvironment("AMK_FAKE_CUDA_DEVICES", initial.devices);
    setFromEnvironment("AMK_FAKE_CUDA_OLD_DEVICES", initial.oldDevices);
    return initial;
  }();
  return state;
}

/// The default stream, for which other streams do not wait: what was asked of
/// it is done as late as can be, when somebody waits for it or a kernel of
/// another stream has ended.
static std::vector<std::function<void()>> &defaultStream() {
  static std::vector<std::function<void()>> work;
  return work;
}

static void finishDefaultStream() {
  for (const std::function<void()> &work : std::exchange(defaultStream(), {}))
    work();
}

namespace {
/// Has at most one kernel at a time; all else waits for it.
struct FakeStream {
  std::thread running;
  std::atomic<bool> isRunning{false};

  void finish() {
    if (!running.joinable())
      return;
    running.join();
    finishDefaultStream();
  }
};
} // namespace

static void addOne(float *values, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    values[i] += 1;
}

/// (address, tiles of 64 KiB, ...)
static void streamRead(uint64_t address, uint64_t tiles) {
  const auto *words = reinterpret_cast<const uint16_t *>(address);
  for (uint64_t i = 0; i < tiles * 65536 / sizeof(uint16_t); ++i)
    fakeCuda().zerosRead += words[i] == 0;
  fakeCuda().bytesRead += tiles * 65536;
}

extern "C" {

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int *version) { return *version = 12080, 0; }

int cuGetErrorName(int status, const char **name) {
  *name = status == kInvalidPtx       ? "CUDA_ERROR_INVALID_PTX"
          : status == kNotFound       ? "CUDA_ERROR_NOT_FOUND"
          : status == kIllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                                      : nullptr;
  return *name ? 0 : kInvalidValue;
}

int cuGetErrorString(int status, const char **text) {
  *text = status == kIllegalAddress ? "an illegal memory access" : nullptr;
  return *text ? 0 : kInvalidValue;
}

int cuDeviceGetCount(int *count) { return *count = fakeCuda().devices, 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }

int cuDeviceGetName(char *name, int length, int) {
  std::snprintf(name, length, "Fake");
  return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  const FakeCuda &state = fakeCuda();
  bool isOld = device < state.oldDevices;
  switch (attribute) {
  case 16:
    return *value = state.multiprocessors, 0;
  case 19:
    return *value = 1, 0;
  case 75:
    return *value = isOld ? 7 : state.major, 0;
  case 76:
    return *value = isOld ? 5 : state.minor, 0;
  case 95:
    return *value = state.cooperativeLaunch, 0;
  case 97:
    return *value = state.sharedBytesPerBlock, 0;
  }
  return kInvalidValue;
}

int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = 1 << 20, 0; }

int cuDevicePrimaryCtxRetain(void **context, int) {
  ++fakeCuda().contexts;
  return *context = &fakeCuda(), 0;
}

int cuDevicePrimaryCtxRelease_v2(int) { return --fakeCuda().contexts, 0; }
int cuCtxSetCurrent(void *) { return 0; }
int cuCtxSynchronize() {
  finishDefaultStream();
  return fakeCuda().synchronizeStatus;
}

int cuModuleLoadDataEx(void **module, const void *ptx, unsigned count,
                       int *options, void **values) {
  const char *text = static_cast<const char *>(ptx);
  if (std::strcmp(text, "ptx") == 0 || std::strstr(text, ".entry")) {
    ++fakeCuda().modules;
    return *module = &fakeCuda(), 0;
  }
  char *log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == 5)
      log = static_cast<char *>(values[i]);
    else if (options[i] == 6)
      bytes = reinterpret_cast<size_t>(values[i]);
  std::snprintf(log, bytes, "line 1: not an instruction");
  return kInvalidPtx;
}

int cuModuleUnload(void *) { return --fakeCuda().modules, 0; }

int cuModuleGetFunction(void **function, void *, const char *name) {
  if (std::strcmp(name, "amk_gpu_main") == 0)
    return *function = &fakeCuda().kernel, 0;
  if (std::strcmp(name, "add_one") == 0)
    return *function = reinterpret_cast<void *>(&addOne), 0;
  if (std::strcmp(name, "amk_stream_read") == 0)
    return *function = reinterpret_cast<void *>(&streamRead), 0;
  return kNotFound;
}

int cuFuncGetAttribute(int *value, int attribute, void *) {
  return *value = attribute, 0;
}

int cuFuncSetAttribute(void *, int attribute, int value) {
  if (attribute == 8)
    fakeCuda().maxDynamicSharedBytes = value;
  return 0;
}

int cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  if (bytes > fakeCuda().largestAllocation)
    return 2;
  ++fakeCuda().allocations;
  void *memory = std::malloc(bytes);
  std::memset(memory, 0xff, bytes);
  *address = reinterpret_cast<uintptr_t>(memory);
  return 0;
}

int cuMemFree_v2(unsigned long long address) {
  finishDefaultStream();
  --fakeCuda().allocations;
  std::free(reinterpret_cast<void *>(address));
  return 0;
}

int cuMemsetD8_v2(unsigned long long address, unsigned char value,
                  size_t bytes) {
  defaultStream().push_back(
      [=] { std::memset(reinterpret_cast<void *>(address), value, bytes); });
  return 0;
}

int cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t bytes) {
  std::string copy(static_cast<const char *>(from), bytes);
  defaultStream().push_back(
      [=] { std::memcpy(reinterpret_cast<void *>(to), copy.data(), bytes); });
  return 0;
}

int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t bytes) {
  finishDefaultStream();
  std::memcpy(to, reinterpret_cast<void *>(from), bytes);
  return 0;
}

int cuLaunchKernel(void *function, unsigned gridX, unsigned, unsigned,
                   unsigned blockX, unsigned, unsigned, unsigned sharedBytes,
                   void *, void **parameters, void **) {
  FakeCuda &state = fakeCuda();
  state.blocks = gridX;
  state.threads = blockX;
  state.sharedBytes = sharedBytes;
  if (blockX > 1024)
    return kInvalidValue;
  finishDefaultStream();
  auto argument = [&](int i) {
    return *static_cast<uint64_t *>(parameters[i]);
  };
  if (function == reinterpret_cast<void *>(&streamRead))
    streamRead(argument(0), argument(1));
  else
    addOne(reinterpret_cast<float *>(argument(0)), argument(1));
  return 0;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *, int,
                                                size_t) {
  return *blocks = fakeCuda().blocksPerMultiprocessor, 0;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) {
  return *free = *total = fakeCuda().freeBytes, 0;
}

int cuStreamCreate(void **stream, unsigned) {
  ++fakeCuda().streams;
  return *stream = new FakeStream, 0;
}

int cuStreamSynchronize(void *stream) {
  if (stream)
    static_cast<FakeStream *>(stream)->finish();
  else
    finishDefaultStream();
  return fakeCuda().synchronizeStatus;
}

int cuStreamDestroy_v2(void *stream) {
  cuStreamSynchronize(stream);
  delete static_cast<FakeStream *>(stream);
  return --fakeCuda().streams, 0;
}

int cuStreamQuery(void *stream) {
  return static_cast<FakeStream *>(stream)->isRunning
             ? kNotReady
             : cuStreamSynchronize(stream);
}

int cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t bytes,
                         void *stream) {
  static_cast<FakeStream *>(stream)->finish();
  constexpr size_t flags = 2 * sizeof(uint32_t);
  auto *target = reinterpret_cast<uint32_t *>(to);
  if (bytes > flags || bytes % sizeof(uint32_t)) {
    std::memcpy(target, from, bytes);
    return 0;
  }
  // Flags, which a running kernel may be looking at.
  for (size_t i = 0; i * sizeof(uint32_t) != bytes; ++i)
    __atomic_store_n(target + i, static_cast<const uint32_t *>(from)[i],
                     __ATOMIC_RELEASE);
  return 0;
}

int cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes,
                         void *stream) {
  static_cast<FakeStream *>(stream)->finish();
  std::memcpy(to, reinterpret_cast<void *>(from), bytes);
  return 0;
}

int cuMemsetD8Async(unsigned long long address, unsigned char value,
                    size_t bytes, void *stream) {
  static_cast<FakeStream *>(stream)->finish();
  std::memset(reinterpret_cast<void *>(address), value, bytes);
  return 0;
}

int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  ++fakeCuda().pinned;
  return *memory = std::malloc(bytes), 0;
}

int cuMemFreeHost(void *memory) {
  std::free(memory);
  return --fakeCuda().pinned, 0;
}

int cuMemHostGetDevicePointer_v2(unsigned long long *address, void *memory,
                                 unsigned) {
  return *address = reinterpret_cast<uintptr_t>(memory), 0;
}

int cuEventCreate(void **event, unsigned) {
  ++fakeCuda().events;
  return *event = new double(0), 0;
}

int cuEventDestroy_v2(void *event) {
  delete static_cast<double *>(event);
  return --fakeCuda().events, 0;
}

int cuEventRecord(void *event, void *stream) {
  static_cast<FakeStream *>(stream)->finish();
  *static_cast<double *>(event) = ++fakeCuda().clock;
  return 0;
}

int cuEventSynchronize(void *) { return fakeCuda().synchronizeStatus; }

int cuEventElapsedTime(float *milliseconds, void *begin, void *end) {
  *milliseconds =
      *static_cast<double *>(end) - *static_cast<double *>(begin);
  return 0;
}

int cuLaunchCooperativeKernel(void *, unsigned gridX, unsigned, unsigned,
                              unsigned blockX, unsigned, unsigned,
                              unsigned sharedBytes, void *handle,
                              void **parameters) {
  FakeCuda &state = fakeCuda();
  state.blocks = gridX;
  state.threads = blockX;
  state.sharedBytes = sharedBytes;
  auto *stream = static_cast<FakeStream *>(handle);
  stream->finish();
  stream->isRunning = true;
  std::string parameter(static_cast<const char *>(parameters[0]),
                        kFakeParameterBytes);
  stream->running = std::thread([stream, parameter] {
    fakeCuda().kernel(parameter.data());
    stream->isRunning = false;
  });
  return 0;
}

} // extern "C"

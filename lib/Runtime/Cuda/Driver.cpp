//===- Driver.cpp - The CUDA driver, loaded at run time -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <utility>

using namespace amk;
using namespace amk::runtime::cuda;

static constexpr const char *kLibrary = "libcuda.so.1";

//===----------------------------------------------------------------------===//
// The driver's interface: only what is used here. Types and numbers are those
// of the CUDA driver API's reference manual.
//===----------------------------------------------------------------------===//

namespace {

using Status = int; // CUresult; 0 is success

enum DeviceAttribute {
  kMultiprocessorCount = 16,
  kCanMapHostMemory = 19,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kCooperativeLaunch = 95,
  kMaxSharedBytesPerBlockOptin = 97,
};
enum FunctionAttribute {
  kLocalSizeBytes = 3,
  kNumRegisters = 4,
  kMaxDynamicSharedSizeBytes = 8,
};
enum : unsigned { kStreamNonBlocking = 1 };
enum : unsigned { kHostPortable = 1, kHostDeviceMap = 2 };
enum : int { kNotReady = 600 };
enum JitOption { kErrorLogBuffer = 5, kErrorLogBufferSizeBytes = 6 };

struct Driver {
  Status (*init)(unsigned flags);
  Status (*driverGetVersion)(int *);
  Status (*getErrorName)(Status, const char **);
  Status (*getErrorString)(Status, const char **);
  Status (*deviceGetCount)(int *);
  Status (*deviceGet)(int *, int ordinal);
  Status (*deviceGetName)(char *, int length, int device);
  Status (*deviceGetAttribute)(int *, int attribute, int device);
  Status (*deviceTotalMem)(size_t *, int device);
  Status (*primaryCtxRetain)(void **, int device);
  Status (*primaryCtxRelease)(int device);
  Status (*ctxSetCurrent)(void *);
  Status (*ctxSynchronize)();
  Status (*moduleLoadDataEx)(void **, const void *, unsigned count,
                             int *options, void **values);
  Status (*moduleUnload)(void *);
  Status (*moduleGetFunction)(void **, void *module, const char *);
  Status (*funcGetAttribute)(int *, int attribute, void *function);
  Status (*funcSetAttribute)(void *function, int attribute, int value);
  Status (*memAlloc)(unsigned long long *, size_t);
  Status (*memFree)(unsigned long long);
  Status (*memsetD8)(unsigned long long, unsigned char, size_t);
  Status (*memcpyHtoD)(unsigned long long, const void *, size_t);
  Status (*memcpyDtoH)(void *, unsigned long long, size_t);
  Status (*launchKernel)(void *function, unsigned gridX, unsigned gridY,
                         unsigned gridZ, unsigned blockX, unsigned blockY,
                         unsigned blockZ, unsigned sharedBytes, void *stream,
                         void **parameters, void **extra);

  Status (*launchCooperativeKernel)(void *function, unsigned gridX,
                                    unsigned gridY, unsigned gridZ,
                                    unsigned blockX, unsigned blockY,
                                    unsigned blockZ, unsigned sharedBytes,
                                    void *stream, void **parameters);
  Status (*occupancy)(int *blocks, void *function, int threads,
                      size_t sharedBytes);
  Status (*memGetInfo)(size_t *free, size_t *total);
  Status (*streamCreate)(void **, unsigned flags);
  Status (*streamDestroy)(void *);
  Status (*streamQuery)(void *);
  Status (*streamSynchronize)(void *);
  Status (*memcpyHtoDAsync)(unsigned long long, const void *, size_t,
                            void *stream);
  Status (*memcpyDtoHAsync)(void *, unsigned long long, size_t, void *stream);
  Status (*memsetD8Async)(unsigned long long, unsigned char, size_t,
                          void *stream);
  Status (*memHostAlloc)(void **, size_t, unsigned flags);
  Status (*memFreeHost)(void *);
  Status (*memHostGetDevicePointer)(unsigned long long *, void *,
                                    unsigned flags);
  Status (*eventCreate)(void **, unsigned flags);
  Status (*eventDestroy)(void *);
  Status (*eventRecord)(void *, void *stream);
  Status (*eventSynchronize)(void *);
  Status (*eventElapsedTime)(float *milliseconds, void *begin, void *end);

  /// Empty if the driver is loaded and initialised, else the reason.
  std::string problem;

  Driver();
  std::string load();
  std::string explain(Status status) const;
};

} // namespace

std::string Driver::explain(Status status) const {
  const char *name = nullptr, *text = nullptr;
  if (getErrorName(status, &name) || !name)
    return "CUDA error " + std::to_string(status);
  if (getErrorString(status, &text) || !text)
    return name;
  return std::string(name) + " (" + text + ")";
}

std::string Driver::load() {
  // Never unloaded: the driver has threads of its own.
  void *library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return std::string("no CUDA driver: ") + dlerror();
  std::string missing;
  auto bind = [&](auto &pointer, const char *name) {
    pointer =
        reinterpret_cast<std::decay_t<decltype(pointer)>>(dlsym(library, name));
    if (!pointer && missing.empty())
      missing = name;
  };
  bind(init, "cuInit");
  bind(driverGetVersion, "cuDriverGetVersion");
  bind(getErrorName, "cuGetErrorName");
  bind(getErrorString, "cuGetErrorString");
  bind(deviceGetCount, "cuDeviceGetCount");
  bind(deviceGet, "cuDeviceGet");
  bind(deviceGetName, "cuDeviceGetName");
  bind(deviceGetAttribute, "cuDeviceGetAttribute");
  bind(deviceTotalMem, "cuDeviceTotalMem_v2");
  bind(primaryCtxRetain, "cuDevicePrimaryCtxRetain");
  bind(primaryCtxRelease, "cuDevicePrimaryCtxRelease_v2");
  bind(ctxSetCurrent, "cuCtxSetCurrent");
  bind(ctxSynchronize, "cuCtxSynchronize");
  bind(moduleLoadDataEx, "cuModuleLoadDataEx");
  bind(moduleUnload, "cuModuleUnload");
  bind(moduleGetFunction, "cuModuleGetFunction");
  bind(funcGetAttribute, "cuFuncGetAttribute");
  bind(funcSetAttribute, "cuFuncSetAttribute");
  bind(memAlloc, "cuMemAlloc_v2");
  bind(memFree, "cuMemFree_v2");
  bind(memsetD8, "cuMemsetD8_v2");
  bind(memcpyHtoD, "cuMemcpyHtoD_v2");
  bind(memcpyDtoH, "cuMemcpyDtoH_v2");
  bind(launchKernel, "cuLaunchKernel");
  bind(launchCooperativeKernel, "cuLaunchCooperativeKernel");
  bind(occupancy, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
  bind(memGetInfo, "cuMemGetInfo_v2");
  bind(streamCreate, "cuStreamCreate");
  bind(streamDestroy, "cuStreamDestroy_v2");
  bind(streamQuery, "cuStreamQuery");
  bind(streamSynchronize, "cuStreamSynchronize");
  bind(memcpyHtoDAsync, "cuMemcpyHtoDAsync_v2");
  bind(memcpyDtoHAsync, "cuMemcpyDtoHAsync_v2");
  bind(memsetD8Async, "cuMemsetD8Async");
  bind(memHostAlloc, "cuMemHostAlloc");
  bind(memFreeHost, "cuMemFreeHost");
  bind(memHostGetDevicePointer, "cuMemHostGetDevicePointer_v2");
  bind(eventCreate, "cuEventCreate");
  bind(eventDestroy, "cuEventDestroy_v2");
  bind(eventRecord, "cuEventRecord");
  bind(eventSynchronize, "cuEventSynchronize");
  bind(eventElapsedTime, "cuEventElapsedTime");
  if (!missing.empty())
    return std::string(kLibrary) + ": has no " + missing +
           "; the driver is too old";
  if (Status status = init(0))
    return std::string(kLibrary) + ": cuInit: " + explain(status);
  return "";
}

Driver::Driver() : problem(load()) {}

static const Driver &tryDriver() {
  static const Driver driver;
  return driver;
}

static const Driver &driver() {
  const Driver &loaded = tryDriver();
  if (!loaded.problem.empty())
    throw Error(loaded.problem);
  return loaded;
}

static void check(Status status, const std::string &where, const char *call) {
  if (status)
    fail(where, std::string(call) + ": " + driver().explain(status));
}

int amk::runtime::cuda::deviceCount() {
  int count = 0;
  check(driver().deviceGetCount(&count), kLibrary, "cuDeviceGetCount");
  return count;
}

bool amk::runtime::cuda::available(std::string *why) {
  try {
    if (deviceCount() > 0)
      return true;
    if (why)
      *why = "the CUDA driver finds no device";
  } catch (const Error &error) {
    if (why)
      *why = error.what();
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

static DeviceInfo describe(int device, const std::string &where) {
  const Driver &cu = driver();
  DeviceInfo info;
  char name[256] = {};
  check(cu.deviceGetName(name, sizeof(name) - 1, device), where,
        "cuDeviceGetName");
  info.name = name;
  auto attribute = [&](DeviceAttribute which) {
    int value = 0;
    check(cu.deviceGetAttribute(&value, which, device), where,
          "cuDeviceGetAttribute");
    return value;
  };
  info.major = attribute(kComputeCapabilityMajor);
  info.minor = attribute(kComputeCapabilityMinor);
  info.multiprocessors = attribute(kMultiprocessorCount);
  info.sharedBytesPerBlock = attribute(kMaxSharedBytesPerBlockOptin);
  info.cooperativeLaunch = attribute(kCooperativeLaunch) != 0;
  info.mapsHostMemory = attribute(kCanMapHostMemory) != 0;
  size_t memory = 0;
  check(cu.deviceTotalMem(&memory, device), where, "cuDeviceTotalMem");
  info.memoryBytes = memory;
  check(cu.driverGetVersion(&info.driverVersion), where, "cuDriverGetVersion");
  return info;
}

Context::Context(int ordinal) {
  const Driver &cu = driver();
  std::string where = "cuda:" + std::to_string(ordinal);
  int count = deviceCount();
  if (ordinal < 0 || ordinal >= count)
    fail(where, "found " + std::to_string(count) +
                    " CUDA device(s), expected a number below that");
  check(cu.deviceGet(&handle, ordinal), where, "cuDeviceGet");
  info = describe(handle, where);
  check(cu.primaryCtxRetain(&context, handle), where,
        "cuDevicePrimaryCtxRetain");
  if (Status status = cu.ctxSetCurrent(context)) {
    cu.primaryCtxRelease(handle);
    check(status, where, "cuCtxSetCurrent");
  }
}

Context::~Context() {
  driver().ctxSetCurrent(nullptr);
  driver().primaryCtxRelease(handle);
}

void Context::makeCurrent() const {
  check(driver().ctxSetCurrent(context), info.name, "cuCtxSetCurrent");
}

uint64_t Context::freeBytes() const {
  size_t free = 0, total = 0;
  check(driver().memGetInfo(&free, &total), info.name, "cuMemGetInfo");
  return free;
}

void Context::synchronize(const std::string &purpose) const {
  check(driver().ctxSynchronize(), purpose, "cuCtxSynchronize");
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

Stream::Stream() {
  check(driver().streamCreate(&handle, kStreamNonBlocking), "stream",
        "cuStreamCreate");
}

Stream::~Stream() { driver().streamDestroy(handle); }

bool Stream::isDone(const std::string &purpose) const {
  Status status = driver().streamQuery(handle);
  if (status == kNotReady)
    return false;
  check(status, purpose, "cuStreamQuery");
  return true;
}

void Stream::synchronize(const std::string &purpose) const {
  check(driver().streamSynchronize(handle), purpose, "cuStreamSynchronize");
}

void Stream::upload(uint64_t to, const void *from, uint64_t bytes,
                    const std::string &purpose) const {
  check(driver().memcpyHtoDAsync(to, from, bytes, handle), purpose,
        "cuMemcpyHtoDAsync");
}

void Stream::download(void *to, uint64_t from, uint64_t bytes,
                      const std::string &purpose) const {
  check(driver().memcpyDtoHAsync(to, from, bytes, handle), purpose,
        "cuMemcpyDtoHAsync");
}

void Stream::clear(uint64_t address, uint64_t bytes,
                   const std::string &purpose) const {
  if (bytes)
    check(driver().memsetD8Async(address, 0, bytes, handle), purpose,
          "cuMemsetD8Async");
}

Event::Event() {
  check(driver().eventCreate(&handle, 0), "event", "cuEventCreate");
}

Event::~Event() { driver().eventDestroy(handle); }

void Event::record(const Stream &stream) const {
  check(driver().eventRecord(handle, stream.raw()), "event", "cuEventRecord");
}

double Event::secondsSince(const Event &begin) const {
  check(driver().eventSynchronize(handle), "event", "cuEventSynchronize");
  float milliseconds = 0;
  check(driver().eventElapsedTime(&milliseconds, begin.handle, handle), "event",
        "cuEventElapsedTime");
  return milliseconds * 1e-3;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

Module::Module(const std::string &code, const std::string &name) : name(name) {
  std::string log(16384, '\0');
  int options[] = {kErrorLogBuffer, kErrorLogBufferSizeBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  Status status =
      driver().moduleLoadDataEx(&handle, code.c_str(), 2, options, values);
  if (!status)
    return;
  log.resize(log.find('\0'));
  fail(name, "cuModuleLoadDataEx: " + driver().explain(status) +
                 (log.empty() ? "" : "\n" + log));
}

Module::~Module() { driver().moduleUnload(handle); }

Function Module::function(const std::string &symbol) const {
  Function function;
  function.symbol = symbol;
  check(driver().moduleGetFunction(&function.handle, handle, symbol.c_str()),
        name + ": " + symbol, "cuModuleGetFunction");
  return function;
}

static int attributeOf(void *function, FunctionAttribute which,
                       const std::string &name) {
  int value = 0;
  check(driver().funcGetAttribute(&value, which, function), name,
        "cuFuncGetAttribute");
  return value;
}

int Function::registers() const {
  return attributeOf(handle, kNumRegisters, symbol);
}

int Function::localBytes() const {
  return attributeOf(handle, kLocalSizeBytes, symbol);
}

void Function::allowShared(uint32_t bytes) const {
  // Above 48 KiB only on demand.
  check(driver().funcSetAttribute(handle, kMaxDynamicSharedSizeBytes,
                                  static_cast<int>(bytes)),
        symbol + ": " + std::to_string(bytes) + " bytes of shared memory",
        "cuFuncSetAttribute");
}

int Function::blocksPerMultiprocessor(uint32_t threads,
                                      uint32_t sharedBytes) const {
  allowShared(sharedBytes);
  int blocks = 0;
  check(driver().occupancy(&blocks, handle, static_cast<int>(threads),
                           sharedBytes),
        symbol, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
  return blocks;
}

void amk::runtime::cuda::launch(const Function &function, uint32_t blocks,
                                uint32_t threads, uint32_t sharedBytes,
                                const std::vector<uint64_t> &arguments,
                                const Stream *stream) {
  const Driver &cu = driver();
  function.allowShared(sharedBytes);
  std::vector<uint64_t> values = arguments;
  std::vector<void *> pointers;
  for (uint64_t &value : values)
    pointers.push_back(&value);
  check(cu.launchKernel(function.handle, blocks, 1, 1, threads, 1, 1,
                        sharedBytes, stream ? stream->raw() : nullptr,
                        pointers.data(), /*extra=*/nullptr),
        function.symbol + ": " + std::to_string(blocks) + " x " +
            std::to_string(threads) + " threads",
        "cuLaunchKernel");
}

void amk::runtime::cuda::launchResident(const Function &function,
                                        uint32_t blocks, uint32_t threads,
                                        uint32_t sharedBytes,
                                        const void *parameter,
                                        const Stream &stream) {
  void *parameters[] = {const_cast<void *>(parameter)};
  check(driver().launchCooperativeKernel(function.handle, blocks, 1, 1,
                                         threads, 1, 1, sharedBytes,
                                         stream.raw(), parameters),
        function.symbol + ": " + std::to_string(blocks) + " x " +
            std::to_string(threads) + " threads",
        "cuLaunchCooperativeKernel");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// What was asked of the default stream is over. Calls without a stream return
/// before that, and our own streams do not wait for it: a buffer would be
/// cleared after others have written to it.
static Status finishDefaultStream(const Driver &cu, Status status) {
  return status ? status : cu.streamSynchronize(nullptr);
}

DeviceBuffer::DeviceBuffer(uint64_t bytes, const std::string &purpose)
    : bytes(bytes), purpose(purpose) {
  const Driver &cu = driver();
  std::string where =
      purpose + ": " + std::to_string(bytes) + " bytes of device memory";
  unsigned long long address = 0;
  check(cu.memAlloc(&address, std::max<uint64_t>(bytes, 1)), where,
        "cuMemAlloc");
  base = address;
  Status cleared = cu.memsetD8(base, 0, std::max<uint64_t>(bytes, 1));
  if (Status status = finishDefaultStream(cu, cleared)) {
    cu.memFree(base);
    check(status, where, "cuMemsetD8");
  }
}

DeviceBuffer::DeviceBuffer(DeviceBuffer &&other) noexcept
    : base(std::exchange(other.base, 0)), bytes(std::exchange(other.bytes, 0)),
      purpose(std::move(other.purpose)) {}

DeviceBuffer::~DeviceBuffer() {
  if (base)
    driver().memFree(base);
}

void DeviceBuffer::upload(const void *from) const {
  const Driver &cu = driver();
  Status copied = cu.memcpyHtoD(base, from, bytes);
  check(finishDefaultStream(cu, copied), purpose, "cuMemcpyHtoD");
}

void DeviceBuffer::download(void *to) const {
  check(driver().memcpyDtoH(to, base, bytes), purpose, "cuMemcpyDtoH");
}

PinnedBuffer::PinnedBuffer(uint64_t bytes, const std::string &purpose)
    : bytes(bytes) {
  const Driver &cu = driver();
  std::string where =
      purpose + ": " + std::to_string(bytes) + " bytes of pinned memory";
  void *memory = nullptr;
  check(cu.memHostAlloc(&memory, std::max<uint64_t>(bytes, 1),
                        kHostPortable | kHostDeviceMap),
        where, "cuMemHostAlloc");
  base = static_cast<uint8_t *>(memory);
  std::memset(base, 0, bytes);
  unsigned long long pointer = 0;
  if (Status status = cu.memHostGetDevicePointer(&pointer, memory, 0)) {
    cu.memFreeHost(memory);
    check(status, where, "cuMemHostGetDevicePointer");
  }
  address = pointer;
}

PinnedBuffer::~PinnedBuffer() { driver().memFreeHost(base); }

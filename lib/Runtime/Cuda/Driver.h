//===- Driver.h - The CUDA driver, loaded at run time -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Owners of the driver's objects. libcuda.so.1 is loaded at the first use, so
// that everything else works without it. Every failure throws amk::Error that
// names the call, what it was for, and the driver's own explanation.
//
// A context is current on the thread that made it; use it and what belongs to
// it from that thread only, and let it outlive them.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_DRIVER_H
#define AMK_LIB_RUNTIME_CUDA_DRIVER_H

#include <cstdint>
#include <string>
#include <vector>

namespace amk::runtime::cuda {

/// Whether there is a driver and a device. If not, `why` says what is missing.
bool available(std::string *why = nullptr);

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0; ///< compute capability
  int multiprocessors = 0;
  int sharedBytesPerBlock = 0; ///< most that one block can have
  uint64_t memoryBytes = 0;
  int driverVersion = 0; ///< of CUDA: 1000 * major + 10 * minor
};

/// The primary context of a device.
class Context {
public:
  explicit Context(int ordinal = 0);
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  const DeviceInfo &device() const { return info; }
  /// Waits for all work; reports what went wrong in it.
  void synchronize(const std::string &purpose) const;

private:
  int handle = 0;
  DeviceInfo info;
};

class Function {
public:
  int registers() const;
  /// Bytes of stack and spilled registers of a thread.
  int localBytes() const;
  const std::string &name() const { return symbol; }

private:
  friend class Module;
  friend void launch(const Function &, uint32_t, uint32_t, uint32_t,
                     const std::vector<uint64_t> &);
  void *handle = nullptr;
  std::string symbol;
};

/// PTX that the driver has assembled for the device.
class Module {
public:
  /// `name` is for errors: the file that the PTX is from.
  Module(const std::string &ptx, const std::string &name);
  ~Module();
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  Function function(const std::string &symbol) const;

private:
  void *handle = nullptr;
  std::string name;
};

/// Device memory, zeroed.
class DeviceBuffer {
public:
  DeviceBuffer(uint64_t bytes, const std::string &purpose);
  DeviceBuffer(DeviceBuffer &&other) noexcept;
  DeviceBuffer &operator=(DeviceBuffer &&) = delete;
  ~DeviceBuffer();

  uint64_t address() const { return base; }
  uint64_t size() const { return bytes; }
  /// Copies all size() bytes.
  void upload(const void *from) const;
  void download(void *to) const;

private:
  uint64_t base = 0, bytes = 0;
  std::string purpose;
};

/// Starts `blocks` x `threads` with `sharedBytes` of dynamic shared memory for
/// a block. Every argument is 64 bits wide.
void launch(const Function &function, uint32_t blocks, uint32_t threads,
            uint32_t sharedBytes, const std::vector<uint64_t> &arguments);

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_DRIVER_H

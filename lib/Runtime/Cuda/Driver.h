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
// A context is current on the thread that made it and on those that called
// makeCurrent(); use it and what belongs to it from there only, and let it
// outlive them.
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

/// Devices that the driver finds. Throws without a driver.
int deviceCount();

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0; ///< compute capability
  int multiprocessors = 0;
  int sharedBytesPerBlock = 0; ///< most that one block can have
  bool cooperativeLaunch = false, mapsHostMemory = false;
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
  /// On the calling thread.
  void makeCurrent() const;
  uint64_t freeBytes() const;
  /// Waits for all work; reports what went wrong in it.
  void synchronize(const std::string &purpose) const;

private:
  int handle = 0;
  void *context = nullptr;
  DeviceInfo info;
};

/// Work in order; streams run beside each other.
class Stream {
public:
  Stream();
  ~Stream();
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  /// True once all work is done; throws what went wrong in it.
  bool isDone(const std::string &purpose) const;
  void synchronize(const std::string &purpose) const;
  /// `from` and `to` stay untouched until the copy is done; they are pinned,
  /// or the call waits for the copy.
  void upload(uint64_t to, const void *from, uint64_t bytes,
              const std::string &purpose) const;
  void download(void *to, uint64_t from, uint64_t bytes,
                const std::string &purpose) const;
  void clear(uint64_t address, uint64_t bytes,
             const std::string &purpose) const;

  void *raw() const { return handle; }

private:
  void *handle = nullptr;
};

/// A point in a stream whose time can be read.
class Event {
public:
  Event();
  ~Event();
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  /// After what the stream was given so far.
  void record(const Stream &stream) const;
  /// From `begin` to this one; waits until this one has come.
  double secondsSince(const Event &begin) const;

private:
  void *handle = nullptr;
};

/// Page-locked host memory, zeroed, which the device can reach.
class PinnedBuffer {
public:
  PinnedBuffer(uint64_t bytes, const std::string &purpose);
  ~PinnedBuffer();
  PinnedBuffer(const PinnedBuffer &) = delete;
  PinnedBuffer &operator=(const PinnedBuffer &) = delete;

  uint8_t *data() const { return base; }
  uint64_t size() const { return bytes; }
  /// Where kernels find it.
  uint64_t deviceAddress() const { return address; }

private:
  uint8_t *base = nullptr;
  uint64_t bytes = 0, address = 0;
};

class Function {
public:
  int registers() const;
  /// Bytes of stack and spilled registers of a thread.
  int localBytes() const;
  /// Blocks that a multiprocessor holds at once. Allows the function as much
  /// shared memory.
  int blocksPerMultiprocessor(uint32_t threads, uint32_t sharedBytes) const;
  const std::string &name() const { return symbol; }

private:
  friend class Module;
  friend void launch(const Function &, uint32_t, uint32_t, uint32_t,
                     const std::vector<uint64_t> &, const Stream *);
  friend void launchResident(const Function &, uint32_t, uint32_t, uint32_t,
                             const void *, const Stream &);
  void allowShared(uint32_t bytes) const;
  void *handle = nullptr;
  std::string symbol;
};

/// Code on the device: a cubin, or PTX that the driver assembles.
class Module {
public:
  /// `name` is for errors: the file that the code is from.
  Module(const std::string &code, const std::string &name);
  ~Module();
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  Function function(const std::string &symbol) const;

private:
  void *handle = nullptr;
  std::string name;
};

/// Device memory, zeroed. Work on any stream may follow each call at once.
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
/// a block. Every argument is 64 bits wide. Without a stream: the default one.
void launch(const Function &function, uint32_t blocks, uint32_t threads,
            uint32_t sharedBytes, const std::vector<uint64_t> &arguments,
            const Stream *stream = nullptr);

/// Starts blocks that are all resident at once, or fails. `parameter`: the one
/// parameter of the function.
void launchResident(const Function &function, uint32_t blocks,
                    uint32_t threads, uint32_t sharedBytes,
                    const void *parameter, const Stream &stream);

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_DRIVER_H

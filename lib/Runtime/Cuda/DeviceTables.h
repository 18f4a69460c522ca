//===- DeviceTables.h - The tables as the GPU kernel reads them -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/GpuKernel.md, section 2.2. Encoding refuses what the device form has no
// room for. The check decodes the device form again, with other code, and
// compares every field with the verified tables: what is launched is what was
// verified. No GPU is needed here.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_DEVICETABLES_H
#define AMK_LIB_RUNTIME_CUDA_DEVICETABLES_H

#include "amk/Runtime/Manifest.h"
#include "amk/Schedule/Tables.h"

#include <string>
#include <vector>

namespace amk::runtime::cuda {

struct DeviceTables {
  struct Worker {
    uint32_t begin = 0, count = 0; ///< in `instructions`
    uint32_t kvRuns = 0;
  };
  std::vector<abi::DeviceInstruction> instructions;
  std::vector<Worker> workers;
  /// Of one KV run: the blocks that one worker holds of one layer. A session
  /// with a shorter context has less than the tables say.
  uint64_t kvRunBytes = 0;

  uint64_t kvBytes(uint32_t worker) const {
    return workers[worker].kvRuns * kvRunBytes;
  }
};

/// Bytes of a KV run for `context` positions; 0 if there are no such runs.
uint64_t kvRunBytes(const Manifest &manifest, const schedule::Tables &tables,
                    uint64_t context);

/// The device form for a session of `context` positions. `file` names the
/// tables in errors. Throws amk::Error.
DeviceTables encodeDeviceTables(const Manifest &manifest,
                                const schedule::Tables &tables,
                                uint64_t context, const std::string &file);

/// Throws amk::Error unless `device` says what `tables` say.
void checkDeviceTables(const DeviceTables &device, const Manifest &manifest,
                       const schedule::Tables &tables, const std::string &file);

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_DEVICETABLES_H

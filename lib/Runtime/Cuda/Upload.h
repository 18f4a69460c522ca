//===- Upload.h - Brings data to the device ---------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_UPLOAD_H
#define AMK_LIB_RUNTIME_CUDA_UPLOAD_H

#include "Driver.h"
#include "amk/Runtime/Bundle.h"
#include "amk/Runtime/Packing.h"

#include <vector>

namespace amk::runtime::cuda {

/// Copies through two pinned buffers, so that one is filled while the other is
/// on its way.
class Uploader {
public:
  explicit Uploader(uint64_t bufferBytes);
  /// Everything has arrived. Must be called before the object ends.
  void finish();

  /// Copies of any memory.
  void add(uint64_t to, const uint8_t *from, uint64_t bytes);
  /// Finite numbers that mean nothing; see fillWithNoise().
  void addNoise(uint64_t to, uint64_t bytes);
  /// Packs the weights of every worker to streams[worker], on all cores.
  void addWeights(const Bundle &bundle, const Weights &weights,
                  const std::vector<uint64_t> &streams,
                  const ProgressFn &progress);

private:
  /// A buffer that is not on its way any more.
  unsigned nextBuffer();

  PinnedBuffer buffers[2];
  Stream streams[2];
  unsigned next = 0;
};

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_UPLOAD_H

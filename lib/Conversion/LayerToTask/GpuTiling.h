//===- GpuTiling.h - How attention is cut for GPUs --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_GPUTILING_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_GPUTILING_H

#include "Tiling.h"

#include "amk/Dialect/AMK/IR/AMK.h"

namespace mlir::amk {

/// Rows of a tile of weights.
constexpr int64_t kGpuTileRows = 8;

/// Splits of the context in attention, at most: a run of the cache has 16 bits
/// for them.
constexpr int64_t kMaxRingSplits = 65535;

/// Attention over the cache's ring, and the joining of its splits.
struct RingTiling {
  Type element;                    ///< of the cache: that of the weights
  int64_t splits;                  ///< of the context of each kv head
  SmallVector<int64_t> cacheShape; ///< of one unit
  int64_t piece; ///< elements of a head that one task joins; 0: none fits
};

/// Of the attention that reads what `qkv` appends.
RingTiling tileRing(const TilingOptions &options, FusedQKVOp qkv);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_GPUTILING_H

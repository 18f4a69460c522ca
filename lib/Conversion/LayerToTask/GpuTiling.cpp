//===- GpuTiling.cpp - How attention is cut for GPUs ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuTiling.h"

#include "Converter.h"

#include "amk/Support/GpuLayout.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
namespace gpu = ::amk::gpu;

/// Whether a task can join `piece` elements: it keeps them, a maximum and a sum
/// of every split in shared memory.
static bool canJoin(int64_t piece, int64_t splits) {
  return (piece + 2) * int64_t(llvm::alignTo(splits, 4)) <=
         int64_t(gpu::kPanelColumns);
}

/// The smallest part of a head that gives no worker two of them, or the largest
/// that a task can join.
static int64_t pieceOf(int64_t heads, int64_t dim, int64_t splits,
                       int64_t workers) {
  int64_t best = 0;
  for (int64_t piece = 1; piece <= dim && canJoin(piece, splits); ++piece) {
    if (dim % piece != 0)
      continue;
    best = piece;
    if (heads * (dim / piece) <= workers)
      break;
  }
  return best;
}

RingTiling mlir::amk::tileRing(const TilingOptions &options, FusedQKVOp qkv) {
  KVCacheType cache = qkv.getCache().getType();
  int64_t dim = cache.getDim(), heads = featuresOf(qkv.getQuery()) / dim;
  RingTiling tiling;
  tiling.element =
      cast<RankedTensorType>(qkv.getQueryWeight().getType()).getElementType();
  int64_t positions =
      gpu::kvBlockPositions(tiling.element.getIntOrFloatBitWidth() / 8);
  int64_t blocks = llvm::divideCeil(cache.getPositions(), positions);
  // A split that never has a block would be received for nothing.
  tiling.splits =
      options.kvSplits
          ? options.kvSplits
          : std::clamp<int64_t>(options.workers / cache.getHeads(), 1,
                                std::min(blocks, kMaxRingSplits));
  tiling.cacheShape = {int64_t(llvm::divideCeil(blocks, tiling.splits)), 2,
                       positions, gpu::kvPaddedDim(dim)};
  tiling.piece = pieceOf(heads, dim, tiling.splits, options.workers);
  return tiling;
}

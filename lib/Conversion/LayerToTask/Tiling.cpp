//===- Tiling.cpp - How a phase is cut into tasks -------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tiling.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::amk;

/// An elementwise task with fewer elements costs more to start than to run.
static constexpr int64_t kMinElementsPerTask = 256;
/// float32 values in 64 bytes: no two tasks write to one cache line.
static constexpr int64_t kElementsPerLine = 16;
/// Most splits that are chosen without being asked for: the combine grows with
/// them.
static constexpr int64_t kMaxAutoSplits = 16;

llvm::SmallVector<UnitRange>
mlir::amk::cutIntoParts(int64_t units, int64_t unitsPerTile, int64_t maxParts) {
  int64_t tiles = llvm::divideCeil(units, unitsPerTile);
  int64_t parts = std::min(maxParts, tiles);
  llvm::SmallVector<UnitRange> ranges;
  for (int64_t part = 0; part < parts; ++part) {
    int64_t begin = tiles * part / parts * unitsPerTile;
    int64_t end = tiles * (part + 1) / parts * unitsPerTile;
    ranges.push_back({begin, std::min(end, units)});
  }
  return ranges;
}

llvm::SmallVector<UnitRange> mlir::amk::cutElements(int64_t elements,
                                                    int64_t workers) {
  int64_t parts =
      std::clamp<int64_t>(elements / kMinElementsPerTask, 1, workers);
  return cutIntoParts(elements, kElementsPerLine, parts);
}

int64_t mlir::amk::splitsFor(const TilingOptions &options, int64_t kvHeads) {
  if (options.kvSplits != 0)
    return options.kvSplits;
  return std::clamp<int64_t>(llvm::divideCeil(options.workers, kvHeads), 1,
                             kMaxAutoSplits);
}

//===- Tiling.h - How a phase is cut into tasks -----------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_TILING_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_TILING_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::amk {

/// The knobs of the conversion.
struct TilingOptions {
  int64_t workers = 1;
  int64_t tileRows = 4;
  int64_t kvSplits = 0; ///< 0: chosen by splitsFor()
};

/// Units [begin, end) of one part of a phase.
struct UnitRange {
  int64_t begin, end;
};

/// Cuts `units` into at most `maxParts` ranges of whole tiles of
/// `unitsPerTile` units (the last tile may be smaller), as even as possible.
llvm::SmallVector<UnitRange> cutIntoParts(int64_t units, int64_t unitsPerTile,
                                          int64_t maxParts);

/// Ranges of an elementwise phase over `elements`: few enough that each does a
/// reasonable amount of work, in whole cache lines.
llvm::SmallVector<UnitRange> cutElements(int64_t elements, int64_t workers);

/// Pieces into which attention cuts the context of each kv head.
int64_t splitsFor(const TilingOptions &options, int64_t kvHeads);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_TILING_H

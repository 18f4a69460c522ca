//===- Packing.h - From checkpoint tensors to worker streams ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layouts are defined by abi::PackSegment. `sourceOf` states them one
// element at a time; `packStreams` does the same row by row on all cores.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_PACKING_H
#define AMK_RUNTIME_PACKING_H

#include "amk/Runtime/Bundle.h"
#include "amk/Runtime/Memory.h"
#include "amk/Runtime/Weights.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace amk::runtime {

/// Called with the bytes done and the bytes in all, from one thread at a time,
/// at most a few times a second.
using ProgressFn = std::function<void(uint64_t done, uint64_t total)>;

/// The shape of a packed segment, from the segment and its tensors.
struct SegmentShape {
  DType dtype = DType::F32;
  uint64_t columns = 0;     ///< K of the tensors
  uint64_t chunks = 0;      ///< K-chunks of abi::kPackChunk, the last padded
  uint64_t unitsPerTile = 0;
  uint64_t tiles = 0;
  uint64_t totalUnits = 0;  ///< units that the tensors hold together
  uint64_t tileBytes = 0;
  uint64_t bytes = 0;
};

/// Checks one segment against the tensors it names. `where` prefixes errors.
/// Throws amk::Error.
SegmentShape segmentShape(const abi::PackSegment &segment,
                          const std::vector<TensorSpec> &tensors,
                          const std::string &where);

/// One row of the checkpoint, or padding.
struct RowSource {
  bool padding = true;
  uint32_t tensor = 0;
  uint64_t row = 0;
};

/// The checkpoint row that is row `r` (0 <= r < tileRows) of tile `tile`.
RowSource rowOf(const abi::PackSegment &segment,
                const std::vector<TensorSpec> &tensors, uint64_t tile,
                uint64_t r);

/// One element of the checkpoint, or padding.
struct ElementSource {
  RowSource row;
  uint64_t column = 0;
  bool padding() const { return row.padding; }
};

/// The checkpoint element that is element `index` of the packed segment: the
/// definition of the layout.
ElementSource sourceOf(const abi::PackSegment &segment,
                       const std::vector<TensorSpec> &tensors, uint64_t index);

/// Packs one tile of a segment to `out` (tileBytes). `scratch` holds a row.
void packTile(const abi::PackSegment &segment, const SegmentShape &shape,
              const std::vector<TensorSpec> &tensors, const Weights &weights,
              uint64_t tile, uint8_t *scratch, uint8_t *out);

/// One buffer per worker with all its segments.
std::vector<Buffer> packStreams(const Bundle &bundle, const Weights &weights,
                                const ProgressFn &progress = nullptr);

/// The Constant space.
Buffer buildConstants(const Manifest &manifest, Weights &weights);

} // namespace amk::runtime

#endif // AMK_RUNTIME_PACKING_H

//===- Packing.h - From checkpoint tensors to worker streams ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layouts are defined by abi::PackSegment, those of GPUs with the geometry
// of amk/Support/GpuLayout.h. `sourceOf` states them one element at a time;
// `packStreams` and `StreamPacker` do the same row by row on all cores.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_PACKING_H
#define AMK_RUNTIME_PACKING_H

#include "amk/Runtime/Bundle.h"
#include "amk/Runtime/Memory.h"
#include "amk/Runtime/Weights.h"
#include "amk/Support/GpuLayout.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amk::runtime {

/// Called with the bytes done and the bytes in all, from one thread at a time,
/// at most a few times a second.
using ProgressFn = std::function<void(uint64_t done, uint64_t total)>;

/// The shape of a packed segment, from the segment and its tensors. Tile t of
/// panel p begins at byte p * panelBytes + t * tileBytes.
struct SegmentShape {
  DType dtype = DType::F32;
  uint64_t columns = 0; ///< K of the tensors
  uint64_t unitsPerTile = 0;
  uint64_t tiles = 0;
  uint64_t totalUnits = 0; ///< units that the tensors hold together
  uint64_t panels = 1;     ///< of K; more than one only in fragment layouts
  uint64_t tileBytes = 0;  ///< of a tile in one panel
  uint64_t panelBytes = 0; ///< of all tiles in one panel
  uint64_t bytes = 0;
  gpu::RunShape run = {}; ///< fragment layouts only
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

/// Packs one tile of a segment. `out` is where the tile begins in the first
/// panel: tileBytes are written there and after each further panelBytes.
/// `scratch` holds a row.
void packTile(const abi::PackSegment &segment, const SegmentShape &shape,
              const std::vector<TensorSpec> &tensors, const Weights &weights,
              uint64_t tile, uint8_t *scratch, uint8_t *out);

/// Packs a whole segment to `out` (its bytes) in the calling thread. Throws as
/// segmentShape() does.
void packSegment(const abi::PackSegment &segment,
                 const std::vector<TensorSpec> &tensors, const Weights &weights,
                 uint8_t *out);

/// One buffer per worker with all its segments.
std::vector<Buffer> packStreams(const Bundle &bundle, const Weights &weights,
                                const ProgressFn &progress = nullptr);

/// Consecutive bytes of a worker's stream in a batch.
struct StreamPart {
  uint32_t worker = 0;
  uint64_t streamOffset = 0;
  uint64_t batchOffset = 0;
  uint64_t bytes = 0;
};

/// Packs streams batch by batch into memory of the caller, who takes one batch
/// to a device while the next is packed. Each byte of each segment is in one
/// batch; batches follow the order of workers and streams.
class StreamPacker {
public:
  /// `segments` and `tensors` have passed crossCheck(); they and `weights`
  /// outlive the packer. Throws amk::Error if `batchBytes` is less
  /// than what has to be in one batch (a tile; a task with several panels).
  StreamPacker(const std::vector<abi::PackSegment> &segments,
               const std::vector<TensorSpec> &tensors, const Weights &weights,
               uint64_t batchBytes, const ProgressFn &progress = nullptr);
  ~StreamPacker();

  size_t batches() const;
  /// Where the bytes of a batch go; sorted by batchOffset, without gaps.
  const std::vector<StreamPart> &parts(size_t batch) const;
  uint64_t bytes(size_t batch) const;

  /// Packs a batch to `out` (its bytes()) on all cores. Batches may be packed
  /// in any order, one at a time; progress is called from the calling thread.
  void pack(size_t batch, uint8_t *out);

private:
  struct Plan;
  std::unique_ptr<Plan> plan;
};

/// The Constant space.
Buffer buildConstants(const Manifest &manifest, Weights &weights);

} // namespace amk::runtime

#endif // AMK_RUNTIME_PACKING_H

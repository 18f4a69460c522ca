//===- GpuLayout.h - Geometry of the GPU kernel's memory --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the generated kernel, the packing of weights and the runtime compute
// alike: how a task's weights are cut into stages, and where everything lies in
// shared memory. docs/GpuKernel.md, sections 1.3 and 3.3, has the reasons.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_GPULAYOUT_H
#define AMK_SUPPORT_GPULAYOUT_H

#include "amk/Support/Abi.h"

namespace amk::gpu {

//===----------------------------------------------------------------------===//
// Shared memory of a block, in bytes: the ring, then these parts
//===----------------------------------------------------------------------===//

constexpr uint32_t kStagedBytes = 16384; ///< f32[4096]: a panel of activations
constexpr uint32_t kPartStride = 136;    ///< floats per tile: [warp 16][row 8]
constexpr uint32_t kPartTiles = 16;
constexpr uint32_t kMaxRows = 1024; ///< rows of a task
constexpr uint32_t kInstructionSlots = 16;
/// Instructions that the loader asks for ahead of its own place.
constexpr uint32_t kInstructionAhead = 8;
constexpr uint32_t kMaxStages = 16;

/// Offsets behind the ring. Scratch of kernel bodies begins at kStagedOffset and
/// may use `staged` and `rows`.
constexpr uint32_t kStagedOffset = 0;
constexpr uint32_t kPartOffset = kStagedOffset + kStagedBytes;
constexpr uint32_t kRowsOffset = kPartOffset + kPartTiles * kPartStride * 4;
constexpr uint32_t kInstructionsOffset = kRowsOffset + kMaxRows * 4;
constexpr uint32_t kBarriersOffset =
    kInstructionsOffset +
    kInstructionSlots * uint32_t(sizeof(abi::DeviceInstruction));
constexpr uint32_t kStateOffset = kBarriersOffset + 512;
constexpr uint32_t kFixedBytes = kStateOffset + 512;
static_assert(kRowsOffset == 25088 && kFixedBytes == 32256);

/// mbarriers of 8 bytes, from kBarriersOffset.
constexpr uint32_t kFullBarriers = 0;
constexpr uint32_t kEmptyBarriers = 128;
constexpr uint32_t kInstructionFullBarriers = 256;
constexpr uint32_t kInstructionEmptyBarriers = 384;

/// From kStateOffset: 4 bytes each but the arrays of 16 warps.
struct StateOffset {
  static constexpr uint32_t kSums = 0;        ///< f32[16]
  static constexpr uint32_t kBestValue = 64;  ///< f32[16]
  static constexpr uint32_t kBestIndex = 128; ///< i32[16]
  static constexpr uint32_t kToken = 192;     ///< i32: token of this step
  static constexpr uint32_t kStop = 196;      ///< u32: leave after this step
  static constexpr uint32_t kAppended = 200;  ///< u32: attention tasks done
  static constexpr uint32_t kDone = 204; ///< u32: consumers have left the loop
};

/// Dynamic shared memory of a block.
constexpr uint32_t sharedBytes(uint32_t stageBytes, uint32_t stages) {
  return stageBytes * stages + kFixedBytes;
}

/// Largest even number of stages up to kMaxStages that fit; 0: not even two.
constexpr uint32_t stagesThatFit(uint32_t stageBytes, uint32_t sharedBytes) {
  if (sharedBytes < kFixedBytes)
    return 0;
  uint32_t stages = (sharedBytes - kFixedBytes) / stageBytes / 2 * 2;
  return stages < kMaxStages ? stages : kMaxStages;
}

//===----------------------------------------------------------------------===//
// A task's run of weights
//===----------------------------------------------------------------------===//

constexpr uint64_t kPanelColumns = kStagedBytes / 4;
constexpr uint32_t kGroups = 2, kGroupWarps = 8, kMaxWarpBlocks = 4;

/// Columns of a fragment block; 0 for layouts without any.
constexpr uint32_t blockColumns(abi::PackLayout layout) {
  switch (layout) {
  case abi::PackLayout::RowInterleaved32:
    return 0;
  case abi::PackLayout::MmaTile8x2:
    return 32;
  case abi::PackLayout::ScalarTile8:
    return 16;
  case abi::PackLayout::MmaTile4x4:
  case abi::PackLayout::MmaTile8x2S8:
    return 64;
  }
  return 0;
}

constexpr uint32_t blockRows(abi::PackLayout layout) {
  return layout == abi::PackLayout::MmaTile4x4 ? 4 : 8;
}

constexpr uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/// How the tiles of a task are cut into stages. Block c of a tile and panel lies
/// in stage c / stageBlocks, which group (c / stageBlocks) mod 2 of consumer
/// warps reads: there it is register (c mod stageBlocks) mod warpBlocks of warp
/// (c mod stageBlocks) / warpBlocks.
struct RunShape {
  uint64_t panels;       ///< of K; the outer loop of the stream
  uint64_t panelColumns; ///< of a panel; K <= panels * panelColumns
  uint32_t tileStages;   ///< of a tile and panel: even (J)
  uint32_t stageBlocks;  ///< in use in every stage (cps)
  uint32_t warpBlocks;   ///< of a warp in a stage, at most (q)

  uint32_t stageBytes() const { return stageBlocks * abi::kFragmentBytes; }
  /// Stages of a task of `tiles` tiles.
  uint64_t stages(uint64_t tiles) const { return panels * tiles * tileStages; }
  uint64_t bytes(uint64_t tiles) const { return stages(tiles) * stageBytes(); }
};

/// `columns` is K >= 1, `maxStageBlocks` the most blocks in a stage (32 for
/// stages of 16 KiB, 16 for 8 KiB). For layouts with fragment blocks.
constexpr RunShape runShape(abi::PackLayout layout, uint64_t columns,
                            uint32_t maxStageBlocks) {
  uint64_t panels = ceilDiv(columns, kPanelColumns);
  // Panels begin at multiples of a block.
  uint64_t unit = blockColumns(layout);
  uint64_t panelColumns = ceilDiv(ceilDiv(columns, panels), unit) * unit;
  uint64_t blocks = panelColumns / unit;
  uint32_t tileStages = uint32_t(2 * ceilDiv(blocks, 2 * maxStageBlocks));
  uint32_t stageBlocks = uint32_t(ceilDiv(blocks, tileStages));
  return {panels, panelColumns, tileStages, stageBlocks,
          uint32_t(ceilDiv(stageBlocks, kGroupWarps))};
}
static_assert(runShape(abi::PackLayout::MmaTile8x2, 14336, 32).panels == 4 &&
              runShape(abi::PackLayout::MmaTile8x2, 14336, 32).stageBlocks ==
                  28 &&
              runShape(abi::PackLayout::MmaTile8x2, 576, 32).stageBlocks == 9);

} // namespace amk::gpu

#endif // AMK_SUPPORT_GPULAYOUT_H

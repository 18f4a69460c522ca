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

/// Where a block of a tile and panel lies: the stage of the tile, and which
/// registers of which warp of which group of consumers get it.
struct BlockPlace {
  uint32_t stage, group, warp, index;
};

/// How the tiles of a task are cut into stages. The stream of a task is, for
/// each panel, for each tile, tileStages * stageBlocks blocks: those of the
/// panel's columns in order, then blocks of zeros. A stage has the blocks of
/// one tile, or those of several tiles whose blocks all lie in two stages:
/// stage 2g the first half of the blocks of each of tiles stageTiles * g and
/// following, stage 2g + 1 their second half.
struct RunShape {
  uint64_t panels;       ///< of K; the outer loop of the stream
  uint64_t panelColumns; ///< of a panel; K <= panels * panelColumns
  uint32_t tileStages;   ///< of a tile and panel: even (J)
  uint32_t stageBlocks;  ///< of a tile in a stage (cps)
  uint32_t warpBlocks;   ///< of those, of a warp, at most (q)
  uint32_t stageTiles;   ///< in a stage, at most; 1 unless J = 2 and one panel

  constexpr uint32_t tileBlocks() const { return tileStages * stageBlocks; }
  constexpr uint32_t tileBytes() const {
    return tileBlocks() * abi::kFragmentBytes;
  }
  /// Of a tile in a stage.
  constexpr uint32_t stageBytes() const {
    return stageBlocks * abi::kFragmentBytes;
  }
  /// Stages of a task of `tiles` tiles: even.
  constexpr uint64_t stages(uint64_t tiles) const {
    return panels * ceilDiv(tiles, stageTiles) * tileStages;
  }
  /// Tiles in the last two stages of a task of `tiles` tiles, 1 or more.
  constexpr uint32_t lastTiles(uint64_t tiles) const {
    return uint32_t((tiles - 1) % stageTiles + 1);
  }
  constexpr uint64_t bytes(uint64_t tiles) const {
    return panels * tiles * tileBytes();
  }
  /// Of block c < tileBlocks() of a tile and panel.
  constexpr BlockPlace place(uint32_t block) const {
    uint32_t stage = block / stageBlocks, inStage = block % stageBlocks;
    return {stage, stage % kGroups, inStage / warpBlocks, inStage % warpBlocks};
  }
  /// Byte of the task's run where a tile begins in a panel.
  constexpr uint64_t tileOffset(uint64_t tiles, uint64_t panel,
                                uint64_t tile) const {
    return (panel * tiles + tile) * tileBytes();
  }
};

/// Most blocks in a stage: those that the warps of a group can hold.
constexpr uint32_t kMaxStageBlocks = kGroupWarps * kMaxWarpBlocks;
/// Most tiles in a stage: a warp has the registers for their blocks.
constexpr uint32_t kMaxStageTiles = 4;

/// `columns` is K >= 1, `maxStageBlocks` the most blocks in a stage (32 for
/// stages of 16 KiB, 16 for 8 KiB): a power of two up to kMaxStageBlocks, so
/// that the blocks of a tile and panel hold kPanelColumns columns at most. For
/// layouts with fragment blocks.
constexpr RunShape runShape(abi::PackLayout layout, uint64_t columns,
                            uint32_t maxStageBlocks) {
  uint64_t panels = ceilDiv(columns, kPanelColumns);
  // Panels begin at multiples of a block.
  uint64_t unit = blockColumns(layout);
  uint64_t panelColumns = ceilDiv(ceilDiv(columns, panels), unit) * unit;
  uint64_t blocks = panelColumns / unit;
  uint32_t tileStages = uint32_t(2 * ceilDiv(blocks, 2 * maxStageBlocks));
  uint32_t stageBlocks = uint32_t(ceilDiv(blocks, tileStages));
  uint32_t fit = maxStageBlocks / stageBlocks;
  bool canShare = panels == 1 && tileStages == kGroups;
  return {panels,
          panelColumns,
          tileStages,
          stageBlocks,
          uint32_t(ceilDiv(stageBlocks, kGroupWarps)),
          !canShare              ? 1
          : fit < kMaxStageTiles ? fit
                                 : kMaxStageTiles};
}
static_assert(runShape(abi::PackLayout::MmaTile8x2, 14336, 32).panels == 4 &&
              runShape(abi::PackLayout::MmaTile8x2, 14336, 32).stageBlocks ==
                  28 &&
              runShape(abi::PackLayout::MmaTile8x2, 576, 32).stageBlocks == 9 &&
              runShape(abi::PackLayout::MmaTile8x2, 576, 32).stageTiles == 3);

/// Most tiles of a task with these panels: partial sums of several panels are
/// kept for all tiles at once, and a task has kMaxRows results at most.
constexpr uint64_t maxRunTiles(abi::PackLayout layout, uint64_t panels) {
  return panels > 1 ? kPartTiles : kMaxRows / blockRows(layout);
}

//===----------------------------------------------------------------------===//
// Inside a block: lane l reads bytes [16 * l, 16 * l + 16), registers a0 to a3
//===----------------------------------------------------------------------===//

/// Bytes of an element; 0 for layouts without blocks.
constexpr uint32_t elementBytes(abi::PackLayout layout) {
  switch (layout) {
  case abi::PackLayout::RowInterleaved32:
    return 0;
  case abi::PackLayout::MmaTile8x2:
  case abi::PackLayout::MmaTile4x4:
    return 2;
  case abi::PackLayout::ScalarTile8:
    return 4;
  case abi::PackLayout::MmaTile8x2S8:
    return 1;
  }
  return 0;
}

struct BlockElement {
  uint32_t row, column;
};

/// Byte in its block of the element at `row` < blockRows() and `column` <
/// blockColumns(): the formulas of docs/GpuKernel.md, 3.1, in 32-bit words of a
/// row, which are the same words for all types of element.
constexpr uint32_t fragmentByte(abi::PackLayout layout, uint32_t row,
                                uint32_t column) {
  uint32_t byte = column * elementBytes(layout);
  uint32_t word = byte / 4, inWord = byte % 4;
  if (layout == abi::PackLayout::ScalarTile8)
    return 64 * row + byte;
  // 4 words of half a segment go to 4 lanes, one each.
  uint32_t segment = word / 8, half = word / 4 % 2, lane = word % 4;
  if (layout == abi::PackLayout::MmaTile4x4) {
    lane += 4 * (4 * (segment % 2) + row);
    segment /= 2;
  } else {
    lane += 4 * row;
  }
  return 16 * lane + 4 * (segment + 2 * half) + inWord;
}

/// The element at byte `byte` of a block: the inverse of fragmentByte().
constexpr BlockElement fragmentElement(abi::PackLayout layout, uint32_t byte) {
  uint32_t row = byte / 64, inWord = byte % 4;
  if (layout == abi::PackLayout::ScalarTile8)
    return {row, byte % 64 / 4};
  uint32_t lane = byte / 16 % 4, segment = byte / 4 % 2, half = byte / 8 % 2;
  if (layout == abi::PackLayout::MmaTile4x4) {
    segment = 2 * segment + row / 4;
    row %= 4;
  }
  uint32_t word = 8 * segment + 4 * half + lane;
  return {row, (4 * word + inWord) / elementBytes(layout)};
}

/// What a B register of a lane holds: the elements of one 32-bit word of x,
/// from `column` of the block on, in a precision's part of x.
struct ActivationPlace {
  uint32_t plane; ///< 0: high part, 1: low part, more: other tokens or 0
  uint32_t column;
};

/// Of register b0 or b1 (`index`) of lane 4g + t. Mma layouts only.
constexpr ActivationPlace activationPlace(abi::PackLayout layout, uint32_t lane,
                                          uint32_t index) {
  uint32_t segments = layout == abi::PackLayout::MmaTile4x4 ? 4 : 2;
  uint32_t column = lane / 4; // of B
  uint32_t word = 8 * (column % segments) + 4 * index + lane % 4;
  return {column / segments, word * 4 / elementBytes(layout)};
}

//===----------------------------------------------------------------------===//
// The KV cache: blocks of positions of one kv head, keys and then values
//===----------------------------------------------------------------------===//

/// Query heads of a kv head, at most: as many rows as a matrix of the tensor
/// core has for them. Elements of a head, at most.
constexpr uint32_t kMaxGroupQueries = 8, kMaxHeadDim = 256;

/// Positions of a block. It is of kvBlockBytes() for elements of 2 and 4 bytes.
constexpr uint32_t kvBlockPositions(uint32_t elementBytes) {
  return 32 / elementBytes;
}

/// Elements of a row of the cache, for heads of `dim`.
constexpr uint32_t kvPaddedDim(uint32_t dim) {
  return uint32_t(ceilDiv(dim, 16) * 16);
}

constexpr uint32_t kvBlockBytes(uint32_t dim) { return 64 * kvPaddedDim(dim); }

} // namespace amk::gpu

#endif // AMK_SUPPORT_GPULAYOUT_H

//===- PackTile.cpp - Packs weights row by row ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Packing.h"

#include <algorithm>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using abi::kFragmentBytes;
using abi::kPackChunk;
using abi::PackLayout;
using abi::PackSegment;

//===----------------------------------------------------------------------===//
// RowInterleaved32: chunks of 32 elements
//===----------------------------------------------------------------------===//

static void interleaveHalves(const uint8_t *from, uint8_t *to) {
  uint16_t in[kPackChunk], out[kPackChunk];
  std::memcpy(in, from, sizeof(in));
  for (uint32_t j = 0; j < kPackChunk / 2; ++j) {
    out[2 * j] = in[j];
    out[2 * j + 1] = in[kPackChunk / 2 + j];
  }
  std::memcpy(to, out, sizeof(out));
}

/// Copies one row of `columns` elements to every `stride` bytes of `to`, a
/// chunk at a time, the last padded with zeros.
template <uint64_t ElementBytes, bool Interleave>
static void packChunks(const uint8_t *from, uint64_t columns, uint64_t stride,
                       uint8_t *to) {
  constexpr uint64_t chunkBytes = kPackChunk * ElementBytes;
  auto copy = [](const uint8_t *chunk, uint8_t *out) {
    if constexpr (Interleave)
      interleaveHalves(chunk, out);
    else
      std::memcpy(out, chunk, chunkBytes);
  };
  uint64_t whole = columns / kPackChunk;
  for (uint64_t c = 0; c < whole; ++c)
    copy(from + c * chunkBytes, to + c * stride);
  if (uint64_t rest = columns % kPackChunk) {
    uint8_t padded[chunkBytes] = {};
    std::memcpy(padded, from + whole * chunkBytes, rest * ElementBytes);
    copy(padded, to + whole * stride);
  }
}

/// Row `r` of a tile that begins at `out`; `from` is null for padding.
static void packRowInChunks(const PackSegment &segment,
                            const SegmentShape &shape, const uint8_t *from,
                            uint64_t r, uint8_t *out) {
  uint64_t chunkBytes = kPackChunk * byteSize(shape.dtype);
  uint64_t stride = chunkBytes * segment.tileRows;
  uint8_t *to = out + r * chunkBytes;
  if (!from) {
    for (uint64_t offset = 0; offset < shape.tileBytes; offset += stride)
      std::memset(to + offset, 0, chunkBytes);
    return;
  }
  switch (shape.dtype) {
  case DType::F32:
    return packChunks<4, false>(from, shape.columns, stride, to);
  case DType::F16:
    return packChunks<2, false>(from, shape.columns, stride, to);
  case DType::BF16:
    return packChunks<2, true>(from, shape.columns, stride, to);
  }
}

//===----------------------------------------------------------------------===//
// Fragment blocks
//===----------------------------------------------------------------------===//

/// What the lanes of a quarter of a block read: 16 bytes each of 4 lanes.
static constexpr uint32_t kQuadBytes = 64;

/// Lane t takes word t of four pieces of 16 bytes: the lower and upper half of
/// one segment and of another, `apart` bytes behind it.
static void packQuad(const uint8_t *from, uint32_t apart, uint8_t *to) {
  uint32_t in[4][4], out[4][4];
  std::memcpy(in[0], from, 16);
  std::memcpy(in[1], from + apart, 16);
  std::memcpy(in[2], from + 16, 16);
  std::memcpy(in[3], from + apart + 16, 16);
  for (uint32_t t = 0; t < 4; ++t)
    for (uint32_t word = 0; word < 4; ++word)
      out[t][word] = in[word][t];
  std::memcpy(to, out, sizeof(out));
}

/// Bytes of a row in a block.
template <PackLayout Layout> constexpr uint32_t rowBytes() {
  return gpu::blockColumns(Layout) * gpu::elementBytes(Layout);
}

/// One row of one block.
template <PackLayout Layout>
static void packRowOfBlock(const uint8_t *from, uint64_t r, uint8_t *block) {
  uint8_t *to = block + r * kQuadBytes;
  if constexpr (Layout == PackLayout::ScalarTile8) {
    std::memcpy(to, from, kQuadBytes);
  } else if constexpr (Layout == PackLayout::MmaTile4x4) {
    // Segments 0 and 2 are rows 0 to 3 of the A operand's halves, 1 and 3 rows
    // 4 to 7.
    packQuad(from, 64, to);
    packQuad(from + 32, 64, to + 4 * kQuadBytes);
  } else {
    packQuad(from, 32, to);
  }
}

/// Row `r` of `blocks` blocks from `to` on: `bytes` bytes, then zeros.
template <PackLayout Layout>
static void packBlocks(const uint8_t *from, uint64_t bytes, uint64_t blocks,
                       uint64_t r, uint8_t *to) {
  constexpr uint64_t step = rowBytes<Layout>();
  uint64_t whole = bytes / step;
  for (uint64_t c = 0; c < whole; ++c)
    packRowOfBlock<Layout>(from + c * step, r, to + c * kFragmentBytes);
  for (uint64_t c = whole; c < blocks; ++c) {
    uint8_t padded[step] = {};
    if (c * step < bytes)
      std::memcpy(padded, from + c * step, bytes - c * step);
    packRowOfBlock<Layout>(padded, r, to + c * kFragmentBytes);
  }
}

/// Row `r` of a tile, in all panels; `from` is null for padding.
template <PackLayout Layout>
static void packRowInBlocks(const SegmentShape &shape, const uint8_t *from,
                            uint64_t r, uint8_t *out) {
  uint64_t panelBytes = shape.run.panelColumns * gpu::elementBytes(Layout);
  uint64_t left = from ? shape.columns * gpu::elementBytes(Layout) : 0;
  for (uint64_t panel = 0; panel < shape.panels; ++panel) {
    uint64_t bytes = std::min(left, panelBytes);
    packBlocks<Layout>(from, bytes, shape.run.tileBlocks(), r,
                       out + panel * shape.panelBytes);
    left -= bytes;
    from = left ? from + bytes : nullptr;
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void amk::runtime::packTile(const PackSegment &segment,
                            const SegmentShape &shape,
                            const std::vector<TensorSpec> &tensors,
                            const Weights &weights, uint64_t tile,
                            uint8_t *scratch, uint8_t *out) {
  for (uint64_t r = 0; r < segment.tileRows; ++r) {
    RowSource source = rowOf(segment, tensors, tile, r);
    const uint8_t *from =
        source.padding ? nullptr
                       : weights.row(source.tensor, source.row, scratch);
    switch (static_cast<PackLayout>(segment.layout)) {
    case PackLayout::RowInterleaved32:
      packRowInChunks(segment, shape, from, r, out);
      break;
    case PackLayout::MmaTile8x2:
      packRowInBlocks<PackLayout::MmaTile8x2>(shape, from, r, out);
      break;
    case PackLayout::MmaTile4x4:
      packRowInBlocks<PackLayout::MmaTile4x4>(shape, from, r, out);
      break;
    case PackLayout::ScalarTile8:
      packRowInBlocks<PackLayout::ScalarTile8>(shape, from, r, out);
      break;
    case PackLayout::MmaTile8x2S8:
      break; // segmentShape() refuses it: no checkpoint has int8 weights
    }
  }
}

void amk::runtime::packSegment(const PackSegment &segment,
                               const std::vector<TensorSpec> &tensors,
                               const Weights &weights, uint8_t *out) {
  SegmentShape shape = segmentShape(segment, tensors, "packed weights");
  std::vector<uint8_t> scratch(shape.columns * byteSize(shape.dtype));
  for (uint64_t tile = 0; tile < shape.tiles; ++tile)
    packTile(segment, shape, tensors, weights, tile, scratch.data(),
             out + tile * shape.tileBytes);
}

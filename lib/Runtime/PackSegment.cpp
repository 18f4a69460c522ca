//===- PackSegment.cpp - The shape and definition of packed weights -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Packing.h"
#include "amk/Support/Error.h"

using namespace amk;
using namespace amk::runtime;
using abi::kPackChunk;
using abi::PackLayout;
using abi::PackRows;
using abi::PackSegment;

static constexpr uint32_t kMaxTileRows = 1 << 16;

//===----------------------------------------------------------------------===//
// Checks: segments come from a file
//===----------------------------------------------------------------------===//

static std::string found(const std::string &field, uint64_t value,
                         const std::string &expected) {
  return field + ": found " + std::to_string(value) + ", expected " + expected;
}

static bool hasBlocks(const PackSegment &segment) {
  return segment.layout != uint32_t(PackLayout::RowInterleaved32);
}

static bool isRotary(const PackSegment &segment) {
  return segment.rowMap == uint32_t(PackRows::RotaryPairs) ||
         segment.rowMap == uint32_t(PackRows::RotaryGroups);
}

/// Tensors that the row map uses: tensors[0, result).
static unsigned tensorCount(const PackSegment &segment) {
  switch (static_cast<PackRows>(segment.rowMap)) {
  case PackRows::Plain:
    return 1;
  case PackRows::Gated:
    return 2;
  case PackRows::RotaryPairs:
  case PackRows::RotaryGroups:
    return 3;
  }
  return 0;
}

static bool inPairs(const PackSegment &segment) {
  return tensorCount(segment) > 1;
}

static uint64_t unitsPerTile(const PackSegment &segment) {
  return inPairs(segment) ? segment.tileRows / 2 : segment.tileRows;
}

static void checkTileRows(const PackSegment &segment,
                          const std::string &where) {
  if (hasBlocks(segment)) {
    uint32_t rows = gpu::blockRows(PackLayout(segment.layout));
    if (segment.tileRows != rows)
      fail(where, found("tileRows", segment.tileRows,
                        std::to_string(rows) + " with this layout"));
    return;
  }
  bool pairs = inPairs(segment);
  if (segment.tileRows == 0 || segment.tileRows > kMaxTileRows ||
      (pairs && segment.tileRows % 2 != 0))
    fail(where,
         found("tileRows", segment.tileRows,
               pairs ? "an even number from 2 to 65536" : "1 to 65536"));
}

/// A power of two, so that a padded panel is no longer than kPanelColumns.
static void checkStageBlocks(const PackSegment &segment,
                             const std::string &where) {
  uint32_t blocks = segment.stageBlocks;
  if (!hasBlocks(segment)) {
    if (blocks != 0)
      fail(where, found("stageBlocks", blocks, "0 with this layout"));
    return;
  }
  if (blocks == 0 || blocks > gpu::kMaxStageBlocks ||
      (blocks & (blocks - 1)) != 0)
    fail(where, found("stageBlocks", blocks, "1, 2, 4, 8, 16 or 32"));
}

static void checkHeader(const PackSegment &segment, const std::string &where) {
  if (segment.layout >= abi::kNumPackLayouts)
    fail(where, found("layout", segment.layout,
                      "less than " + std::to_string(abi::kNumPackLayouts)));
  if (tensorCount(segment) == 0)
    fail(where, found("rowMap", segment.rowMap,
                      "less than " + std::to_string(abi::kNumPackRows)));
  checkTileRows(segment, where);
  if (isRotary(segment)
          ? segment.headDim == 0 || segment.headDim % 2 != 0
          : segment.headDim != 0)
    fail(where,
         found("headDim", segment.headDim,
               isRotary(segment) ? "an even number above 0" : "0"));
  checkStageBlocks(segment, where);
}

static void checkTensor(const PackSegment &segment, const TensorSpec &tensor,
                        const TensorSpec &first, const std::string &where) {
  if (tensor.shape.size() != 2)
    fail(where, "found rank " + std::to_string(tensor.shape.size()) +
                    ", expected 2");
  if (tensor.rows() == 0 || tensor.columns() == 0)
    fail(where, "found no elements");
  if (tensor.dtype != first.dtype || tensor.columns() != first.columns())
    fail(where, "dtype or columns differ from those of " + first.name);
  if (segment.headDim != 0 && tensor.rows() % segment.headDim != 0)
    fail(where, "found " + std::to_string(tensor.rows()) +
                    " rows, expected a multiple of headDim " +
                    std::to_string(segment.headDim));
}

static void checkTensors(const PackSegment &segment,
                         const std::vector<TensorSpec> &tensors,
                         const std::string &where) {
  for (unsigned i = 0; i < 3; ++i) {
    uint32_t index = segment.tensors[i];
    std::string field = "tensors[" + std::to_string(i) + "]";
    if (i >= tensorCount(segment)) {
      if (index != abi::kNoTensor)
        fail(where, found(field, index, "no tensor with this rowMap"));
      continue;
    }
    if (index >= tensors.size())
      fail(where, found(field, index,
                        "less than " + std::to_string(tensors.size())));
    checkTensor(segment, tensors[index], tensors[segment.tensors[0]],
                where + ": " + field + ": tensor " + tensors[index].name);
  }
}

static void checkElementType(const PackSegment &segment, DType dtype,
                             const std::string &where) {
  auto layout = PackLayout(segment.layout);
  std::string expected;
  if (layout == PackLayout::ScalarTile8)
    expected = dtype == DType::F32 ? "" : "3 with weights of F32 only";
  else if (layout == PackLayout::MmaTile8x2S8)
    expected = "another: checkpoints have no int8 weights";
  else if (hasBlocks(segment) && dtype == DType::F32)
    expected = "3 (ScalarTile8) for weights of F32";
  if (!expected.empty())
    fail(where, found("layout", segment.layout, expected));
}

/// A group is the query heads of one key head, that head and its value head.
static void checkGroups(const PackSegment &segment,
                        const std::vector<TensorSpec> &tensors,
                        const std::string &where) {
  uint64_t query = tensors[segment.tensors[0]].rows();
  uint64_t key = tensors[segment.tensors[1]].rows();
  uint64_t value = tensors[segment.tensors[2]].rows();
  if (value != key)
    fail(where, found("tensors[2]: rows", value,
                      std::to_string(key) + " as in tensors[1]"));
  if (query % key != 0)
    fail(where, found("tensors[0]: rows", query,
                      "a multiple of the " + std::to_string(key) +
                          " of tensors[1]"));
  // So that a tile belongs to one group.
  if (segment.headDim % segment.tileRows != 0)
    fail(where, found("headDim", segment.headDim,
                      "a multiple of tileRows " +
                          std::to_string(segment.tileRows)));
  if (segment.unitBegin % unitsPerTile(segment) != 0)
    fail(where,
         found("unitBegin", segment.unitBegin,
               "a multiple of " + std::to_string(unitsPerTile(segment))));
}

static uint64_t countUnits(const PackSegment &segment,
                           const std::vector<TensorSpec> &tensors,
                           const std::string &where) {
  uint64_t rows = tensors[segment.tensors[0]].rows();
  switch (static_cast<PackRows>(segment.rowMap)) {
  case PackRows::Plain:
    break;
  case PackRows::Gated:
    if (tensors[segment.tensors[1]].rows() != rows)
      fail(where, found("tensors[1]: rows", tensors[segment.tensors[1]].rows(),
                        std::to_string(rows) + " as in tensors[0]"));
    break;
  case PackRows::RotaryGroups:
    checkGroups(segment, tensors, where);
    [[fallthrough]];
  case PackRows::RotaryPairs:
    for (unsigned i = 1; i < 3; ++i)
      rows += tensors[segment.tensors[i]].rows();
    return rows / 2;
  }
  return rows;
}

//===----------------------------------------------------------------------===//
// Shape of a segment
//===----------------------------------------------------------------------===//

/// Sets what depends on the layout; the rest is there.
static void setBytes(const PackSegment &segment, const std::string &where,
                     SegmentShape &shape) {
  if (hasBlocks(segment)) {
    auto layout = PackLayout(segment.layout);
    shape.run = gpu::runShape(layout, shape.columns, segment.stageBlocks);
    shape.panels = shape.run.panels;
    shape.tileBytes = shape.run.tileBytes();
    uint64_t most = gpu::maxRunTiles(layout, shape.panels);
    if (shape.tiles > most)
      fail(where, found("tiles", shape.tiles,
                        "at most " + std::to_string(most) + " in a task of " +
                            std::to_string(shape.panels) + " panels"));
  } else {
    uint64_t chunks = (shape.columns + kPackChunk - 1) / kPackChunk;
    shape.tileBytes =
        chunks * kPackChunk * byteSize(shape.dtype) * segment.tileRows;
  }
  // Tensors hold at most 2^42 bytes and a tile at most 2^16 rows, so that only
  // these products may be too large.
  if (shape.tileBytes > kMaxBytes ||
      shape.tiles > kMaxBytes / shape.tileBytes ||
      shape.panels > kMaxBytes / (shape.tiles * shape.tileBytes))
    fail(where, found("tileRows", segment.tileRows,
                      "a packed segment of at most 2^42 bytes"));
  shape.panelBytes = shape.tiles * shape.tileBytes;
  shape.bytes = shape.panels * shape.panelBytes;
}

SegmentShape
amk::runtime::segmentShape(const PackSegment &segment,
                           const std::vector<TensorSpec> &tensors,
                           const std::string &where) {
  checkHeader(segment, where);
  checkTensors(segment, tensors, where);
  SegmentShape shape;
  shape.dtype = tensors[segment.tensors[0]].dtype;
  shape.columns = tensors[segment.tensors[0]].columns();
  checkElementType(segment, shape.dtype, where);
  shape.totalUnits = countUnits(segment, tensors, where);
  if (segment.unitCount == 0 || segment.unitBegin > shape.totalUnits ||
      segment.unitCount > shape.totalUnits - segment.unitBegin)
    fail(where, "units: found " + std::to_string(segment.unitCount) + " from " +
                    std::to_string(segment.unitBegin) + ", expected 1 or more" +
                    " inside the " + std::to_string(shape.totalUnits) +
                    " of the tensors");
  shape.unitsPerTile = unitsPerTile(segment);
  shape.tiles =
      (segment.unitCount + shape.unitsPerTile - 1) / shape.unitsPerTile;
  setBytes(segment, where, shape);
  return shape;
}

//===----------------------------------------------------------------------===//
// Which element lies where
//===----------------------------------------------------------------------===//

/// Row `row` of the list of all rows of q, then k, then v.
static RowSource concatenatedRow(const PackSegment &segment,
                                 const std::vector<TensorSpec> &tensors,
                                 uint64_t row) {
  unsigned i = 0;
  while (row >= tensors[segment.tensors[i]].rows())
    row -= tensors[segment.tensors[i++]].rows();
  return {false, segment.tensors[i], row};
}

/// Row `row` of head `head` of the list of heads by kv head.
static RowSource groupedRow(const PackSegment &segment,
                            const std::vector<TensorSpec> &tensors,
                            uint64_t head, uint64_t row) {
  uint64_t perGroup = tensors[segment.tensors[0]].rows() /
                      tensors[segment.tensors[1]].rows();
  uint64_t group = head / (perGroup + 2), inGroup = head % (perGroup + 2);
  if (inGroup < perGroup)
    return {false, segment.tensors[0],
            (group * perGroup + inGroup) * segment.headDim + row};
  return {false, segment.tensors[inGroup - perGroup + 1],
          group * segment.headDim + row};
}

RowSource amk::runtime::rowOf(const PackSegment &segment,
                              const std::vector<TensorSpec> &tensors,
                              uint64_t tile, uint64_t r) {
  uint64_t perTile = unitsPerTile(segment);
  bool second = r >= perTile;
  uint64_t local = tile * perTile + (second ? r - perTile : r);
  if (local >= segment.unitCount)
    return {};
  uint64_t unit = segment.unitBegin + local;
  if (segment.rowMap == uint32_t(PackRows::Plain))
    return {false, segment.tensors[0], unit};
  if (segment.rowMap == uint32_t(PackRows::Gated))
    return {false, segment.tensors[second ? 1 : 0], unit};
  uint64_t half = segment.headDim / 2;
  uint64_t head = unit / half, row = unit % half + (second ? half : 0);
  if (segment.rowMap == uint32_t(PackRows::RotaryGroups))
    return groupedRow(segment, tensors, head, row);
  return concatenatedRow(segment, tensors, head * segment.headDim + row);
}

static ElementSource sourceInChunks(const PackSegment &segment,
                                    const std::vector<TensorSpec> &tensors,
                                    uint64_t index) {
  const TensorSpec &first = tensors[segment.tensors[0]];
  uint64_t chunks = (first.columns() + kPackChunk - 1) / kPackChunk;
  uint64_t element = index % kPackChunk;
  uint64_t r = index / kPackChunk % segment.tileRows;
  uint64_t chunk = index / kPackChunk / segment.tileRows % chunks;
  uint64_t tile = index / kPackChunk / segment.tileRows / chunks;
  // bf16: element 2j is column j of the chunk, element 2j+1 is column 16+j.
  uint64_t inChunk = first.dtype == DType::BF16
                         ? element / 2 + element % 2 * (kPackChunk / 2)
                         : element;
  return {rowOf(segment, tensors, tile, r), chunk * kPackChunk + inChunk};
}

static ElementSource sourceInBlocks(const PackSegment &segment,
                                    const std::vector<TensorSpec> &tensors,
                                    uint64_t index) {
  auto layout = PackLayout(segment.layout);
  uint64_t columns = tensors[segment.tensors[0]].columns();
  gpu::RunShape run = gpu::runShape(layout, columns, segment.stageBlocks);
  uint64_t tiles =
      (segment.unitCount + unitsPerTile(segment) - 1) / unitsPerTile(segment);
  uint64_t byte = index * gpu::elementBytes(layout);
  uint64_t block = byte / abi::kFragmentBytes;
  gpu::BlockElement element =
      gpu::fragmentElement(layout, uint32_t(byte % abi::kFragmentBytes));
  uint64_t tile = block / run.tileBlocks() % tiles;
  uint64_t panel = block / run.tileBlocks() / tiles;
  uint64_t inPanel = block % run.tileBlocks() * gpu::blockColumns(layout) +
                     element.column;
  ElementSource source{rowOf(segment, tensors, tile, element.row),
                       panel * run.panelColumns + inPanel};
  source.row.padding |= inPanel >= run.panelColumns;
  return source;
}

ElementSource
amk::runtime::sourceOf(const PackSegment &segment,
                       const std::vector<TensorSpec> &tensors,
                       uint64_t index) {
  ElementSource source = hasBlocks(segment)
                             ? sourceInBlocks(segment, tensors, index)
                             : sourceInChunks(segment, tensors, index);
  source.row.padding |=
      source.column >= tensors[segment.tensors[0]].columns();
  return source;
}

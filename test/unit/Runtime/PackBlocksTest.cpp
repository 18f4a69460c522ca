//===- PackBlocksTest.cpp - Fragment layouts against their formulas -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is expected is written from the text of docs/GpuKernel.md, 3.1 and 3.3,
// without the functions of GpuLayout.h.
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Runtime/Packing.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <set>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using amk::abi::PackLayout;
using amk::abi::PackRows;
using amk::abi::PackSegment;
using testing::HasSubstr;

namespace {

//===----------------------------------------------------------------------===//
// The text's formulas
//===----------------------------------------------------------------------===//

uint64_t byteInBlock(PackLayout layout, uint64_t r, uint64_t k) {
  if (layout == PackLayout::ScalarTile8)
    return 16 * (4 * r + k / 4) + 4 * (k % 4);
  if (layout == PackLayout::MmaTile8x2S8) {
    uint64_t seg = k / 32, u = k % 32;
    return 16 * (4 * r + u % 16 / 4) + 4 * (seg + 2 * (u / 16)) + u % 4;
  }
  uint64_t seg = k / 16, u = k % 16;
  if (layout == PackLayout::MmaTile4x4) {
    uint64_t m = 4 * seg + r;
    return 16 * (4 * (m % 8) + u % 8 / 2) + 4 * (m / 8 + 2 * (u / 8)) +
           2 * (u % 2);
  }
  return 16 * (4 * r + u % 8 / 2) + 4 * (seg + 2 * (u / 8)) + 2 * (u % 2);
}

constexpr PackLayout kFragmentLayouts[] = {
    PackLayout::MmaTile8x2, PackLayout::MmaTile4x4, PackLayout::ScalarTile8,
    PackLayout::MmaTile8x2S8};

uint64_t columnsOfBlock(PackLayout layout) {
  return layout == PackLayout::ScalarTile8  ? 16
         : layout == PackLayout::MmaTile8x2 ? 32
                                            : 64;
}

uint64_t rowsOfBlock(PackLayout layout) {
  return layout == PackLayout::MmaTile4x4 ? 4 : 8;
}

/// Section 3.3 for one panel of `columns`.
struct Run {
  uint64_t n, J, cps, q;
  Run(PackLayout layout, uint64_t columns, uint64_t most) {
    uint64_t unit = columnsOfBlock(layout);
    n = (columns + unit - 1) / unit;
    J = 2 * ((n + 2 * most - 1) / (2 * most));
    cps = (n + J - 1) / J;
    q = (cps + 7) / 8;
  }
};

/// Section 3.4: {panels, columns of a panel}.
std::pair<uint64_t, uint64_t> panelsOf(PackLayout layout, uint64_t columns) {
  uint64_t panels = (columns + 4095) / 4096;
  uint64_t unit = columnsOfBlock(layout);
  uint64_t each = (columns + panels - 1) / panels;
  return {panels, (each + unit - 1) / unit * unit};
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

struct Case {
  PackLayout layout;
  DType dtype;
  PackRows rows;
  int64_t columns;
  uint32_t stageBlocks;
  uint64_t unitBegin, unitCount;
};

/// 6 query heads, 2 key heads, 2 value heads of 16 dimensions.
constexpr int64_t kHeadDim = 16;

std::vector<TensorData> tensorsOf(const Case &c) {
  auto tensor = [&](const char *name, int64_t rows) {
    return randomTensor(name, c.dtype, {rows, c.columns});
  };
  if (c.rows == PackRows::Plain)
    return {tensor("w", 37)};
  if (c.rows == PackRows::Gated)
    return {tensor("gate", 23), tensor("up", 23)};
  return {tensor("q", 6 * kHeadDim), tensor("k", 2 * kHeadDim),
          tensor("v", 2 * kHeadDim)};
}

PackSegment segmentOf(const Case &c, size_t tensors) {
  PackSegment segment{};
  segment.layout = uint32_t(c.layout);
  segment.rowMap = uint32_t(c.rows);
  segment.tileRows = rowsOfBlock(c.layout);
  for (uint32_t i = 0; i < 3; ++i)
    segment.tensors[i] = i < tensors ? i : amk::abi::kNoTensor;
  segment.headDim = c.rows == PackRows::RotaryGroups ? kHeadDim : 0;
  segment.stageBlocks = c.stageBlocks;
  segment.unitBegin = c.unitBegin;
  segment.unitCount = c.unitCount;
  return segment;
}

/// Tensor and row; tensor -1 is padding.
using Row = std::pair<int, uint64_t>;

/// All units as pairs of rows (of a plain map: one row), listed.
std::vector<std::pair<Row, Row>> listUnits(PackRows rows) {
  std::vector<std::pair<Row, Row>> units;
  if (rows == PackRows::Plain)
    for (uint64_t r = 0; r < 37; ++r)
      units.push_back({{0, r}, {}});
  if (rows == PackRows::Gated)
    for (uint64_t r = 0; r < 23; ++r)
      units.push_back({{0, r}, {1, r}});
  if (rows != PackRows::RotaryGroups)
    return units;
  auto addHead = [&](int tensor, uint64_t head) {
    for (uint64_t i = 0; i < kHeadDim / 2; ++i) {
      uint64_t row = head * kHeadDim + i;
      units.push_back({{tensor, row}, {tensor, row + kHeadDim / 2}});
    }
  };
  for (uint64_t kv = 0; kv < 2; ++kv) {
    for (uint64_t head = 3 * kv; head < 3 * kv + 3; ++head)
      addHead(0, head);
    addHead(1, kv);
    addHead(2, kv);
  }
  return units;
}

/// The rows of all tiles.
std::vector<Row> packedRows(const Case &c) {
  auto units = listUnits(c.rows);
  uint64_t tileRows = rowsOfBlock(c.layout);
  uint64_t perTile = c.rows == PackRows::Plain ? tileRows : tileRows / 2;
  std::vector<Row> rows;
  for (uint64_t first = 0; first < c.unitCount; first += perTile) {
    auto unit = [&](uint64_t i) -> std::pair<Row, Row> {
      if (first + i >= c.unitCount)
        return {{-1, 0}, {-1, 0}};
      return units[c.unitBegin + first + i];
    };
    for (uint64_t i = 0; i < perTile; ++i)
      rows.push_back(unit(i).first);
    for (uint64_t i = 0; i < perTile && c.rows != PackRows::Plain; ++i)
      rows.push_back(unit(i).second);
  }
  return rows;
}

std::string naivePack(const Case &c, const std::vector<TensorData> &tensors) {
  uint64_t size = byteSize(c.dtype), tileRows = rowsOfBlock(c.layout);
  auto [panels, panelColumns] = panelsOf(c.layout, c.columns);
  Run run(c.layout, panelColumns, c.stageBlocks);
  std::vector<Row> rows = packedRows(c);
  std::string packed;
  for (uint64_t panel = 0; panel < panels; ++panel)
    for (uint64_t tile = 0; tile < rows.size() / tileRows; ++tile)
      for (uint64_t block = 0; block < run.J * run.cps; ++block) {
        std::string bytes(512, '\0');
        for (uint64_t r = 0; r < tileRows; ++r)
          for (uint64_t k = 0; k < columnsOfBlock(c.layout); ++k) {
            uint64_t inPanel = block * columnsOfBlock(c.layout) + k;
            uint64_t column = panel * panelColumns + inPanel;
            Row row = rows[tile * tileRows + r];
            if (row.first >= 0 && inPanel < panelColumns &&
                column < uint64_t(c.columns))
              bytes.replace(byteInBlock(c.layout, r, k), size,
                            tensors[row.first].bytes,
                            (row.second * c.columns + column) * size, size);
          }
        packed += bytes;
      }
  return packed;
}

/// A checkpoint on disk and what the runtime knows of it.
struct Checkpoint {
  explicit Checkpoint(const std::vector<TensorData> &tensors) {
    writeCheckpoint(dir.path, tensors);
    for (const TensorData &tensor : tensors)
      manifest.tensors.push_back(tensor.spec);
  }
  TempDir dir;
  Manifest manifest;
};

std::vector<Case> allCases() {
  std::vector<Case> cases;
  auto add = [&](PackLayout layout, DType dtype, int64_t columns,
                 uint32_t stageBlocks) {
    auto push = [&](PackRows rows, uint64_t begin, uint64_t count) {
      cases.push_back(
          {layout, dtype, rows, columns, stageBlocks, begin, count});
    };
    push(PackRows::Plain, 0, 37);
    push(PackRows::Plain, 5, 1);
    push(PackRows::Gated, 7, 9);
    push(PackRows::RotaryGroups, 0, 80);
    push(PackRows::RotaryGroups, 20, 31);
  };
  for (int64_t columns : {1, 31, 48, 576, 2100})
    for (uint32_t stageBlocks : {32u, 16u}) {
      add(PackLayout::MmaTile8x2, DType::BF16, columns, stageBlocks);
      add(PackLayout::MmaTile4x4, DType::F16, columns, stageBlocks);
      add(PackLayout::ScalarTile8, DType::F32, columns, stageBlocks);
    }
  add(PackLayout::MmaTile8x2, DType::F16, 96, 32);
  add(PackLayout::MmaTile4x4, DType::BF16, 96, 32);
  for (int64_t columns : {4097, 8200, 14336}) {
    cases.push_back({PackLayout::MmaTile8x2, DType::BF16, PackRows::Plain,
                     columns, 32, 3, 19});
    cases.push_back({PackLayout::MmaTile4x4, DType::BF16, PackRows::Plain,
                     columns, 16, 3, 7});
    cases.push_back({PackLayout::ScalarTile8, DType::F32, PackRows::Plain,
                     columns, 32, 3, 19});
  }
  return cases;
}

class PackBlocks : public testing::TestWithParam<Case> {};

} // namespace

//===----------------------------------------------------------------------===//
// Geometry
//===----------------------------------------------------------------------===//

TEST(GpuLayout, FragmentFormulasAndTheirInverse) {
  for (PackLayout layout : kFragmentLayouts) {
    std::set<uint32_t> bytes;
    for (uint32_t r = 0; r < rowsOfBlock(layout); ++r)
      for (uint32_t k = 0; k < columnsOfBlock(layout); ++k) {
        uint32_t byte = gpu::fragmentByte(layout, r, k);
        EXPECT_EQ(byte, byteInBlock(layout, r, k));
        gpu::BlockElement element = gpu::fragmentElement(layout, byte);
        EXPECT_EQ(element.row, r);
        EXPECT_EQ(element.column, k);
        bytes.insert(byte);
      }
    EXPECT_EQ(bytes.size() * gpu::elementBytes(layout), 512u);
  }
}

TEST(GpuLayout, RunsOfTheDesignsTable) {
  struct Entry {
    uint64_t columns, panels, n, J, cps, q, tiles;
  } table[] = {{64, 1, 2, 2, 1, 1, 4},      {576, 1, 18, 2, 9, 2, 3},
               {1024, 1, 32, 2, 16, 2, 2},  {1536, 1, 48, 2, 24, 3, 1},
               {2048, 1, 64, 2, 32, 4, 1},  {4096, 1, 128, 4, 32, 4, 1},
               {5632, 2, 88, 4, 22, 3, 1},  {8192, 2, 128, 4, 32, 4, 1},
               {14336, 4, 112, 4, 28, 4, 1}};
  for (const Entry &e : table) {
    gpu::RunShape run = gpu::runShape(PackLayout::MmaTile8x2, e.columns, 32);
    EXPECT_EQ(run.panels, e.panels) << e.columns;
    EXPECT_EQ(run.panelColumns, 32 * e.n) << e.columns;
    EXPECT_EQ(run.tileStages, e.J) << e.columns;
    EXPECT_EQ(run.stageBlocks, e.cps) << e.columns;
    EXPECT_EQ(run.warpBlocks, e.q) << e.columns;
    EXPECT_EQ(run.tileBlocks(), e.n) << e.columns; // no padding
    EXPECT_EQ(run.stageTiles, e.tiles) << e.columns;
    EXPECT_EQ(run.bytes(3), 3 * e.panels * e.n * 512) << e.columns;
  }
}

TEST(GpuLayout, TilesShareStages) {
  gpu::RunShape run = gpu::runShape(PackLayout::MmaTile8x2, 576, 32);
  struct Entry {
    uint64_t tiles, stages, last;
  } table[] = {{1, 2, 1}, {2, 2, 2}, {3, 2, 3}, {4, 4, 1}, {47, 32, 2}};
  for (const Entry &e : table) {
    EXPECT_EQ(run.stages(e.tiles), e.stages) << e.tiles;
    EXPECT_EQ(run.lastTiles(e.tiles), e.last) << e.tiles;
    EXPECT_EQ(run.bytes(e.tiles), e.tiles * 18 * 512) << e.tiles;
  }
}

TEST(GpuLayout, RunsOfAllColumnsHoldWhatTheKernelCounts) {
  for (PackLayout layout : kFragmentLayouts)
    for (uint32_t most : {1u, 2u, 4u, 8u, 16u, 32u})
      for (uint64_t columns = 1; columns < 13000; columns += 7) {
        gpu::RunShape run = gpu::runShape(layout, columns, most);
        uint64_t padded = run.tileBlocks() * gpu::blockColumns(layout);
        ASSERT_EQ(run.tileStages % 2, 0u);
        ASSERT_LE(run.stageBlocks * run.stageTiles, most);
        ASSERT_TRUE(run.stageTiles == 1 ||
                    (run.panels == 1 && run.tileStages == 2));
        ASSERT_LE(run.stageTiles, gpu::kMaxStageTiles);
        ASSERT_LE(run.panelColumns, padded);
        ASSERT_LE(padded, gpu::kPanelColumns) << columns << " " << most;
        ASSERT_LE(columns, run.panels * run.panelColumns);
        ASSERT_GT(columns, (run.panels - 1) * run.panelColumns);
        std::set<uint32_t> places;
        for (uint32_t c = 0; c < run.tileBlocks(); ++c) {
          gpu::BlockPlace place = run.place(c);
          ASSERT_EQ(place.stage, c / run.stageBlocks);
          ASSERT_EQ(place.group, place.stage % 2);
          ASSERT_LT(place.warp, 8u);
          ASSERT_LT(place.index, run.warpBlocks);
          places.insert((place.stage * 8 + place.warp) * 4 + place.index);
        }
        ASSERT_EQ(places.size(), run.tileBlocks());
        ASSERT_LE(run.warpBlocks, gpu::kMaxWarpBlocks);
      }
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

TEST_P(PackBlocks, PackedBytesAndDefinitionEqualTheNaivePack) {
  const Case &c = GetParam();
  std::vector<TensorData> tensors = tensorsOf(c);
  std::string expected = naivePack(c, tensors);
  Checkpoint checkpoint(tensors);
  const std::vector<TensorSpec> &specs = checkpoint.manifest.tensors;
  Weights weights =
      Weights::fromDirectory(checkpoint.manifest, checkpoint.dir.path);
  PackSegment segment = segmentOf(c, tensors.size());
  ASSERT_EQ(segmentShape(segment, specs, "here").bytes, expected.size());

  std::string packed(expected.size(), '\xee');
  packSegment(segment, specs, weights,
              reinterpret_cast<uint8_t *>(packed.data()));
  EXPECT_TRUE(packed == expected);

  uint64_t size = byteSize(c.dtype);
  for (uint64_t i = 0; i < expected.size() / size; ++i) {
    ElementSource source = sourceOf(segment, specs, i);
    std::string element(size, '\0');
    if (!source.padding())
      element = tensors[source.row.tensor].bytes.substr(
          (source.row.row * c.columns + source.column) * size, size);
    ASSERT_EQ(element, expected.substr(i * size, size)) << "element " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, PackBlocks, testing::ValuesIn(allCases()));

TEST(PackSegment, RefusesFragmentLayoutsThatTheKernelCannotRead) {
  Case plain{PackLayout::MmaTile8x2, DType::BF16, PackRows::Plain, 96, 32,
             0,                      37};
  Case groups{PackLayout::MmaTile8x2, DType::BF16, PackRows::RotaryGroups,
              96,                     32,          0,
              80};
  auto error = [](const Case &c, auto change) -> std::string {
    std::vector<TensorSpec> specs;
    for (const TensorData &tensor : tensorsOf(c))
      specs.push_back(tensor.spec);
    PackSegment segment = segmentOf(c, specs.size());
    change(segment, specs);
    try {
      segmentShape(segment, specs, "here");
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  };
  using S = PackSegment;
  using T = std::vector<TensorSpec>;
  EXPECT_EQ(error(plain, [](S &, T &) {}), "no error");
  EXPECT_EQ(error(groups, [](S &, T &) {}), "no error");
  EXPECT_THAT(error(plain, [](S &s, T &) { s.tileRows = 16; }),
              HasSubstr("tileRows: found 16, expected 8 with this layout"));
  EXPECT_THAT(error(plain, [](S &s, T &) { s.layout = 2; }),
              HasSubstr("tileRows: found 8, expected 4 with this layout"));
  EXPECT_THAT(error(plain, [](S &s, T &) { s.layout = 3; }),
              HasSubstr("layout: found 3, expected 3 with weights of F32"));
  EXPECT_THAT(error(plain, [](S &s, T &) { s.layout = 4; }),
              HasSubstr("layout: found 4"));
  EXPECT_THAT(error(plain, [](S &, T &t) { t[0].dtype = DType::F32; }),
              HasSubstr("layout: found 1, expected 3 (ScalarTile8)"));
  for (uint32_t blocks : {0u, 3u, 64u, 1u << 31})
    EXPECT_THAT(error(plain, [&](S &s, T &) { s.stageBlocks = blocks; }),
                HasSubstr("stageBlocks: found " + std::to_string(blocks)));
  EXPECT_THAT(error(plain,
                    [](S &s, T &t) {
                      t[0].shape = {2000, 96};
                      s.unitCount = 1025;
                    }),
              HasSubstr("tiles: found 129, expected at most 128"));
  EXPECT_THAT(error(plain,
                    [](S &s, T &t) {
                      t[0].shape = {2000, 8192};
                      s.unitCount = 129;
                    }),
              HasSubstr("tiles: found 17, expected at most 16 in a task of 2"));
  EXPECT_THAT(error(plain,
                    [](S &s, T &t) {
                      t[0].shape = {1, int64_t(1) << 41};
                      s.unitCount = 1;
                    }),
              HasSubstr("a packed segment of at most 2^42 bytes"));
  EXPECT_THAT(error(groups, [](S &, T &t) { t[2].shape = {16, 96}; }),
              HasSubstr("tensors[2]: rows: found 16, expected 32"));
  EXPECT_THAT(error(groups, [](S &, T &t) { t[0].shape = {80, 96}; }),
              HasSubstr("tensors[0]: rows: found 80, expected a multiple"));
  EXPECT_THAT(error(groups, [](S &s, T &) { s.headDim = 4; }),
              HasSubstr("headDim: found 4, expected a multiple of tileRows 8"));
  EXPECT_THAT(error(groups,
                    [](S &s, T &) {
                      s.unitBegin = 2;
                      s.unitCount = 1;
                    }),
              HasSubstr("unitBegin: found 2, expected a multiple of 4"));
}

//===----------------------------------------------------------------------===//
// Batches
//===----------------------------------------------------------------------===//

namespace {

/// Segments of three workers, in any order: tiles of one panel and of several.
std::vector<PackSegment> someSegments(const std::vector<TensorSpec> &tensors) {
  std::vector<PackSegment> segments;
  auto add = [&](uint32_t worker, uint32_t tensor, uint64_t begin,
                 uint64_t count, uint64_t offset) {
    PackSegment segment = segmentOf({PackLayout::MmaTile8x2, DType::BF16,
                                     PackRows::Plain, 0, 32, begin, count},
                                    1);
    segment.worker = worker;
    segment.tensors[0] = tensor;
    segment.streamOffset = offset;
    segment.bytes = segmentShape(segment, tensors, "here").bytes;
    segments.push_back(segment);
    return offset + segment.bytes;
  };
  add(2, 0, 5, 900, 0);
  uint64_t end = add(0, 1, 0, 17, 512);
  add(0, 0, 1000, 24, end); // touches the one before
  add(1, 1, 50, 9, 1024);
  return segments;
}

} // namespace

TEST(StreamPacker, BatchesHoldEachByteOfTheSegmentsOnce) {
  std::vector<TensorData> tensors = {
      randomTensor("a", DType::BF16, {1100, 96}),
      randomTensor("b", DType::BF16, {60, 8192})};
  Checkpoint checkpoint(tensors);
  const std::vector<TensorSpec> &specs = checkpoint.manifest.tensors;
  Weights weights =
      Weights::fromDirectory(checkpoint.manifest, checkpoint.dir.path);
  std::vector<PackSegment> segments = someSegments(specs);
  std::vector<std::string> expected(3), packed(3);
  for (const PackSegment &segment : segments) {
    std::string &stream = expected[segment.worker];
    stream.resize(std::max(stream.size(),
                           size_t(segment.streamOffset + segment.bytes)));
    packSegment(segment, specs, weights,
                reinterpret_cast<uint8_t *>(stream.data()) +
                    segment.streamOffset);
  }
  for (uint32_t worker = 0; worker < 3; ++worker)
    packed[worker].resize(expected[worker].size());

  // The largest task of two panels has three tiles of 128 KiB.
  uint64_t batchBytes = 400 << 10, sum = 0, wanted = 0;
  StreamPacker packer(segments, specs, weights, batchBytes);
  EXPECT_GT(packer.batches(), 2u);
  std::vector<uint8_t> batch(batchBytes + 1, 0xee);
  for (size_t b = packer.batches(); b-- > 0;) {
    ASSERT_LE(packer.bytes(b), batchBytes);
    batch[packer.bytes(b)] = 0x77;
    packer.pack(b, batch.data());
    EXPECT_EQ(batch[packer.bytes(b)], 0x77);
    uint64_t offset = 0;
    for (const StreamPart &part : packer.parts(b)) {
      ASSERT_EQ(part.batchOffset, offset);
      std::memcpy(&packed[part.worker][part.streamOffset],
                  batch.data() + part.batchOffset, part.bytes);
      offset += part.bytes;
    }
    EXPECT_EQ(offset, packer.bytes(b));
    sum += offset;
  }
  for (const PackSegment &segment : segments)
    wanted += segment.bytes;
  EXPECT_EQ(sum, wanted);
  EXPECT_TRUE(packed == expected);
  try {
    StreamPacker tooSmall(segments, specs, weights, 300 << 10);
    ADD_FAILURE() << "no error";
  } catch (const Error &error) {
    EXPECT_THAT(error.what(), HasSubstr("found 307200 bytes, expected at least "
                                        "393216"));
  }
}

/// Also says how fast this machine packs.
TEST(StreamPacker, FullBatchesAndProgress) {
  std::vector<TensorData> tensors = {
      randomTensor("a", DType::BF16, {1024, 4096})};
  Checkpoint checkpoint(tensors);
  const std::vector<TensorSpec> &specs = checkpoint.manifest.tensors;
  Weights weights =
      Weights::fromDirectory(checkpoint.manifest, checkpoint.dir.path);
  PackSegment segment = segmentOf(
      {PackLayout::MmaTile8x2, DType::BF16, PackRows::Plain, 0, 32, 0, 1024},
      1);
  segment.bytes = segmentShape(segment, specs, "here").bytes;
  std::vector<uint8_t> expected(segment.bytes);
  packSegment(segment, specs, weights, expected.data());

  std::vector<PackSegment> segments(24, segment);
  for (size_t i = 0; i < segments.size(); ++i)
    segments[i].streamOffset = i * segment.bytes;
  uint64_t total = segments.size() * segment.bytes;
  std::vector<uint64_t> calls;
  StreamPacker packer(segments, specs, weights, 8 * segment.bytes,
                      [&](uint64_t done, uint64_t all) {
                        EXPECT_EQ(all, total);
                        calls.push_back(done);
                      });
  ASSERT_EQ(packer.batches(), 3u);
  Buffer batch(8 * segment.bytes, "a batch");
  std::chrono::duration<double> seconds{0};
  for (size_t b = 0; b < 3; ++b) {
    ASSERT_EQ(packer.bytes(b), batch.size());
    ASSERT_EQ(packer.parts(b).size(), 1u);
    EXPECT_EQ(packer.parts(b)[0].streamOffset, b * batch.size());
    auto begin = std::chrono::steady_clock::now();
    packer.pack(b, batch.data());
    seconds += std::chrono::steady_clock::now() - begin;
    for (uint64_t i = 0; i < 8; ++i)
      EXPECT_EQ(std::memcmp(batch.data() + i * segment.bytes, expected.data(),
                            segment.bytes),
                0);
    // Progress is reported once a second has passed.
    if (b == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  }
  ASSERT_FALSE(calls.empty());
  EXPECT_TRUE(std::is_sorted(calls.begin(), calls.end()));
  EXPECT_EQ(calls.back(), total);
  std::cout << "packed " << total / 1e9 / seconds.count() << " GB/s on "
            << std::thread::hardware_concurrency() << " cores\n";
}

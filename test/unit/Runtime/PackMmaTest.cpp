//===- PackMmaTest.cpp - Packed weights through emulated tensor cores -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Multiplies as the GPU kernel does, lane by lane: warps of two groups walk the
// stages of a packed run, each lane reads 16 bytes of a block as the A operand
// of mma.sync, and B is built from x as docs/GpuKernel.md, 3.2, says. Weights
// and x are integers, so that the product has to be exact. Which element a
// register of a lane holds is taken from the PTX manual (m16n8k16 with 16-bit
// elements, m16n8k32 with 8-bit ones).
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Runtime/Packing.h"
#include "amk/Support/Hash.h"

#include <array>
#include <cstring>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using amk::abi::PackLayout;
using amk::abi::PackRows;
using amk::abi::PackSegment;

namespace {

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// A reproducible integer in [-most, most].
int64_t integerAt(uint64_t stream, uint64_t i, int64_t most) {
  return int64_t(mix64(mix64(stream) + i) % uint64_t(2 * most + 1)) - most;
}

float toFloat(DType dtype, uint16_t bits) {
  return dtype == DType::F16 ? halfToFloat(bits) : bfloatToFloat(bits);
}

uint16_t toBits(DType dtype, float value) {
  return dtype == DType::F16 ? floatToHalf(value) : floatToBfloat(value);
}

std::string encode(DType dtype, int64_t value) {
  float real = float(value);
  uint16_t bits = toBits(dtype, real);
  if (dtype == DType::F32)
    return std::string(reinterpret_cast<char *>(&real), sizeof(real));
  return std::string(reinterpret_cast<char *>(&bits), sizeof(bits));
}

/// Plane 0: rounded to the weights' type; plane 1: what that leaves.
float planeOf(DType dtype, float x, unsigned plane) {
  float high = toFloat(dtype, toBits(dtype, x));
  return plane == 0 ? high : toFloat(dtype, toBits(dtype, x - high));
}

//===----------------------------------------------------------------------===//
// One warp
//===----------------------------------------------------------------------===//

/// The elements of a 32-bit register: two of 16 bits or four of 8.
template <unsigned Elements> using Register = std::array<int64_t, Elements>;

template <unsigned Elements> struct Warp {
  static constexpr unsigned kDepth = 8 * Elements; ///< k of one mma
  std::array<std::array<Register<Elements>, 4>, 32> a;
  std::array<std::array<Register<Elements>, 2>, 32> b;
  std::array<std::array<int64_t, 4>, 32> c = {};

  void mma() {
    int64_t A[16][kDepth], B[kDepth][8];
    for (unsigned lane = 0; lane < 32; ++lane) {
      unsigned g = lane / 4, t = lane % 4;
      for (unsigned e = 0; e < Elements; ++e) {
        for (unsigned i = 0; i < 4; ++i)
          A[g + 8 * (i % 2)][Elements * t + e + 4 * Elements * (i / 2)] =
              a[lane][i][e];
        for (unsigned i = 0; i < 2; ++i)
          B[Elements * t + e + 4 * Elements * i][g] = b[lane][i][e];
      }
    }
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < 4; ++i) {
        unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
        for (unsigned k = 0; k < kDepth; ++k)
          c[lane][i] += A[row][k] * B[k][column];
      }
  }
};

/// Section 3.2: the results of 8 rows, summed over planes.
void addRows8x2(const std::array<std::array<int64_t, 4>, 32> &c,
                unsigned planes, int64_t *rows) {
  for (unsigned g = 0; g < 8; ++g)
    for (unsigned t = 0; t < planes; ++t)
      rows[g] += c[4 * g + t][0] + c[4 * g + t][3];
}

void addRows4x4(const std::array<std::array<int64_t, 4>, 32> &c,
                unsigned planes, int64_t *rows) {
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned t = 0; t < 2 * planes; ++t)
      rows[r] += c[4 * r + t][2 * (t % 2)] + c[16 + 4 * r + t][1 + 2 * (t % 2)];
}

//===----------------------------------------------------------------------===//
// A block of consumers
//===----------------------------------------------------------------------===//

/// Weights of a task and what multiplies them.
struct Task {
  PackLayout layout;
  DType dtype;
  gpu::RunShape run;
  uint64_t tiles;
  const uint8_t *stream;
  std::vector<float> x; ///< K
  unsigned planes;

  /// Of `column` of a panel; zero beyond x.
  float staged(uint64_t panel, uint64_t column) const {
    uint64_t k = panel * run.panelColumns + column;
    return column < run.panelColumns && k < x.size() ? x[k] : 0;
  }
};

/// Bytes of a block as A; B of block `c` of a panel by the text of 3.2.
void multiplyOnTensorCore(const Task &task, const uint8_t *block,
                          uint64_t panel, uint32_t c, Warp<2> &warp) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned g = lane / 4, t = lane % 4;
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned e = 0; e < 2; ++e) {
        uint16_t bits;
        std::memcpy(&bits, block + 16 * lane + 4 * i + 2 * e, 2);
        warp.a[lane][i][e] = int64_t(toFloat(task.dtype, bits));
      }
    bool fourSegments = task.layout == PackLayout::MmaTile4x4;
    unsigned plane = fourSegments ? g / 4 : g / 2;
    unsigned segment = fourSegments ? g % 4 : g % 2;
    uint64_t first =
        gpu::blockColumns(task.layout) * c + 16 * segment + 2 * t;
    for (unsigned i = 0; i < 2; ++i) {
      // The header's function, which kernels use, says the same.
      gpu::ActivationPlace place = gpu::activationPlace(task.layout, lane, i);
      EXPECT_EQ(place.plane, plane);
      EXPECT_EQ(place.column, 16 * segment + 8 * i + 2 * t);
      for (unsigned e = 0; e < 2; ++e) {
        float x = task.staged(panel, first + 8 * i + e);
        warp.b[lane][i][e] =
            plane < task.planes ? int64_t(planeOf(task.dtype, x, plane)) : 0;
      }
    }
  }
  warp.mma();
}

/// f32: lane (g, t) multiplies 4 consecutive columns of row g.
void multiplyScalars(const Task &task, const uint8_t *block, uint64_t panel,
                     uint32_t c, int64_t *rows) {
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      float weight;
      std::memcpy(&weight, block + 16 * lane + 4 * i, 4);
      float x = task.staged(panel, 16 * c + 4 * (lane % 4) + i);
      rows[lane / 4] += int64_t(weight) * int64_t(x);
    }
}

/// What a warp has in a stage: registers that hold its blocks.
void multiplyStage(const Task &task, const uint8_t *stage, uint64_t panel,
                   uint32_t stageOfTile, uint32_t warpInGroup, int64_t *rows) {
  Warp<2> warp;
  for (uint32_t i = 0; i < task.run.warpBlocks; ++i) {
    uint32_t inStage = warpInGroup * task.run.warpBlocks + i;
    if (inStage >= task.run.stageBlocks)
      break;
    const uint8_t *block = stage + 512 * inStage;
    uint32_t c = stageOfTile * task.run.stageBlocks + inStage;
    if (task.layout == PackLayout::ScalarTile8)
      multiplyScalars(task, block, panel, c, rows);
    else
      multiplyOnTensorCore(task, block, panel, c, warp);
  }
  if (task.layout == PackLayout::MmaTile8x2)
    addRows8x2(warp.c, task.planes, rows);
  if (task.layout == PackLayout::MmaTile4x4)
    addRows4x4(warp.c, task.planes, rows);
}

/// Results of all rows of all tiles. Stages come strictly in order, the two
/// groups in turn; each has its part of one tile or of several.
std::vector<int64_t> multiply(const Task &task) {
  uint32_t tileRows = gpu::blockRows(task.layout);
  std::vector<int64_t> rows(task.tiles * tileRows);
  uint64_t stage = 0;
  for (uint64_t panel = 0; panel < task.run.panels; ++panel)
    for (uint64_t first = 0; first < task.tiles; first += task.run.stageTiles)
      for (uint32_t j = 0; j < task.run.tileStages; ++j, ++stage) {
        EXPECT_EQ(stage % 2, j % 2);
        uint64_t end = std::min(first + task.run.stageTiles, task.tiles);
        for (uint64_t tile = first; tile < end; ++tile)
          for (uint32_t warp = 0; warp < 8; ++warp)
            multiplyStage(task,
                          task.stream +
                              task.run.tileOffset(task.tiles, panel, tile) +
                              j * task.run.stageBytes(),
                          panel, j, warp, rows.data() + tile * tileRows);
      }
  EXPECT_EQ(stage, task.run.stages(task.tiles));
  return rows;
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

struct Case {
  PackLayout layout;
  DType dtype;
  PackRows rows;
  uint64_t columns;
  uint32_t stageBlocks;
  unsigned planes;
};

/// q: 4 heads, k and v: 2 heads of 8 dimensions; gate and up: 11 rows; else 13.
constexpr uint64_t kHeadDim = 8;

std::vector<uint64_t> rowCounts(PackRows rows) {
  if (rows == PackRows::Plain)
    return {13};
  if (rows == PackRows::Gated)
    return {11, 11};
  return {4 * kHeadDim, 2 * kHeadDim, 2 * kHeadDim};
}

constexpr int64_t kMostWeight = 127;

int64_t weightAt(uint32_t tensor, uint64_t row, uint64_t column) {
  return integerAt(100 + tensor, row * 100003 + column, kMostWeight);
}

std::vector<TensorData> tensorsOf(const Case &c) {
  std::vector<TensorData> tensors;
  for (uint64_t count : rowCounts(c.rows)) {
    uint32_t index = uint32_t(tensors.size());
    TensorData tensor{{"w" + std::to_string(index),
                       c.dtype,
                       {int64_t(count), int64_t(c.columns)}},
                      ""};
    for (uint64_t r = 0; r < count; ++r)
      for (uint64_t k = 0; k < c.columns; ++k)
        tensor.bytes += encode(c.dtype, weightAt(index, r, k));
    tensors.push_back(tensor);
  }
  return tensors;
}

PackSegment segmentOf(const Case &c) {
  PackSegment segment{};
  segment.layout = uint32_t(c.layout);
  segment.rowMap = uint32_t(c.rows);
  segment.tileRows = gpu::blockRows(c.layout);
  for (uint32_t i = 0; i < 3; ++i)
    segment.tensors[i] =
        i < rowCounts(c.rows).size() ? i : amk::abi::kNoTensor;
  segment.headDim = c.rows == PackRows::RotaryGroups ? kHeadDim : 0;
  segment.stageBlocks = c.stageBlocks;
  segment.unitCount = c.rows == PackRows::RotaryGroups ? 32
                                                       : rowCounts(c.rows)[0];
  return segment;
}

int64_t plainProduct(const Case &c, const RowSource &row,
                     const std::vector<float> &x) {
  int64_t sum = 0;
  for (uint64_t k = 0; k < c.columns && !row.padding; ++k)
    sum += weightAt(row.tensor, row.row, k) * int64_t(x[k]);
  return sum;
}

class PackMma : public testing::TestWithParam<Case> {};

std::vector<Case> allCases() {
  std::vector<Case> cases;
  // The columns of the table in 3.3, and some that are no multiple of anything.
  for (uint64_t columns :
       {32, 48, 576, 1000, 1536, 2048, 4096, 5632, 8192, 14336}) {
    for (unsigned planes : {1u, 2u}) {
      cases.push_back({PackLayout::MmaTile8x2, DType::BF16, PackRows::Plain,
                       columns, 32, planes});
      cases.push_back({PackLayout::MmaTile4x4, DType::BF16, PackRows::Plain,
                       columns, 32, planes});
    }
    cases.push_back({PackLayout::MmaTile8x2, DType::F16, PackRows::Gated,
                     columns, 16, 2});
    cases.push_back({PackLayout::ScalarTile8, DType::F32, PackRows::Plain,
                     columns, 32, 1});
    cases.push_back({PackLayout::ScalarTile8, DType::F32, PackRows::Gated,
                     columns, 16, 1});
  }
  for (uint64_t columns : {576, 2048}) {
    cases.push_back({PackLayout::MmaTile8x2, DType::BF16,
                     PackRows::RotaryGroups, columns, 32, 2});
    cases.push_back({PackLayout::MmaTile4x4, DType::F16, PackRows::RotaryGroups,
                     columns, 16, 2});
  }
  return cases;
}

} // namespace

TEST_P(PackMma, EmulatedKernelEqualsPlainProduct) {
  const Case &c = GetParam();
  TempDir dir;
  std::vector<TensorData> tensors = tensorsOf(c);
  writeCheckpoint(dir.path, tensors);
  Manifest manifest;
  for (const TensorData &tensor : tensors)
    manifest.tensors.push_back(tensor.spec);
  Weights weights = Weights::fromDirectory(manifest, dir.path);
  PackSegment segment = segmentOf(c);
  SegmentShape shape = segmentShape(segment, manifest.tensors, "here");
  std::vector<uint8_t> stream(shape.bytes, 0xee);
  packSegment(segment, manifest.tensors, weights, stream.data());

  // Exact in bf16; or exact as the sum of two.
  int64_t most = c.planes == 2 ? 32000 : 127;
  std::vector<float> x;
  for (uint64_t k = 0; k < c.columns; ++k)
    x.push_back(float(integerAt(7, k, most)));
  std::vector<int64_t> rows = multiply(
      {c.layout, c.dtype, shape.run, shape.tiles, stream.data(), x, c.planes});
  for (uint64_t i = 0; i < rows.size(); ++i) {
    RowSource row = rowOf(segment, manifest.tensors, i / segment.tileRows,
                          i % segment.tileRows);
    EXPECT_EQ(rows[i], plainProduct(c, row, x)) << "packed row " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, PackMma, testing::ValuesIn(allCases()));

/// No checkpoint has int8 weights yet, so that blocks are written with the
/// layout's function: 8 rows of 192 columns, one warp.
TEST(PackMmaS8, EmulatedWarpEqualsPlainProduct) {
  constexpr PackLayout layout = PackLayout::MmaTile8x2S8;
  constexpr unsigned kBlocks = 3;
  Warp<4> warp;
  for (unsigned c = 0; c < kBlocks; ++c) {
    int8_t block[512];
    for (uint32_t r = 0; r < 8; ++r)
      for (uint32_t k = 0; k < 64; ++k)
        block[gpu::fragmentByte(layout, r, k)] =
            int8_t(integerAt(r, 64 * c + k, 127));
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned e = 0; e < 4; ++e) {
        for (unsigned i = 0; i < 4; ++i)
          warp.a[lane][i][e] = block[16 * lane + 4 * i + e];
        for (unsigned i = 0; i < 2; ++i) {
          gpu::ActivationPlace place = gpu::activationPlace(layout, lane, i);
          warp.b[lane][i][e] =
              place.plane == 0
                  ? integerAt(50, 64 * c + place.column + e, 127)
                  : 0;
        }
      }
    warp.mma();
  }
  int64_t rows[8] = {};
  addRows8x2(warp.c, 1, rows);
  for (uint32_t r = 0; r < 8; ++r) {
    int64_t expected = 0;
    for (uint64_t k = 0; k < 64 * kBlocks; ++k)
      expected += integerAt(r, k, 127) * integerAt(50, k, 127);
    EXPECT_EQ(rows[r], expected) << "row " << r;
  }
}

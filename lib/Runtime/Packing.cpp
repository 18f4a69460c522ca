//===- Packing.cpp - From checkpoint tensors to worker streams ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Packing.h"
#include "Parallel.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using abi::kPackChunk;
using abi::PackRows;
using abi::PackSegment;

/// About this many bytes are packed by one thread at a time.
static constexpr uint64_t kPackBlock = 1 << 20;
static constexpr uint32_t kMaxTileRows = 1 << 16;

//===----------------------------------------------------------------------===//
// Shape of a segment
//===----------------------------------------------------------------------===//

static std::string found(const std::string &field, uint64_t value,
                         const std::string &expected) {
  return field + ": found " + std::to_string(value) + ", expected " + expected;
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

static void checkHeader(const PackSegment &segment, const std::string &where) {
  if (segment.layout != uint32_t(abi::PackLayout::RowInterleaved32))
    fail(where, found("layout", segment.layout, "0 (RowInterleaved32)"));
  unsigned count = tensorCount(segment);
  // RotaryGroups comes with the fragment layouts of GPUs.
  if (count == 0 || segment.rowMap == uint32_t(PackRows::RotaryGroups))
    fail(where, found("rowMap", segment.rowMap, "0, 1 or 2"));
  bool inPairs = count > 1;
  if (segment.tileRows == 0 || segment.tileRows > kMaxTileRows ||
      (inPairs && segment.tileRows % 2 != 0))
    fail(where, found("tileRows", segment.tileRows,
                      inPairs ? "an even number from 2 to 65536"
                              : "1 to 65536"));
  bool rotary = segment.rowMap == uint32_t(PackRows::RotaryPairs);
  if (rotary ? segment.headDim == 0 || segment.headDim % 2 != 0
             : segment.headDim != 0)
    fail(where, found("headDim", segment.headDim,
                      rotary ? "an even number above 0" : "0"));
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
    const TensorSpec &tensor = tensors[index];
    const TensorSpec &first = tensors[segment.tensors[0]];
    if (tensor.shape.size() != 2)
      fail(where, field + ": tensor " + tensor.name + ": found rank " +
                      std::to_string(tensor.shape.size()) + ", expected 2");
    if (tensor.dtype != first.dtype || tensor.columns() != first.columns())
      fail(where, field + ": tensor " + tensor.name +
                      ": dtype or columns differ from those of " + first.name);
    if (segment.headDim != 0 && tensor.rows() % segment.headDim != 0)
      fail(where, field + ": tensor " + tensor.name + ": found " +
                      std::to_string(tensor.rows()) +
                      " rows, expected a multiple of headDim " +
                      std::to_string(segment.headDim));
  }
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
  case PackRows::RotaryPairs:
  case PackRows::RotaryGroups:
    for (unsigned i = 1; i < 3; ++i)
      rows += tensors[segment.tensors[i]].rows();
    return rows / 2;
  }
  return rows;
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
  shape.chunks = (shape.columns + kPackChunk - 1) / kPackChunk;
  shape.totalUnits = countUnits(segment, tensors, where);
  if (segment.unitCount == 0 || segment.unitBegin > shape.totalUnits ||
      segment.unitCount > shape.totalUnits - segment.unitBegin)
    fail(where, "units: found " + std::to_string(segment.unitCount) + " from " +
                    std::to_string(segment.unitBegin) + ", expected 1 or more" +
                    " inside the " + std::to_string(shape.totalUnits) +
                    " of the tensors");
  bool inPairs = tensorCount(segment) > 1;
  shape.unitsPerTile = inPairs ? segment.tileRows / 2 : segment.tileRows;
  shape.tiles =
      (segment.unitCount + shape.unitsPerTile - 1) / shape.unitsPerTile;
  // Tensors hold at most 2^42 bytes and a tile at most 2^16 rows, so that one
  // row of padding per tile keeps these products below 2^63 only with a check.
  uint64_t rowBytes = shape.chunks * kPackChunk * byteSize(shape.dtype);
  shape.tileBytes = rowBytes * segment.tileRows;
  if (shape.tileBytes > kMaxBytes || shape.tiles > kMaxBytes / shape.tileBytes)
    fail(where, found("tileRows", segment.tileRows,
                      "a packed segment of at most 2^42 bytes"));
  shape.bytes = shape.tileBytes * shape.tiles;
  return shape;
}

//===----------------------------------------------------------------------===//
// The layout, one row or element at a time
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

RowSource amk::runtime::rowOf(const PackSegment &segment,
                              const std::vector<TensorSpec> &tensors,
                              uint64_t tile, uint64_t r) {
  bool inPairs = tensorCount(segment) > 1;
  uint64_t unitsPerTile = inPairs ? segment.tileRows / 2 : segment.tileRows;
  bool second = r >= unitsPerTile;
  uint64_t local = tile * unitsPerTile + (second ? r - unitsPerTile : r);
  if (local >= segment.unitCount)
    return {};
  uint64_t unit = segment.unitBegin + local;
  switch (static_cast<PackRows>(segment.rowMap)) {
  case PackRows::Plain:
    return {false, segment.tensors[0], unit};
  case PackRows::Gated:
    return {false, segment.tensors[second ? 1 : 0], unit};
  case PackRows::RotaryPairs: {
    uint64_t half = segment.headDim / 2;
    uint64_t head = unit / half, i = unit % half;
    return concatenatedRow(segment, tensors,
                           head * segment.headDim + i + (second ? half : 0));
  }
  case PackRows::RotaryGroups:
    break; // checkHeader() refuses it
  }
  return {};
}

ElementSource
amk::runtime::sourceOf(const PackSegment &segment,
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
  ElementSource source{rowOf(segment, tensors, tile, r),
                       chunk * kPackChunk + inChunk};
  source.row.padding |= source.column >= first.columns();
  return source;
}

//===----------------------------------------------------------------------===//
// The same, row by row
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
static void packRow(const uint8_t *from, uint64_t columns, uint64_t stride,
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

void amk::runtime::packTile(const PackSegment &segment,
                            const SegmentShape &shape,
                            const std::vector<TensorSpec> &tensors,
                            const Weights &weights, uint64_t tile,
                            uint8_t *scratch, uint8_t *out) {
  uint64_t chunkBytes = kPackChunk * byteSize(shape.dtype);
  uint64_t stride = chunkBytes * segment.tileRows;
  for (uint64_t r = 0; r < segment.tileRows; ++r) {
    RowSource source = rowOf(segment, tensors, tile, r);
    uint8_t *to = out + r * chunkBytes;
    if (source.padding) {
      for (uint64_t c = 0; c < shape.chunks; ++c)
        std::memset(to + c * stride, 0, chunkBytes);
      continue;
    }
    const uint8_t *from = weights.row(source.tensor, source.row, scratch);
    switch (shape.dtype) {
    case DType::F32:
      packRow<4, false>(from, shape.columns, stride, to);
      break;
    case DType::F16:
      packRow<2, false>(from, shape.columns, stride, to);
      break;
    case DType::BF16:
      packRow<2, true>(from, shape.columns, stride, to);
      break;
    }
  }
}

//===----------------------------------------------------------------------===//
// All streams
//===----------------------------------------------------------------------===//

namespace {

/// Consecutive tiles of one segment.
struct PackJob {
  const PackSegment *segment;
  SegmentShape shape;
  uint64_t firstTile, endTile;
};

/// Calls the user's function from the thread that owns it, at a readable rate.
class ProgressReporter {
public:
  ProgressReporter(const ProgressFn &progress, uint64_t total)
      : progress(progress), total(total), next(Clock::now() + kFirst) {}

  void add(uint64_t bytes) {
    uint64_t sum = done.fetch_add(bytes) + bytes;
    if (!progress || std::this_thread::get_id() != owner)
      return;
    Clock::time_point now = Clock::now();
    if (now < next)
      return;
    next = now + kBetween;
    progress(sum, total);
    reported = true;
  }

  void finish() {
    if (reported)
      progress(total, total);
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kFirst{1000}, kBetween{300};

  const ProgressFn &progress;
  uint64_t total;
  std::atomic<uint64_t> done{0};
  std::thread::id owner = std::this_thread::get_id();
  Clock::time_point next;
  bool reported = false;
};

} // namespace

static std::vector<PackJob> planJobs(const Bundle &bundle) {
  std::vector<PackJob> jobs;
  for (const PackSegment &segment : bundle.tables.segments) {
    SegmentShape shape =
        segmentShape(segment, bundle.manifest.tensors, bundle.directory);
    uint64_t tilesPerJob =
        std::max<uint64_t>(1, kPackBlock / shape.tileBytes);
    for (uint64_t tile = 0; tile < shape.tiles; tile += tilesPerJob)
      jobs.push_back({&segment, shape, tile,
                      std::min(tile + tilesPerJob, shape.tiles)});
  }
  return jobs;
}

std::vector<Buffer> amk::runtime::packStreams(const Bundle &bundle,
                                              const Weights &weights,
                                              const ProgressFn &progress) {
  std::vector<Buffer> streams;
  for (uint64_t bytes : bundle.streamBytes)
    streams.emplace_back(bytes, "packed weights");
  uint64_t total = 0;
  for (const PackSegment &segment : bundle.tables.segments)
    total += segment.bytes;

  std::vector<PackJob> jobs = planJobs(bundle);
  ProgressReporter reporter(progress, total);
  parallelFor(jobs.size(), [&](uint64_t index) {
    const PackJob &job = jobs[index];
    std::vector<uint8_t> scratch(job.shape.columns *
                                 byteSize(job.shape.dtype));
    uint8_t *out =
        streams[job.segment->worker].data() + job.segment->streamOffset;
    for (uint64_t tile = job.firstTile; tile < job.endTile; ++tile)
      packTile(*job.segment, job.shape, bundle.manifest.tensors, weights, tile,
               scratch.data(), out + tile * job.shape.tileBytes);
    reporter.add((job.endTile - job.firstTile) * job.shape.tileBytes);
  });
  reporter.finish();
  return streams;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// [positions][2][frequencies]: a row of cosines, then a row of sines. Every
/// operation rounds to float32, as in the HuggingFace implementation.
static void fillRotary(const ConstantInfo &constant, float *out) {
  size_t frequencies = constant.invFreq.size();
  parallelFor(constant.positions, [&](uint64_t position) {
    float *cosines = out + position * 2 * frequencies;
    float *sines = cosines + frequencies;
    for (size_t i = 0; i < frequencies; ++i) {
      float angle = static_cast<float>(position) * constant.invFreq[i];
      cosines[i] = std::cos(angle) * constant.scale;
      sines[i] = std::sin(angle) * constant.scale;
    }
  });
}

Buffer amk::runtime::buildConstants(const Manifest &manifest,
                                    Weights &weights) {
  Buffer buffer(manifest.memory.constantBytes, "constants");
  for (const ConstantInfo &constant : manifest.constants) {
    auto *out = reinterpret_cast<float *>(buffer.data() + constant.offset);
    if (constant.kind == ConstantInfo::Kind::Rotary)
      fillRotary(constant, out);
    else
      convertToFloat(manifest.tensors[constant.tensor].dtype,
                     weights.whole(constant.tensor), constant.count, out);
  }
  return buffer;
}

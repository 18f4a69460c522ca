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
#include <thread>

using namespace amk;
using namespace amk::runtime;
using abi::PackSegment;

/// About this many bytes are packed by one thread at a time.
static constexpr uint64_t kPackBlock = 1 << 20;

//===----------------------------------------------------------------------===//
// Jobs of threads
//===----------------------------------------------------------------------===//

namespace {

/// Consecutive tiles of one segment.
struct PackJob {
  const PackSegment *segment;
  SegmentShape shape;
  uint64_t firstTile, endTile;
  /// Of the first tile, in the stream or batch.
  uint64_t offset;

  uint64_t bytes() const {
    return (endTile - firstTile) * shape.tileBytes * shape.panels;
  }
};

/// Calls the user's function from the thread that began, at a readable rate.
class ProgressReporter {
public:
  ProgressReporter(const ProgressFn &progress, uint64_t total)
      : progress(progress), total(total), next(Clock::now() + kFirst) {}

  void begin() { owner = std::this_thread::get_id(); }

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

  /// Call when no thread adds. Says the end once, and only after a beginning.
  void finish() {
    if (!reported || done != total)
      return;
    progress(total, total);
    reported = false;
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kFirst{1000}, kBetween{300};

  ProgressFn progress;
  uint64_t total;
  std::atomic<uint64_t> done{0};
  std::thread::id owner;
  Clock::time_point next;
  bool reported = false;
};

} // namespace

static uint64_t totalBytes(const std::vector<PackSegment> &segments) {
  uint64_t total = 0;
  for (const PackSegment &segment : segments)
    total += segment.bytes;
  return total;
}

/// Appends the jobs of some tiles of a segment that begin at `offset`.
static void addJobs(const PackSegment &segment, const SegmentShape &shape,
                    uint64_t firstTile, uint64_t endTile, uint64_t offset,
                    std::vector<PackJob> &jobs) {
  uint64_t step =
      std::max<uint64_t>(1, kPackBlock / (shape.tileBytes * shape.panels));
  for (uint64_t tile = firstTile; tile < endTile; tile += step)
    jobs.push_back({&segment, shape, tile, std::min(tile + step, endTile),
                    offset + (tile - firstTile) * shape.tileBytes});
}

/// `base(worker)` is where the job's offsets count from.
template <typename Base>
static void runJobs(const std::vector<PackJob> &jobs,
                    const std::vector<TensorSpec> &tensors,
                    const Weights &weights, ProgressReporter &reporter,
                    const Base &base) {
  reporter.begin();
  parallelFor(jobs.size(), [&](uint64_t index) {
    const PackJob &job = jobs[index];
    std::vector<uint8_t> scratch(job.shape.columns *
                                 byteSize(job.shape.dtype));
    uint8_t *out = base(job.segment->worker) + job.offset;
    for (uint64_t tile = job.firstTile; tile < job.endTile; ++tile)
      packTile(*job.segment, job.shape, tensors, weights, tile, scratch.data(),
               out + (tile - job.firstTile) * job.shape.tileBytes);
    reporter.add(job.bytes());
  });
  reporter.finish();
}

//===----------------------------------------------------------------------===//
// All streams at once
//===----------------------------------------------------------------------===//

std::vector<Buffer> amk::runtime::packStreams(const Bundle &bundle,
                                              const Weights &weights,
                                              const ProgressFn &progress) {
  std::vector<Buffer> streams;
  for (uint64_t bytes : bundle.streamBytes)
    streams.emplace_back(bytes, "packed weights");
  const std::vector<PackSegment> &segments = bundle.tables.segments;
  const std::vector<TensorSpec> &tensors = bundle.manifest.tensors;
  std::vector<PackJob> jobs;
  for (const PackSegment &segment : segments) {
    SegmentShape shape = segmentShape(segment, tensors, bundle.directory);
    addJobs(segment, shape, 0, shape.tiles, segment.streamOffset, jobs);
  }
  ProgressReporter reporter(progress, totalBytes(segments));
  runJobs(jobs, tensors, weights, reporter,
          [&](uint32_t worker) { return streams[worker].data(); });
  return streams;
}

//===----------------------------------------------------------------------===//
// Batches
//===----------------------------------------------------------------------===//

namespace {

struct Batch {
  std::vector<PackJob> jobs;
  std::vector<StreamPart> parts;
  uint64_t bytes = 0;

  /// Appends `count` bytes of a stream.
  void addPart(uint32_t worker, uint64_t streamOffset, uint64_t count) {
    StreamPart *last = parts.empty() ? nullptr : &parts.back();
    if (last && last->worker == worker &&
        last->streamOffset + last->bytes == streamOffset)
      last->bytes += count;
    else
      parts.push_back({worker, streamOffset, bytes, count});
    bytes += count;
  }
};

} // namespace

struct StreamPacker::Plan {
  Plan(const std::vector<PackSegment> &segments,
       const std::vector<TensorSpec> &tensors, const Weights &weights,
       uint64_t batchBytes, const ProgressFn &progress)
      : tensors(tensors), weights(weights), batchBytes(batchBytes),
        reporter(progress, totalBytes(segments)) {}

  void add(const PackSegment &segment, const SegmentShape &shape);

  const std::vector<TensorSpec> &tensors;
  const Weights &weights;
  uint64_t batchBytes;
  ProgressReporter reporter;
  std::vector<Batch> batches;
};

/// Tiles of several panels lie apart, so that the segment stays whole.
void StreamPacker::Plan::add(const PackSegment &segment,
                             const SegmentShape &shape) {
  uint64_t together = shape.panels > 1 ? shape.tiles : 1;
  uint64_t least = together * shape.panels * shape.tileBytes;
  if (least > batchBytes)
    fail("packed weights", "a batch: found " + std::to_string(batchBytes) +
                               " bytes, expected at least " +
                               std::to_string(least));
  for (uint64_t tile = 0; tile < shape.tiles;) {
    if (batches.empty() || batchBytes - batches.back().bytes < least)
      batches.emplace_back();
    Batch &batch = batches.back();
    uint64_t fit = (batchBytes - batch.bytes) / least * together;
    uint64_t count = std::min(fit, shape.tiles - tile);
    addJobs(segment, shape, tile, tile + count, batch.bytes, batch.jobs);
    batch.addPart(segment.worker, segment.streamOffset + tile * shape.tileBytes,
                  count * shape.tileBytes * shape.panels);
    tile += count;
  }
}

StreamPacker::StreamPacker(const std::vector<PackSegment> &segments,
                           const std::vector<TensorSpec> &tensors,
                           const Weights &weights, uint64_t batchBytes,
                           const ProgressFn &progress)
    : plan(std::make_unique<Plan>(segments, tensors, weights, batchBytes,
                                  progress)) {
  std::vector<const PackSegment *> order;
  for (const PackSegment &segment : segments)
    order.push_back(&segment);
  std::sort(order.begin(), order.end(), [](auto *a, auto *b) {
    return a->worker != b->worker ? a->worker < b->worker
                                  : a->streamOffset < b->streamOffset;
  });
  for (const PackSegment *segment : order)
    plan->add(*segment, segmentShape(*segment, tensors, "packed weights"));
}

StreamPacker::~StreamPacker() = default;

size_t StreamPacker::batches() const { return plan->batches.size(); }

const std::vector<StreamPart> &StreamPacker::parts(size_t batch) const {
  return plan->batches.at(batch).parts;
}

uint64_t StreamPacker::bytes(size_t batch) const {
  return plan->batches.at(batch).bytes;
}

void StreamPacker::pack(size_t batch, uint8_t *out) {
  runJobs(plan->batches.at(batch).jobs, plan->tensors, plan->weights,
          plan->reporter, [&](uint32_t) { return out; });
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

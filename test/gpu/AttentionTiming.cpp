//===- AttentionTiming.cpp - How long attention takes ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three numbers of each shape and position: a step of attention and combine,
// which wait for each other's words, and attention and combine alone, whose
// words are there already. A step's time is the difference between launches of
// many and of few steps.
//
//===----------------------------------------------------------------------===//

#include "AttentionLaunch.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

namespace {

/// Of attention-timing.mlir, in order.
struct TimedShape {
  const char *name;
  uint32_t dim, heads, kvHeads, splits;
  /// Elements of a combine task: keys and values are made, too, so that there
  /// are more of them than in the model; each worker has one at most.
  uint32_t piece;
};

enum class Tasks { Both, Attention, Combine };

} // namespace

static constexpr TimedShape kTimedShapes[] = {{"1B", 64, 4, 8, 16, 32},
                                              {"8B", 128, 4, 8, 16, 64},
                                              {"135M", 64, 3, 3, 44, 8}};
static constexpr uint32_t kPositions[] = {128, 4096, 16384};
static constexpr uint32_t kFew = 8, kMany = 72;
static constexpr int kRuns = 30;
static constexpr uint64_t kQueryByte = 1 << 20;

static TaskShape shapeOf(const TimedShape &shape) {
  uint64_t words = uint64_t(shape.kvHeads) * (shape.heads + 2) * shape.dim;
  return {shape.dim,      shape.heads, shape.splits,
          64 * shape.dim, kQueryByte,  kQueryByte + 8 * words};
}

/// Words that the tasks wait for in the first step, all of 0.5.
static std::vector<uint8_t> arenaOf(const TimedShape &shape, Tasks which) {
  TaskShape tasks = shapeOf(shape);
  uint64_t partials =
      uint64_t(shape.kvHeads) * shape.heads * shape.splits * (shape.dim + 2);
  std::vector<uint8_t> arena(tasks.partialsByte + 8 * partials);
  auto fill = [&](uint64_t begin, uint64_t end, uint32_t tag) {
    float value = 0.5f;
    for (uint64_t byte = begin; byte != end; byte += 8) {
      std::memcpy(&arena[byte], &value, 4);
      std::memcpy(&arena[byte + 4], &tag, 4);
    }
  };
  fill(kQueryByte, tasks.partialsByte, kLaunchTag + kQueryTag);
  if (which == Tasks::Combine)
    fill(tasks.partialsByte, arena.size(), kLaunchTag + kPartialsTag);
  return arena;
}

static std::vector<Queue> queuesOf(const TimedShape &shape, uint32_t body,
                                   uint32_t positions, Tasks which) {
  TaskShape tasks = shapeOf(shape);
  uint64_t blocks = positions / 16 / shape.splits + 1;
  // Of finite numbers.
  std::vector<uint8_t> cache(blocks * tasks.blockBytes, 0x3c);
  std::vector<Queue> queues;
  for (uint32_t worker = 0; worker != shape.kvHeads * shape.splits; ++worker) {
    Queue queue = {{}, cache};
    uint32_t kvHead = worker / shape.splits, split = worker % shape.splits;
    if (which != Tasks::Combine)
      queue.instructions.push_back(attentionTask(tasks, body, kvHead, split));
    // Rows of the kv head are cut into pieces; its key and value are results of
    // its first and last query head.
    uint32_t perRow = shape.dim / shape.piece;
    uint32_t row = split / perRow, from = split % perRow * shape.piece;
    if (which != Tasks::Attention && row < shape.heads + 2) {
      uint32_t head = row < shape.heads    ? row
                      : row == shape.heads ? 0
                                           : shape.heads - 1;
      Piece piece = {
          kvHead * shape.heads + head, from, kvHead, row, from, shape.piece};
      queue.instructions.push_back(
          combineTask(tasks, body + 1, piece, uint32_t(1)));
    }
    // A worker without a task of its own here has another's.
    if (queue.instructions.empty())
      queue.instructions = queues.front().instructions;
    queues.push_back(queue);
  }
  return queues;
}

/// Microseconds of a step.
static double timeOf(const cuda::Context &context,
                     const cuda::Function &function, const Chip &chip,
                     const TimedShape &shape, uint32_t body, uint32_t position,
                     Tasks which) {
  std::vector<Queue> queues = queuesOf(shape, body, position + kMany, which);
  std::vector<uint8_t> arena = arenaOf(shape, which);
  uint32_t stride = which == Tasks::Both ? kTagStride : 0;
  AttentionLaunch launch(chip, queues, arena);
  cuda::Stream stream;
  cuda::Event begin, end;
  auto fastest = [&](uint32_t steps) {
    double best = 1e9;
    for (int run = 0; run != kRuns; ++run) {
      launch.reset(arena);
      begin.record(stream);
      launch.start(function, position, steps, stride, stream);
      end.record(stream);
      best = std::min(best, end.secondsSince(begin));
      context.synchronize(chip.name);
      if (launch.reported())
        fail(chip.name, "a wait of the timing failed");
    }
    return best;
  };
  return (fastest(kMany) - fastest(kFew)) / (kMany - kFew) * 1e6;
}

void test::timeAttention(const cuda::Context &context, const Chip &chip,
                         const std::string &directory) {
  cuda::Module module = loadModule(directory, chip);
  cuda::Function function = module.function(abi::kGpuEntryName);
  uint32_t body = 0;
  for (const TimedShape &shape : kTimedShapes) {
    for (uint32_t position : kPositions) {
      auto time = [&](Tasks which) {
        return timeOf(context, function, chip, shape, body, position, which);
      };
      std::printf("%-8s %-5s at %5u: step %6.2f us, attention %6.2f us, "
                  "combine %6.2f us\n",
                  chip.name, shape.name, position, time(Tasks::Both),
                  time(Tasks::Attention), time(Tasks::Combine));
      std::fflush(stdout);
    }
    body += 2;
  }
}

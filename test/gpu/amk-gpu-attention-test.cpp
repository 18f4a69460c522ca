//===- amk-gpu-attention-test.cpp - Attention bodies on a GPU -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-attention-test DIRECTORY
//
// DIRECTORY holds what amk-gpu-test-code --persistent made of
// attention-kernel.mlir. Six workers attend to a random cache and join their
// results, from several positions on and over several steps of a launch, so that
// rows that the kernel appended are read again; what the cache holds beyond the
// position is not a number. Results are compared with float64, the cache bit by
// bit. Exit status: 0 passed, 1 failed, 77 skipped, with the reason printed.
//
//===----------------------------------------------------------------------===//

#include "Runtime/Cuda/Driver.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

using namespace amk;
using namespace amk::runtime;

static constexpr int kPassed = 0, kFailed = 1, kSkipped = 77;
static constexpr double kTolerance = 5e-5;
static constexpr int kRepeats = 5;
static constexpr uint32_t kKVHeads = 2, kSplits = 3, kBlock = 16;
static constexpr uint32_t kWorkers = kKVHeads * kSplits;
static constexpr uint32_t kLaunchTag = 1000, kQueryTag = 1, kPartialsTag = 2;

/// Pairs of bodies of attention-kernel.mlir, in order.
struct Config {
  const char *name;
  uint32_t dim, heads;
  bool isBF16;
  uint32_t padded() const { return (dim + 15) / 16 * 16; }
  uint32_t blockBytes() const { return 64 * padded(); }
};
static constexpr Config kConfigs[] = {{"d64", 64, 4, true},
                                      {"d128", 128, 4, true},
                                      {"d16", 16, 8, true},
                                      {"d72", 72, 3, true},
                                      {"d64f16", 64, 3, false}};

/// First positions and steps of the launches.
static constexpr uint32_t kLaunches[][2] = {{0, 1},   {0, 40},   {15, 3},
                                            {31, 2},  {255, 20}, {1000, 2},
                                            {4090, 6}};
static constexpr uint32_t kMaxPositions = 4096;

/// A PTX file, the devices that take it, and its geometry (Arch.cpp).
struct Chip {
  const char *name;
  int major, minor;
  bool exact; ///< "a": no other device
  uint32_t stageBytes, sharedBytes;
};
static constexpr Chip kChips[] = {
    {"sm_80", 8, 0, false, 16384, 166912},
    {"sm_86", 8, 6, false, 8192, 101376},
    {"sm_89", 8, 9, false, 8192, 101376},
    {"sm_90a", 9, 0, true, 16384, 232448},
    {"sm_100a", 10, 0, true, 16384, 232448},
    {"sm_120a", 12, 0, true, 8192, 101376},
};

static bool runsOn(const Chip &chip, const cuda::DeviceInfo &device) {
  int wanted = 10 * chip.major + chip.minor;
  int found = 10 * device.major + device.minor;
  return chip.exact ? wanted == found : wanted <= found;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static uint16_t toHalf(float value, bool isBF16) {
  if (isBF16) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
  _Float16 half = _Float16(value);
  uint16_t bits;
  std::memcpy(&bits, &half, sizeof(bits));
  return bits;
}

static double fromHalf(uint16_t bits, bool isBF16) {
  if (isBF16) {
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof(value));
    return value;
  }
  _Float16 half;
  std::memcpy(&half, &bits, sizeof(half));
  return double(half);
}

/// A cache, and one token's query, key and value, which every step of a launch
/// appends again.
struct Problem {
  const Config &config;
  std::vector<float> words;   ///< [kv head][heads + 2][dim]
  std::vector<uint16_t> keys; ///< [kv head][position][dim]
  std::vector<uint16_t> values;

  Problem(const Config &config, uint32_t seed) : config(config) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-2, 2);
    for (uint32_t i = 0; i != kKVHeads * (config.heads + 2) * config.dim; ++i)
      words.push_back(uniform(random));
    for (uint32_t i = 0; i != kKVHeads * kMaxPositions * config.dim; ++i) {
      keys.push_back(toHalf(uniform(random), config.isBF16));
      values.push_back(toHalf(uniform(random), config.isBF16));
    }
  }
  const float *row(uint32_t head, uint32_t r) const {
    return &words[(head * (config.heads + 2) + r) * config.dim];
  }
  /// Key (r = heads) or value (heads + 1) of a position when the launch began
  /// at `start`.
  uint16_t cached(bool isKey, uint32_t head, uint32_t position, uint32_t e,
                  uint32_t start) const {
    if (position >= start)
      return toHalf(row(head, config.heads + (isKey ? 0 : 1))[e],
                    config.isBF16);
    const std::vector<uint16_t> &rows = isKey ? keys : values;
    return rows[(head * kMaxPositions + position) * config.dim + e];
  }
  std::vector<double> result(uint32_t start, uint32_t position) const;
};

std::vector<double> Problem::result(uint32_t start, uint32_t position) const {
  std::vector<double> out;
  // The scale as attention-kernel.mlir has it.
  double scale = 1 / std::sqrt(double(config.dim));
  for (uint32_t h = 0; h != kKVHeads * config.heads; ++h) {
    uint32_t head = h / config.heads;
    const float *query = row(head, h % config.heads);
    std::vector<double> scores;
    for (uint32_t p = 0; p <= position; ++p) {
      double sum = 0;
      for (uint32_t e = 0; e != config.dim; ++e)
        sum += query[e] *
               fromHalf(cached(true, head, p, e, start), config.isBF16);
      scores.push_back(sum * scale);
    }
    double most = *std::max_element(scores.begin(), scores.end()), total = 0;
    for (double &score : scores)
      total += score = std::exp(score - most);
    for (uint32_t e = 0; e != config.dim; ++e) {
      double sum = 0;
      for (uint32_t p = 0; p <= position; ++p)
        sum += scores[p] *
               fromHalf(cached(false, head, p, e, start), config.isBF16);
      out.push_back(sum / total);
    }
  }
  return out;
}

//===----------------------------------------------------------------------===//
// The cache, written from docs/GpuKernel.md, 5.1
//===----------------------------------------------------------------------===//

static uint32_t keyByte(uint32_t row, uint32_t e) {
  uint32_t u = e % 16;
  return 512 * (e / 16) + 16 * (4 * (row % 8) + (u % 8) / 2) +
         4 * (2 * (row / 8) + u / 8) + 2 * (u % 2);
}

static uint32_t valueByte(const Config &config, uint32_t row, uint32_t e) {
  return 32 * config.padded() + 512 * (e / 16) +
         16 * (4 * (e % 8) + (row % 8) / 2) +
         4 * (2 * ((e / 8) % 2) + row / 8) + 2 * (row % 2);
}

/// The part of a worker: all bytes 0xff, not a number, from `positions` on.
static std::vector<uint8_t> cacheOf(const Problem &problem, uint32_t worker,
                                    uint32_t start, uint32_t positions) {
  const Config &config = problem.config;
  uint32_t head = worker / kSplits, split = worker % kSplits;
  std::vector<uint8_t> bytes(
      (kMaxPositions / kBlock / kSplits + 1) * config.blockBytes(), 0xff);
  for (uint32_t p = 0; p != positions; ++p) {
    uint32_t block = p / kBlock, row = p % kBlock;
    if (block % kSplits != split)
      continue;
    uint8_t *at = &bytes[block / kSplits * config.blockBytes()];
    for (uint32_t e = 0; e != config.padded(); ++e) {
      uint16_t zero = 0;
      uint16_t key = e < config.dim
                         ? problem.cached(true, head, p, e, start)
                         : zero;
      std::memcpy(at + keyByte(row, e), &key, 2);
      if (e >= config.dim)
        continue; // padding of values is not used
      uint16_t value = problem.cached(false, head, p, e, start);
      std::memcpy(at + valueByte(config, row, e), &value, 2);
    }
  }
  return bytes;
}

/// Whether both have the same keys (with their padding) and values at all
/// positions of the worker below `positions`.
static bool sameCache(const Config &config, const std::vector<uint8_t> &a,
                      const std::vector<uint8_t> &b, uint32_t split,
                      uint32_t positions) {
  bool same = true;
  for (uint32_t p = 0; p != positions; ++p) {
    if (p / kBlock % kSplits != split)
      continue;
    uint64_t at = uint64_t(p / kBlock / kSplits) * config.blockBytes();
    for (uint32_t e = 0; e != config.padded(); ++e) {
      uint64_t key = at + keyByte(p % kBlock, e);
      uint64_t value = at + valueByte(config, p % kBlock, e);
      same &= !std::memcmp(&a[key], &b[key], 2);
      same &= e >= config.dim || !std::memcmp(&a[value], &b[value], 2);
    }
  }
  return same;
}

//===----------------------------------------------------------------------===//
// A launch
//===----------------------------------------------------------------------===//

/// Bytes of the arena: query words, partial words, results.
struct Places {
  uint64_t query = 0, partials, out, end;
  explicit Places(const Config &c) {
    auto up = [](uint64_t bytes) { return (bytes + 15) / 16 * 16; };
    uint64_t heads = kKVHeads * c.heads;
    partials = up(kKVHeads * (c.heads + 2) * c.dim * 8);
    out = partials + up(heads * kSplits * (c.dim + 2) * 8);
    end = out + up(heads * c.dim * 4);
  }
};

static std::vector<abi::DeviceInstruction>
instructionsOf(const Config &config, uint32_t body, uint32_t worker) {
  Places places(config);
  auto at = [](uint64_t bytes) { return uint32_t(bytes / abi::kOperandUnit); };
  // Counters: 0 attention, 1 combine. Pieces are half heads.
  uint32_t piece = config.dim / 2, pieces = 2 * kKVHeads * config.heads;
  std::vector<abi::DeviceInstruction> result(1);
  abi::DeviceInstruction &in = result[0];
  in = {};
  in.body = uint16_t(body);
  in.flags = abi::kKVRun | abi::kCounterWaits | abi::kCounterSignals;
  in.stageCount = kSplits << 16 | worker % kSplits;
  in.stageBytes = config.blockBytes();
  in.tagOut = kPartialsTag;
  in.tagIn[0] = kQueryTag;
  in.waits[0] = {1, 0, pieces};
  in.waits[1] = {abi::kNone, 0, 0};
  in.signalCounter = 0;
  in.signalAmount = 1;
  uint32_t operands[] = {at(places.query), 0, at(places.partials),
                         worker / kSplits, worker % kSplits};
  std::copy(std::begin(operands), std::end(operands), in.operands);
  for (uint32_t i = worker; i < pieces; i += kWorkers) {
    abi::DeviceInstruction join = {};
    join.body = uint16_t(body + 1);
    join.flags = abi::kCounterWaits | abi::kCounterSignals;
    join.index = i + 1;
    join.tagIn[0] = kPartialsTag;
    join.waits[0] = {0, int32_t(kWorkers), kWorkers};
    join.waits[1] = {abi::kNone, 0, 0};
    join.signalCounter = 1;
    join.signalAmount = 1;
    uint32_t operands[] = {at(places.partials), at(places.out), i * piece,
                           piece};
    std::copy(std::begin(operands), std::end(operands), join.operands);
    result.push_back(join);
  }
  return result;
}

struct Result {
  std::vector<float> out;
  bool sameCache, reported;
};

static Result launch(const cuda::Context &context,
                     const cuda::Function &function, const Chip &chip,
                     uint32_t number, const Problem &problem, uint32_t start,
                     uint32_t steps) {
  const Config &config = problem.config;
  Places places(config);
  std::vector<cuda::DeviceBuffer> owned;
  auto upload = [&](const void *data, uint64_t bytes, const char *name) {
    owned.emplace_back(bytes, name);
    owned.back().upload(data);
    return owned.back().address();
  };
  std::vector<abi::DeviceQueue> queues;
  std::vector<size_t> caches;
  for (uint32_t worker = 0; worker != kWorkers; ++worker) {
    auto table = instructionsOf(config, 2 * number, worker);
    auto bytes = cacheOf(problem, worker, start, start);
    uint64_t instructions =
        upload(table.data(), table.size() * sizeof(table[0]), "instructions");
    caches.push_back(owned.size());
    uint64_t cache = upload(bytes.data(), bytes.size(), "cache");
    queues.push_back({instructions, 0, cache, uint32_t(table.size()), 1});
  }
  std::vector<uint8_t> image(places.end), zeros(4096);
  for (size_t i = 0; i != problem.words.size(); ++i) {
    uint32_t tag = kLaunchTag + kQueryTag;
    std::memcpy(&image[8 * i], &problem.words[i], 4);
    std::memcpy(&image[8 * i + 4], &tag, 4);
  }
  std::fill(image.begin() + places.out, image.end(), uint8_t(0xff));

  abi::GpuArgs args = {};
  args.arena = upload(image.data(), image.size(), "arena");
  size_t arena = owned.size() - 1;
  args.counters = upload(zeros.data(), zeros.size(), "counters");
  args.control = upload(zeros.data(), sizeof(abi::Control), "control");
  args.report = upload(zeros.data(), sizeof(abi::WaitReport), "report");
  size_t reports = owned.size() - 1;
  std::vector<int32_t> tokens(kMaxPositions + 1);
  args.tokens = upload(tokens.data(), tokens.size() * 4, "tokens");
  args.queues = upload(queues.data(), queues.size() * sizeof(queues[0]),
                       "queues");
  args.waitNanoseconds = 500'000'000;
  args.workers = kWorkers;
  args.startPosition = start;
  args.steps = steps;
  args.launchTag = kLaunchTag;
  // All steps have the same words: order comes from the counters.
  args.tagStride = 0;
  args.instructionCount = 64;
  std::vector<uint64_t> words(sizeof(args) / sizeof(uint64_t));
  std::memcpy(words.data(), &args, sizeof(args));
  uint32_t stages = gpu::stagesThatFit(chip.stageBytes, chip.sharedBytes);
  cuda::launch(function, kWorkers, abi::kGpuThreads,
               gpu::sharedBytes(chip.stageBytes, stages), words);
  context.synchronize(chip.name);

  Result result = {std::vector<float>(kKVHeads * config.heads * config.dim),
                   true, false};
  owned[arena].download(image.data());
  std::memcpy(result.out.data(), &image[places.out], result.out.size() * 4);
  abi::WaitReport report;
  owned[reports].download(&report);
  result.reported = report.kind != 0;
  if (result.reported)
    std::printf("report: kind %u, worker %u, instruction %u, what %u, seen %u, "
                "expected %u, step %u\n",
                report.kind, report.worker, report.instruction, report.what,
                report.seen, report.expected, report.step);
  for (uint32_t worker = 0; worker != kWorkers; ++worker) {
    std::vector<uint8_t> found(owned[caches[worker]].size());
    owned[caches[worker]].download(found.data());
    result.sameCache &= sameCache(
        config, found, cacheOf(problem, worker, start, start + steps),
        worker % kSplits, start + steps);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static bool runConfig(const cuda::Context &context,
                      const cuda::Function &function, const Chip &chip,
                      uint32_t number) {
  Problem problem(kConfigs[number], number + 1);
  bool passed = true;
  std::printf("%-8s %-7s", chip.name, problem.config.name);
  for (auto [start, steps] : kLaunches) {
    Result first =
        launch(context, function, chip, number, problem, start, steps);
    int same = 1;
    while (same < kRepeats &&
           !std::memcmp(first.out.data(),
                        launch(context, function, chip, number, problem, start,
                               steps)
                            .out.data(),
                        first.out.size() * sizeof(float)))
      ++same;
    std::vector<double> expected = problem.result(start, start + steps - 1);
    double error = 0, largest = 0;
    for (size_t i = 0; i != expected.size(); ++i) {
      double difference = std::fabs(first.out[i] - expected[i]);
      error = std::isnan(difference) ? HUGE_VAL : std::max(error, difference);
      largest = std::max(largest, std::fabs(expected[i]));
    }
    error /= largest;
    bool ok = same == kRepeats && first.sameCache && !first.reported &&
              error <= kTolerance;
    std::printf(" %u+%u %.1e%s%s", start, steps, error,
                same == kRepeats ? "" : " varies",
                first.sameCache ? "" : " wrong cache");
    passed &= ok;
  }
  std::printf("  %s\n", passed ? "ok" : "FAILED");
  return passed;
}

static int runAll(const std::string &directory) {
  cuda::Context context;
  const cuda::DeviceInfo &device = context.device();
  std::printf("GPU: %s, compute capability %d.%d, %d multiprocessors\n",
              device.name.c_str(), device.major, device.minor,
              device.multiprocessors);
  int code = 0;
  bool passed = true;
  for (const Chip &chip : kChips) {
    if (!runsOn(chip, device))
      continue;
    ++code;
    std::string path = directory + "/" + chip.name + ".ptx";
    std::ifstream file(path, std::ios::binary);
    if (!file)
      fail(path, "cannot be read");
    std::string ptx((std::istreambuf_iterator<char>(file)), {});
    cuda::Module module(ptx, path);
    cuda::Function function = module.function(abi::kGpuEntryName);
    std::printf("%-8s %d registers, %d local bytes\n", chip.name,
                function.registers(), function.localBytes());
    for (uint32_t number = 0; number != std::size(kConfigs); ++number)
      passed &= runConfig(context, function, chip, number);
  }
  if (code == 0) {
    std::printf("skipped: no code object here is for this device\n");
    return kSkipped;
  }
  std::printf("%s\n", passed ? "passed" : "FAILED");
  return passed ? kPassed : kFailed;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: amk-gpu-attention-test DIRECTORY\n");
    return 2;
  }
  std::string why;
  if (!cuda::available(&why)) {
    std::printf("skipped: %s\n", why.c_str());
    return kSkipped;
  }
  try {
    return runAll(argv[1]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-gpu-attention-test: %s\n", error.what());
    return kFailed;
  }
}

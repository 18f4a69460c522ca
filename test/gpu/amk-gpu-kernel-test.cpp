//===- amk-gpu-kernel-test.cpp - The persistent kernel on a GPU -----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-kernel-test DIRECTORY
//
// DIRECTORY holds what amk-gpu-test-code --persistent made of gemv-kernel.mlir.
// Workers run a chain of matrix-vector products over several steps, each task
// after all workers' tasks before it; results are compared with float64. A launch
// whose counters can never be reached must end with a report. Exit status: 0
// passed, 1 failed, 77 skipped, with the reason printed.
//
//===----------------------------------------------------------------------===//

#include "Chips.h"
#include "amk/Support/GpuLayout.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

static constexpr double kTolerance = 2e-5;
static constexpr int kRepeats = 20;
static constexpr uint32_t kSteps = 3, kRows = 1000, kTileRows = 8;

/// The bodies of gemv-kernel.mlir, in order.
struct Body {
  const char *name;
  uint32_t columns;
  bool hiLo;
};
static constexpr Body kBodies[] = {{"k48", 48, false},
                                   {"k576", 576, false},
                                   {"k1536", 1536, false},
                                   {"k2048", 2048, true},
                                   {"k4096", 4096, true}};
static constexpr uint32_t kTasks = std::size(kBodies);

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static uint16_t toBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static float fromBF16(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// Inputs and weights of one body.
struct Problem {
  std::vector<float> x, residual;
  std::vector<uint16_t> weights; ///< [kRows][columns]
  std::vector<double> result;

  explicit Problem(const Body &body, uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (uint32_t k = 0; k != body.columns; ++k)
      x.push_back(uniform(random));
    for (uint32_t r = 0; r != kRows; ++r)
      residual.push_back(uniform(random));
    for (uint32_t i = 0; i != kRows * body.columns; ++i)
      weights.push_back(toBF16(uniform(random)));
    for (uint32_t r = 0; r != kRows; ++r) {
      double sum = residual[r];
      for (uint32_t k = 0; k != body.columns; ++k)
        sum += double(fromBF16(weights[r * body.columns + k])) *
               (body.hiLo ? x[k] : fromBF16(toBF16(x[k])));
      result.push_back(sum);
    }
  }
};

//===----------------------------------------------------------------------===//
// Packing, written from docs/GpuKernel.md, 3.1 and 3.3
//===----------------------------------------------------------------------===//

static gpu::RunShape shapeOf(const Body &body, const Chip &chip) {
  return gpu::runShape(abi::PackLayout::MmaTile8x2, body.columns,
                       chip.stageBytes / abi::kFragmentBytes);
}

/// Appends rows [begin, begin + count) to a worker's stream.
static void pack(std::vector<uint8_t> &stream, const Problem &problem,
                 const Body &body, const Chip &chip, uint32_t begin,
                 uint32_t count) {
  gpu::RunShape shape = shapeOf(body, chip);
  uint64_t tiles = gpu::ceilDiv(count, kTileRows);
  uint64_t start = stream.size();
  stream.resize(start + shape.bytes(tiles));
  uint64_t blocks = uint64_t(shape.tileStages) * shape.stageBlocks;
  for (uint32_t r = 0; r != count; ++r)
    for (uint32_t k = 0; k != body.columns; ++k) {
      uint32_t inBlock = k % 32, half = inBlock / 16, u = inBlock % 16;
      uint64_t byte = 16 * (4 * (r % 8) + (u % 8) / 2) +
                      4 * (half + 2 * (u / 8)) + 2 * (u % 2);
      uint64_t block = (r / 8) * blocks + k / 32;
      std::memcpy(&stream[start + 512 * block + byte],
                  &problem.weights[(begin + r) * body.columns + k], 2);
    }
}

//===----------------------------------------------------------------------===//
// A launch
//===----------------------------------------------------------------------===//

class Launch {
public:
  Launch(const cuda::Function &function, const Chip &chip, uint32_t workers,
         const std::vector<Problem> &problems);

  /// Runs it; an error of the device throws. Results: [task][row].
  std::vector<float> run(const cuda::Context &context, bool broken);
  abi::WaitReport report() const {
    abi::WaitReport result;
    reports.download(&result);
    return result;
  }

private:
  void placeInputs(const std::vector<Problem> &problems);
  void buildQueue(uint32_t worker, const std::vector<Problem> &problems);

  const cuda::Function &function;
  const Chip &chip;
  uint32_t workers;
  std::vector<float> host; ///< the arena
  std::vector<uint64_t> inputAt, residualAt, outputAt; ///< floats, by task
  std::vector<abi::DeviceQueue> queueTable;
  std::vector<cuda::DeviceBuffer> owned;
  cuda::DeviceBuffer counters, control, tokens, reports;
};

Launch::Launch(const cuda::Function &function, const Chip &chip,
               uint32_t workers, const std::vector<Problem> &problems)
    : function(function), chip(chip), workers(workers),
      counters(kTasks * abi::kCounterStride, "counters"),
      control(sizeof(abi::Control), "control"), tokens(64, "tokens"),
      reports(sizeof(abi::WaitReport), "report") {
  placeInputs(problems);
  for (uint32_t worker = 0; worker != workers; ++worker)
    buildQueue(worker, problems);
}

void Launch::placeInputs(const std::vector<Problem> &problems) {
  auto place = [&](const std::vector<float> &values) {
    uint64_t at = host.size();
    host.insert(host.end(), values.begin(), values.end());
    host.resize((host.size() + 3) / 4 * 4); // kOperandUnit
    return at;
  };
  for (const Problem &problem : problems) {
    inputAt.push_back(place(problem.x));
    residualAt.push_back(place(problem.residual));
    outputAt.push_back(place(std::vector<float>(kRows)));
  }
}

void Launch::buildQueue(uint32_t worker,
                        const std::vector<Problem> &problems) {
  std::vector<abi::DeviceInstruction> instructions(kTasks);
  std::vector<uint8_t> stream;
  for (uint32_t task = 0; task != kTasks; ++task) {
    // Shares of whole tiles.
    uint32_t tiles = kRows / kTileRows;
    uint32_t begin = tiles * worker / workers * kTileRows;
    uint32_t end = tiles * (worker + 1) / workers * kTileRows;
    gpu::RunShape shape = shapeOf(kBodies[task], chip);
    abi::DeviceInstruction &in = instructions[task];
    in = {};
    in.body = uint16_t(task);
    in.flags = abi::kWeightRun | abi::kCounterWaits | abi::kCounterSignals;
    in.index = worker * kTasks + task;
    uint64_t ownTiles = (end - begin) / kTileRows;
    in.stageCount = uint32_t(shape.stages(ownTiles));
    in.stageBytes = uint16_t(shape.stageBytes());
    in.stageTiles = uint8_t(shape.stageTiles);
    in.lastTiles = uint8_t(shape.lastTiles(ownTiles));
    in.runOffset = uint32_t(stream.size() / abi::kFragmentBytes);
    // The task before, of this step or of the one before.
    uint32_t before = (task + kTasks - 1) % kTasks;
    in.waits[0] = {before, task ? int32_t(workers) : 0, workers};
    in.waits[1] = {abi::kNone, 0, 0};
    in.signalCounter = task;
    in.signalAmount = 1;
    auto at = [](uint64_t floats) {
      return uint32_t(floats * sizeof(float) / abi::kOperandUnit);
    };
    uint32_t operands[] = {at(inputAt[task]),
                           in.runOffset * 32,
                           at(residualAt[task]),
                           at(outputAt[task]),
                           begin,
                           end - begin,
                           (end - begin) / kTileRows};
    std::copy(std::begin(operands), std::end(operands), in.operands);
    pack(stream, problems[task], kBodies[task], chip, begin, end - begin);
  }
  owned.emplace_back(kTasks * sizeof(abi::DeviceInstruction), "instructions");
  owned.back().upload(instructions.data());
  uint64_t table = owned.back().address();
  owned.emplace_back(stream.size(), "weights");
  owned.back().upload(stream.data());
  queueTable.push_back({table, owned.back().address(), 0, kTasks, 0});
}

std::vector<float> Launch::run(const cuda::Context &context, bool broken) {
  cuda::DeviceBuffer arena(host.size() * sizeof(float), "arena");
  cuda::DeviceBuffer queues(workers * sizeof(abi::DeviceQueue), "queues");
  std::vector<float> image = host;
  for (uint64_t at : outputAt)
    std::fill_n(image.begin() + at, kRows, std::nanf(""));
  arena.upload(image.data());
  queues.upload(queueTable.data());
  for (const cuda::DeviceBuffer *zeroed : {&counters, &control, &reports}) {
    std::vector<uint8_t> zeros(zeroed->size());
    zeroed->upload(zeros.data());
  }

  abi::GpuArgs args = {};
  args.arena = arena.address();
  args.counters = counters.address();
  args.control = control.address();
  args.queues = queues.address();
  args.tokens = tokens.address();
  args.report = reports.address();
  args.waitNanoseconds = 500'000'000;
  args.workers = workers;
  args.steps = kSteps;
  args.instructionCount = workers * kTasks;
  // The kernel has one parameter, this struct: the driver copies it from where
  // the first value lies.
  std::vector<uint64_t> words(sizeof(args) / sizeof(uint64_t));
  std::memcpy(words.data(), &args, sizeof(args));
  uint32_t stages = gpu::stagesThatFit(chip.stageBytes, chip.sharedBytes);
  // Broken: the last worker is missing, which the others wait for.
  cuda::launch(function, broken ? workers - 1 : workers, abi::kGpuThreads,
               gpu::sharedBytes(chip.stageBytes, stages), words);
  context.synchronize(chip.name);

  arena.download(image.data());
  std::vector<float> results;
  for (uint64_t at : outputAt)
    results.insert(results.end(), image.begin() + at,
                   image.begin() + at + kRows);
  return results;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

/// Largest error relative to the largest value, by task; infinite for a NaN.
static double errorOf(const std::vector<float> &results,
                      const Problem &problem, uint32_t task) {
  double largest = 0, difference = 0;
  for (uint32_t r = 0; r != kRows; ++r) {
    double value = results[task * kRows + r];
    if (std::isnan(value))
      return HUGE_VAL;
    largest = std::max(largest, std::fabs(problem.result[r]));
    difference = std::max(difference, std::fabs(value - problem.result[r]));
  }
  return difference / largest;
}

static bool runWorkers(const cuda::Context &context,
                       const cuda::Function &function, const Chip &chip,
                       uint32_t workers, const std::vector<Problem> &problems) {
  Launch launch(function, chip, workers, problems);
  std::vector<float> first = launch.run(context, /*broken=*/false);
  int same = 1;
  while (same < kRepeats &&
         !std::memcmp(first.data(),
                      launch.run(context, /*broken=*/false).data(),
                      first.size() * sizeof(float)))
    ++same;
  bool passed = same == kRepeats && launch.report().kind == 0;
  std::printf("%-8s %3u workers, %d/%d the same:", chip.name, workers, same,
              kRepeats);
  for (uint32_t task = 0; task != kTasks; ++task) {
    double error = errorOf(first, problems[task], task);
    passed &= error <= kTolerance;
    std::printf(" %s %.1e", kBodies[task].name, error);
  }
  std::printf("  %s\n", passed ? "ok" : "FAILED");
  return passed;
}

/// A worker that is missing must be reported, and the next launch must work.
static bool runBroken(const cuda::Context &context,
                      const cuda::Function &function, const Chip &chip,
                      const std::vector<Problem> &problems) {
  Launch launch(function, chip, /*workers=*/3, problems);
  launch.run(context, /*broken=*/true);
  abi::WaitReport report = launch.report();
  bool passed = report.kind == uint32_t(abi::WaitKind::Counter) &&
                report.complete == 1 && report.seen < report.expected &&
                report.worker < 2;
  std::printf("%-8s missing worker: kind %u, worker %u, instruction %u, counter "
              "%u, seen %u, expected %u, step %u, %.0f ms  %s\n",
              chip.name, report.kind, report.worker, report.instruction,
              report.what, report.seen, report.expected, report.step,
              report.nanoseconds * 1e-6, passed ? "ok" : "FAILED");
  return passed && runWorkers(context, function, chip, 3, problems);
}

static int runAll(const std::string &directory) {
  cuda::Context context;
  const cuda::DeviceInfo &device = context.device();
  printDevice(device);
  std::vector<Problem> problems;
  for (uint32_t task = 0; task != kTasks; ++task)
    problems.emplace_back(kBodies[task], task + 1);
  int code = 0;
  bool passed = true;
  for (const Chip &chip : kChips) {
    if (!runsOn(chip, device))
      continue;
    ++code;
    cuda::Module module = loadModule(directory, chip);
    cuda::Function function = module.function(abi::kGpuEntryName);
    std::printf("%-8s %d registers, %d local bytes\n", chip.name,
                function.registers(), function.localBytes());
    for (uint32_t workers : {1u, 2u, 4u, uint32_t(device.multiprocessors)})
      if (workers <= kRows / kTileRows)
        passed &= runWorkers(context, function, chip, workers, problems);
    passed &= runBroken(context, function, chip, problems);
  }
  return conclude(code, passed);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: amk-gpu-kernel-test DIRECTORY\n");
    return 2;
  }
  return runTest("amk-gpu-kernel-test", [&] { return runAll(argv[1]); });
}

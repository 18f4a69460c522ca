//===- amk-gpu-attention-test.cpp - Attention bodies on a GPU -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-attention-test DIRECTORY [SECTION]
//
// DIRECTORY holds what amk-gpu-test-code --persistent made of attention-kernel,
// attention-f32-kernel, attention-wide-kernel, attention-wide-f32-kernel and
// attention-timing, each in a directory of its name.
// SECTION is `check` or `time`; both without it.
//
// Check: six workers attend to a random cache and join their results, from
// several positions on and over several steps of a launch; what the cache holds
// beyond the position is not a number. Time: prints how long the bodies of real
// models take. Exit status: 0 passed, 1 failed, 77 skipped, with the reason
// printed.
//
//===----------------------------------------------------------------------===//

#include "AttentionLaunch.h"

#include <cstdio>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

static constexpr double kTolerance = 5e-5, kFloatTolerance = 1e-5;
static constexpr int kRepeats = 5;
/// Of a combine's operand before the words: results may lie before their place
/// among the words.
static constexpr uint64_t kQueryByte = 65536;

/// First positions and steps of the launches.
static constexpr uint32_t kLaunches[][2] = {
    {0, 1}, {0, 40}, {15, 3}, {46, 4}, {255, 20}, {1000, 2}, {4090, 6}};

static TaskShape shapeOf(const AttentionCase &test) {
  uint64_t words = (8 * uint64_t(test.words()) + 15) / 16 * 16;
  return {test.dim,          test.heads, kSplits,
          test.blockBytes(), kQueryByte, kQueryByte + words};
}

static uint64_t arenaBytes(const AttentionCase &test) {
  return shapeOf(test).partialsByte +
         8 * uint64_t(kKVHeads) * test.heads * kSplits * (test.dim + 2);
}

/// Attention and combine wait for each other by counters, too: results of one
/// head are rows of another.
static std::vector<Queue> queuesOf(const AttentionCase &test, uint32_t body,
                                   const Caches &caches) {
  TaskShape shape = shapeOf(test);
  std::vector<Piece> pieces = piecesOf(test);
  std::vector<Queue> queues;
  auto order = [](abi::DeviceInstruction &task, abi::DeviceWait wait,
                  uint32_t signal) {
    task.flags |= abi::kCounterWaits | abi::kCounterSignals;
    task.waits[0] = wait;
    task.waits[1] = {abi::kNone, 0, 0};
    task.signalCounter = signal;
    task.signalAmount = 1;
  };
  for (uint32_t worker = 0; worker != kWorkers; ++worker) {
    Queue queue = {{}, caches[worker]};
    queue.instructions.push_back(
        attentionTask(shape, body, worker / kSplits, worker % kSplits));
    order(queue.instructions.back(), {1, 0, uint32_t(pieces.size())}, 0);
    for (uint32_t i = worker; i < pieces.size(); i += kWorkers) {
      queue.instructions.push_back(
          combineTask(shape, body + 1, pieces[i], i + 1));
      order(queue.instructions.back(), {0, int32_t(kWorkers), kWorkers}, 1);
    }
    queues.push_back(queue);
  }
  return queues;
}

/// What a launch left.
struct Result {
  std::vector<uint64_t> words;
  Caches caches;
  bool reported;
};

static Result launch(const cuda::Context &context,
                     const cuda::Function &function, const Chip &chip,
                     const AttentionCase &test, uint32_t body,
                     const Problem &problem, uint32_t start, uint32_t steps) {
  std::vector<uint8_t> arena(arenaBytes(test));
  for (uint32_t i = 0; i != test.words(); ++i) {
    uint32_t tag = kLaunchTag + kQueryTag;
    uint8_t *word = &arena[kQueryByte + 8 * i];
    std::memcpy(word, &problem.firstWords()[i], 4);
    std::memcpy(word + 4, &tag, 4);
  }
  AttentionLaunch run(chip, queuesOf(test, body, problem.cachesBefore(start)),
                      arena);
  cuda::Stream stream;
  run.start(function, start, steps, kTagStride, stream);
  context.synchronize(chip.name);
  Result result = {std::vector<uint64_t>(test.words()), run.caches(),
                   run.reported()};
  arena = run.arena();
  std::memcpy(result.words.data(), &arena[kQueryByte], 8 * result.words.size());
  return result;
}

static bool checkLaunch(const cuda::Context &context,
                        const cuda::Function &function, const Chip &chip,
                        const AttentionCase &test, uint32_t body,
                        const Problem &problem, uint32_t start,
                        uint32_t steps) {
  auto once = [&] {
    return launch(context, function, chip, test, body, problem, start, steps);
  };
  Result first = once();
  int same = 1;
  for (; same < kRepeats; ++same) {
    Result other = once();
    if (other.words != first.words || other.caches != first.caches)
      break;
  }
  uint32_t tag = kLaunchTag + kResultTag + (steps - 1) * kTagStride;
  std::vector<float> found;
  bool tagged = true;
  for (uint64_t word : first.words) {
    tagged &= word >> 32 == tag;
    uint32_t bits = uint32_t(word);
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    found.push_back(value);
  }
  Problem::Difference difference =
      problem.compare(start, steps, found, first.caches);
  std::printf(" %u+%u %.1e%s%s%s%s", start, steps, difference.results,
              same == kRepeats ? "" : " varies", tagged ? "" : " wrong tags",
              difference.padding ? "" : " wrong padding",
              difference.kept ? "" : " changes the cache");
  double tolerance = test.type == CacheType::F32 ? kFloatTolerance : kTolerance;
  return same == kRepeats && tagged && difference.padding && difference.kept &&
         !first.reported && difference.results <= tolerance;
}

static bool checkProgram(const cuda::Context &context, const Chip &chip,
                         const std::string &directory,
                         const std::vector<AttentionCase> &cases) {
  cuda::Module module = loadModule(directory, chip);
  cuda::Function function = module.function(abi::kGpuEntryName);
  std::printf("%-8s %d registers, %d local bytes\n", chip.name,
              function.registers(), function.localBytes());
  bool passed = true;
  for (uint32_t number = 0; number != cases.size(); ++number) {
    const AttentionCase &test = cases[number];
    Problem problem(test, number + 1);
    std::printf("%-8s %-9s", chip.name, test.name);
    bool ok = true;
    for (auto [start, steps] : kLaunches)
      ok &= checkLaunch(context, function, chip, test, 2 * number, problem,
                        start, steps);
    std::printf("  %s\n", ok ? "ok" : "FAILED");
    std::fflush(stdout);
    passed &= ok;
  }
  return passed;
}

static int runAll(const std::string &directory, const std::string &section) {
  cuda::Context context;
  const cuda::DeviceInfo &device = context.device();
  printDevice(device);
  int code = 0;
  bool passed = true;
  for (const Chip &chip : kChips) {
    if (!runsOn(chip, device))
      continue;
    ++code;
    if (section != "check")
      timeAttention(context, chip, directory + "/attention-timing");
    if (section == "time")
      continue;
    passed &= checkProgram(context, chip, directory + "/attention-kernel",
                           halfCases());
    passed &= checkProgram(context, chip, directory + "/attention-f32-kernel",
                           floatCases());
    if (chip.stageBytes < wideCases().front().blockBytes())
      continue; // no room for a block
    passed &= checkProgram(context, chip, directory + "/attention-wide-kernel",
                           wideCases());
    passed &=
        checkProgram(context, chip, directory + "/attention-wide-f32-kernel",
                     wideFloatCases());
  }
  return conclude(code, passed);
}

int main(int argc, char **argv) {
  std::string section = argc == 3 ? argv[2] : "";
  if (argc < 2 || argc > 3 ||
      (argc == 3 && section != "check" && section != "time")) {
    std::fprintf(stderr,
                 "usage: amk-gpu-attention-test DIRECTORY [check | time]\n");
    return 2;
  }
  return runTest("amk-gpu-attention-test", [&] { return runAll(argv[1], section); });
}

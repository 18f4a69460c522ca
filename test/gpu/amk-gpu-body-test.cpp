//===- amk-gpu-body-test.cpp - Kernel bodies on a GPU against the CPU -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-body-test DIRECTORY
//
// DIRECTORY holds what amk-gpu-test-code made of linear-norm.mlir. Every body
// is run by the CPU's code and by every PTX file that the device can run, 20
// times; all must agree with each other and with float64. Exit status: 0
// passed, 1 failed, 77 skipped, with the reason printed.
//
//===----------------------------------------------------------------------===//

#include "BodyCase.h"
#include "Chips.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <stdexcept>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

static constexpr double kTolerance = 1e-5;
static constexpr int kRepeats = 20;
static constexpr uint32_t kThreads = 256; // amk-nvvm-pipeline's default
static constexpr uint64_t kMaxPtxBytes = 64 << 20;

/// The bodies of linear-norm.mlir, in order.
static constexpr BodyShape kShapes[] = {
    {"bf16", DType::BF16, 100, 37, 0, 37, 4},
    {"f16", DType::F16, 72, 50, 0, 50, 6},
    {"f32", DType::F32, 33, 21, 0, 21, 2},
    {"bf16_part", DType::BF16, 2048, 400, 100, 250, 8},
    {"f16_long", DType::F16, 14336, 64, 0, 64, 4},
};

//===----------------------------------------------------------------------===//
// The CPU's side
//===----------------------------------------------------------------------===//

static abi::WorkerEntryFn loadEntry(const std::string &path) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(path, dlerror());
  void *entry = dlsym(library, abi::kWorkerEntryName);
  if (!entry)
    fail(path, std::string(abi::kWorkerEntryName) + ": symbol not found");
  return reinterpret_cast<abi::WorkerEntryFn>(entry);
}

/// One worker, one step, one instruction, nothing to wait for.
static std::vector<float> runOnCpu(abi::WorkerEntryFn entry, uint32_t body,
                                   const BodyCase &test) {
  std::vector<float> arena = test.arena;
  test.poison(arena);
  Buffer scratch(test.shape.scratchBytes(), "scratch");
  const uint8_t *stream = test.stream.data();
  uint8_t *scratchBase = scratch.data();

  abi::Queue queue{0, 1};
  abi::Instruction instruction = {};
  instruction.body = body;
  for (const BodyCase::Operand &operand : test.operands())
    instruction.operands[instruction.operandCount++] = operand.value;
  abi::Control control = {};
  abi::KernelArgs args = {};
  args.arena = reinterpret_cast<uint8_t *>(arena.data());
  args.constants = test.constants.data();
  args.streams = &stream;
  args.scratch = &scratchBase;
  args.control = &control;
  args.queues = &queue;
  args.instructions = &instruction;
  args.steps = 1;
  if (entry(&args, /*worker=*/0) != 0)
    fail(test.shape.name, "the CPU's code abandoned the launch");
  return arena;
}

//===----------------------------------------------------------------------===//
// The GPU's side
//===----------------------------------------------------------------------===//

class GpuRun {
public:
  GpuRun(const cuda::Context &context, const cuda::Function &function,
         const BodyCase &test)
      : context(context), function(function), test(test),
        constants(test.constants.size(), "constants"),
        stream(test.stream.size(), "packed weights"),
        arena(test.arena.size() * sizeof(float), "arena") {
    constants.upload(test.constants.data());
    stream.upload(test.stream.data());
  }

  std::vector<float> run() const {
    std::vector<float> result = test.arena;
    test.poison(result);
    arena.upload(result.data());
    std::vector<uint64_t> arguments;
    for (const BodyCase::Operand &operand : test.operands())
      arguments.push_back(baseOf(operand.space) + operand.value);
    cuda::launch(function, /*blocks=*/1, kThreads,
                 static_cast<uint32_t>(test.shape.scratchBytes()), arguments);
    context.synchronize(test.shape.name);
    arena.download(result.data());
    return result;
  }

private:
  uint64_t baseOf(abi::Space space) const {
    switch (space) {
    case abi::Space::Arena:
      return arena.address();
    case abi::Space::Constant:
      return constants.address();
    case abi::Space::Stream:
      return stream.address();
    default:
      return 0; // a plain number
    }
  }

  const cuda::Context &context;
  const cuda::Function &function;
  const BodyCase &test;
  cuda::DeviceBuffer constants, stream, arena;
};

static bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// The task's rows, to compare another result with.
static std::vector<double> resultOf(const BodyCase &test,
                                    std::vector<float> &arena) {
  const float *begin = test.output(arena) + test.shape.begin;
  return {begin, begin + test.shape.count};
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static bool runBody(const cuda::Context &context, const cuda::Module &module,
                    const char *chip, const BodyCase &test,
                    std::vector<float> &onCpu) {
  const BodyShape &shape = test.shape;
  cuda::Function function = module.function(shape.name);
  GpuRun gpu(context, function, test);
  std::vector<float> first = gpu.run();
  int same = 1;
  while (same < kRepeats && sameBits(first, gpu.run()))
    ++same;

  double againstCpu = test.error(first, resultOf(test, onCpu));
  double againstReference = test.error(first, test.reference);
  double cpuError = test.error(onCpu, test.reference);
  std::string verdict;
  auto require = [&](bool condition, const char *failure) {
    if (!condition)
      verdict += verdict.empty() ? failure : std::string(", ") + failure;
  };
  require(againstCpu <= kTolerance, "differs from the CPU");
  require(againstReference <= kTolerance, "differs from float64");
  require(cpuError <= kTolerance, "the CPU differs from float64");
  require(same == kRepeats, "not the same bits in every run");
  require(test.othersUntouched(first), "GPU wrote rows of others");
  require(test.othersUntouched(onCpu), "CPU wrote rows of others");
  std::printf("%-8s %-10s %6lld x %-6lld %4lld x %-3lld %8.1e %8.1e %8.1e "
              "%5d %5d  %2d/%d  %s\n",
              chip, shape.name, (long long)shape.count,
              (long long)shape.columns, (long long)shape.tiles(),
              (long long)shape.tileRows, againstCpu, againstReference, cpuError,
              function.registers(), function.localBytes(), same, kRepeats,
              verdict.empty() ? "ok" : ("FAILED: " + verdict).c_str());
  return verdict.empty();
}

static void printHeader(const cuda::DeviceInfo &device) {
  std::printf(
      "GPU: %s, compute capability %d.%d, %d multiprocessors, %d KiB "
      "of shared memory per block, driver for CUDA %d.%d\n"
      "CPU: %s\n"
      "Errors are relative to the largest value; at most %.0e passes.\n\n",
      device.name.c_str(), device.major, device.minor, device.multiprocessors,
      device.sharedBytesPerBlock / 1024, device.driverVersion / 1000,
      device.driverVersion % 1000 / 10, cpuName().c_str(), kTolerance);
  std::printf("%-8s %-10s %-15s %-10s %8s %8s %8s %5s %5s  %5s\n", "code",
              "body", "rows x columns", "tiles", "GPU-CPU", "GPU-f64",
              "CPU-f64", "regs", "local", "same");
}

static int report(int code, int passed, int failed) {
  if (code == 0) {
    std::printf("skipped: no code object here is for this device\n");
    return kSkipped;
  }
  std::printf("\n%s: %d code object(s) x %zu bodies, each run %d times: %d "
              "passed, %d failed\n",
              failed ? "FAILED" : "passed", code, std::size(kShapes), kRepeats,
              passed, failed);
  return failed ? kFailed : kPassed;
}

static int runAll(const std::string &directory) {
  cuda::Context context;
  printHeader(context.device());
  abi::WorkerEntryFn entry = loadEntry(directory + "/cpu.so");
  std::vector<BodyCase> tests(std::begin(kShapes), std::end(kShapes));
  std::vector<std::vector<float>> onCpu;
  for (size_t i = 0; i < tests.size(); ++i)
    onCpu.push_back(runOnCpu(entry, uint32_t(i), tests[i]));

  int code = 0, passed = 0, failed = 0;
  for (const Chip &chip : kChips) {
    if (!runsOn(chip, context.device())) {
      std::printf("%-8s not for this device\n", chip.name);
      continue;
    }
    ++code;
    std::string path = directory + "/" + chip.name + ".ptx";
    cuda::Module module(readFile(path, kMaxPtxBytes), path);
    for (size_t i = 0; i < tests.size(); ++i) {
      if (runBody(context, module, chip.name, tests[i], onCpu[i]))
        ++passed;
      else
        ++failed;
    }
  }
  return report(code, passed, failed);
}

/// Why this machine cannot run the test; empty if it can.
static std::string obstacle() {
  std::string why;
  if (!cuda::available(&why))
    return why;
  for (const char *feature : {"avx2", "fma", "f16c", "bmi2"})
    if (!cpuHasFeature(feature))
      return std::string("the CPU's code needs ") + feature;
  return "";
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: amk-gpu-body-test DIRECTORY\n");
    return 2;
  }
  try {
    std::string why = obstacle();
    if (why.empty())
      return runAll(argv[1]);
    std::printf("skipped: %s\n", why.c_str());
    return kSkipped;
  } catch (const std::exception &error) {
    std::fflush(stdout);
    std::fprintf(stderr, "amk-gpu-body-test: FAILED: %s\n", error.what());
    return kFailed;
  }
}

//===- CudaSessionTest.cpp - Sessions on a GPU ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeCuda.h"
#include "GpuTestBundle.h"
#include "Runtime/Cuda/CodeChoice.h"
#include "Runtime/Cuda/CudaEngine.h"
#include "amk/Runtime/Doctor.h"
#include "amk/Runtime/Session.h"
#include "amk/Support/Error.h"

#include <gmock/gmock.h>
#include <thread>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using ::testing::HasSubstr;

static_assert(sizeof(amk::abi::GpuArgs) == kFakeParameterBytes);

namespace {

class CudaSessionTest : public ::testing::Test {
protected:
  void SetUp() override {
    fakeCuda() = FakeCuda();
    fakeCuda().multiprocessors = 4;
    fakeCuda().sharedBytesPerBlock = 232448;
    fakeCuda().kernel = [this](const void *parameter) {
      kernel.run(parameter);
    };
  }
  void TearDown() override {
    EXPECT_EQ(fakeCuda().contexts, 0);
    EXPECT_EQ(fakeCuda().modules, 0);
    EXPECT_EQ(fakeCuda().allocations, 0);
    EXPECT_EQ(fakeCuda().streams, 0);
    EXPECT_EQ(fakeCuda().pinned, 0);
  }

  std::unique_ptr<Session> load(const SessionOptions &options = {}) {
    bundle.write();
    Bundle opened = Bundle::open(bundle.bundlePath());
    Weights weights =
        Weights::fromDirectory(opened.manifest, bundle.weightsPath());
    return std::make_unique<Session>(std::move(opened), std::move(weights),
                                     options);
  }
  std::string loadError(const SessionOptions &options = {}) {
    try {
      load(options);
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  }

  GpuTestBundle bundle;
  GpuTestKernel kernel;
};

template <typename Fn>
std::string messageOf(Fn fn) {
  try {
    fn();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_F(CudaSessionTest, GeneratesInLaunchesOfAnyLength) {
  auto session = load();
  EXPECT_EQ(session->device(), "cuda:0 Fake");
  EXPECT_EQ(session->arch(), "sm_90a");
  for (uint32_t steps : {1u, 3u, 64u}) {
    GenerateOptions options;
    options.stepsPerLaunch = steps;
    std::vector<int32_t> streamed;
    options.onToken = [&](int32_t token) {
      streamed.push_back(token);
      return false;
    };
    std::vector<int32_t> ids = session->generate({5, 9}, 20, options).tokens;
    EXPECT_EQ(ids, bundle.reference(9, 20)) << steps << " steps a launch";
    EXPECT_EQ(ids, streamed);
  }
  EXPECT_EQ(fakeCuda().blocks, 2u);
  EXPECT_EQ(fakeCuda().threads, amk::abi::kGpuThreads);
  EXPECT_EQ(fakeCuda().sharedBytes, 228864u);
  EXPECT_EQ(fakeCuda().maxDynamicSharedBytes, 228864);
}

TEST_F(CudaSessionTest, ContinuesAText) {
  auto session = load();
  std::vector<int32_t> ids = session->generate({3}, 4).tokens;
  GenerateOptions more;
  more.continueSession = true;
  std::vector<int32_t> rest = session->generate({}, 3, more).tokens;
  EXPECT_EQ(kernel.lastArgs.startPosition, 4u);
  ids.insert(ids.end(), rest.begin(), rest.end());
  EXPECT_EQ(ids, bundle.reference(3, 7));
}

TEST_F(CudaSessionTest, DeliversLogits) {
  auto session = load();
  std::vector<int32_t> expected = bundle.reference(3, 1);
  uint64_t rows = 0;
  session->scoreTokens({3, 8, 8}, [&](uint64_t position, const float *row) {
    EXPECT_EQ(position, rows++);
    if (position == 0)
      EXPECT_EQ(row[expected[0]], 1);
    EXPECT_EQ(row[bundle.reference(8, 1)[0]], position ? position + 1 : 0);
  });
  EXPECT_EQ(rows, 3u);
  EXPECT_EQ(kernel.launches, 1u);
}

TEST_F(CudaSessionTest, StopTokenEndsTheGeneration) {
  std::vector<int32_t> all = bundle.reference(3, 12);
  bundle.manifest["model"]["eos_token_ids"] = {all[5]};
  size_t first = std::find(all.begin(), all.end(), all[5]) - all.begin();
  auto session = load();
  for (uint32_t steps : {1u, 64u}) {
    GenerateOptions options;
    options.stepsPerLaunch = steps;
    GenerateResult result = session->generate({3}, 12, options);
    EXPECT_EQ(result.reason, StopReason::StopToken);
    EXPECT_EQ(result.tokens,
              std::vector<int32_t>(all.begin(), all.begin() + first + 1));
    options.ignoreStopTokens = true;
    EXPECT_EQ(session->generate({3}, 12, options).tokens, all);
  }
}

TEST_F(CudaSessionTest, TheCallbackEndsARunningLaunch) {
  auto session = load();
  kernel.stepMillis = 5;
  GenerateOptions options;
  options.onToken = [&](int32_t) { return true; };
  GenerateResult result = session->generate({3}, 60, options);
  EXPECT_EQ(result.reason, StopReason::Callback);
  EXPECT_EQ(result.tokens, bundle.reference(3, 1));
  kernel.stepMillis = 0;
  EXPECT_EQ(session->generate({3}, 5).tokens, bundle.reference(3, 5));
}

TEST_F(CudaSessionTest, TagsOfLaunchesDiffer) {
  auto session = load();
  session->generate({3}, 10);
  EXPECT_EQ(kernel.lastArgs.launchTag, 0u);
  EXPECT_EQ(kernel.lastArgs.tagStride, 4u);
  session->generate({3}, 10);
  EXPECT_EQ(kernel.lastArgs.launchTag, 40u);
  EXPECT_EQ(kernel.lastArgs.waitNanoseconds, 2000000000u);
}

TEST_F(CudaSessionTest, ExplainsAWaitThatFailed) {
  auto session = load();
  session->generate({3}, 2); // tells the kernel's arguments
  kernel.report = {};
  kernel.report.kind = uint32_t(amk::abi::WaitKind::Word);
  kernel.report.worker = 1;
  kernel.report.instruction = 5; // worker 1's mix
  kernel.report.what = 1;
  kernel.report.seen = 4;
  kernel.report.expected = 9;
  kernel.report.nanoseconds = 2000000000;
  kernel.report.address = kernel.lastArgs.arena + 16;
  EXPECT_EQ(messageOf([&] { session->generate({3}, 8); }),
            "launch: worker 1, task mix[1]: wait for the tag of word 1 of y "
            "timed out after 2.0 s: seen 4, expected 9");
  ASSERT_TRUE(session->waitReport());
  EXPECT_EQ(session->waitReport()->counter, "");
  EXPECT_EQ(session->position(), 0u);

  kernel.report.kind = uint32_t(amk::abi::WaitKind::Counter);
  kernel.report.what = 3;
  EXPECT_THAT(messageOf([&] { session->generate({3}, 8); }),
              HasSubstr("wait for counter appended[0] timed out"));
  EXPECT_EQ(session->waitReport()->counter, "appended[0]");

  // Nonsense from the device is shown, not followed.
  kernel.report.instruction = kernel.report.what = 1000;
  EXPECT_THAT(messageOf([&] { session->generate({3}, 8); }),
              HasSubstr("task number 1000: wait for counter 1000"));
  kernel.report = {};
  EXPECT_EQ(session->generate({3}, 8).tokens, bundle.reference(3, 8));
  EXPECT_FALSE(session->waitReport());
}

TEST_F(CudaSessionTest, AbortEndsALaunchFromAnotherThread) {
  auto session = load();
  kernel.stepMillis = 5;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    session->abort();
  });
  EXPECT_EQ(messageOf([&] { session->generate({3}, 60); }), "launch: aborted");
  other.join();
  kernel.stepMillis = 0;
  EXPECT_EQ(session->generate({3}, 5).tokens, bundle.reference(3, 5));
}

TEST_F(CudaSessionTest, ReportsAKernelThatEndsEarly) {
  auto session = load();
  fakeCuda().kernel = [](const void *) {};
  EXPECT_EQ(messageOf([&] { session->generate({3}, 6); }),
            "launch: found 0 completed steps, expected 6");
  fakeCuda().synchronizeStatus = 700;
  EXPECT_THAT(messageOf([&] { session->generate({3}, 6); }),
              HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  fakeCuda().synchronizeStatus = 0;
}

TEST_F(CudaSessionTest, TagsStartOverInClearedMemory) {
  bundle.tables.tags.stride = 1u << 28;
  auto session = load();
  uint32_t starts = 0;
  fakeCuda().kernel = [&](const void *parameter) {
    const auto &args = *static_cast<const amk::abi::GpuArgs *>(parameter);
    auto *word = reinterpret_cast<uint64_t *>(args.arena);
    EXPECT_LE(args.launchTag + uint64_t(args.steps) * args.tagStride,
              uint64_t(1) << 32);
    EXPECT_EQ(*word == 0, args.launchTag == 0);
    starts += args.launchTag == 0;
    *word = 1;
    kernel.run(parameter);
  };
  EXPECT_EQ(session->generate({3}, 40).tokens, bundle.reference(3, 40));
  EXPECT_EQ(kernel.launches, 5u); // of 8 steps, half of all tags
  EXPECT_EQ(starts, 3u);
}

TEST_F(CudaSessionTest, TheDoctorSaysWhatWouldRun) {
  bundle.write();
  Diagnosis diagnosis = examine(bundle.bundlePath());
  std::string text;
  for (const std::string &line : diagnosis.lines)
    text += line + "\n";
  EXPECT_TRUE(diagnosis.ok) << text;
  EXPECT_THAT(text, HasSubstr("CUDA driver: for CUDA 12.8\n"
                              "cuda:0: Fake, sm_90, 4 multiprocessors, 232448 "
                              "bytes of shared memory a block"));
  EXPECT_THAT(text, HasSubstr("code: sm_90a.ptx (PTX of sm_90a, which the "
                              "driver assembles"));
  EXPECT_THAT(text, HasSubstr("workers: 2, all resident at once"));
  EXPECT_EQ(kernel.launches, 0u);

  fakeCuda().multiprocessors = 1;
  diagnosis = examine(bundle.bundlePath());
  EXPECT_FALSE(diagnosis.ok);
  EXPECT_THAT(diagnosis.lines.back(), HasSubstr("expected at most 1, which"));
  fakeCuda().oldDevices = 1;
  diagnosis = examine();
  EXPECT_FALSE(diagnosis.ok);
  EXPECT_EQ(diagnosis.lines.back(),
            "  not usable: Fake is sm_75, expected sm_80 or later");
  fakeCuda().devices = 0;
  diagnosis = examine();
  EXPECT_FALSE(diagnosis.ok);
  EXPECT_EQ(diagnosis.lines.back(), "CUDA: the CUDA driver finds no device");
}

TEST_F(CudaSessionTest, RefusesTooFewMultiprocessors) {
  fakeCuda().multiprocessors = 1;
  EXPECT_EQ(loadError(),
            "cuda:0: workers: found 2 in the bundle, expected at most 1, which "
            "Fake holds at once (1 multiprocessors x 1 blocks); compile with "
            "--workers 1");
  fakeCuda().multiprocessors = 4;
  fakeCuda().cooperativeLaunch = 0;
  EXPECT_THAT(loadError(), HasSubstr("cannot launch cooperatively"));
}

TEST_F(CudaSessionTest, TheContextIsWhatFits) {
  auto full = load();
  EXPECT_EQ(messageOf([&] { full->generate({1}, 64); }),
            "prompt: found 1 tokens and 64 to generate, expected at most "
            "max_context 64 together");
  full.reset();
  Bundle opened = Bundle::open(bundle.bundlePath());
  cuda::MemoryPlan plan = cuda::planMemory(opened, 0, 1 << 20, "cuda:0");
  EXPECT_EQ(plan.context, 64u);
  EXPECT_EQ(plan.kvBytes, 2 * 1024u + 2 * 512u);
  uint64_t tight = plan.fixedBytes + 2 * 512 + 2 * 512;
  EXPECT_EQ(cuda::planMemory(opened, 32, tight, "cuda:0").context, 32u);
  EXPECT_EQ(cuda::planMemory(opened, 0, tight * 10 / 9 + 2, "cuda:0").context,
            32u);
  EXPECT_THAT(
      messageOf([&] { cuda::planMemory(opened, 33, tight, "cuda:0"); }),
      HasSubstr("; a context of 32 would fit"));
  EXPECT_THAT(messageOf([&] { cuda::planMemory(opened, 0, 100, "cuda:0"); }),
              HasSubstr("cuda:0: memory: 100 bytes are free; weights"));
  SessionOptions options;
  options.context = 20;
  auto session = load(options);
  EXPECT_EQ(messageOf([&] { session->generate({1}, 64); }),
            "prompt: found 1 tokens and 64 to generate, expected at most "
            "context 20 together");
  EXPECT_EQ(session->generate({3}, 19).tokens, bundle.reference(3, 19));
}

TEST_F(CudaSessionTest, DevicesAndBundlesMustMatch) {
  SessionOptions options;
  options.device = "cpu";
  EXPECT_THAT(loadError(options), HasSubstr("target: found cuda, expected cpu"));
  options.device = "cuda:1";
  EXPECT_EQ(loadError(options),
            "cuda:1: found 1 CUDA device(s), expected a number below that");
  options.device = "gpu";
  EXPECT_EQ(loadError(options),
            "device: found \"gpu\", expected cpu or cuda:NUMBER");
  TestModel cpu;
  cpu.write();
  Bundle opened = Bundle::open(cpu.bundlePath());
  Weights weights = Weights::fromDirectory(opened.manifest, cpu.weightsPath());
  options.device = "cuda";
  EXPECT_THAT(messageOf([&] {
                Session session(std::move(opened), std::move(weights), options);
              }),
              HasSubstr("target: found cpu, expected cuda to run on cuda"));
}

TEST_F(CudaSessionTest, RefusesDamagedCode) {
  bundle.write();
  writeFile(bundle.bundlePath() + "/sm_90a.ptx", "else");
  Bundle opened = Bundle::open(bundle.bundlePath());
  Weights weights = Weights::dummy(opened.manifest, 1);
  EXPECT_THAT(messageOf([&] {
                Session session(std::move(opened), std::move(weights));
              }),
              HasSubstr("(damaged file)"));
}

//===----------------------------------------------------------------------===//
// Choice of code
//===----------------------------------------------------------------------===//

namespace {

/// "sm_90a cubin"
Manifest codesOf(std::vector<std::string> names) {
  Manifest manifest;
  for (const std::string &name : names) {
    CodeInfo code;
    size_t space = name.find(' ');
    code.arch = name.substr(0, space);
    code.file = name;
    code.gpu.emplace();
    code.gpu->format = name.substr(space + 1) == "cubin"
                           ? GpuCodeInfo::Format::Cubin
                           : GpuCodeInfo::Format::Ptx;
    code.gpu->sharedBytes = code.arch == "sm_80" ? 163328 : 97792;
    manifest.code.push_back(code);
  }
  return manifest;
}

std::string chosen(const std::vector<std::string> &names, int major, int minor,
                   const std::string &arch = "") {
  cuda::DeviceInfo device;
  device.name = "GPU";
  device.major = major;
  device.minor = minor;
  device.sharedBytesPerBlock = minor == 0 ? 232448 : 101376;
  return names[cuda::chooseCode(codesOf(names), device, arch, "b").index];
}

} // namespace

TEST(CodeChoice, PrefersTheCubinThenTheHighestPtx) {
  EXPECT_EQ(chosen({"sm_80 ptx", "sm_90a ptx", "sm_90 cubin"}, 9, 0),
            "sm_90 cubin");
  EXPECT_EQ(chosen({"sm_80 cubin", "sm_80 ptx", "sm_90 ptx", "sm_90a ptx"}, 9,
                   0),
            "sm_90a ptx");
  EXPECT_EQ(chosen({"sm_90a ptx", "sm_90a cubin", "sm_80 ptx", "sm_86 ptx"}, 10,
                   0),
            "sm_86 ptx");
  EXPECT_EQ(chosen({"sm_80 ptx", "sm_86 ptx", "sm_89 ptx"}, 8, 6),
            "sm_86 ptx"); // sm_80's ring is too large for it
  EXPECT_EQ(chosen({"sm_90a cubin", "sm_80 ptx"}, 9, 0, "sm_80"), "sm_80 ptx");
}

TEST(CodeChoice, SaysWhatIsWrongWithEach) {
  EXPECT_EQ(messageOf([] {
              chosen({"sm_80 ptx", "sm_90a ptx", "sm_80 cubin", "sm_89 ptx",
                      "x ptx"},
                     8, 6);
            }),
            "b: code: no code object runs on GPU:\n"
            "  sm_80 ptx: needs 163328 bytes of shared memory a block, this "
            "GPU has 101376\n"
            "  sm_90a ptx: for sm_90a alone, this GPU is sm_86\n"
            "  sm_80 cubin: a cubin for sm_80, this GPU is sm_86\n"
            "  sm_89 ptx: needs sm_89, this GPU is sm_86\n"
            "  x ptx: unknown architecture x");
  EXPECT_THAT(messageOf([] { chosen({"sm_90a cubin"}, 9, 0, "sm_80"); }),
              HasSubstr("sm_90a cubin: not sm_80"));
}

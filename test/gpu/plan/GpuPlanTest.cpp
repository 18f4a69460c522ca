//===- GpuPlanTest.cpp - Plans for GPUs, run without one ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checkpoints of test/models are compiled to the kernel level, the plan is
// written as a bundle, and a session runs it on the driver of the tests, with
// the interpreted kernel in the place of machine code. Logits are compared with
// those of HuggingFace. Only what KernelToNVVM makes of a body is not in it.
//
//===----------------------------------------------------------------------===//

#include "FakeCuda.h"
#include "KernelEmulator.h"
#include "TestBundle.h"
#include "amk/Import/Checkpoint.h"
#include "amk/Import/Import.h"
#include "amk/InitAll.h"
#include "amk/Pipelines/Pipelines.h"
#include "amk/Runtime/Session.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"
#include "amk/Support/Json.h"
#include "amk/Target/BundlePlan.h"

#include "mlir/Pass/PassManager.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace amk;
using namespace amk::test;
using mlir::amk::CompileOptions;
using mlir::amk::Phase;

namespace {

struct Case {
  const char *model; ///< in test/models
  unsigned workers;
  unsigned kvSplits;   ///< 0: by workers
  unsigned stageBytes; ///< of the ring
  /// Of the largest logit of a position: what rounding keys and values to the
  /// weights' type does to others.
  double tolerance;
  int64_t releaseElements = 0; ///< see amk-choose-hand-off
};

std::ostream &operator<<(std::ostream &os, const Case &test) {
  return os << test.model << ", " << test.workers << " workers, "
            << test.kvSplits << " splits, stages of " << test.stageBytes
            << ", counters from " << test.releaseElements;
}

/// A model at the kernel level, and what its bundle says.
class CompiledPlan {
public:
  CompiledPlan(const std::string &directory, const Case &test)
      : context(registry()) {
    CompileOptions options;
    options.setTarget(mlir::amk::TargetKind::Cuda);
    options.workers = test.workers;
    options.kvSplits = test.kvSplits;
    options.gpu.stageBytes = test.stageBytes;
    options.gpu.releaseElements = test.releaseElements;
    Checkpoint checkpoint = readCheckpoint(directory, /*dummyWeights=*/true);
    int64_t positions = contextLength(checkpoint.config, 0, "context");
    module = mlir::amk::importModel(context, checkpoint, positions);
    mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
    mlir::amk::buildCompilePipeline(passes, options, Phase::Layer,
                                    Phase::Kernel);
    if (mlir::failed(passes.run(*module)))
      return;
    auto planned = mlir::amk::planBundle(*module);
    if (mlir::succeeded(planned))
      plan = std::move(*planned);
  }

  mlir::amk::KernelProgramOp program() {
    return *module->getOps<mlir::amk::KernelProgramOp>().begin();
  }

  std::optional<BundlePlan> plan; ///< none: compiling failed

private:
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry registry;
    mlir::amk::registerAllDialects(registry);
    mlir::amk::registerAllExtensions(registry);
    return registry;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

struct Golden {
  explicit Golden(const std::string &directory) {
    nlohmann::json json =
        parseJson(readFile(directory + "/golden.json"), "golden.json");
    vocab = json["vocab_size"];
    seed = json.value("seed", 0);
    if (seed) {
      ids = json["prompt_ids"].get<std::vector<int32_t>>();
      promptLength = ids.size();
      for (int32_t id : json["ids"])
        ids.push_back(id);
    } else {
      ids = json["logits"]["prompt_ids"].get<std::vector<int32_t>>();
      promptLength = ids.size();
    }
    std::string bytes = readFile(directory + "/logits.f32");
    logits.resize(bytes.size() / sizeof(float));
    std::memcpy(logits.data(), bytes.data(), bytes.size());
  }
  uint64_t positions() const { return logits.size() / vocab; }

  uint64_t vocab, seed;     ///< seed 0: the directory has weights
  std::vector<int32_t> ids; ///< prompt, then what follows
  size_t promptLength;
  std::vector<float> logits;
};

/// Writes the bundle with a code object that the driver of the tests takes.
void write(const BundlePlan &plan, const std::string &directory) {
  CodeFile code;
  code.info.arch = "sm_90a";
  code.info.file = "sm_90a.ptx";
  code.bytes = "ptx";
  runtime::GpuCodeInfo &info = code.info.gpu.emplace();
  info.stages = 4;
  info.inFlight = 2;
  info.sharedBytes =
      gpu::sharedBytes(plan.manifest.gpu->stageBytes, info.stages);
  writeBundle(plan, {code}, directory);
}

class GpuPlanTest : public ::testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    fakeCuda() = FakeCuda();
    fakeCuda().sharedBytesPerBlock = 232448;
    fakeCuda().freeBytes = size_t(1) << 30;
    fakeCuda().largestAllocation = size_t(1) << 30;
  }

  std::unique_ptr<runtime::Session> load(const std::string &directory,
                                         const Golden &golden,
                                         const BundlePlan &plan) {
    write(plan, files.file("bundle"));
    runtime::Bundle bundle = runtime::Bundle::open(files.file("bundle"));
    runtime::Weights weights =
        golden.seed
            ? runtime::Weights::dummy(bundle.manifest, golden.seed)
            : runtime::Weights::fromDirectory(bundle.manifest, directory);
    return std::make_unique<runtime::Session>(std::move(bundle),
                                              std::move(weights));
  }

  TempDir files;
};

/// The largest difference to the golden logits of a position, relative to the
/// largest of these.
double errorAt(const Golden &golden, uint64_t position, const float *row) {
  const float *expected = golden.logits.data() + position * golden.vocab;
  double error = 0, largest = 0;
  for (uint64_t i = 0; i < golden.vocab; ++i) {
    error = std::max(error, std::abs(double(row[i]) - expected[i]));
    largest = std::max(largest, std::abs(double(expected[i])));
  }
  return error / largest;
}

} // namespace

TEST_P(GpuPlanTest, GivesTheLogitsOfTheModel) {
  std::string directory = std::string(AMK_TEST_MODELS "/") + GetParam().model;
  Golden golden(directory);
  CompiledPlan compiled(directory, GetParam());
  ASSERT_TRUE(compiled.plan) << "does not compile";
  KernelEmulator kernel(compiled.program());
  fakeCuda().kernel = [&](const void *parameter) { kernel.run(parameter); };

  auto session = load(directory, golden, *compiled.plan);
  double worst = 0;
  uint64_t seen = 0;
  auto compare = [&](uint64_t position, const float *row) {
    EXPECT_EQ(position, seen++);
    if (position < golden.positions())
      worst = std::max(worst, errorAt(golden, position, row));
  };
  try {
    std::vector<int32_t> text(golden.ids.begin(),
                              golden.ids.begin() + golden.positions());
    session->scoreTokens(text, compare, /*stepsPerLaunch=*/7);
  } catch (const std::exception &error) {
    FAIL() << error.what() << "\n" << kernel.error();
  }
  EXPECT_EQ(seen, golden.positions());
  EXPECT_LE(worst, GetParam().tolerance);
  RecordProperty("error", std::to_string(worst));
}

/// Loaders and consumers would wait for each other.
TEST(GpuPlan, ARunOfAnotherLengthIsNotWritten) {
  const char *model = AMK_TEST_MODELS "/random/tiny-vocab17-one-head";
  CompiledPlan compiled(model, {model, 2, 1, 16384, 0});
  ASSERT_TRUE(compiled.plan);
  auto &list = compiled.plan->tables.instructions;
  auto task = std::find_if(list.begin(), list.end(),
                           [](const auto &in) { return in.stageCount != 0; });
  task->stageCount += 2;
  TempDir files;
  try {
    write(*compiled.plan, files.file("bundle"));
    FAIL() << "was written";
  } catch (const ::amk::Error &error) {
    EXPECT_NE(std::string(error.what()).find("the tiles of its segment"),
              std::string::npos)
        << error.what();
  }
}

/// Every worker's instructions, and of a loader one for each KV run.
TEST(GpuPlan, SaysWhatTheRuntimeAsksFor) {
  const char *model = AMK_TEST_MODELS "/random/gqa-hd8-untied-bf16";
  CompiledPlan compiled(model, {model, 6, 3, 8192, 0});
  ASSERT_TRUE(compiled.plan);
  const runtime::GpuTargetInfo &gpu = *compiled.plan->manifest.gpu;
  EXPECT_EQ(gpu.stageBytes, 8192u);
  EXPECT_EQ(gpu.kvSplits, 3u);
  EXPECT_EQ(gpu.kvBlock, 16u);
  const schedule::Tables &tables = compiled.plan->tables;
  ASSERT_EQ(tables.queues.size(), 12u);
  for (const ::amk::abi::Queue &queue : tables.queues)
    if (queue.role == uint32_t(::amk::abi::Role::Loader))
      EXPECT_EQ(queue.count, 4u); // 4 kv heads * 3 splits / 6 workers, 2 layers
  // A token of its own for each.
  auto isToken = [](const ::amk::abi::BufferInfo &buffer) {
    return buffer.bytes == 4;
  };
  EXPECT_EQ(
      std::count_if(tables.buffers.begin(), tables.buffers.end(), isToken), 6);
  EXPECT_EQ(compiled.plan->manifest.memory.kvBytes, tables.spaces[1].bytes);
}

static constexpr Case kCases[] = {
    {"random/tiny-vocab17-one-head", 3, 2, 16384, 1e-5},
    {"random/mha-hd8-tied-f32", 4, 0, 16384, 1e-5},
    {"random/mha-hd8-tied-f32", 12, 3, 8192, 1e-5},
    {"random/kv-absent-mha-hd24-f32", 1, 1, 16384, 1e-5},
    {"random/mha-hd128-rope-new-f32", 7, 0, 16384, 1e-5},
    {"random/gqa-hd8-untied-bf16", 5, 2, 16384, 0.015},
    {"random/gqa-hd16-odd-eps-bf16", 132, 0, 16384, 0.015},
    {"random/mqa-hd64-f16", 6, 0, 8192, 0.002},
    {"random/smollm2-shape-bf16", 20, 4, 16384, 0.002},
    {"random/hidden576-hd128-llama3-new-f16", 132, 0, 16384, 0.002},
    {"random/mixed-dtype-norm-f32", 9, 0, 16384, 0.015},
    {"random/gqa-hd80-llama3-old-bf16", 16, 0, 16384, 0.015},
    {"random/tied-llama3-hd64-new-bf16", 2, 1, 8192, 0.015},
    {"random/gqa-hd256-bf16", 6, 0, 16384, 0.015},
    {"tiny-shakespeare", 8, 0, 16384, 0.004},
    {"tiny-shakespeare", 132, 0, 16384, 0.004},
    {"random/gqa-hd8-untied-bf16", 5, 2, 16384, 0.015, 1},
    {"random/mha-hd8-tied-f32", 12, 3, 8192, 1e-5, 1},
    {"tiny-shakespeare", 132, 0, 16384, 0.004, 1},
    {"tiny-shakespeare", 132, 0, 16384, 0.004, 256}, // the gated one
};
INSTANTIATE_TEST_SUITE_P(Models, GpuPlanTest, ::testing::ValuesIn(kCases));

//===- runtime-bench.cpp - Packing, dummy weights and launch overhead -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Runtime/Packing.h"
#include "amk/Runtime/Session.h"

#include <benchmark/benchmark.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

/// One matrix, as a bundle with one segment per worker would name it.
static Bundle matrixBundle(DType dtype, int64_t rows, int64_t columns) {
  Bundle bundle;
  bundle.manifest.tensors = {{"w.weight", dtype, {rows, columns}}};
  bundle.manifest.workers = 1;
  abi::PackSegment segment{};
  segment.tileRows = 16;
  segment.tensors[1] = segment.tensors[2] = abi::kNoTensor;
  segment.unitCount = rows;
  segment.bytes =
      segmentShape(segment, bundle.manifest.tensors, "bench").bytes;
  bundle.tables.segments = {segment};
  bundle.streamBytes = {segment.bytes};
  return bundle;
}

static void packMatrix(benchmark::State &state, DType dtype) {
  Bundle bundle = matrixBundle(dtype, 16384, 4096);
  TempDir dir;
  writeCheckpoint(dir.path, {randomTensor("w.weight", dtype, {16384, 4096})});
  Weights weights = Weights::fromDirectory(bundle.manifest, dir.path);
  for (auto _ : state)
    benchmark::DoNotOptimize(packStreams(bundle, weights));
  state.SetBytesProcessed(state.iterations() * bundle.streamBytes[0]);
}

static void packDummy(benchmark::State &state) {
  Bundle bundle = matrixBundle(DType::BF16, 4096, 4096);
  Weights weights = Weights::dummy(bundle.manifest, 1);
  for (auto _ : state)
    benchmark::DoNotOptimize(packStreams(bundle, weights));
  state.SetBytesProcessed(state.iterations() * bundle.streamBytes[0]);
}

/// Time per step of a kernel that does next to nothing: the cost of a launch
/// with one step each, of the schedule's hand-offs with many.
static void launchSteps(benchmark::State &state) {
  ModelOptions options;
  options.workers = state.range(0);
  options.maxContext = 1024;
  TestModel model(options);
  model.write();
  Bundle bundle = Bundle::open(model.bundlePath());
  Weights weights = Weights::dummy(bundle.manifest, 1);
  Session session(std::move(bundle), std::move(weights));
  GenerateOptions request;
  request.stepsPerLaunch = state.range(1);
  for (auto _ : state)
    session.generate({1}, 256, request);
  state.SetItemsProcessed(state.iterations() * 256);
}

BENCHMARK_CAPTURE(packMatrix, f32, DType::F32)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(packMatrix, bf16, DType::BF16)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(packDummy)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(launchSteps)
    ->ArgsProduct({{1, 2}, {1, 64}})
    ->ArgNames({"workers", "stepsPerLaunch"})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

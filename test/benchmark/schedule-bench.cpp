//===- schedule-bench.cpp - Speed of the schedule verifier ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decode plans as the compiler places them: phases of one task per worker, one
// counter per phase, one activation buffer per phase in one of four slots,
// every task reading the whole buffer that the phase before wrote in tiles.
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Verifier.h"

#include <benchmark/benchmark.h>

using namespace amk::schedule;

/// qkv (appends to the cache), attention (reads it), o, gate/up, down.
constexpr uint32_t kLayerPhases = 5;

static Program makePlan(uint32_t workers, uint32_t phases) {
  constexpr uint64_t tileBytes = 256, slots = 4;
  uint64_t bufferBytes = workers * tileBytes;
  Program program;
  program.spaces = {{"arena", slots * bufferBytes},
                    {"kv", phases * bufferBytes},
                    {"io", bufferBytes}};
  program.buffers = {{"kv", BufferKind::Carried, 1, 0, phases * bufferBytes},
                     {"logits", BufferKind::Output, 2, 0, bufferBytes}};
  for (uint32_t phase = 0; phase != phases; ++phase) {
    std::string name = "phase " + std::to_string(phase);
    program.counters.push_back({name});
    if (phase + 1 != phases)
      program.buffers.push_back({name, BufferKind::Scratch, 0,
                                 phase % slots * bufferBytes, bufferBytes});
  }
  for (uint32_t worker = 0; worker != workers; ++worker) {
    Agent agent;
    agent.name = "worker " + std::to_string(worker);
    agent.worker = worker;
    for (uint32_t phase = 0; phase != phases; ++phase) {
      Action action;
      action.name = "task";
      uint32_t before = phase ? phase - 1 : phases - 1;
      action.waits.push_back({before, phase ? int64_t(workers) : 0});
      auto add = [&](AccessMode mode, uint32_t buffer, uint64_t offset,
                     uint64_t bytes) {
        action.accesses.push_back(
            {mode, {buffer, offset, 1, bytes, 0}, Access::kNoCounter});
      };
      uint64_t tile = worker * tileBytes, cache = phase * bufferBytes + tile;
      if (phase)
        add(AccessMode::Read, 1 + phase, 0, bufferBytes);
      if (phase % kLayerPhases == 0)
        add(AccessMode::Write, 0, cache, tileBytes);
      if (phase % kLayerPhases == 1)
        add(AccessMode::Read, 0, cache - bufferBytes, tileBytes);
      add(AccessMode::Write, phase + 1 == phases ? 1 : 2 + phase, tile,
          tileBytes);
      action.signals.push_back({phase, 1});
      agent.actions.push_back(std::move(action));
    }
    program.agents.push_back(std::move(agent));
  }
  return program;
}

static void setCounters(benchmark::State &state, const Program &program) {
  uint64_t tasks = 0;
  for (const Agent &agent : program.agents)
    tasks += agent.actions.size();
  state.counters["tasks"] = static_cast<double>(tasks);
  state.SetItemsProcessed(state.iterations());
}

/// Arguments: workers, phases. Items are schedules.
static void verifyPlan(benchmark::State &state) {
  Program program = makePlan(static_cast<uint32_t>(state.range(0)),
                             static_cast<uint32_t>(state.range(1)));
  if (!verify(program).empty())
    state.SkipWithError("the plan is meant to be safe");
  for (auto _ : state)
    benchmark::DoNotOptimize(verify(program));
  setCounters(state, program);
}
BENCHMARK(verifyPlan)
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"workers", "phases"})
    ->Args({8, 5})      // the toy: 40 tasks
    ->Args({4, 10})     // as many, whose activations share bytes
    ->Args({132, 8})    // about 1,000 tasks
    ->Args({132, 76})   // about 10,000
    ->Args({132, 160})  // an 8B model: about 20,000
    ->Args({132, 1515}) // about 200,000
    ->Args({1056, 80})  // 8 x 132 workers, 16 layers
    ->Args({1056, 400}); // a 70B model: 80 layers

/// A wait lowered by one: every answer needs blocked runs.
static void rejectPartialJoin(benchmark::State &state) {
  Program program = makePlan(static_cast<uint32_t>(state.range(0)),
                             static_cast<uint32_t>(state.range(1)));
  --program.agents[0].actions.back().waits[0].threshold;
  if (verify(program).empty())
    state.SkipWithError("the plan is meant to be unsafe");
  for (auto _ : state)
    benchmark::DoNotOptimize(verify(program));
  setCounters(state, program);
}
BENCHMARK(rejectPartialJoin)
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"workers", "phases"})
    ->Args({8, 5})
    ->Args({132, 76});

static void buildHappensBefore(benchmark::State &state) {
  Program program = makePlan(static_cast<uint32_t>(state.range(0)),
                             static_cast<uint32_t>(state.range(1)));
  for (auto _ : state) {
    HappensBefore order(program);
    benchmark::DoNotOptimize(order.ok());
  }
  setCounters(state, program);
}
BENCHMARK(buildHappensBefore)
    ->Unit(benchmark::kMicrosecond)
    ->ArgNames({"workers", "phases"})
    ->Args({132, 76});

BENCHMARK_MAIN();

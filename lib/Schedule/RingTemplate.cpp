//===- RingTemplate.cpp - A GPU worker's ring as a program ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel's barriers are these counters, but for one thing: an `empty`
// barrier of the kernel completes when the last of the 8 warps arrives. Its
// phase is the least of theirs, so if each of the 8 counters keeps AMK-P1, it
// does. The n-th stage of a group uses the group's barrier n mod (stages / 2),
// since the number of stages is even.
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/RingTemplate.h"
#include "amk/Schedule/Verifier.h"

using namespace amk;
using namespace amk::schedule;

namespace {
constexpr uint32_t kGroups = 2, kGroupWarps = 8;
constexpr uint32_t kMaxStages = 16; // barriers in shared memory
constexpr uint64_t kStageBytes = kGroupWarps; // each warp reads its part
enum : uint32_t { kFilled, kReleased = kFilled + kGroups }; // first counters
} // namespace

/// Waits until stage `stage` of this step has been signalled on the counter of
/// its group; below 0 it is one of an earlier step.
static Wait waitForStage(uint32_t counter, int64_t stage) {
  int64_t ofGroup = stage < 0 ? (stage + 1) / int64_t(kGroups) - 1
                              : stage / int64_t(kGroups);
  return {counter, ofGroup + 1};
}

static uint32_t groupOf(int64_t stage) {
  return static_cast<uint32_t>(stage & (kGroups - 1)); // of negative ones, too
}

static Agent loader(uint32_t stages, uint32_t inFlight) {
  Agent agent{"loader", 0, {}};
  for (int64_t stage = 0; stage < int64_t(stages); ++stage) {
    Action &fill = agent.actions.emplace_back();
    fill.name = "fill[" + std::to_string(stage) + "]";
    uint32_t group = groupOf(stage);
    for (uint32_t warp = 0; warp < kGroupWarps; ++warp)
      fill.waits.push_back(waitForStage(kReleased + group * kGroupWarps + warp,
                                        stage - int64_t(stages)));
    int64_t paced = stage - int64_t(inFlight);
    fill.waits.push_back(waitForStage(kFilled + groupOf(paced), paced));
    fill.accesses.push_back(
        {AccessMode::Write,
         {0, uint64_t(stage) * kStageBytes, 1, kStageBytes, kStageBytes}});
    fill.signals.push_back({kFilled + group, 1});
  }
  return agent;
}

static Agent consumer(uint32_t warp, uint32_t stages) {
  Agent agent{"warp " + std::to_string(warp), 0, {}};
  for (uint32_t stage = warp / kGroupWarps; stage < stages; stage += kGroups) {
    Action &use = agent.actions.emplace_back();
    use.name = "use[" + std::to_string(stage) + "]";
    use.waits.push_back(waitForStage(kFilled + groupOf(stage), stage));
    use.accesses.push_back(
        {AccessMode::Read,
         {0, stage * kStageBytes + warp % kGroupWarps, 1, 1, 1}});
    use.signals.push_back({kReleased + warp, 1});
  }
  return agent;
}

Program schedule::ringTemplate(uint32_t stages, uint32_t inFlight) {
  Program program;
  uint64_t bytes = stages * kStageBytes;
  program.spaces.push_back({"ring", bytes, bytes, 0});
  program.buffers.push_back({"stages", BufferKind::Scratch, 0, 0, bytes});
  auto addCounter = [&](const std::string &name) {
    program.counters.push_back(
        {name, Protocol::Parity, stages / kGroups, /*tagBase=*/0});
  };
  for (uint32_t group = 0; group < kGroups; ++group)
    addCounter("filled." + std::to_string(group));
  for (uint32_t warp = 0; warp < kGroups * kGroupWarps; ++warp)
    addCounter("released." + std::to_string(warp));
  program.agents.push_back(loader(stages, inFlight));
  for (uint32_t warp = 0; warp < kGroups * kGroupWarps; ++warp)
    program.agents.push_back(consumer(warp, stages));
  return program;
}

std::optional<std::string> schedule::checkRing(uint32_t stages,
                                               uint32_t inFlight) {
  if (stages < kGroups || stages > kMaxStages || stages % kGroups != 0)
    return "found " + std::to_string(stages) +
           " stages, expected an even number from 2 to " +
           std::to_string(kMaxStages);
  Program program = ringTemplate(stages, inFlight);
  std::vector<Violation> violations = verify(program);
  if (violations.empty())
    return std::nullopt;
  return "a ring of " + std::to_string(stages) + " stages, " +
         std::to_string(inFlight) + " in flight, is not safe\n" +
         render(program, violations.front());
}

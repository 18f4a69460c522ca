//===- AttentionLaunch.cpp - Running attention programs -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionLaunch.h"

#include "amk/Support/GpuLayout.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

/// More than any launch here has.
static constexpr uint32_t kMaxTokens = 32768;

uint64_t AttentionLaunch::add(const void *data, uint64_t bytes,
                              const char *name) {
  buffers.emplace_back(bytes, name);
  buffers.back().upload(data);
  return buffers.back().address();
}

std::vector<uint8_t> AttentionLaunch::read(size_t buffer) const {
  std::vector<uint8_t> bytes(buffers[buffer].size());
  buffers[buffer].download(bytes.data());
  return bytes;
}

AttentionLaunch::AttentionLaunch(const Chip &chip,
                                 const std::vector<Queue> &queues,
                                 const std::vector<uint8_t> &arena)
    : chip(chip) {
  std::vector<abi::DeviceQueue> table;
  for (const Queue &queue : queues) {
    const auto &list = queue.instructions;
    uint32_t runs = 0;
    for (const abi::DeviceInstruction &instruction : list)
      runs += (instruction.flags & abi::kKVRun) != 0;
    uint64_t instructions =
        add(list.data(), list.size() * sizeof(list[0]), "instructions");
    cacheBuffers.push_back(buffers.size());
    uint64_t cache = add(queue.cache.data(), queue.cache.size(), "cache");
    table.push_back({instructions, 0, cache, uint32_t(list.size()), runs});
  }
  std::vector<uint8_t> zeros(kMaxTokens * sizeof(int32_t));
  arenaBuffer = buffers.size();
  args.arena = add(arena.data(), arena.size(), "arena");
  counterBuffer = buffers.size();
  args.counters = add(zeros.data(), 4096, "counters");
  args.control = add(zeros.data(), sizeof(abi::Control), "control");
  reportBuffer = buffers.size();
  args.report = add(zeros.data(), sizeof(abi::WaitReport), "report");
  args.tokens = add(zeros.data(), zeros.size(), "tokens");
  args.queues = add(table.data(), table.size() * sizeof(table[0]), "queues");
  args.waitNanoseconds = 500'000'000;
  args.workers = uint32_t(queues.size());
  args.launchTag = kLaunchTag;
  args.instructionCount = 64;
}

void AttentionLaunch::reset(const std::vector<uint8_t> &arena) const {
  buffers[arenaBuffer].upload(arena.data());
  std::vector<uint8_t> zeros(buffers[counterBuffer].size());
  buffers[counterBuffer].upload(zeros.data());
}

void AttentionLaunch::start(const cuda::Function &function, uint32_t position,
                            uint32_t steps, uint32_t tagStride,
                            const cuda::Stream &stream) const {
  abi::GpuArgs now = args;
  now.startPosition = position;
  now.steps = steps;
  now.tagStride = tagStride;
  uint32_t stages = gpu::stagesThatFit(chip.stageBytes, chip.sharedBytes);
  uint32_t shared = gpu::sharedBytes(chip.stageBytes, stages);
  // Also allows the function as much shared memory.
  if (function.blocksPerMultiprocessor(abi::kGpuThreads, shared) == 0)
    fail(chip.name, "a block does not fit on this device");
  cuda::launchResident(function, now.workers, abi::kGpuThreads, shared, &now,
                       stream);
}

std::vector<uint8_t> AttentionLaunch::arena() const {
  return read(arenaBuffer);
}

Caches AttentionLaunch::caches() const {
  Caches caches;
  for (size_t buffer : cacheBuffers)
    caches.push_back(read(buffer));
  return caches;
}

bool AttentionLaunch::reported() const {
  abi::WaitReport report;
  buffers[reportBuffer].download(&report);
  if (report.kind == 0)
    return false;
  std::printf("\nreport: kind %u, worker %u, instruction %u, what %u, seen %u, "
              "expected %u, step %u\n",
              report.kind, report.worker, report.instruction, report.what,
              report.seen, report.expected, report.step);
  return true;
}

static uint32_t operandOf(uint64_t byte) {
  return uint32_t(byte / abi::kOperandUnit);
}

static void setOperands(abi::DeviceInstruction &instruction,
                        std::initializer_list<uint32_t> operands) {
  std::copy(operands.begin(), operands.end(), instruction.operands);
}

abi::DeviceInstruction test::attentionTask(const TaskShape &shape,
                                           uint32_t body, uint32_t kvHead,
                                           uint32_t split) {
  abi::DeviceInstruction task = {};
  task.body = uint16_t(body);
  task.flags = abi::kKVRun;
  task.stageCount = shape.splits << 16 | split;
  task.stageBytes = shape.blockBytes;
  task.tagIn[0] = kQueryTag;
  task.tagOut = kPartialsTag;
  setOperands(task, {operandOf(shape.queryByte), 0,
                     operandOf(shape.partialsByte), kvHead, split});
  return task;
}

abi::DeviceInstruction test::combineTask(const TaskShape &shape, uint32_t body,
                                         const Piece &piece, uint32_t index) {
  abi::DeviceInstruction task = {};
  task.body = uint16_t(body);
  task.index = index;
  task.tagIn[0] = kPartialsTag;
  task.tagOut = kResultTag;
  // The result's elements, which the body counts from the operand on, lie
  // elsewhere in the words.
  uint32_t begin = piece.head * shape.dim + piece.from;
  uint32_t target =
      (piece.kvHead * (shape.heads + 2) + piece.row) * shape.dim + piece.to;
  uint64_t out = shape.queryByte + 8 * uint64_t(target) - 8 * uint64_t(begin);
  setOperands(task, {operandOf(shape.partialsByte), operandOf(out), begin,
                     piece.count});
  return task;
}

//===- ScheduleToKernel.cpp - Bodies for the tasks of a schedule ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A body serves every task that is alike but for offsets and ranges: same
// operation, same buffer types, same attributes, the same operands equal. For
// which target follows from the schedule: one for a GPU says how large the
// stages of its workers' rings are.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

#include "amk/Conversion/Passes.h"
#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include "llvm/ADT/MapVector.h"

#include <map>

namespace mlir::amk {
#define GEN_PASS_DEF_CONVERTAMKSCHEDULETOKERNEL
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

//===----------------------------------------------------------------------===//
// Which tasks share a body
//===----------------------------------------------------------------------===//

/// Everything of a task that its body depends on.
static std::string bodyKey(TaskOpInterface task) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << task->getName();
  for (NamedAttribute attr : task->getAttrDictionary()) {
    StringRef name = attr.getName();
    if (name == "phase" || name == "units" || name == "stream_offset" ||
        name == "call")
      continue;
    os << ' ' << name << '=' << attr.getValue();
  }
  // Which operands are one buffer decides which argument the body reads.
  for (Value operand : task->getOperands()) {
    BufferOp buffer = bufferOf(operand);
    os << ' ' << operand.getType() << buffer.getKindAttr();
    if (HandOffAttr handOff = buffer.getHandOffAttr())
      os << handOff;
    os << '#'
       << std::distance(task->operand_begin(),
                        llvm::find(task->getOperands(), operand));
  }
  return key;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// What earlier passes must have decided before operands can be written.
static LogicalResult verifyPlaced(TaskOpInterface task,
                                  std::optional<uint32_t> stageBytes) {
  if (task.getWeightUse()) {
    if (!task.getStreamOffsetAttr())
      return task.emitError("expects a stream_offset; run amk-pack-weights");
    if (stageBytes && failed(weightRun(task, *stageBytes)))
      return failure();
  }
  for (Value operand : task->getOperands()) {
    BufferOp buffer = bufferOf(operand);
    if (buffer.getKind() != BufferKind::Weight && !buffer.getOffset())
      return task.emitError()
                 .append("expects buffers with an offset; run "
                         "amk-allocate-buffers")
                 .attachNote(buffer.getLoc())
             << "buffer \"" << buffer.getName() << "\" has none";
  }
  return success();
}

using BodyGroups =
    llvm::MapVector<std::string, BodyGroup, std::map<std::string, unsigned>>;

/// In the order of the task graph, so that another placement of the same tasks
/// has the same code.
static FailureOr<SmallVector<BodyGroup>>
groupTasks(ScheduleOp schedule, std::optional<uint32_t> stageBytes) {
  BodyGroups groups;
  WalkResult result = schedule.walk([&](TaskOpInterface task) {
    if (isa<TaskOpaqueOp>(task)) {
      if (task.getCallAttr())
        return WalkResult::advance();
      task->emitOpError("has no call, and no kernel body can be made for an "
                        "opaque task; expected the call that the back end "
                        "which put it in gives it");
      return WalkResult::interrupt();
    }
    if (failed(verifyPlaced(task, stageBytes)))
      return WalkResult::interrupt();
    if (stageBytes && isa<TaskLoadKVOp>(task))
      return WalkResult::advance(); // the kernel's loader follows attention
    BodyGroup &group = groups[bodyKey(task)];
    group.tasks.push_back(task);
    PhaseAttr phase = task.getPhase();
    group.first = std::min(group.first, {phase.getIndex(), phase.getPart()});
    if (auto use = task.getWeightUse())
      group.maxTiles = std::max(group.maxTiles, use->tileCount());
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  SmallVector<BodyGroup> sorted;
  for (auto &[key, group] : groups)
    sorted.push_back(std::move(group));
  llvm::sort(sorted, [](const BodyGroup &a, const BodyGroup &b) {
    return a.first < b.first;
  });
  return sorted;
}

static LogicalResult convertSchedule(ScheduleOp schedule, bool hiLo) {
  if (schedule.getUnsynchronized())
    return schedule.emitOpError("expects a synchronised schedule");
  FailureOr<std::optional<uint32_t>> stageBytes = ringStageBytes(schedule);
  if (failed(stageBytes))
    return failure();
  auto groups = groupTasks(schedule, *stageBytes);
  if (failed(groups))
    return failure();

  OpBuilder builder(schedule->getContext());
  builder.setInsertionPointAfter(schedule);
  auto program = KernelProgramOp::create(
      builder, schedule.getLoc(),
      builder.getStringAttr(schedule.getSymName() + "_kernel"),
      builder.getI64IntegerAttr(0), GpuAttr());
  builder.createBlock(&program.getBody());

  int64_t scratchBytes = 64;
  llvm::StringMap<unsigned> uses;
  for (const BodyGroup &group : *groups) {
    StringRef kind = group.tasks.front()->getName().stripDialect();
    kind.consume_front("task.");
    std::string name = (kind + "_" + Twine(uses[kind]++)).str();
    std::unique_ptr<BodyBuilder> body =
        *stageBytes ? makeGpuBodyBuilder(builder, group, {**stageBytes, hiLo})
                    : makeCpuBodyBuilder(builder, group);
    if (failed(body->build(name)))
      return failure();
    scratchBytes = std::max(scratchBytes, body->scratchBytes());
    auto symbol = FlatSymbolRefAttr::get(builder.getContext(), name);
    for (TaskOpInterface task : group.tasks)
      task.setCallAttr(CallAttr::get(
          builder.getContext(), symbol,
          builder.getDenseI64ArrayAttr(instructionOperands(task))));
  }
  program.setScratchBytes(scratchBytes);
  return success();
}

namespace {
struct ConvertAMKScheduleToKernel
    : mlir::amk::impl::ConvertAMKScheduleToKernelBase<
          ConvertAMKScheduleToKernel> {
  using ConvertAMKScheduleToKernelBase::ConvertAMKScheduleToKernelBase;

  void runOnOperation() override {
    for (auto schedule :
         llvm::make_early_inc_range(getOperation().getOps<ScheduleOp>()))
      if (failed(convertSchedule(schedule, hiLo)))
        return signalPassFailure();
  }
};
} // namespace

//===- PlaceTasks.cpp - A task graph as queues of workers -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/DenseMap.h"

#include <limits>

namespace mlir::amk {
#define GEN_PASS_DEF_PLACETASKS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// The stop flag that gates read, or null.
static BufferOp findControl(GraphOp graph) {
  for (auto buffer : graph.getBody().front().getOps<BufferOp>())
    if (buffer.getKind() == BufferKind::Control)
      return buffer;
  return {};
}

/// Queues lose the order of the graph. From then on phases and parts tell which
/// of two tasks comes first, so they have to agree with it.
static LogicalResult checkOrder(GraphOp graph) {
  TaskOpInterface before;
  for (auto task : graph.getBody().front().getOps<TaskOpInterface>()) {
    PhaseAttr phase = task.getPhase();
    if (before && std::make_pair(before.getPhase().getIndex(),
                                 before.getPhase().getPart()) >=
                      std::make_pair(phase.getIndex(), phase.getPart())) {
      InFlightDiagnostic diag =
          task->emitOpError()
          << "cannot be placed: found phase " << phase.getIndex() << " part "
          << phase.getPart() << ", expected a later one than that of "
          << taskName(before) << " before it";
      diag.attachNote(before->getLoc()) << "see the task before here";
      return diag;
    }
    before = task;
  }
  // The phases come in order: the last one has the highest index.
  if (before &&
      before.getPhase().getIndex() == std::numeric_limits<int64_t>::max())
    return before->emitOpError()
           << "cannot be placed: found phase " << before.getPhase().getIndex()
           << ", expected a lower one, to make room for the gates before it";
  return success();
}

/// Phase 0 belongs to the gates, so every other phase moves up by one.
static void makeRoomForGates(TaskOpInterface task) {
  PhaseAttr phase = task.getPhase();
  task->setAttr("phase", PhaseAttr::get(task->getContext(),
                                        phase.getIndex() + 1, phase.getLabel(),
                                        phase.getPart(), phase.getParts()));
}

/// One queue per worker, with a gate as its first task.
static SmallVector<QueueOp> createQueues(OpBuilder &builder, Location loc,
                                         int64_t workers, Value control) {
  SmallVector<QueueOp> queues;
  for (int64_t worker = 0; worker < workers; ++worker) {
    auto queue =
        QueueOp::create(builder, loc, builder.getI64IntegerAttr(worker),
                        /*loader=*/nullptr);
    OpBuilder body = OpBuilder::atBlockEnd(&queue.getBody().emplaceBlock());
    auto phase =
        PhaseAttr::get(builder.getContext(), 0, "gate", worker, workers);
    auto gate = TaskGateOp::create(body, loc, control, phase, IntegerAttr(),
                                   CallAttr());
    gate->setLoc(NameLoc::get(builder.getStringAttr(taskName(gate)), loc));
    queues.push_back(queue);
  }
  return queues;
}

namespace {

struct PlaceTasks : public mlir::amk::impl::PlaceTasksBase<PlaceTasks> {
  using PlaceTasksBase::PlaceTasksBase;

  void runOnOperation() override {
    if (workers < 1 || workers > ::amk::abi::kMaxWorkers) {
      getOperation().emitError()
          << getArgument() << ": workers: found " << workers.getValue()
          << ", expected 1 to " << ::amk::abi::kMaxWorkers;
      return signalPassFailure();
    }
    if (placement != "block" && placement != "rotate") {
      getOperation().emitError() << getArgument() << ": placement: found '"
                                 << placement << "', expected block or rotate";
      return signalPassFailure();
    }
    for (GraphOp graph :
         llvm::make_early_inc_range(getOperation().getOps<GraphOp>()))
      if (failed(place(graph)))
        return signalPassFailure();
  }

  LogicalResult place(GraphOp graph);
};

} // namespace

LogicalResult PlaceTasks::place(GraphOp graph) {
  BufferOp control = findControl(graph);
  if (!control)
    return graph.emitOpError(
        "cannot be placed: expected a buffer of kind control for the gates");
  if (failed(checkOrder(graph)))
    return failure();
  OpBuilder builder(graph);
  auto schedule = ScheduleOp::create(
      builder, graph.getLoc(), graph.getSymNameAttr(),
      builder.getI64IntegerAttr(workers), graph.getConfigAttr(),
      builder.getUnitAttr(), /*arena_bytes=*/nullptr, /*tags=*/nullptr,
      /*limits=*/nullptr, graph.getDerivedTensorsAttr());
  Block &block = schedule.getBody().emplaceBlock();
  Block &source = graph.getBody().front();
  for (auto buffer : llvm::make_early_inc_range(source.getOps<BufferOp>()))
    buffer->moveBefore(&block, block.end());

  builder.setInsertionPointToEnd(&block);
  SmallVector<QueueOp> queues =
      createQueues(builder, graph.getLoc(), workers, control);
  bool rotate = placement == "rotate";
  llvm::DenseMap<int64_t, int64_t> shiftOfPhase;
  int64_t nextShift = 0;
  for (auto task :
       llvm::make_early_inc_range(source.getOps<TaskOpInterface>())) {
    PhaseAttr phase = task.getPhase();
    auto [shift, isNew] = shiftOfPhase.try_emplace(phase.getIndex(), nextShift);
    if (isNew && rotate)
      nextShift = (nextShift + phase.getParts() % workers) % workers;
    makeRoomForGates(task);
    Block &queue = queues[(phase.getPart() % workers + shift->second) % workers]
                       .getBody()
                       .front();
    task->moveBefore(&queue, queue.end());
  }
  graph.erase();
  return success();
}

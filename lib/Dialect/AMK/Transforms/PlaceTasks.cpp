//===- PlaceTasks.cpp - A task graph as queues of workers -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"

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
static LogicalResult checkOrder(ArrayRef<TaskOpInterface> tasks,
                                bool withGates) {
  TaskOpInterface before;
  for (TaskOpInterface task : tasks) {
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
  if (withGates && before &&
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

static SmallVector<QueueOp> createQueues(OpBuilder &builder, Location loc,
                                         int64_t workers) {
  SmallVector<QueueOp> queues;
  for (int64_t worker = 0; worker < workers; ++worker) {
    queues.push_back(QueueOp::create(builder, loc,
                                     builder.getI64IntegerAttr(worker),
                                     /*loader=*/nullptr));
    queues.back().getBody().emplaceBlock();
  }
  return queues;
}

/// A gate as the first task of every queue.
static void createGates(ArrayRef<QueueOp> queues, Value control) {
  for (auto [worker, queue] : llvm::enumerate(queues)) {
    Location loc = QueueOp(queue).getLoc();
    OpBuilder body =
        OpBuilder::atBlockEnd(&QueueOp(queue).getBody().front());
    auto phase =
        PhaseAttr::get(body.getContext(), 0, "gate", worker, queues.size());
    auto gate = TaskGateOp::create(body, loc, control, phase, IntegerAttr(),
                                   CallAttr());
    gate->setLoc(NameLoc::get(body.getStringAttr(taskName(gate)), loc));
  }
}

//===----------------------------------------------------------------------===//
// Placements: the worker of each task, in the order of the graph
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> placeInTurn(ArrayRef<TaskOpInterface> tasks,
                                        int64_t workers, bool rotate) {
  SmallVector<int64_t> placed;
  llvm::DenseMap<int64_t, int64_t> shiftOfPhase;
  int64_t nextShift = 0;
  for (TaskOpInterface task : tasks) {
    PhaseAttr phase = task.getPhase();
    auto [shift, isNew] = shiftOfPhase.try_emplace(phase.getIndex(), nextShift);
    if (isNew && rotate)
      nextShift = (nextShift + phase.getParts() % workers) % workers;
    placed.push_back((phase.getPart() % workers + shift->second) % workers);
  }
  return placed;
}

/// Places the tasks of one phase, all with weights. `load` is how many bytes
/// each worker has so far.
static LogicalResult placePhaseByBytes(ArrayRef<TaskOpInterface> tasks,
                                       MutableArrayRef<uint64_t> load,
                                       MutableArrayRef<int64_t> placed) {
  SmallVector<uint64_t> bytes;
  for (TaskOpInterface task : tasks) {
    FailureOr<int64_t> counted = streamBytes(task);
    if (failed(counted))
      return failure();
    bytes.push_back(*counted);
  }
  auto largestFirst = llvm::to_vector(llvm::seq<size_t>(0, tasks.size()));
  llvm::sort(largestFirst, [&](size_t a, size_t b) {
    return std::make_pair(bytes[b], a) < std::make_pair(bytes[a], b);
  });
  size_t most = llvm::divideCeil(tasks.size(), load.size());
  SmallVector<size_t> count(load.size());
  for (size_t task : largestFirst) {
    size_t best = load.size();
    for (size_t worker = 0; worker < load.size(); ++worker)
      if (count[worker] < most &&
          (best == load.size() || load[worker] < load[best]))
        best = worker;
    placed[task] = best;
    load[best] = llvm::SaturatingAdd(load[best], bytes[task]);
    ++count[best];
  }
  return success();
}

static FailureOr<SmallVector<int64_t>>
placeByBytes(ArrayRef<TaskOpInterface> tasks, int64_t workers) {
  SmallVector<int64_t> placed(tasks.size());
  SmallVector<uint64_t> load(workers);
  auto phaseOf = [&](size_t task) {
    return TaskOpInterface(tasks[task]).getPhase();
  };
  for (size_t begin = 0, end; begin < tasks.size(); begin = end) {
    end = begin;
    bool haveWeights = true;
    while (end < tasks.size() &&
           phaseOf(end).getIndex() == phaseOf(begin).getIndex())
      haveWeights &= TaskOpInterface(tasks[end++]).getWeightUse().has_value();
    if (haveWeights) {
      if (failed(placePhaseByBytes(
              tasks.slice(begin, end - begin), load,
              MutableArrayRef(placed).slice(begin, end - begin))))
        return failure();
      continue;
    }
    for (size_t task = begin; task < end; ++task) {
      auto attention = dyn_cast<TaskAttentionOp>(*tasks[task]);
      placed[task] = (attention ? attention.getUnits().getBegin()
                                : phaseOf(task).getPart()) %
                     workers;
    }
  }
  return placed;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

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
    if (placement != "block" && placement != "rotate" &&
        placement != "bytes") {
      getOperation().emitError()
          << getArgument() << ": placement: found '" << placement
          << "', expected block, rotate or bytes";
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
  bool withGates = placement != "bytes";
  BufferOp control = findControl(graph);
  if (withGates && !control)
    return graph.emitOpError(
        "cannot be placed: expected a buffer of kind control for the gates");
  Block &source = graph.getBody().front();
  auto tasks = llvm::to_vector(source.getOps<TaskOpInterface>());
  if (failed(checkOrder(tasks, withGates)))
    return failure();
  FailureOr<SmallVector<int64_t>> placed =
      withGates ? placeInTurn(tasks, workers, placement == "rotate")
                : placeByBytes(tasks, workers);
  if (failed(placed))
    return failure();
  OpBuilder builder(graph);
  auto schedule = ScheduleOp::create(
      builder, graph.getLoc(), graph.getSymNameAttr(),
      builder.getI64IntegerAttr(workers), graph.getConfigAttr(),
      builder.getUnitAttr(), /*arena_bytes=*/nullptr, /*tags=*/nullptr,
      /*limits=*/nullptr, graph.getDerivedTensorsAttr());
  Block &block = schedule.getBody().emplaceBlock();
  for (auto buffer : llvm::make_early_inc_range(source.getOps<BufferOp>()))
    buffer->moveBefore(&block, block.end());

  builder.setInsertionPointToEnd(&block);
  SmallVector<QueueOp> queues = createQueues(builder, graph.getLoc(), workers);
  if (withGates)
    createGates(queues, control);
  for (auto [task, worker] : llvm::zip_equal(tasks, *placed)) {
    if (withGates)
      makeRoomForGates(task);
    Block &queue = queues[worker].getBody().front();
    task->moveBefore(&queue, queue.end());
  }
  graph.erase();
  return success();
}

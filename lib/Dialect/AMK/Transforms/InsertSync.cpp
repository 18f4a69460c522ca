//===- InsertSync.cpp - Counters, waits and signals from data flow --------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// 1. Needs: of two tasks that touch the same bytes, one of them writing, the
//    later one in graph order needs the earlier one. The last task of the step
//    needs every queue's last task.
// 2. A need is dropped where the queue's own order and the other needs imply
//    it. It is dropped for a whole phase of producers or not at all: otherwise
//    every consumer of an all-to-all phase would wait for all producers but the
//    one on its own worker, each for a different set.
// 3. Producers of one phase with the same consumers share a counter.
//
// Vector clocks (how many tasks of each queue have completed) decide 2.
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"

#include <map>

namespace mlir::amk {
#define GEN_PASS_DEF_INSERTSYNC
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

namespace {

/// Tasks are numbered in graph order.
struct Task {
  TaskOpInterface op;
  uint32_t worker, position;
  int64_t phase, part;
};

/// An access and the task that makes it. Its region is one of the space: the
/// region's buffer is the space's number.
struct TaskAccess {
  uint32_t task;
  bool isWrite;
  sched::Region region;
};

/// A row of `workers` numbers per task.
class Matrix {
public:
  Matrix(size_t rows, size_t columns)
      : columns(columns), values(rows * columns) {}
  MutableArrayRef<uint32_t> operator[](size_t row) {
    return MutableArrayRef(values).slice(row * columns, columns);
  }

private:
  size_t columns;
  std::vector<uint32_t> values;
};

/// Producers of one phase that the same tasks wait for.
struct Join {
  SmallVector<uint32_t> producers;
  std::vector<uint32_t> consumers;
  Value counter;
};

class Synchronizer {
public:
  explicit Synchronizer(ScheduleOp schedule)
      : schedule(schedule), model(buildScheduleModel(schedule)),
        workers(model.tasks.size()) {}

  LogicalResult run();

private:
  void numberTasks();
  LogicalResult checkGates();
  LogicalResult findNeeds();
  LogicalResult findNeedsOfSpace(const sched::Space &space,
                                 ArrayRef<TaskAccess> accesses);
  LogicalResult addNeed(uint32_t producer, uint32_t consumer);
  LogicalResult needEverything();
  LogicalResult orderTasks();
  void keepNeeds();
  void makeJoins();
  void emit();
  void emitEndOfStep(OpBuilder &builder);

  uint32_t taskAt(uint32_t worker, uint32_t position) const {
    return byQueue[worker][position];
  }

  ScheduleOp schedule;
  ScheduleModel model;
  const size_t workers;
  std::vector<Task> tasks;
  std::vector<std::vector<uint32_t>> byQueue;
  /// needs[c][w]: how many of the first tasks of queue w must precede task c.
  std::optional<Matrix> needs;
  std::vector<uint32_t> executionOrder;
  std::vector<std::vector<uint32_t>> consumersOf;
  std::vector<Join> joins;
};

} // namespace

void Synchronizer::numberTasks() {
  byQueue.resize(workers);
  for (auto [worker, queue] : llvm::enumerate(model.tasks)) {
    byQueue[worker].resize(queue.size());
    for (auto [position, task] : llvm::enumerate(queue)) {
      TaskOpInterface op = task;
      tasks.push_back({op, static_cast<uint32_t>(worker),
                       static_cast<uint32_t>(position),
                       op.getPhase().getIndex(), op.getPhase().getPart()});
    }
  }
  llvm::sort(tasks, [](const Task &a, const Task &b) {
    return std::tie(a.phase, a.part, a.worker, a.position) <
           std::tie(b.phase, b.part, b.worker, b.position);
  });
  for (auto [number, task] : llvm::enumerate(tasks))
    byQueue[task.worker][task.position] = number;
}

//===----------------------------------------------------------------------===//
// Needs
//===----------------------------------------------------------------------===//

LogicalResult Synchronizer::addNeed(uint32_t producer, uint32_t consumer) {
  const Task &from = tasks[producer], &to = tasks[consumer];
  if (from.worker == to.worker && from.position > to.position) {
    InFlightDiagnostic diag = to.op->emitOpError()
                              << "runs before " << taskName(from.op)
                              << " on its worker but needs it first";
    diag.attachNote(from.op->getLoc()) << "see the other task here";
    return diag;
  }
  uint32_t &count = (*needs)[consumer][from.worker];
  count = std::max(count, from.position + 1);
  return success();
}

/// Tape bytes of a ring that differ may be one byte of memory, so its accesses
/// are ordered whichever bytes they are for.
static bool mayOverlap(const sched::Space &space, const sched::Region &a,
                       const sched::Region &b) {
  return space.ringBytes != 0 || sched::overlap(a, b);
}

LogicalResult Synchronizer::findNeedsOfSpace(const sched::Space &space,
                                             ArrayRef<TaskAccess> accesses) {
  for (size_t later = 0; later < accesses.size(); ++later) {
    const TaskAccess &access = accesses[later];
    for (const TaskAccess &earlier : accesses.take_front(later)) {
      if (earlier.task == access.task || (!access.isWrite && !earlier.isWrite))
        continue;
      const Task &from = tasks[earlier.task];
      if (from.worker != tasks[access.task].worker &&
          from.position < (*needs)[access.task][from.worker])
        continue; // known already
      if (mayOverlap(space, access.region, earlier.region) &&
          failed(addNeed(earlier.task, access.task)))
        return failure();
    }
  }
  return success();
}

LogicalResult Synchronizer::findNeeds() {
  needs.emplace(tasks.size(), workers);
  const sched::Program &program = model.program;
  std::vector<std::vector<TaskAccess>> bySpace(program.spaces.size());
  for (auto [number, task] : llvm::enumerate(tasks))
    for (const sched::Access &access :
         program.agents[task.worker].actions[task.position].accesses) {
      const sched::Buffer &buffer = program.buffers[access.region.buffer];
      sched::Region region = access.region;
      region.buffer = buffer.space;
      region.offset += buffer.offset;
      bySpace[buffer.space].push_back(
          {static_cast<uint32_t>(number), access.isWrite(), region});
    }
  for (auto [space, accesses] : llvm::zip_equal(program.spaces, bySpace))
    if (failed(findNeedsOfSpace(space, accesses)))
      return failure();
  return success();
}

/// The last task ends the step, so everything must have happened by then.
LogicalResult Synchronizer::needEverything() {
  uint32_t last = tasks.size() - 1;
  for (const std::vector<uint32_t> &queue : byQueue)
    if (!queue.empty() && queue.back() != last &&
        failed(addNeed(queue.back(), last)))
      return failure();
  return success();
}

/// An order in which every task follows its queue and its needs.
LogicalResult Synchronizer::orderTasks() {
  std::vector<uint32_t> pending(tasks.size());
  std::vector<std::vector<uint32_t>> unblocks(tasks.size());
  for (uint32_t task = 0; task < tasks.size(); ++task) {
    auto follow = [&](uint32_t producer) {
      unblocks[producer].push_back(task);
      ++pending[task];
    };
    if (tasks[task].position > 0)
      follow(taskAt(tasks[task].worker, tasks[task].position - 1));
    for (auto [worker, count] : llvm::enumerate((*needs)[task]))
      if (count > 0 && worker != tasks[task].worker)
        follow(taskAt(worker, count - 1));
    if (pending[task] == 0)
      executionOrder.push_back(task);
  }
  for (size_t next = 0; next < executionOrder.size(); ++next)
    for (uint32_t task : unblocks[executionOrder[next]])
      if (--pending[task] == 0)
        executionOrder.push_back(task);
  for (auto [number, count] : llvm::enumerate(pending))
    if (count > 0)
      return tasks[number].op->emitOpError(
          "cannot be synchronised: the orders of the queues and what tasks "
          "need of each other form a cycle through it");
  return success();
}

/// Fills consumersOf with the needs that become waits.
void Synchronizer::keepNeeds() {
  consumersOf.resize(tasks.size());
  Matrix clocks(tasks.size(), workers);
  auto raise = [](MutableArrayRef<uint32_t> clock, ArrayRef<uint32_t> other) {
    for (auto [mine, theirs] : llvm::zip_equal(clock, other))
      mine = std::max(mine, theirs);
  };
  for (uint32_t task : executionOrder) {
    uint32_t worker = tasks[task].worker, position = tasks[task].position;
    MutableArrayRef<uint32_t> clock = clocks[task];
    if (position > 0)
      raise(clock, clocks[taskAt(worker, position - 1)]);
    // The latest phases imply most of the others, so they are taken first.
    std::map<int64_t, SmallVector<uint32_t>, std::greater<>> byPhase;
    for (auto [from, count] : llvm::enumerate((*needs)[task]))
      if (count > 0) {
        uint32_t producer = taskAt(from, count - 1);
        byPhase[tasks[producer].phase].push_back(producer);
      }
    for (auto &[producerPhase, producers] : byPhase) {
      bool implied = llvm::all_of(producers, [&](uint32_t producer) {
        return tasks[producer].position < clock[tasks[producer].worker];
      });
      if (implied)
        continue;
      for (uint32_t producer : producers) {
        consumersOf[producer].push_back(task);
        raise(clock, clocks[producer]);
      }
    }
    clock[worker] = position + 1;
  }
}

//===----------------------------------------------------------------------===//
// Counters
//===----------------------------------------------------------------------===//

void Synchronizer::makeJoins() {
  std::map<std::pair<int64_t, std::vector<uint32_t>>, size_t> indexOf;
  for (uint32_t producer = 0; producer < tasks.size(); ++producer) {
    std::vector<uint32_t> &consumers = consumersOf[producer];
    if (consumers.empty())
      continue;
    auto [it, isNew] =
        indexOf.try_emplace({tasks[producer].phase, consumers}, joins.size());
    if (isNew)
      joins.push_back({{}, std::move(consumers), {}});
    joins[it->second].producers.push_back(producer);
  }
}

static Value createCounter(OpBuilder &builder, Location loc,
                           const Twine &name) {
  return CounterOp::create(builder, loc, builder.getStringAttr(name),
                           /*tag_base=*/nullptr, /*barriers=*/nullptr,
                           /*buffer=*/Value(), /*bytes=*/nullptr);
}

static void createWait(TaskOpInterface task, Value counter, int64_t threshold) {
  OpBuilder builder(task);
  WaitOp::create(builder, task->getLoc(), counter,
                 builder.getI64IntegerAttr(threshold));
}

static void createSignal(TaskOpInterface task, Value counter) {
  OpBuilder builder(task);
  builder.setInsertionPointAfter(task);
  SignalOp::create(builder, task->getLoc(), counter,
                   builder.getI64IntegerAttr(1));
}

/// The gates keep steps apart: nothing of a step starts before the last task
/// of the step before, which everything of that step precedes.
void Synchronizer::emitEndOfStep(OpBuilder &builder) {
  Value done = createCounter(builder, tasks.back().op->getLoc(), "done");
  createSignal(tasks.back().op, done);
  for (const std::vector<uint32_t> &queue : byQueue)
    if (!queue.empty())
      createWait(tasks[queue.front()].op, done, 0);
}

void Synchronizer::emit() {
  OpBuilder builder(*schedule.getBody().front().getOps<QueueOp>().begin());
  emitEndOfStep(builder);
  llvm::StringMap<unsigned> names;
  for (Join &join : joins) {
    TaskOpInterface first = tasks[join.producers.front()].op;
    std::string label = first.getPhase().getLabel().str();
    if (unsigned count = names[label]++)
      label += "#" + std::to_string(count);
    Value counter = createCounter(builder, first->getLoc(), label);
    for (uint32_t producer : join.producers)
      createSignal(tasks[producer].op, counter);
    for (uint32_t consumer : join.consumers)
      createWait(tasks[consumer].op, counter, join.producers.size());
  }
}

LogicalResult Synchronizer::checkGates() {
  for (const std::vector<uint32_t> &queue : byQueue)
    if (!queue.empty() && !isa<TaskGateOp>(tasks[queue.front()].op))
      return tasks[queue.front()].op->emitOpError(
          "is the first task of its queue; expected amk.task.gate there");
  return success();
}

LogicalResult Synchronizer::run() {
  numberTasks();
  if (tasks.empty())
    return success();
  if (failed(checkGates()) || failed(findNeeds()) || failed(needEverything()) ||
      failed(orderTasks()))
    return failure();
  keepNeeds();
  makeJoins();
  emit();
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {

struct InsertSync : public mlir::amk::impl::InsertSyncBase<InsertSync> {
  void runOnOperation() override {
    ScheduleOp schedule = getOperation();
    for (auto queue : schedule.getBody().front().getOps<QueueOp>())
      if (queue.getLoader()) {
        queue.emitOpError("is a loader; expected a schedule without loaders, "
                          "whose tasks the order of phases orders");
        return signalPassFailure();
      }
    auto counters = schedule.getBody().front().getOps<CounterOp>();
    if (!counters.empty()) {
      (*counters.begin())
          ->emitOpError("is in a schedule that is about to be synchronised; "
                        "expected one without counters");
      return signalPassFailure();
    }
    if (failed(Synchronizer(schedule).run()))
      return signalPassFailure();
    schedule.removeUnsynchronizedAttr();
  }
};

} // namespace

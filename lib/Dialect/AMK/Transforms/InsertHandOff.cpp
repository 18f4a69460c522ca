//===- InsertHandOff.cpp - Words, tags and loaders of a GPU ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing here proves that the result is safe: the schedule's verifier does, as
// soon as the pass has run. See docs/GpuKernel.md, section 6.2.
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace mlir::amk {
#define GEN_PASS_DEF_INSERTHANDOFF
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

namespace {

/// A buffer that workers pass on: `counters[i]` stands for its i-th `bytesEach`
/// bytes.
struct HandedOff {
  bool isWords = false;
  int64_t bytesEach = 0;
  TaskOpInterface writer; ///< one of the phase that writes it
  SmallVector<CounterOp> counters;
};

class HandOffs {
public:
  HandOffs(ScheduleOp schedule, uint32_t stageBytes)
      : schedule(schedule), stageBytes(stageBytes),
        builder(*schedule.getBody().front().getOps<QueueOp>().begin()) {}

  LogicalResult run();

private:
  LogicalResult findWriters();
  LogicalResult checkChain();
  void createCounters();
  LogicalResult synchronize(TaskOpInterface task);
  LogicalResult createLoader(QueueOp queue);

  CounterOp createCounter(Location loc, const Twine &name, int64_t tagBase = 0,
                          Value buffer = {}, RangeAttr bytes = {});
  SmallVector<TaskOpInterface> tasksOf(QueueOp queue) {
    return llvm::to_vector(queue.getBody().front().getOps<TaskOpInterface>());
  }

  ScheduleOp schedule;
  uint32_t stageBytes; ///< of the ring
  OpBuilder builder; ///< before the first queue
  SmallVector<QueueOp> queues;
  llvm::MapVector<Value, HandedOff> activations;
  llvm::StringMap<unsigned> names;
  llvm::DenseMap<Value, int64_t> signalled; ///< by counter, in a step
  SmallVector<std::pair<TaskOpInterface, CounterOp>> waits;
};

} // namespace

//===----------------------------------------------------------------------===//
// Counters of activations
//===----------------------------------------------------------------------===//

/// Who reads words of three dimensions reads one group of heads, or one head:
/// whole indices of the first dimension. It need not wait for the others.
static int64_t bytesOfWords(BufferOp buffer) {
  auto type = cast<MemRefType>(buffer.getResult().getType());
  return buffer.getBytes() / (type.getRank() == 3 ? type.getDimSize(0) : 1);
}

/// Fills `activations` and says which phase writes each.
LogicalResult HandOffs::findWriters() {
  for (auto buffer : schedule.getBody().front().getOps<BufferOp>()) {
    if (buffer.getKind() != BufferKind::Activation)
      continue;
    if (!buffer.getHandOff())
      return buffer.emitOpError() << "cannot be handed off: expected a "
                                     "hand_off, which amk-choose-hand-off sets";
    HandedOff &its = activations[buffer.getResult()];
    its.isWords = buffer.getHandOff() == HandOff::Tag;
    its.bytesEach = its.isWords ? bytesOfWords(buffer) : buffer.getBytes();
  }
  SmallVector<BufferAccess> accesses;
  for (QueueOp queue : queues)
    for (TaskOpInterface task : tasksOf(queue)) {
      accesses.clear();
      task.getAccesses(accesses);
      for (const BufferAccess &access : accesses) {
        auto it = activations.find(access.buffer);
        if (it == activations.end() || !access.isWrite())
          continue;
        TaskOpInterface &writer = it->second.writer;
        if (!writer)
          writer = task;
        if (writer.getPhase().getIndex() == task.getPhase().getIndex())
          continue;
        InFlightDiagnostic diag =
            task->emitOpError()
            << "writes an activation that another phase writes as well; "
               "expected one phase, whose counter it has";
        diag.attachNote(writer->getLoc()) << "see a task of the other here";
        return diag;
      }
    }
  return success();
}

/// Whoever passes something on has ended the step before, and that is all that
/// others hear of it. If its first task is of the last phase that does, that
/// can be written again while it still reads what is of the step before.
LogicalResult HandOffs::checkChain() {
  std::map<int64_t, TaskOpInterface> writers; // by phase
  for (auto &[buffer, its] : activations)
    if (its.writer)
      writers[its.writer.getPhase().getIndex()] = its.writer;
  if (queues.size() == 1 || writers.empty())
    return success();
  TaskOpInterface last = writers.rbegin()->second;
  for (QueueOp queue : queues) {
    SmallVector<TaskOpInterface> tasks = tasksOf(queue);
    if (tasks.empty() ||
        tasks.front().getPhase().getIndex() < last.getPhase().getIndex())
      continue;
    return queue.emitOpError()
           << "has no task before '" << last.getPhase().getLabel()
           << "', so that nobody hears when it has ended a step; expected "
              "fewer workers";
  }
  return success();
}

CounterOp HandOffs::createCounter(Location loc, const Twine &name,
                                  int64_t tagBase, Value buffer,
                                  RangeAttr bytes) {
  std::string text = name.str();
  if (unsigned count = names[text]++)
    text += "#" + std::to_string(count);
  return CounterOp::create(
      builder, loc, builder.getStringAttr(text),
      tagBase ? builder.getI64IntegerAttr(tagBase) : IntegerAttr(),
      /*barriers=*/nullptr, buffer, bytes);
}

/// Words of one buffer have one tag in a step, and no other buffer has it:
/// buffers may come to share memory. Other buffers have a counter to add to.
void HandOffs::createCounters() {
  std::map<int64_t, int64_t> bases; // of writing phases
  for (auto &[buffer, its] : activations)
    if (its.writer && its.isWords)
      bases[its.writer.getPhase().getIndex()] = 0;
  int64_t next = 1; // 0 is what memory holds that nothing has written
  for (auto &[phase, base] : bases)
    base = next++;
  for (auto &[buffer, its] : activations) {
    if (!its.writer)
      continue;
    PhaseAttr phase = its.writer.getPhase();
    if (!its.isWords) {
      its.counters.push_back(createCounter(buffer.getLoc(), phase.getLabel()));
      continue;
    }
    int64_t bytes = buffer.getDefiningOp<BufferOp>().getBytes();
    int64_t count = bytes / its.bytesEach;
    for (int64_t i = 0; i < count; ++i) {
      std::string name = phase.getLabel().str();
      if (count > 1)
        name += "." + std::to_string(i);
      its.counters.push_back(createCounter(
          buffer.getLoc(), name, bases[phase.getIndex()], buffer,
          RangeAttr::get(builder.getContext(), i * its.bytesEach,
                         (i + 1) * its.bytesEach)));
    }
  }
  schedule.setTagsAttr(
      TagFormatAttr::get(builder.getContext(), /*stride=*/next, /*bits=*/32));
}

//===----------------------------------------------------------------------===//
// Waits and signals
//===----------------------------------------------------------------------===//

static void createWait(TaskOpInterface task, CounterOp counter,
                       int64_t threshold) {
  OpBuilder builder(task);
  WaitOp::create(builder, task->getLoc(), counter.getResult(),
                 builder.getI64IntegerAttr(threshold));
}

/// After the signals that the task has.
static void createSignal(TaskOpInterface task, CounterOp counter) {
  Operation *last = task;
  while (isa_and_nonnull<SignalOp>(last->getNextNode()))
    last = last->getNextNode();
  OpBuilder builder(task->getContext());
  builder.setInsertionPointAfter(last);
  SignalOp::create(builder, task->getLoc(), counter.getResult(),
                   builder.getI64IntegerAttr(1));
}

/// Adds the counters of the bytes that the access touches.
static void findCounters(const BufferAccess &access, const HandedOff &its,
                         llvm::SmallSetVector<CounterOp, 4> &counters) {
  sched::Region touched{0, uint64_t(access.offset), uint64_t(access.rows),
                        uint64_t(access.rowBytes), uint64_t(access.rowStride)};
  for (auto [index, counter] : llvm::enumerate(its.counters)) {
    auto bytes = static_cast<uint64_t>(its.bytesEach);
    if (sched::overlap(touched, {0, index * bytes, 1, bytes, bytes}))
      counters.insert(counter);
  }
}

/// Adds the task's signals; its waits have to wait until all are counted.
LogicalResult HandOffs::synchronize(TaskOpInterface task) {
  SmallVector<BufferAccess> accesses;
  task.getAccesses(accesses);
  llvm::SmallSetVector<CounterOp, 4> read, written;
  for (const BufferAccess &access : accesses) {
    auto it = activations.find(access.buffer);
    if (it == activations.end())
      continue;
    if (!it->second.writer) {
      InFlightDiagnostic diag =
          task->emitOpError("reads an activation that no task writes");
      diag.attachNote(it->first.getLoc()) << "see the buffer here";
      return diag;
    }
    findCounters(access, it->second, access.isWrite() ? written : read);
  }
  for (CounterOp counter : read)
    waits.push_back({task, counter});
  for (CounterOp counter : written) {
    createSignal(task, counter);
    ++signalled[counter.getResult()];
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Loaders
//===----------------------------------------------------------------------===//

/// The tasks of the queue that have a cache, which then is their own.
static FailureOr<SmallVector<TaskAttentionOp>>
findAttention(ArrayRef<TaskOpInterface> tasks) {
  SmallVector<TaskAttentionOp> found;
  for (TaskOpInterface task : tasks) {
    bool hasCache = llvm::any_of(task->getOperands(), [](Value operand) {
      auto buffer = operand.getDefiningOp<BufferOp>();
      return buffer && buffer.getKind() == BufferKind::KVCache;
    });
    if (!hasCache)
      continue;
    auto attention = dyn_cast<TaskAttentionOp>(*task);
    if (!attention || !attention.getRing())
      return task->emitOpError("cannot be handed off: it uses a cache; expected "
                               "amk.task.attention with `ring` to be the only "
                               "task that does");
    found.push_back(attention);
  }
  return found;
}

/// A block is never cut in two stages.
static LogicalResult checkBlocks(ArrayRef<TaskAttentionOp> tasks,
                                 uint32_t stageBytes) {
  for (TaskAttentionOp task : tasks)
    if (kvBlockBytes(task) > stageBytes)
      return task.emitOpError()
             << "has blocks of " << kvBlockBytes(task)
             << " bytes of its cache, which have no room in the stages of "
             << stageBytes << " bytes of this target's ring";
  return success();
}

/// The loader of a worker brings caches in the order of its attention tasks.
/// Nothing else keeps it from running ahead: the ring is a matter of its own.
LogicalResult HandOffs::createLoader(QueueOp queue) {
  FailureOr<SmallVector<TaskAttentionOp>> attention =
      findAttention(tasksOf(queue));
  if (failed(attention))
    return failure();
  if (attention->empty())
    return success();
  if (failed(checkBlocks(*attention, stageBytes)))
    return failure();
  Location loc = queue.getLoc();
  std::string worker = std::to_string(queue.getWorker());
  CounterOp loaded = createCounter(loc, "loaded." + worker);
  CounterOp appended = createCounter(loc, "appended." + worker);
  OpBuilder after(builder.getContext());
  after.setInsertionPointAfter(queue);
  auto loader = QueueOp::create(after, loc, queue.getWorkerAttr(),
                                after.getUnitAttr());
  OpBuilder body = OpBuilder::atBlockEnd(&loader.getBody().emplaceBlock());
  auto count = static_cast<int64_t>(attention->size());
  for (auto [index, task] : llvm::enumerate(*attention)) {
    auto number = static_cast<int64_t>(index) + 1;
    auto load =
        TaskLoadKVOp::create(body, task.getLoc(), task.getCache(),
                             task.getPhase(), IntegerAttr(), CallAttr());
    createWait(load, appended, number - count); // the step before
    createSignal(load, loaded);
    createWait(task, loaded, number);
    createSignal(task, appended);
    body.setInsertionPointToEnd(load->getBlock());
  }
  return success();
}

LogicalResult HandOffs::run() {
  llvm::append_range(queues, schedule.getBody().front().getOps<QueueOp>());
  if (failed(findWriters()) || failed(checkChain()))
    return failure();
  createCounters();
  for (QueueOp queue : queues)
    for (TaskOpInterface task : tasksOf(queue))
      if (failed(synchronize(task)))
        return failure();
  for (auto [task, counter] : waits)
    createWait(task, counter, signalled[counter.getResult()]);
  for (QueueOp queue : queues)
    if (failed(createLoader(queue)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// The schedule as placement leaves it.
static LogicalResult checkInput(ScheduleOp schedule) {
  if (!schedule.getUnsynchronized())
    return schedule.emitOpError("is synchronised already; expected an "
                                "`unsynchronized` one");
  for (auto queue : schedule.getBody().front().getOps<QueueOp>())
    if (queue.getLoader())
      return queue.emitOpError("is a loader; expected a schedule without "
                               "loaders");
  auto counters = schedule.getBody().front().getOps<CounterOp>();
  if (!counters.empty())
    return (*counters.begin())
        ->emitOpError("is in a schedule that is about to be synchronised; "
                      "expected one without counters");
  return success();
}

namespace {

struct InsertHandOff
    : public mlir::amk::impl::InsertHandOffBase<InsertHandOff> {
  using InsertHandOffBase::InsertHandOffBase;

  void runOnOperation() override {
    ScheduleOp schedule = getOperation();
    Builder builder(&getContext());
    if (failed(checkInput(schedule)))
      return signalPassFailure();
    schedule->setAttr(kStageBytesAttrName,
                      builder.getI64IntegerAttr(stageBytes));
    if (failed(ringStageBytes(schedule)) ||
        failed(HandOffs(schedule, stageBytes).run()))
      return signalPassFailure();
    if (targetWorkers || sharedBytes)
      schedule.setLimitsAttr(
          LimitsAttr::get(&getContext(), targetWorkers, sharedBytes));
    schedule.removeUnsynchronizedAttr();
  }
};

} // namespace

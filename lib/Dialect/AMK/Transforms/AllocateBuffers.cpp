//===- AllocateBuffers.cpp - Places of buffers in address spaces ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two activations A and B may share bytes if every access of A completes before
// any access of B starts, in every execution, and B's of one step complete
// before A's of the next. (A's of one step before B's of the next then follows:
// an action comes after itself of the step before.) Value+tag words share with
// words only: to whoever polls them, bits of other data could look like a tag.
// When these are out of use is another question; see WordLifetimes.h. The words
// of opaque tasks, in buffers without `hand_off tag`, share with nothing.
//
//===----------------------------------------------------------------------===//

#include "WordLifetimes.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

namespace mlir::amk {
#define GEN_PASS_DEF_ALLOCATEBUFFERS
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;
namespace abi = ::amk::abi;

namespace {

constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();

/// When an activation is in use, as positions in every agent's queue.
struct Lifetime {
  SmallVector<uint32_t> first; ///< [agents] its first access there, or kNever
  SmallVector<uint32_t> last;  ///< [agents] its last access there, or kNever
  /// [agents] first action that all accesses precede, of this step and of the
  /// next. Later actions of the agent are preceded as well, so that comparing
  /// positions decides for all pairs of actions.
  SmallVector<uint32_t> freeFrom, freeFromNextStep;
  bool isTagged = false; ///< holds value+tag words
};

class Lifetimes {
public:
  Lifetimes(const ScheduleModel &model, const sched::HappensBefore &order,
            ArrayRef<BufferOp> activations);

  bool mayShare(size_t a, size_t b) const {
    return !lifetimes[a].isTagged && !lifetimes[b].isTagged &&
           (endsBefore(a, b) || endsBefore(b, a));
  }

private:
  void findAccesses(const ScheduleModel &model, ArrayRef<BufferOp> activations);
  void findEnds(Lifetime &lifetime, const ScheduleModel &model,
                const sched::HappensBefore &order);

  /// All of a precedes all of b in a step, and all of b all of a in the next.
  bool endsBefore(size_t a, size_t b) const {
    return precedes(lifetimes[a].freeFrom, lifetimes[b].first) &&
           precedes(lifetimes[b].freeFromNextStep, lifetimes[a].first);
  }
  static bool precedes(ArrayRef<uint32_t> freeFrom, ArrayRef<uint32_t> first) {
    for (auto [free, use] : llvm::zip_equal(freeFrom, first))
      if (use != kNever && use < free)
        return false;
    return true;
  }

  std::vector<Lifetime> lifetimes;
};

/// Which activations may share bytes, by their places in the list.
class Sharing {
public:
  explicit Sharing(ArrayRef<BufferOp> activations);
  LogicalResult find(ScheduleOp schedule);

  bool mayShare(size_t a, size_t b) const {
    if (isWords[a] != isWords[b])
      return false;
    return isWords[a] ? ofWords->mayShare(place[a], place[b])
                      : ofOthers->mayShare(place[a], place[b]);
  }

private:
  SmallVector<BufferOp> words, others;
  SmallVector<bool> isWords; ///< of each activation
  SmallVector<size_t> place; ///< in `words` or `others`
  std::optional<WordLifetimes> ofWords;
  std::optional<Lifetimes> ofOthers;
};

/// The lowest aligned gap that no interfering buffer occupies.
class FirstFit {
public:
  explicit FirstFit(uint64_t alignment) : alignment(alignment) {}

  struct Place {
    size_t buffer;
    uint64_t begin, end;
  };

  uint64_t place(size_t buffer, uint64_t bytes,
                 function_ref<bool(size_t)> interferes) {
    uint64_t begin = 0;
    for (const Place &other : places) { // sorted by begin
      if (!interferes(other.buffer) || other.end <= begin)
        continue;
      if (begin + bytes <= other.begin)
        break;
      begin = llvm::alignTo(other.end, alignment);
    }
    Place added{buffer, begin, begin + bytes};
    places.insert(llvm::upper_bound(places, added,
                                    [](const Place &a, const Place &b) {
                                      return a.begin < b.begin;
                                    }),
                  added);
    end = std::max(end, added.end);
    return begin;
  }

  uint64_t totalBytes() const { return llvm::alignTo(end, alignment); }

private:
  uint64_t alignment;
  uint64_t end = 0;
  SmallVector<Place> places;
};

} // namespace

Lifetimes::Lifetimes(const ScheduleModel &model,
                     const sched::HappensBefore &order,
                     ArrayRef<BufferOp> activations) {
  findAccesses(model, activations);
  for (Lifetime &lifetime : lifetimes)
    findEnds(lifetime, model, order);
}

void Lifetimes::findAccesses(const ScheduleModel &model,
                             ArrayRef<BufferOp> activations) {
  size_t agents = model.tasks.size();
  lifetimes.resize(activations.size());
  llvm::DenseMap<Value, size_t> indexOf;
  for (auto [index, buffer] : llvm::enumerate(activations)) {
    indexOf[BufferOp(buffer).getResult()] = index;
    lifetimes[index].first.assign(agents, kNever);
    lifetimes[index].last.assign(agents, kNever);
  }
  SmallVector<BufferAccess> accesses;
  for (auto [agent, queue] : llvm::enumerate(model.tasks)) {
    for (auto [position, task] : llvm::enumerate(queue)) {
      accesses.clear();
      TaskOpInterface(task).getAccesses(accesses);
      for (const BufferAccess &access : accesses) {
        auto it = indexOf.find(access.buffer);
        if (it == indexOf.end())
          continue;
        Lifetime &lifetime = lifetimes[it->second];
        if (lifetime.first[agent] == kNever)
          lifetime.first[agent] = position;
        lifetime.last[agent] = position;
        lifetime.isTagged |= access.mode == sched::AccessMode::WriteTagged;
      }
    }
  }
}

void Lifetimes::findEnds(Lifetime &lifetime, const ScheduleModel &model,
                         const sched::HappensBefore &order) {
  SmallVector<sched::ActionRef> ends;
  for (auto [agent, last] : llvm::enumerate(lifetime.last))
    if (last != kNever)
      ends.push_back({static_cast<uint32_t>(agent), last});
  for (auto [agent, queue] : llvm::enumerate(model.tasks)) {
    // The first position for which `isAfter` holds; it then holds for all.
    auto firstAfter = [&, agent = agent](auto isAfter) {
      uint32_t low = 0, high = model.tasks[agent].size();
      while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        sched::ActionRef action{static_cast<uint32_t>(agent), middle};
        if (llvm::all_of(ends, [&](sched::ActionRef end) {
              return isAfter(end, action);
            }))
          high = middle;
        else
          low = middle + 1;
      }
      return low;
    };
    lifetime.freeFrom.push_back(
        firstAfter([&](auto a, auto b) { return order.ordered(a, b); }));
    lifetime.freeFromNextStep.push_back(firstAfter(
        [&](auto a, auto b) { return order.orderedAcrossSteps(a, b); }));
  }
}

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

Sharing::Sharing(ArrayRef<BufferOp> activations) {
  for (BufferOp buffer : activations) {
    isWords.push_back(buffer.getHandOff() == HandOff::Tag);
    SmallVector<BufferOp> &list = isWords.back() ? words : others;
    place.push_back(list.size());
    list.push_back(buffer);
  }
}

LogicalResult Sharing::find(ScheduleOp schedule) {
  ScheduleModel model = buildScheduleModel(schedule);
  if (!words.empty()) {
    SmallVector<uint32_t> buffers;
    for (BufferOp buffer : words)
      buffers.push_back(model.buffers.at(buffer.getResult()));
    ofWords.emplace(model.program, buffers);
  }
  if (others.empty())
    return success();
  sched::HappensBefore order(model.program);
  if (!order.ok())
    return schedule.emitOpError("deadlocks; expected a schedule that verifies");
  ofOthers.emplace(model, order, others);
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

static void setOffset(BufferOp buffer, uint64_t offset) {
  buffer.setOffsetAttr(Builder(buffer.getContext()).getI64IntegerAttr(offset));
}

/// Everything but activations: fixed places or one after the other.
static void placeOthers(Block &block, uint64_t alignment) {
  uint64_t constantEnd = 0, cacheEnd = 0, tables = 0;
  llvm::DenseMap<uint64_t, uint64_t> sharedEnds; // by worker
  auto append = [&](BufferOp buffer, uint64_t &end) {
    setOffset(buffer, end);
    end = llvm::alignTo(end + buffer.getBytes(), alignment);
  };
  for (auto buffer : block.getOps<BufferOp>()) {
    switch (buffer.getKind()) {
    case BufferKind::Activation:
    case BufferKind::Weight: // in the streams; see PackWeights
    case BufferKind::Ring:   // has no offset
      break;
    case BufferKind::Shared:
      append(buffer, sharedEnds[*buffer.getWorker()]);
      break;
    case BufferKind::KVCache:
      append(buffer, cacheEnd);
      break;
    case BufferKind::Token:
      setOffset(buffer, abi::IOLayout::kToken);
      break;
    case BufferKind::Control:
      setOffset(buffer, abi::IOLayout::kControl);
      break;
    case BufferKind::Logits:
      setOffset(buffer, abi::IOLayout::kLogits);
      break;
    case BufferKind::Vector:
    case BufferKind::Rotary:
      append(buffer, constantEnd);
      break;
    case BufferKind::Table: // an index into the tables
      setOffset(buffer, tables++);
      break;
    }
  }
}

namespace {

struct AllocateBuffers
    : public mlir::amk::impl::AllocateBuffersBase<AllocateBuffers> {
  using AllocateBuffersBase::AllocateBuffersBase;

  LogicalResult placeActivations(ArrayRef<BufferOp> activations);

  void runOnOperation() override {
    ScheduleOp schedule = getOperation();
    if (!llvm::isPowerOf2_32(alignment)) {
      schedule.emitError() << getArgument() << ": alignment: found "
                           << alignment.getValue()
                           << ", expected a power of two";
      return signalPassFailure();
    }
    if (schedule.getUnsynchronized()) {
      schedule.emitOpError(
          "is unsynchronized: buffers share bytes by the order "
          "of tasks; run amk-insert-sync first");
      return signalPassFailure();
    }
    SmallVector<BufferOp> activations;
    for (auto buffer : schedule.getBody().front().getOps<BufferOp>())
      if (buffer.getKind() == BufferKind::Activation)
        activations.push_back(buffer);
    if (failed(placeActivations(activations)))
      return signalPassFailure();
    placeOthers(schedule.getBody().front(), alignment);
  }
};

} // namespace

/// Largest first: small buffers fit into what is left between large ones.
LogicalResult
AllocateBuffers::placeActivations(ArrayRef<BufferOp> activations) {
  ScheduleOp schedule = getOperation();
  std::optional<Sharing> sharing;
  if (reuse) {
    sharing.emplace(activations);
    if (failed(sharing->find(schedule)))
      return failure();
  }
  auto bySize = llvm::to_vector(llvm::seq<size_t>(0, activations.size()));
  auto bytes = [&](size_t index) {
    return static_cast<uint64_t>(BufferOp(activations[index]).getBytes());
  };
  llvm::sort(bySize, [&](size_t a, size_t b) {
    return std::make_pair(bytes(b), a) < std::make_pair(bytes(a), b);
  });
  FirstFit arena(alignment);
  for (size_t index : bySize) {
    uint64_t offset = arena.place(index, bytes(index), [&](size_t other) {
      return !sharing || !sharing->mayShare(index, other);
    });
    setOffset(activations[index], offset);
  }
  schedule.setArenaBytesAttr(
      Builder(&getContext()).getI64IntegerAttr(arena.totalBytes()));
  return success();
}

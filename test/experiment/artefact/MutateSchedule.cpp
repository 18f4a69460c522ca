//===- MutateSchedule.cpp - Damage that leaves tables well formed -*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a compiler with a bug would write: the tables are taken apart, the
// schedule is changed, and they are put together again with all counts right.
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"
#include "amk/Support/Error.h"

#include <algorithm>

using namespace amk;
using namespace amk::artefact;
using schedule::Tables;

namespace {

struct Task {
  abi::Instruction in;
  std::vector<abi::Wait> waits;
  std::vector<abi::Signal> signals;
  std::vector<abi::Access> accesses;
};

struct Loose {
  Tables t;
  std::vector<std::vector<Task>> queues; ///< one for each of t.queues
};

} // namespace

static Loose takeApart(const std::string &bytes) {
  Loose loose{schedule::decodeTables(bytes, "source"), {}};
  const Tables &t = loose.t;
  for (const abi::Queue &queue : t.queues) {
    loose.queues.emplace_back();
    for (uint32_t i = 0; i != queue.count; ++i) {
      const abi::Instruction &in = t.instructions[queue.begin + i];
      auto waits = t.waits.begin() + in.waitBegin;
      auto signals = t.signals.begin() + in.signalBegin;
      auto accesses = t.accesses.begin() + in.accessBegin;
      loose.queues.back().push_back({in,
                                     {waits, waits + in.waitCount},
                                     {signals, signals + in.signalCount},
                                     {accesses, accesses + in.accessCount}});
    }
  }
  return loose;
}

template <typename T>
static void append(std::vector<T> &all, const std::vector<T> &some,
                   uint32_t &begin, uint32_t &count) {
  begin = static_cast<uint32_t>(all.size());
  count = static_cast<uint32_t>(some.size());
  all.insert(all.end(), some.begin(), some.end());
}

static std::string putTogether(Loose loose) {
  Tables &t = loose.t;
  t.instructions.clear(), t.waits.clear(), t.signals.clear();
  t.accesses.clear();
  for (abi::Counter &counter : t.counters)
    counter.perStep = 0;
  for (size_t q = 0; q != t.queues.size(); ++q) {
    t.queues[q].begin = static_cast<uint32_t>(t.instructions.size());
    t.queues[q].count = static_cast<uint32_t>(loose.queues[q].size());
    for (Task &task : loose.queues[q]) {
      append(t.waits, task.waits, task.in.waitBegin, task.in.waitCount);
      append(t.signals, task.signals, task.in.signalBegin, task.in.signalCount);
      append(t.accesses, task.accesses, task.in.accessBegin,
             task.in.accessCount);
      for (const abi::Signal &signal : task.signals)
        if (signal.counter < t.counters.size())
          t.counters[signal.counter].perStep += signal.amount;
      t.instructions.push_back(task.in);
    }
  }
  return schedule::encodeTables(t);
}

/// Nothing changes where there is nothing to change or the result has no form.
template <typename Change>
static void rewrite(Source &source, const Change &change) {
  Loose loose = takeApart(source.tables);
  change(loose);
  try {
    source.tables = putTogether(std::move(loose));
  } catch (const Error &) {
  }
}

static Task *chooseTask(Loose &loose, Random &random) {
  auto &tasks = loose.queues[random.below(loose.queues.size())];
  return tasks.empty() ? nullptr : &tasks[random.below(tasks.size())];
}

/// Changes, drops, doubles or adds an element of a random task's list. Small
/// lists of big schedules are often empty, so a few tasks are tried.
template <typename T, typename Change>
static void changeElement(Source &source, Random &random,
                          std::vector<T> Task::*list, const Change &change) {
  rewrite(source, [&](Loose &loose) {
    for (unsigned tries = 0; tries != 8; ++tries) {
      Task *task = chooseTask(loose, random);
      if (!task || (task->*list).empty())
        continue;
      std::vector<T> &elements = task->*list;
      size_t at = random.below(elements.size());
      switch (random.below(6)) {
      case 0:
        elements.erase(elements.begin() + at);
        return;
      case 1: {
        Task *other = chooseTask(loose, random);
        T copy = elements[at];
        if (other)
          (other->*list).push_back(copy);
        return;
      }
      default:
        change(loose.t, elements[at]);
        return;
      }
    }
  });
}

static uint32_t anyCounter(const Tables &t, Random &random) {
  return static_cast<uint32_t>(
      random.below(std::max<size_t>(1, t.counters.size())));
}

void artefact::changeWait(Source &source, Random &random) {
  changeElement(
      source, random, &Task::waits, [&](const Tables &t, abi::Wait &wait) {
        switch (random.below(4)) {
        case 0:
          wait.counter = anyCounter(t, random);
          break;
        case 1:
          wait.threshold -= t.counters[wait.counter].perStep;
          break;
        case 2:
          wait.threshold =
              int32_t(uint32_t(wait.threshold) + (random.oneIn(2) ? 1 : ~0u));
          break;
        default:
          wait.threshold = static_cast<int32_t>(
              interesting(uint64_t(wait.threshold), random));
        }
      });
}

void artefact::changeSignal(Source &source, Random &random) {
  changeElement(source, random, &Task::signals,
                [&](const Tables &t, abi::Signal &signal) {
                  if (random.oneIn(2))
                    signal.counter = anyCounter(t, random);
                  else
                    signal.amount =
                        random.oneIn(3)
                            ? uint32_t(interesting(signal.amount, random))
                            : uint32_t(random.below(4));
                });
}

void artefact::changeAccess(Source &source, Random &random) {
  changeElement(source, random, &Task::accesses,
                [&](const Tables &t, abi::Access &access) {
                  uint64_t unit = std::max<uint64_t>(1, access.rowBytes);
                  switch (random.below(7)) {
                  case 0:
                    access.buffer = uint32_t(random.below(t.buffers.size()));
                    break;
                  case 1:
                    access.mode = uint32_t(random.below(5));
                    access.counter =
                        access.mode == uint32_t(abi::AccessMode::WriteTagged)
                            ? anyCounter(t, random)
                            : abi::kNone;
                    break;
                  case 2:
                    access.offset += random.oneIn(2) ? unit : 0 - unit;
                    break;
                  case 3:
                    access.rowBytes -= random.below(unit + 1);
                    break;
                  case 4:
                    access.rows = interesting(access.rows, random);
                    break;
                  case 5:
                    access.rowStride = interesting(access.rowStride, random);
                    break;
                  default:
                    access.offset = interesting(access.offset, random);
                  }
                });
}

void artefact::changeBuffer(Source &source, Random &random) {
  rewrite(source, [&](Loose &loose) {
    std::vector<abi::BufferInfo> &buffers = loose.t.buffers;
    if (buffers.empty())
      return;
    abi::BufferInfo &buffer = buffers[random.below(buffers.size())];
    const abi::BufferInfo other = buffers[random.below(buffers.size())];
    switch (random.below(5)) {
    case 0: // onto another one
      buffer.space = other.space;
      buffer.offset = other.offset;
      break;
    case 1:
      buffer.kind = uint32_t(random.below(3));
      break;
    case 2:
      buffer.offset = interesting(buffer.offset, random);
      break;
    case 3:
      buffer.bytes = interesting(buffer.bytes, random);
      break;
    default:
      buffer.offset += 4 * (random.below(33) - 16);
    }
  });
}

void artefact::changeCounter(Source &source, Random &random) {
  rewrite(source, [&](Loose &loose) {
    if (loose.t.counters.empty())
      return;
    abi::Counter &counter =
        loose.t.counters[random.below(loose.t.counters.size())];
    switch (random.below(4)) {
    case 0:
      counter.protocol = uint32_t(random.below(3));
      counter.barriers = counter.protocol == 2 ? uint32_t(random.below(5)) : 0;
      counter.tagBase = counter.protocol == 1 ? random.below(8) : 0;
      break;
    case 1:
      counter.tagBase = interesting(counter.tagBase, random);
      break;
    case 2:
      counter.barriers = uint32_t(interesting(counter.barriers, random));
      break;
    default:
      loose.t.tags.stride = interesting(loose.t.tags.stride, random);
      loose.t.tags.bits = uint32_t(random.below(66));
    }
  });
}

void artefact::changeQueues(Source &source, Random &random) {
  rewrite(source, [&](Loose &loose) {
    auto &from = loose.queues[random.below(loose.queues.size())];
    auto &to = loose.queues[random.below(loose.queues.size())];
    if (from.empty())
      return;
    size_t at = random.below(from.size());
    Task task = from[at];
    switch (random.below(4)) {
    case 0: // neighbours change places
      if (at + 1 != from.size())
        std::swap(from[at], from[at + 1]);
      return;
    case 1:
      from.erase(from.begin() + at);
      return;
    case 2:
      from.erase(from.begin() + at);
      break;
    default: // twice
      break;
    }
    to.insert(to.begin() + random.below(to.size() + 1), task);
  });
}

void artefact::changeSpace(Source &source, Random &random) {
  rewrite(source, [&](Loose &loose) {
    if (loose.t.spaces.empty())
      return;
    abi::SpaceInfo &space = loose.t.spaces[random.below(loose.t.spaces.size())];
    switch (random.below(4)) {
    case 0:
      space.bytes = interesting(space.bytes, random);
      break;
    case 1:
      space.ringBytes = interesting(space.ringBytes, random);
      break;
    case 2:
      space.worker = uint32_t(random.below(loose.t.workers + 1)) - 1;
      break;
    default:
      loose.t.limits.workers = random.below(loose.t.workers + 2);
      loose.t.limits.sharedBytes =
          interesting(space.ringBytes + space.bytes, random);
    }
  });
}

//===- Timeline.cpp - What every worker did, and when ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Timeline.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <map>

using namespace amk;
using namespace amk::runtime;

static constexpr size_t kNowhere = SIZE_MAX;

std::string runtime::phaseOfTask(const std::string &name) {
  std::string phase = name.substr(0, name.find('['));
  static const std::string layers = "layers.";
  if (phase.rfind(layers, 0) != 0)
    return phase;
  size_t dot = phase.find('.', layers.size());
  return dot == phase.npos ? phase : phase.substr(dot + 1);
}

void TimeSpent::add(const TaskSpan &span, double before) {
  ++tasks;
  between += span.begin - before;
  activations += span.input - span.begin;
  ring += span.ringWait;
  computing += span.computing();
  epilogue += span.published - span.weights;
}

//===----------------------------------------------------------------------===//
// From stamps to times
//===----------------------------------------------------------------------===//

namespace {

/// Times of one worker's stamps.
class WorkerTime {
public:
  WorkerTime(const abi::WorkerClocks &clocks, double origin)
      : ticks(clocks.ticks[0]),
        begin((clocks.nanoseconds[0] - origin) * 1e-3),
        perTick(double(clocks.nanoseconds[1] - clocks.nanoseconds[0]) * 1e-3 /
                double(clocks.ticks[1] - clocks.ticks[0])),
        last(clocks.ticks[0]) {}

  /// The stamp lies within 2^31 ticks of the last one that was read with
  /// advance().
  double at(uint32_t stamp) const { return toMicros(near(stamp)); }
  double advance(uint32_t stamp) {
    last = near(stamp);
    return toMicros(last);
  }
  double duration(uint32_t count) const { return count * perTick; }

private:
  uint64_t near(uint32_t stamp) const {
    auto distance = static_cast<int32_t>(stamp - static_cast<uint32_t>(last));
    return last + distance;
  }
  double toMicros(uint64_t value) const {
    return begin + static_cast<double>(static_cast<int64_t>(value - ticks)) *
                       perTick;
  }

  uint64_t ticks;
  double begin, perTick;
  uint64_t last;
};

} // namespace

static bool wasRun(const abi::TaskStamps &stamps) {
  return stamps.clock[uint32_t(abi::Stamp::Begin)] != 0 &&
         stamps.clock[uint32_t(abi::Stamp::Published)] != 0;
}

/// Bodies without a stamp for their input do not wait for any; what lies before
/// the results then counts as computing.
static TaskSpan makeSpan(const abi::TaskStamps &stamps, WorkerTime &time) {
  auto stamp = [&](abi::Stamp which) { return stamps.clock[uint32_t(which)]; };
  TaskSpan span;
  span.begin = time.advance(stamp(abi::Stamp::Begin));
  span.input = stamp(abi::Stamp::Input)
                   ? time.advance(stamp(abi::Stamp::Input))
                   : span.begin;
  uint32_t used = stamp(abi::Stamp::Weights);
  double weights = used ? time.advance(used) : 0;
  span.published = time.advance(stamp(abi::Stamp::Published));
  // By another thread than the stamps before.
  span.weights = used ? std::min(weights, span.published) : span.published;
  // What was waited for the ring before the input had come is counted as if it
  // had been waited for afterwards.
  span.input -=
      std::min(time.duration(stamps.earlyRingWait), span.input - span.begin);
  span.ringWait = std::min(time.duration(stamps.ringWait),
                           span.weights - span.input);
  if (stamps.loadBegin && stamps.loadEnd)
    span.load = {time.at(stamps.loadBegin), time.at(stamps.loadEnd)};
  return span;
}

void Timeline::addWorker(const abi::Queue &queue,
                         const abi::WorkerClocks &clocks, const Trace &trace) {
  WorkerTime time(clocks, origin);
  size_t perStep = tables.instructions.size();
  for (uint32_t step = 0; step < steps; ++step)
    for (uint32_t i = queue.begin; i < queue.begin + queue.count; ++i) {
      const abi::TaskStamps &stamps = trace.tasks[step * perStep + i];
      if (!wasRun(stamps))
        continue;
      TaskSpan span = makeSpan(stamps, time);
      if (span.input < span.begin || span.weights < span.input ||
          span.published < span.weights)
        fail("timeline", std::string(tables.name(tables.instructions[i].name)) + ", step " +
                             std::to_string(step) +
                             ": found stamps out of order");
      span.step = step;
      span.worker = queue.worker;
      span.instruction = i;
      place[step * perStep + i] = list.size();
      list.push_back(span);
    }
}

Timeline::Timeline(const schedule::Tables &tables, const Trace &trace)
    : tables(tables), steps(trace.steps), startPosition(trace.startPosition),
      place(trace.steps * tables.instructions.size(), kNowhere) {
  if (trace.tasks.size() != place.size() ||
      trace.clocks.size() != tables.workers)
    fail("timeline", "found stamps of " + std::to_string(trace.tasks.size()) +
                         " tasks and " + std::to_string(trace.clocks.size()) +
                         " workers, expected " + std::to_string(place.size()) +
                         " and " + std::to_string(tables.workers));
  uint64_t first = UINT64_MAX;
  for (size_t worker = 0; worker < trace.clocks.size(); ++worker) {
    const abi::WorkerClocks &clocks = trace.clocks[worker];
    if (clocks.nanoseconds[0] == 0 ||
        clocks.nanoseconds[1] <= clocks.nanoseconds[0] ||
        clocks.ticks[1] <= clocks.ticks[0])
      fail("timeline", "worker " + std::to_string(worker) +
                           ": found no clocks of its begin and end");
    first = std::min(first, clocks.nanoseconds[0]);
  }
  origin = static_cast<double>(first);
  for (const abi::Queue &queue : tables.queues)
    if (queue.role == uint32_t(abi::Role::Compute))
      addWorker(queue, trace.clocks[queue.worker], trace);
  for (const TaskSpan &span : list)
    length = std::max(length, span.published);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// When the worker's task before was published; the begin of its first task.
double Timeline::endBefore(size_t span) const {
  bool isFirst = span == 0 || list[span - 1].worker != list[span].worker;
  return isFirst ? list[span].begin : list[span - 1].published;
}

std::vector<Timeline::Phase> Timeline::byPhase() const {
  std::vector<Phase> phases;
  std::map<std::string, size_t> numbers;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string name =
        phaseOfTask(tables.name(tables.instructions[list[i].instruction].name));
    auto [entry, isNew] = numbers.try_emplace(name, phases.size());
    if (isNew)
      phases.push_back({name, {}});
    phases[entry->second].spent.add(list[i], endBefore(i));
  }
  return phases;
}

std::vector<TimeSpent> Timeline::byWorker() const {
  std::vector<TimeSpent> workers(tables.workers);
  for (size_t i = 0; i < list.size(); ++i)
    workers[list[i].worker].add(list[i], endBefore(i));
  return workers;
}

std::vector<ChainLink> Timeline::longestChain() const {
  // Tasks that signal a counter, in any worker.
  std::vector<std::vector<uint32_t>> signallers(tables.counters.size());
  for (uint32_t i = 0; i < tables.instructions.size(); ++i) {
    const abi::Instruction &in = tables.instructions[i];
    for (uint32_t s = 0; s < in.signalCount; ++s)
      signallers[tables.signals[in.signalBegin + s].counter].push_back(i);
  }
  auto later = [](const TaskSpan &a, const TaskSpan &b) {
    return a.published < b.published;
  };
  std::vector<ChainLink> chain;
  auto last = std::max_element(list.begin(), list.end(), later);
  size_t now = last == list.end() ? kNowhere : last - list.begin();
  while (now != kNowhere) {
    const TaskSpan &span = list[now];
    bool isFirst = now == 0 || list[now - 1].worker != span.worker;
    size_t before = isFirst ? kNowhere : now - 1;
    auto consider = [&](size_t other) {
      // Clocks of workers agree to some tens of nanoseconds only.
      if (other != kNowhere && list[other].published < span.published &&
          (before == kNowhere || later(list[before], list[other])))
        before = other;
    };
    const abi::Instruction &in = tables.instructions[span.instruction];
    for (uint32_t w = 0; w < in.waitCount; ++w) {
      const abi::Wait &wait = tables.waits[in.waitBegin + w];
      if (wait.threshold <= 0) // of the step before
        continue;
      for (uint32_t i : signallers[wait.counter])
        consider(place[span.step * tables.instructions.size() + i]);
    }
    bool handOff =
        before != kNowhere && list[before].worker != span.worker;
    chain.push_back(
        {now, before == kNowhere ? span.begin : list[before].published,
         handOff});
    now = before;
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

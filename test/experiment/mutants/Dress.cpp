//===- Dress.cpp - Plans in the form they have on a GPU -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dress.h"

#include "amk/Support/Error.h"

#include <algorithm>
#include <map>

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

DressStyle amk::mutants::randomStyle(Random &random) {
  DressStyle style;
  style.tagPercent = random.pick(std::vector<unsigned>{0, 50, 80, 100});
  style.ringSlots = random.pick(std::vector<unsigned>{0, 1, 2, 3, 4});
  if (style.tagPercent == 0 && style.ringSlots == 0)
    style.ringSlots = 2;
  style.maxStages = random.between(1, 2);
  return style;
}

//===----------------------------------------------------------------------===//
// Tags
//===----------------------------------------------------------------------===//

namespace {

class Tagger {
public:
  Tagger(Plan &plan, const DressStyle &style, Random &random)
      : plan(plan), style(style), random(random) {}

  Rotation run() {
    Rotation rotation;
    for (uint32_t buffer : buffersInOrder())
      if (canBeTagged(buffer) && random.chance(style.tagPercent) &&
          placeIsFree(rotation, buffer))
        rotation.push_back(buffer);
    if (rotation.empty())
      return rotation;
    place(rotation);
    for (uint32_t buffer : rotation)
      tag(buffer);
    plan.frame.tags.bits = random.chance(50) ? 32 : 16;
    plan.frame.tags.stride = plan.frame.counters.size();
    return rotation;
  }

private:
  Plan &plan;
  const DressStyle &style;
  Random &random;

  std::vector<uint32_t> buffersInOrder() const {
    std::vector<uint32_t> order;
    for (const PlanTask &task : plan.tasks)
      for (const Access &a : task.action.accesses)
        if (a.isWrite() && std::find(order.begin(), order.end(),
                                     a.region.buffer) == order.end())
          order.push_back(a.region.buffer);
    return order;
  }

  bool canBeTagged(uint32_t buffer) const {
    if (plan.frame.buffers[buffer].kind != BufferKind::Scratch)
      return false;
    for (const PlanTask &task : plan.tasks) {
      bool reads = false, writes = false;
      for (const Access &a : task.action.accesses)
        if (a.region.buffer == buffer) {
          if (a.mode == AccessMode::Reduce)
            return false;
          (a.isWrite() ? writes : reads) = true;
        }
      if (reads && writes)
        return false;
    }
    return true;
  }

  /// Whether who would have the same place before is through when `buffer` is
  /// written.
  bool placeIsFree(const Rotation &rotation, uint32_t buffer) const {
    if (rotation.size() < style.tagPlaces)
      return true;
    uint32_t before = rotation[rotation.size() - style.tagPlaces];
    size_t lastUse = 0, firstWrite = plan.tasks.size();
    for (size_t task = 0; task < plan.tasks.size(); ++task)
      for (const Access &a : plan.tasks[task].action.accesses) {
        if (a.region.buffer == before)
          lastUse = task;
        if (a.region.buffer == buffer)
          firstWrite = std::min(firstWrite, task);
      }
    return lastUse < firstWrite;
  }

  /// Tagged buffers take turns in a few equal places of a space of their own.
  void place(const Rotation &rotation) {
    uint64_t size = 0;
    for (uint32_t buffer : rotation)
      size = std::max(size, plan.frame.buffers[buffer].bytes);
    uint32_t space = plan.frame.spaces.size();
    plan.frame.spaces.push_back(
        {"tagged", size * style.tagPlaces, 0, Space::kGlobal});
    for (size_t i = 0; i < rotation.size(); ++i) {
      Buffer &buffer = plan.frame.buffers[rotation[i]];
      buffer.space = space;
      buffer.offset = i % style.tagPlaces * size;
    }
  }

  void tag(uint32_t buffer) {
    std::map<uint32_t, uint32_t> counterOfGroup;
    for (PlanTask &task : plan.tasks) {
      bool signalled = false;
      for (Access &a : task.action.accesses) {
        if (a.region.buffer != buffer || !a.isWrite())
          continue;
        auto known = counterOfGroup.find(task.group);
        if (known == counterOfGroup.end())
          known = counterOfGroup.insert({task.group, addCounter(buffer)}).first;
        a.mode = AccessMode::WriteTagged;
        a.counter = known->second;
        if (!signalled)
          task.action.signals.push_back({known->second, 1});
        signalled = true;
      }
    }
    for (auto [group, counter] : counterOfGroup)
      addWaits(counter, buffer);
  }

  uint32_t addCounter(uint32_t buffer) {
    uint32_t number = plan.frame.counters.size();
    plan.frame.counters.push_back(
        {"words of " + plan.frame.buffers[buffer].name, Protocol::Tag, 0,
         number});
    return number;
  }

  void addWaits(uint32_t counter, uint32_t buffer) {
    int64_t producers = 0;
    std::vector<Region> words;
    for (const PlanTask &task : plan.tasks) {
      for (const Access &a : task.action.accesses)
        if (a.mode == AccessMode::WriteTagged && a.counter == counter)
          words.push_back(a.region);
      for (const Signal &s : task.action.signals)
        producers += s.counter == counter;
    }
    for (PlanTask &task : plan.tasks)
      for (const Access &a : task.action.accesses)
        if (a.mode == AccessMode::Read && a.region.buffer == buffer &&
            touches(a.region, words)) {
          task.action.waits.push_back({counter, producers});
          break;
        }
  }

  static bool touches(const Region &region, const std::vector<Region> &words) {
    for (const Region &w : words)
      for (uint64_t i = 0; i < region.rows; ++i)
        for (uint64_t j = 0; j < w.rows; ++j) {
          uint64_t a = region.offset + i * region.rowStride;
          uint64_t b = w.offset + j * w.rowStride;
          if (a < b + w.rowBytes && b < a + region.rowBytes)
            return true;
        }
    return false;
  }
};

//===----------------------------------------------------------------------===//
// Rings
//===----------------------------------------------------------------------===//

/// Loader, ring and counters of one worker.
class Loader {
public:
  static constexpr uint64_t slotBytes = 16;

  Loader(Plan &plan, uint32_t compute, const DressStyle &style)
      : plan(plan), compute(compute), slots(style.ringSlots) {
    schedule::Program &frame = plan.frame;
    uint32_t worker = frame.agents[compute].worker;
    std::string name = std::to_string(worker);
    agent = frame.agents.size();
    frame.agents.push_back({"loader " + name, worker, {}});
    space = frame.spaces.size();
    frame.spaces.push_back({"ring " + name, 0, slots * slotBytes, worker});
    buffer = frame.buffers.size();
    frame.buffers.push_back(
        {"weights " + name, BufferKind::Scratch, space, 0, 0});
    filled = frame.counters.size();
    frame.counters.push_back({"filled " + name, Protocol::Parity, slots, 0});
    released = filled + 1;
    frame.counters.push_back({"released " + name, Protocol::Parity, slots, 0});
  }

  /// The loader's task for the next stage.
  PlanTask fill() const {
    PlanTask task;
    task.agent = agent;
    task.action.name = "fill[" + std::to_string(stages) + "]";
    task.action.waits = {{released, stages + 1 - int64_t(slots)}};
    task.action.accesses = {{AccessMode::Write, slot(), Access::kNoCounter}};
    task.action.signals = {{filled, 1}};
    return task;
  }

  /// Adds reading the next stage, and giving its slot back, to an action.
  void consume(Action &action) {
    action.waits.push_back({filled, stages + 1});
    action.accesses.push_back({AccessMode::Read, slot(), Access::kNoCounter});
    action.signals.push_back({released, 1});
    ++stages;
    plan.frame.buffers[buffer].bytes += slotBytes;
    plan.frame.spaces[space].bytes += slotBytes;
  }

  PlanTask stage() {
    PlanTask task;
    task.agent = compute;
    task.action.name = "stage[" + std::to_string(stages) + "]";
    consume(task.action);
    return task;
  }

private:
  Plan &plan;
  uint32_t compute, agent, space, buffer, filled, released;
  uint32_t slots;
  int64_t stages = 0;

  Region slot() const {
    return {buffer, stages * slotBytes, 1, slotBytes, slotBytes};
  }
};

} // namespace

static void addRings(Plan &plan, const DressStyle &style, Random &random) {
  uint32_t group = 0;
  for (const PlanTask &task : plan.tasks)
    group = std::max(group, task.group + 1);
  std::map<uint32_t, Loader> loaders;
  std::vector<PlanTask> tasks;
  auto add = [&](PlanTask task) {
    task.group = group++;
    tasks.push_back(std::move(task));
  };
  for (PlanTask &task : plan.tasks) {
    unsigned stages =
        task.streamsWeights ? random.between(1, style.maxStages) : 0;
    auto loader = loaders.find(task.agent);
    if (stages && loader == loaders.end())
      loader =
          loaders.emplace(task.agent, Loader(plan, task.agent, style)).first;
    for (unsigned i = 0; i < stages; ++i) {
      add(loader->second.fill());
      // The last stage may be part of the task itself.
      if (i + 1 == stages && random.chance(30))
        loader->second.consume(task.action);
      else
        add(loader->second.stage());
    }
    tasks.push_back(std::move(task));
  }
  plan.tasks = std::move(tasks);
  plan.frame.limits.sharedBytes = style.ringSlots * Loader::slotBytes;
}

Rotation amk::mutants::dress(Plan &plan, const DressStyle &style,
                             Random &random) {
  Rotation rotation = Tagger(plan, style, random).run();
  if (style.ringSlots)
    addRings(plan, style, random);
  return rotation;
}

//===----------------------------------------------------------------------===//
// Programs that were placed by the compiler
//===----------------------------------------------------------------------===//

Plan amk::mutants::planFromProgram(const Program &program, Random &random) {
  Plan plan;
  plan.frame = program;
  plan.frame.counters.clear();
  for (Agent &agent : plan.frame.agents)
    agent.actions.clear();
  uint32_t ownGroup = program.counters.size();
  std::vector<int64_t> value(program.counters.size());
  std::vector<size_t> next(program.agents.size());
  auto holds = [&](const Wait &w) { return value[w.counter] >= w.threshold; };
  for (bool progress = true; progress;) {
    progress = false;
    for (uint32_t agent = 0; agent < program.agents.size(); ++agent) {
      const std::vector<Action> &queue = program.agents[agent].actions;
      if (next[agent] == queue.size())
        continue;
      const Action &action = queue[next[agent]];
      if (!std::all_of(action.waits.begin(), action.waits.end(), holds))
        continue;
      PlanTask task;
      task.action = {action.name, {}, action.accesses, {}};
      task.agent = agent;
      task.group =
          action.signals.empty() ? ownGroup++ : action.signals.front().counter;
      task.streamsWeights = random.chance(50);
      plan.tasks.push_back(std::move(task));
      for (const Signal &signal : action.signals)
        value[signal.counter] += signal.amount;
      ++next[agent];
      progress = true;
    }
  }
  for (uint32_t agent = 0; agent < next.size(); ++agent)
    if (next[agent] != program.agents[agent].actions.size())
      throw Error("program with a deadlock: agent " + std::to_string(agent));
  return plan;
}

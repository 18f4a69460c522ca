//===- Plan.cpp - Placed tasks that still lack their waits ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Plan.h"

#include <algorithm>
#include <map>

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

std::vector<Access> Plan::tagReads(const PlanTask &task) const {
  std::vector<Access> reads;
  for (const Wait &wait : task.action.waits)
    for (const PlanTask &writer : tasks)
      for (Access access : writer.action.accesses)
        if (access.mode == AccessMode::WriteTagged &&
            access.counter == wait.counter) {
          access.mode = AccessMode::Read;
          reads.push_back(access);
        }
  return reads;
}

namespace {

/// How an access of a task has to have ended before a later one may start.
enum Need : uint8_t { Completed = 1, Visible = 2, WordsVisible = 4 };

/// A set of tasks of two steps.
using TaskSet = std::vector<bool>;

void unite(TaskSet &into, const TaskSet &from) {
  for (size_t i = 0; i < into.size(); ++i)
    if (from[i])
      into[i] = true;
}

/// What has happened in every execution when a task starts.
struct Known {
  TaskSet completed, visible, words;
  explicit Known(size_t n) : completed(n), visible(n), words(n) {}
  void add(const Known &other) {
    unite(completed, other.completed);
    unite(visible, other.visible);
    unite(words, other.words);
  }
};

/// A wait for all tasks of a group: of this step or of the step before.
struct GroupWait {
  uint32_t group;
  bool previous;
};

class Synchronizer {
public:
  Synchronizer(const Plan &plan, const SyncStyle &style, Random &random)
      : plan(plan), style(style), random(random), n(plan.tasks.size()),
        needs(n * n), known(2 * n, Known(2 * n)), waits(n) {}

  Program run() {
    findGroups();
    findNeeds();
    for (size_t task = 0; task < n; ++task)
      decideWaits(task, 0);
    for (size_t task = 0; task < n; ++task)
      decideWaits(task, 1);
    return build();
  }

private:
  const Plan &plan;
  const SyncStyle &style;
  Random &random;
  size_t n;
  std::vector<uint8_t> needs; ///< of (earlier, later): bits of Need
  std::vector<Known> known;   ///< per step and task
  std::vector<std::vector<GroupWait>> waits;
  /// Tasks of a group; after the plan's groups, one group for each task.
  std::vector<std::vector<size_t>> groups;
  size_t sharedGroups = 0;
  std::vector<bool> used; ///< groups that someone waits for

  uint32_t agentOf(size_t task) const { return plan.tasks[task].agent; }

  void findGroups() {
    for (size_t task = 0; task < n; ++task) {
      if (plan.tasks[task].group >= groups.size())
        groups.resize(plan.tasks[task].group + 1);
      groups[plan.tasks[task].group].push_back(task);
    }
    sharedGroups = groups.size();
    for (size_t task = 0; task < n; ++task)
      groups.push_back({task});
    used.resize(groups.size());
  }

  /// All pairs of accesses that share a byte outside of the rings.
  void findNeeds() {
    std::vector<std::vector<Access>> accesses;
    for (const PlanTask &task : plan.tasks) {
      accesses.push_back(plan.tagReads(task));
      accesses.back().insert(accesses.back().end(),
                             task.action.accesses.begin(),
                             task.action.accesses.end());
    }
    for (size_t a = 0; a < n; ++a)
      for (size_t b = 0; b < n; ++b)
        if (agentOf(a) != agentOf(b))
          for (const Access &x : accesses[a])
            for (const Access &y : accesses[b])
              if ((x.isWrite() || y.isWrite()) && overlap(x.region, y.region))
                needs[a * n + b] |= endOf(x);
  }

  static uint8_t endOf(const Access &x) {
    if (!x.isWrite())
      return Completed;
    return x.mode == AccessMode::WriteTagged ? WordsVisible : Visible;
  }

  bool overlap(const Region &x, const Region &y) const {
    const Buffer &p = plan.frame.buffers[x.buffer];
    const Buffer &q = plan.frame.buffers[y.buffer];
    if (p.space != q.space || plan.frame.spaces[p.space].ringBytes)
      return false;
    for (uint64_t i = 0; i < x.rows; ++i)
      for (uint64_t j = 0; j < y.rows; ++j) {
        uint64_t a = p.offset + x.offset + i * x.rowStride;
        uint64_t b = q.offset + y.offset + j * y.rowStride;
        if (a < b + y.rowBytes && b < a + x.rowBytes)
          return true;
      }
    return false;
  }

  bool has(const Known &k, size_t event, uint8_t need) const {
    return (!(need & Completed) || k.completed[event]) &&
           (!(need & Visible) || k.visible[event]) &&
           (!(need & WordsVisible) || k.words[event]);
  }

  /// Later by `step` steps than the tasks [0, n); `step` is 0 or 1.
  void decideWaits(size_t b, size_t step) {
    Known &k = known[step * n + b];
    followQueue(b, step, k);
    followTagWaits(b, step, k);
    for (GroupWait wait : waits[b])
      followGroup(wait.group, step, k);
    // The nearest first: it often tells of the others, too. In step 0 pairs of
    // this step are decided, in step 1 those with the step before.
    size_t end = step == 0 ? b : n;
    for (size_t a = end; a-- > 0;)
      if (!has(k, a, needs[a * n + b])) {
        uint32_t group = groupFor(a, b, step);
        waits[b].push_back({group, step == 1});
        used[group] = true;
        followGroup(group, 0, k);
      }
    if (step == 0 && random.chance(style.redundantWaitPercent))
      addRedundantWait(b);
  }

  /// The group of `a`, if `b` can wait for all of it.
  uint32_t groupFor(size_t a, size_t b, size_t step) const {
    uint32_t group = plan.tasks[a].group;
    return step == 1 || groups[group].back() < b ? group : sharedGroups + a;
  }

  void addRedundantWait(size_t b) {
    uint32_t group = random.below(sharedGroups);
    if (groups[group].empty() || groups[group].back() >= b)
      return;
    waits[b].push_back({group, false});
    used[group] = true;
  }

  void followQueue(size_t b, size_t step, Known &k) {
    for (size_t a = step * n + b; a-- > 0;)
      if (agentOf(a % n) == agentOf(b)) {
        k.add(known[a]);
        k.completed[a] = true;
        return;
      }
  }

  void followTagWaits(size_t b, size_t step, Known &k) {
    for (const Wait &wait : plan.tasks[b].action.waits)
      for (size_t a = 0; a < n; ++a)
        for (const Access &access : plan.tasks[a].action.accesses)
          if (access.mode == AccessMode::WriteTagged &&
              access.counter == wait.counter) {
            k.add(known[step * n + a]);
            k.completed[step * n + a] = true;
            // Its other tagged words may still be on their way.
            if (writesOneCounter(a))
              k.words[step * n + a] = true;
          }
  }

  bool writesOneCounter(size_t task) const {
    uint32_t counter = Access::kNoCounter;
    for (const Access &access : plan.tasks[task].action.accesses)
      if (access.mode == AccessMode::WriteTagged) {
        if (counter != Access::kNoCounter && counter != access.counter)
          return false;
        counter = access.counter;
      }
    return true;
  }

  void followGroup(uint32_t group, size_t step, Known &k) {
    for (size_t a : groups[group]) {
      k.add(known[step * n + a]);
      // A signal comes after all that its agent did before.
      for (size_t e = 0; e <= step * n + a; ++e)
        if (agentOf(e % n) == agentOf(a))
          k.completed[e] = k.visible[e] = k.words[e] = true;
    }
  }

  /// Every task of `q` knows all of `p`, of the same step or the step before.
  bool follows(uint32_t q, uint32_t p, bool previous) const {
    for (size_t b : groups[q])
      for (size_t a : groups[p])
        if (!known[n + b].visible[previous ? a : n + a])
          return false;
    return true;
  }

  Program build() {
    Program program = plan.frame;
    for (size_t task = 0; task < n; ++task)
      program.agents[agentOf(task)].actions.push_back(plan.tasks[task].action);
    makeCounters(program);
    return program;
  }

  struct Place {
    uint32_t counter;
    uint64_t sum; ///< of the counter up to this group
  };

  void makeCounters(Program &program);
  std::vector<std::vector<uint32_t>> chainGroups();
};

/// Groups that follow each other strictly can share a counter: then whoever
/// waits for an earlier one has a threshold below the sum of the step.
std::vector<std::vector<uint32_t>> Synchronizer::chainGroups() {
  std::vector<std::vector<uint32_t>> chains;
  for (uint32_t group = 0; group < groups.size(); ++group) {
    if (!used[group])
      continue;
    bool append = style.countersOfSeveralGroups && !chains.empty() &&
                  chains.back().size() < 4 && random.chance(70) &&
                  follows(group, chains.back().back(), false) &&
                  follows(chains.back().front(), group, true);
    if (!append)
      chains.emplace_back();
    chains.back().push_back(group);
  }
  return chains;
}

void Synchronizer::makeCounters(Program &program) {
  std::vector<Place> places(groups.size());
  std::vector<uint64_t> sums;
  std::vector<Action *> actions(n);
  std::vector<size_t> next(program.agents.size());
  for (size_t task = 0; task < n; ++task) {
    uint32_t agent = agentOf(task);
    actions[task] = &program.agents[agent].actions[next[agent]++];
  }
  for (const std::vector<uint32_t> &chain : chainGroups()) {
    uint32_t counter = program.counters.size();
    program.counters.push_back(
        {"done" + std::to_string(chain.front()), Protocol::Release, 0, 0});
    uint64_t sum = 0;
    for (uint32_t group : chain) {
      for (size_t task : groups[group]) {
        uint64_t amount = style.unequalAmounts ? random.between(1, 3) : 1;
        actions[task]->signals.push_back({counter, amount});
        sum += amount;
      }
      places[group] = {counter, sum};
    }
    sums.resize(counter + 1);
    sums[counter] = sum;
  }
  for (size_t task = 0; task < n; ++task)
    for (GroupWait wait : waits[task]) {
      Place place = places[wait.group];
      int64_t back = wait.previous ? sums[place.counter] : 0;
      actions[task]->waits.push_back(
          {place.counter, int64_t(place.sum) - back});
    }
}

} // namespace

Program amk::mutants::synchronize(const Plan &plan, const SyncStyle &style,
                                  Random &random) {
  return Synchronizer(plan, style, random).run();
}

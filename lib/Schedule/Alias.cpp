//===- Alias.cpp - Waits by parity and by tag: AMK-P1, AMK-T1 -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both kinds of wait test a few bits that come round again. They are what the
// model takes them for, "the counter has got this far", as long as no phase
// with the same bits can be there instead.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace amk::schedule;

namespace {

class ParityChecker {
public:
  ParityChecker(const Program &program, const Model &model, const Order &order,
                uint64_t steps, Report &report);
  void checkWait(uint32_t action, const Wait &wait);

private:
  /// A signal by its number, counted from 0, relative to the first of a step.
  struct Numbered {
    uint32_t action;
    int64_t step;
  };
  Numbered signal(uint32_t counter, int64_t number) const {
    auto perStep = static_cast<int64_t>(model.perStep[counter]);
    int64_t step = floorDiv(number, perStep);
    return {signals[counter][static_cast<size_t>(number - step * perStep)],
            step};
  }
  bool inLaunch(int64_t step) const {
    return steps == 0 || step < static_cast<int64_t>(steps);
  }
  void checkEarly(uint32_t action, const Wait &wait, int64_t barriers);
  void checkLate(uint32_t action, const Wait &wait, int64_t barriers);

  const Program &program;
  const Model &model;
  const Order &order;
  const uint64_t steps;
  Report &report;
  std::vector<std::vector<uint32_t>> signals; ///< [counters] Parity only
};

} // namespace

ParityChecker::ParityChecker(const Program &program, const Model &model,
                             const Order &order, uint64_t steps, Report &report)
    : program(program), model(model), order(order), steps(steps),
      report(report), signals(model.numCounters()) {
  // One agent signals a Parity counter: by number is by queue order.
  for (uint32_t action = 0; action != model.numActions(); ++action)
    for (uint32_t i = model.signalBegin[action];
         i != model.signalBegin[action + 1]; ++i)
      if (model.protocol[model.signals[i].counter] == Protocol::Parity)
        signals[model.signals[i].counter].push_back(action);
}

void ParityChecker::checkWait(uint32_t action, const Wait &wait) {
  if (model.perStep[wait.counter] == 0)
    return;
  int64_t barriers = program.counters[wait.counter].barriers;
  checkEarly(action, wait, barriers);
  checkLate(action, wait, barriers);
}

/// The signal one round before must have happened when the action is reached.
void ParityChecker::checkEarly(uint32_t action, const Wait &wait,
                               int64_t barriers) {
  Numbered before = signal(wait.counter, wait.threshold - barriers - 1);
  // The first step whose wait is for a signal with one a round before it in the
  // launch: there, that one is in step 0.
  int64_t step = -before.step;
  if (!inLaunch(step) ||
      order.beforeReached({before.action, End::Writes}, action,
                          static_cast<uint64_t>(step)))
    return;
  report.add(Rule::ParityAlias, model.ref(action),
             "can wait for '" + program.counters[wait.counter].name +
                 "' to reach " + std::to_string(wait.threshold) +
                 " while the phase before on the same barrier is not complete, "
                 "and takes the one two phases back for it",
             {{model.ref(before.action), "completes the phase before"}});
}

/// The signal one round later must not happen until the action starts.
void ParityChecker::checkLate(uint32_t action, const Wait &wait,
                              int64_t barriers) {
  auto perStep = static_cast<int64_t>(model.perStep[wait.counter]);
  Numbered after = signal(wait.counter, wait.threshold + barriers - 1);
  // The first step whose wait is for a signal of the launch.
  int64_t step = std::max<int64_t>(0, -floorDiv(wait.threshold - 1, perStep));
  if (!inLaunch(step) || !inLaunch(step + after.step))
    return;
  bool isOwn = after.step == 0 && after.action == action;
  if (isOwn ||
      (after.step >= 0 && order.before({action, End::Reads}, after.action,
                                       static_cast<uint64_t>(after.step),
                                       static_cast<uint64_t>(step))))
    return;
  report.add(Rule::ParityAlias, model.ref(action),
             "waits for '" + program.counters[wait.counter].name +
                 "' to reach " + std::to_string(wait.threshold) +
                 ", and can fall two phases behind its barrier",
             {{model.ref(after.action),
               "completes the phase after without waiting for it"}});
}

namespace {

/// A tagged write of some bytes.
struct TaggedWrite {
  uint32_t position; ///< in the canonical order
  uint32_t action;
  uint32_t counter;
};

class TagChecker {
public:
  TagChecker(const Program &program, const Model &model, const GreedyRun &run,
             const Order &order, uint64_t steps, Report &report)
      : program(program), model(model), order(order), steps(steps),
        report(report), positions(model.numActions()),
        waiters(model.numCounters()),
        mask(program.tags.bits == 64 ? ~uint64_t(0)
                                     : (uint64_t(1) << program.tags.bits) - 1) {
    for (uint32_t i = 0; i != run.order.size(); ++i)
      positions[run.order[i]] = i;
  }
  void check();

private:
  struct Row {
    Interval bytes;
    TaggedWrite write;
  };
  bool someTagsMeet() const;
  void collect(std::vector<std::vector<Row>> &rows);
  void sweep(std::vector<Row> &rows);
  void checkBytes(const std::vector<TaggedWrite> &writes);
  void checkPair(const std::vector<TaggedWrite> &writes, size_t meant,
                 size_t stale, unsigned ago);
  uint64_t tag(uint32_t counter, unsigned ago) const {
    return (program.counters[counter].tagBase - ago * program.tags.stride) &
           mask;
  }

  const Program &program;
  const Model &model;
  const Order &order;
  const uint64_t steps;
  Report &report;
  std::vector<uint32_t> positions;            ///< [actions]
  std::vector<std::vector<uint32_t>> waiters; ///< [counters] Tag only
  const uint64_t mask;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t>> reported;
};

} // namespace

/// True if two Tag counters, wherever their words are, have the same tag in one
/// step or in neighbouring ones. Usually none have.
bool TagChecker::someTagsMeet() const {
  std::vector<uint64_t> now, ago;
  for (uint32_t c = 0; c != model.numCounters(); ++c)
    if (model.isTag(c) && model.perStep[c] != 0) {
      now.push_back(tag(c, 0));
      ago.push_back(tag(c, 1));
    }
  std::sort(now.begin(), now.end());
  if (std::adjacent_find(now.begin(), now.end()) != now.end())
    return true;
  return std::any_of(ago.begin(), ago.end(), [&](uint64_t value) {
    return std::binary_search(now.begin(), now.end(), value);
  });
}

void TagChecker::collect(std::vector<std::vector<Row>> &rows) {
  for (uint32_t action = 0; action != model.numActions(); ++action) {
    ActionRef ref = model.ref(action);
    const Action &self = program.agents[ref.agent].actions[ref.action];
    for (const Wait &wait : self.waits)
      if (model.isTag(wait.counter))
        waiters[wait.counter].push_back(action);
    for (const Access &access : self.accesses) {
      if (access.mode != AccessMode::WriteTagged)
        continue;
      uint32_t space = program.buffers[access.region.buffer].space;
      for (Interval row : rowsInSpace(program, normalize(access.region)))
        rows[space].push_back(
            {row, {positions[action], action, access.counter}});
    }
  }
}

/// Calls checkBytes() for each run of bytes that have the same writes.
void TagChecker::sweep(std::vector<Row> &rows) {
  std::vector<uint64_t> cuts;
  for (const Row &row : rows) {
    cuts.push_back(row.bytes.begin);
    cuts.push_back(row.bytes.end);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::sort(rows.begin(), rows.end(),
            [](const Row &a, const Row &b) { return a.bytes < b.bytes; });
  std::vector<Row> open;
  std::vector<TaggedWrite> writes;
  auto next = rows.begin();
  for (uint64_t at : cuts) {
    open.erase(
        std::remove_if(open.begin(), open.end(),
                       [&](const Row &row) { return row.bytes.end <= at; }),
        open.end());
    for (; next != rows.end() && next->bytes.begin == at; ++next)
      open.push_back(*next);
    writes.clear();
    for (const Row &row : open)
      writes.push_back(row.write);
    std::sort(writes.begin(), writes.end(),
              [](const TaggedWrite &a, const TaggedWrite &b) {
                return a.position < b.position;
              });
    checkBytes(writes);
  }
}

/// The bytes hold these writes' words, one after the other, step by step. A
/// waiter has seen the words that it waited for in the step before, so nothing
/// older can be there. Words of one action have no order.
void TagChecker::checkBytes(const std::vector<TaggedWrite> &writes) {
  for (size_t meant = 0; meant != writes.size(); ++meant) {
    uint64_t expected = tag(writes[meant].counter, 0);
    for (size_t stale = 0; stale != writes.size(); ++stale) {
      unsigned ago = writes[stale].position < writes[meant].position ? 0 : 1;
      if (tag(writes[stale].counter, ago) == expected &&
          (ago == 0 || steps != 1))
        checkPair(writes, meant, stale, ago);
    }
  }
}

/// Stale words can be found by those who are reached before the next action's
/// write of these bytes is there.
void TagChecker::checkPair(const std::vector<TaggedWrite> &writes, size_t meant,
                           size_t stale, unsigned ago) {
  size_t next = stale;
  while (next != writes.size() &&
         writes[next].position == writes[stale].position)
    ++next;
  bool isLast = next == writes.size();
  uint64_t distance = isLast ? ago - 1 : ago;
  if (isLast)
    next = 0;
  // An agent sees its own words at once, whatever memory holds.
  auto isOwn = [&](uint32_t writer, uint32_t waiter) {
    return model.agentOf[writer] == model.agentOf[waiter];
  };
  // Any word that the action stores there is enough.
  auto isReplaced = [&](uint32_t waiter) {
    // The actions of an agent are numbered in the order of its queue.
    uint32_t writer = writes[next].action;
    if (isOwn(writer, waiter) && (distance != 0 || writer < waiter))
      return true;
    for (size_t i = next;
         i != writes.size() && writes[i].position == writes[next].position; ++i)
      if (order.beforeReached({writes[i].action, End::Words, writes[i].counter},
                              waiter, distance))
        return true;
    return false;
  };
  uint32_t counter = writes[meant].counter, other = writes[stale].counter;
  for (uint32_t waiter : waiters[counter]) {
    if (isOwn(writes[meant].action, waiter) || isReplaced(waiter) ||
        !reported.insert({waiter, counter, other}).second)
      continue;
    report.add(Rule::TagAlias, model.ref(waiter),
               "waits for the words of '" + program.counters[counter].name +
                   "', and can find those of '" + program.counters[other].name +
                   (ago ? "' of the step before" : "'") + " with the same tag",
               {{model.ref(writes[stale].action), "writes the stale words"},
                {model.ref(writes[meant].action), "writes those waited for"}});
  }
}

void TagChecker::check() {
  if (!someTagsMeet())
    return;
  std::vector<std::vector<Row>> rows(program.spaces.size());
  collect(rows);
  for (std::vector<Row> &space : rows)
    sweep(space);
}

void amk::schedule::checkAliases(const Program &program, const Model &model,
                                 const GreedyRun &run, const Order &order,
                                 uint64_t steps, Report &report) {
  bool hasParity = std::find(model.protocol.begin(), model.protocol.end(),
                             Protocol::Parity) != model.protocol.end();
  if (hasParity) {
    ParityChecker parity(program, model, order, steps, report);
    for (uint32_t action = 0; action != model.numActions(); ++action)
      for (uint32_t i = model.waitBegin[action];
           i != model.waitBegin[action + 1] && !report.full(); ++i)
        if (model.protocol[model.waits[i].counter] == Protocol::Parity)
          parity.checkWait(action, model.waits[i]);
  }
  if (model.hasTags)
    TagChecker(program, model, run, order, steps, report).check();
}

//===- Check.cpp - Well-formed programs: AMK-S1 to AMK-S5 -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

using namespace amk::schedule;

namespace {

/// Tables hold thresholds as i32, amounts and sums per step as u32.
constexpr int64_t kMinThreshold = std::numeric_limits<int32_t>::min();
constexpr int64_t kMaxThreshold = std::numeric_limits<int32_t>::max();
constexpr uint64_t kMaxAmount = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxActions = (1u << 30) - 1;
constexpr uint64_t kMaxItems = std::numeric_limits<uint32_t>::max() - 1;
/// Rows of all accesses together: bounds memory and work on hostile tables.
constexpr uint64_t kMaxRows = 1 << 26;
constexpr uint64_t kMaxEnd = std::numeric_limits<uint64_t>::max();
constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

struct CounterFacts {
  uint64_t perStep = 0;
  uint32_t signaller = kNone; ///< the first agent that signals it
};

class Checker {
public:
  Checker(const Program &program, std::vector<CounterFacts> &counters,
          Report &report)
      : program(program), report(report), counters(counters) {
    counters.assign(program.counters.size(), {});
  }
  void run();

private:
  void checkSpaces();
  void checkBuffers();
  void checkCounters();
  void checkSize();
  void checkQueue(uint32_t agent);
  void checkAction(ActionRef ref, const Action &action);
  void checkWait(ActionRef ref, const Wait &wait);
  void checkSignal(ActionRef ref, const Action &action, size_t index);
  void checkProtocol(ActionRef ref, const Action &action, size_t signal);
  void checkAccess(ActionRef ref, const Action &action, const Access &access);
  void checkMode(ActionRef ref, const Action &action, const Access &access);
  bool isPlain(const Action &action) const;
  void checkRows(ActionRef ref);
  void checkTagWaits();
  bool checkCounter(ActionRef ref, const char *what, uint32_t counter);
  std::string nameOf(uint32_t counter) const {
    return "counter '" + program.counters[counter].name + "'";
  }

  const Program &program;
  Report &report;
  std::vector<CounterFacts> &counters;
  uint64_t actions = 0, waits = 0, signals = 0, accesses = 0, rows = 0;
  bool hasTags = false;
  bool hasShared = false; ///< some space is one worker's
};

/// Tagged words share no byte with ordinary writes, and are seen by workers
/// that have access to them. References and bounds hold.
class WordChecker {
public:
  WordChecker(const Program &program, Report &report)
      : program(program), report(report) {}
  void run();

private:
  struct Write {
    Region bytes; ///< in the space
    ActionRef action;
    const Access *access;
    uint64_t furthest; ///< the largest end in its space, up to this one
  };
  void collect();
  bool compare(const Write &word, const Write &other);
  void checkWaiters();

  const Program &program;
  Report &report;
  std::vector<Write> words, plain;
};

} // namespace

//===----------------------------------------------------------------------===//
// Spaces, buffers, counters
//===----------------------------------------------------------------------===//

void Checker::checkSize() {
  auto limit = [&](const char *what, uint64_t count, uint64_t max) {
    if (count > max)
      report.add(Rule::Range, "the program has " + std::to_string(count) + " " +
                                  what + ", expected at most " +
                                  std::to_string(max));
  };
  limit("actions", actions, kMaxActions);
  limit("waits", waits, kMaxItems);
  limit("signals", signals, kMaxItems);
  limit("accesses", accesses, kMaxItems);
  limit("agents", program.agents.size(), kMaxItems);
  limit("counters", program.counters.size(), kMaxItems);
  limit("buffers", program.buffers.size(), kMaxItems);
  limit("spaces", program.spaces.size(), kMaxItems);
}

void Checker::checkSpaces() {
  for (const Space &space : program.spaces)
    hasShared |= space.worker != Space::kGlobal;
  if (program.limits.workers) {
    std::set<uint32_t> workers;
    for (const Agent &agent : program.agents)
      workers.insert(agent.worker);
    if (workers.size() > program.limits.workers)
      report.add(Rule::Resources, "the program has " +
                                      std::to_string(workers.size()) +
                                      " workers, but at most " +
                                      std::to_string(program.limits.workers) +
                                      " can be resident at once");
  }
  if (!program.limits.sharedBytes)
    return;
  std::map<uint32_t, uint64_t> shared; // bytes of each worker, saturated
  for (const Space &space : program.spaces) {
    if (space.worker == Space::kGlobal)
      continue;
    uint64_t &sum = shared[space.worker];
    uint64_t bytes = space.ringBytes ? space.ringBytes : space.bytes;
    sum = bytes > kMaxEnd - sum ? kMaxEnd : sum + bytes;
  }
  for (const auto &[worker, bytes] : shared)
    if (bytes > program.limits.sharedBytes)
      report.add(Rule::Resources,
                 "the spaces in the shared memory of worker " +
                     std::to_string(worker) + " take " + std::to_string(bytes) +
                     " bytes, expected at most " +
                     std::to_string(program.limits.sharedBytes));
}

void Checker::checkBuffers() {
  for (const Buffer &buffer : program.buffers) {
    if (buffer.space >= program.spaces.size()) {
      report.add(Rule::Reference, "buffer '" + buffer.name + "' names space " +
                                      std::to_string(buffer.space) +
                                      ", expected less than " +
                                      std::to_string(program.spaces.size()));
      continue;
    }
    const Space &space = program.spaces[buffer.space];
    if (buffer.bytes != 0 && (buffer.offset > space.bytes ||
                              buffer.bytes > space.bytes - buffer.offset))
      report.add(Rule::Bounds,
                 "buffer '" + buffer.name + "' has " +
                     std::to_string(buffer.bytes) + " bytes from " +
                     std::to_string(buffer.offset) + ", but " + space.name +
                     " has " + std::to_string(space.bytes) + " bytes");
    if (space.ringBytes && buffer.kind != BufferKind::Scratch)
      report.add(Rule::Form, "buffer '" + buffer.name + "' lies in ring " +
                                 space.name + ", but is not scratch");
  }
}

void Checker::checkCounters() {
  for (uint32_t c = 0; c != program.counters.size(); ++c) {
    const Counter &counter = program.counters[c];
    hasTags |= counter.protocol == Protocol::Tag;
    if (counter.protocol == Protocol::Parity && counter.barriers == 0)
      report.add(Rule::Form, nameOf(c) + " is a parity counter of no barriers, "
                                         "expected at least 1");
  }
  if (program.tags.bits < 1 || program.tags.bits > 64)
    report.add(Rule::Form, "tags have " + std::to_string(program.tags.bits) +
                               " bits, expected 1 to 64");
}

//===----------------------------------------------------------------------===//
// Actions
//===----------------------------------------------------------------------===//

bool Checker::checkCounter(ActionRef ref, const char *what, uint32_t counter) {
  if (counter < program.counters.size())
    return true;
  report.add(Rule::Reference, ref,
             std::string(what) + " names counter " + std::to_string(counter) +
                 ", expected less than " +
                 std::to_string(program.counters.size()));
  return false;
}

void Checker::checkWait(ActionRef ref, const Wait &wait) {
  checkCounter(ref, "a wait", wait.counter);
  if (wait.threshold < kMinThreshold || wait.threshold > kMaxThreshold)
    report.add(Rule::Range, ref,
               "a wait has threshold " + std::to_string(wait.threshold) +
                   ", expected a 32-bit integer");
}

void Checker::checkSignal(ActionRef ref, const Action &action, size_t index) {
  const Signal &signal = action.signals[index];
  bool exists = checkCounter(ref, "a signal", signal.counter);
  if (signal.amount > kMaxAmount)
    report.add(Rule::Range, ref,
               "a signal adds " + std::to_string(signal.amount) +
                   ", expected at most " + std::to_string(kMaxAmount));
  else if (exists)
    counters[signal.counter].perStep += signal.amount;
  if (exists && program.counters[signal.counter].protocol != Protocol::Release)
    checkProtocol(ref, action, index);
}

/// Of a signal of a Tag or Parity counter.
void Checker::checkProtocol(ActionRef ref, const Action &action, size_t index) {
  const Signal &signal = action.signals[index];
  std::string name = nameOf(signal.counter);
  if (signal.amount != 1)
    report.add(Rule::Form, ref,
               "adds " + std::to_string(signal.amount) + " to " + name +
                   ", expected 1 for its protocol");
  for (size_t i = 0; i != index; ++i) {
    const Signal &other = action.signals[i];
    if (other.counter == signal.counter) {
      report.add(Rule::Form, ref, "signals " + name + " more than once");
      return;
    }
  }
  if (program.counters[signal.counter].protocol == Protocol::Tag) {
    for (const Access &access : action.accesses)
      if (access.mode == AccessMode::WriteTagged &&
          access.counter == signal.counter)
        return;
    report.add(Rule::Form, ref,
               "signals " + name + " but writes no words of it");
    return;
  }
  CounterFacts &facts = counters[signal.counter];
  if (facts.signaller == kNone)
    facts.signaller = ref.agent;
  if (facts.signaller != ref.agent)
    report.add(Rule::Form, ref,
               "signals " + name + ", as does " +
                   program.agents[facts.signaller].name +
                   ": a parity counter has one signalling agent");
  for (size_t i = 0; i != index; ++i) {
    uint32_t before = action.signals[i].counter;
    if (before < program.counters.size() &&
        program.counters[before].protocol == Protocol::Release)
      report.add(Rule::Form, ref,
                 "signals " + name + " after release " + nameOf(before));
  }
}

/// The region's bounds are checked.
void Checker::checkMode(ActionRef ref, const Action &action,
                        const Access &access) {
  const Buffer &buffer = program.buffers[access.region.buffer];
  if (access.mode == AccessMode::ReadPrevious &&
      buffer.kind != BufferKind::Carried)
    report.add(Rule::Form, ref,
               "reads the step before of " + describe(program, access.region) +
                   ", which is not carried");
  if (access.mode != AccessMode::WriteTagged)
    return;
  if (!checkCounter(ref, "a tagged write", access.counter))
    return;
  std::string what = "writes words of " + nameOf(access.counter);
  if (program.counters[access.counter].protocol != Protocol::Tag)
    report.add(Rule::Form, ref, what + ", which is no tag counter");
  else if (std::none_of(
               action.signals.begin(), action.signals.end(),
               [&](const Signal &s) { return s.counter == access.counter; }))
    report.add(Rule::Form, ref, what + ", but does not signal it");
  if (buffer.space < program.spaces.size() &&
      program.spaces[buffer.space].ringBytes)
    report.add(Rule::Form, ref,
               what + " in ring " + program.spaces[buffer.space].name);
}

void Checker::checkAccess(ActionRef ref, const Action &action,
                          const Access &access) {
  const Region &region = access.region;
  if (region.buffer >= program.buffers.size()) {
    report.add(Rule::Reference, ref,
               "an access names buffer " + std::to_string(region.buffer) +
                   ", expected less than " +
                   std::to_string(program.buffers.size()));
    return;
  }
  const Buffer &buffer = program.buffers[region.buffer];
  if (access.mode == AccessMode::ReadPrevious ||
      access.mode == AccessMode::WriteTagged)
    checkMode(ref, action, access);
  bool isContiguous = region.rows == 1 && region.rowBytes != 0;
  // A saturated end may be less than the true one.
  bool isInside =
      isContiguous
          ? region.offset <= buffer.bytes &&
                region.rowBytes <= buffer.bytes - region.offset
          : region.rows == 0 || region.rowBytes == 0 ||
                (region.end() <= buffer.bytes && region.end() != kMaxEnd);
  if (!isInside)
    report.add(Rule::Bounds, ref,
               std::string(access.isWrite() ? "writes " : "reads ") +
                   describe(program, region) + ", but " + buffer.name +
                   " has " + std::to_string(buffer.bytes) + " bytes");
  uint64_t more = isContiguous ? 1 : normalize(region).rows;
  rows = std::min(rows + std::min(more, kMaxRows + 1), kMaxRows + 1);
  if (!hasShared || more == 0 || buffer.space >= program.spaces.size())
    return;
  const Space &space = program.spaces[buffer.space];
  if (space.worker != Space::kGlobal &&
      space.worker != program.agents[ref.agent].worker)
    report.add(Rule::Form, ref,
               std::string(access.isWrite() ? "writes " : "reads ") +
                   describe(program, region) +
                   " in the shared memory of worker " +
                   std::to_string(space.worker));
}

void Checker::checkAction(ActionRef ref, const Action &action) {
  for (const Wait &wait : action.waits)
    checkWait(ref, wait);
  for (size_t i = 0; i != action.signals.size(); ++i)
    checkSignal(ref, action, i);
  for (const Access &access : action.accesses)
    checkAccess(ref, action, access);
}

/// True if the action has nothing special: release signals, contiguous regions
/// and, as always in a well-formed program, numbers in their ranges. Most are
/// so, and this looks at each of their parts once. Shared memory is left out.
inline bool Checker::isPlain(const Action &action) const {
  for (const Wait &wait : action.waits)
    if (wait.counter >= program.counters.size() ||
        wait.threshold != static_cast<int32_t>(wait.threshold))
      return false;
  for (const Signal &signal : action.signals)
    if (signal.counter >= program.counters.size() ||
        signal.amount > kMaxAmount ||
        program.counters[signal.counter].protocol != Protocol::Release)
      return false;
  for (const Access &access : action.accesses) {
    const Region &region = access.region;
    if (region.rows != 1 || region.buffer >= program.buffers.size() ||
        access.mode == AccessMode::ReadPrevious ||
        access.mode == AccessMode::WriteTagged)
      return false;
    uint64_t bytes = program.buffers[region.buffer].bytes;
    // Less 1, no bytes are more than any.
    if (region.offset > bytes || region.rowBytes - 1 >= bytes - region.offset)
      return false;
  }
  return true;
}

void Checker::checkQueue(uint32_t agent) {
  const std::vector<Action> &queue = program.agents[agent].actions;
  actions += queue.size();
  for (uint32_t i = 0; i != queue.size(); ++i) {
    const Action &action = queue[i];
    waits += action.waits.size();
    signals += action.signals.size();
    accesses += action.accesses.size();
    if (!hasShared && isPlain(action)) {
      for (const Signal &signal : action.signals)
        counters[signal.counter].perStep += signal.amount;
      rows += action.accesses.size();
    } else {
      checkAction({agent, i}, action);
    }
    checkRows({agent, i});
  }
}

inline void Checker::checkRows(ActionRef ref) {
  if (rows <= kMaxRows)
    return;
  report.add(Rule::Range, ref,
             "the accesses up to this task have more than " +
                 std::to_string(kMaxRows) + " rows that do not touch");
  rows = 0;
}

/// Only now are all sums known.
void Checker::checkTagWaits() {
  for (uint32_t a = 0; a != program.agents.size(); ++a)
    for (uint32_t i = 0; i != program.agents[a].actions.size(); ++i)
      for (const Wait &wait : program.agents[a].actions[i].waits) {
        if (wait.counter >= program.counters.size() ||
            program.counters[wait.counter].protocol != Protocol::Tag)
          continue;
        uint64_t perStep = counters[wait.counter].perStep;
        if (wait.threshold < 0 ||
            static_cast<uint64_t>(wait.threshold) != perStep)
          report.add(Rule::Form, {a, i},
                     "waits for tag " + nameOf(wait.counter) + " to reach " +
                         std::to_string(wait.threshold) + ", expected all " +
                         std::to_string(perStep));
      }
}

void Checker::run() {
  checkSpaces();
  checkBuffers();
  checkCounters();
  for (uint32_t a = 0; a != program.agents.size() && !report.full(); ++a)
    checkQueue(a);
  checkSize();
  for (uint32_t c = 0; c != counters.size(); ++c)
    if (counters[c].perStep > kMaxAmount)
      report.add(Rule::Range, nameOf(c) + " grows by " +
                                  std::to_string(counters[c].perStep) +
                                  " per step, expected at most " +
                                  std::to_string(kMaxAmount));
  if (hasTags)
    checkTagWaits();
  auto isBroken = [](const Violation &violation) {
    return violation.rule == Rule::Reference || violation.rule == Rule::Bounds;
  };
  if (hasTags && !report.full() &&
      std::none_of(report.violations.begin(), report.violations.end(),
                   isBroken))
    WordChecker(program, report).run();
}

//===----------------------------------------------------------------------===//
// Tagged words
//===----------------------------------------------------------------------===//

void WordChecker::collect() {
  for (uint32_t a = 0; a != program.agents.size(); ++a)
    for (uint32_t i = 0; i != program.agents[a].actions.size(); ++i)
      for (const Access &access : program.agents[a].actions[i].accesses) {
        Region bytes = normalize(access.region);
        if (!access.isWrite() || bytes.rows == 0)
          continue;
        auto &list = access.mode == AccessMode::WriteTagged ? words : plain;
        list.push_back({inSpace(program, bytes), {a, i}, &access, 0});
      }
  auto key = [](const Write &w) {
    return std::make_tuple(w.bytes.buffer, w.bytes.offset, w.action.agent,
                           w.action.action);
  };
  std::sort(plain.begin(), plain.end(),
            [&](const Write &a, const Write &b) { return key(a) < key(b); });
  for (size_t i = 0; i != plain.size(); ++i) {
    plain[i].furthest = plain[i].bytes.end();
    if (i && plain[i - 1].bytes.buffer == plain[i].bytes.buffer)
      plain[i].furthest = std::max(plain[i].furthest, plain[i - 1].furthest);
  }
}

/// False if they overlap, which is reported.
bool WordChecker::compare(const Write &word, const Write &other) {
  if (!overlap(word.bytes, other.bytes))
    return true;
  report.add(Rule::Form, word.action,
             "writes words to " + describe(program, word.access->region) +
                 ", which " + describe(program, other.action) +
                 " writes without tags",
             {{other.action,
               "writes " + describe(program, other.access->region) + " here"}});
  return false;
}

/// A wait on a Tag counter reads all its words.
void WordChecker::checkWaiters() {
  // A worker that has words of the counter in its shared memory, and another.
  struct Owners {
    uint32_t one = Space::kGlobal, other = Space::kGlobal;
  };
  std::vector<Owners> owners(program.counters.size());
  for (const Write &word : words) {
    uint32_t worker = program.spaces[word.bytes.buffer].worker;
    Owners &owner = owners[word.access->counter];
    if (owner.one == Space::kGlobal)
      owner.one = worker;
    else if (worker != Space::kGlobal && worker != owner.one)
      owner.other = worker;
  }
  for (uint32_t a = 0; a != program.agents.size(); ++a)
    for (uint32_t i = 0; i != program.agents[a].actions.size(); ++i)
      for (const Wait &wait : program.agents[a].actions[i].waits) {
        const Owners &owner = owners[wait.counter];
        uint32_t foreign =
            owner.one == program.agents[a].worker ? owner.other : owner.one;
        if (foreign != Space::kGlobal)
          report.add(Rule::Form, {a, i},
                     "waits for words of counter '" +
                         program.counters[wait.counter].name +
                         "' in the shared memory of worker " +
                         std::to_string(foreign));
      }
}

void WordChecker::run() {
  collect();
  checkWaiters();
  for (const Write &word : words) {
    auto it = std::partition_point(
        plain.begin(), plain.end(), [&](const Write &other) {
          return other.bytes.buffer < word.bytes.buffer ||
                 (other.bytes.buffer == word.bytes.buffer &&
                  other.furthest <= word.bytes.offset);
        });
    uint64_t end = word.bytes.end();
    for (; it != plain.end() && it->bytes.buffer == word.bytes.buffer &&
           it->bytes.offset < end && compare(word, *it);
         ++it)
      ;
  }
}

void amk::schedule::runChecks(const Program &program, Report &report) {
  static thread_local std::vector<CounterFacts> counters; // Keeps its memory.
  Checker(program, counters, report).run();
}

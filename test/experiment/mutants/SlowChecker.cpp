//===- SlowChecker.cpp - Safety of a program from the definition ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Follows spec 1.3 item by item, byte by byte (bytes that the same accesses
// touch are one cell), for every step of a launch of a few steps.
//
//===----------------------------------------------------------------------===//

#include "SlowRun.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

using namespace amk::mutants::slow;

namespace {

/// An access of an instance as one cell of memory sees it.
struct Touch {
  Instance at;
  uint32_t step = 0;
  Mode mode = Mode::Read;
  uint32_t buffer = 0;
  uint32_t counter = 0; ///< of WriteTagged
  uint64_t tape = 0;    ///< which byte of the endless tape; else its address

  bool isWrite() const { return mode >= Mode::Write; }
  bool storesValue() const {
    return mode == Mode::Write || mode == Mode::WriteTagged;
  }
};

/// All accesses of a launch to one cell of memory, in the order of `order`.
using Cell = std::vector<Touch>;

class Memory {
public:
  Memory(const Model &model, const Launch &launch,
         const std::vector<Instance> &order);
  std::vector<Cell> cells;

private:
  const Model &model;
  std::vector<std::vector<uint64_t>> cuts; ///< of spaces that are not rings
  std::vector<uint64_t> grain;             ///< of rings: size of a cell
  std::vector<uint32_t> firstCell;         ///< per space
  std::map<uint32_t, std::vector<Access>> words; ///< per Tag counter

  void findWords();
  void cutSpaces();
  void cutAt(const Access &access);
  void add(const Access &access, Mode mode, Instance at, uint32_t step);
  void addRun(Touch touch, uint32_t space, uint64_t begin, uint64_t end);
};

/// Calls fn(begin, end) for the runs of the access, as addresses of its space.
template <typename Fn>
void forRuns(const Model &m, const Access &a, Fn fn) {
  if (a.isEmpty())
    return;
  uint64_t base = m.buffers[a.buffer].offset + a.offset;
  if (a.rows == 1 || a.rowStride <= a.rowBytes)
    return fn(base, base + (a.rows - 1) * a.rowStride + a.rowBytes);
  for (uint64_t row = 0; row < a.rows; ++row)
    fn(base + row * a.rowStride, base + row * a.rowStride + a.rowBytes);
}

Memory::Memory(const Model &model, const Launch &launch,
               const std::vector<Instance> &order)
    : model(model), cuts(model.spaces.size()), grain(model.spaces.size()) {
  findWords();
  cutSpaces();
  for (Instance at : order) {
    const Action &action = launch.actionOf(at);
    uint32_t step = launch.stepOf(at);
    for (const Access &a : action.accesses)
      add(a, a.mode, at, step);
    // A wait on a Tag counter reads all its words.
    for (const Wait &w : action.waits)
      for (const Access &a : words[w.counter])
        add(a, Mode::Read, at, step);
  }
}

void Memory::findWords() {
  for (const Agent &agent : model.agents)
    for (const Action &action : agent.actions)
      for (const Access &a : action.accesses)
        if (a.mode == Mode::WriteTagged)
          words[a.counter].push_back(a);
}

void Memory::cutAt(const Access &access) {
  uint32_t space = model.buffers[access.buffer].space;
  forRuns(model, access, [&](uint64_t begin, uint64_t end) {
    cuts[space].push_back(begin);
    cuts[space].push_back(end);
  });
}

void Memory::cutSpaces() {
  for (const Agent &agent : model.agents)
    for (const Action &action : agent.actions)
      for (const Access &a : action.accesses)
        cutAt(a);
  for (size_t s = 0; s < model.spaces.size(); ++s) {
    const Space &space = model.spaces[s];
    firstCell.push_back(cells.size());
    std::sort(cuts[s].begin(), cuts[s].end());
    cuts[s].erase(std::unique(cuts[s].begin(), cuts[s].end()), cuts[s].end());
    if (!space.ring) {
      cells.resize(cells.size() + cuts[s].size());
      continue;
    }
    // The tape goes round the ring in any phase: cut everywhere alike.
    grain[s] = std::gcd(space.bytes, space.ring);
    for (uint64_t cut : cuts[s])
      grain[s] = std::gcd(grain[s], cut);
    cells.resize(cells.size() + space.ring / grain[s]);
  }
}

void Memory::add(const Access &access, Mode mode, Instance at, uint32_t step) {
  Touch touch;
  touch.at = at;
  touch.step = step;
  touch.mode = mode;
  touch.buffer = access.buffer;
  touch.counter = access.counter;
  uint32_t space = model.buffers[access.buffer].space;
  forRuns(model, access, [&](uint64_t begin, uint64_t end) {
    addRun(touch, space, begin, end);
  });
}

void Memory::addRun(Touch touch, uint32_t space, uint64_t begin, uint64_t end) {
  uint64_t ring = model.spaces[space].ring;
  if (!ring) {
    const std::vector<uint64_t> &at = cuts[space];
    size_t i = std::lower_bound(at.begin(), at.end(), begin) - at.begin();
    for (; at[i] < end; ++i) {
      touch.tape = at[i];
      cells[firstCell[space] + i].push_back(touch);
    }
    return;
  }
  uint64_t start = touch.step * model.spaces[space].bytes;
  for (uint64_t x = start + begin; x < start + end; x += grain[space]) {
    touch.tape = x;
    cells[firstCell[space] + x % ring / grain[space]].push_back(touch);
  }
}

//===----------------------------------------------------------------------===//
// The items of spec 1.3
//===----------------------------------------------------------------------===//

class Checker {
public:
  Checker(const Model &model, unsigned steps)
      : model(model), launch(model, steps) {}

  std::string findFault() {
    order = launch.completeRun();
    if (order.size() != launch.numInstances())
      return "deadlock";
    rank.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i)
      rank[launch.number(order[i])] = i;
    Memory memory(model, launch, order);
    cells = std::move(memory.cells);
    using Check = bool (Checker::*)();
    const std::pair<Check, const char *> checks[] = {
        {&Checker::wrongValue, "wrong value"},
        {&Checker::race, "race"},
        {&Checker::ringOverrun, "ring overrun"},
        {&Checker::parityAlias, "parity alias"},
        {&Checker::tagAlias, "tag alias"}};
    for (auto [check, name] : checks)
      if ((this->*check)())
        return name + (": " + detail);
    return "";
  }

private:
  const Model &model;
  Launch launch;
  std::vector<Instance> order;
  std::vector<uint32_t> rank; ///< per instance: its place in `order`
  std::vector<Cell> cells;
  std::string detail;

  std::string nameOf(Instance i) const {
    uint32_t length = launch.lengthOf(i.agent);
    return std::to_string(i.agent) + "[" + std::to_string(i.place % length) +
           "]@" + std::to_string(i.place / length);
  }
  bool fault(Instance a, Instance b) {
    detail = nameOf(a) + " and " + nameOf(b);
    return true;
  }
  uint32_t rankOf(Instance i) const { return rank[launch.number(i)]; }

  /// The events any of which ends the write `w` of the cell: the flush of these
  /// words or bytes, or of what the same agent writes over them later.
  std::vector<Held> endsOf(const Cell &cell, const Touch &w) const;
  const Reach &whileOpen(const Cell &cell, const Touch &t);

  bool wrongValue();
  bool wrongValue(const Cell &cell);
  bool wrongPrevious(const Cell &cell, size_t read);
  bool wrongRead(const Cell &cell, size_t read);
  bool race();
  bool race(const Cell &cell);
  bool ringOverrun();
  bool ringOverrun(const Cell &cell);
  bool parityAlias();
  bool parityAlias(Instance a, const Wait &wait,
                   const std::vector<Instance> &signals);
  bool tagAlias();
  bool tagAlias(Instance a, uint32_t counter, const Cell &writes);
  uint64_t tagOf(uint32_t counter, uint64_t step) const;
};

std::vector<Held> Checker::endsOf(const Cell &cell, const Touch &w) const {
  std::vector<Held> ends;
  for (const Touch &o : cell) {
    bool later = o.at.agent == w.at.agent && o.at.place > w.at.place;
    if (!o.isWrite() || (!later && &o != &w))
      continue;
    uint32_t bit = o.mode == Mode::WriteTagged
                       ? launch.flushBit(launch.actionOf(o.at), o.counter)
                       : uint32_t(Flush);
    ends.push_back({launch.number(o.at), bit});
  }
  return ends;
}

/// What can happen before the access is over.
const Reach &Checker::whileOpen(const Cell &cell, const Touch &t) {
  if (t.isWrite())
    return launch.without(endsOf(cell, t));
  return launch.without({{launch.number(t.at), Complete}});
}

bool Checker::race() {
  // Cells that are touched in the same way have the same answer.
  std::set<std::vector<std::array<uint32_t, 3>>> seen;
  for (const Cell &cell : cells) {
    std::vector<std::array<uint32_t, 3>> key;
    for (const Touch &t : cell)
      key.push_back({launch.number(t.at), uint32_t(t.mode),
                     t.mode == Mode::WriteTagged ? t.counter : 0});
    if (seen.insert(key).second && race(cell))
      return true;
  }
  return false;
}

/// Two accesses are open together in some execution if and only if each can
/// start before the other is over: what leads to the start of one is not
/// disturbed by holding back its own end.
bool Checker::race(const Cell &cell) {
  std::vector<const Reach *> open(cell.size());
  auto startsWhile = [&](size_t open_, size_t other) {
    if (!open[open_])
      open[open_] = &whileOpen(cell, cell[open_]);
    Instance b = cell[other].at;
    return open[open_]->started[b.agent] > b.place;
  };
  for (size_t i = 0; i < cell.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      if (cell[i].at.agent == cell[j].at.agent ||
          (!cell[i].isWrite() && !cell[j].isWrite()))
        continue;
      if (startsWhile(j, i) && startsWhile(i, j))
        return fault(cell[j].at, cell[i].at);
    }
  return false;
}

bool Checker::ringOverrun() {
  for (const Cell &cell : cells)
    if (ringOverrun(cell))
      return true;
  return false;
}

/// A later tape byte written while an access of an earlier one that lies at the
/// same memory byte has not ended. (Only in rings do tapes of a cell differ.)
bool Checker::ringOverrun(const Cell &cell) {
  for (const Touch &early : cell)
    for (const Touch &late : cell) {
      if (!late.isWrite() || late.tape <= early.tape)
        continue;
      bool overrun =
          late.at.agent == early.at.agent
              ? late.at.place <= early.at.place
              : whileOpen(cell, early).started[late.at.agent] > late.at.place;
      if (overrun)
        return fault(early.at, late.at);
    }
  return false;
}

//===----------------------------------------------------------------------===//
// Values: one execution. Without races all others read the same.
//===----------------------------------------------------------------------===//

bool Checker::wrongValue() {
  for (const Cell &cell : cells)
    if (wrongValue(cell))
      return true;
  return false;
}

bool Checker::wrongValue(const Cell &cell) {
  for (size_t i = 0; i < cell.size(); ++i) {
    const Touch &t = cell[i];
    if (t.storesValue())
      continue;
    if (t.mode == Mode::ReadPrevious ? wrongPrevious(cell, i)
                                     : wrongRead(cell, i))
      return fault(t.at, t.at);
  }
  return false;
}

/// The last write of the cell that is over when access `read` starts.
static const Touch *contentFor(const Cell &cell, size_t read) {
  for (size_t i = read; i-- > 0;)
    if (cell[i].isWrite() && !(cell[i].at == cell[read].at))
      return &cell[i];
  return nullptr;
}

/// The action wrote the cell for another buffer or tape byte as well: nobody
/// knows which of its writes was the last.
static bool isMixed(const Cell &cell, const Touch &content) {
  for (const Touch &t : cell)
    if (t.isWrite() && t.at == content.at &&
        (t.buffer != content.buffer || t.tape != content.tape))
      return true;
  return false;
}

bool Checker::wrongPrevious(const Cell &cell, size_t read) {
  const Touch &r = cell[read];
  for (const Touch &t : cell)
    if (t.isWrite() && t.buffer == r.buffer && t.step == r.step &&
        !(t.at == r.at) && rankOf(t.at) < rankOf(r.at))
      return true;
  const Touch *content = contentFor(cell, read);
  return content && (content->buffer != r.buffer || isMixed(cell, *content));
}

bool Checker::wrongRead(const Cell &cell, size_t read) {
  const Touch &r = cell[read];
  bool writtenThisStep = false;
  for (const Touch &t : cell) {
    if (!t.isWrite() || t.buffer != r.buffer || t.tape != r.tape ||
        t.step != r.step || t.at == r.at)
      continue;
    writtenThisStep |= t.storesValue();
    bool counts = t.storesValue() || r.mode == Mode::Read;
    if (counts && rankOf(t.at) > rankOf(r.at))
      return true; // still to come
  }
  const Touch *content = contentFor(cell, read);
  bool carried = model.buffers[r.buffer].kind == Kind::Carried;
  if (!content)
    return !carried || writtenThisStep;
  if (content->buffer != r.buffer || content->tape != r.tape ||
      isMixed(cell, *content))
    return true;
  // A scratch value means something within its step only, and needs a write.
  if (!carried && !writtenThisStep)
    return true;
  return (!carried || writtenThisStep) && content->step != r.step;
}

//===----------------------------------------------------------------------===//
// Aliases
//===----------------------------------------------------------------------===//

bool Checker::parityAlias() {
  std::vector<std::vector<Instance>> signals(model.counters.size());
  for (Instance i : order) // of one agent, so in the agent's order
    for (const Signal &s : launch.actionOf(i).signals)
      if (model.counters[s.counter].proto == Proto::Parity)
        signals[s.counter].push_back(i);
  for (Instance i : order)
    for (const Wait &w : launch.actionOf(i).waits)
      if (model.counters[w.counter].proto == Proto::Parity &&
          parityAlias(i, w, signals[w.counter]))
        return true;
  return false;
}

bool Checker::parityAlias(Instance a, const Wait &wait,
                          const std::vector<Instance> &signals) {
  int64_t n = model.counters[wait.counter].barriers;
  int64_t value =
      wait.threshold + int64_t(launch.stepOf(a)) * launch.perStep(wait.counter);
  if (value < 1)
    return false;
  // Reached before the signal that brings value - n?
  if (value - n >= 1) {
    Instance s = signals[value - n - 1];
    const Reach &r = launch.without({{launch.number(s), SignalAll}});
    if (r.finished[a.agent] >= a.place)
      return fault(a, s);
  }
  // Not started yet when the signal that brings value + n happens?
  if (value + n <= int64_t(signals.size())) {
    Instance s = signals[value + n - 1];
    const Reach &r = launch.without({{launch.number(a), Start}});
    if (r.finished[s.agent] > s.place)
      return fault(a, s);
  }
  return false;
}

uint64_t Checker::tagOf(uint32_t counter, uint64_t step) const {
  uint64_t tag = model.counters[counter].tagBase + step * model.tagStride;
  return model.tagBits == 64 ? tag : tag & ((uint64_t(1) << model.tagBits) - 1);
}

bool Checker::tagAlias() {
  std::set<std::vector<std::pair<uint32_t, uint32_t>>> seen;
  for (const Cell &cell : cells) {
    Cell writes;
    std::vector<std::pair<uint32_t, uint32_t>> key;
    std::set<uint32_t> counters;
    for (const Touch &t : cell) {
      if (t.mode != Mode::WriteTagged)
        continue;
      writes.push_back(t);
      key.push_back({launch.number(t.at), t.counter});
      counters.insert(t.counter);
    }
    if (writes.empty() || !seen.insert(key).second)
      continue;
    for (Instance i : order)
      for (const Wait &w : launch.actionOf(i).waits)
        if (counters.count(w.counter) && tagAlias(i, w.counter, writes))
          return true;
  }
  return false;
}

/// The agent has itself written over write `i` before it comes to `a`, and sees
/// what it wrote even before others do.
static bool isHiddenFrom(Instance a, const Cell &writes, size_t i) {
  for (size_t j = i + 1; j < writes.size(); ++j)
    if (writes[j].at.agent == a.agent && writes[j].at.place < a.place &&
        !(writes[j].at == writes[i].at))
      return true;
  return false;
}

/// Can `a` poll words of `counter` while the cell holds another content with
/// the tag it looks for? `writes`: all writes to the cell, in their one order.
bool Checker::tagAlias(Instance a, uint32_t counter, const Cell &writes) {
  uint32_t step = launch.stepOf(a);
  for (size_t i = 0; i < writes.size(); ++i) {
    const Touch &w = writes[i];
    if ((w.counter == counter && w.step == step) ||
        tagOf(w.counter, w.step) != tagOf(counter, step) ||
        isHiddenFrom(a, writes, i))
      continue;
    std::vector<Held> held = {{launch.number(a), Start}};
    // Of several writes of one action any may be the last.
    size_t next = i + 1;
    while (next < writes.size() && writes[next].at == w.at)
      ++next;
    if (next < writes.size())
      for (Held h : endsOf(writes, writes[next]))
        held.push_back(h);
    const Reach &r = launch.without(held);
    if (r.finished[a.agent] >= a.place && r.started[w.at.agent] > w.at.place)
      return fault(a, w.at);
  }
  return false;
}

} // namespace

Verdict amk::mutants::slow::decide(const Model &model, unsigned steps) {
  std::string why = findStaticFault(model);
  if (why.empty())
    why = Checker(model, steps).findFault();
  return {why.empty(), why};
}

//===- Accesses.cpp - Conflicting accesses are ordered: AMK-R*, AMK-N1 ----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Visits the accesses of two steps in the canonical order and compares each
// with the frontiers of the cells that it overlaps: the accesses that no later
// write of all their bytes is ordered after. Older ones are ordered by
// transitivity (docs/ScheduleSpec.md, section 5).
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <algorithm>

using namespace amk::schedule;

namespace {

class AccessChecker {
public:
  AccessChecker(const Facts &facts, std::vector<Cell> &cells, Report &report)
      : program(facts.program), model(facts.model), order(facts.order),
        index(facts.index), cells(cells), report(report) {}
  void visit(uint32_t use, unsigned step);

private:
  bool compare(Touch touch, uint32_t clock, Frontier &frontier, bool drop) {
    return frontier.touches.empty() || search(touch, clock, frontier, drop);
  }
  bool search(Touch touch, uint32_t clock, Frontier &frontier, bool drop);
  void race(Touch later, Touch earlier);
  bool isStillOpen(Touch earlier, Touch later) const;
  bool isBefore(Touch earlier, Touch later, End end) const;
  Rule ruleOf(Touch earlier, Touch later) const;
  const Use &useOf(Touch touch) const { return index.uses[touch.use]; }

  const Program &program;
  const Model &model;
  const Order &order;
  const RegionIndex &index;
  std::vector<Cell> &cells;
  Report &report;
};

} // namespace

void Frontier::add(Touch touch) {
  provenClock = kNoClock;
  if (touches.empty() || touches.back().agent() < touch.agent()) {
    touches.push_back(touch);
    return;
  }
  auto it = std::lower_bound(
      touches.begin(), touches.end(), touch,
      [](const Touch &a, const Touch &b) { return a.agent() < b.agent(); });
  if (it->agent() == touch.agent())
    *it = touch;
  else
    touches.insert(it, touch);
}

/// Reports the touches of `frontier` that are not ordered before `touch`. With
/// `drop`, forgets those that are: `touch` writes all their bytes. True if the
/// clock of `touch` alone has them all.
bool AccessChecker::search(Touch touch, uint32_t clock, Frontier &frontier,
                           bool drop) {
  bool allProven = true;
  if (frontier.provenClock != clock) {
    size_t kept = 0;
    for (size_t i = 0; i != frontier.touches.size(); ++i) {
      Touch earlier = frontier.touches[i];
      bool isOrdered = true;
      if (!order.clockHas(clock, endingOf(useOf(earlier)), earlier.step())) {
        allProven = false;
        isOrdered = earlier.agent() == touch.agent() ||
                    order.before(endingOf(useOf(earlier)), useOf(touch).action,
                                 touch.step() - earlier.step());
      }
      if (!isOrdered)
        race(touch, earlier);
      if (!isOrdered || !drop)
        frontier.touches[kept++] = earlier;
    }
    if (kept != frontier.touches.size())
      frontier.touches.resize(kept);
    frontier.provenClock = allProven ? clock : kNoClock;
  } else if (drop) {
    frontier.clear();
  }
  return allProven;
}

bool AccessChecker::isBefore(Touch earlier, Touch later, End end) const {
  Ending ending = endingOf(useOf(earlier));
  ending.end = end;
  return order.before(ending, useOf(later).action,
                      later.step() - earlier.step());
}

/// The words of a tagged write are over, too, when a later write of its agent
/// to the same bytes is. (An ordinary write that is over takes all earlier ones
/// with it.) True if some byte of both accesses is not over so.
bool AccessChecker::isStillOpen(Touch earlier, Touch later) const {
  const Use &first = useOf(earlier);
  if (first.mode != AccessMode::WriteTagged)
    return true;
  auto bytesOf = [&](const Use &use) {
    return rowsInSpace(program, index.regions[use.region].bytes);
  };
  auto spaceOf = [&](const Use &use) {
    return program.buffers[index.regions[use.region].bytes.buffer].space;
  };
  std::vector<Interval> open = intersect(bytesOf(first), bytesOf(useOf(later)));
  for (uint32_t i = 0; i != index.uses.size() && !open.empty(); ++i) {
    const Use &use = index.uses[i];
    if (use.mode != AccessMode::WriteTagged ||
        model.agentOf[use.action] != earlier.agent() ||
        spaceOf(use) != spaceOf(first))
      continue;
    for (unsigned step = earlier.step(); step <= later.step(); ++step)
      if ((step > earlier.step() || use.action > first.action) &&
          order.before(endingOf(use), useOf(later).action, later.step() - step))
        open = subtract(open, bytesOf(use));
  }
  return !open.empty();
}

Rule AccessChecker::ruleOf(Touch earlier, Touch later) const {
  const Use &first = useOf(earlier), &second = useOf(later);
  if (!first.isWrite())
    return Rule::WriteAfterRead;
  if (first.mode == AccessMode::Reduce && second.mode == AccessMode::Reduce)
    return Rule::UnorderedReduce;
  if (first.mode != AccessMode::WriteTagged &&
      isBefore(earlier, later, End::Reads))
    return Rule::PlainOverTag;
  return second.isWrite() ? Rule::WriteAfterWrite : Rule::ReadBeforeWrite;
}

void AccessChecker::race(Touch later, Touch earlier) {
  const Use &first = useOf(earlier), &second = useOf(later);
  if (report.full() || !isStillOpen(earlier, later) ||
      !report.isNewPair(first.action, second.action))
    return;
  Rule rule = ruleOf(earlier, later);
  const char *without = rule == Rule::PlainOverTag
                            ? " after waiting only for tagged words of "
                            : " without waiting for ";
  std::string what = describe(program, index, first);
  report.add(rule, model.ref(second.action),
             describe(program, index, second) + without +
                 describe(program, model.ref(first.action)) + ", which " +
                 what +
                 (earlier.step() == later.step() ? "" : " in the step before"),
             {{model.ref(first.action), what + " here"}});
}

void AccessChecker::visit(uint32_t place, unsigned step) {
  const Use &use = index.uses[place];
  Touch touch{place, model.agentOf[use.action] << 1 | step};
  uint32_t clock = order.clockId(use.action, step);
  uint32_t self = index.cellOf(use.region);
  Cell &cell = cells[self];
  if (use.isWrite()) {
    index.forNeighbours(self, [&](uint32_t neighbour, bool isCovered) {
      Cell &other = cells[neighbour];
      compare(touch, clock, other.writes, isCovered);
      compare(touch, clock, other.reads, isCovered);
      ++other.version;
    });
    cell.writes.add(touch);
    return;
  }
  if (cell.provenClock != clock || cell.provenVersion != cell.version) {
    bool allProven = true;
    index.forNeighbours(self, [&](uint32_t neighbour, bool) {
      allProven &= compare(touch, clock, cells[neighbour].writes, false);
    });
    cell.provenVersion = cell.version;
    cell.provenClock = allProven ? clock : kNoClock;
  }
  cell.reads.add(touch);
}

void amk::schedule::checkAccesses(const Facts &facts, std::vector<Cell> &cells,
                                  Report &report) {
  RegionIndex &index = facts.index;
  index.makeCells(facts.program, facts.groups);
  if (index.numCells() == 0)
    return;
  if (cells.size() < index.numCells())
    cells.resize(index.numCells());
  for (uint32_t i = 0; i != index.numCells(); ++i) {
    cells[i].reads.clear();
    cells[i].writes.clear();
    cells[i].provenClock = kNoClock;
  }
  AccessChecker checker(facts, cells, report);
  unsigned steps = facts.steps == 1 || facts.order.stepsAreApart() ? 1 : 2;
  for (unsigned step = 0; step != steps; ++step)
    for (uint32_t i = 0; i != index.uses.size(); ++i) {
      uint32_t cell = index.cellOf(index.uses[i].region);
      if (cell == RegionIndex::kPrivate)
        continue;
      // The tape of a ring goes on in the next step: see Rings.cpp.
      if (step != 0 &&
          facts.program.spaces[index.bytesOf(cell).buffer].ringBytes)
        continue;
      checker.visit(i, step);
      if (report.full())
        return;
    }
}

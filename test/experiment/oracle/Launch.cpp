//===- Launch.cpp - A launch, unrolled ------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Launch.h"

#include <algorithm>
#include <map>
#include <tuple>

using namespace amk::oracle;

/// One access of one instance touches one byte of memory.
struct Launch::Touch {
  uint64_t space, byte; ///< of memory, not of the tape
  unsigned agent, index;
  Mode mode;
  uint64_t buffer, lap;
  int64_t counter; ///< WriteTagged: whose word

  /// Bytes with equal lists of keys are one cell.
  auto key() const {
    return std::tie(agent, index, mode, buffer, lap, counter);
  }
  bool operator<(const Touch &o) const {
    return std::tie(space, byte) != std::tie(o.space, o.byte)
               ? std::tie(space, byte) < std::tie(o.space, o.byte)
               : key() < o.key();
  }
  bool operator==(const Touch &o) const {
    return std::tie(space, byte) == std::tie(o.space, o.byte) &&
           key() == o.key();
  }
  bool defines() const {
    return mode == Mode::Write || mode == Mode::WriteTagged;
  }
  bool writes() const { return defines() || mode == Mode::Reduce; }
};

/// What an action touches: its accesses, and as reads the words of the Tag
/// counters that it waits for.
static std::vector<Access> accessesOf(const Program &program,
                                      const Action &action) {
  std::vector<Access> accesses = action.accesses;
  for (const Wait &wait : action.waits) {
    if (program.counters[wait.counter].protocol != Protocol::Tag)
      continue;
    for (const Agent &agent : program.agents)
      for (const Action &other : agent.actions)
        for (Access access : other.accesses)
          if (access.mode == Mode::WriteTagged &&
              uint64_t(access.counter) == wait.counter) {
            access.mode = Mode::Read;
            accesses.push_back(access);
          }
  }
  return accesses;
}

std::vector<Launch::Touch> Launch::collectTouches() const {
  std::vector<Touch> touches;
  for (const std::vector<Instance> &instances : agents)
    for (const Instance &instance : instances)
      for (const Access &access : accessesOf(program, *instance.action)) {
        uint64_t spaceIndex = program.buffers[access.buffer].space;
        const Space &space = program.spaces[spaceIndex];
        int64_t counter =
            access.mode == Mode::WriteTagged ? access.counter : kOrdinary;
        for (uint64_t byte : bytesOf(program, access)) {
          uint64_t lap = 0;
          if (space.ringBytes != 0) {
            uint64_t tape = byte + instance.step * space.bytes;
            lap = tape / space.ringBytes;
            byte = tape % space.ringBytes;
          }
          touches.push_back({spaceIndex, byte, instance.agent, instance.index,
                             access.mode, access.buffer, lap, counter});
        }
      }
  std::sort(touches.begin(), touches.end());
  touches.erase(std::unique(touches.begin(), touches.end()), touches.end());
  return touches;
}

ContentId Launch::contentId(const Content &content) {
  for (size_t i = kMixed + 1; i < contents.size(); ++i) {
    const Content &c = contents[i];
    if (std::tie(c.buffer, c.step, c.lap, c.counter) ==
        std::tie(content.buffer, content.step, content.lap, content.counter))
      return static_cast<ContentId>(i);
  }
  if (contents.size() > UINT8_MAX)
    throw TooLarge("more than 255 contents");
  contents.push_back(content);
  return static_cast<ContentId>(contents.size() - 1);
}

void Launch::addTouch(const Touch &touch, unsigned cell) {
  Instance &instance = agents[touch.agent][touch.index];
  instance.touchesMemory = true;
  if (!touch.defines()) {
    instance.reads.insert(cell);
    instance.items.push_back({cell, touch.mode, touch.buffer, touch.lap, {}});
  }
  if (!touch.writes())
    return;
  instance.writes.insert(cell);
  auto part =
      std::find_if(instance.parts.begin(), instance.parts.end(),
                   [&](const Part &p) { return p.counter == touch.counter; });
  if (part == instance.parts.end())
    part = instance.parts.insert(part, {touch.counter, {}, {}});
  ContentId content =
      contentId({touch.buffer, instance.step, touch.lap, touch.counter});
  if (part->cells.has(cell)) {
    // Touches are added cell by cell: the other put is the last one.
    if (part->puts.back().content != content)
      part->puts.back().content = kMixed;
  } else {
    part->cells.insert(cell);
    part->puts.push_back({cell, content});
  }
  if (touch.counter != kOrdinary)
    words[touch.counter].insert(cell);
}

/// ReadItem::others.
void Launch::linkReads(const std::vector<std::vector<Touch>> &cells) {
  for (std::vector<Instance> &instances : agents)
    for (Instance &instance : instances)
      for (ReadItem &item : instance.items)
        for (const Touch &touch : cells[item.cell]) {
          bool isSelf =
              touch.agent == instance.agent && touch.index == instance.index;
          bool counts =
              item.mode == Mode::Reduce ? touch.defines() : touch.writes();
          if (!isSelf && counts && touch.buffer == item.buffer &&
              touch.lap == item.lap &&
              agents[touch.agent][touch.index].step == instance.step)
            item.others.push_back({touch.agent, touch.index, touch.counter});
        }
}

/// Instance::ringUses.
void Launch::linkRings(const std::vector<std::vector<Touch>> &cells) {
  for (const std::vector<Touch> &touches : cells)
    for (const Touch &write : touches)
      for (const Touch &use : touches)
        if (write.writes() && use.lap < write.lap) {
          auto &uses = agents[write.agent][write.index].ringUses;
          if (!use.defines())
            uses.push_back({use.agent, use.index, true});
          if (use.writes())
            uses.push_back({use.agent, use.index, false});
        }
}

Launch::Launch(const Program &program)
    : program(program), agents(program.agents.size()),
      contents(kMixed + 1, Content{0, 0, 0, kOrdinary}),
      words(program.counters.size()) {
  for (uint64_t c = 0; c != program.counters.size(); ++c)
    perStep.push_back(static_cast<int64_t>(program.perStep(c)));
  for (unsigned a = 0; a != agents.size(); ++a) {
    const std::vector<Action> &actions = program.agents[a].actions;
    if (actions.size() * program.steps > kMaxInstances)
      throw TooLarge("more than 64 actions of an agent");
    for (unsigned i = 0; i != actions.size() * program.steps; ++i) {
      Instance instance{};
      instance.agent = a;
      instance.index = i;
      instance.step = i / unsigned(actions.size());
      instance.action = &actions[i % actions.size()];
      for (const Signal &signal : instance.action->signals)
        if (program.counters[signal.counter].protocol == Protocol::Tag)
          instance.tags.push_back(int64_t(signal.counter));
        else
          instance.signalsValue = true;
      agents[a].push_back(instance);
    }
  }

  std::vector<std::vector<Touch>> cells;
  auto keysLess = [](const std::vector<Touch> &a, const std::vector<Touch> &b) {
    return std::lexicographical_compare(
        a.begin(), a.end(), b.begin(), b.end(),
        [](const Touch &x, const Touch &y) { return x.key() < y.key(); });
  };
  std::set<std::vector<Touch>, decltype(keysLess)> known(keysLess);
  std::vector<Touch> touches = collectTouches();
  for (size_t i = 0, end; i != touches.size(); i = end) {
    for (end = i; end != touches.size() &&
                  touches[end].space == touches[i].space &&
                  touches[end].byte == touches[i].byte;)
      ++end;
    std::vector<Touch> cell(touches.begin() + long(i),
                            touches.begin() + long(end));
    if (!known.insert(cell).second)
      continue;
    if (cells.size() == kMaxCells)
      throw TooLarge("more than 256 cells");
    cells.push_back(cell);
    for (const Touch &touch : cell)
      addTouch(touch, numCells);
    ++numCells;
  }
  linkReads(cells);
  linkRings(cells);
}

uint64_t Launch::tag(int64_t counter, unsigned step) const {
  uint64_t tag =
      program.counters[size_t(counter)].tagBase + step * program.tagStride;
  return program.tagBits == 64 ? tag
                               : tag & ((uint64_t(1) << program.tagBits) - 1);
}

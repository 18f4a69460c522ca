//===- Data.cpp - Random data flow ----------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The actions and what they touch: general data flow, rings, all-to-all
// exchanges by tags. All in an order in which a single thread could run them.
//
//===----------------------------------------------------------------------===//

#include "Draft.h"

#include <algorithm>

using namespace amk;
using namespace amk::experiment;

namespace {

/// Spaces of every draft; those of workers and rings follow.
enum : uint32_t { kArena, kState };

class DataDrawer {
public:
  explicit DataDrawer(Draft &draft)
      : draft(draft), program(draft.program), random(draft.random) {}
  void draw();

private:
  void drawAgents();
  void drawActions(size_t count);
  void drawRing(size_t maxActions);
  void drawExchange(size_t maxActions);
  void drawBuffer();
  void drawScratch();
  void drawCarried();
  void drawOutput();
  void drawReaders(uint32_t buffer, size_t after, bool isTagged);
  uint32_t addBuffer(BufferKind kind, uint32_t space, uint64_t bytes);
  /// The same, behind all that the space has, which grows.
  uint32_t appendBuffer(BufferKind kind, uint32_t space, uint64_t bytes);
  uint32_t placeScratch(uint64_t bytes, size_t first, bool isTagged);
  uint32_t sharedSpaceFor(size_t first);
  std::vector<Region> tiles(uint32_t buffer, size_t count);
  Region part(uint32_t buffer);
  std::vector<size_t> positions(size_t from, size_t count);
  bool hasWords(uint32_t buffer) const;
  size_t lastUse(uint32_t buffer) const;
  void access(size_t position, AccessMode mode, const Region &region,
              uint32_t counter = Access::kNoCounter) {
    draft.at(position).accesses.push_back({mode, region, counter});
  }
  static Region whole(uint32_t buffer, uint64_t bytes) {
    return {buffer, 0, 1, bytes, 0};
  }

  Draft &draft;
  Program &program;
  Random &random;
};

} // namespace

void DataDrawer::drawAgents() {
  size_t count = 1 + random.weighted({8, 40, 32, 20});
  bool hasLoaders = random.chance(40);
  for (uint32_t i = 0; i != count; ++i)
    program.agents.push_back(
        {"agent" + std::to_string(i), hasLoaders ? i / 2 : i, {}});
}

void DataDrawer::drawActions(size_t count) {
  for (size_t i = 0; i != count; ++i) {
    uint32_t agent = random.index(program.agents.size());
    if (program.agents[agent].actions.size() < 4)
      draft.append(agent);
  }
}

/// Chunks of a tape, loaded by one agent and used by others of its worker.
void DataDrawer::drawRing(size_t maxActions) {
  if (program.agents.size() < 2)
    return;
  uint32_t loader = 0;
  bool hasTwo = program.agents.size() > 2 && maxActions > 2;
  uint32_t readers = hasTwo && random.chance(15) ? 2 : 1;
  for (uint32_t i = 0; i <= readers; ++i)
    program.agents[i].worker = 0;
  uint64_t chunks =
      random.range(1, std::max<size_t>(1, maxActions / (1 + readers)));
  chunks = std::min<uint64_t>(chunks, 4);
  uint64_t slotBytes = random.range(1, 2), slots = random.range(1, 3);
  uint64_t hole = random.chance(20) ? random.range(0, slotBytes) : 0;
  auto space = static_cast<uint32_t>(program.spaces.size());
  uint32_t worker = random.chance(70) ? 0 : Space::kGlobal;
  program.spaces.push_back(
      {"ring", chunks * slotBytes + hole, slots * slotBytes, worker});
  bool isOneBuffer = random.chance(50);
  uint32_t tape =
      isOneBuffer ? addBuffer(BufferKind::Scratch, space, chunks * slotBytes)
                  : 0;
  for (uint64_t i = 0; i != chunks; ++i) {
    Region region = {tape, i * slotBytes, 1, slotBytes, 0};
    if (!isOneBuffer) {
      region.buffer = addBuffer(BufferKind::Scratch, space, slotBytes);
      program.buffers[region.buffer].offset = region.offset;
      region.offset = 0;
    }
    access(draft.append(loader), AccessMode::Write, region);
    for (uint32_t r = 1; r <= readers; ++r)
      access(draft.append(r), AccessMode::Read, region);
    // Another value at the same place of the tape.
    if (random.chance(10)) {
      const Buffer old = program.buffers[region.buffer];
      region.buffer = addBuffer(BufferKind::Scratch, space, old.bytes);
      program.buffers[region.buffer].offset = old.offset;
      access(draft.order.size() - 1, AccessMode::Write, region);
    }
  }
}

/// Phases in which every agent stores its words and then reads everybody's.
void DataDrawer::drawExchange(size_t maxActions) {
  auto agents = std::min<uint32_t>(uint32_t(program.agents.size()),
                                   random.chance(75) ? 2 : 3);
  uint64_t phases = std::min<uint64_t>(random.range(1, 4), maxActions / agents);
  uint64_t copies = random.range(1, 3), offset = program.spaces[kArena].bytes;
  uint64_t base = random.below(4);
  uint32_t previous = Access::kNoCounter;
  program.spaces[kArena].bytes += copies * agents;
  for (uint64_t phase = 0; phase != phases; ++phase) {
    uint32_t counter = draft.addCounter(Protocol::Tag, 0, base + phase);
    uint32_t buffer = addBuffer(BufferKind::Scratch, kArena, agents);
    program.buffers[buffer].offset = offset + phase % copies * agents;
    for (uint32_t a = 0; a != agents; ++a) {
      size_t position = draft.append(a);
      if (phase != 0 && !random.chance(5)) {
        draft.at(position).waits.push_back({previous, 0});
        if (random.chance(70))
          access(position, AccessMode::Read, whole(buffer - 1, agents));
      }
      access(position, AccessMode::WriteTagged, {buffer, a, 1, 1, 0}, counter);
      draft.at(position).signals.push_back({counter, 1});
    }
    previous = counter;
  }
  program.tags.stride = random.chance(80) ? phases : random.range(0, 3);
}

uint32_t DataDrawer::addBuffer(BufferKind kind, uint32_t space,
                               uint64_t bytes) {
  program.buffers.push_back(
      {"b" + std::to_string(program.buffers.size()), kind, space, 0, bytes});
  return static_cast<uint32_t>(program.buffers.size() - 1);
}

uint32_t DataDrawer::appendBuffer(BufferKind kind, uint32_t space,
                                  uint64_t bytes) {
  uint32_t buffer = addBuffer(kind, space, bytes);
  program.buffers[buffer].offset = program.spaces[space].bytes;
  program.spaces[space].bytes += bytes;
  return buffer;
}

bool DataDrawer::hasWords(uint32_t buffer) const {
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      for (const Access &access : action.accesses)
        if (access.region.buffer == buffer &&
            access.mode == AccessMode::WriteTagged)
          return true;
  return false;
}

/// One past the last position at which the buffer is used.
size_t DataDrawer::lastUse(uint32_t buffer) const {
  size_t last = 0;
  for (size_t i = 0; i != draft.order.size(); ++i)
    for (const Access &access : draft.at(i).accesses)
      if (access.region.buffer == buffer)
        last = i + 1;
  return last;
}

/// A new scratch buffer, first used at `first`; perhaps at the address of one
/// that is not used any more.
uint32_t DataDrawer::placeScratch(uint64_t bytes, size_t first, bool isTagged) {
  if (random.chance(45)) {
    std::vector<uint32_t> dead;
    for (uint32_t b = 0; b != program.buffers.size(); ++b)
      if (program.buffers[b].space == kArena && lastUse(b) <= first &&
          hasWords(b) == isTagged)
        dead.push_back(b);
    if (!dead.empty()) {
      const Buffer old = program.buffers[random.pick(dead)];
      uint32_t buffer =
          addBuffer(BufferKind::Scratch, kArena, std::min(bytes, old.bytes));
      program.buffers[buffer].offset =
          old.offset +
          random.below(old.bytes - program.buffers[buffer].bytes + 1);
      return buffer;
    }
  }
  uint32_t space =
      random.chance(isTagged ? 10 : 25) ? sharedSpaceFor(first) : kArena;
  uint32_t buffer = addBuffer(BufferKind::Scratch, space, bytes);
  program.buffers[buffer].offset = program.spaces[space].bytes;
  program.spaces[space].bytes += bytes;
  return buffer;
}

/// The shared memory of the worker that runs position `first`.
uint32_t DataDrawer::sharedSpaceFor(size_t first) {
  uint32_t worker = draft.workerAt(first);
  for (uint32_t s = 0; s != program.spaces.size(); ++s)
    if (program.spaces[s].worker == worker && program.spaces[s].ringBytes == 0)
      return s;
  program.spaces.push_back({"shared" + std::to_string(worker), 0, 0, worker});
  return static_cast<uint32_t>(program.spaces.size() - 1);
}

/// `count` different positions from `from` on, sorted.
std::vector<size_t> DataDrawer::positions(size_t from, size_t count) {
  std::set<size_t> chosen;
  size_t left = draft.order.size() - from;
  while (chosen.size() < std::min(count, left))
    chosen.insert(from + random.below(left));
  return {chosen.begin(), chosen.end()};
}

/// The buffer in `count` pieces: runs of bytes, or columns of two rows.
std::vector<Region> DataDrawer::tiles(uint32_t buffer, size_t count) {
  uint64_t bytes = program.buffers[buffer].bytes;
  std::vector<Region> regions;
  if (count > 1 && bytes % (2 * count) == 0 && random.chance(60)) {
    uint64_t width = bytes / (2 * count);
    for (uint64_t i = 0; i != count; ++i)
      regions.push_back({buffer, i * width, 2, width, bytes / 2});
    return regions;
  }
  uint64_t begin = 0;
  for (uint64_t i = 0; i != count; ++i) {
    uint64_t end = bytes * (i + 1) / count;
    regions.push_back({buffer, begin, 1, end - begin, 0});
    begin = end;
  }
  return regions;
}

Region DataDrawer::part(uint32_t buffer) {
  uint64_t bytes = program.buffers[buffer].bytes;
  if (random.chance(55) || bytes < 2)
    return whole(buffer, bytes);
  if (bytes >= 4 && random.chance(50))
    return {buffer, random.below(bytes / 2), 2, 1, bytes / 2};
  uint64_t begin = random.below(bytes);
  return {buffer, begin, 1, random.range(1, bytes - begin), 0};
}

/// Reads from position `after` on; of words, behind a wait for them.
void DataDrawer::drawReaders(uint32_t buffer, size_t after, bool isTagged) {
  uint32_t worker = program.spaces[program.buffers[buffer].space].worker;
  for (size_t position : positions(after, random.range(0, 2))) {
    if (worker != Space::kGlobal && draft.workerAt(position) != worker)
      continue;
    access(position, AccessMode::Read, part(buffer));
    if (isTagged && random.chance(85))
      draft.at(position).waits.push_back(
          {static_cast<uint32_t>(program.counters.size() - 1), 0});
  }
}

void DataDrawer::drawScratch() {
  size_t first = random.below(draft.order.size());
  bool isTagged = random.chance(22);
  uint64_t bytes = random.range(1, 4) * (random.chance(50) ? 2 : 1);
  uint32_t buffer = placeScratch(bytes, first, isTagged);
  bytes = program.buffers[buffer].bytes;
  uint32_t worker = program.spaces[program.buffers[buffer].space].worker;

  size_t writers = std::min<uint64_t>(random.range(1, 3), bytes);
  std::vector<size_t> writerPositions = positions(first, writers);
  if (worker != Space::kGlobal)
    writerPositions.erase(
        std::remove_if(writerPositions.begin(), writerPositions.end(),
                       [&](size_t p) { return draft.workerAt(p) != worker; }),
        writerPositions.end());
  if (writerPositions.empty())
    return;
  uint32_t counter = Access::kNoCounter;
  if (isTagged)
    counter = draft.addCounter(Protocol::Tag, 0, random.below(4));
  std::vector<Region> regions = tiles(buffer, writerPositions.size());
  for (size_t i = 0; i != regions.size(); ++i) {
    Action &writer = draft.at(writerPositions[i]);
    access(writerPositions[i],
           isTagged ? AccessMode::WriteTagged : AccessMode::Write, regions[i],
           counter);
    if (isTagged)
      writer.signals.push_back({counter, 1});
  }
  size_t after = writerPositions.back() + 1;
  if (!isTagged && random.chance(35))
    for (size_t position : positions(after, random.range(1, 2)))
      if (worker == Space::kGlobal || draft.workerAt(position) == worker) {
        access(position, AccessMode::Reduce, part(buffer));
        after = position + 1;
      }
  drawReaders(buffer, after, isTagged);
}

/// State of many steps: a cache that one part is appended to, a token, a sum.
void DataDrawer::drawCarried() {
  uint64_t bytes = random.range(1, 4);
  uint32_t buffer = appendBuffer(BufferKind::Carried, kState, bytes);
  size_t after = 0;
  for (size_t position : positions(0, random.range(0, 2))) {
    access(position, AccessMode::ReadPrevious, part(buffer));
    after = position + random.below(2); // an action may replace what it reads
  }
  std::vector<size_t> writers = positions(after, random.range(0, 1));
  if (!writers.empty()) {
    access(writers[0], AccessMode::Write, part(buffer));
    after = writers[0] + 1;
  }
  if (random.chance(25))
    for (size_t position : positions(after, 1)) {
      access(position, AccessMode::Reduce, part(buffer));
      after = position + 1;
    }
  drawReaders(buffer, after, false);
}

void DataDrawer::drawOutput() {
  uint64_t bytes = random.range(1, 4);
  uint32_t buffer = appendBuffer(BufferKind::Output, kArena, bytes);
  std::vector<size_t> writers =
      positions(0, std::min<uint64_t>(random.range(1, 3), bytes));
  std::vector<Region> regions = tiles(buffer, writers.size());
  for (size_t i = 0; i != writers.size(); ++i)
    access(writers[i], AccessMode::Write, regions[i]);
  if (random.chance(30))
    drawReaders(buffer, writers.back() + 1, false);
}

void DataDrawer::drawBuffer() {
  switch (random.weighted({70, 20, 10})) {
  case 0:
    return drawScratch();
  case 1:
    return drawCarried();
  default:
    return drawOutput();
  }
}

void DataDrawer::draw() {
  program.spaces = {{"arena", 0, 0, Space::kGlobal},
                    {"state", 0, 0, Space::kGlobal}};
  program.tags = {random.chance(85) ? random.range(1, 4) : 0,
                  uint32_t(random.chance(60) ? 32 : random.range(1, 4))};
  drawAgents();
  size_t maxActions = 16 / draft.steps;
  size_t core = 0;
  switch (random.weighted({55, 22, 23})) {
  case 1:
    drawRing(maxActions);
    core = 1;
    break;
  case 2:
    drawExchange(maxActions);
    core = 1;
    break;
  default:
    break;
  }
  size_t used = draft.order.size();
  size_t more = used < maxActions ? maxActions - used : 0;
  if (core != 0)
    more = std::min<size_t>(more, random.below(3));
  drawActions(core != 0 ? more : random.range(std::min<size_t>(3, more), more));
  if (draft.order.empty())
    draft.append(0);
  for (uint64_t n = core != 0 ? random.below(3) : random.range(1, 4); n != 0;
       --n)
    drawBuffer();
  std::set<uint32_t> workers;
  for (const Agent &agent : program.agents)
    workers.insert(agent.worker);
  if (random.chance(20))
    program.limits.workers = workers.size();
  if (random.chance(20))
    program.limits.sharedBytes = 64;
}

void experiment::drawData(Draft &draft) { DataDrawer(draft).draw(); }

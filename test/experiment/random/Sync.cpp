//===- Sync.cpp - Complete synchronisation --------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Waits and signals that order what the data of a draft need ordered: by
// counters of one producer, joins, counters that several phases share, parity.
//
//===----------------------------------------------------------------------===//

#include "Draft.h"

#include <algorithm>
#include <bitset>
#include <map>

using namespace amk;
using namespace amk::experiment;

namespace {

using Bytes = std::bitset<256>;

/// What an action touches in one step.
struct Touched {
  Bytes reads, writes; ///< reductions are in both
  std::map<uint32_t, Bytes> words;
};

/// `from` in some step has signalled before `to`, `distance` steps later,
/// starts.
struct Edge {
  size_t from, to;
  unsigned distance;
  bool isTag;
  uint32_t counter;
};

/// Which ends of an action's accesses have to be waited for.
struct Need {
  bool reads = false, writes = false;
  std::set<uint32_t> words;
};

class Synchroniser {
public:
  explicit Synchroniser(Draft &draft)
      : draft(draft), random(draft.random), program(draft.program),
        length(draft.order.size()) {}
  void run();

private:
  void collectTouched();
  void collectTagEdges();
  Bytes wordsOf(uint32_t counter) const;
  Bytes bytesOf(const Access &access, unsigned step) const;
  Need needOf(size_t from, size_t to, unsigned distance) const;
  bool isOrdered(size_t from, size_t to, unsigned distance, bool viaTags,
                 uint32_t words) const;
  bool isMet(size_t from, size_t to, unsigned distance, const Need &need) const;
  void addEdge(size_t from, size_t to, unsigned distance);
  uint32_t counterFor(size_t source);
  void placeWaits();
  void resolveTagWaits();
  uint64_t perStep(uint32_t counter) const;

  Draft &draft;
  Random &random;
  Program &program;
  size_t length;
  std::vector<std::vector<Touched>> touched; ///< by step, by position
  std::vector<Edge> edges;
};

} // namespace

Bytes Synchroniser::bytesOf(const Access &access, unsigned step) const {
  Bytes bytes;
  for (auto [space, address] : memoryOf(program, access, step)) {
    uint64_t base = 0;
    for (uint32_t s = 0; s != space; ++s)
      base += program.spaces[s].bytes + program.spaces[s].ringBytes;
    bytes.set((base + address) % bytes.size());
  }
  return bytes;
}

/// All words of a Tag counter; these lie at the same place in every step.
Bytes Synchroniser::wordsOf(uint32_t counter) const {
  Bytes bytes;
  for (size_t i = 0; i != length; ++i)
    for (const Access &access : draft.at(i).accesses)
      if (access.mode == AccessMode::WriteTagged && access.counter == counter)
        bytes |= bytesOf(access, 0);
  return bytes;
}

void Synchroniser::collectTouched() {
  for (unsigned step = 0; step != draft.steps; ++step) {
    touched.emplace_back(length);
    for (size_t i = 0; i != length; ++i) {
      Touched &t = touched.back()[i];
      for (const Access &access : draft.at(i).accesses) {
        Bytes bytes = bytesOf(access, step);
        if (access.isRead())
          t.reads |= bytes;
        if (access.mode == AccessMode::WriteTagged)
          t.words[access.counter] |= bytes;
        else if (access.isWrite())
          t.writes |= bytes;
      }
      for (const Wait &wait : draft.at(i).waits)
        t.reads |= wordsOf(wait.counter);
    }
  }
}

void Synchroniser::collectTagEdges() {
  for (size_t to = 0; to != length; ++to)
    for (const Wait &wait : draft.at(to).waits)
      for (size_t from = 0; from != to; ++from)
        for (const Signal &signal : draft.at(from).signals)
          if (signal.counter == wait.counter)
            edges.push_back({from, to, 0, true, wait.counter});
}

Need Synchroniser::needOf(size_t from, size_t to, unsigned distance) const {
  Need need;
  for (unsigned step = 0; step + distance < draft.steps; ++step) {
    const Touched &a = touched[step][from], &b = touched[step + distance][to];
    Bytes written = b.writes;
    for (const auto &[counter, bytes] : b.words)
      written |= bytes;
    need.reads |= (a.reads & written).any();
    need.writes |= (a.writes & (written | b.reads)).any();
    for (const auto &[counter, bytes] : a.words)
      if ((bytes & (written | b.reads)).any())
        need.words.insert(counter);
  }
  return need;
}

/// Whether a chain of edges leads from `from` or a later action of its agent to
/// `to`. The first edge is a release, or a tag if `viaTags` or for `words`.
bool Synchroniser::isOrdered(size_t from, size_t to, unsigned distance,
                             bool viaTags, uint32_t words) const {
  std::vector<bool> seen((distance + 1) * length);
  std::vector<std::pair<size_t, unsigned>> stack;
  auto reach = [&](size_t position, unsigned step) {
    // With it all later actions of its agent.
    for (unsigned s = step; s <= distance; ++s)
      for (size_t p = s == step ? position : 0; p != length; ++p)
        if (draft.agentAt(p) == draft.agentAt(position) &&
            !seen[s * length + p]) {
          seen[s * length + p] = true;
          stack.push_back({p, s});
        }
  };
  for (const Edge &edge : edges)
    for (unsigned s = 0; s + edge.distance <= distance; ++s)
      if (draft.agentAt(edge.from) == draft.agentAt(from) &&
          (s != 0 || edge.from >= from) &&
          (!edge.isTag || viaTags || edge.counter == words))
        reach(edge.to, s + edge.distance);
  while (!stack.empty()) {
    auto [position, step] = stack.back();
    stack.pop_back();
    for (const Edge &edge : edges)
      if (edge.from == position && step + edge.distance <= distance)
        reach(edge.to, step + edge.distance);
  }
  return seen[distance * length + to];
}

bool Synchroniser::isMet(size_t from, size_t to, unsigned distance,
                         const Need &need) const {
  constexpr uint32_t none = UINT32_MAX;
  if (need.reads && !isOrdered(from, to, distance, true, none))
    return false;
  if (need.writes && !isOrdered(from, to, distance, false, none))
    return false;
  return std::all_of(need.words.begin(), need.words.end(), [&](uint32_t k) {
    return isOrdered(from, to, distance, false, k);
  });
}

/// A counter that the action at `source` signals, or is made to signal.
uint32_t Synchroniser::counterFor(size_t source) {
  Action &action = draft.at(source);
  std::vector<uint32_t> own, pool;
  for (const Signal &signal : action.signals)
    if (program.counters[signal.counter].protocol != Protocol::Tag)
      own.push_back(signal.counter);
  if (!own.empty() && random.chance(75))
    return random.pick(own);
  for (uint32_t c = 0; c != program.counters.size(); ++c) {
    if (std::count(own.begin(), own.end(), c))
      continue;
    std::set<uint32_t> signallers;
    for (size_t i = 0; i != length; ++i)
      for (const Signal &signal : draft.at(i).signals)
        if (signal.counter == c)
          signallers.insert(draft.agentAt(i));
    bool isOwn =
        signallers.size() == 1 && signallers.count(draft.agentAt(source));
    Protocol protocol = program.counters[c].protocol;
    if (protocol != Protocol::Tag &&
        (isOwn || (protocol == Protocol::Release && random.chance(35))))
      pool.push_back(c);
  }
  uint32_t counter;
  if (!pool.empty() && random.chance(65))
    counter = random.pick(pool);
  else if (random.chance(30))
    counter = draft.addCounter(Protocol::Parity,
                               static_cast<uint32_t>(random.range(1, 3)));
  else
    counter = draft.addCounter(Protocol::Release);
  bool isParity = program.counters[counter].protocol == Protocol::Parity;
  Signal signal = {counter, 1};
  if (!isParity && random.chance(18))
    signal.amount = random.range(2, 3);
  action.signals.insert(
      isParity ? action.signals.begin() : action.signals.end(), signal);
  return counter;
}

void Synchroniser::addEdge(size_t from, size_t to, unsigned distance) {
  std::vector<size_t> sources, targets;
  for (size_t p = from; p != length; ++p)
    if (draft.agentAt(p) == draft.agentAt(from) && (distance != 0 || p < to))
      sources.push_back(p);
  size_t source = random.chance(75) ? from : random.pick(sources);
  for (size_t p = 0; p <= to; ++p)
    if (draft.agentAt(p) == draft.agentAt(to) && (distance != 0 || p > source))
      targets.push_back(p);
  size_t target = random.chance(80) ? to : random.pick(targets);
  edges.push_back({source, target, distance, false, counterFor(source)});
}

uint64_t Synchroniser::perStep(uint32_t counter) const {
  uint64_t sum = 0;
  for (size_t i = 0; i != length; ++i)
    for (const Signal &signal : draft.at(i).signals)
      if (signal.counter == counter)
        sum += signal.amount;
  return sum;
}

/// The threshold of an edge counts all signals up to its source in the order of
/// the draft; the last of them may be needed only in part.
void Synchroniser::placeWaits() {
  for (const Edge &edge : edges) {
    if (edge.isTag)
      continue;
    int64_t sum = 0, last = 0;
    for (size_t i = 0; i <= edge.from; ++i)
      for (const Signal &signal : draft.at(i).signals)
        if (signal.counter == edge.counter) {
          last = static_cast<int64_t>(signal.amount);
          sum += last;
        }
    if (last > 1 && random.chance(50))
      sum -= static_cast<int64_t>(random.below(uint64_t(last)));
    sum -= static_cast<int64_t>(edge.distance * perStep(edge.counter));
    std::vector<Wait> &waits = draft.at(edge.to).waits;
    auto same = std::find_if(waits.begin(), waits.end(), [&](const Wait &w) {
      return w.counter == edge.counter;
    });
    if (same == waits.end() || random.chance(10))
      waits.push_back({edge.counter, sum});
    else
      same->threshold = std::max(same->threshold, sum);
  }
}

void Synchroniser::resolveTagWaits() {
  for (size_t i = 0; i != length; ++i)
    for (Wait &wait : draft.at(i).waits)
      if (program.counters[wait.counter].protocol == Protocol::Tag)
        wait.threshold = static_cast<int64_t>(perStep(wait.counter));
}

void Synchroniser::run() {
  collectTouched();
  collectTagEdges();
  for (unsigned distance = 0; distance != draft.steps; ++distance)
    for (size_t to = 0; to != length; ++to)
      // The nearest first: what it orders need not be ordered again.
      for (size_t n = distance == 0 ? to : length; n != 0; --n) {
        size_t from = n - 1;
        if (draft.agentAt(from) == draft.agentAt(to))
          continue;
        Need need = needOf(from, to, distance);
        bool isMetAnyway = isMet(from, to, distance, need);
        bool isNeeded = need.reads || need.writes || !need.words.empty();
        if (!isMetAnyway ? true : isNeeded && random.chance(4))
          addEdge(from, to, distance);
      }
  placeWaits();
  resolveTagWaits();
}

void experiment::addSync(Draft &draft) { Synchroniser(draft).run(); }

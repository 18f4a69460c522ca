//===- SlowStatic.cpp - Form and resources, read off the program ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlowModel.h"

#include <algorithm>
#include <map>
#include <set>

using namespace amk::mutants::slow;

namespace {

using Wide = unsigned __int128;

/// Bytes [first, second) of a space.
using Range = std::pair<uint64_t, uint64_t>;

struct Visit {
  size_t agent, action;
  const Action *a;
};

class StaticFault {
public:
  explicit StaticFault(const Model &m) : m(m) {
    for (size_t g = 0; g < m.agents.size(); ++g)
      for (size_t i = 0; i < m.agents[g].actions.size(); ++i)
        actions.push_back({g, i, &m.agents[g].actions[i]});
  }

  std::string find() {
    using Check = bool (StaticFault::*)();
    // Later checks rely on the earlier ones.
    const std::pair<Check, const char *> checks[] = {
        {&StaticFault::badReference, "reference"},
        {&StaticFault::badBounds, "bounds"},
        {&StaticFault::badResources, "resources"},
        {&StaticFault::badRange, "range"},
        {&StaticFault::badTagForm, "tag form"},
        {&StaticFault::tagsMeetPlainData, "tagged words meet ordinary data"},
        {&StaticFault::badParityForm, "parity form"},
        {&StaticFault::badSpaceForm, "previous, ring or shared memory form"},
        {&StaticFault::badCoverage, "written twice or incomplete output"}};
    for (auto [check, name] : checks)
      if ((this->*check)())
        return name;
    return "";
  }

private:
  const Model &m;
  std::vector<Visit> actions;

  const Buffer &bufferOf(const Access &a) const { return m.buffers[a.buffer]; }

  bool badReference() {
    for (const Buffer &b : m.buffers)
      if (b.space >= m.spaces.size())
        return true;
    for (const Visit &v : actions) {
      for (const Wait &w : v.a->waits)
        if (w.counter >= m.counters.size())
          return true;
      for (const Signal &s : v.a->signals)
        if (s.counter >= m.counters.size())
          return true;
      for (const Access &a : v.a->accesses)
        if (a.buffer >= m.buffers.size() ||
            (a.mode == Mode::WriteTagged && a.counter >= m.counters.size()))
          return true;
    }
    return false;
  }

  static Wide endOf(const Access &a) {
    return a.isEmpty()
               ? Wide(a.offset)
               : Wide(a.offset) + Wide(a.rows - 1) * a.rowStride + a.rowBytes;
  }

  bool badBounds() {
    for (const Buffer &b : m.buffers)
      if (Wide(b.offset) + b.bytes > m.spaces[b.space].bytes)
        return true;
    for (const Visit &v : actions)
      for (const Access &a : v.a->accesses)
        if (!a.isEmpty() && endOf(a) > bufferOf(a).bytes)
          return true;
    return false;
  }

  bool badResources() {
    if (m.workerLimit) {
      std::set<uint32_t> workers;
      for (const Agent &g : m.agents)
        workers.insert(g.worker);
      if (workers.size() > m.workerLimit)
        return true;
    }
    std::map<int64_t, Wide> shared;
    for (const Space &s : m.spaces)
      if (s.worker >= 0)
        shared[s.worker] += s.ring ? s.ring : s.bytes;
    for (auto [worker, bytes] : shared)
      if (m.sharedLimit && bytes > m.sharedLimit)
        return true;
    return false;
  }

  bool badRange() {
    std::vector<Wide> perStep(m.counters.size());
    for (const Visit &v : actions) {
      for (const Wait &w : v.a->waits)
        if (w.threshold < INT32_MIN || w.threshold > INT32_MAX)
          return true;
      for (const Signal &s : v.a->signals) {
        perStep[s.counter] += s.amount;
        if (s.amount > UINT32_MAX || perStep[s.counter] > UINT32_MAX)
          return true;
      }
    }
    return false;
  }

  /// AMK-S5, first item, but for the sharing of bytes.
  bool badTagForm() {
    if (m.tagBits < 1 || m.tagBits > 64)
      return true;
    std::vector<int64_t> perStep(m.counters.size());
    for (const Visit &v : actions) {
      std::set<uint32_t> signalled, written;
      for (const Access &a : v.a->accesses)
        if (a.mode == Mode::WriteTagged)
          written.insert(a.counter);
      for (const Signal &s : v.a->signals) {
        if (m.counters[s.counter].proto != Proto::Tag)
          continue;
        if (s.amount != 1 || !signalled.insert(s.counter).second)
          return true;
        perStep[s.counter] += 1;
      }
      if (written != signalled)
        return true;
      for (const Access &a : v.a->accesses)
        if (a.mode == Mode::WriteTagged && m.spaces[bufferOf(a).space].ring)
          return true;
    }
    for (const Visit &v : actions)
      for (const Wait &w : v.a->waits)
        if (m.counters[w.counter].proto == Proto::Tag &&
            w.threshold != perStep[w.counter])
          return true;
    return false;
  }

  std::vector<Range> rangesOf(const Access &a, uint64_t base) const {
    std::vector<Range> out;
    // Rows without gaps are one run, however many there are.
    if (!a.isEmpty() && (a.rows == 1 || a.rowStride <= a.rowBytes)) {
      uint64_t begin = base + a.offset;
      return {{begin, begin + (a.rows - 1) * a.rowStride + a.rowBytes}};
    }
    for (uint64_t row = 0; row < a.rows && a.rowBytes; ++row) {
      uint64_t begin = base + a.offset + row * a.rowStride;
      out.push_back({begin, begin + a.rowBytes});
    }
    return out;
  }

  bool tagsMeetPlainData() {
    std::vector<std::vector<Range>> tagged(m.spaces.size()),
        plain(m.spaces.size());
    for (const Visit &v : actions)
      for (const Access &a : v.a->accesses)
        if (a.isWrite())
          for (Range r : rangesOf(a, bufferOf(a).offset))
            (a.mode == Mode::WriteTagged ? tagged : plain)[bufferOf(a).space]
                .push_back(r);
    for (size_t s = 0; s < m.spaces.size(); ++s)
      for (Range t : tagged[s])
        for (Range p : plain[s])
          if (t.first < p.second && p.first < t.second)
            return true;
    return false;
  }

  bool badParityForm() {
    std::map<uint32_t, size_t> signaller;
    for (const Visit &v : actions) {
      std::set<uint32_t> seen;
      bool releaseSeen = false;
      for (const Signal &s : v.a->signals) {
        Proto proto = m.counters[s.counter].proto;
        releaseSeen |= proto == Proto::Release;
        if (proto != Proto::Parity)
          continue;
        if (s.amount != 1 || releaseSeen || !seen.insert(s.counter).second)
          return true;
        if (signaller.insert({s.counter, v.agent}).first->second != v.agent)
          return true;
      }
    }
    for (const Counter &c : m.counters)
      if (c.proto == Proto::Parity && c.barriers == 0)
        return true;
    return false;
  }

  bool badSpaceForm() {
    for (const Visit &v : actions)
      for (const Access &a : v.a->accesses) {
        const Buffer &b = bufferOf(a);
        const Space &s = m.spaces[b.space];
        if (a.mode == Mode::ReadPrevious && b.kind != Kind::Carried)
          return true;
        if (s.worker >= 0 && s.worker != m.agents[v.agent].worker)
          return true;
        // AMK-G1's static half: an access that overruns itself.
        if (s.ring && endOf(a) - a.offset > s.ring)
          return true;
      }
    for (const Buffer &b : m.buffers)
      if (m.spaces[b.space].ring && b.kind != Kind::Scratch)
        return true;
    return hasForeignWords();
  }

  /// A wait on a Tag counter reads all its words: none may lie in the shared
  /// memory of another worker.
  bool hasForeignWords() {
    std::vector<std::set<int64_t>> owners(m.counters.size());
    for (const Visit &v : actions)
      for (const Access &a : v.a->accesses)
        if (a.mode == Mode::WriteTagged && !a.isEmpty() &&
            m.spaces[m.buffers[a.buffer].space].worker >= 0)
          owners[a.counter].insert(m.spaces[m.buffers[a.buffer].space].worker);
    for (const Visit &v : actions)
      for (const Wait &w : v.a->waits)
        for (int64_t owner : owners[w.counter])
          if (owner != m.agents[v.agent].worker)
            return true;
    return false;
  }

  /// AMK-C2 and AMK-C3.
  bool badCoverage() {
    std::vector<std::vector<Range>> written(m.buffers.size());
    for (const Visit &v : actions)
      for (const Access &a : v.a->accesses)
        if (a.storesValue())
          for (Range r : rangesOf(a, 0))
            written[a.buffer].push_back(r);
    for (size_t b = 0; b < m.buffers.size(); ++b) {
      std::sort(written[b].begin(), written[b].end());
      uint64_t end = 0;
      bool gap = false;
      for (Range r : written[b]) {
        if (r.first < end)
          return true;
        gap |= r.first > end;
        end = r.second;
      }
      gap |= end != m.buffers[b].bytes;
      if (gap && m.buffers[b].kind == Kind::Output)
        return true;
    }
    return false;
  }
};

} // namespace

std::string amk::mutants::slow::findStaticFault(const Model &model) {
  return StaticFault(model).find();
}

//===- StaticRules.cpp - Rules that need no execution ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StaticRules.h"

#include <algorithm>
#include <map>

using namespace amk::oracle;

using Ids = std::set<std::string>;
using Wide = unsigned __int128; // sums and products of 64 bits fit

static constexpr uint64_t kMaxBytes = 1 << 20; // enumerated one by one

template <typename Visit>
static void forActions(const Program &program, Visit visit) {
  for (const Agent &agent : program.agents)
    for (const Action &action : agent.actions)
      visit(agent, action);
}

std::vector<uint64_t> amk::oracle::bytesOf(const Program &program,
                                           const Access &access) {
  if (Wide(access.rows) * access.rowBytes > kMaxBytes)
    throw TooLarge("an access of more than 2^20 bytes");
  std::set<uint64_t> bytes;
  for (uint64_t row = 0; access.rowBytes != 0 && row != access.rows; ++row)
    for (uint64_t i = 0; i != access.rowBytes; ++i)
      bytes.insert(program.buffers[access.buffer].offset + access.offset +
                   row * access.rowStride + i);
  return {bytes.begin(), bytes.end()};
}

/// S1.
static bool namesExist(const Program &program) {
  bool exist = true;
  uint64_t counters = program.counters.size();
  for (const Buffer &buffer : program.buffers)
    exist &= buffer.space < program.spaces.size();
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Wait &wait : action.waits)
      exist &= wait.counter < counters;
    for (const Signal &signal : action.signals)
      exist &= signal.counter < counters;
    for (const Access &access : action.accesses) {
      exist &= access.buffer < program.buffers.size();
      if (access.mode == Mode::WriteTagged)
        exist &= access.counter >= 0 && uint64_t(access.counter) < counters;
    }
  });
  return exist;
}

/// S2.
static bool isWithinBounds(const Program &program) {
  bool within = true;
  for (const Buffer &buffer : program.buffers)
    within &= Wide(buffer.offset) + buffer.bytes <=
              program.spaces[buffer.space].bytes;
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Access &access : action.accesses)
      if (access.rows != 0 && access.rowBytes != 0)
        within &= Wide(access.offset) +
                      Wide(access.rows - 1) * access.rowStride +
                      access.rowBytes <=
                  program.buffers[access.buffer].bytes;
  });
  return within;
}

/// S3.
static bool fitsTarget(const Program &program) {
  std::set<uint64_t> workers;
  for (const Agent &agent : program.agents)
    workers.insert(agent.worker);
  if (program.maxWorkers != 0 && workers.size() > program.maxWorkers)
    return false;
  std::map<int64_t, Wide> shared;
  for (const Space &space : program.spaces)
    if (space.worker >= 0)
      shared[space.worker] += space.ringBytes ? space.ringBytes : space.bytes;
  return std::all_of(shared.begin(), shared.end(), [&](const auto &entry) {
    return program.maxSharedBytes == 0 ||
           entry.second <= program.maxSharedBytes;
  });
}

/// S4, as far as small programs can break it.
static bool isEncodable(const Program &program) {
  bool encodable = true;
  std::vector<Wide> sums(program.counters.size());
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Wait &wait : action.waits)
      encodable &= wait.threshold >= INT32_MIN && wait.threshold <= INT32_MAX;
    for (const Signal &signal : action.signals) {
      sums[signal.counter] += signal.amount;
      encodable &= sums[signal.counter] <= UINT32_MAX;
    }
  });
  return encodable;
}

static bool isRing(const Program &program, const Access &access) {
  return program.spaces[program.buffers[access.buffer].space].ringBytes != 0;
}

/// S5, Tag counters: who signals, writes words and waits.
static bool usesTagsWell(const Program &program) {
  bool good = program.tagBits >= 1 && program.tagBits <= 64;
  auto isTag = [&](uint64_t counter) {
    return program.counters[counter].protocol == Protocol::Tag;
  };
  forActions(program, [&](const Agent &, const Action &action) {
    auto signalsOf = [&](uint64_t counter) {
      return std::count_if(
          action.signals.begin(), action.signals.end(),
          [&](const Signal &signal) { return signal.counter == counter; });
    };
    for (const Signal &signal : action.signals) {
      if (!isTag(signal.counter))
        continue;
      bool hasWords =
          std::any_of(action.accesses.begin(), action.accesses.end(),
                      [&](const Access &access) {
                        return access.mode == Mode::WriteTagged &&
                               uint64_t(access.counter) == signal.counter;
                      });
      good &= signal.amount == 1 && signalsOf(signal.counter) == 1 && hasWords;
    }
    for (const Access &access : action.accesses)
      if (access.mode == Mode::WriteTagged)
        good &= isTag(access.counter) && signalsOf(access.counter) != 0 &&
                !isRing(program, access);
    for (const Wait &wait : action.waits)
      if (isTag(wait.counter))
        good &= wait.threshold == int64_t(program.perStep(wait.counter));
  });
  return good;
}

/// S5: no byte is ever written both as a word and as ordinary data.
static bool keepsWordsApart(const Program &program) {
  using Byte = std::pair<uint64_t, uint64_t>;
  std::set<Byte> words, ordinary;
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Access &access : action.accesses)
      if (access.writes() && !isRing(program, access))
        for (uint64_t byte : bytesOf(program, access))
          (access.mode == Mode::WriteTagged ? words : ordinary)
              .insert({program.buffers[access.buffer].space, byte});
  });
  return std::none_of(words.begin(), words.end(),
                      [&](const Byte &byte) { return ordinary.count(byte); });
}

/// S5, Parity counters.
static bool usesParityWell(const Program &program) {
  bool good = true;
  std::map<uint64_t, std::set<const Agent *>> signallers;
  for (const Counter &counter : program.counters)
    if (counter.protocol == Protocol::Parity)
      good &= counter.barriers >= 1;
  forActions(program, [&](const Agent &agent, const Action &action) {
    std::set<uint64_t> seen;
    bool afterRelease = false;
    for (const Signal &signal : action.signals) {
      Protocol protocol = program.counters[signal.counter].protocol;
      afterRelease |= protocol == Protocol::Release;
      if (protocol != Protocol::Parity)
        continue;
      good &= signal.amount == 1 && !afterRelease &&
              seen.insert(signal.counter).second;
      signallers[signal.counter].insert(&agent);
    }
  });
  for (const auto &entry : signallers)
    good &= entry.second.size() == 1;
  return good;
}

/// A wait on a Tag counter reads the words, wherever they lie.
static bool reachesWords(const Program &program, const Agent &waiter,
                         uint64_t counter) {
  bool reaches = true;
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Access &access : action.accesses) {
      int64_t owner =
          program.spaces[program.buffers[access.buffer].space].worker;
      if (access.mode == Mode::WriteTagged &&
          uint64_t(access.counter) == counter)
        reaches &= owner < 0 || uint64_t(owner) == waiter.worker;
    }
  });
  return reaches;
}

/// S5: what kinds, modes and spaces go together.
static bool matchesKinds(const Program &program) {
  bool good = true;
  for (const Buffer &buffer : program.buffers)
    if (program.spaces[buffer.space].ringBytes != 0)
      good &= buffer.kind == Kind::Scratch;
  forActions(program, [&](const Agent &agent, const Action &action) {
    for (const Wait &wait : action.waits)
      if (program.counters[wait.counter].protocol == Protocol::Tag)
        good &= reachesWords(program, agent, wait.counter);
    for (const Access &access : action.accesses) {
      const Buffer &buffer = program.buffers[access.buffer];
      if (access.mode == Mode::ReadPrevious)
        good &= buffer.kind == Kind::Carried;
      int64_t owner = program.spaces[buffer.space].worker;
      good &= owner < 0 || uint64_t(owner) == agent.worker;
    }
  });
  return good;
}

Ids amk::oracle::formViolations(const Program &program) {
  if (!namesExist(program))
    return {"AMK-S1"};
  if (!isWithinBounds(program))
    return {"AMK-S2"};
  Ids ids;
  if (!fitsTarget(program))
    ids.insert("AMK-S3");
  if (!isEncodable(program))
    ids.insert("AMK-S4");
  if (!usesTagsWell(program) || !keepsWordsApart(program) ||
      !usesParityWell(program) || !matchesKinds(program))
    ids.insert("AMK-S5");
  return ids;
}

Ids amk::oracle::coverageViolations(const Program &program) {
  Ids ids;
  // How many accesses define each address of each buffer.
  std::vector<std::map<uint64_t, unsigned>> defined(program.buffers.size());
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Access &access : action.accesses)
      if (access.defines())
        for (uint64_t byte : bytesOf(program, access))
          if (++defined[access.buffer][byte] > 1)
            ids.insert("AMK-C3");
  });
  for (size_t i = 0; i != program.buffers.size(); ++i)
    if (program.buffers[i].kind == Kind::Output &&
        defined[i].size() != program.buffers[i].bytes)
      ids.insert("AMK-C2");
  return ids;
}

bool amk::oracle::overrunsRingAlone(const Program &program) {
  bool overruns = false;
  forActions(program, [&](const Agent &, const Action &action) {
    for (const Access &access : action.accesses) {
      uint64_t ring =
          program.spaces[program.buffers[access.buffer].space].ringBytes;
      std::set<uint64_t> memory;
      if (ring != 0)
        for (uint64_t byte : bytesOf(program, access))
          overruns |= !memory.insert(byte % ring).second;
    }
  });
  return overruns;
}

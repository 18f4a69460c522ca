//===- RawTables.cpp - Reads tables without the decoder -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RawTables.h"
#include "amk/Support/Abi.h"

#include <cstring>

using namespace amk;
using namespace amk::mutants::slow;

namespace {

/// One section of a file.
template <typename T>
class Rows {
public:
  Rows(const std::string &bytes, const abi::Section &section)
      : bytes(bytes), section(section) {}
  uint64_t size() const { return section.count; }
  T operator[](uint64_t i) const {
    T row;
    std::string text = bytes.substr(section.offset + i * sizeof(T), sizeof(T));
    std::memcpy(&row, text.data(), text.size());
    return row;
  }

private:
  const std::string &bytes;
  abi::Section section;
};

} // namespace

static abi::TablesHeader headerOf(const std::string &bytes) {
  abi::TablesHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

static Mode modeOf(uint32_t mode) {
  switch (mode) {
  case 0:
    return Mode::Read;
  case 1:
    return Mode::ReadPrevious;
  case 2:
    return Mode::Write;
  case 3:
    return Mode::WriteTagged;
  }
  return Mode::Reduce;
}

static Action readAction(const std::string &bytes,
                         const abi::TablesHeader &header,
                         const abi::Instruction &in) {
  Action action;
  Rows<abi::Wait> waits(bytes, header.waits);
  for (uint32_t i = 0; i != in.waitCount; ++i) {
    abi::Wait wait = waits[in.waitBegin + i];
    action.waits.push_back({wait.counter, wait.threshold});
  }
  Rows<abi::Signal> signals(bytes, header.signals);
  for (uint32_t i = 0; i != in.signalCount; ++i) {
    abi::Signal signal = signals[in.signalBegin + i];
    action.signals.push_back({signal.counter, signal.amount});
  }
  Rows<abi::Access> accesses(bytes, header.accesses);
  for (uint32_t i = 0; i != in.accessCount; ++i) {
    abi::Access a = accesses[in.accessBegin + i];
    action.accesses.push_back({modeOf(a.mode), a.buffer, a.offset, a.rows,
                               a.rowBytes, a.rowStride, a.counter});
  }
  return action;
}

static void readMemory(const std::string &bytes,
                       const abi::TablesHeader &header, Model &model) {
  Rows<abi::SpaceInfo> spaces(bytes, header.spaces);
  for (uint64_t i = 0; i != spaces.size(); ++i) {
    abi::SpaceInfo space = spaces[i];
    model.spaces.push_back(
        {space.bytes, space.ringBytes,
         space.worker == 0xffffffff ? -1 : int64_t(space.worker)});
  }
  Rows<abi::BufferInfo> buffers(bytes, header.buffers);
  for (uint64_t i = 0; i != buffers.size(); ++i) {
    abi::BufferInfo b = buffers[i];
    Kind kind = b.kind == 2   ? Kind::Output
                : b.kind == 1 ? Kind::Carried
                              : Kind::Scratch;
    model.buffers.push_back({kind, b.space, b.offset, b.bytes});
  }
}

Model artefact::modelOfTables(const std::string &bytes) {
  abi::TablesHeader header = headerOf(bytes);
  Model model;
  model.tagStride = header.tagStride;
  model.tagBits = header.tagBits;
  model.workerLimit = header.limitWorkers;
  model.sharedLimit = header.limitSharedBytes;
  readMemory(bytes, header, model);
  Rows<abi::Counter> counters(bytes, header.counters);
  for (uint64_t i = 0; i != counters.size(); ++i) {
    abi::Counter c = counters[i];
    Proto proto = c.protocol == 2   ? Proto::Parity
                  : c.protocol == 1 ? Proto::Tag
                                    : Proto::Release;
    model.counters.push_back({proto, c.barriers, c.tagBase});
  }
  Rows<abi::Queue> queues(bytes, header.queues);
  Rows<abi::Instruction> instructions(bytes, header.instructions);
  for (uint64_t i = 0; i != queues.size(); ++i) {
    abi::Queue queue = queues[i];
    Agent agent;
    agent.worker = queue.worker;
    for (uint32_t k = 0; k != queue.count; ++k)
      agent.actions.push_back(
          readAction(bytes, header, instructions[queue.begin + k]));
    model.agents.push_back(std::move(agent));
  }
  return model;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {

class Writer {
public:
  template <typename... T>
  void add(T... values) {
    ((text += std::to_string(values), text += ' '), ...);
    text += '\n';
  }
  std::string text;
};

} // namespace

static void addAction(Writer &out, const Action &action) {
  out.add(action.waits.size(), action.signals.size(), action.accesses.size());
  for (const Wait &wait : action.waits)
    out.add(wait.counter, wait.threshold);
  for (const Signal &signal : action.signals)
    out.add(signal.counter, signal.amount);
  for (const Access &a : action.accesses)
    // The counter of an access that is not tagged means nothing.
    out.add(int(a.mode), a.buffer, a.offset, a.rows, a.rowBytes, a.rowStride,
            a.mode == Mode::WriteTagged ? a.counter : 0);
}

std::string artefact::textOf(const Model &model) {
  Writer out;
  out.add(model.tagStride, model.tagBits, model.workerLimit, model.sharedLimit);
  out.add(model.spaces.size(), model.buffers.size(), model.counters.size());
  for (const Space &s : model.spaces)
    out.add(s.bytes, s.ring, s.worker);
  for (const Buffer &b : model.buffers)
    out.add(int(b.kind), b.space, b.offset, b.bytes);
  for (const Counter &c : model.counters)
    out.add(int(c.proto), c.barriers, c.tagBase);
  for (const Agent &agent : model.agents) {
    out.add(agent.worker, agent.actions.size());
    for (const Action &action : agent.actions)
      addAction(out, action);
  }
  return out.text;
}

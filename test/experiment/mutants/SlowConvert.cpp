//===- SlowConvert.cpp - Programs for the slow checker --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SlowConvert.h"

using namespace amk;
using namespace amk::mutants;

static slow::Kind convert(schedule::BufferKind kind) {
  switch (kind) {
  case schedule::BufferKind::Scratch:
    return slow::Kind::Scratch;
  case schedule::BufferKind::Carried:
    return slow::Kind::Carried;
  case schedule::BufferKind::Output:
    return slow::Kind::Output;
  }
  return slow::Kind::Scratch;
}

static slow::Proto convert(schedule::Protocol protocol) {
  switch (protocol) {
  case schedule::Protocol::Release:
    return slow::Proto::Release;
  case schedule::Protocol::Tag:
    return slow::Proto::Tag;
  case schedule::Protocol::Parity:
    return slow::Proto::Parity;
  }
  return slow::Proto::Release;
}

static slow::Mode convert(schedule::AccessMode mode) {
  switch (mode) {
  case schedule::AccessMode::Read:
    return slow::Mode::Read;
  case schedule::AccessMode::ReadPrevious:
    return slow::Mode::ReadPrevious;
  case schedule::AccessMode::Write:
    return slow::Mode::Write;
  case schedule::AccessMode::WriteTagged:
    return slow::Mode::WriteTagged;
  case schedule::AccessMode::Reduce:
    return slow::Mode::Reduce;
  }
  return slow::Mode::Read;
}

static slow::Action convert(const schedule::Action &action) {
  slow::Action out;
  for (const schedule::Wait &w : action.waits)
    out.waits.push_back({w.counter, w.threshold});
  for (const schedule::Signal &s : action.signals)
    out.signals.push_back({s.counter, s.amount});
  for (const schedule::Access &a : action.accesses)
    out.accesses.push_back({convert(a.mode), a.region.buffer, a.region.offset,
                            a.region.rows, a.region.rowBytes,
                            a.region.rowStride, a.counter});
  return out;
}

slow::Model amk::mutants::slowModel(const schedule::Program &program) {
  slow::Model model;
  for (const schedule::Space &s : program.spaces)
    model.spaces.push_back(
        {s.bytes, s.ringBytes,
         s.worker == schedule::Space::kGlobal ? -1 : int64_t(s.worker)});
  for (const schedule::Buffer &b : program.buffers)
    model.buffers.push_back({convert(b.kind), b.space, b.offset, b.bytes});
  for (const schedule::Counter &c : program.counters)
    model.counters.push_back({convert(c.protocol), c.barriers, c.tagBase});
  for (const schedule::Agent &agent : program.agents) {
    slow::Agent out;
    out.worker = agent.worker;
    for (const schedule::Action &action : agent.actions)
      out.actions.push_back(convert(action));
    model.agents.push_back(std::move(out));
  }
  model.tagStride = program.tags.stride;
  model.tagBits = program.tags.bits;
  model.workerLimit = program.limits.workers;
  model.sharedLimit = program.limits.sharedBytes;
  return model;
}

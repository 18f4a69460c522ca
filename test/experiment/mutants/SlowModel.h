//===- SlowModel.h - Programs as the slow checker sees them -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The slow checker shares no code and no type with lib/Schedule. Its programs
// are made by SlowConvert.cpp, the one place that knows both.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_SLOWMODEL_H
#define AMK_TEST_EXPERIMENT_MUTANTS_SLOWMODEL_H

#include <cstdint>
#include <string>
#include <vector>

namespace amk::mutants::slow {

enum class Kind : uint8_t { Scratch, Carried, Output };
enum class Proto : uint8_t { Release, Tag, Parity };
enum class Mode : uint8_t { Read, ReadPrevious, Write, WriteTagged, Reduce };

struct Space {
  uint64_t bytes = 0, ring = 0;
  int64_t worker = -1;
};

struct Buffer {
  Kind kind = Kind::Scratch;
  uint32_t space = 0;
  uint64_t offset = 0, bytes = 0;
};

struct Counter {
  Proto proto = Proto::Release;
  uint64_t barriers = 0, tagBase = 0;
};

struct Access {
  Mode mode = Mode::Read;
  uint32_t buffer = 0;
  uint64_t offset = 0, rows = 0, rowBytes = 0, rowStride = 0;
  uint32_t counter = 0; ///< of WriteTagged

  bool isEmpty() const { return rows == 0 || rowBytes == 0; }
  bool storesValue() const {
    return mode == Mode::Write || mode == Mode::WriteTagged;
  }
  bool isWrite() const { return storesValue() || mode == Mode::Reduce; }
};

struct Wait {
  uint32_t counter = 0;
  int64_t threshold = 0;
};

struct Signal {
  uint32_t counter = 0;
  uint64_t amount = 0;
};

struct Action {
  std::vector<Wait> waits;
  std::vector<Signal> signals;
  std::vector<Access> accesses;
};

struct Agent {
  uint32_t worker = 0;
  std::vector<Action> actions;
};

struct Model {
  std::vector<Space> spaces;
  std::vector<Buffer> buffers;
  std::vector<Counter> counters;
  std::vector<Agent> agents;
  uint64_t tagStride = 0, tagBits = 0;
  uint64_t workerLimit = 0, sharedLimit = 0;
};

/// What is wrong with the form or the resources (spec, section 2, and C2, C3),
/// or an empty string.
std::string findStaticFault(const Model &model);

struct Verdict {
  bool safe = true;
  std::string why; ///< the first fault found
};

/// Decides safety of launches of 1 to `steps` steps from the definition.
Verdict decide(const Model &model, unsigned steps);

} // namespace amk::mutants::slow

#endif // AMK_TEST_EXPERIMENT_MUTANTS_SLOWMODEL_H

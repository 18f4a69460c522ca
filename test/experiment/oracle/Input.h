//===- Input.h - Programs as the oracle reads them --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle's own structs and parser of the JSON form (docs/ScheduleSpec.md,
// section 8). Nothing here is shared with lib/Schedule, on purpose.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ORACLE_INPUT_H
#define AMK_TEST_EXPERIMENT_ORACLE_INPUT_H

#include <cstdint>
#include <string>
#include <vector>

namespace amk::oracle {

enum class Kind { Scratch, Carried, Output };
enum class Protocol { Release, Tag, Parity };
enum class Mode { Read, ReadPrevious, Write, WriteTagged, Reduce };

struct Space {
  uint64_t bytes, ringBytes;
  int64_t worker; ///< -1: global
};

struct Buffer {
  Kind kind;
  uint64_t space, offset, bytes;
};

struct Counter {
  Protocol protocol;
  uint64_t barriers, tagBase;
};

struct Access {
  Mode mode;
  uint64_t buffer, offset, rows, rowBytes, rowStride;
  int64_t counter; ///< -1: none

  /// Write, WriteTagged: gives the bytes their value.
  bool defines() const {
    return mode == Mode::Write || mode == Mode::WriteTagged;
  }
  bool writes() const { return defines() || mode == Mode::Reduce; }
  bool reads() const { return !defines(); }
};

struct Wait {
  uint64_t counter;
  int64_t threshold;
};

struct Signal {
  uint64_t counter, amount;
};

struct Action {
  std::string name;
  std::vector<Wait> waits;
  std::vector<Access> accesses;
  std::vector<Signal> signals;
};

struct Agent {
  std::string name;
  uint64_t worker;
  std::vector<Action> actions;
};

struct Program {
  std::vector<Space> spaces;
  std::vector<Buffer> buffers;
  std::vector<Counter> counters;
  std::vector<Agent> agents;
  uint64_t tagStride, tagBits;
  uint64_t maxWorkers, maxSharedBytes; ///< 0: unchecked
  unsigned steps; ///< member "steps" of the line, else the default

  /// The sum of all amounts signalled on `counter` in one step.
  uint64_t perStep(uint64_t counter) const;
};

/// Throws std::exception if `line` is not a program.
Program parseProgram(const std::string &line, unsigned defaultSteps);

} // namespace amk::oracle

#endif // AMK_TEST_EXPERIMENT_ORACLE_INPUT_H

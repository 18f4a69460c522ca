//===- Verifier.h - Decides whether a schedule is safe -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// check() asks whether the program is well formed, verify() whether every
// execution of it is free of deadlocks and races. Both report structured
// violations; rendering them is the caller's business (MLIR diagnostics, text).
// Semantics and proofs: docs/ScheduleSpec.md.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SCHEDULE_VERIFIER_H
#define AMK_SCHEDULE_VERIFIER_H

#include "amk/Schedule/Program.h"

#include <string>
#include <vector>

namespace amk::schedule {

/// One id per rule; ruleId() gives the spelling used in messages, spec, tests.
enum class Rule : uint8_t {
  Reference,   ///< AMK-S1 a counter or space index does not exist
  Bounds,      ///< AMK-S2 a region leaves its space
  Resources,   ///< AMK-S3 more agents than can be resident
  Range,       ///< AMK-S4 a count or threshold outside its encodable range
  Deadlock,    ///< AMK-D1 a wait that no execution satisfies, or a wait cycle
  ReadBeforeWrite, ///< AMK-R1 RAW: a read not ordered after the write it needs
  WriteAfterRead,  ///< AMK-R2 WAR: a write not ordered after an earlier read
  WriteAfterWrite, ///< AMK-R3 WAW: two writes of the same bytes not ordered
  Undefined,   ///< AMK-C1 bytes read in a step that nothing wrote before
  Incomplete,  ///< AMK-C2 output bytes not written, or written twice
};
const char *ruleId(Rule rule);

/// A party of a violation beside the anchor, with what it did.
struct Related {
  ActionRef action;
  std::string note; ///< e.g. "writes arena [0, 256) here"
};

struct Violation {
  Rule rule;
  ActionRef anchor; ///< the guilty action
  bool anchored = true; ///< false: the program as a whole
  std::string message;  ///< without the id
  std::vector<Related> related; ///< at most kMaxRelated
  uint64_t relatedOmitted = 0;
};
constexpr unsigned kMaxRelated = 8;

struct Options {
  unsigned maxViolations = 64;
  /// Steps of the longest launch; 0: any number. More steps allow agents to run
  /// further ahead, so a schedule that is safe for more is safe for fewer.
  uint64_t steps = 0;
};

/// Well-formedness: AMK-S*.
std::vector<Violation> check(const Program &program, const Options & = {});

/// Safety of a well-formed program: AMK-D*, AMK-R*, AMK-C*. Violations of
/// check() are returned instead, if there are any.
std::vector<Violation> verify(const Program &program, const Options & = {});

/// "error [AMK-R1] worker 3, task layers.0.o[3]: ..." with one note per line.
std::string render(const Program &program, const Violation &violation);

/// Which actions are ordered: used by passes that place buffers and remove
/// waits. Built once per program, which it does not refer to afterwards. Caches:
/// one object is for one thread.
class HappensBefore {
public:
  /// `steps` as in Options.
  explicit HappensBefore(const Program &program, uint64_t steps = 0);
  HappensBefore(const HappensBefore &) = delete;
  HappensBefore &operator=(const HappensBefore &) = delete;
  /// False if check() finds a violation or the program deadlocks; then nothing
  /// is ordered.
  bool ok() const;
  /// a completes before b starts in every execution, both in the same step.
  bool ordered(ActionRef a, ActionRef b) const;
  /// a of step t completes before b of step t+1 starts, for every t.
  bool orderedAcrossSteps(ActionRef a, ActionRef b) const;
  ~HappensBefore();

private:
  struct Impl;
  Impl *impl;
};

} // namespace amk::schedule

#endif // AMK_SCHEDULE_VERIFIER_H

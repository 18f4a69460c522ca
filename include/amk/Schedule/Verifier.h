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
  Reference,       ///< AMK-S1 an index names nothing
  Bounds,          ///< AMK-S2 a region leaves its buffer, a buffer its space
  Resources,       ///< AMK-S3 more workers or shared memory than there are
  Range,           ///< AMK-S4 a number outside its encodable range
  Form,            ///< AMK-S5 protocols, rings and modes used as they are not
  Deadlock,        ///< AMK-D1 a wait that no execution satisfies, or a cycle
  ReadBeforeWrite, ///< AMK-R1 a read not ordered after the write before it
  WriteAfterRead,  ///< AMK-R2 a write not ordered after an earlier read
  WriteAfterWrite, ///< AMK-R3 two writes of the same bytes not ordered
  PlainOverTag,    ///< AMK-R4 ordinary data ordered only by a tag
  UnorderedReduce, ///< AMK-N1 two reductions of the same bytes not ordered
  Undefined,       ///< AMK-C1 bytes read that this step has not written
  Incomplete,      ///< AMK-C2 output bytes that no action writes
  WrittenTwice,    ///< AMK-C3 bytes of a buffer written by two actions
  Clobbered,       ///< AMK-C4 bytes read that another buffer's write replaced
  WrongVersion,    ///< AMK-C5 a read on the wrong side of its buffer's write
  RingOverrun,     ///< AMK-G1 ring bytes replaced before their last use
  ParityAlias,     ///< AMK-P1 a parity wait that can take one phase for another
  TagAlias,        ///< AMK-T1 a stale word that carries the expected tag
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

/// Safety of a well-formed program: all other rules. Violations of check() are
/// returned instead, if there are any.
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
  /// In every execution b starts after a has completed and all that a wrote is
  /// visible to b, both in the same step.
  bool ordered(ActionRef a, ActionRef b) const;
  /// The same for a of step t and b of step t+1, for every t.
  bool orderedAcrossSteps(ActionRef a, ActionRef b) const;
  ~HappensBefore();

private:
  struct Impl;
  Impl *impl;
};

} // namespace amk::schedule

#endif // AMK_SCHEDULE_VERIFIER_H

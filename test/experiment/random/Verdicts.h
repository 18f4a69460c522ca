//===- Verdicts.h - Comparison of verdicts ----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verdicts of the oracle and of the verifier, and where they may differ.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_VERDICTS_H
#define AMK_TEST_EXPERIMENT_RANDOM_VERDICTS_H

#include "amk/Schedule/Verifier.h"

#include <set>
#include <string>

namespace amk::experiment {

struct OracleVerdict {
  bool deadlock = false, race = false, value = false, ring = false,
       parity = false, tag = false;
  std::set<std::string> rules; ///< static rules broken
  bool safe = true;
  uint64_t states = 0;
  std::string witness;
  std::string undecided; ///< not empty: why there is no verdict

  /// The first that applies: form, deadlock, race, ring, value, alias,
  /// coverage, safe.
  std::string className() const;
  /// The same in all that is defined.
  bool sameAs(const OracleVerdict &other) const;
};

/// The ids of the rules that the verifier reports.
using CoreVerdict = std::set<std::string>;
CoreVerdict coreVerdict(const schedule::Program &program, unsigned steps);

OracleVerdict parseVerdict(const std::string &line);

/// Empty if they agree. Safe or not is compared always, deadlocks always if the
/// program is well formed; races if there is no deadlock; values, rings and
/// aliases if there is no race either, for only then are they defined.
std::string disagreement(const schedule::Program &program,
                         const OracleVerdict &oracle, const CoreVerdict &core);

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_VERDICTS_H

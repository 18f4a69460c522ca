//===- StaticRules.h - Rules that need no execution -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rules that need no execution, byte by byte: section 2 of
// docs/ScheduleSpec.md (S1 to S5), and C2 and C3.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ORACLE_STATICRULES_H
#define AMK_TEST_EXPERIMENT_ORACLE_STATICRULES_H

#include "Input.h"

#include <set>
#include <stdexcept>

namespace amk::oracle {

/// The program or its state space is beyond what is enumerated here.
struct TooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The bytes of an access, as addresses of its space. Of a well-formed program.
std::vector<uint64_t> bytesOf(const Program &program, const Access &access);

/// The ids of the rules of section 2 that the program breaks. S1 and S2 are
/// alone: nothing else means anything without them.
std::set<std::string> formViolations(const Program &program);

/// AMK-C2 and AMK-C3, of a well-formed program.
std::set<std::string> coverageViolations(const Program &program);

/// An access of a ring two bytes of which share a byte of memory (AMK-G1).
bool overrunsRingAlone(const Program &program);

} // namespace amk::oracle

#endif // AMK_TEST_EXPERIMENT_ORACLE_STATICRULES_H

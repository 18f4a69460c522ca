//===- Subject.h - What is done with a damaged artefact -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ARTEFACT_SUBJECT_H
#define AMK_TEST_EXPERIMENT_ARTEFACT_SUBJECT_H

#include "Mutate.h"
#include "Pool.h"

namespace amk::artefact {

enum Outcome : uint8_t {
  Unchanged,       ///< the damage did nothing
  TablesRefused,   ///< decodeTables()
  ManifestRefused, ///< parseManifest()
  CrossRefused,    ///< crossCheck()
  Unsafe,          ///< verify() found violations
  AcceptedSame,    ///< accepted; the program is the undamaged one
  AcceptedOther,   ///< accepted; the judge has to look at the program
  // Failures.
  WrongException, ///< something else than amk::Error
  BadText,        ///< an error or violation without a message
  NotCanonical,   ///< other bytes than the encoder's were decoded
  WrongDecoding,  ///< the program is not what the bytes say
  WrongSizes,     ///< accepted with memory that the manifest does not provide
  NumOutcomes
};
const char *outcomeName(uint8_t outcome);
bool isFailure(uint8_t outcome);

/// All that the runtime does with a bundle before it launches, but for reading
/// the files: their hashes are in the manifest, and who damages one file can
/// repair the other. Tables without a manifest are decoded and verified.
///
/// The note is a digest of the program's numbers if that was accepted.
Result examine(const Source &original, const Source &damaged);

enum Judgement : uint8_t { JudgedSafe, JudgedUnsafe, NotJudged };

/// Asks the slow checker whether the tables' program is safe.
Result judge(const Source &artefact, unsigned steps);
std::string whyUnsafe(const Source &artefact, unsigned steps);

} // namespace amk::artefact

#endif // AMK_TEST_EXPERIMENT_ARTEFACT_SUBJECT_H

//===- Mutate.h - Damage to tables and manifests -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ARTEFACT_MUTATE_H
#define AMK_TEST_EXPERIMENT_ARTEFACT_MUTATE_H

#include "Sources.h"
#include "amk/Support/Hash.h"

#include <vector>

namespace amk::artefact {

/// Numbers that depend on the seed only.
class Random {
public:
  explicit Random(uint64_t seed) : state(mix64(seed)) {}
  uint64_t next() { return state = mix64(state); }
  /// 0 to bound - 1; bound is not zero.
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool oneIn(uint64_t n) { return below(n) == 0; }

private:
  uint64_t state;
};

/// A way to damage an artefact.
struct MutationClass {
  const char *name;
  unsigned weight; ///< how often it is chosen, relative to the others
  bool needsManifest;
  void (*apply)(Source &, Random &);
};

const std::vector<MutationClass> &mutationClasses();

struct Mutant {
  Source artefact;
  size_t mutation = 0; ///< in mutationClasses()
  size_t source = 0;
};

/// The mutant of this number: always the same for the same sources and seed.
Mutant makeMutant(const std::vector<Source> &sources, uint64_t seed,
                  uint64_t number);

/// Any number, preferably one with a meaning: borders, neighbours of `old`.
uint64_t interesting(uint64_t old, Random &random);

// Classes, by the file that has them.
void flipBits(Source &, Random &); // MutateBytes.cpp
void setWord(Source &, Random &);
void copyBytes(Source &, Random &);
void truncateTables(Source &, Random &);
void extendTables(Source &, Random &);
void moveSection(Source &, Random &);
void setHeader(Source &, Random &);
void setField(Source &, Random &); // MutateFields.cpp
void setFields(Source &, Random &);
void swapRows(Source &, Random &);
void changeWait(Source &, Random &); // MutateSchedule.cpp
void changeSignal(Source &, Random &);
void changeAccess(Source &, Random &);
void changeBuffer(Source &, Random &);
void changeCounter(Source &, Random &);
void changeQueues(Source &, Random &);
void changeSpace(Source &, Random &);
void flipManifestBytes(Source &, Random &); // MutateManifest.cpp
void setManifestMember(Source &, Random &);
void moveManifestMember(Source &, Random &);
void changeSizes(Source &, Random &);

} // namespace amk::artefact

#endif // AMK_TEST_EXPERIMENT_ARTEFACT_MUTATE_H

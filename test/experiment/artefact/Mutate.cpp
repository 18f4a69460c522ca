//===- Mutate.cpp - Which damage is done -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"

using namespace amk;
using namespace amk::artefact;

const std::vector<MutationClass> &artefact::mutationClasses() {
  static const std::vector<MutationClass> classes = {
      {"flip-bits", 6, false, flipBits},
      {"set-word", 6, false, setWord},
      {"copy-bytes", 3, false, copyBytes},
      {"truncate", 2, false, truncateTables},
      {"extend", 2, false, extendTables},
      {"move-section", 4, false, moveSection},
      {"set-header", 4, false, setHeader},
      {"set-field", 16, false, setField},
      {"set-fields", 8, false, setFields},
      {"swap-rows", 5, false, swapRows},
      {"change-wait", 7, false, changeWait},
      {"change-signal", 6, false, changeSignal},
      {"change-access", 7, false, changeAccess},
      {"change-buffer", 5, false, changeBuffer},
      {"change-counter", 3, false, changeCounter},
      {"change-queues", 6, false, changeQueues},
      {"change-space", 3, false, changeSpace},
      {"flip-manifest", 3, true, flipManifestBytes},
      {"set-member", 6, true, setManifestMember},
      {"move-member", 2, true, moveManifestMember},
      {"change-sizes", 3, true, changeSizes},
  };
  return classes;
}

uint64_t artefact::interesting(uint64_t old, Random &random) {
  static const uint64_t values[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    8,
                                    64,
                                    0x7fffffff,
                                    0x80000000,
                                    0xfffffffe,
                                    0xffffffff,
                                    0x100000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0xfffffffffffffffe,
                                    0xffffffffffffffff};
  switch (random.below(8)) {
  case 0:
  case 1:
    return values[random.below(std::size(values))];
  case 2:
    return old + 1;
  case 3:
    return old - 1;
  case 4:
    return old + 4 * (1 + random.below(16));
  case 5:
    return old - 4 * (1 + random.below(16));
  case 6:
    return old ^ uint64_t(1) << random.below(64);
  default:
    return random.oneIn(2) ? random.next() : random.below(2 * old + 16);
  }
}

static size_t chooseClass(bool hasManifest, Random &random) {
  auto weightOf = [&](const MutationClass &c) {
    return c.needsManifest && !hasManifest ? 0 : c.weight;
  };
  const std::vector<MutationClass> &classes = mutationClasses();
  unsigned sum = 0;
  for (const MutationClass &c : classes)
    sum += weightOf(c);
  uint64_t ticket = random.below(sum);
  size_t chosen = 0;
  for (; ticket >= weightOf(classes[chosen]); ++chosen)
    ticket -= weightOf(classes[chosen]);
  return chosen;
}

/// A bundle as often as tables alone, of which there are more.
static size_t chooseSource(const std::vector<Source> &sources, Random &random) {
  bool wantsBundle = random.oneIn(2);
  size_t chosen = 0;
  for (unsigned tries = 0; tries != 64; ++tries) {
    chosen = random.below(sources.size());
    if (sources[chosen].manifest.empty() != wantsBundle)
      break;
  }
  return chosen;
}

Mutant artefact::makeMutant(const std::vector<Source> &sources, uint64_t seed,
                            uint64_t number) {
  Random random(mix64(seed) ^ number);
  Mutant mutant;
  mutant.source = chooseSource(sources, random);
  const Source &original = sources[mutant.source];
  // Small programs have no place for many classes.
  for (unsigned tries = 0; tries != 16; ++tries) {
    mutant.artefact = original;
    mutant.mutation = chooseClass(!original.manifest.empty(), random);
    mutationClasses()[mutant.mutation].apply(mutant.artefact, random);
    if (mutant.artefact.tables != original.tables ||
        mutant.artefact.manifest != original.manifest)
      break;
  }
  return mutant;
}

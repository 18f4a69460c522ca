//===- Subject.cpp - What is done with a damaged artefact -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subject.h"
#include "../mutants/SlowConvert.h"
#include "RawTables.h"
#include "amk/Runtime/Bundle.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"
#include "amk/Support/Sha256.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>

using namespace amk;
using namespace amk::artefact;
using runtime::Manifest;
using schedule::Tables;

const char *artefact::outcomeName(uint8_t outcome) {
  static const char *const names[NumOutcomes] = {
      "unchanged", "tables-refused", "manifest-refused", "cross-refused",
      "unsafe",    "accepted-same",  "accepted-other",   "wrong-exception",
      "bad-text",  "not-canonical",  "wrong-decoding",   "wrong-sizes"};
  if (outcome == kCrashed)
    return "crashed";
  return outcome == kTimedOut ? "timed-out" : names[outcome];
}

bool artefact::isFailure(uint8_t outcome) { return outcome >= WrongException; }

namespace {

/// The step that refused, and why.
struct Refused {
  Outcome outcome;
  std::string why;
};

template <typename Step>
auto attempt(Outcome refused, const Step &step) -> decltype(step()) {
  try {
    return step();
  } catch (const Error &error) {
    throw Refused{refused, error.what()};
  }
}

} // namespace

/// What the manifest provides, looked up without the code that compares it.
static bool sizesFit(const Manifest &manifest, const Tables &tables) {
  for (const abi::SpaceInfo &space : tables.spaces) {
    uint64_t bytes = space.space == 0   ? manifest.memory.arenaBytes
                     : space.space == 1 ? manifest.memory.kvBytes
                                        : manifest.memory.ioBytes;
    if (space.bytes != bytes)
      return false;
  }
  return tables.workers == manifest.workers;
}

static Outcome accept(const Source &original, const Source &damaged,
                      const Tables &tables, const schedule::Program &program,
                      Result &result) {
  if (schedule::encodeTables(tables) != damaged.tables)
    return NotCanonical;
  std::string text = textOf(modelOfTables(damaged.tables));
  if (text != textOf(mutants::slowModel(program)))
    return WrongDecoding;
  Sha256 hash;
  hash.add(text);
  std::string digits = hash.finish();
  for (unsigned i = 0; i != 2; ++i)
    result.note[i] =
        std::strtoull(digits.substr(16 * i, 16).c_str(), nullptr, 16);
  return text == textOf(modelOfTables(original.tables)) ? AcceptedSame
                                                        : AcceptedOther;
}

static Outcome examineSteps(const Source &original, const Source &damaged,
                            Result &result) {
  Tables tables = attempt(TablesRefused, [&] {
    return schedule::decodeTables(damaged.tables, "tables.bin");
  });
  if (!damaged.manifest.empty()) {
    Manifest manifest = attempt(ManifestRefused, [&] {
      return runtime::parseManifest(damaged.manifest, "manifest.json");
    });
    attempt(CrossRefused, [&] {
      return runtime::crossCheck(manifest, tables, "tables.bin");
    });
    if (!sizesFit(manifest, tables))
      return WrongSizes;
  }
  schedule::Program program = schedule::programFromTables(tables);
  std::vector<schedule::Violation> violations = schedule::verify(program);
  for (const schedule::Violation &violation : violations)
    if (schedule::render(program, violation).empty())
      return BadText;
  if (!violations.empty())
    return Unsafe;
  return accept(original, damaged, tables, program, result);
}

Result artefact::examine(const Source &original, const Source &damaged) {
  Result result;
  if (damaged.tables == original.tables &&
      damaged.manifest == original.manifest)
    return result;
  try {
    result.code = examineSteps(original, damaged, result);
  } catch (const Refused &refused) {
    bool namesFile = refused.why.find(".bin: ") != std::string::npos ||
                     refused.why.find(".json: ") != std::string::npos;
    result.code = namesFile ? refused.outcome : BadText;
  } catch (const std::exception &) {
    result.code = WrongException;
  }
  return result;
}

/// Bytes that the judge can count with and has the memory to look at.
static bool canBeJudged(const mutants::slow::Model &model, unsigned steps) {
  uint64_t most = UINT64_MAX / 4 / (steps + 1);
  for (const mutants::slow::Space &space : model.spaces)
    if (space.ring && (space.bytes > most || space.ring > most))
      return false;
  return true;
}

/// An access of no bytes touches nothing, wherever it is, but the judge holds
/// it to rules of place. A tagged one stays: its action has to have it.
static void dropEmptyAccesses(mutants::slow::Model &model) {
  using mutants::slow::Access;
  for (mutants::slow::Agent &agent : model.agents)
    for (mutants::slow::Action &action : agent.actions) {
      std::vector<Access> &all = action.accesses;
      all.erase(std::remove_if(all.begin(), all.end(),
                               [](const Access &access) {
                                 return access.isEmpty() &&
                                        access.mode !=
                                            mutants::slow::Mode::WriteTagged;
                               }),
                all.end());
    }
}

static mutants::slow::Verdict ask(const Source &artefact, unsigned steps) {
  mutants::slow::Model model = modelOfTables(artefact.tables);
  if (!canBeJudged(model, steps))
    throw std::length_error("numbers too large for the judge");
  dropEmptyAccesses(model);
  return mutants::slow::decide(model, steps);
}

Result artefact::judge(const Source &artefact, unsigned steps) {
  Result result;
  try {
    bool isSafe = ask(artefact, steps).safe;
    result.code = isSafe ? JudgedSafe : JudgedUnsafe;
  } catch (const std::bad_alloc &) { // it has a table of all bytes of a ring
    result.code = NotJudged;
  } catch (const std::length_error &) {
    result.code = NotJudged;
  }
  return result;
}

std::string artefact::whyUnsafe(const Source &artefact, unsigned steps) {
  return ask(artefact, steps).why;
}

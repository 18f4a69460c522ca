//===- Experiment.h - The verifier against the oracle -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the comparison and counts.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_EXPERIMENT_H
#define AMK_TEST_EXPERIMENT_RANDOM_EXPERIMENT_H

#include "Draft.h"

#include <map>
#include <string>

namespace amk::experiment {

struct ExperimentOptions {
  std::string oracle; ///< path of amk-schedule-oracle
  uint64_t seed = 1, count = 20000;
  unsigned minSteps = 1, maxSteps = 3, jobs = 2;
  uint64_t maxStates = 2000000;
  bool unreduced = false;              ///< compare the oracle with itself
  std::vector<RandomProgram> replayed; ///< not empty: instead of random ones
};

struct Disagreement {
  uint64_t number; ///< of the program, for --print
  std::string what;
  std::string program;  ///< minimised, as a line for the oracle
  std::string verifier; ///< what it reports on that
  std::string witness;  ///< of the oracle
};

struct ExperimentResult {
  uint64_t decided = 0, undecided = 0, states = 0, mostStates = 0;
  uint64_t actions = 0;                    ///< over all steps
  std::map<std::string, uint64_t> classes; ///< of the oracle's verdicts
  std::map<std::string, uint64_t> rules;   ///< programs in which it is reported
  std::map<unsigned, uint64_t> steps, changes;
  uint64_t falseAccepts = 0, falseRejects = 0;
  uint64_t differing = 0; ///< disagreements of any kind; the first are listed
  std::vector<Disagreement> disagreements;
  double seconds = 0;

  void add(const ExperimentResult &other);
};

ExperimentResult runExperiment(const ExperimentOptions &options);
std::string summaryOf(const ExperimentResult &result);
std::string jsonOf(const ExperimentOptions &options,
                   const ExperimentResult &result);

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_EXPERIMENT_H

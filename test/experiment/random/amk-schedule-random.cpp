//===- amk-schedule-random.cpp - Compares random programs -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares the verifier with the oracle on random programs:
//
//   amk-schedule-random --oracle PATH [--seed S] [--count N] [--steps A..B]
//                       [--jobs J] [--max-states N] [--unreduced] [--out FILE]
//   amk-schedule-random --oracle PATH --replay FILE [...]
//   amk-schedule-random --print N [--seed S] [--steps A..B]
//
// FILE has a program a line, as --print and the oracle have them. With
// --unreduced the oracle is compared with itself, without the reductions of
// Explore.h, instead of with the verifier. A disagreement is minimised, and
// printed and put into FILE as a program that the oracle and amk-verify read.
// Exit status: 0 if all verdicts agree, else 1; 2 for a wrong command line.
//
//===----------------------------------------------------------------------===//

#include "Experiment.h"
#include "OracleProcess.h"
#include "amk/Support/Error.h"

#include <fstream>
#include <iostream>

using namespace amk;
using namespace amk::experiment;

namespace {

struct Command {
  ExperimentOptions options;
  std::string out;
  bool printOne = false;
  uint64_t printed = 0;
};

std::vector<RandomProgram> readPrograms(const std::string &path) {
  std::ifstream file(path);
  std::vector<RandomProgram> programs;
  for (std::string line; std::getline(file, line);) {
    RandomProgram program;
    program.program = programOf(line, program.steps);
    programs.push_back(program);
  }
  if (programs.empty())
    throw Error(path + ": found no program, expected one a line");
  return programs;
}

/// Throws std::exception for a wrong command line.
Command parse(int argc, char **argv) {
  Command command;
  ExperimentOptions &options = command.options;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--unreduced") {
      options.unreduced = true;
      continue;
    }
    if (i + 1 == argc)
      throw Error(name + ": found no value, expected one");
    std::string value = argv[++i];
    if (name == "--oracle")
      options.oracle = value;
    else if (name == "--seed")
      options.seed = std::stoull(value);
    else if (name == "--count")
      options.count = std::stoull(value);
    else if (name == "--jobs")
      options.jobs = static_cast<unsigned>(std::stoul(value));
    else if (name == "--max-states")
      options.maxStates = std::stoull(value);
    else if (name == "--steps") {
      options.minSteps = static_cast<unsigned>(std::stoul(value));
      size_t dots = value.find("..");
      options.maxSteps = dots == std::string::npos
                             ? options.minSteps
                             : unsigned(std::stoul(value.substr(dots + 2)));
    } else if (name == "--out")
      command.out = value;
    else if (name == "--replay")
      options.replayed = readPrograms(value);
    else if (name == "--print") {
      command.printOne = true;
      command.printed = std::stoull(value);
    } else
      throw Error(name + ": unknown option");
  }
  if (options.oracle.empty() && !command.printOne)
    throw Error("--oracle: missing");
  if (options.minSteps < 1 || options.maxSteps < options.minSteps)
    throw Error("--steps: expected A..B with 1 <= A <= B");
  if (options.jobs < 1)
    throw Error("--jobs: found 0, expected at least 1");
  return command;
}

} // namespace

int main(int argc, char **argv) {
  Command command;
  try {
    command = parse(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "amk-schedule-random: " << error.what() << "\n";
    return 2;
  }
  try {
    const ExperimentOptions &options = command.options;
    if (command.printOne) {
      RandomProgram program = randomProgram(options.seed, command.printed,
                                            options.minSteps, options.maxSteps);
      std::cout << lineOf(program.program, program.steps) << "\n";
      return 0;
    }
    ExperimentResult result = runExperiment(options);
    std::cout << summaryOf(result);
    if (!command.out.empty()) {
      std::ofstream file(command.out);
      file << jsonOf(options, result) << "\n";
      if (!file.flush())
        throw Error(command.out + ": cannot be written");
    }
    return result.disagreements.empty() && result.decided != 0 ? 0 : 1;
  } catch (const std::exception &error) {
    std::cerr << "amk-schedule-random: " << error.what() << "\n";
    return 1;
  }
}

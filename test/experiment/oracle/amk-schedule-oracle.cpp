//===- amk-schedule-oracle.cpp - Decides by enumeration -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads programs, one JSON object per line, and prints a verdict for each. A
// program may state its own number of steps as a member "steps".
//
//   amk-schedule-oracle [--steps T] [--unreduced] [--max-states N] [FILE]
//
//===----------------------------------------------------------------------===//

#include "Explore.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>

using namespace amk::oracle;

static nlohmann::ordered_json toJson(const Verdict &verdict) {
  return {{"deadlock", verdict.deadlock}, {"race", verdict.race},
          {"value", verdict.value},       {"ring", verdict.ring},
          {"parity", verdict.parity},     {"tag", verdict.tag},
          {"alias", verdict.alias()},     {"static", verdict.isStatic},
          {"rules", verdict.rules},       {"safe", verdict.safe()},
          {"states", verdict.states},     {"witness", verdict.witness}};
}

/// One line for one program; false if there is no verdict.
static bool answer(const std::string &line, unsigned steps,
                   const ExploreOptions &options) {
  nlohmann::ordered_json result;
  bool decided = false;
  try {
    result = toJson(decide(parseProgram(line, steps), options));
    decided = true;
  } catch (const TooLarge &error) {
    result = {{"tooLarge", error.what()}};
  } catch (const std::exception &error) {
    result = {{"error", error.what()}};
  }
  std::cout << result.dump() << std::endl; // flushed: a driver waits for it
  return decided;
}

static int usage(const std::string &argument) {
  std::cerr << "amk-schedule-oracle: found '" << argument
            << "', expected [--steps T] [--unreduced] [--max-states N] "
               "[FILE]\n";
  return 2;
}

int main(int argc, char **argv) {
  std::ios::sync_with_stdio(false);
  unsigned steps = 1;
  ExploreOptions options;
  std::string path;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    bool hasValue = i + 1 < argc;
    try {
      if (argument == "--unreduced")
        options.unreduced = true;
      else if (argument == "--steps" && hasValue)
        steps = static_cast<unsigned>(std::stoul(argv[++i]));
      else if (argument == "--max-states" && hasValue)
        options.maxStates = std::stoull(argv[++i]);
      else if (argument[0] != '-' && path.empty())
        path = argument;
      else
        return usage(argument);
    } catch (const std::logic_error &) {
      return usage(argv[i]);
    }
  }
  std::ifstream file;
  if (!path.empty()) {
    file.open(path);
    if (!file) {
      std::cerr << path << ": cannot be read\n";
      return 1;
    }
  }
  std::istream &input = path.empty() ? std::cin : file;
  bool decided = true;
  for (std::string line; std::getline(input, line);)
    if (!line.empty())
      decided &= answer(line, steps, options);
  return decided ? 0 : 1;
}

//===- amk-schedule-checkers.cpp - Slow checker against oracle ------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The slow checker decides by runs with events held back, the oracle by
// visiting every state. This compares them on the random programs of experiment
// (a), and with that checks what the slow checker rests on (SlowRun.h). The
// verifier is not asked.
//
//   amk-schedule-checkers --oracle PATH [--seed N] [--count N] [--out FILE]
//
//===----------------------------------------------------------------------===//

#include "../random/Draft.h"
#include "../random/OracleProcess.h"
#include "SlowConvert.h"

#include "amk/Support/Error.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <map>

using namespace amk;
using experiment::OracleProcess;
using experiment::OracleVerdict;
using experiment::RandomProgram;

namespace {

struct Settings {
  std::string oracle, out;
  uint64_t seed = 1, count = 10000;
};

struct Result {
  uint64_t decided = 0, undecided = 0, disagreements = 0;
  std::map<std::string, uint64_t> classes; ///< of the oracle's verdicts
};

Settings parse(int argc, char **argv) {
  Settings settings;
  for (int i = 1; i < argc; i += 2) {
    std::string option = argv[i];
    if (i + 1 == argc)
      throw Error(option + ": found no value, expected one");
    std::string value = argv[i + 1];
    if (option == "--oracle")
      settings.oracle = value;
    else if (option == "--out")
      settings.out = value;
    else if (option == "--seed")
      settings.seed = std::stoull(value);
    else if (option == "--count")
      settings.count = std::stoull(value);
    else
      throw Error("found '" + option +
                  "', expected --oracle, --seed, --count or --out");
  }
  if (settings.oracle.empty())
    throw Error("--oracle: missing");
  return settings;
}

/// Both say safe or both do not; and they agree on deadlock, which comes first.
bool agree(const OracleVerdict &oracle, const mutants::slow::Verdict &slow) {
  bool isDeadlock = slow.why.rfind("deadlock", 0) == 0;
  return oracle.safe == slow.safe && (!isDeadlock || oracle.deadlock);
}

Result compare(const Settings &settings) {
  Result result;
  OracleProcess oracle(settings.oracle, {});
  for (uint64_t i = 0; i < settings.count; ++i) {
    RandomProgram p = experiment::randomProgram(settings.seed, i, 1, 3);
    oracle.send(p.program, p.steps);
    mutants::slow::Verdict slow =
        mutants::slow::decide(mutants::slowModel(p.program), p.steps);
    OracleVerdict verdict = oracle.receive();
    if (!verdict.undecided.empty()) {
      ++result.undecided;
      continue;
    }
    ++result.decided;
    ++result.classes[verdict.className()];
    if (agree(verdict, slow))
      continue;
    ++result.disagreements;
    std::cout << "program " << i << ": oracle: " << verdict.className() << " ("
              << verdict.witness
              << "), slow checker: " << (slow.safe ? "safe" : slow.why) << "\n"
              << experiment::lineOf(p.program, p.steps) << "\n";
  }
  return result;
}

void write(const Settings &settings, const Result &result, double seconds) {
  nlohmann::ordered_json json = {
      {"name", "checkers"},
      {"seed", settings.seed},
      {"counts",
       {{"decided", result.decided}, {"undecided", result.undecided}}},
      {"classes", result.classes},
      {"disagreements", result.disagreements},
      {"seconds", seconds}};
  std::ofstream out(settings.out);
  out << json.dump(2) << "\n";
  if (!out.flush())
    throw Error(settings.out + ": cannot be written");
}

} // namespace

int main(int argc, char **argv) {
  try {
    Settings settings = parse(argc, argv);
    std::chrono::steady_clock::time_point start =
        std::chrono::steady_clock::now();
    Result result = compare(settings);
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    std::cout << result.decided << " programs decided, " << result.undecided
              << " not, " << result.disagreements << " disagreements\n";
    for (const auto &[name, count] : result.classes)
      std::cout << "  " << name << ": " << count << "\n";
    if (!settings.out.empty())
      write(settings, result, time.count());
    return result.disagreements == 0 && result.decided != 0 ? 0 : 1;
  } catch (const std::exception &error) {
    std::cerr << "amk-schedule-checkers: " << error.what() << "\n";
    return 2;
  }
}

//===- amk-schedule-mutants.cpp - Broken schedules, two verdicts ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Breaks safe schedules in one place each, and compares verify() with the slow
// checker:
//
//   amk-schedule-mutants [--seed N] [--per-class N] [--class NAME] [--bases N]
//                        [--programs PATH]... [--most-actions N]
//                        [--out FILE] [--dump FILE]
//
// PATH of --programs is a file, or a folder of .json files, of programs that
// the compiler placed, one JSON object per line. They and dressed forms of them
// join the generated ones, but for those with more than --most-actions actions.
// The exit status is 0 if both agree in every case and every unsafe mutant
// breaks a rule that is expected of its class. What they do not agree on goes
// to --dump, one JSON program per line.
//
//===----------------------------------------------------------------------===//

#include "DecoderPlan.h"
#include "Dress.h"
#include "Mutations.h"
#include "SlowConvert.h"

#include "amk/Schedule/ProgramJson.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

using namespace amk;
using namespace amk::mutants;

namespace {

/// Launches of up to so many steps are compared exactly.
constexpr unsigned kSteps = 4;
/// In launches without end, verify() may find what takes more steps to happen.
constexpr unsigned kMostSteps = 24;

struct Settings {
  uint64_t seed = 1;
  unsigned perClass = 500, bases = 60, mostActions = 160;
  std::string only, out, dump;
  std::vector<std::string> programs;
};

struct Tally {
  uint64_t mutants = 0, unsafe = 0, late = 0, expected = 0;
  uint64_t falseAccepts = 0, falseRejects = 0;
  std::map<std::string, uint64_t> rules; ///< mutants that break the rule
  double fastSeconds = 0, slowSeconds = 0;

  bool ok() const {
    return falseAccepts == 0 && falseRejects == 0 && expected == unsafe;
  }
};

class Clock {
public:
  explicit Clock(double &sum) : sum(sum) {}
  ~Clock() {
    std::chrono::duration<double> d = std::chrono::steady_clock::now() - start;
    sum += d.count();
  }

private:
  double &sum;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

class Experiment {
public:
  explicit Experiment(Settings settings) : settings(std::move(settings)) {}

  bool run() {
    std::chrono::steady_clock::time_point start =
        std::chrono::steady_clock::now();
    if (!settings.dump.empty())
      dump.open(settings.dump);
    makeBases();
    for (const MutationClass &c : mutationClasses())
      if (settings.only.empty() || settings.only == c.name)
        runClass(c);
    std::chrono::duration<double> d = std::chrono::steady_clock::now() - start;
    bool ok = badBases == 0 && !tallies.empty();
    for (const auto &[name, tally] : tallies)
      ok &= tally.ok() && tally.mutants == settings.perClass;
    print(d.count());
    if (!settings.out.empty())
      write(d.count(), ok);
    return ok;
  }

private:
  Settings settings;
  std::vector<Base> bases;
  uint64_t badBases = 0, placedPrograms = 0, largePrograms = 0;
  std::vector<std::pair<std::string, Tally>> tallies;
  std::ofstream dump;

  //===--------------------------------------------------------------------===//
  // Bases
  //===--------------------------------------------------------------------===//

  static SyncStyle randomSync(Random &random) {
    SyncStyle style;
    style.countersOfSeveralGroups = random.chance(50);
    style.unequalAmounts = random.chance(30);
    style.redundantWaitPercent = random.chance(50) ? 10 : 0;
    return style;
  }

  void makeBases() {
    for (unsigned i = 0; i < settings.bases; ++i) {
      Random random(mix64(settings.seed) + i);
      Plan plan = makeDecoderPlan(randomShape(random), random);
      addBase("decoder " + std::to_string(i), std::move(plan), i % 3 != 0,
              random);
    }
    for (const std::string &path : settings.programs)
      for (const std::string &file : filesOf(path))
        readBases(file);
  }

  static std::vector<std::string> filesOf(const std::string &path) {
    if (!std::filesystem::is_directory(path))
      return {path};
    std::vector<std::string> files;
    for (const auto &entry : std::filesystem::directory_iterator(path))
      if (entry.path().extension() == ".json")
        files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
  }

  void addBase(const std::string &name, Plan plan, bool dressed,
               Random &random) {
    Rotation rotation;
    if (dressed)
      rotation = dress(plan, randomStyle(random), random);
    addBase({name, synchronize(plan, randomSync(random), random), rotation});
  }

  void readBases(const std::string &file) {
    std::ifstream in(file);
    if (!in)
      throw Error(file + ": cannot be read");
    std::string line;
    for (unsigned number = 1; std::getline(in, line); ++number) {
      std::string name = file + ":" + std::to_string(number);
      schedule::Program program = schedule::programFromJson(line, name);
      if (findActions(program).size() > settings.mostActions) {
        ++largePrograms;
        continue;
      }
      Random random(mix64(settings.seed ^ 0x706c616365640000) + number);
      addBase(name + ", dressed", planFromProgram(program, random), true,
              random);
      addBase({name, std::move(program), {}});
      ++placedPrograms;
    }
  }

  /// Bases have to be safe: that is a check, too.
  void addBase(Base base) {
    std::vector<schedule::Violation> violations =
        schedule::verify(base.program);
    slow::Verdict slow = slow::decide(slowModel(base.program), kSteps);
    if (violations.empty() && slow.safe) {
      bases.push_back(std::move(base));
      return;
    }
    ++badBases;
    std::cout << "base " << base.name << " is refused";
    if (!slow.safe)
      std::cout << "; slow checker: " << slow.why;
    if (!violations.empty())
      std::cout << "; " << schedule::render(base.program, violations.front());
    std::cout << "\n";
    keep(base.program);
  }

  void keep(const schedule::Program &program) {
    if (dump.is_open())
      dump << schedule::programToJson(program) << "\n";
  }

  //===--------------------------------------------------------------------===//
  // Mutants
  //===--------------------------------------------------------------------===//

  void runClass(const MutationClass &c) {
    Tally tally;
    // A class finds no place in some bases; the limit is for a broken one.
    uint64_t limit = uint64_t(settings.perClass) * 1000;
    Random random(settings.seed ^ fnv1a(c.name));
    for (uint64_t i = 0; i < limit && tally.mutants < settings.perClass; ++i) {
      if (bases.empty())
        break;
      Base mutant = random.pick(bases);
      if (c.apply(mutant, random))
        compare(c, mutant, tally);
    }
    tallies.push_back({c.name, tally});
  }

  static std::vector<schedule::Violation> fast(const schedule::Program &program,
                                               uint64_t steps, Tally &tally) {
    Clock clock(tally.fastSeconds);
    schedule::Options options;
    options.maxViolations = 1000;
    options.steps = steps;
    return schedule::verify(program, options);
  }

  static slow::Verdict slow(const schedule::Program &program, unsigned steps,
                            Tally &tally) {
    Clock clock(tally.slowSeconds);
    return slow::decide(slowModel(program), steps);
  }

  void compare(const MutationClass &c, const Base &mutant, Tally &tally) {
    const schedule::Program &program = mutant.program;
    ++tally.mutants;
    slow::Verdict truth = slow(program, kSteps, tally);
    std::vector<schedule::Violation> some = fast(program, kSteps, tally);
    std::vector<schedule::Violation> all = fast(program, 0, tally);
    tally.falseAccepts += !truth.safe && (some.empty() || all.empty());
    tally.falseRejects += truth.safe && !some.empty();
    if (!truth.safe && (some.empty() || all.empty()))
      report(c, mutant, "accepted, but " + truth.why);
    if (truth.safe && !some.empty())
      report(c, mutant, "refused: " + schedule::render(program, some.front()));
    if (truth.safe && some.empty() && !all.empty())
      confirmLate(c, mutant, all, tally);
    if (truth.safe && all.empty())
      return;
    ++tally.unsafe;
    countRules(c, mutant, all, tally);
  }

  /// What launches without end do wrong has to show in longer launches, too.
  void confirmLate(const MutationClass &c, const Base &mutant,
                   const std::vector<schedule::Violation> &all, Tally &tally) {
    ++tally.late;
    for (unsigned steps = kSteps + 2; steps <= kMostSteps; steps += 2)
      if (!slow(mutant.program, steps, tally).safe)
        return;
    ++tally.falseRejects;
    report(c, mutant,
           "refused in launches without end: " +
               schedule::render(mutant.program, all.front()));
  }

  void countRules(const MutationClass &c, const Base &mutant,
                  const std::vector<schedule::Violation> &violations,
                  Tally &tally) {
    std::set<std::string> ids;
    for (const schedule::Violation &v : violations)
      ids.insert(std::string(schedule::ruleId(v.rule)).substr(strlen("AMK-")));
    for (const std::string &id : ids)
      ++tally.rules[id];
    bool seen = c.expected.empty() && !ids.empty();
    for (const char *id : c.expected)
      seen |= ids.count(id) != 0;
    tally.expected += seen;
    if (!seen && !violations.empty())
      report(c, mutant,
             "an unexpected rule: " +
                 schedule::render(mutant.program, violations.front()));
  }

  void report(const MutationClass &c, const Base &mutant,
              const std::string &what) {
    std::cout << c.name << ", " << mutant.name << ": " << what << "\n";
    keep(mutant.program);
  }

  //===--------------------------------------------------------------------===//
  // Results
  //===--------------------------------------------------------------------===//

  Tally total() const {
    Tally sum;
    for (const auto &[name, t] : tallies) {
      sum.mutants += t.mutants;
      sum.unsafe += t.unsafe;
      sum.late += t.late;
      sum.expected += t.expected;
      sum.falseAccepts += t.falseAccepts;
      sum.falseRejects += t.falseRejects;
      sum.fastSeconds += t.fastSeconds;
      sum.slowSeconds += t.slowSeconds;
    }
    return sum;
  }

  static void printRow(const std::string &name, const Tally &t) {
    printf("%-26s %7llu %7llu %7llu %5llu %8llu %6llu %6llu  ", name.c_str(),
           (unsigned long long)t.mutants, (unsigned long long)t.unsafe,
           (unsigned long long)(t.mutants - t.unsafe),
           (unsigned long long)t.late, (unsigned long long)t.expected,
           (unsigned long long)t.falseAccepts,
           (unsigned long long)t.falseRejects);
    for (const auto &[id, count] : t.rules)
      printf(" %s:%llu", id.c_str(), (unsigned long long)count);
    printf("\n");
  }

  void print(double seconds) const {
    std::cout.flush();
    printf("%zu bases, %llu refused; %llu programs placed by the compiler, and "
           "%llu left out as too large\n",
           bases.size(), (unsigned long long)badBases,
           (unsigned long long)placedPrograms,
           (unsigned long long)largePrograms);
    printf("%-26s %7s %7s %7s %5s %8s %6s %6s   %s\n", "class", "mutants",
           "unsafe", "safe", "late", "expected", "false+", "false-", "rules");
    for (const auto &[name, tally] : tallies)
      printRow(name, tally);
    Tally sum = total();
    printRow("all", sum);
    printf("%.1f s: verify() %.1f s, slow checker %.1f s\n", seconds,
           sum.fastSeconds, sum.slowSeconds);
  }

  static nlohmann::ordered_json toJson(const Tally &t) {
    return {{"mutants", t.mutants},
            {"unsafe", t.unsafe},
            {"safe", t.mutants - t.unsafe},
            {"unsafe_after_more_steps", t.late},
            {"expected_rule_seen", t.expected},
            {"false_accepts", t.falseAccepts},
            {"false_rejects", t.falseRejects}};
  }

  void write(double seconds, bool ok) const {
    nlohmann::ordered_json classes = nlohmann::ordered_json::object();
    for (const auto &[name, tally] : tallies) {
      classes[name] = toJson(tally);
      classes[name]["rules"] = tally.rules;
    }
    Tally sum = total();
    nlohmann::ordered_json result = {
        {"name", "mutants"},
        {"seed", settings.seed},
        {"steps", kSteps},
        {"counts",
         {{"bases", bases.size()},
          {"bases_refused", badBases},
          {"programs_placed_by_compiler", placedPrograms},
          {"programs_too_large", largePrograms},
          {"classes", tallies.size()},
          {"mutants", sum.mutants}}},
        {"verdicts", toJson(sum)},
        {"classes", classes},
        {"disagreements", sum.falseAccepts + sum.falseRejects + badBases},
        {"ok", ok},
        {"seconds", seconds},
        {"seconds_verify", sum.fastSeconds},
        {"seconds_slow_checker", sum.slowSeconds}};
    std::ofstream out(settings.out);
    out << result.dump(2) << "\n";
    if (!out.flush())
      throw Error(settings.out + ": cannot be written");
  }
};

} // namespace

static uint64_t parseNumber(const std::string &option, const char *text) {
  char *end = nullptr;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end)
    throw Error(option + ": found '" + text + "', expected a number");
  return value;
}

static Settings parseArguments(int argc, char **argv) {
  Settings settings;
  for (int i = 1; i < argc; i += 2) {
    std::string option = argv[i];
    if (i + 1 == argc)
      throw Error(option + ": found nothing, expected a value");
    const char *value = argv[i + 1];
    if (option == "--seed")
      settings.seed = parseNumber(option, value);
    else if (option == "--per-class")
      settings.perClass = parseNumber(option, value);
    else if (option == "--bases")
      settings.bases = parseNumber(option, value);
    else if (option == "--most-actions")
      settings.mostActions = parseNumber(option, value);
    else if (option == "--class")
      settings.only = value;
    else if (option == "--programs")
      settings.programs.push_back(value);
    else if (option == "--out")
      settings.out = value;
    else if (option == "--dump")
      settings.dump = value;
    else
      throw Error("found '" + option +
                  "', expected --seed, --per-class, --bases, --class, "
                  "--programs, --most-actions, --out or --dump");
  }
  return settings;
}

int main(int argc, char **argv) {
  try {
    return Experiment(parseArguments(argc, argv)).run() ? 0 : 1;
  } catch (const std::exception &error) {
    std::cerr << "amk-schedule-mutants: " << error.what() << "\n";
    return 2;
  }
}

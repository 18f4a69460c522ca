//===- amk-schedule-artefact.cpp - Damages artefacts and watches -*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Damages tables and manifests in many ways and asks of each what the runtime
// would do. Nothing may crash, hang or be accepted although it is unsafe; of
// that the slow checker of test/experiment/mutants is the judge, which reads
// accepted tables with a reader of its own.
//
//===----------------------------------------------------------------------===//

#include "Subject.h"
#include "TestBundle.h"
#include "amk/Schedule/ProgramJson.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::artefact;
namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

static constexpr char kHelp[] =
    R"(usage: amk-schedule-artefact [options]

  --seed N            of the damage (1)
  --count N           damaged artefacts (100000)
  --out FILE          write the result as JSON; files of failures lie beside it
  --compiler FILE     amk-compile, to make bundles (the one beside this program,
                      if there is one)
  --bundle DIR        a bundle to damage besides; may be given often
  --programs DIR      programs in JSON to make tables of (the oracle's cases)
  --jobs N            processes (2)
  --limit SECONDS     for one artefact (20)
  --judge-limit N     accepted programs that are judged, by chance (all)
  --judge-steps N     steps of the launches that the judge looks at (3)
  --judge-seconds S   for one program; longer is undecided (10)
  --control N         refused programs that are judged, too (500): a judge that
                      finds fault with none of them is no judge
)";

namespace {

struct Arguments {
  uint64_t seed = 1, count = 100000, judgeLimit = UINT64_MAX, control = 500;
  unsigned jobs = 2, judgeSteps = 3;
  double limit = 20, judgeSeconds = 10;
  std::string out, compiler, programs = AMK_PROGRAMS;
  std::vector<std::string> bundles;
};

class Experiment {
public:
  explicit Experiment(const Arguments &args) : args(args) {}
  int run();

private:
  void findSources();
  void damageAll();
  void judgeAll();
  void judgeControls();
  std::vector<Result> judgeMutants(const std::vector<uint64_t> &numbers) const;
  json report() const;
  void print(const json &result) const;
  void keep(uint64_t mutant, const std::string &what);
  Mutant mutantOf(uint64_t number) const {
    return makeMutant(sources, args.seed, number);
  }

  const Arguments &args;
  std::vector<Source> sources;
  std::map<std::string, uint64_t> outcomes;
  std::map<std::string, std::map<std::string, uint64_t>> classes;
  uint64_t numCompiled = 0, numDistinct = 0, numSafe = 0, numUndecided = 0;
  std::vector<uint64_t> accepted; ///< one mutant of each distinct program
  std::vector<uint64_t> controls; ///< mutants that were found unsafe
  uint64_t numControlsUnsafe = 0;
  json disagreements = json::array();
  double seconds = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void Experiment::findSources() {
  if (!args.compiler.empty()) {
    test::TempDir directory;
    sources = compiledSources(args.compiler, directory.path);
  }
  numCompiled = sources.size();
  for (const std::string &bundle : args.bundles)
    sources.push_back(bundleSource(bundle));
  for (uint32_t workers = 1; workers <= 3; ++workers) {
    test::ModelOptions options;
    options.workers = workers;
    test::TestModel model(options);
    sources.push_back({"test-model-" + std::to_string(workers),
                       schedule::encodeTables(model.tables),
                       model.manifest.dump()});
  }
  std::vector<std::string> files;
  for (const fs::directory_entry &entry : fs::directory_iterator(args.programs))
    if (entry.path().extension() == ".json")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const std::string &file : files)
    if (std::optional<Source> source = programSource(file))
      sources.push_back(std::move(*source));
}

/// Writes what replays a failure beside the result.
void Experiment::keep(uint64_t number, const std::string &what) {
  Mutant mutant = mutantOf(number);
  json entry = {{"mutant", number},
                {"source", mutant.artefact.name},
                {"class", mutationClasses()[mutant.mutation].name},
                {"what", what}};
  if (!args.out.empty() && disagreements.size() < 32) {
    std::string path = args.out + "." + std::to_string(number);
    test::writeFile(path + ".bin", mutant.artefact.tables);
    if (!mutant.artefact.manifest.empty())
      test::writeFile(path + ".manifest", mutant.artefact.manifest);
    try {
      test::writeFile(
          path + ".json",
          schedule::programToJson(schedule::programFromTables(
              schedule::decodeTables(mutant.artefact.tables, path))) +
              "\n");
    } catch (const Error &) { // not decoded, so no program
    }
    entry["file"] = path + ".bin";
  }
  disagreements.push_back(std::move(entry));
}

void Experiment::damageAll() {
  std::vector<Result> results =
      runAll(args.count, args.jobs, args.limit, [&](uint64_t number) {
        Mutant mutant = mutantOf(number);
        Result result = examine(sources[mutant.source], mutant.artefact);
        result.kind = static_cast<uint8_t>(mutant.mutation);
        return result;
      });
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> distinct;
  for (uint64_t number = 0; number != args.count; ++number) {
    const Result &result = results[number];
    std::string outcome = outcomeName(result.code);
    ++outcomes[outcome];
    if (result.code != kCrashed && result.code != kTimedOut)
      ++classes[mutationClasses()[result.kind].name][outcome];
    if (isFailure(result.code))
      keep(number, outcome);
    else if (result.code == Unsafe && controls.size() < args.control)
      controls.push_back(number);
    else if (result.code == AcceptedOther)
      distinct.try_emplace({result.note[0], result.note[1]}, number);
  }
  numDistinct = distinct.size();
  // Their order is by digest, so a prefix is a sample.
  for (const auto &[digest, number] : distinct)
    if (accepted.size() < args.judgeLimit)
      accepted.push_back(number);
}

std::vector<Result>
Experiment::judgeMutants(const std::vector<uint64_t> &numbers) const {
  return runAll(numbers.size(), args.jobs, args.judgeSeconds, [&](uint64_t i) {
    return judge(mutantOf(numbers[i]).artefact, args.judgeSteps);
  });
}

/// The judge looks at fewer steps than the verifier, so it need not find every
/// fault.
void Experiment::judgeControls() {
  for (const Result &result : judgeMutants(controls))
    numControlsUnsafe += result.code == JudgedUnsafe;
  if (!controls.empty() && numControlsUnsafe == 0)
    disagreements.push_back(
        {{"what", "the judge found fault with no refused program"}});
}

void Experiment::judgeAll() {
  std::vector<Result> results = judgeMutants(accepted);
  for (size_t i = 0; i != accepted.size(); ++i) {
    uint64_t number = accepted[i];
    if (results[i].code == JudgedSafe)
      ++numSafe;
    else if (results[i].code == kTimedOut || results[i].code == NotJudged)
      ++numUndecided;
    else if (results[i].code == kCrashed)
      keep(number, "the judge crashed");
    else
      keep(number, "accepted, but unsafe: " +
                       whyUnsafe(mutantOf(number).artefact, args.judgeSteps));
  }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

json Experiment::report() const {
  json result = {{"name", "artefact"}, {"seed", args.seed}};
  result["counts"] = {{"mutants", args.count},
                      {"sources", sources.size()},
                      {"compiled_bundles", numCompiled},
                      {"accepted_distinct", numDistinct},
                      {"judged", accepted.size()},
                      {"judged_safe", numSafe},
                      {"judge_undecided", numUndecided},
                      {"controls", controls.size()},
                      {"controls_judged_unsafe", numControlsUnsafe}};
  result["verdicts"] = outcomes;
  result["classes"] = classes;
  result["disagreements"] = disagreements;
  result["seconds"] = seconds;
  return result;
}

void Experiment::print(const json &result) const {
  std::printf("artefact: %zu artefacts, %llu of them compiled bundles, %llu "
              "mutants, %.0f s\n",
              sources.size(), static_cast<unsigned long long>(numCompiled),
              static_cast<unsigned long long>(args.count), seconds);
  for (const auto &[outcome, count] : outcomes)
    std::printf("  %-18s %llu\n", outcome.c_str(),
                static_cast<unsigned long long>(count));
  std::printf("  accepted programs that differ: %llu distinct, %zu judged, "
              "%llu safe, %llu undecided\n",
              static_cast<unsigned long long>(numDistinct), accepted.size(),
              static_cast<unsigned long long>(numSafe),
              static_cast<unsigned long long>(numUndecided));
  std::printf("  refused programs: %zu judged, %llu unsafe\n", controls.size(),
              static_cast<unsigned long long>(numControlsUnsafe));
  for (const json &entry : disagreements)
    std::printf("  DISAGREEMENT %s\n", entry.dump().c_str());
  std::printf("artefact: %zu disagreements\n", result["disagreements"].size());
}

int Experiment::run() {
  auto begin = std::chrono::steady_clock::now();
  findSources();
  damageAll();
  judgeAll();
  judgeControls();
  seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
          .count();
  json result = report();
  if (!args.out.empty())
    test::writeFile(args.out, result.dump(1) + "\n");
  print(result);
  return disagreements.empty() ? 0 : 1;
}

//===----------------------------------------------------------------------===//
// Command line
//===----------------------------------------------------------------------===//

template <typename T>
static void set(T &target, const std::string &option, const std::string &text) {
  if constexpr (std::is_same_v<T, double>) {
    target = std::stod(text);
  } else {
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), target);
    if (error != std::errc() || end != text.data() + text.size())
      fail(option, "found " + text + ", expected a number");
  }
}

static std::string compilerBesideThis() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  path.replace_filename("amk-compile");
  return !error && fs::exists(path) ? path.string() : "";
}

static Arguments parseArguments(int argc, char **argv) {
  Arguments args;
  args.compiler = compilerBesideThis();
  for (int i = 1; i < argc; i += 2) {
    std::string option = argv[i];
    if (i + 1 == argc)
      fail(option, "found no value after it, expected one");
    std::string value = argv[i + 1];
    if (option == "--seed")
      set(args.seed, option, value);
    else if (option == "--count")
      set(args.count, option, value);
    else if (option == "--jobs")
      set(args.jobs, option, value);
    else if (option == "--limit")
      set(args.limit, option, value);
    else if (option == "--judge-limit")
      set(args.judgeLimit, option, value);
    else if (option == "--judge-steps")
      set(args.judgeSteps, option, value);
    else if (option == "--judge-seconds")
      set(args.judgeSeconds, option, value);
    else if (option == "--control")
      set(args.control, option, value);
    else if (option == "--out")
      args.out = value;
    else if (option == "--bundle")
      args.bundles.push_back(value);
    else if (option == "--programs")
      args.programs = value;
    else if (option == "--compiler")
      args.compiler = value;
    else
      fail(option, "found an unknown option, expected one of --help");
  }
  return args;
}

int main(int argc, char **argv) {
  if (argc == 2 && argv[1] == std::string("--help")) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  try {
    Arguments args = parseArguments(argc, argv);
    return Experiment(args).run();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-schedule-artefact: error: %s\n", error.what());
    return 2;
  }
}

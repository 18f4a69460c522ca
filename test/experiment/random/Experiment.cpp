//===- Experiment.cpp - The verifier against the oracle -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Experiment.h"

#include "Minimise.h"
#include "OracleProcess.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

using namespace amk;
using namespace amk::experiment;

namespace {

constexpr size_t kMaxListed = 20;

/// One thread's share of the programs, with oracles of its own.
class Job {
public:
  Job(const ExperimentOptions &options, unsigned index)
      : options(options), index(index), oracle(options.oracle, arguments()) {
    if (options.unreduced) {
      std::vector<std::string> more = arguments();
      more.push_back("--unreduced");
      second = std::make_unique<OracleProcess>(options.oracle, more);
    }
  }
  void run();

  ExperimentResult result;

private:
  struct Answer {
    OracleVerdict oracle;
    std::string what; ///< how they differ; empty if they do not
    std::string reported;
    CoreVerdict rules;
  };
  std::vector<std::string> arguments() const {
    return {"--max-states", std::to_string(options.maxStates)};
  }
  Answer ask(const RandomProgram &program);
  void count(const RandomProgram &program, const Answer &answer);
  void report(uint64_t number, RandomProgram program, const std::string &what);

  const ExperimentOptions &options;
  unsigned index;
  OracleProcess oracle;
  std::unique_ptr<OracleProcess> second;
};

std::string joined(const CoreVerdict &rules) {
  std::string text;
  for (const std::string &rule : rules)
    text += (text.empty() ? "" : " ") + rule;
  return text.empty() ? "safe" : text;
}

} // namespace

Job::Answer Job::ask(const RandomProgram &program) {
  Answer answer;
  oracle.send(program.program, program.steps);
  if (second) {
    second->send(program.program, program.steps);
    answer.oracle = oracle.receive();
    OracleVerdict other = second->receive();
    answer.reported = other.className();
    answer.rules = other.rules;
    if (!other.undecided.empty())
      answer.oracle = other;
    else if (!answer.oracle.sameAs(other))
      answer.what = "reduced " + answer.oracle.className() + ", unreduced " +
                    answer.reported;
    return answer;
  }
  // The oracle is at work meanwhile.
  answer.rules = coreVerdict(program.program, program.steps);
  answer.reported = joined(answer.rules);
  answer.oracle = oracle.receive();
  if (answer.oracle.undecided.empty())
    answer.what = disagreement(program.program, answer.oracle, answer.rules);
  return answer;
}

void Job::count(const RandomProgram &program, const Answer &answer) {
  if (!answer.oracle.undecided.empty()) {
    ++result.undecided;
    return;
  }
  ++result.decided;
  ++result.classes[answer.oracle.className()];
  ++result.steps[program.steps];
  ++result.changes[program.changes];
  for (const std::string &rule : answer.rules)
    ++result.rules[rule];
  for (const Agent &agent : program.program.agents)
    result.actions += agent.actions.size() * program.steps;
  result.states += answer.oracle.states;
  result.mostStates = std::max(result.mostStates, answer.oracle.states);
  if (answer.what.empty())
    return;
  ++result.differing;
  result.falseAccepts += answer.what == "false accept";
  result.falseRejects += answer.what == "false reject";
}

void Job::report(uint64_t number, RandomProgram program,
                 const std::string &what) {
  minimise(program,
           [&](const RandomProgram &p) { return ask(p).what == what; });
  Answer answer = ask(program);
  result.disagreements.push_back({number, what,
                                  lineOf(program.program, program.steps),
                                  answer.reported, answer.oracle.witness});
}

void Job::run() {
  bool isReplay = !options.replayed.empty();
  uint64_t end = isReplay ? options.replayed.size() : options.count;
  for (uint64_t number = index; number < end; number += options.jobs) {
    RandomProgram program =
        isReplay ? options.replayed[number]
                 : randomProgram(options.seed, number, options.minSteps,
                                 options.maxSteps);
    Answer answer = ask(program);
    count(program, answer);
    if (!answer.what.empty() && result.disagreements.size() < kMaxListed)
      report(number, program, answer.what);
  }
}

template <typename Map>
static void addCounts(Map &to, const Map &from) {
  for (const auto &[key, count] : from)
    to[key] += count;
}

void ExperimentResult::add(const ExperimentResult &other) {
  decided += other.decided;
  undecided += other.undecided;
  states += other.states;
  mostStates = std::max(mostStates, other.mostStates);
  actions += other.actions;
  addCounts(classes, other.classes);
  addCounts(rules, other.rules);
  addCounts(steps, other.steps);
  addCounts(changes, other.changes);
  falseAccepts += other.falseAccepts;
  falseRejects += other.falseRejects;
  differing += other.differing;
  disagreements.insert(disagreements.end(), other.disagreements.begin(),
                       other.disagreements.end());
}

ExperimentResult experiment::runExperiment(const ExperimentOptions &options) {
  auto start = std::chrono::steady_clock::now();
  ExperimentResult result;
  std::exception_ptr error;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (unsigned index = 0; index != options.jobs; ++index)
    threads.emplace_back([&, index] {
      try {
        Job job(options, index);
        job.run();
        std::lock_guard<std::mutex> lock(mutex);
        result.add(job.result);
      } catch (...) {
        std::lock_guard<std::mutex> lock(mutex);
        error = std::current_exception();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  if (error)
    std::rethrow_exception(error);
  std::chrono::duration<double> taken =
      std::chrono::steady_clock::now() - start;
  result.seconds = taken.count();
  return result;
}

std::string experiment::summaryOf(const ExperimentResult &result) {
  std::ostringstream text;
  text << result.decided << " programs decided, " << result.undecided
       << " too large, "
       << result.actions / std::max(1.0, double(result.decided))
       << " actions and "
       << result.states / std::max<uint64_t>(1, result.decided)
       << " states on average, at most " << result.mostStates << " states, "
       << result.seconds << " s\n";
  for (const auto &[name, count] : result.classes)
    text << "  " << name << ": " << count << "\n";
  text << "programs in which a rule is broken:\n";
  for (const auto &[name, count] : result.rules)
    text << "  " << name << ": " << count << "\n";
  text << "false accepts: " << result.falseAccepts
       << ", false rejects: " << result.falseRejects
       << ", disagreements: " << result.differing << "\n";
  for (const Disagreement &d : result.disagreements)
    text << "program " << d.number << ": " << d.what
         << "; other verdict: " << d.verifier << "; oracle: " << d.witness
         << "\n  " << d.program << "\n";
  return text.str();
}

std::string experiment::jsonOf(const ExperimentOptions &options,
                               const ExperimentResult &result) {
  nlohmann::ordered_json json;
  json["name"] = options.unreduced ? "oracle-reductions" : "random-programs";
  json["seed"] = options.seed;
  json["counts"] = {
      {"programs", options.count},     {"decided", result.decided},
      {"undecided", result.undecided}, {"actions", result.actions},
      {"states", result.states},       {"mostStates", result.mostStates}};
  json["classes"] = result.classes;
  json["rules"] = result.rules;
  for (const auto &[steps, count] : result.steps)
    json["steps"][std::to_string(steps)] = count;
  for (const auto &[changes, count] : result.changes)
    json["changes"][std::to_string(changes)] = count;
  json["falseAccepts"] = result.falseAccepts;
  json["falseRejects"] = result.falseRejects;
  json["disagreements"] = result.differing;
  json["programs"] = nlohmann::ordered_json::array();
  for (const Disagreement &d : result.disagreements)
    json["programs"].push_back(
        {{"number", d.number},
         {"what", d.what},
         {"verifier", d.verifier},
         {"witness", d.witness},
         {"program", nlohmann::ordered_json::parse(d.program)}});
  json["seconds"] = result.seconds;
  return json.dump(1);
}

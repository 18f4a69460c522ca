//===- Verdicts.cpp - Comparison of verdicts ------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Verdicts.h"

#include "Draft.h"

#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::experiment;

static bool isForm(const std::string &id) { return id.rfind("AMK-S", 0) == 0; }

static bool hasAny(const CoreVerdict &ids,
                   std::initializer_list<const char *> wanted) {
  for (const char *id : wanted)
    if (ids.count(id))
      return true;
  return false;
}

static std::string onlyOne(const std::string &what, bool isOracle) {
  return what + ": only the " + (isOracle ? "oracle" : "verifier") +
         " finds one";
}

std::string OracleVerdict::className() const {
  if (!undecided.empty())
    return "undecided";
  if (!rules.empty() && isForm(*rules.rbegin()))
    return "form";
  return deadlock        ? "deadlock"
         : race          ? "race"
         : ring          ? "ring"
         : value         ? "value"
         : parity || tag ? "alias"
         : safe          ? "safe"
                         : "coverage";
}

bool OracleVerdict::sameAs(const OracleVerdict &o) const {
  if (className() != o.className() || rules != o.rules || safe != o.safe)
    return false;
  // Beside a deadlock or a race the others are sought only in part.
  return deadlock || race ||
         (value == o.value && ring == o.ring && parity == o.parity &&
          tag == o.tag);
}

CoreVerdict experiment::coreVerdict(const schedule::Program &program,
                                    unsigned steps) {
  schedule::Options options;
  options.steps = steps;
  options.maxViolations = UINT32_MAX; // every rule that is broken is compared
  CoreVerdict ids;
  for (const schedule::Violation &violation :
       schedule::verify(program, options))
    ids.insert(schedule::ruleId(violation.rule));
  return ids;
}

OracleVerdict experiment::parseVerdict(const std::string &line) {
  nlohmann::json json = nlohmann::json::parse(line);
  OracleVerdict verdict;
  for (const char *name : {"tooLarge", "error"})
    if (json.contains(name)) {
      verdict.undecided = json.at(name);
      verdict.safe = false;
      return verdict;
    }
  verdict.deadlock = json.at("deadlock");
  verdict.race = json.at("race");
  verdict.value = json.at("value");
  verdict.ring = json.at("ring");
  verdict.parity = json.at("parity");
  verdict.tag = json.at("tag");
  verdict.rules = json.at("rules").get<std::set<std::string>>();
  verdict.safe = json.at("safe");
  verdict.states = json.at("states");
  verdict.witness = json.at("witness");
  return verdict;
}

/// Section 2. S1 and S2 are found alone by the oracle, and nothing else means
/// anything without them.
static std::string formDisagreement(const OracleVerdict &oracle,
                                    const CoreVerdict &core) {
  for (const std::string &id : oracle.rules)
    if (!core.count(id))
      return "the verifier misses " + id;
  if (!oracle.rules.count("AMK-S1") && !oracle.rules.count("AMK-S2"))
    for (const std::string &id : core)
      if (!oracle.rules.count(id))
        return "the verifier reports " + id;
  return "";
}

/// The verifier names two kinds of races by what else is wrong with them: words
/// of two counters that one action stores at one place, of which nobody can say
/// which lie there (C4), and a ring's bytes read in a round in which nothing is
/// written to them (C1).
static bool isNamedOtherwise(const schedule::Program &program,
                             const CoreVerdict &core) {
  bool hasRing = false, storesTwice = false;
  for (const schedule::Space &space : program.spaces)
    hasRing |= space.ringBytes != 0;
  for (const schedule::Agent &agent : program.agents)
    for (const schedule::Action &action : agent.actions)
      for (const schedule::Access &a : action.accesses)
        for (const schedule::Access &b : action.accesses)
          if (a.mode == schedule::AccessMode::WriteTagged &&
              b.mode == schedule::AccessMode::WriteTagged &&
              a.counter != b.counter)
            for (const auto &byte : memoryOf(program, a, 0))
              storesTwice |= memoryOf(program, b, 0).count(byte) != 0;
  return (hasRing && core.count("AMK-C1")) ||
         (storesTwice && hasAny(core, {"AMK-C3", "AMK-C4"}));
}

/// C2 and C3. Two writes that do something else wrong are reported once.
static std::string coverageDisagreement(const OracleVerdict &oracle,
                                        const CoreVerdict &core) {
  if (oracle.rules.count("AMK-C2") != core.count("AMK-C2"))
    return onlyOne("AMK-C2", oracle.rules.count("AMK-C2"));
  bool wanted = oracle.rules.count("AMK-C3"), found = core.count("AMK-C3");
  bool hasOther = oracle.race || oracle.ring || oracle.value;
  if (wanted ? !found && !hasOther : found)
    return onlyOne("AMK-C3", wanted);
  return "";
}

std::string experiment::disagreement(const schedule::Program &program,
                                     const OracleVerdict &oracle,
                                     const CoreVerdict &core) {
  if (oracle.safe != core.empty())
    return oracle.safe ? "false reject" : "false accept";
  if (oracle.className() == "form")
    return formDisagreement(oracle, core);
  if (!core.empty() && isForm(*core.rbegin()))
    return "the verifier reports " + *core.rbegin();
  bool deadlock = core.count("AMK-D1");
  if (oracle.deadlock != deadlock)
    return onlyOne("deadlock", oracle.deadlock);
  if (deadlock)
    return "";
  std::string coverage = coverageDisagreement(oracle, core);
  if (!coverage.empty())
    return coverage;

  // A ring overrun is a race, too, unless the later write is ordered first.
  bool race = hasAny(core, {"AMK-R1", "AMK-R2", "AMK-R3", "AMK-R4", "AMK-N1"});
  bool ring = core.count("AMK-G1");
  if (oracle.race ? !race && !ring && !isNamedOtherwise(program, core) : race)
    return onlyOne("race", oracle.race);
  if (oracle.race)
    return "";
  if (oracle.ring != ring)
    return onlyOne("ring overrun", oracle.ring);
  if (oracle.parity != (core.count("AMK-P1") != 0))
    return onlyOne("parity alias", oracle.parity);
  // Which of two writes of one byte a value is from is not defined.
  if (oracle.rules.count("AMK-C3"))
    return "";
  // Words that are replaced after they were stored are reported as clobbered;
  // the oracle calls them aliased, too, if the tags are equal. A pair of actions
  // that is reported for another wrong value is not reported as that, too.
  bool tag = core.count("AMK-T1");
  bool value = hasAny(core, {"AMK-C1", "AMK-C4", "AMK-C5"});
  if (oracle.tag ? !tag && !value : tag)
    return onlyOne("tag alias", oracle.tag);
  // What an overrun leaves in the ring is reported as the overrun.
  if (!ring && oracle.value != value)
    return onlyOne("wrong value", oracle.value);
  return "";
}

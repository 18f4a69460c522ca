//===- Deadlock.cpp - Explains why a run cannot end: AMK-D1 ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include <limits>

using namespace amk::schedule;

namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// Walks from stuck agent to stuck agent. Each stuck agent waits for a counter
/// that some stuck agent would still signal, or for more than the counter can
/// ever hold; so every walk ends in a cycle or at an unsatisfiable wait.
class Witness {
public:
  Witness(const Program &program, const Model &model, const GreedyRun &run,
          Report &report);
  void explain();

private:
  struct Edge {
    const Wait *wait = nullptr; ///< the wait that does not hold
    uint32_t from = kNone;      ///< the stuck action
    uint32_t to = kNone;        ///< of a stuck agent; would signal the counter
  };
  bool isUnsatisfiable(const Wait &wait) const {
    return wait.threshold > 0 &&
           static_cast<uint64_t>(wait.threshold) > model.perStep[wait.counter];
  }
  uint32_t done(uint32_t agent) const {
    return static_cast<uint32_t>(run.completed[agent]);
  }
  std::string condition(const Wait &wait) const;
  std::string reached(const Wait &wait) const;
  void reportUnsatisfiable();
  void reportCycle(uint32_t agent);

  const Program &program;
  const Model &model;
  const GreedyRun &run;
  Report &report;
  std::vector<Edge> edges; ///< [agents]
};

} // namespace

Witness::Witness(const Program &program, const Model &model,
                 const GreedyRun &run, Report &report)
    : program(program), model(model), run(run), report(report),
      edges(model.numAgents()) {
  // The first signal of each counter that did not happen.
  std::vector<uint32_t> missing(model.numCounters(), kNone);
  for (uint32_t agent = model.numAgents(); agent--;)
    for (uint32_t action = model.agentBegin[agent + 1];
         action-- > model.agentBegin[agent] + done(agent);)
      for (uint32_t i = model.signalBegin[action];
           i != model.signalBegin[action + 1]; ++i)
        missing[model.signals[i].counter] = action;

  for (uint32_t agent = 0; agent != model.numAgents(); ++agent) {
    if (done(agent) == model.length(agent))
      continue;
    Edge &edge = edges[agent];
    edge.from = model.agentBegin[agent] + done(agent);
    for (uint32_t i = model.waitBegin[edge.from];
         i != model.waitBegin[edge.from + 1]; ++i) {
      const Wait &wait = model.waits[i];
      if (wait.threshold <= 0 ||
          static_cast<uint64_t>(wait.threshold) <= run.values[wait.counter])
        continue;
      edge.wait = &wait;
      edge.to = isUnsatisfiable(wait) ? kNone : missing[wait.counter];
      break;
    }
  }
}

std::string Witness::condition(const Wait &wait) const {
  if (model.isTag(wait.counter))
    return "waits for all " + std::to_string(model.perStep[wait.counter]) +
           " parts of the words of '" + program.counters[wait.counter].name +
           "'";
  return "waits for counter '" + program.counters[wait.counter].name +
         "' to reach " + std::to_string(wait.threshold);
}

/// Also those that no agent got to: each is an error of its own.
void Witness::reportUnsatisfiable() {
  for (uint32_t action = 0; action != model.numActions(); ++action)
    for (uint32_t i = model.waitBegin[action]; i != model.waitBegin[action + 1];
         ++i)
      if (isUnsatisfiable(model.waits[i]))
        report.add(Rule::Deadlock, model.ref(action),
                   condition(model.waits[i]) + ", but all signals of a step " +
                       "add up to " +
                       std::to_string(model.perStep[model.waits[i].counter]));
}

std::string Witness::reached(const Wait &wait) const {
  if (model.isTag(wait.counter))
    return "";
  return "; it reaches " + std::to_string(run.values[wait.counter]);
}

void Witness::reportCycle(uint32_t first) {
  std::vector<Related> notes;
  uint32_t agent = first;
  do {
    const Edge &edge = edges[agent];
    notes.push_back({model.ref(edge.from),
                     condition(*edge.wait) + reached(*edge.wait) + ", and " +
                         describe(program, model.ref(edge.to)) +
                         " would signal it"});
    agent = model.agentOf[edge.to];
  } while (agent != first);
  report.add(Rule::Deadlock, model.ref(edges[first].from),
             "never starts: wait cycle of length " +
                 std::to_string(notes.size()),
             std::move(notes));
}

void Witness::explain() {
  reportUnsatisfiable();
  // Colours each agent with the walk that first came to it.
  std::vector<uint32_t> walk(model.numAgents(), kNone);
  for (uint32_t start = 0; start != model.numAgents(); ++start) {
    uint32_t agent = start;
    while (agent != kNone && edges[agent].wait && walk[agent] == kNone) {
      walk[agent] = start;
      uint32_t to = edges[agent].to;
      agent = to == kNone ? kNone : model.agentOf[to];
    }
    if (agent != kNone && edges[agent].wait && walk[agent] == start)
      reportCycle(agent);
  }
}

void amk::schedule::reportDeadlocks(const Program &program, const Model &model,
                                    const GreedyRun &run, Report &report) {
  Witness(program, model, run, report).explain();
}

//===- Explore.cpp - Every interleaving of a launch -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explore.h"

#include <algorithm>

using namespace amk::oracle;

//===----------------------------------------------------------------------===//
// What a state says
//===----------------------------------------------------------------------===//

Explorer::Explorer(const Launch &launch, const ExploreOptions &options,
                   Verdict &verdict)
    : launch(launch), options(options), verdict(verdict), layout(launch),
      states(layout.bytes()) {
  size_t numCounters = launch.program.counters.size();
  sums.assign(numCounters, {});
  tagsBefore.assign(numCounters, {});
  for (const std::vector<Instance> &instances : launch.agents) {
    uint64_t writers = 0;
    for (const Instance &instance : instances)
      if (instance.part(kOrdinary))
        writers |= uint64_t(1) << instance.index;
    writesOrdinary.push_back(writers);
    for (size_t c = 0; c != numCounters; ++c) {
      std::vector<int64_t> sum = {0};
      std::vector<uint8_t> tags = {0};
      for (const Instance &instance : instances) {
        sum.push_back(sum.back());
        for (const Signal &signal : instance.action->signals)
          if (signal.counter == c)
            sum.back() += static_cast<int64_t>(signal.amount);
        tags.push_back(static_cast<uint8_t>(
            tags.back() + std::count(instance.tags.begin(), instance.tags.end(),
                                     int64_t(c))));
      }
      sums[c].push_back(sum);
      tagsBefore[c].push_back(tags);
    }
  }
}

int64_t Explorer::value(const uint8_t *state, uint64_t counter) const {
  int64_t sum = 0;
  for (unsigned a = 0; a != launch.agents.size(); ++a)
    sum += sums[counter][a][layout.index(state, a)];
  return sum;
}

bool Explorer::waitHolds(const uint8_t *state, const Wait &wait,
                         unsigned step) const {
  if (launch.program.counters[wait.counter].protocol != Protocol::Tag)
    return value(state, wait.counter) >=
           wait.threshold + int64_t(step) * launch.perStep[wait.counter];
  for (unsigned a = 0; a != launch.agents.size(); ++a) {
    size_t perStep = launch.program.agents[a].actions.size();
    unsigned needed = tagsBefore[wait.counter][a][perStep * (step + 1)];
    if (needed != 0 &&
        layout.tagFlushes(state, a, int64_t(wait.counter)) < needed)
      return false;
  }
  return true;
}

bool Explorer::waitsHold(const uint8_t *state, const Instance &instance) const {
  const std::vector<Wait> &waits = instance.action->waits;
  return std::all_of(waits.begin(), waits.end(), [&](const Wait &wait) {
    return waitHolds(state, wait, instance.step);
  });
}

bool Explorer::isStarted(const uint8_t *state, const PartRef &part) const {
  unsigned index = layout.index(state, part.agent);
  return part.index < index ||
         (part.index == index &&
          layout.phase(state, part.agent) != Phase::Reached);
}

bool Explorer::isFlushed(const uint8_t *state, const PartRef &part) const {
  if (part.counter == kOrdinary)
    return layout.flushed(state, part.agent) >> part.index & 1;
  // Flushes k happen in order.
  return layout.tagFlushes(state, part.agent, part.counter) >
         tagsBefore[size_t(part.counter)][part.agent][part.index];
}

/// A write to a byte is over, too, when a later write of its agent to it is.
bool Explorer::isOver(const uint8_t *state, const PartRef &part,
                      unsigned cell) const {
  if (isFlushed(state, part))
    return true;
  const std::vector<Instance> &instances = launch.agents[part.agent];
  for (unsigned i = part.index + 1; i < instances.size(); ++i) {
    if (!isStarted(state, {part.agent, i, kOrdinary}))
      return false;
    for (const Part &later : instances[i].parts)
      if (later.cells.has(cell) &&
          isFlushed(state, {part.agent, i, later.counter}))
        return true;
  }
  return false;
}

/// All flushes k of the first `end` actions are done.
bool Explorer::tagsFlushed(const uint8_t *state, unsigned agent,
                           unsigned end) const {
  for (size_t k = 0; k != tagsBefore.size(); ++k)
    if (uint8_t needed = tagsBefore[k][agent][end])
      if (layout.tagFlushes(state, agent, int64_t(k)) < needed)
        return false;
  return true;
}

/// What `instance`'s agent finds in a cell when it is at `instance`: its own
/// last write if that is not over, else the content of memory.
ContentId Explorer::view(const uint8_t *state, const Instance &instance,
                         unsigned cell) const {
  const std::vector<Instance> &instances = launch.agents[instance.agent];
  for (unsigned i = instance.index; i-- != 0;) {
    if (!instances[i].writes.has(cell))
      continue;
    int found = -1;
    for (const Part &part : instances[i].parts)
      if (part.cells.has(cell) &&
          !isFlushed(state, {instance.agent, i, part.counter}))
        for (const Put &put : part.puts)
          if (put.cell == cell)
            found = found < 0 || found == put.content ? put.content : kMixed;
    return found < 0 ? layout.content(state, cell) : ContentId(found);
  }
  return layout.content(state, cell);
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

/// Starts come first: a race is then found soon.
std::vector<Explorer::Step> Explorer::enabled(const uint8_t *state) const {
  std::vector<Step> steps;
  for (unsigned a = 0; a != launch.agents.size(); ++a) {
    const Instance *instance = current(state, a);
    if (!instance || layout.phase(state, a) != Phase::Reached ||
        !waitsHold(state, *instance))
      continue;
    bool runsAtOnce = !options.unreduced && !instance->touchesMemory;
    if (!runsAtOnce)
      steps.push_back({Event::Start, a, 0});
    else if (!instance->signalsValue || tagsFlushed(state, a, instance->index))
      steps.push_back({Event::Run, a, 0});
  }
  for (unsigned a = 0; a != launch.agents.size(); ++a) {
    const Instance *instance = current(state, a);
    Phase phase = instance ? layout.phase(state, a) : Phase::Reached;
    unsigned completed = layout.index(state, a) + (phase == Phase::Complete);
    uint64_t unflushed = writesOrdinary[a] & ~layout.flushed(state, a);
    if (phase == Phase::Started) {
      bool endsAtOnce = !options.unreduced && instance->signalsValue &&
                        instance->tags.empty();
      if (!endsAtOnce)
        steps.push_back({Event::Complete, a, 0});
      else if (tagsFlushed(state, a, instance->index))
        steps.push_back({Event::End, a, 0});
    }
    if (phase == Phase::Complete && tagsFlushed(state, a, completed)) {
      uint64_t earlier = (uint64_t(2) << instance->index) - 1;
      if (!options.unreduced || (unflushed & earlier) == 0)
        steps.push_back({Event::Signal, a, 0});
    }
    for (unsigned k = 0; k != tagsBefore.size(); ++k)
      if (tagsBefore[k][a][completed] != 0 &&
          layout.tagFlushes(state, a, k) < tagsBefore[k][a][completed])
        steps.push_back({Event::FlushTag, a, k});
    if (options.unreduced)
      for (unsigned i = 0; i != completed; ++i)
        if (unflushed >> i & 1)
          steps.push_back({Event::Flush, a, i});
  }
  return steps;
}

/// The writes of one part are over now, unless later ones of the agent were
/// before.
void Explorer::flush(uint8_t *state, unsigned agent, unsigned index,
                     int64_t counter) const {
  PartRef part = {agent, index, counter};
  for (const Put &put : launch.agents[agent][index].part(counter)->puts)
    if (layout.keepsContent(put.cell) && !isOver(state, part, put.cell))
      layout.content(state, put.cell) = put.content;
}

/// Flushes the ordinary writes of the first `end` actions, in order.
void Explorer::flushOrdinary(uint8_t *state, unsigned agent,
                             unsigned end) const {
  uint64_t flushed = layout.flushed(state, agent);
  for (unsigned i = 0; i != end; ++i)
    if ((writesOrdinary[agent] & ~flushed) >> i & 1) {
      flush(state, agent, i, kOrdinary);
      flushed |= uint64_t(1) << i;
      layout.setFlushed(state, agent, flushed);
    }
}

void Explorer::apply(uint8_t *state, const Step &step) const {
  unsigned agent = step.agent, index = layout.index(state, agent);
  switch (step.event) {
  case Event::Start:
    layout.setPosition(state, agent, index, Phase::Started);
    return;
  case Event::Complete:
    if (launch.agents[agent][index].signalsValue)
      layout.setPosition(state, agent, index, Phase::Complete);
    else
      layout.setPosition(state, agent, index + 1, Phase::Reached);
    return;
  case Event::Run:
  case Event::End:
  case Event::Signal:
    if (!options.unreduced && launch.agents[agent][index].signalsValue)
      flushOrdinary(state, agent, index + 1);
    layout.setPosition(state, agent, index + 1, Phase::Reached);
    return;
  case Event::Flush:
    flush(state, agent, step.detail, kOrdinary);
    layout.setFlushed(state, agent,
                      layout.flushed(state, agent) | uint64_t(1)
                                                         << step.detail);
    return;
  case Event::FlushTag: {
    uint8_t &count = layout.tagFlushes(state, agent, step.detail);
    unsigned i = 0;
    while (tagsBefore[step.detail][agent][i + 1] <= count)
      ++i;
    flush(state, agent, i, step.detail);
    ++count;
    return;
  }
  }
}

//===----------------------------------------------------------------------===//
// The search
//===----------------------------------------------------------------------===//

void Explorer::explore() {
  std::vector<uint8_t> next(layout.bytes());
  std::vector<int64_t> stack = {states.add(next.data(), -1, 0)};
  checkWaiting(next.data());
  while (!stack.empty() && (options.unreduced || !verdict.race)) {
    exploring = stack.back();
    stack.pop_back();
    std::vector<uint8_t> state(states.state(exploring),
                               states.state(exploring) + layout.bytes());
    std::vector<Step> steps = enabled(state.data());
    bool isEnd = true;
    for (unsigned a = 0; a != launch.agents.size(); ++a)
      isEnd &= current(state.data(), a) == nullptr;
    if (steps.empty() && !isEnd)
      found(&Verdict::deadlock, "deadlock", nullptr);
    // The first is explored first.
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      pending = encode(*step);
      if (step->event == Event::Start)
        checkStart(state.data(), *current(state.data(), step->agent));
      next = state;
      apply(next.data(), *step);
      int64_t number = states.add(next.data(), exploring, pending);
      if (number < 0)
        continue;
      checkWaiting(next.data());
      stack.push_back(number);
      if (states.size() > options.maxStates)
        throw TooLarge("too many states");
    }
  }
  verdict.states = states.size();
}

uint32_t Explorer::encode(const Step &step) {
  return uint32_t(step.event) << 24 | step.agent << 16 | step.detail;
}

std::string Explorer::nameOf(const Instance &instance) const {
  return launch.program.agents[instance.agent].name + "/" +
         instance.action->name + "@" + std::to_string(instance.step);
}

std::string Explorer::describe(uint32_t event) const {
  static const char *const names[] = {"run",    "start", "complete", "end",
                                      "signal", "flush", "flush"};
  unsigned agent = event >> 16 & 0xff;
  std::string text =
      std::string(names[event >> 24]) + " " + launch.program.agents[agent].name;
  if (Event(event >> 24) == Event::FlushTag)
    text += " tag " + std::to_string(event & 0xffff);
  if (Event(event >> 24) == Event::Flush)
    text += " of its " + std::to_string(event & 0xffff);
  return text;
}

/// Notes a fault and, if it is the first, how the launch came to it.
void Explorer::found(bool Verdict::*what, const char *name,
                     const Instance *at) {
  if (!verdict.witness.empty()) {
    verdict.*what = true;
    return;
  }
  verdict.*what = true;
  std::vector<uint32_t> events = {pending};
  for (int64_t i = exploring; i > 0; i = states.parent(i))
    events.push_back(states.event(i));
  verdict.witness = name;
  if (at)
    verdict.witness += " at " + nameOf(*at);
  verdict.witness += ":";
  for (auto event = events.rbegin(); event != events.rend(); ++event)
    verdict.witness += " " + describe(*event) + ";";
}

Verdict amk::oracle::decide(const Program &program,
                            const ExploreOptions &options) {
  Verdict verdict;
  verdict.rules = formViolations(program);
  verdict.isStatic = !verdict.rules.empty();
  if (verdict.isStatic)
    return verdict;
  verdict.rules = coverageViolations(program);
  verdict.isStatic = !verdict.rules.empty();
  verdict.ring = overrunsRingAlone(program);
  Launch launch(program);
  if (!options.unreduced && findDeadlock(launch, verdict, options.maxStates))
    return verdict;
  Explorer(launch, options, verdict).explore();
  return verdict;
}

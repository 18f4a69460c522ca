//===- Input.cpp - Programs as the oracle reads them ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Input.h"

#include <nlohmann/json.hpp>

#include <map>
#include <stdexcept>

using namespace amk::oracle;
using Json = nlohmann::json;

template <typename T>
static T oneOf(const Json &json, const std::map<std::string, T> &names) {
  auto found = names.find(json.get<std::string>());
  if (found == names.end())
    throw std::runtime_error("unknown name '" + json.get<std::string>() + "'");
  return found->second;
}

static Access parseAccess(const Json &json) {
  static const std::map<std::string, Mode> modes = {
      {"read", Mode::Read},
      {"readPrevious", Mode::ReadPrevious},
      {"write", Mode::Write},
      {"writeTagged", Mode::WriteTagged},
      {"reduce", Mode::Reduce}};
  return {oneOf(json.at("mode"), modes),
          json.at("buffer"),
          json.at("offset"),
          json.at("rows"),
          json.at("rowBytes"),
          json.at("rowStride"),
          json.at("counter")};
}

static Action parseAction(const Json &json) {
  Action action;
  action.name = json.at("name");
  for (const Json &wait : json.at("waits"))
    action.waits.push_back({wait.at(0), wait.at(1)});
  for (const Json &signal : json.at("signals"))
    action.signals.push_back({signal.at(0), signal.at(1)});
  for (const Json &access : json.at("accesses"))
    action.accesses.push_back(parseAccess(access));
  return action;
}

Program amk::oracle::parseProgram(const std::string &line,
                                  unsigned defaultSteps) {
  static const std::map<std::string, Kind> kinds = {{"scratch", Kind::Scratch},
                                                    {"carried", Kind::Carried},
                                                    {"output", Kind::Output}};
  static const std::map<std::string, Protocol> protocols = {
      {"release", Protocol::Release},
      {"tag", Protocol::Tag},
      {"parity", Protocol::Parity}};
  Json json = Json::parse(line);
  Program program;
  for (const Json &space : json.at("spaces"))
    program.spaces.push_back(
        {space.at("bytes"), space.at("ringBytes"), space.at("worker")});
  for (const Json &buffer : json.at("buffers"))
    program.buffers.push_back({oneOf(buffer.at("kind"), kinds),
                               buffer.at("space"), buffer.at("offset"),
                               buffer.at("bytes")});
  for (const Json &counter : json.at("counters"))
    program.counters.push_back({oneOf(counter.at("protocol"), protocols),
                                counter.at("barriers"), counter.at("tagBase")});
  for (const Json &agent : json.at("agents")) {
    program.agents.push_back({agent.at("name"), agent.at("worker"), {}});
    for (const Json &action : agent.at("actions"))
      program.agents.back().actions.push_back(parseAction(action));
  }
  program.tagStride = json.at("tags").at("stride");
  program.tagBits = json.at("tags").at("bits");
  program.maxWorkers = json.at("limits").at("workers");
  program.maxSharedBytes = json.at("limits").at("sharedBytes");
  program.steps = json.value("steps", defaultSteps);
  return program;
}

uint64_t Program::perStep(uint64_t counter) const {
  uint64_t sum = 0;
  for (const Agent &agent : agents)
    for (const Action &action : agent.actions)
      for (const Signal &signal : action.signals)
        if (signal.counter == counter)
          sum += signal.amount;
  return sum;
}

//===- ProgramJson.cpp - Programs as JSON ---------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/ProgramJson.h"
#include "amk/Support/Json.h"

#include <algorithm>
#include <iterator>

using namespace amk;
using namespace amk::schedule;
using nlohmann::ordered_json;

/// In the order of the enums.
static const char *const kKinds[] = {"scratch", "carried", "output"};
static const char *const kProtocols[] = {"release", "tag", "parity"};
static const char *const kModes[] = {"read", "readPrevious", "write",
                                     "writeTagged", "reduce"};

//===----------------------------------------------------------------------===//
// Write
//===----------------------------------------------------------------------===//

/// -1 stands for the index that names nothing.
static int64_t optionalIndex(uint32_t index) {
  return index == UINT32_MAX ? -1 : int64_t(index);
}

static ordered_json writeAction(const Action &action) {
  ordered_json waits = ordered_json::array(), signals = waits, accesses = waits;
  for (const Wait &wait : action.waits)
    waits.push_back({wait.counter, wait.threshold});
  for (const Signal &signal : action.signals)
    signals.push_back({signal.counter, signal.amount});
  for (const Access &access : action.accesses)
    accesses.push_back({{"mode", kModes[static_cast<size_t>(access.mode)]},
                        {"buffer", access.region.buffer},
                        {"offset", access.region.offset},
                        {"rows", access.region.rows},
                        {"rowBytes", access.region.rowBytes},
                        {"rowStride", access.region.rowStride},
                        {"counter", optionalIndex(access.counter)}});
  return {{"name", action.name},
          {"waits", std::move(waits)},
          {"signals", std::move(signals)},
          {"accesses", std::move(accesses)}};
}

static ordered_json writeAgent(const Agent &agent) {
  ordered_json actions = ordered_json::array();
  for (const Action &action : agent.actions)
    actions.push_back(writeAction(action));
  return {{"name", agent.name},
          {"worker", agent.worker},
          {"actions", std::move(actions)}};
}

std::string amk::schedule::programToJson(const Program &program) {
  ordered_json spaces = ordered_json::array(), buffers = spaces,
               counters = spaces, agents = spaces;
  for (const Space &space : program.spaces)
    spaces.push_back({{"name", space.name},
                      {"bytes", space.bytes},
                      {"ringBytes", space.ringBytes},
                      {"worker", optionalIndex(space.worker)}});
  for (const Buffer &buffer : program.buffers)
    buffers.push_back({{"name", buffer.name},
                       {"kind", kKinds[static_cast<size_t>(buffer.kind)]},
                       {"space", buffer.space},
                       {"offset", buffer.offset},
                       {"bytes", buffer.bytes}});
  for (const Counter &counter : program.counters)
    counters.push_back(
        {{"name", counter.name},
         {"protocol", kProtocols[static_cast<size_t>(counter.protocol)]},
         {"barriers", counter.barriers},
         {"tagBase", counter.tagBase}});
  for (const Agent &agent : program.agents)
    agents.push_back(writeAgent(agent));
  ordered_json root = {
      {"spaces", std::move(spaces)},
      {"buffers", std::move(buffers)},
      {"counters", std::move(counters)},
      {"tags", {{"stride", program.tags.stride}, {"bits", program.tags.bits}}},
      {"limits",
       {{"workers", program.limits.workers},
        {"sharedBytes", program.limits.sharedBytes}}},
      {"agents", std::move(agents)}};
  return root.dump(-1, ' ', /*ensure_ascii=*/true,
                   ordered_json::error_handler_t::replace);
}

//===----------------------------------------------------------------------===//
// Read
//===----------------------------------------------------------------------===//

static uint64_t asUnsigned(const JsonView &view) {
  if (!view.raw().is_number_unsigned())
    view.expected("an integer from 0 to 2^64 - 1");
  return view.raw().get<uint64_t>();
}

static uint32_t asIndex(const JsonView &view) {
  return static_cast<uint32_t>(view.asInt(0, UINT32_MAX));
}

static uint32_t asOptionalIndex(const JsonView &view) {
  return static_cast<uint32_t>(view.asInt(-1, UINT32_MAX - 1));
}

/// The place of a word in one of the lists above.
template <typename Enum, size_t N>
static Enum asEnum(const JsonView &view, const char *const (&names)[N]) {
  std::string text = view.asString();
  auto it = std::find(std::begin(names), std::end(names), text);
  if (it == std::end(names)) {
    std::string all;
    for (const char *name : names)
      all += (all.empty() ? "" : ", ") + std::string(name);
    view.expected("one of " + all);
  }
  return static_cast<Enum>(it - std::begin(names));
}

/// Each member is read after this, so the number of members decides.
static void expectMembers(const JsonView &view, size_t count) {
  view.expectObject();
  if (view.size() > count)
    view.expected("no members but the " + std::to_string(count) +
                  " of docs/ScheduleSpec.md");
}

template <typename T, typename Read>
static std::vector<T> readList(const JsonView &view, Read read) {
  view.expectArray();
  std::vector<T> list;
  list.reserve(view.size());
  for (size_t i = 0; i != view.size(); ++i)
    list.push_back(read(view.at(i)));
  return list;
}

static Space readSpace(const JsonView &view) {
  expectMembers(view, 4);
  return {view.at("name").asString(), asUnsigned(view.at("bytes")),
          asUnsigned(view.at("ringBytes")), asOptionalIndex(view.at("worker"))};
}

static Buffer readBuffer(const JsonView &view) {
  expectMembers(view, 5);
  return {view.at("name").asString(),
          asEnum<BufferKind>(view.at("kind"), kKinds),
          asIndex(view.at("space")), asUnsigned(view.at("offset")),
          asUnsigned(view.at("bytes"))};
}

static Counter readCounter(const JsonView &view) {
  expectMembers(view, 4);
  return {view.at("name").asString(),
          asEnum<Protocol>(view.at("protocol"), kProtocols),
          asIndex(view.at("barriers")), asUnsigned(view.at("tagBase"))};
}

static Access readAccess(const JsonView &view) {
  expectMembers(view, 7);
  Access access;
  access.mode = asEnum<AccessMode>(view.at("mode"), kModes);
  access.region = {asIndex(view.at("buffer")), asUnsigned(view.at("offset")),
                   asUnsigned(view.at("rows")), asUnsigned(view.at("rowBytes")),
                   asUnsigned(view.at("rowStride"))};
  access.counter = asOptionalIndex(view.at("counter"));
  return access;
}

static void expectPair(const JsonView &view) {
  view.expectArray();
  if (view.size() != 2)
    view.expected("an array of two numbers");
}

static Wait readWait(const JsonView &view) {
  expectPair(view);
  return {asIndex(view.at(size_t(0))),
          view.at(size_t(1)).asInt(INT64_MIN, INT64_MAX)};
}

static Signal readSignal(const JsonView &view) {
  expectPair(view);
  return {asIndex(view.at(size_t(0))), asUnsigned(view.at(size_t(1)))};
}

static Action readAction(const JsonView &view) {
  expectMembers(view, 4);
  return {view.at("name").asString(),
          readList<Wait>(view.at("waits"), readWait),
          readList<Access>(view.at("accesses"), readAccess),
          readList<Signal>(view.at("signals"), readSignal)};
}

static Agent readAgent(const JsonView &view) {
  expectMembers(view, 3);
  return {view.at("name").asString(), asIndex(view.at("worker")),
          readList<Action>(view.at("actions"), readAction)};
}

Program amk::schedule::programFromJson(const std::string &text,
                                       const std::string &file) {
  nlohmann::json document = parseJson(text, file);
  JsonView root(document, file);
  expectMembers(root, 6);
  Program program;
  program.spaces = readList<Space>(root.at("spaces"), readSpace);
  program.buffers = readList<Buffer>(root.at("buffers"), readBuffer);
  program.counters = readList<Counter>(root.at("counters"), readCounter);
  JsonView tags = root.at("tags"), limits = root.at("limits");
  expectMembers(tags, 2);
  program.tags = {asUnsigned(tags.at("stride")), asIndex(tags.at("bits"))};
  expectMembers(limits, 2);
  program.limits = {asUnsigned(limits.at("workers")),
                    asUnsigned(limits.at("sharedBytes"))};
  program.agents = readList<Agent>(root.at("agents"), readAgent);
  return program;
}

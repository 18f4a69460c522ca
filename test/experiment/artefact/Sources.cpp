//===- Sources.cpp - Artefacts to damage -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sources.h"
#include "amk/Schedule/ProgramJson.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace amk;
using namespace amk::artefact;
using schedule::Program;
using schedule::Tables;

Source artefact::bundleSource(const std::string &directory) {
  std::string manifest = readFile(directory + "/manifest.json");
  nlohmann::json root = parseJson(manifest, directory + "/manifest.json");
  std::string file = root.at("tables").at("file");
  return {std::filesystem::path(directory).filename().string(),
          readFile(directory + "/" + file), manifest};
}

static void compile(const std::vector<std::string> &command) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = 0;
  int status = 0;
  if (posix_spawn(&pid, words[0], nullptr, nullptr, words.data(), environ) ||
      waitpid(pid, &status, 0) != pid || status != 0)
    fail(command[0], "could not compile " + command[1]);
}

std::vector<Source> artefact::compiledSources(const std::string &compiler,
                                              const std::string &directory) {
  const std::vector<std::vector<std::string>> ways = {
      {"mha-hd8-tied-f32", "--workers", "1"},
      {"mha-hd8-tied-f32", "--workers", "2", "--sync", "exact"},
      {"tiny-vocab17-one-head", "--workers", "3", "--sync", "coarse"},
      {"tiny-vocab17-one-head", "--workers", "2", "--fuse", "none"},
      {"gqa-hd8-untied-bf16", "--workers", "2"},
  };
  std::vector<Source> sources;
  for (const std::vector<std::string> &way : ways) {
    std::string bundle =
        directory + "/" + way[0] + "-" + std::to_string(sources.size());
    std::vector<std::string> command = {compiler, AMK_MODELS "/" + way[0],
                                        "--dummy-weights", "-o", bundle};
    command.insert(command.end(), way.begin() + 1, way.end());
    compile(command);
    sources.push_back(bundleSource(bundle));
  }
  return sources;
}

namespace {

class Encoder {
public:
  explicit Encoder(const Program &program) : p(program) {}

  std::optional<Tables> run() {
    t.strings.assign(1, '\0');
    t.tags = p.tags;
    t.limits = p.limits;
    for (const schedule::Space &s : p.spaces)
      t.spaces.push_back({nameOf(s.name), uint32_t(abi::Space::Shared), s.bytes,
                          s.ringBytes, s.worker, 0});
    for (const schedule::Buffer &b : p.buffers)
      t.buffers.push_back(
          {nameOf(b.name), uint32_t(b.kind), b.space, 0, b.offset, b.bytes});
    for (const schedule::Counter &c : p.counters)
      t.counters.push_back(
          {0, nameOf(c.name), uint32_t(c.protocol), c.barriers, c.tagBase});
    for (const schedule::Agent &agent : p.agents)
      if (!addAgent(agent))
        return std::nullopt;
    return std::move(t);
  }

private:
  uint32_t nameOf(const std::string &name) {
    auto offset = static_cast<uint32_t>(t.strings.size());
    t.strings += name + '\0';
    return offset;
  }

  bool addAgent(const schedule::Agent &agent) {
    bool isSecond = !t.queues.empty() &&
                    t.queues.back().worker == agent.worker &&
                    t.queues.back().role == uint32_t(abi::Role::Compute);
    if (!isSecond && agent.worker != t.workers)
      return false;
    abi::Queue queue{};
    queue.begin = static_cast<uint32_t>(t.instructions.size());
    queue.count = static_cast<uint32_t>(agent.actions.size());
    queue.worker = agent.worker;
    queue.role = uint32_t(isSecond ? abi::Role::Loader : abi::Role::Compute);
    t.workers = agent.worker + 1;
    for (const schedule::Action &action : agent.actions)
      addAction(action);
    t.queues.push_back(queue);
    return true;
  }

  void addAction(const schedule::Action &action) {
    abi::Instruction in{};
    in.name = nameOf(action.name);
    in.waitBegin = static_cast<uint32_t>(t.waits.size());
    in.waitCount = static_cast<uint32_t>(action.waits.size());
    for (const schedule::Wait &wait : action.waits)
      t.waits.push_back({wait.counter, static_cast<int32_t>(wait.threshold)});
    in.signalBegin = static_cast<uint32_t>(t.signals.size());
    in.signalCount = static_cast<uint32_t>(action.signals.size());
    for (const schedule::Signal &signal : action.signals) {
      auto amount = static_cast<uint32_t>(signal.amount);
      t.signals.push_back({signal.counter, amount});
      if (signal.counter < t.counters.size())
        t.counters[signal.counter].perStep += amount;
    }
    in.accessBegin = static_cast<uint32_t>(t.accesses.size());
    in.accessCount = static_cast<uint32_t>(action.accesses.size());
    for (const schedule::Access &a : action.accesses)
      t.accesses.push_back({a.region.buffer, uint32_t(a.mode), a.counter, 0,
                            a.region.offset, a.region.rows, a.region.rowBytes,
                            a.region.rowStride});
    t.instructions.push_back(in);
  }

  const Program &p;
  Tables t;
};

} // namespace

std::optional<Source> artefact::programSource(const std::string &path) {
  nlohmann::json document = parseJson(readFile(path), path);
  if (document.contains("program"))
    document = nlohmann::json(document["program"]);
  Program program = schedule::programFromJson(document.dump(), path);
  std::optional<Tables> tables = Encoder(program).run();
  if (!tables)
    return std::nullopt;
  try {
    return Source{std::filesystem::path(path).stem().string(),
                  schedule::encodeTables(*tables), ""};
  } catch (const std::exception &) {
    return std::nullopt; // a reference to nothing, a threshold over 32 bits
  }
}

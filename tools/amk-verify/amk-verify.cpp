//===- amk-verify.cpp - Tells whether schedules are safe ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Bundle.h"
#include "amk/Schedule/ProgramJson.h"
#include "amk/Schedule/Tables.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"
#include "amk/Support/Number.h"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>

using namespace amk;
using namespace amk::schedule;

static constexpr char kHelp[] =
    R"(usage: amk-verify [options] PATH

Tells whether a schedule is safe: no deadlock, no race, no wrong value in any
execution. PATH is a bundle, its tables.bin, or a file of programs in JSON, one
document or one program per line.

  --steps COUNT           steps of the longest launch (0: any number)
  --max-violations COUNT  report at most so many of a program (64)
  --dump-json             print the programs as JSON lines; do not verify
  --help                  print this text

Exit status: 0 all programs are safe, 1 one is not, 2 bad input.
)";

namespace {

struct Arguments {
  std::string path;
  Options verifier;
  bool dumpJson = false;
  bool help = false;
};

/// A program and where it is from.
struct Input {
  std::string name;
  Program program;
};

} // namespace

/// The number after the option at `argument`; argv ends with a null.
template <typename T>
static T parseCount(char **argument) {
  std::string text = argument[1] ? argument[1] : "";
  std::optional<T> value = parseInteger<T>(text);
  if (!value)
    fail(*argument, "found \"" + printable(text) + "\", expected a number");
  return *value;
}

static Arguments parseArguments(int argc, char **argv) {
  Arguments args;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--help")
      args.help = true;
    else if (word == "--dump-json")
      args.dumpJson = true;
    else if (word == "--steps")
      args.verifier.steps = parseCount<uint64_t>(argv + i++);
    else if (word == "--max-violations")
      args.verifier.maxViolations = parseCount<unsigned>(argv + i++);
    else if (word.empty() || word[0] == '-' || !args.path.empty())
      fail("arguments", "found " + printable(word) +
                            ", expected one path and options of --help");
    else
      args.path = word;
  }
  if (args.path.empty() && !args.help)
    fail("arguments", "found no path, expected a bundle, tables or programs");
  return args;
}

static bool isDirectory(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

static bool isBlank(const std::string &text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

/// One document, or one on each line if the first line is one.
static std::vector<Input> readPrograms(const std::string &text,
                                       const std::string &path) {
  std::vector<Input> inputs;
  size_t number = 0;
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    ++number;
    if (isBlank(line))
      continue;
    if (inputs.empty() && !nlohmann::json::accept(line))
      return {{path, programFromJson(text, path)}};
    std::string name = path + ":" + std::to_string(number);
    inputs.push_back({name, programFromJson(line, name)});
  }
  if (inputs.empty())
    fail(path, "found no text, expected a program");
  return inputs;
}

static std::vector<Input> readInputs(const std::string &path) {
  if (isDirectory(path))
    return {{path, programFromTables(runtime::Bundle::read(path).tables)}};
  std::string bytes = readFile(path, runtime::kMaxTablesBytes);
  // The last byte of the magic is its version.
  size_t magic = sizeof(abi::kTablesMagic) - 1;
  if (bytes.compare(0, magic, abi::kTablesMagic, magic) == 0)
    return {{path, programFromTables(decodeTables(bytes, path))}};
  return readPrograms(bytes, path);
}

/// Prints the verdict; true if the program is safe.
static bool report(const Input &input, const Options &options) {
  const Program &program = input.program;
  std::vector<Violation> violations = verify(program, options);
  if (!violations.empty()) {
    std::printf("%s: not safe: %zu violation%s\n", input.name.c_str(),
                violations.size(), violations.size() == 1 ? "" : "s");
    for (const Violation &violation : violations)
      std::printf("%s\n", render(program, violation).c_str());
    return false;
  }
  size_t actions = 0;
  for (const Agent &agent : program.agents)
    actions += agent.actions.size();
  std::printf("%s: safe: %zu actions, %zu agents, %zu counters, %zu buffers, "
              "%zu spaces\n",
              input.name.c_str(), actions, program.agents.size(),
              program.counters.size(), program.buffers.size(),
              program.spaces.size());
  return true;
}

int main(int argc, char **argv) {
  try {
    Arguments args = parseArguments(argc, argv);
    if (args.help) {
      std::fputs(kHelp, stdout);
      return 0;
    }
    bool safe = true;
    for (const Input &input : readInputs(args.path)) {
      if (args.dumpJson)
        std::printf("%s\n", programToJson(input.program).c_str());
      else
        safe &= report(input, args.verifier);
    }
    return safe ? 0 : 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "amk-verify: error: %s\n", error.what());
    return 2;
  }
}

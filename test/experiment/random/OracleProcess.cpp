//===- OracleProcess.cpp - The oracle in a process of its own -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OracleProcess.h"

#include "amk/Schedule/ProgramJson.h"
#include "amk/Support/Error.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <sys/wait.h>
#include <unistd.h>

using namespace amk;
using namespace amk::experiment;

std::string experiment::lineOf(const schedule::Program &program,
                               unsigned steps) {
  return "{\"steps\": " + std::to_string(steps) + ", " +
         schedule::programToJson(program).substr(1);
}

schedule::Program experiment::programOf(const std::string &line,
                                        unsigned &steps) {
  try {
    nlohmann::json json = nlohmann::json::parse(line);
    steps = json.value("steps", 1u);
    json.erase("steps");
    return schedule::programFromJson(json.dump(), "program");
  } catch (const nlohmann::json::exception &error) {
    throw Error(std::string("program: ") + error.what());
  }
}

OracleProcess::OracleProcess(const std::string &path,
                             std::vector<std::string> arguments) {
  // Between pipe and exec no other thread may fork: its child would hold our
  // pipe open.
  static std::mutex starting;
  std::lock_guard<std::mutex> lock(starting);
  int toChild[2], fromChild[2];
  if (pipe2(toChild, O_CLOEXEC) != 0 || pipe2(fromChild, O_CLOEXEC) != 0)
    throw Error("pipe: cannot be made");
  arguments.insert(arguments.begin(), path);
  std::vector<char *> argv;
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid = fork();
  if (pid == 0) {
    dup2(toChild[0], 0);
    dup2(fromChild[1], 1);
    execv(path.c_str(), argv.data());
    _exit(127);
  }
  close(toChild[0]);
  close(fromChild[1]);
  input = fdopen(toChild[1], "w");
  output = fdopen(fromChild[0], "r");
  if (pid < 0 || !input || !output)
    throw Error(path + ": cannot be started");
}

OracleProcess::~OracleProcess() {
  fclose(input);
  fclose(output);
  waitpid(pid, nullptr, 0);
}

void OracleProcess::send(const schedule::Program &program, unsigned steps) {
  std::string line = lineOf(program, steps) + "\n";
  fwrite(line.data(), 1, line.size(), input);
  fflush(input);
}

OracleVerdict OracleProcess::receive() {
  char *line = nullptr;
  size_t capacity = 0;
  ssize_t length = getline(&line, &capacity, output);
  std::string text(line ? line : "", length > 0 ? size_t(length) : 0);
  free(line);
  if (length <= 0)
    throw Error("oracle: found the end of its output, expected a verdict");
  return parseVerdict(text);
}

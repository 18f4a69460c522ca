//===- OracleProcess.h - The oracle in a process of its own -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A running amk-schedule-oracle: a line in, a line out.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_ORACLEPROCESS_H
#define AMK_TEST_EXPERIMENT_RANDOM_ORACLEPROCESS_H

#include "Verdicts.h"

#include <cstdio>
#include <vector>

namespace amk::experiment {

class OracleProcess {
public:
  /// Throws amk::Error if it cannot be started.
  OracleProcess(const std::string &path, std::vector<std::string> arguments);
  OracleProcess(const OracleProcess &) = delete;
  OracleProcess &operator=(const OracleProcess &) = delete;
  ~OracleProcess();

  /// Sends a program; the caller can do other things before receive().
  void send(const schedule::Program &program, unsigned steps);
  /// Throws amk::Error if the process has ended.
  OracleVerdict receive();

private:
  int pid = -1;
  FILE *input = nullptr, *output = nullptr;
};

/// The program with the member "steps", as the oracle reads it.
std::string lineOf(const schedule::Program &program, unsigned steps);
/// The other way; `steps` is 1 if the line does not say. Throws amk::Error.
schedule::Program programOf(const std::string &line, unsigned &steps);

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_ORACLEPROCESS_H

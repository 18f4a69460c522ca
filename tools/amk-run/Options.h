//===- Options.h - Command line of amk-run ----------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_RUN_OPTIONS_H
#define AMK_TOOLS_RUN_OPTIONS_H

#include "../CommandLine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amk::run {

struct Options {
  std::string bundle;
  std::string weights;
  std::optional<uint64_t> dummySeed;
  std::optional<std::vector<int32_t>> promptIds;
  std::optional<uint32_t> newTokens;
  std::optional<uint32_t> stepsPerLaunch;
  std::string logitsFile;
  std::string timelineFile;
  std::string device; ///< empty: what the bundle is for
  std::string arch;   ///< empty: the best
  uint32_t context = 0;
  double waitTimeoutSeconds = 0;
  bool score = false;
  bool bench = false;
  bool json = false;
  bool help = false;
};

using tools::UsageError;

/// Throws UsageError, or amk::Error when a file named in it cannot be read.
Options parseOptions(int argc, char **argv);

std::string helpText();

} // namespace amk::run

#endif // AMK_TOOLS_RUN_OPTIONS_H

//===- Options.h - Command line of amk-bench --------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_BENCH_OPTIONS_H
#define AMK_TOOLS_BENCH_OPTIONS_H

#include "../CommandLine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amk::bench {

struct Options {
  std::vector<std::string> bundles;
  std::string weights;
  std::optional<uint64_t> dummySeed;
  std::string golden;    ///< golden.json of the weights
  std::string reference; ///< another bundle of the model
  std::string device;    ///< empty: what the bundle is for
  std::string arch;      ///< empty: the best
  uint32_t context = 0;  ///< 0: what the measurements need
  std::vector<uint32_t> positions = {31};
  std::vector<uint32_t> stepsPerLaunch = {1, 128};
  uint32_t tokens = 128;
  uint32_t repetitions = 10;
  uint32_t gateRuns = 20;
  std::string timeline; ///< file
  std::string output;
  bool json = false;
  bool help = false;
};

using tools::UsageError;

/// Throws UsageError.
Options parseOptions(int argc, char **argv);

std::string helpText();

} // namespace amk::bench

#endif // AMK_TOOLS_BENCH_OPTIONS_H

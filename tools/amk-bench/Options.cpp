//===- Options.cpp - Command line of amk-bench ----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include <algorithm>

using namespace amk;
using namespace amk::bench;

namespace {

constexpr uint32_t kMaxCount = 1u << 24;

/// Integers with commas between them.
std::vector<uint32_t> parseCounts(const std::string &option,
                                  const std::string &text, uint32_t min) {
  std::vector<uint32_t> counts;
  for (size_t begin = 0, end; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    counts.push_back(tools::parseWithin(option, text.substr(begin, end - begin),
                                        min, kMaxCount));
  }
  return counts;
}

using Text = const std::string &;

uint32_t count(Text name, Text value) {
  return tools::parseWithin<uint32_t>(name, value, 1, kMaxCount);
}

const tools::Option<Options> kOptions[] = {
    {"--weights", "DIR", "the HuggingFace directory with the weights",
     [](Options &o, Text, Text value) { o.weights = value; }},
    {"--dummy-weights", "SEED", "random weights instead, the same everywhere",
     [](Options &o, Text name, Text value) {
       o.dummySeed = tools::parseWithin<uint64_t>(name, value, 0, UINT64_MAX);
     }},
    {"--golden", "FILE", "gate: HuggingFace's ids, a golden.json",
     [](Options &o, Text, Text value) { o.golden = value; }},
    {"--reference", "BUNDLE", "gate: the logits of this bundle (of the CPU)",
     [](Options &o, Text, Text value) { o.reference = value; }},
    {"--gate-runs", "COUNT", "without --golden: runs that must agree (20)",
     [](Options &o, Text name, Text value) {
       o.gateRuns = count(name, value);
     }},
    {"--positions", "LIST", "of the first measured step (31)",
     [](Options &o, Text name, Text value) {
       o.positions = parseCounts(name, value, 0);
     }},
    {"--tokens", "COUNT", "measured in one go (128)",
     [](Options &o, Text name, Text value) { o.tokens = count(name, value); }},
    {"--steps-per-launch", "LIST", "(1,128)",
     [](Options &o, Text name, Text value) {
       o.stepsPerLaunch = parseCounts(name, value, 1);
     }},
    {"--repetitions", "COUNT", "of every measurement (10)",
     [](Options &o, Text name, Text value) {
       o.repetitions = count(name, value);
     }},
    {"--device", "DEVICE", "cpu or cuda:NUMBER (what the bundle is for)",
     [](Options &o, Text, Text value) { o.device = value; }},
    {"--arch", "ARCH", "the code to run on a GPU, such as sm_80 (the best)",
     [](Options &o, Text, Text value) { o.arch = value; }},
    {"--context", "COUNT",
     "positions of the KV cache on a GPU (what is needed)",
     [](Options &o, Text name, Text value) { o.context = count(name, value); }},
    {"--timeline", "FILE", "write what each worker does at the first position",
     [](Options &o, Text, Text value) { o.timeline = value; }},
    {"--output", "FILE", "write the results there as JSON",
     [](Options &o, Text, Text value) { o.output = value; }},
    {"--json", nullptr, "print JSON instead of a table",
     [](Options &o, Text, Text) { o.json = true; }},
    {"--help", nullptr, "print this text",
     [](Options &o, Text, Text) { o.help = true; }},
};

void checkCombination(const Options &options) {
  if (options.bundles.empty())
    throw UsageError("found no bundle, expected at least one");
  if (options.weights.empty() == !options.dummySeed)
    throw UsageError("expected one of --weights and --dummy-weights");
  if (!options.golden.empty() && options.dummySeed)
    throw UsageError("--golden says nothing about --dummy-weights");
  if (!options.timeline.empty() && options.bundles.size() > 1)
    throw UsageError("--timeline: found several bundles, expected one");
  if (!options.golden.empty() && !options.reference.empty())
    throw UsageError("--golden and --reference exclude each other");
}

} // namespace

Options bench::parseOptions(int argc, char **argv) {
  Options options;
  tools::parseCommandLine(
      argc, argv, kOptions, options,
      [&](const std::string &word) { options.bundles.push_back(word); });
  if (!options.help)
    checkCombination(options);
  return options;
}

std::string bench::helpText() {
  std::string text =
      "Usage: amk-bench BUNDLE... (--weights DIR | --dummy-weights SEED)\n"
      "                 [options]\n\n"
      "Measures the read bandwidth of the device, then for each bundle whether "
      "it\ncomputes the right thing and how long a token takes.\n\nOptions:\n";
  text += tools::describeOptions(kOptions);
  return text + "\nExit status: 0 success, 1 a gate or a run failed, 2 the "
                "command line is\nwrong.\n";
}

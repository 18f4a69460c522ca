//===- Options.cpp - Command line of amk-run ------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "amk/Support/Json.h"

#include <cmath>
#include <cstdlib>

using namespace amk;
using namespace amk::run;

namespace {

/// Prompts are bounded by the context of any model we know of.
constexpr uint32_t kMaxCount = 1u << 24;

double parseSeconds(const std::string &option, const std::string &text) {
  char *end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value) || value <= 0)
    throw UsageError(option + ": found \"" + text +
                     "\", expected a number of seconds above 0");
  return value;
}

/// Integers with commas or white space between them.
std::vector<int32_t> parseIds(const std::string &option,
                              const std::string &text) {
  static const char *separators = ", \t\r\n";
  std::vector<int32_t> ids;
  size_t begin = 0;
  while ((begin = text.find_first_not_of(separators, begin)) !=
         std::string::npos) {
    size_t end = text.find_first_of(separators, begin);
    std::string word = text.substr(begin, end - begin);
    ids.push_back(tools::parseWithin<int32_t>(option, word, 0, INT32_MAX));
    begin = end == std::string::npos ? text.size() : end;
  }
  if (ids.empty())
    throw UsageError(option + ": found no ids, expected at least one");
  return ids;
}

void setIds(Options &options, const std::string &option,
            const std::string &text) {
  if (options.promptIds)
    throw UsageError(option + ": the prompt is given twice");
  options.promptIds = parseIds(option, text);
}

using Text = const std::string &;

const tools::Option<Options> kOptions[] = {
    {"--weights", "DIR", "the HuggingFace directory with the weights",
     [](Options &o, Text, Text value) { o.weights = value; }},
    {"--dummy-weights", "SEED", "random weights instead, the same everywhere",
     [](Options &o, Text name, Text value) {
       o.dummySeed = tools::parseWithin<uint64_t>(name, value, 0, UINT64_MAX);
     }},
    {"--prompt-ids", "IDS", "token ids, separated by commas",
     [](Options &o, Text name, Text value) { setIds(o, name, value); }},
    {"--prompt-ids-file", "FILE", "token ids, separated by spaces or commas",
     [](Options &o, Text name, Text value) {
       setIds(o, name + " " + value, readFile(value));
     }},
    {"-n", "COUNT", "tokens to generate (64)",
     [](Options &o, Text name, Text value) {
       o.newTokens = tools::parseWithin<uint32_t>(name, value, 0, kMaxCount);
     }},
    {"--steps-per-launch", "COUNT", "steps of one launch (64; --bench: 1)",
     [](Options &o, Text name, Text value) {
       o.stepsPerLaunch =
           tools::parseWithin<uint32_t>(name, value, 1, kMaxCount);
     }},
    {"--logits", "FILE", "write float32 logits [positions][vocabulary]",
     [](Options &o, Text, Text value) { o.logitsFile = value; }},
    {"--timeline", "FILE",
     "write what each worker of a GPU did in the last launch",
     [](Options &o, Text, Text value) { o.timelineFile = value; }},
    {"--score", nullptr, "print mean NLL and perplexity of the prompt",
     [](Options &o, Text, Text) { o.score = true; }},
    {"--bench", nullptr, "measure memory bandwidth and time per token",
     [](Options &o, Text, Text) { o.bench = true; }},
    {"--json", nullptr, "print the result as one JSON object",
     [](Options &o, Text, Text) { o.json = true; }},
    {"--device", "DEVICE", "cpu or cuda:NUMBER (what the bundle is for)",
     [](Options &o, Text, Text value) { o.device = value; }},
    {"--arch", "ARCH", "the code to run on a GPU, such as sm_80 (the best)",
     [](Options &o, Text, Text value) { o.arch = value; }},
    {"--context", "COUNT", "positions of the KV cache on a GPU (what fits)",
     [](Options &o, Text name, Text value) {
       o.context = tools::parseWithin<uint32_t>(name, value, 1, kMaxCount);
     }},
    {"--wait-timeout", "SECONDS", "give up a launch after such a wait (20; 2)",
     [](Options &o, Text name, Text value) {
       o.waitTimeoutSeconds = parseSeconds(name, value);
     }},
    {"--help", nullptr, "print this text",
     [](Options &o, Text, Text) { o.help = true; }},
};

void checkCombination(const Options &options) {
  if (options.bundle.empty())
    throw UsageError("found no bundle, expected its directory");
  if (options.weights.empty() == !options.dummySeed)
    throw UsageError("expected one of --weights and --dummy-weights");
  if (options.score && options.bench)
    throw UsageError("--score and --bench exclude each other");
  if (!options.promptIds && !options.bench)
    throw UsageError("expected --prompt-ids or --prompt-ids-file");
  if (options.score && options.newTokens)
    throw UsageError("--score generates nothing, -n has no meaning");
  if (options.bench && !options.logitsFile.empty())
    throw UsageError("--logits would be measured by --bench");
  if (options.bench && !options.timelineFile.empty())
    throw UsageError("--timeline would be measured by --bench");
}

} // namespace

Options amk::run::parseOptions(int argc, char **argv) {
  Options options;
  tools::parseCommandLine(argc, argv, kOptions, options,
                          [&](const std::string &word) {
                            if (word.empty() || !options.bundle.empty())
                              throw UsageError("found argument \"" + word +
                                               "\", expected one bundle");
                            options.bundle = word;
                          });
  if (!options.help)
    checkCombination(options);
  return options;
}

std::string amk::run::helpText() {
  std::string text =
      "Usage: amk-run BUNDLE (--weights DIR | --dummy-weights SEED)\n"
      "               --prompt-ids IDS [-n COUNT] [options]\n\n"
      "Runs a model compiled by amk-compile and prints the generated token "
      "ids.\n\nOptions:\n";
  text += tools::describeOptions(kOptions);
  return text + "\nExit status: 0 success, 1 the run failed, 2 the command "
                "line is wrong.\n";
}

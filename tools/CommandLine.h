//===- CommandLine.h - Command lines of the tools without LLVM --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tool has a table of options, from which its command line is read and its
// help text is written.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TOOLS_COMMANDLINE_H
#define AMK_TOOLS_COMMANDLINE_H

#include "amk/Support/Number.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace amk::tools {

/// The command line is wrong; the message says where.
class UsageError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

template <typename Options>
struct Option {
  const char *name;
  const char *argument; ///< null: a flag
  const char *help;
  void (*set)(Options &options, const std::string &name,
              const std::string &value);
};

/// An integer from `min` to `max`, else UsageError.
template <typename T>
T parseWithin(const std::string &option, const std::string &text, T min,
              T max) {
  std::optional<T> value = amk::parseInteger<T>(text);
  if (!value || *value < min || *value > max)
    throw UsageError(option + ": found \"" + text +
                     "\", expected an integer from " + std::to_string(min) +
                     " to " + std::to_string(max));
  return *value;
}

/// Sets what the command line says, up to --help. `takeArgument` gets the words
/// that are no options.
template <typename Options, size_t N, typename Take>
void parseCommandLine(int argc, char **argv, const Option<Options> (&table)[N],
                      Options &options, Take takeArgument) {
  for (int i = 1; i < argc && !options.help; ++i) {
    std::string word = argv[i];
    if (word.size() < 2 || word[0] != '-') {
      takeArgument(word);
      continue;
    }
    // --name=value or --name value
    size_t equals = word.rfind("--", 0) == 0 ? word.find('=') : word.npos;
    std::string name = word.substr(0, equals);
    const Option<Options> *option = std::find_if(
        table, table + N, [&](const auto &o) { return name == o.name; });
    if (option == table + N)
      throw UsageError("unknown option " + name);
    std::string value;
    if (equals != word.npos && !option->argument)
      throw UsageError(name + ": takes no value");
    if (equals != word.npos)
      value = word.substr(equals + 1);
    else if (option->argument && ++i == argc)
      throw UsageError(name + ": expected " + option->argument);
    else if (option->argument)
      value = argv[i];
    option->set(options, name, value);
  }
}

/// A line for each option.
template <typename Options, size_t N>
std::string describeOptions(const Option<Options> (&table)[N]) {
  std::string text;
  for (const Option<Options> &option : table) {
    std::string left = std::string("  ") + option.name;
    if (option.argument)
      left += std::string(" ") + option.argument;
    left.resize(std::max<size_t>(left.size() + 2, 28), ' ');
    text += left + option.help + "\n";
  }
  return text;
}

} // namespace amk::tools

#endif // AMK_TOOLS_COMMANDLINE_H

//===- KeyTable.cpp - Which keys a configuration may have -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyTable.h"
#include "amk/Support/Error.h"

#include <algorithm>

using namespace amk;

static void checkFixed(const JsonView &value, const KeyRule &rule) {
  nlohmann::json accepted = nlohmann::json::parse(rule.accepted);
  std::string list;
  for (const nlohmann::json &candidate : accepted) {
    if (value.raw() == candidate)
      return;
    list += (list.empty() ? "" : " or ") + candidate.dump();
  }
  value.expected(list + ": AMK has no other");
}

void amk::checkKeys(const JsonView &view, const std::vector<KeyRule> &rules,
                    const char *subject) {
  for (const std::string &key : view.keys()) {
    auto rule = std::find_if(rules.begin(), rules.end(),
                             [&](const KeyRule &r) { return key == r.name; });
    JsonView value = view.at(key);
    if (rule == rules.end())
      value.expected("only keys that AMK knows for " + std::string(subject) +
                     ": this one may change the arithmetic");
    if (rule->role == KeyRule::Role::Fixed)
      checkFixed(value, *rule);
  }
}

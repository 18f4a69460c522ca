//===- fuzz-json.cpp - Fuzzes the JSON parser and its views -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any text either parses or gives amk::Error. A document that parses also
// parses after it was printed, and every accessor of every value in it either
// returns or gives amk::Error.
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace amk;

/// Aborts unless `action` returns or throws amk::Error; any other exception
/// leaves the fuzz target and is a crash.
template <typename Action>
static void tryAccess(Action &&action) {
  try {
    action();
  } catch (const Error &error) {
    if (std::string(error.what()).rfind("fuzz.json: ", 0) != 0)
      std::abort();
  }
}

static void walk(const JsonView &view) {
  tryAccess([&] {
    if (view.asInt(-5, 5) < -5 || view.asInt(-5, 5) > 5)
      std::abort();
  });
  tryAccess([&] {
    view.asInt(std::numeric_limits<int64_t>::min(),
               std::numeric_limits<int64_t>::max());
  });
  tryAccess([&] {
    if (!std::isfinite(view.asFinite()))
      std::abort();
  });
  tryAccess([&] { view.asBool(); });
  tryAccess([&] { view.asString(); });
  tryAccess([&] { view.has("a"); });
  tryAccess([&] { view.at("a"); });
  tryAccess([&] { view.at(view.size()); });
  if (view.raw().is_array())
    for (size_t i = 0; i != view.size(); ++i)
      walk(view.at(i));
  if (view.raw().is_object())
    for (const std::string &key : view.keys())
      walk(view.at(key));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  nlohmann::json document;
  try {
    document = parseJson(text, "fuzz.json");
  } catch (const Error &) {
    return 0;
  }
  if (parseJson(document.dump(), "printed") != document)
    std::abort();
  walk(JsonView(document, "fuzz.json"));
  return 0;
}

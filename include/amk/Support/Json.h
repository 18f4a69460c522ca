//===- Json.h - Checked access to JSON documents -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thin view over nlohmann::json that knows where it is, so that every error
// names the file and the field: "config.json: rope_scaling.factor: found
// \"x\", expected a number". Duplicate keys and trailing text are errors.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_JSON_H
#define AMK_SUPPORT_JSON_H

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace amk {

/// Text of unknown origin made fit for a message: bytes outside printable ASCII
/// are written as \xNN and everything after `maxBytes` bytes as "...".
std::string printable(std::string_view text, size_t maxBytes = 60);

/// Parses text; throws amk::Error with file and byte position. Refuses
/// duplicate keys, nesting deeper than 64, numbers outside the range of a
/// double and input over 256 MiB.
nlohmann::json parseJson(const std::string &text, const std::string &file);

/// Reads a whole file; throws amk::Error. Refuses more than `maxBytes`.
std::string readFile(const std::string &path,
                     uint64_t maxBytes = 256ull << 20);

class JsonView {
public:
  /// `value` must outlive the view and all views made from it.
  JsonView(const nlohmann::json &value, std::string file,
           std::string path = "");

  bool has(const std::string &key) const;      ///< present and not null
  JsonView at(const std::string &key) const;   ///< error if missing
  JsonView at(size_t index) const;
  size_t size() const;
  std::vector<std::string> keys() const;

  int64_t asInt(int64_t min, int64_t max) const;
  double asFinite() const; ///< a finite number
  bool asBool() const;
  std::string asString() const;
  void expectObject() const;
  void expectArray() const;

  const nlohmann::json &raw() const { return *value; }
  bool isNull() const { return value->is_null(); }
  /// Throws Error("<file>: <path>: found <value>, expected <what>").
  [[noreturn]] void expected(const std::string &what) const;
  const std::string &file() const { return fileName; }
  const std::string &path() const { return where; }

private:
  const nlohmann::json *value;
  std::string fileName;
  std::string where;
};

} // namespace amk

#endif // AMK_SUPPORT_JSON_H

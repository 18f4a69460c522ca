//===- Number.h - Numbers in text ------------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_NUMBER_H
#define AMK_SUPPORT_NUMBER_H

#include <charconv>
#include <optional>
#include <string>

namespace amk {

/// The integer that all of `text` spells in decimal; none if it spells no
/// number, or one that T does not hold.
template <typename T>
std::optional<T> parseInteger(const std::string &text) {
  T value{};
  const char *end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end)
    return std::nullopt;
  return value;
}

} // namespace amk

#endif // AMK_SUPPORT_NUMBER_H

//===- ExpectError.h - Checks for messages of errors -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_UNITTEST_SUPPORT_EXPECTERROR_H
#define AMK_UNITTEST_SUPPORT_EXPECTERROR_H

#include "amk/Support/Error.h"

#include <gtest/gtest.h>
#include <string>

namespace amk::test {

/// Runs `action`, which must throw amk::Error, and returns the message.
template <typename Action>
std::string errorOf(Action &&action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  ADD_FAILURE() << "expected an error";
  return "";
}

} // namespace amk::test

#endif // AMK_UNITTEST_SUPPORT_EXPECTERROR_H

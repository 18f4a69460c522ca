//===- Error.h - The one error type of the LLVM-free libraries --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Support, Schedule, Import (its file-reading half) and Runtime report a failure
// by throwing amk::Error. Tools and the C API catch it once, at the top. The
// message follows one form: "<file>: <field>: found <x>, expected <y>".
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_ERROR_H
#define AMK_SUPPORT_ERROR_H

#include <stdexcept>
#include <string>

namespace amk {

class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Throws Error("<where>: <what>").
[[noreturn]] inline void fail(const std::string &where,
                              const std::string &what) {
  throw Error(where + ": " + what);
}

} // namespace amk

#endif // AMK_SUPPORT_ERROR_H

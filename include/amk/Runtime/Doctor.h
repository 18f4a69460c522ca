//===- Doctor.h - What would run here, and why ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_DOCTOR_H
#define AMK_RUNTIME_DOCTOR_H

#include <string>
#include <vector>

namespace amk::runtime {

struct Diagnosis {
  std::vector<std::string> lines; ///< for people
  bool ok = true; ///< the bundle, or without one a GPU, can be used
};

/// Describes the processor, the CUDA driver and its devices. With `bundle` not
/// empty also which of its code would be used and whether it fits; nothing is
/// uploaded or run. `arch` as in SessionOptions. Throws amk::Error if the
/// bundle cannot be read.
Diagnosis examine(const std::string &bundle = "", const std::string &arch = "");

} // namespace amk::runtime

#endif // AMK_RUNTIME_DOCTOR_H

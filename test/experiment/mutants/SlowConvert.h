//===- SlowConvert.h - Programs for the slow checker ------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_SLOWCONVERT_H
#define AMK_TEST_EXPERIMENT_MUTANTS_SLOWCONVERT_H

#include "SlowModel.h"
#include "amk/Schedule/Program.h"

namespace amk::mutants {

slow::Model slowModel(const schedule::Program &program);

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_SLOWCONVERT_H

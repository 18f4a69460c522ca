//===- Minimise.h - Smaller programs that still differ ----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_RANDOM_MINIMISE_H
#define AMK_TEST_EXPERIMENT_RANDOM_MINIMISE_H

#include "Draft.h"

#include <functional>

namespace amk::experiment {

/// Takes away steps, agents, actions, waits, signals and accesses one by one as
/// long as `isInteresting` holds.
void minimise(RandomProgram &program,
              const std::function<bool(const RandomProgram &)> &isInteresting);

} // namespace amk::experiment

#endif // AMK_TEST_EXPERIMENT_RANDOM_MINIMISE_H

//===- BrokenSchedule.h - A schedule that cannot end ------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_BROKENSCHEDULE_H
#define AMK_TEST_GPU_BROKENSCHEDULE_H

#include "amk/Schedule/Tables.h"

#include <string>

namespace amk::test {

/// Lets one task wait for the tag of another phase on the words that it reads,
/// which nobody ever writes there: the launch can only end by a bounded wait.
/// The verifier refuses such tables, so they must not be opened by
/// Bundle::open(). Returns the task's name; throws amk::Error if no task waits
/// for a tag.
std::string breakSchedule(schedule::Tables &tables);

} // namespace amk::test

#endif // AMK_TEST_GPU_BROKENSCHEDULE_H

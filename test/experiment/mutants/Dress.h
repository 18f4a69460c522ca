//===- Dress.h - Plans in the form they have on a GPU -----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_MUTANTS_DRESS_H
#define AMK_TEST_EXPERIMENT_MUTANTS_DRESS_H

#include "Plan.h"

namespace amk::mutants {

struct DressStyle {
  unsigned tagPercent = 60; ///< of the buffers that can be handed over by tags
  unsigned tagPlaces = 4;   ///< that tagged buffers take turns in
  unsigned ringSlots = 3;   ///< 0: no loaders
  unsigned maxStages = 2;   ///< weights of a task, in slots
};

DressStyle randomStyle(Random &random);

/// Hands buffers over by tags and streams weights through a ring in each
/// worker's shared memory, filled by a loader agent. Returns the rotation.
Rotation dress(Plan &plan, const DressStyle &style, Random &random);

/// The tasks of a safe program with release counters only, in the order of one
/// of its executions. Release counters and waits on them are dropped.
Plan planFromProgram(const schedule::Program &program, Random &random);

} // namespace amk::mutants

#endif // AMK_TEST_EXPERIMENT_MUTANTS_DRESS_H

//===- ScheduleModel.h - From IR to the verifier's program -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds amk::schedule::Program from a graph or a schedule and turns the
// verifier's findings into diagnostics: the error on the guilty task, notes on
// the other parties.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_SCHEDULEMODEL_H
#define AMK_DIALECT_AMK_IR_SCHEDULEMODEL_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Schedule/Program.h"
#include "amk/Schedule/Verifier.h"

namespace mlir::amk {

/// A program together with where each of its parts comes from.
struct ScheduleModel {
  ::amk::schedule::Program program;
  /// tasks[agent][action]
  SmallVector<SmallVector<TaskOpInterface>> tasks;
  /// Space of each mutable buffer, and the byte where it begins there.
  llvm::DenseMap<Value, std::pair<uint32_t, uint64_t>> spaces;
  llvm::DenseMap<Value, uint32_t> counters;

  TaskOpInterface taskOf(::amk::schedule::ActionRef ref) const {
    return tasks[ref.agent][ref.action];
  }
};

/// One agent per queue. Buffers with an offset share the space of their kind
/// (and so may alias); those without have one each.
ScheduleModel buildScheduleModel(ScheduleOp schedule);

/// One agent that runs all tasks in the order of the graph.
ScheduleModel buildGraphModel(GraphOp graph);

/// Reports every violation on its task, else on `root`. Returns failure if
/// there was one.
LogicalResult
emitViolations(Operation *root, const ScheduleModel &model,
               ArrayRef<::amk::schedule::Violation> violations);

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_IR_SCHEDULEMODEL_H

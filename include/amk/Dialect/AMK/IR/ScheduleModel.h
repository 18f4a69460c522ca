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
  /// Of each mutable BufferOp, its place in `program.buffers`.
  llvm::DenseMap<Value, uint32_t> buffers;
  llvm::DenseMap<Value, uint32_t> counters; ///< likewise

  /// A task that writes a buffer handed off with tags but does not signal the
  /// counters of all words that it writes.
  struct UntaggedWrite {
    TaskOpInterface task;
    BufferOp buffer;
  };
  /// Only of synchronised schedules; the program has them as they are.
  SmallVector<UntaggedWrite> untagged;

  TaskOpInterface taskOf(::amk::schedule::ActionRef ref) const {
    return tasks[ref.agent][ref.action];
  }
};

/// One agent per queue. Activations, caches and shared buffers with an offset
/// lie in one space each (shared: per worker) and so may alias; all others have
/// a space of their own. In a synchronised schedule, what a task writes to a
/// buffer with `hand_off tag` is WriteTagged, cut along the bytes of the counters
/// that the task signals.
ScheduleModel buildScheduleModel(ScheduleOp schedule);

/// One agent that runs all tasks in the order of the graph.
ScheduleModel buildGraphModel(GraphOp graph);

/// Reports every violation on its task, else on `root`, with a note on each
/// other party. Returns failure if there was one.
LogicalResult emitViolations(Operation *root, const ScheduleModel &model,
                             ArrayRef<::amk::schedule::Violation> violations);

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_IR_SCHEDULEMODEL_H

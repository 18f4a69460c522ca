//===- VerifyTaskGraph.cpp - Gate of the task graph level -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gates.h"

#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_VERIFYTASKGRAPH
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

namespace {
/// A write and the task that does it.
struct Writer {
  uint32_t task;
  sched::Region region;
};
} // namespace

/// No byte is written twice in a step. The verifier core reports that for
/// outputs; elsewhere it is safe in a schedule, but here it means that two
/// tasks compute the same thing.
static LogicalResult verifyWrittenOnce(const ScheduleModel &model) {
  LogicalResult result = success();
  SmallVector<SmallVector<Writer>> writers(model.program.spaces.size());
  for (auto [index, action] : llvm::enumerate(model.program.agents[0].actions))
    for (const sched::Access &access : action.accesses) {
      const sched::Space &space = model.program.spaces[access.region.space];
      if (access.mode != sched::AccessMode::Write ||
          space.kind == sched::SpaceKind::Output)
        continue;
      auto &earlier = writers[access.region.space];
      const Writer *clash = llvm::find_if(earlier, [&](const Writer &other) {
        return sched::overlap(other.region, access.region);
      });
      if (clash != earlier.end()) {
        TaskOpInterface task = model.tasks[0][index];
        TaskOpInterface other = model.tasks[0][clash->task];
        InFlightDiagnostic diag = task->emitError()
                                  << "task " << taskName(task)
                                  << " writes bytes of '" << space.name
                                  << "' that were written before in this step";
        diag.attachNote(other->getLoc())
            << "by task " << taskName(other) << " here";
        result = failure();
      }
      earlier.push_back({static_cast<uint32_t>(index), access.region});
    }
  return result;
}

namespace {

struct VerifyTaskGraph : mlir::amk::impl::VerifyTaskGraphBase<VerifyTaskGraph> {
  void runOnOperation() override {
    LogicalResult result =
        verifyLevel(getOperation(),
                    {"task graph", {"amk.graph"}, {"amk.buffer", "amk.task."}});
    for (auto graph : getOperation().getOps<GraphOp>()) {
      ScheduleModel model = buildGraphModel(graph);
      if (failed(emitViolations(graph, model, sched::verify(model.program))))
        result = failure();
      if (failed(verifyWrittenOnce(model)))
        result = failure();
    }
    if (failed(result))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

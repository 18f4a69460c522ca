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

struct VerifyTaskGraph : mlir::amk::impl::VerifyTaskGraphBase<VerifyTaskGraph> {
  void runOnOperation() override {
    LogicalResult result =
        verifyLevel(getOperation(),
                    {"task graph", {"amk.graph"}, {"amk.buffer", "amk.task."}});
    for (auto graph : getOperation().getOps<GraphOp>()) {
      ScheduleModel model = buildGraphModel(graph);
      if (failed(emitViolations(graph, model, sched::verify(model.program))))
        result = failure();
    }
    if (failed(result))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

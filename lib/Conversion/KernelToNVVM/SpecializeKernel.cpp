//===- SpecializeKernel.cpp - One kernel program for each GPU -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Conversion/GpuArchs.h"
#include "amk/Conversion/Passes.h"
#include "amk/Dialect/AMK/IR/GpuWeights.h"
#include "amk/Schedule/RingTemplate.h"

#include "Arch.h"

namespace mlir::amk {
#define GEN_PASS_DEF_SPECIALIZEKERNEL
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

static constexpr StringLiteral kTraceSuffix = "+trace";

static const ArchRow *findRow(StringRef name) {
  name.consume_back(kTraceSuffix);
  return findArch(name);
}

bool mlir::amk::isGpuArch(StringRef name) { return findRow(name); }

std::string mlir::amk::gpuArchNames() { return archNames(); }

unsigned mlir::amk::commonStageBytes(ArrayRef<std::string> archs) {
  unsigned bytes = std::numeric_limits<unsigned>::max();
  for (StringRef name : archs)
    bytes = std::min(bytes, findRow(name)->stageBytes);
  return bytes;
}

std::vector<std::string> mlir::amk::allGpuArchs() {
  std::vector<std::string> names;
  for (const ArchRow &row : archTable())
    if (!findArch((row.name + "a").str()))
      names.push_back(row.name.str());
  return names;
}

namespace {

struct SpecializeKernel
    : mlir::amk::impl::SpecializeKernelBase<SpecializeKernel> {
  using SpecializeKernelBase::SpecializeKernelBase;

  void runOnOperation() override {
    std::vector<std::string> names(archs.begin(), archs.end());
    if (failed(checkNames(names)))
      return signalPassFailure();
    unsigned stage = stageBytes ? unsigned(stageBytes) : chooseStage(names);
    for (auto program :
         llvm::to_vector(getOperation().getOps<KernelProgramOp>()))
      if (!program.getGpu() && failed(specialize(program, names, stage)))
        return signalPassFailure();
  }

private:
  /// Weights lie in stages of the schedule's size.
  unsigned chooseStage(ArrayRef<std::string> names) {
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (auto bytes =
              schedule->getAttrOfType<IntegerAttr>(kStageBytesAttrName))
        return bytes.getInt();
    return commonStageBytes(names);
  }

  LogicalResult checkNames(ArrayRef<std::string> names) {
    if (names.empty())
      return getOperation().emitError()
             << "archs: found none, expected some of " << archNames();
    for (StringRef name : names)
      if (!findRow(name))
        return getOperation().emitError()
               << "archs: found '" << name << "', expected some of "
               << archNames();
    return success();
  }

  LogicalResult specialize(KernelProgramOp program, ArrayRef<std::string> names,
                           unsigned stage) {
    OpBuilder builder(program);
    for (StringRef name : names) {
      const ArchRow &row = *findRow(name);
      uint32_t stages = layout::stagesThatFit(stage, row.sharedBytes);
      unsigned pace = inFlight ? unsigned(inFlight) : row.inFlight;
      if (stages == 0 || pace > stages)
        return program.emitOpError()
               << "has " << stages << " stages of " << stage << " bytes on "
               << row.name << ", expected at least " << std::max(pace, 2u);
      if (std::optional<std::string> why =
              ::amk::schedule::checkRing(stages, pace))
        return program.emitOpError()
               << "has no safe ring on " << row.name << ": " << *why;
      bool trace = name.ends_with(kTraceSuffix);
      auto copy = cast<KernelProgramOp>(builder.clone(*program));
      copy.setSymName(
          (program.getSymName() + "_" + row.name + (trace ? "_trace" : ""))
              .str());
      copy.setGpuAttr(GpuAttr::get(&getContext(), row.name, stage, stages, pace,
                                   layout::kGroups, trace));
    }
    program.erase();
    return success();
  }
};

} // namespace

//===- GpuWeights.cpp - Runs of weights in a GPU's ring -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
using ::amk::abi::kFragmentBytes;
using Layout = ::amk::abi::PackLayout;
namespace gpu = ::amk::gpu;

FailureOr<std::optional<uint32_t>>
mlir::amk::ringStageBytes(ScheduleOp schedule) {
  Attribute attr = schedule->getAttr(kStageBytesAttrName);
  if (!attr)
    return std::optional<uint32_t>();
  constexpr int64_t most = gpu::kMaxStageBlocks * kFragmentBytes;
  auto bytes = dyn_cast<IntegerAttr>(attr);
  if (!bytes || !bytes.getType().isInteger(64) ||
      bytes.getInt() < kFragmentBytes || bytes.getInt() > most ||
      !llvm::isPowerOf2_64(bytes.getInt()))
    return schedule.emitOpError()
           << "expects " << kStageBytesAttrName
           << " to be an i64, a power of two from " << kFragmentBytes << " to "
           << most << ", found " << attr;
  return std::optional<uint32_t>(bytes.getInt());
}

/// Tensor cores take 16-bit elements; the rows of a tile say in which shape.
std::optional<Layout> mlir::amk::fragmentLayout(Type element,
                                                int64_t tileRows) {
  bool isFloat = element.isF32();
  if (tileRows == 8)
    return isFloat ? Layout::ScalarTile8 : Layout::MmaTile8x2;
  if (tileRows == 4 && !isFloat)
    return Layout::MmaTile4x4;
  return std::nullopt;
}

FailureOr<WeightRun> mlir::amk::weightRun(TaskOpInterface task,
                                          uint32_t ringStageBytes) {
  WeightUse use = *task.getWeightUse();
  std::optional<Layout> layout = fragmentLayout(use.element, use.tileRows);
  if (!layout)
    return task->emitOpError()
           << "has tiles of " << use.tileRows << " rows of " << use.element
           << ", expected " << (use.element.isF32() ? "8" : "8 or 4")
           << " on a GPU";
  uint32_t blocks = ringStageBytes / kFragmentBytes;
  WeightRun run{*layout, blocks, gpu::runShape(*layout, use.columns, blocks),
                uint64_t(use.tileCount())};
  uint64_t most = gpu::maxRunTiles(*layout, run.shape.panels);
  if (run.tiles > most)
    return task->emitOpError()
           << "has " << run.tiles << " tiles of weights with "
           << run.shape.panels << " panels of columns, expected at most "
           << most << " on a GPU";
  // Panels are many only with columns that no tensor of a model has.
  if (run.shape.panels >
      std::numeric_limits<uint32_t>::max() / (run.tiles * run.shape.tileStages))
    return task->emitOpError() << "has 2^32 or more stages of weights";
  return run;
}

uint32_t mlir::amk::kvBlockBytes(TaskAttentionOp attention) {
  auto cache = cast<MemRefType>(attention.getCache().getType());
  return byteSize(cache) / cache.getDimSize(0);
}

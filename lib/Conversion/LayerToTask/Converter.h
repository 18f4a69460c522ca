//===- Converter.h - Layers to a graph of tasks -----------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_CONVERTER_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_CONVERTER_H

#include "Buffers.h"
#include "Tiling.h"

namespace mlir::amk {

/// Features of one token.
inline int64_t featuresOf(Value vector) {
  return cast<RankedTensorType>(vector.getType()).getDimSize(1);
}

/// Converts one model, which has a task form, for a CPU. For GPUs see
/// GpuGraph.h.
class Converter {
public:
  Converter(ModelOp model, GraphOp graph, const TilingOptions &options)
      : options(options), model(model),
        tasks(OpBuilder::atBlockEnd(&graph.getBody().front())),
        buffers(graph.getBody().front(),
                cast<LayerOutputOp>(model.getBody().front().back())) {}
  virtual ~Converter() = default;

  void run();

protected:
  using Ranges = ArrayRef<UnitRange>;
  using MakeTask = function_ref<void(RangeAttr units, PhaseAttr phase)>;

  virtual void convert(LayerKVCacheOp op);
  virtual void convert(LayerEmbedOp op);
  virtual void convert(LayerAttentionOp op);
  virtual void convert(FusedQKVOp op);
  virtual void convert(FusedHeadOp op);
  /// Cuts a phase that multiplies rows of `weight`.
  virtual SmallVector<UnitRange> cutRows(int64_t units, int64_t unitsPerTile,
                                         Value weight);

  /// One task per range; `suffix` tells phases of one operation apart.
  void makePhase(Operation *op, StringRef suffix, Ranges ranges,
                 MakeTask makeTask);
  Value normBuffer(Value norm, Operation *op) {
    return buffers.parameter(norm, BufferKind::Vector, op, "norm");
  }
  Value weightBuffer(Value weight, Operation *op, StringRef role = "weight") {
    return buffers.parameter(weight, BufferKind::Weight, op, role);
  }
  IntegerAttr tileRows() { return tasks.getI64IntegerAttr(options.tileRows); }

  const TilingOptions options;
  ModelOp model;
  OpBuilder tasks;
  GraphBuffers buffers;

private:
  void convertCompute(Operation *op);
  void convert(LayerRmsNormOp op);
  void convert(LayerLinearOp op);
  void convert(LayerRopeOp op);
  void convert(LayerKVAppendOp op);
  void convert(LayerGatedActivationOp op);
  void convert(LayerAddOp op);
  void convert(LayerArgmaxOp op);
  void convert(FusedLinearOp op);
  void convert(FusedGatedLinearOp op);
  void makeLinear(Operation *op, Value input, Value norm, Value weight,
                  Value residual, Value out, FloatAttr epsilon);

  int64_t phaseIndex = 0;
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_CONVERTER_H

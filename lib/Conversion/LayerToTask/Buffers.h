//===- Buffers.h - The buffers of a task graph ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_LAYERTOTASK_BUFFERS_H
#define AMK_LIB_CONVERSION_LAYERTOTASK_BUFFERS_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::amk {

/// Creates buffers at the head of a graph, one per value of the model and per
/// use of a checkpoint tensor.
class GraphBuffers {
public:
  GraphBuffers(Block &graph, LayerOutputOp output)
      : graph(graph), builder(graph.getParentOp()), output(output) {}

  /// The buffer of a value that an earlier operation defined with one of the
  /// functions below.
  Value of(Value value) const { return buffers.lookup(value); }

  /// A new buffer for a result: logits if it is the model's output.
  Value define(OpResult result);
  /// The same with a shape of its own.
  Value define(OpResult result, ArrayRef<int64_t> shape);
  /// `result` lives in `buffer`: an operation that works in place.
  void alias(Value result, Value buffer) { buffers[result] = buffer; }
  /// A new activation that is no value of the model.
  Value temporary(Operation *op, StringRef role, ArrayRef<int64_t> shape,
                  Type element);
  void defineCache(LayerKVCacheOp cache);
  /// A new buffer for the part of a cache that one unit of attention has.
  Value privateCache(LayerKVCacheOp cache, int64_t unit,
                     ArrayRef<int64_t> shape, Type element);
  void defineRotary(LayerRotaryTableOp table);

  /// The buffer of a checkpoint tensor, used as `kind` and named after `user`
  /// and `role` if this is its first such use. Null for null.
  Value parameter(Value weight, BufferKind kind, Operation *user,
                  StringRef role);
  /// One buffer, whose size the first call says.
  Value token(int64_t count = 1);
  Value control();

private:
  Value create(Location loc, BufferKind kind, const Twine &name,
               ArrayRef<int64_t> shape, Type element, StringAttr source = {});
  /// Appends to the buffers at the head of the graph.
  Value create(Location loc, MemRefType type, BufferKind kind,
               const Twine &name, StringAttr source, DenseF32ArrayAttr invFreq,
               FloatAttr scale);
  StringAttr uniqueName(const Twine &name);

  Block &graph;
  OpBuilder builder;
  Operation *lastBuffer = nullptr;
  LayerOutputOp output;
  DenseMap<Value, Value> buffers;
  DenseMap<std::pair<int, StringAttr>, Value> parameters;
  DenseMap<std::pair<Attribute, Type>, Value> rotaryTables;
  llvm::StringMap<unsigned> names;
  Value tokenBuffer, controlBuffer;
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_LAYERTOTASK_BUFFERS_H

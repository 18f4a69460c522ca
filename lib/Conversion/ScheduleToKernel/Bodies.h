//===- Bodies.h - Building the bodies of a kernel program -------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A body's arguments are, in the order of instructionOperands(), the task's
// buffers other than weights, then the weight stream if it has weights, then
// the numbers that say which part of the work is the task's. What the body does
// with them depends on the target.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_SCHEDULETOKERNEL_BODIES_H
#define AMK_LIB_CONVERSION_SCHEDULETOKERNEL_BODIES_H

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/Builders.h"

#include <memory>

namespace mlir::amk {

/// Tasks that share a body.
struct BodyGroup {
  SmallVector<TaskOpInterface> tasks;
  int64_t maxTiles = 0; ///< of any task's weights
  /// Of the tasks, the first in the task graph.
  std::pair<int64_t, int64_t> first{INT64_MAX, 0};
};

inline BufferOp bufferOf(Value value) {
  return value.getDefiningOp<BufferOp>();
}

/// Builds the body of one group, from any of its tasks.
class BodyBuilder {
public:
  BodyBuilder(OpBuilder &builder, const BodyGroup &group)
      : b(builder), task(group.tasks.front()), loc(task.getLoc()),
        maxTiles(group.maxTiles) {}
  virtual ~BodyBuilder() = default;

  LogicalResult build(StringRef name);
  int64_t scratchBytes() const { return scratchEnd; }

protected:
  virtual LogicalResult buildOps() = 0;
  /// Of the argument for a buffer.
  virtual MemRefType argumentType(BufferOp buffer) const;

  Value arg(Value buffer) { return arguments.lookup(buffer); }
  /// Memory of the worker from byte `offset` of its scratch on.
  Value scratch(int64_t offset, MemRefType type);
  Value position() {
    return KernelPositionOp::create(b, loc, b.getIndexType());
  }
  template <typename OpTy, typename... Args>
  void emit(Args &&...args) {
    OpTy::create(b, loc, std::forward<Args>(args)...);
  }

  OpBuilder &b;
  TaskOpInterface task;
  Location loc;
  int64_t maxTiles;
  int64_t scratchEnd = 0;
  /// Numbers are null where the task does not have them.
  Value stream, begin, count, tiles, part;
  Value stop; ///< what the body returns, if anything

private:
  void addArguments(Block &block);

  DenseMap<Value, Value> arguments;
};

/// `type` in another memory space.
MemRefType inSpace(MemRefType type, MemorySpace space);

std::unique_ptr<BodyBuilder> makeCpuBodyBuilder(OpBuilder &builder,
                                                const BodyGroup &group);

/// What bodies for a GPU depend on beside their tasks.
struct GpuBodyOptions {
  uint32_t stageBytes; ///< of the worker's ring
  bool hiLo;           ///< activations as the sum of two numbers
};

std::unique_ptr<BodyBuilder> makeGpuBodyBuilder(OpBuilder &builder,
                                                const BodyGroup &group,
                                                const GpuBodyOptions &options);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_SCHEDULETOKERNEL_BODIES_H

//===- EarlyLoads.h - Loads begun long before their use ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_EARLYLOADS_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_EARLYLOADS_H

#include "GpuBuilder.h"

namespace mlir::amk {

/// The unit of which `row` is the first or the second row, in tiles of `rows`
/// rows: a tile's first half, then their partners. i64.
inline Value unitOfRow(GpuBuilder &code, Value row, int64_t rows) {
  return code.add(code.mul(code.div(row, rows), rows / 2),
                  code.rem(row, rows / 2));
}

/// What a body's epilogue reads beside the results of its multiplication: the
/// words of a residual, a row of the rotary table, the host's wish to stop.
/// Each thread has its first row's in a variable.
class EarlyLoads {
public:
  /// Of the epilogue in `body`; before its arguments are bound.
  explicit EarlyLoads(KernelBodyOp body);
  /// At the head of the function, where the builder is.
  void begin(GpuBuilder &code) const;

  /// Once the task's input has come: waits for the residual. It must have been
  /// read before the barrier of the multiplication, since words that are
  /// published after that say that all input has been read.
  static void finish(GpuBuilder &code);
  /// Value i of the loads; null if there are none.
  static Value get(GpuBuilder &code, int64_t i, Type type);

private:
  void beginResidual(GpuBuilder &code) const;
  void beginAngle(GpuBuilder &code) const;
  void beginStop(GpuBuilder &code) const;

  KernelStoreRowsOp rows;
  KernelStoreQKVOp qkv;
  KernelStoreLogitsOp logits;
  /// Numbers of the arguments that it takes, and of the residual's tag.
  SmallVector<int64_t> arguments;
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_EARLYLOADS_H

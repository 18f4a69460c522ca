//===- AsyncCopyArch.h - Copies by all lanes of a warp ----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_ASYNCCOPYARCH_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_ASYNCCOPYARCH_H

#include "Arch.h"

namespace mlir::amk {

/// All lanes copy 16 bytes at a time with cp.async, and arrive when their copies
/// have landed; mbarrier.test_wait. sm_80, sm_86 and sm_89.
class AsyncCopyArch : public ArchEmitter {
public:
  using ArchEmitter::ArchEmitter;
  unsigned loaderLanes() const override { return 32; }
  /// The block barrier after it does.
  void emitBarriersReady(CodeBuilder &code) const override {}
  void emitCopy(CodeBuilder &code, const CopySource &source, Value dst,
                Value bar, Value policy) const override;
  /// cp.async.cg keeps what it reads out of L1 without one.
  Value emitStreamPolicy(CodeBuilder &code) const override { return Value(); }
  Value emitBarrierTry(CodeBuilder &code, Value bar, Value parity) const override;
  /// cp.async reads as ordinary loads do.
  void emitCopyAfterStores(CodeBuilder &code) const override {}
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_ASYNCCOPYARCH_H

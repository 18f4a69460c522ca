//===- BulkCopyArch.h - Bulk copies and waits that sleep --------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_BULKCOPYARCH_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_BULKCOPYARCH_H

#include "Arch.h"

namespace mlir::amk {

/// One lane starts cp.async.bulk copies, which complete on the barrier by their
/// bytes; mbarrier.try_wait. sm_90 and later.
class BulkCopyArch : public ArchEmitter {
public:
  using ArchEmitter::ArchEmitter;
  unsigned loaderLanes() const override { return 1; }
  void emitBarriersReady(CodeBuilder &code) const override;
  void emitCopy(CodeBuilder &code, const CopySource &source, Value dst,
                Value bar, Value policy) const override;
  Value emitStreamPolicy(CodeBuilder &code) const override;
  Value emitBarrierTry(CodeBuilder &code, Value bar, Value parity) const override;
  void emitCopyAfterStores(CodeBuilder &code) const override;
};

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_BULKCOPYARCH_H

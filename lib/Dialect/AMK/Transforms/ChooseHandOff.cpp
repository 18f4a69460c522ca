//===- ChooseHandOff.cpp - How workers of a GPU pass activations on -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/Transforms/Passes.h"

namespace mlir::amk {
#define GEN_PASS_DEF_CHOOSEHANDOFF
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// Bodies of these tasks poll, or send to who does.
static bool needsWords(BufferOp buffer) {
  return llvm::any_of(buffer.getResult().getUses(), [](OpOperand &use) {
    auto combine = dyn_cast<TaskCombineSplitsOp>(use.getOwner());
    return isa<TaskAttentionOp, TaskNextTokenOp>(use.getOwner()) ||
           (combine && use.get() == combine.getPartials());
  });
}

namespace {

struct ChooseHandOff
    : public mlir::amk::impl::ChooseHandOffBase<ChooseHandOff> {
  using ChooseHandOffBase::ChooseHandOffBase;

  void runOnOperation() override {
    for (auto buffer : getOperation().getBody().front().getOps<BufferOp>()) {
      if (buffer.getKind() != BufferKind::Activation || buffer.getHandOff())
        continue;
      auto type = cast<MemRefType>(buffer.getResult().getType());
      bool isLarge =
          releaseElements != 0 && type.getNumElements() >= releaseElements;
      buffer.setHandOff(isLarge && !needsWords(buffer) ? HandOff::Release
                                                       : HandOff::Tag);
      if (failed(buffer.verify()))
        return signalPassFailure();
    }
  }
};

} // namespace

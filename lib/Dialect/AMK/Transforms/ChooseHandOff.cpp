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

namespace {

struct ChooseHandOff
    : public mlir::amk::impl::ChooseHandOffBase<ChooseHandOff> {
  void runOnOperation() override {
    for (auto buffer : getOperation().getBody().front().getOps<BufferOp>()) {
      if (buffer.getKind() != BufferKind::Activation || buffer.getHandOff())
        continue;
      buffer.setHandOff(HandOff::Tag);
      if (failed(buffer.verify()))
        return signalPassFailure();
    }
  }
};

} // namespace

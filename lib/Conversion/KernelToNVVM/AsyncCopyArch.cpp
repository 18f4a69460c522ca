//===- AsyncCopyArch.cpp - Copies by all lanes of a warp (sm_80 to sm_89) -===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AsyncCopyArch.h"
#include "BulkCopyArch.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::amk;

static constexpr int64_t kCopyBytes = 16, kWarp = 32;

void AsyncCopyArch::emitCopy(CodeBuilder &code, const CopySource &source,
                             Value dst, Value bar, Value) const {
  Value thread = code.zext(
      code.make<NVVM::ThreadIdXOp>(code.b.getI32Type()));
  Value mine = code.mul(code.rem(thread, kWarp), kCopyBytes);
  Value bytes = code.zext(source.bytes);
  auto copyPiece = [&](Value src, Value dst) {
    code.loop(mine, bytes, kCopyBytes * kWarp, [&](Value offset) {
      NVVM::CpAsyncOp::create(code.b, code.loc, code.byteAt(dst, offset),
                              code.byteAt(src, offset), kCopyBytes,
                              NVVM::LoadCacheModifierKind::CG, Value());
    });
  };
  if (source.count)
    code.loop(code.i64(0), code.zext(source.count), 1, [&](Value i) {
      copyPiece(code.byteAt(source.first, code.mul(i, source.stride)),
                code.byteAt(dst, code.mul(i, bytes)));
    });
  else
    copyPiece(source.first, dst);
  NVVM::CpAsyncMBarrierArriveOp::create(code.b, code.loc, bar,
                                        /*noinc=*/true);
}

Value AsyncCopyArch::emitBarrierTry(CodeBuilder &code, Value bar,
                                    Value parity) const {
  auto scope = NVVM::MemScopeKindAttr::get(code.b.getContext(),
                                           NVVM::MemScopeKind::CTA);
  return code.make<NVVM::MBarrierTestWaitOp>(code.b.getI1Type(), bar, parity,
                                             scope);
}

std::unique_ptr<ArchEmitter> mlir::amk::makeEmitter(const ArchRow &row) {
  if (row.bulkCopy)
    return std::make_unique<BulkCopyArch>(row);
  return std::make_unique<AsyncCopyArch>(row);
}

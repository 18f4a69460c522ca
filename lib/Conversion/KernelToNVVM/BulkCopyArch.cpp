//===- BulkCopyArch.cpp - Bulk copies and waits that sleep (sm_90 on) -----===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BulkCopyArch.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::amk;

static NVVM::MemScopeKindAttr blockScope(CodeBuilder &code) {
  return NVVM::MemScopeKindAttr::get(code.b.getContext(),
                                     NVVM::MemScopeKind::CTA);
}

void BulkCopyArch::emitBarriersReady(CodeBuilder &code) const {
  NVVM::FenceMbarrierInitOp::create(code.b, code.loc);
}

void BulkCopyArch::emitCopy(CodeBuilder &code, const CopySource &source,
                            Value dst, Value bar, Value policy) const {
  Value bytes = source.bytes;
  Value all = source.count ? source.all : bytes;
  NVVM::MBarrierArriveExpectTxOp::create(code.b, code.loc, Type(), bar, all,
                                         blockScope(code),
                                         code.b.getBoolAttr(false), Value());
  // shared::cluster, as PTX 8.0 has no other form; this block's own memory.
  auto cluster = LLVM::LLVMPointerType::get(code.b.getContext(), 7);
  auto copyPiece = [&](Value src, Value dst) {
    Value to = code.make<LLVM::AddrSpaceCastOp>(cluster, dst);
    NVVM::CpAsyncBulkGlobalToSharedClusterOp::create(
        code.b, code.loc, to, src, bar, bytes,
        /*multicastMask=*/Value(), policy);
  };
  Value some =
      code.make<arith::CmpIOp>(arith::CmpIPredicate::ne, all, code.i32(0));
  code.ifThen(some, [&] {
    // What consumers have read of the slot by the generic proxy comes before
    // what the copy writes by the asynchronous one.
    NVVM::FenceProxyOp::create(
        code.b, code.loc,
        NVVM::ProxyKindAttr::get(code.b.getContext(),
                                 NVVM::ProxyKind::async_shared),
        NVVM::SharedSpaceAttr::get(code.b.getContext(),
                                   NVVM::SharedSpace::shared_cta));
    copyPiece(source.first, dst);
    if (!source.count)
      return;
    code.loop(code.i64(1), code.zext(source.count), 1, [&](Value i) {
      copyPiece(code.byteAt(source.first, code.mul(i, source.stride)),
                code.byteAt(dst, code.mul(i, code.zext(bytes))));
    });
  });
}

Value BulkCopyArch::emitStreamPolicy(CodeBuilder &code) const {
  auto policy = NVVM::InlinePtxOp::create(
      code.b, code.loc, TypeRange{code.b.getI64Type()}, ValueRange(),
      ValueRange(), "createpolicy.fractional.L2::evict_first.b64 $0, 1.0;",
      Value());
  return policy.getResult(0);
}

Value BulkCopyArch::emitBarrierTry(CodeBuilder &code, Value bar,
                                   Value parity) const {
  return code.make<NVVM::MBarrierTryWaitOp>(code.b.getI1Type(), bar, parity,
                                            /*ticks=*/Value(),
                                            blockScope(code));
}

void BulkCopyArch::emitCopyAfterStores(CodeBuilder &code) const {
  NVVM::FenceProxyOp::create(
      code.b, code.loc,
      NVVM::ProxyKindAttr::get(code.b.getContext(),
                               NVVM::ProxyKind::async_global),
      NVVM::SharedSpaceAttr());
}

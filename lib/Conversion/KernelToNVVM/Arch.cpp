//===- Arch.cpp - What differs between GPU architectures ------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arch.h"

#include "amk/Support/GpuLayout.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::amk;

/// Shared memory: "CUDA C++ Programming Guide", technical specifications (the
/// maximum per block). Features: the lowest PTX version that has what the chip
/// needs, which a driver must know to assemble the code at load.
static constexpr ArchRow kArchs[] = {
    // name, features, shared, bulk, tryWait, stage, inFlight
    {"sm_80", "+ptx80", 166912, false, false, 16384, 2},
    {"sm_86", "+ptx80", 101376, false, false, 8192, 2},
    {"sm_89", "+ptx80", 101376, false, false, 8192, 2},
    {"sm_90", "+ptx80", 232448, true, true, 16384, 4},
    {"sm_90a", "+ptx80", 232448, true, true, 16384, 4},
    {"sm_100", "+ptx86", 232448, true, true, 16384, 4},
    {"sm_100a", "+ptx86", 232448, true, true, 16384, 4},
    {"sm_120", "+ptx87", 101376, true, true, 8192, 2},
    {"sm_120a", "+ptx87", 101376, true, true, 8192, 2},
};

ArrayRef<ArchRow> mlir::amk::archTable() { return kArchs; }

const ArchRow *mlir::amk::findArch(StringRef name) {
  const auto *row =
      llvm::find_if(kArchs, [&](const ArchRow &r) { return r.name == name; });
  return row == std::end(kArchs) ? nullptr : row;
}

std::string mlir::amk::archNames() {
  return llvm::join(
      llvm::map_range(kArchs, [](const ArchRow &row) { return row.name; }),
      ", ");
}

GpuAttr mlir::amk::defaultGpuAttr(MLIRContext *context, const ArchRow &row) {
  int64_t stages = ::amk::gpu::stagesThatFit(row.stageBytes, row.sharedBytes);
  return GpuAttr::get(context, row.name, row.stageBytes, stages, row.inFlight,
                      ::amk::gpu::kGroups, /*trace=*/false);
}

void ArchEmitter::emitBarrierInit(CodeBuilder &code, Value bar,
                                  unsigned count) const {
  NVVM::MBarrierInitOp::create(code.b, code.loc, bar,
                               code.i32(static_cast<int32_t>(count)), Value());
}

void ArchEmitter::emitBarrierArrive(CodeBuilder &code, Value bar) const {
  NVVM::InlinePtxOp::create(code.b, code.loc, TypeRange(), ValueRange{bar},
                            ValueRange(), "mbarrier.arrive.shared.b64 _, [$0];",
                            Value());
}

SmallVector<Value, 4> ArchEmitter::emitMma(CodeBuilder &code, Type element,
                                           ArrayRef<Value> a, ArrayRef<Value> b,
                                           ArrayRef<Value> c) const {
  bool isBF16 = element.isBF16();
  // f16 operands are pairs of halves in LLVM's eyes.
  auto convert = [&](ArrayRef<Value> registers) {
    if (isBF16)
      return SmallVector<Value>(registers);
    auto pair = VectorType::get({2}, code.b.getF16Type());
    return llvm::map_to_vector(registers, [&](Value v) {
      return code.make<LLVM::BitcastOp>(pair, v);
    });
  };
  SmallVector<Value> left = convert(a), right = convert(b);
  Type f32 = code.b.getF32Type();
  auto result =
      LLVM::LLVMStructType::getLiteral(code.b.getContext(), {f32, f32, f32, f32});
  NVVM::MMATypes type = isBF16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  Value d = code.make<NVVM::MmaOp>(
      result, left, right, ValueRange(c), ArrayRef<int64_t>{16, 8, 16},
      std::nullopt, std::nullopt,
      std::array<NVVM::MMATypes, 2>{type, type},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  SmallVector<Value, 4> sums;
  for (int64_t i = 0; i < 4; ++i)
    sums.push_back(code.make<LLVM::ExtractValueOp>(d, i));
  return sums;
}

//===----------------------------------------------------------------------===//
// Legality
//===----------------------------------------------------------------------===//

static LogicalResult refuse(Operation *op, const ArchRow &arch,
                            StringRef expected) {
  return op->emitOpError() << "is not for " << arch.name << ", expected "
                           << expected;
}

LogicalResult ArchEmitter::verify(Operation *op) const {
  if (isa<LLVM::AtomicRMWOp>(op))
    return op->emitOpError("loses its ordering on a GPU; expected red or atom as "
                           "inline PTX");
  if (isa<NVVM::CpAsyncBulkGlobalToSharedClusterOp, NVVM::MBarrierTryWaitOp,
          NVVM::FenceProxyOp, NVVM::MBarrierArriveExpectTxOp>(op) &&
      !(arch.bulkCopy && arch.tryWait))
    return refuse(op, arch, "cp.async and mbarrier.test.wait");
  if (isa<NVVM::MBarrierTryWaitParityOp>(op))
    return refuse(op, arch, "single attempts at a wait");
  if (auto copy = dyn_cast<NVVM::CpAsyncBulkGlobalToSharedClusterOp>(op)) {
    auto type = cast<LLVM::LLVMPointerType>(copy.getDstMem().getType());
    // shared::cta as destination needs PTX 8.6.
    if (type.getAddressSpace() != 7)
      return refuse(op, arch, "a destination in address space 7");
  }
  return success();
}

//===- Arch.h - What differs between GPU architectures ----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table of architectures, and the interface through which the rest of the
// lowering emits what they do differently. docs/GpuKernel.md, sections 1.2 and
// 8.3.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_ARCH_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_ARCH_H

#include "../Utils/CodeBuilder.h"

#include <memory>

namespace mlir::amk {

struct ArchRow {
  StringLiteral name, features; ///< "sm_90a", "+ptx80"
  unsigned sharedBytes;         ///< that a block may have
  bool bulkCopy;                ///< false: cp.async
  bool tryWait;                 ///< false: mbarrier.test_wait
  unsigned stageBytes, inFlight; ///< defaults of the knobs
};

/// All architectures that code is generated for.
ArrayRef<ArchRow> archTable();
/// Null if there is none of that name.
const ArchRow *findArch(StringRef name);
/// "sm_80, sm_86, ..."
std::string archNames();

/// The attribute of a kernel program for an architecture, with the defaults of
/// its row.
GpuAttr defaultGpuAttr(MLIRContext *context, const ArchRow &row);

/// What a copy reads: `count` pieces (i32, null: 1) of `bytes` (i32, a multiple
/// of 16; may be 0 if there is one), `all` together (i32), piece i from `first
/// + i * stride` (i64). They come to lie one behind the other.
struct CopySource {
  Value first, bytes;
  Value count, stride, all;
};

/// Stateless; all methods emit at the builder's insertion point. Pointers to
/// barriers and copies' destinations are in address space 3, sources in 1.
class ArchEmitter {
public:
  explicit ArchEmitter(const ArchRow &row) : arch(row) {}
  virtual ~ArchEmitter() = default;

  /// Lanes of the loader warp that run it: also the arrival count of barriers
  /// that copies complete.
  virtual unsigned loaderLanes() const = 0;
  virtual void emitBarrierInit(CodeBuilder &code, Value bar, unsigned count) const;
  /// Makes initialised barriers visible to copies.
  virtual void emitBarriersReady(CodeBuilder &code) const = 0;
  /// Starts a copy whose end is an arrival of each loader lane on `bar`. All
  /// loader lanes run it, with the same values. `policy`: i64 cache policy, or
  /// null.
  virtual void emitCopy(CodeBuilder &code, const CopySource &source, Value dst,
                        Value bar, Value policy) const = 0;
  /// The policy of data that is read once; null where copies take none.
  virtual Value emitStreamPolicy(CodeBuilder &code) const = 0;
  /// One attempt: i1, whether the phase of `parity` (i32) has completed.
  virtual Value emitBarrierTry(CodeBuilder &code, Value bar, Value parity) const = 0;
  virtual void emitBarrierArrive(CodeBuilder &code, Value bar) const;
  /// Between ordinary stores to global memory, seen by the loader, and copies
  /// that read them.
  virtual void emitCopyAfterStores(CodeBuilder &code) const = 0;
  /// m16n8k16: a = 4, b = 2 registers as i32, c = 4 floats. `element` is bf16
  /// or f16.
  virtual SmallVector<Value, 4> emitMma(CodeBuilder &code, Type element,
                                        ArrayRef<Value> a, ArrayRef<Value> b,
                                        ArrayRef<Value> c) const;
  /// Whether an operation of the lowered module is one that this architecture
  /// has; LLVM ends the process where one is not. Emits the error.
  LogicalResult verify(Operation *op) const;

  const ArchRow &row() const { return arch; }

protected:
  const ArchRow &arch;
};

std::unique_ptr<ArchEmitter> makeEmitter(const ArchRow &row);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_ARCH_H

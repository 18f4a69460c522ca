//===- AMK.h - The amk dialect in C++ -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMK_H
#define AMK_DIALECT_AMK_IR_AMK_H

#include "amk/Schedule/Program.h"
#include "amk/Support/Abi.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "amk/Dialect/AMK/IR/AMKDialect.h.inc"
#include "amk/Dialect/AMK/IR/AMKEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "amk/Dialect/AMK/IR/AMKAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "amk/Dialect/AMK/IR/AMKTypes.h.inc"

namespace mlir::amk {

/// One access of a task: `rows` runs of `rowBytes` bytes, `rowStride` bytes
/// apart, from byte `offset` of `buffer`.
struct BufferAccess {
  Value buffer;
  ::amk::schedule::AccessMode mode = ::amk::schedule::AccessMode::Read;
  int64_t offset = 0;
  int64_t rows = 1;
  int64_t rowBytes = 0;
  int64_t rowStride = 0;
  Value counter; ///< WriteTagged: whose words these are; else null

  /// A Reduce is both.
  bool isWrite() const { return mode >= ::amk::schedule::AccessMode::Write; }
  bool isRead() const {
    return !isWrite() || mode == ::amk::schedule::AccessMode::Reduce;
  }
};

/// The weights that one task streams; see abi::PackSegment.
struct WeightUse {
  SmallVector<Value, 3> weights; ///< `weight` buffers, in tensor order
  ::amk::abi::PackRows rowMap = ::amk::abi::PackRows::Plain;
  int64_t tileRows = 0;
  int64_t headDim = 0; ///< RotaryPairs and RotaryGroups only
  int64_t unitBegin = 0;
  int64_t unitCount = 0;
  int64_t columns = 0; ///< K, unpadded
  Type element;

  /// Units per tile: tileRows, or half of it where a unit is two rows.
  int64_t unitsPerTile() const;
  int64_t tileCount() const;
  /// Columns padded to abi::kPackChunk.
  int64_t paddedColumns() const;
  /// Bytes of the packed tiles, padding included; none if they are 2^63 or more.
  std::optional<int64_t> streamBytes() const;
};

} // namespace mlir::amk

#include "amk/Dialect/AMK/IR/AMKInterfaces.h.inc"

#define GET_OP_CLASSES
#include "amk/Dialect/AMK/IR/AMKOps.h.inc"

namespace mlir::amk {

/// On a buffer whose values are converted at load: the checkpoint's element
/// type (discardable; the buffer's own type where it is absent).
constexpr llvm::StringLiteral kSourceElementAttrName = "amk.source_element";

/// Positions that attention scores at once: the unit of its splits, and the
/// room it needs in scratch beside the sums of one head.
constexpr int64_t kAttentionBlock = 16;

/// Splits of the context in attention, at most.
constexpr int64_t kMaxAttentionSplits = 64;

/// WeightUse::streamBytes() of a task that has weights, or an error.
FailureOr<int64_t> streamBytes(TaskOpInterface task);

/// Rows of a weight tile, at most.
constexpr int64_t kMaxTileRows = 64;

/// Segments of a weight stream begin at multiples of this many bytes.
constexpr int64_t kSegmentAlignment = 64;

/// Bytes of a value+tag word.
constexpr int64_t kWordBytes = 8;

/// Spellings in IR and JSON: "read_previous", "release".
StringRef stringifyAccessMode(::amk::schedule::AccessMode mode);
StringRef stringifyProtocol(::amk::schedule::Protocol protocol);

/// "label[part]" of a task.
std::string taskName(TaskOpInterface task);

/// What a task's instruction passes to its body: the offset of each buffer that
/// is not a weight (0 for rings), the offset of the weights in the stream,
/// begin and count of the units (attention through a ring: head and split of
/// its only one), the number of weight tiles, the part (head only); each only
/// where the task has it. Buffers and weights must have their places. Loads of
/// the KV cache pass nothing.
SmallVector<int64_t> instructionOperands(TaskOpInterface task);

/// The address space of a buffer kind, as tables and kernel pointers see it.
::amk::abi::Space addressSpace(BufferKind kind);
MemorySpace kernelMemorySpace(BufferKind kind);

/// Bytes of a statically shaped memref, without padding.
int64_t byteSize(MemRefType type);

/// True for a token of several elements, one for each worker: they lie in the
/// workers' shared memory, not where the host sees them.
bool isTokenOfWorkers(BufferOp buffer);

} // namespace mlir::amk

#endif // AMK_DIALECT_AMK_IR_AMK_H

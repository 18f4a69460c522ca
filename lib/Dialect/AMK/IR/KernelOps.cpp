//===- KernelOps.cpp - Kernel level: syntax and verifiers -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace mlir::amk;

//===----------------------------------------------------------------------===//
// Body: `amk.kernel.body @name(%a: memref<...>, %n: index) { ... }`
//===----------------------------------------------------------------------===//

ParseResult KernelBodyOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  if (parser.parseSymbolName(name, SymbolTable::getSymbolAttrName(),
                             result.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren,
                               /*allowType=*/true) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  return parser.parseRegion(*result.addRegion(), arguments);
}

void KernelBodyOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(
      getBody().getArguments(), printer,
      [&](BlockArgument arg) { printer.printRegionArgument(arg); });
  printer << ')';
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {SymbolTable::getSymbolAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult KernelBodyOp::verifyRegions() {
  for (BlockArgument arg : getBody().getArguments()) {
    if (arg.getType().isIndex())
      continue;
    auto memref = dyn_cast<MemRefType>(arg.getType());
    if (!memref || !isa_and_nonnull<MemorySpaceAttr>(memref.getMemorySpace()))
      return emitOpError() << "expects arguments to be index or a memref with "
                              "an #amk.space, found "
                           << arg.getType();
  }
  if (!isa<KernelReturnOp>(getBody().front().back()))
    return emitOpError("expects amk.kernel.return at the end");
  return success();
}

LogicalResult KernelScratchOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  auto space = dyn_cast_or_null<MemorySpaceAttr>(type.getMemorySpace());
  if (!space || space.getValue() != MemorySpace::Scratch)
    return emitOpError() << "expects a memref in #amk.space<scratch>, found "
                         << type;
  if (!type.hasStaticShape())
    return emitOpError() << "expects a static shape, found " << type;
  if (getOffset() % 64 != 0)
    return emitOpError() << "expects an offset that is a multiple of 64, found "
                         << getOffset();
  return success();
}

//===----------------------------------------------------------------------===//
// Operations on buffers: lowerings rely on static shapes of these ranks, and
// divide by tile sizes, head sizes and splits.
//===----------------------------------------------------------------------===//

static MemRefType typeOf(Value buffer) {
  return cast<MemRefType>(buffer.getType());
}

/// Every buffer but `dynamic` has a static, contiguous, non-empty shape.
static LogicalResult verifyShapes(Operation *op, Value dynamic = {}) {
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type || operand == dynamic)
      continue;
    if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
        llvm::is_contained(type.getShape(), 0))
      return op->emitOpError()
             << "expects static, contiguous, non-empty buffers, found " << type;
  }
  return success();
}

static LogicalResult verifyRank(Operation *op, StringRef name, Value buffer,
                                int64_t rank) {
  if (typeOf(buffer).getRank() != rank)
    return op->emitOpError() << "expects " << name << " of rank " << rank
                             << ", found " << buffer.getType();
  return success();
}

static LogicalResult verifyAtLeast(Operation *op, StringRef name, Value buffer,
                                   int64_t elements) {
  if (typeOf(buffer).getNumElements() < elements)
    return op->emitOpError()
           << "expects at least " << elements << " elements of " << name
           << ", found " << buffer.getType();
  return success();
}

static LogicalResult verifyTileRows(Operation *op, int64_t tileRows) {
  if (tileRows < 2 || tileRows > kMaxTileRows || tileRows % 2 != 0)
    return op->emitOpError() << "expects an even tile of 2 to " << kMaxTileRows
                             << " rows, found " << tileRows;
  return success();
}

/// A cache [2, heads, positions, dim].
static LogicalResult verifyCache(Operation *op, Value cache) {
  if (failed(verifyRank(op, "the cache", cache, 4)))
    return failure();
  if (typeOf(cache).getDimSize(0) != 2)
    return op->emitOpError()
           << "expects a cache [2, heads, positions, dim], found "
           << cache.getType();
  return success();
}

/// A table [positions, 2, dim / 2] for heads of an even size.
static LogicalResult verifyRotary(Operation *op, Value table, int64_t dim) {
  if (dim < 2 || dim % 2 != 0)
    return op->emitOpError() << "expects heads of an even size, found " << dim;
  if (failed(verifyRank(op, "the table", table, 3)))
    return failure();
  if (typeOf(table).getDimSize(1) != 2 ||
      typeOf(table).getDimSize(2) != dim / 2)
    return op->emitOpError() << "expects a rotary table [positions, 2, "
                             << dim / 2 << "], found " << table.getType();
  return success();
}

static LogicalResult verifyPartials(Operation *op, Value partials) {
  if (failed(verifyRank(op, "partials", partials, 2)))
    return failure();
  if (typeOf(partials).getDimSize(1) != 2)
    return op->emitOpError()
           << "expects partials [parts, 2], found " << partials.getType();
  return success();
}

LogicalResult KernelGateOp::verify() { return verifyShapes(*this); }
LogicalResult KernelStoreRowsOp::verify() { return verifyShapes(*this); }
LogicalResult KernelGatedActivationOp::verify() { return verifyShapes(*this); }
LogicalResult KernelAddOp::verify() { return verifyShapes(*this); }

LogicalResult KernelEmbedOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyRank(*this, "the table", getTable(), 2);
}

LogicalResult KernelRmsNormOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t elements = typeOf(getInput()).getNumElements();
  if (failed(verifyAtLeast(*this, "the weight", getWeight(), elements)))
    return failure();
  return verifyAtLeast(*this, "out", getOut(), elements);
}

LogicalResult KernelStageOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyAtLeast(*this, "out", getOut(),
                       typeOf(getInput()).getNumElements());
}

LogicalResult KernelGemvOp::verify() {
  int64_t tileRows = getTileRows();
  if (failed(verifyShapes(*this, getWeights())) ||
      failed(verifyRank(*this, "the weights", getWeights(), 1)) ||
      failed(verifyTileRows(*this, tileRows)))
    return failure();
  if (typeOf(getInput()).getNumElements() % ::amk::abi::kPackChunk != 0)
    return emitOpError() << "expects a staged input of a multiple of "
                         << ::amk::abi::kPackChunk << " elements, found "
                         << getInput().getType();
  if (typeOf(getOut()).getNumElements() % tileRows != 0)
    return emitOpError() << "expects room for whole tiles of " << tileRows
                         << " rows, found " << getOut().getType();
  return success();
}

LogicalResult KernelStoreGatedOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyTileRows(*this, getTileRows());
}

LogicalResult KernelStoreQKVOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyTileRows(*this, getTileRows())) ||
      failed(verifyCache(*this, getCache())))
    return failure();
  return verifyRotary(*this, getTable(), typeOf(getCache()).getDimSize(3));
}

LogicalResult KernelStoreLogitsOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyPartials(*this, getPartials());
}

LogicalResult KernelRopeOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyRotary(*this, getTable(), getHeadDim());
}

LogicalResult KernelKVAppendOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyCache(*this, getCache());
}

LogicalResult KernelAttentionOp::verify() {
  if (failed(verifyShapes(*this)) || failed(verifyCache(*this, getCache())))
    return failure();
  int64_t splits = getSplits(), query = typeOf(getQuery()).getNumElements();
  int64_t heads = typeOf(getCache()).getDimSize(1);
  int64_t dim = typeOf(getCache()).getDimSize(3);
  if (splits < 1 || splits > 64)
    return emitOpError() << "expects 1 to 64 splits, found " << splits;
  if (query % heads != 0 || query / heads % dim != 0)
    return emitOpError() << "expects a multiple of " << heads
                         << " query heads of " << dim << " elements, found "
                         << getQuery().getType();
  return verifyAtLeast(*this, "scratch", getScratch(), kAttentionBlock + dim);
}

LogicalResult KernelAttentionCombineOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyRank(*this, "partials", getPartials(), 3)))
    return failure();
  if (typeOf(getPartials()).getDimSize(2) <= 2)
    return emitOpError() << "expects partials [heads, splits, dim + 2], found "
                         << getPartials().getType();
  return success();
}

LogicalResult KernelArgmaxOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyPartials(*this, getPartials());
}

LogicalResult KernelFinishStepOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyPartials(*this, getPartials());
}

//===- KernelOps.cpp - Kernel level: syntax and verifiers -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TaskSupport.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace mlir::amk;
using namespace mlir::amk::task;

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

/// A cache [2, heads, positions, dim].
static LogicalResult verifyKernelCache(Operation *op, Value cache) {
  if (failed(verifyRank(op, "the cache", cache, 4)))
    return failure();
  return verifyCache(op, cache);
}

/// A table [positions, 2, dim / 2] for heads of an even size, which lowerings
/// divide by.
static LogicalResult verifyKernelRotary(Operation *op, Value table,
                                        int64_t dim) {
  if (dim < 2 || dim % 2 != 0)
    return op->emitOpError() << "expects heads of an even size, found " << dim;
  return verifyRotary(op, table, dim);
}

static LogicalResult verifyBestPartials(Operation *op, Value partials) {
  if (failed(verifyRank(op, "partials", partials, 2)))
    return failure();
  if (typeOf(partials).getDimSize(1) != 2)
    return op->emitOpError()
           << "expects partials [parts, 2], found " << partials.getType();
  return success();
}

static bool isWords(Value buffer) {
  auto space =
      dyn_cast_or_null<MemorySpaceAttr>(typeOf(buffer).getMemorySpace());
  return space && space.getValue() == MemorySpace::Words;
}

/// Words have elements of 64 bits, and a tag where they are used; nothing else
/// has.
static LogicalResult verifyWords(Operation *op, StringRef name, Value buffer,
                                 bool hasTag) {
  bool words = isWords(buffer);
  if (words != typeOf(buffer).getElementType().isInteger(64))
    return op->emitOpError() << "expects i64 elements of " << name
                             << " in #amk.space<words> and only there, found "
                             << buffer.getType();
  if (words != hasTag)
    return op->emitOpError()
           << "expects " << (words ? "a" : "no") << " tag for " << name
           << ", found " << buffer.getType();
  return success();
}

LogicalResult KernelGateOp::verify() { return verifyShapes(*this); }

LogicalResult KernelInputTagOp::verify() {
  if (getNumber() >= ::amk::abi::kDeviceTagInputs)
    return emitOpError() << "expects a number below "
                         << ::amk::abi::kDeviceTagInputs << ", found "
                         << getNumber();
  return success();
}

LogicalResult KernelStoreRowsOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  if (!getResidual() && getResidualTag())
    return emitOpError("expects a residual for its tag");
  if (getResidual() && failed(verifyWords(*this, "the residual", getResidual(),
                                          bool(getResidualTag()))))
    return failure();
  return verifyWords(*this, "out", getOut(), bool(getTag()));
}
LogicalResult KernelGatedActivationOp::verify() { return verifyShapes(*this); }
LogicalResult KernelAddOp::verify() { return verifyShapes(*this); }

LogicalResult KernelEmbedOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  if (failed(verifyWords(*this, "out", getOut(), bool(getTag()))))
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

/// What only the fragment layouts of GPUs take.
static LogicalResult verifyFragmentGemv(KernelGemvOp op) {
  bool hasNorm = bool(op.getNorm());
  if (op.packLayout() == PackLayout::RowInterleaved32) {
    if (op.getTag() || op.getHiLo() || hasNorm)
      return op.emitOpError(
          "expects a fragment layout for tag, norm and hi_lo");
    return success();
  }
  int64_t rows = op.packLayout() == PackLayout::MmaTile4x4 ? 4 : 8;
  if (op.getTileRows() != static_cast<uint64_t>(rows))
    return op.emitOpError() << "expects tile_rows of " << rows
                            << " for this layout, found " << op.getTileRows();
  if (hasNorm != op.getEpsilon().has_value())
    return op.emitOpError("expects an epsilon with a norm, and only then");
  int64_t columns = typeOf(op.getInput()).getNumElements();
  if (hasNorm && columns % 2 != 0)
    return op.emitOpError() << "expects an even number of elements with a "
                               "norm, found "
                            << op.getInput().getType();
  if (hasNorm)
    return verifyAtLeast(op, "the norm", op.getNorm(), columns);
  return success();
}

LogicalResult KernelGemvOp::verify() {
  int64_t tileRows = getTileRows();
  if (failed(verifyShapes(*this, getWeights())) ||
      failed(verifyRank(*this, "the weights", getWeights(), 1)) ||
      failed(verifyTile(*this, tileRows)) ||
      failed(verifyFragmentGemv(*this)) ||
      failed(verifyWords(*this, "the input", getInput(), bool(getTag()))))
    return failure();
  if (packLayout() == PackLayout::RowInterleaved32 &&
      typeOf(getInput()).getNumElements() % ::amk::abi::kPackChunk != 0)
    return emitOpError() << "expects a staged input of a multiple of "
                         << ::amk::abi::kPackChunk << " elements, found "
                         << getInput().getType();
  if (typeOf(getOut()).getNumElements() % tileRows != 0)
    return emitOpError() << "expects room for whole tiles of " << tileRows
                         << " rows, found " << getOut().getType();
  return success();
}

LogicalResult KernelStoreGatedOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyWords(*this, "out", getOut(), bool(getTag()))))
    return failure();
  return verifyTile(*this, getTileRows());
}

LogicalResult KernelStoreQKVOp::verify() {
  if (failed(verifyShapes(*this)) || failed(verifyTile(*this, getTileRows())) ||
      failed(verifyWords(*this, "the query", getQuery(), bool(getTag()))))
    return failure();
  if (!getCache()) {
    if (failed(verifyRank(*this, "the query", getQuery(), 3)))
      return failure();
    return verifyKernelRotary(*this, getTable(),
                              typeOf(getQuery()).getDimSize(2));
  }
  if (failed(verifyKernelCache(*this, getCache())))
    return failure();
  return verifyKernelRotary(*this, getTable(),
                            typeOf(getCache()).getDimSize(3));
}

LogicalResult KernelStoreLogitsOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyWords(*this, "partials", getPartials(), bool(getTag()))))
    return failure();
  if (isWords(getPartials()))
    return verifyRank(*this, "partials", getPartials(), 1);
  return verifyBestPartials(*this, getPartials());
}

LogicalResult KernelRopeOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyKernelRotary(*this, getTable(), getHeadDim());
}

LogicalResult KernelKVAppendOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyKernelCache(*this, getCache());
}

LogicalResult KernelAttentionOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyKernelCache(*this, getCache())))
    return failure();
  int64_t splits = getSplits(), query = typeOf(getQuery()).getNumElements();
  int64_t heads = typeOf(getCache()).getDimSize(1);
  int64_t dim = typeOf(getCache()).getDimSize(3);
  if (splits < 1 || splits > kMaxAttentionSplits)
    return emitOpError() << "expects 1 to " << kMaxAttentionSplits
                         << " splits, found " << splits;
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

LogicalResult KernelRingAttentionOp::verify() {
  if (failed(verifyShapes(*this, getCache())) ||
      failed(verifyWords(*this, "the query", getQuery(), /*hasTag=*/true)) ||
      failed(verifyWords(*this, "partials", getPartials(), /*hasTag=*/true)) ||
      failed(verifyRank(*this, "the query", getQuery(), 3)) ||
      failed(verifyRank(*this, "partials", getPartials(), 3)))
    return failure();
  int64_t heads = getHeads(), dim = getDim(), splits = getSplits();
  if (heads < 1 || dim < 1 || splits < 1)
    return emitOpError() << "expects heads, dim and splits from 1 on, found "
                         << heads << ", " << dim << ", " << splits;
  ArrayRef<int64_t> query = typeOf(getQuery()).getShape();
  if (query[1] != heads + 2 || query[2] != dim)
    return emitOpError() << "expects a query [kv heads, " << heads + 2 << ", "
                         << dim << "], found " << getQuery().getType();
  ArrayRef<int64_t> out = typeOf(getPartials()).getShape();
  if (out[0] != query[0] * heads || out[1] != splits || out[2] != dim + 2)
    return emitOpError() << "expects partials [" << query[0] * heads << ", "
                         << splits << ", " << dim + 2 << "], found "
                         << getPartials().getType();
  return success();
}

LogicalResult KernelCombineSplitsOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyWords(*this, "partials", getPartials(), /*hasTag=*/true)) ||
      failed(verifyWords(*this, "out", getOut(), bool(getTag()))) ||
      failed(verifyRank(*this, "partials", getPartials(), 3)))
    return failure();
  ArrayRef<int64_t> shape = typeOf(getPartials()).getShape();
  if (shape[2] <= 2)
    return emitOpError() << "expects partials [heads, splits, dim + 2], found "
                         << getPartials().getType();
  return verifyAtLeast(*this, "out", getOut(), shape[0] * (shape[2] - 2));
}

LogicalResult KernelNextTokenOp::verify() {
  if (failed(verifyShapes(*this)) ||
      failed(verifyWords(*this, "best", getBest(), /*hasTag=*/true)) ||
      failed(verifyRank(*this, "best", getBest(), 1)))
    return failure();
  int64_t words = typeOf(getBest()).getNumElements();
  if (words < 3 || words % 2 == 0)
    return emitOpError() << "expects two words for each part and one, found "
                         << getBest().getType();
  return success();
}

LogicalResult KernelArgmaxOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyBestPartials(*this, getPartials());
}

LogicalResult KernelFinishStepOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  return verifyBestPartials(*this, getPartials());
}

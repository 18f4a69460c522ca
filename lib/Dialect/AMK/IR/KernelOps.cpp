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

LogicalResult KernelGemvOp::verify() {
  auto input = cast<MemRefType>(getInput().getType());
  auto out = cast<MemRefType>(getOut().getType());
  if (!input.hasStaticShape() ||
      input.getNumElements() % ::amk::abi::kPackChunk != 0)
    return emitOpError() << "expects a staged input of a multiple of "
                         << ::amk::abi::kPackChunk << " elements, found "
                         << input;
  if (!out.hasStaticShape() ||
      out.getNumElements() % static_cast<int64_t>(getTileRows()) != 0)
    return emitOpError() << "expects room for whole tiles of " << getTileRows()
                         << " rows, found " << out;
  return success();
}

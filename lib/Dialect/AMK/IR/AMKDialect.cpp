//===- AMKDialect.cpp - Dialect, attributes and types -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::amk;
using ::amk::schedule::AccessMode;

//===----------------------------------------------------------------------===//
// custom<AccessMode>
//===----------------------------------------------------------------------===//

static constexpr AccessMode kAccessModes[] = {
    AccessMode::Read, AccessMode::ReadPrevious, AccessMode::Write,
    AccessMode::WriteTagged, AccessMode::Reduce};

StringRef mlir::amk::stringifyAccessMode(AccessMode mode) {
  switch (mode) {
  case AccessMode::Read:
    return "read";
  case AccessMode::ReadPrevious:
    return "read_previous";
  case AccessMode::Write:
    return "write";
  case AccessMode::WriteTagged:
    return "write_tagged";
  case AccessMode::Reduce:
    return "reduce";
  }
  llvm_unreachable("unknown access mode");
}

static ParseResult parseAccessMode(AsmParser &parser, AccessMode &mode) {
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOptionalKeyword(&keyword).succeeded())
    for (AccessMode candidate : kAccessModes)
      if (keyword == stringifyAccessMode(candidate)) {
        mode = candidate;
        return success();
      }
  InFlightDiagnostic diag = parser.emitError(loc) << "expected one of ";
  llvm::interleaveComma(kAccessModes, diag, [&](AccessMode candidate) {
    diag << stringifyAccessMode(candidate);
  });
  return diag;
}

static void printAccessMode(AsmPrinter &printer, AccessMode mode) {
  printer << stringifyAccessMode(mode);
}

#include "amk/Dialect/AMK/IR/AMKDialect.cpp.inc"
#include "amk/Dialect/AMK/IR/AMKEnums.cpp.inc"
#include "amk/Dialect/AMK/IR/AMKInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "amk/Dialect/AMK/IR/AMKAttributes.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "amk/Dialect/AMK/IR/AMKTypes.cpp.inc"

//===----------------------------------------------------------------------===//
// custom<ExactFloats>: a list of floats that reads back to the same bits, which
// the default form (six significant digits) does not.
//===----------------------------------------------------------------------===//

static ParseResult parseExactFloats(OpAsmParser &parser,
                                    DenseF32ArrayAttr &values) {
  SmallVector<float> list;
  auto parseOne = [&]() -> ParseResult {
    APFloat value(0.0f);
    if (parser.parseFloat(APFloat::IEEEsingle(), value))
      return failure();
    list.push_back(value.convertToFloat());
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, parseOne))
    return failure();
  values = DenseF32ArrayAttr::get(parser.getContext(), list);
  return success();
}

static void printExactFloats(OpAsmPrinter &printer, Operation *,
                             DenseF32ArrayAttr values) {
  printer << '[';
  llvm::interleaveComma(values.asArrayRef(), printer, [&](float value) {
    printer.printFloat(APFloat(value));
  });
  printer << ']';
}

//===----------------------------------------------------------------------===//
// custom<ByteRange>: [1024 to 2048]
//===----------------------------------------------------------------------===//

static ParseResult parseByteRange(OpAsmParser &parser, RangeAttr &bytes) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t begin, end;
  if (parser.parseLSquare() || parser.parseInteger(begin) ||
      parser.parseKeyword("to") || parser.parseInteger(end) ||
      parser.parseRSquare())
    return failure();
  bytes = RangeAttr::getChecked([&] { return parser.emitError(loc); },
                                parser.getContext(), begin, end);
  return success(bytes != nullptr);
}

static void printByteRange(OpAsmPrinter &printer, Operation *,
                           RangeAttr bytes) {
  printer << '[' << bytes.getBegin() << " to " << bytes.getEnd() << ']';
}

//===----------------------------------------------------------------------===//
// custom<Accesses>: [read %x[0 to 64] rows 4 stride 256, ...]
//===----------------------------------------------------------------------===//

using UnresolvedOperands = SmallVectorImpl<OpAsmParser::UnresolvedOperand>;

/// Parses an operand that is one of `operands`; `index` is its place there.
static ParseResult parseListed(OpAsmParser &parser,
                               const UnresolvedOperands &operands,
                               StringRef list, int64_t &index) {
  OpAsmParser::UnresolvedOperand operand;
  if (parser.parseOperand(operand))
    return failure();
  const auto *it = llvm::find_if(operands, [&](const auto &other) {
    return other.name == operand.name && other.number == operand.number;
  });
  index = it - operands.begin();
  if (it == operands.end())
    return parser.emitError(operand.location)
           << "expected one of the task's " << list;
  return success();
}

static ParseResult parseAccess(OpAsmParser &parser,
                               const UnresolvedOperands &buffers,
                               const UnresolvedOperands &counters,
                               SmallVectorImpl<Attribute> &accesses) {
  SMLoc loc = parser.getCurrentLocation();
  AccessMode mode;
  int64_t buffer, begin, end, rows = 1, stride = 0, counter = -1;
  if (parseAccessMode(parser, mode) ||
      parseListed(parser, buffers, "buffers", buffer) ||
      parser.parseLSquare() || parser.parseInteger(begin) ||
      parser.parseKeyword("to") || parser.parseInteger(end) ||
      parser.parseRSquare())
    return failure();
  if (succeeded(parser.parseOptionalKeyword("rows")) &&
      (parser.parseInteger(rows) || parser.parseKeyword("stride") ||
       parser.parseInteger(stride)))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("of")) &&
      parseListed(parser, counters, "counters", counter))
    return failure();
  if (begin < 0 || end <= begin)
    return parser.emitError(loc) << "expected bytes [begin to end] with "
                                    "0 <= begin < end, found ["
                                 << begin << " to " << end << "]";
  auto access = AccessAttr::getChecked([&] { return parser.emitError(loc); },
                                       parser.getContext(), mode, buffer, begin,
                                       rows, end - begin, stride, counter);
  if (!access)
    return failure();
  accesses.push_back(access);
  return success();
}

static ParseResult parseAccesses(OpAsmParser &parser,
                                 UnresolvedOperands &buffers,
                                 UnresolvedOperands &counters,
                                 ArrayAttr &accesses) {
  SmallVector<Attribute> list;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, [&] {
        return parseAccess(parser, buffers, counters, list);
      }))
    return failure();
  accesses = ArrayAttr::get(parser.getContext(), list);
  return success();
}

static void printAccesses(OpAsmPrinter &printer, Operation *,
                          OperandRange buffers, OperandRange counters,
                          ArrayAttr accesses) {
  printer << '[';
  llvm::interleaveComma(
      accesses.getAsRange<AccessAttr>(), printer, [&](AccessAttr access) {
        printer << stringifyAccessMode(access.getMode()) << ' '
                << buffers[access.getBuffer()] << '[' << access.getOffset()
                << " to " << access.getOffset() + access.getRowBytes() << ']';
        if (access.getRows() != 1 || access.getRowStride() != 0)
          printer << " rows " << access.getRows() << " stride "
                  << access.getRowStride();
        if (access.getCounter() >= 0)
          printer << " of " << counters[access.getCounter()];
      });
  printer << ']';
}

#define GET_OP_CLASSES
#include "amk/Dialect/AMK/IR/AMKOps.cpp.inc"

void AMKDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "amk/Dialect/AMK/IR/AMKAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "amk/Dialect/AMK/IR/AMKTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "amk/Dialect/AMK/IR/AMKOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Attribute and type verifiers
//===----------------------------------------------------------------------===//

LogicalResult
ModelConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        StringRef family, int64_t vocab, int64_t hidden,
                        int64_t layers, int64_t maxContext,
                        DenseI32ArrayAttr eos, int64_t bos) {
  if (vocab < 1 || hidden < 1 || maxContext < 1)
    return emitError() << "vocab, hidden and context must be positive, found "
                       << vocab << ", " << hidden << ", " << maxContext;
  if (layers < 0)
    return emitError() << "layers must not be negative, found " << layers;
  for (int32_t id : eos.asArrayRef())
    if (id < 0 || id >= vocab)
      return emitError() << "eos token " << id << " is outside the vocabulary "
                         << "of " << vocab;
  if (bos < -1 || bos >= vocab)
    return emitError() << "bos token " << bos << " is outside the vocabulary "
                       << "of " << vocab;
  return success();
}

LogicalResult PhaseAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t index, StringRef label, int64_t part,
                                int64_t parts) {
  if (index < 0)
    return emitError() << "phase index must not be negative, found " << index;
  if (part < 0 || part >= parts)
    return emitError() << "part " << part << " is not one of " << parts;
  if (label.empty())
    return emitError() << "phase label must not be empty";
  return success();
}

LogicalResult AccessAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 AccessMode mode, int64_t buffer,
                                 int64_t offset, int64_t rows, int64_t rowBytes,
                                 int64_t rowStride, int64_t counter) {
  int64_t end;
  if (buffer < 0)
    return emitError() << "expected a buffer from 0 on, found " << buffer;
  if (offset < 0 || rowBytes < 1 || llvm::AddOverflow(offset, rowBytes, end))
    return emitError() << "expected an offset from 0 on, row_bytes from 1 on "
                          "and a sum below 2^63, found "
                       << offset << " and " << rowBytes;
  if (rows < 1 || rowStride < 0)
    return emitError() << "expected rows from 1 on and a row_stride from 0 on, "
                          "found "
                       << rows << " and " << rowStride;
  bool isTagged = mode == AccessMode::WriteTagged;
  if (counter < -1 || isTagged != (counter >= 0))
    return emitError() << "expected " << (isTagged ? "a" : "no")
                       << " counter for " << stringifyAccessMode(mode)
                       << ", found " << counter;
  return success();
}

LogicalResult
TagFormatAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t stride, int64_t bits) {
  if (stride < 0)
    return emitError() << "expected a stride from 0 on, found " << stride;
  if (bits < 1 || bits > 64)
    return emitError() << "expected 1 to 64 bits, found " << bits;
  return success();
}

LogicalResult LimitsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t workers, int64_t sharedBytes) {
  if (workers < 0 || sharedBytes < 0)
    return emitError() << "expected limits from 0 on, found " << workers
                       << " workers and " << sharedBytes << " shared_bytes";
  return success();
}

LogicalResult GpuAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              StringRef arch, int64_t stage, int64_t stages,
                              int64_t inFlight, int64_t groups, bool trace) {
  if (arch.empty())
    return emitError() << "expected the name of an architecture";
  if (stage < 1 || stage % ::amk::abi::kFragmentBytes != 0)
    return emitError() << "expected a stage of a positive multiple of "
                       << ::amk::abi::kFragmentBytes << " bytes, found "
                       << stage;
  // Even, so that a slot of the ring always belongs to one group.
  if (stages < 2 || stages > 16 || stages % 2 != 0)
    return emitError() << "expected an even number of stages from 2 to 16, "
                          "found "
                       << stages;
  if (inFlight < 1 || inFlight > stages)
    return emitError() << "expected in_flight from 1 to the number of stages, "
                          "found "
                       << inFlight;
  if (groups != 2)
    return emitError() << "expected 2 groups, found " << groups;
  return success();
}

LogicalResult RangeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t begin, int64_t end) {
  if (begin < 0 || end <= begin)
    return emitError() << "expected 0 <= begin < end, found [" << begin << ", "
                       << end << ")";
  return success();
}

LogicalResult KVCacheType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t heads, int64_t positions, int64_t dim,
                                  Type element) {
  if (heads < 1 || positions < 1 || dim < 1)
    return emitError() << "heads, positions and dim must be positive, found "
                       << heads << ", " << positions << ", " << dim;
  if (!element.isF32())
    return emitError() << "expected an f32 cache, found " << element;
  int64_t bits = 2 * 32; // a key and a value of float32
  for (int64_t size : {heads, positions, dim})
    if (llvm::MulOverflow(bits, size, bits))
      return emitError() << "expected less than 2^63 bits, found heads, "
                            "positions and dim "
                         << heads << ", " << positions << ", " << dim;
  return success();
}

//===----------------------------------------------------------------------===//
// Helpers of AMK.h
//===----------------------------------------------------------------------===//

StringRef mlir::amk::stringifyProtocol(::amk::schedule::Protocol protocol) {
  using ::amk::schedule::Protocol;
  switch (protocol) {
  case Protocol::Release:
    return "release";
  case Protocol::Tag:
    return "tag";
  case Protocol::Parity:
    return "parity";
  }
  llvm_unreachable("unknown protocol");
}

std::string mlir::amk::taskName(TaskOpInterface task) {
  PhaseAttr phase = task.getPhase();
  return (phase.getLabel() + "[" + Twine(phase.getPart()) + "]").str();
}

SmallVector<int64_t> mlir::amk::instructionOperands(TaskOpInterface task) {
  SmallVector<int64_t> operands;
  if (isa<TaskLoadKVOp>(task))
    return operands;
  for (Value operand : task->getOperands())
    if (auto buffer = operand.getDefiningOp<BufferOp>();
        buffer && buffer.getKind() != BufferKind::Weight)
      operands.push_back(buffer.getOffset().value_or(0));
  std::optional<WeightUse> use = task.getWeightUse();
  if (use)
    operands.push_back(task.getStreamOffsetAttr().getInt());
  auto attention = dyn_cast<TaskAttentionOp>(*task);
  if (attention && attention.getRing()) {
    int64_t unit = attention.getUnits().getBegin();
    int64_t splits = attention.getSplits();
    operands.append({unit / splits, unit % splits});
  } else if (auto units = task->getAttrOfType<RangeAttr>("units")) {
    operands.push_back(units.getBegin());
    operands.push_back(units.size());
  }
  if (use)
    operands.push_back(use->tileCount());
  if (isa<TaskHeadOp>(task))
    operands.push_back(task.getPhase().getPart());
  return operands;
}

::amk::abi::Space mlir::amk::addressSpace(BufferKind kind) {
  using ::amk::abi::Space;
  switch (kind) {
  case BufferKind::Activation:
    return Space::Arena;
  case BufferKind::KVCache:
    return Space::KVCache;
  case BufferKind::Token:
  case BufferKind::Control:
  case BufferKind::Logits:
    return Space::IO;
  case BufferKind::Vector:
  case BufferKind::Rotary:
    return Space::Constant;
  case BufferKind::Weight:
    return Space::Stream;
  case BufferKind::Table:
    return Space::External;
  case BufferKind::Shared:
  case BufferKind::Ring:
    return Space::Shared;
  }
  llvm_unreachable("unknown buffer kind");
}

MemorySpace mlir::amk::kernelMemorySpace(BufferKind kind) {
  switch (kind) {
  case BufferKind::Activation:
    return MemorySpace::Arena;
  case BufferKind::KVCache:
    return MemorySpace::KVCache;
  case BufferKind::Token:
    return MemorySpace::Token;
  case BufferKind::Control:
    return MemorySpace::Control;
  case BufferKind::Logits:
    return MemorySpace::Logits;
  case BufferKind::Vector:
  case BufferKind::Rotary:
    return MemorySpace::Constant;
  case BufferKind::Weight:
    return MemorySpace::Stream;
  case BufferKind::Table:
    return MemorySpace::External;
  case BufferKind::Shared:
  case BufferKind::Ring:
    break; // only opaque tasks take these, and nobody makes bodies for them
  }
  llvm_unreachable("no kernel pointer leads to a buffer of this kind");
}

int64_t mlir::amk::byteSize(MemRefType type) {
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

bool mlir::amk::isTokenOfWorkers(BufferOp buffer) {
  auto type = cast<MemRefType>(buffer.getResult().getType());
  return buffer.getKind() == BufferKind::Token && type.getNumElements() > 1;
}

int64_t WeightUse::unitsPerTile() const {
  return rowMap == ::amk::abi::PackRows::Plain ? tileRows : tileRows / 2;
}

int64_t WeightUse::tileCount() const {
  return llvm::divideCeil(unitCount, unitsPerTile());
}

int64_t WeightUse::paddedColumns() const {
  return llvm::alignTo(columns, ::amk::abi::kPackChunk);
}

FailureOr<int64_t> mlir::amk::streamBytes(TaskOpInterface task) {
  WeightUse use = *task.getWeightUse();
  if (std::optional<int64_t> bytes = use.streamBytes())
    return *bytes;
  return task->emitOpError()
         << "has " << use.unitCount << " units of weights with " << use.columns
         << " columns of " << use.element
         << ", expected less than 2^63 bytes when they are packed";
}

std::optional<int64_t> WeightUse::streamBytes() const {
  int64_t rows, elements, bytes;
  if (llvm::MulOverflow(tileCount(), tileRows, rows) ||
      llvm::MulOverflow(rows, paddedColumns(), elements) ||
      llvm::MulOverflow<int64_t>(elements, element.getIntOrFloatBitWidth() / 8,
                                 bytes))
    return std::nullopt;
  return bytes;
}

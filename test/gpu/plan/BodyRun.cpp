//===- BodyRun.cpp - One task on an emulated GPU --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BodyRun.h"
#include "amk/Runtime/Weights.h"
#include "amk/Support/GpuLayout.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>

using namespace amk;
using namespace amk::test;
using namespace mlir;
using namespace mlir::amk;
namespace layout = ::amk::gpu;

static MemRefType typeOf(Value memory) {
  return cast<MemRefType>(memory.getType());
}

static uint64_t elementsOf(Value memory) {
  return typeOf(memory).getNumElements();
}

//===----------------------------------------------------------------------===//
// Elements and words
//===----------------------------------------------------------------------===//

float test::loadElement(Type element, const uint8_t *from, uint64_t index) {
  DType type = element.isF32()    ? DType::F32
               : element.isBF16() ? DType::BF16
                                  : DType::F16;
  float value;
  runtime::convertToFloat(type, from + byteSize(type) * index, 1, &value);
  return value;
}

void test::storeElement(Type element, uint8_t *to, uint64_t index,
                        double value) {
  llvm::APFloat rounded(value);
  bool losesInfo;
  rounded.convert(cast<FloatType>(element).getFloatSemantics(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  uint64_t bits = rounded.bitcastToAPInt().getZExtValue();
  uint64_t bytes = element.getIntOrFloatBitWidth() / 8;
  std::memcpy(to + bytes * index, &bits, bytes);
}

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

static float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

uint32_t BodyRun::pollBits(Value words, uint64_t index, Value tag) {
  uint64_t word;
  std::memcpy(&word, slots[words].memory + 8 * index, 8);
  if (word >> 32 != number(tag))
    throw NotThere();
  return uint32_t(word);
}

float BodyRun::poll(Value words, uint64_t index, Value tag) {
  return floatOf(pollBits(words, index, tag));
}

void BodyRun::send(Value words, uint64_t index, uint32_t bits, Value tag) {
  uint64_t word = number(tag) << 32 | bits;
  std::memcpy(slots[words].memory + 8 * index, &word, 8);
}

void BodyRun::send(Value out, uint64_t index, double value, Value tag) {
  if (tag)
    return send(out, index, bitsOf(float(value)), tag);
  floats(out)[index] = float(value);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

void BodyRun::bindArguments(KernelBodyOp body) {
  for (BlockArgument argument : body.getBody().getArguments()) {
    uint64_t operand = in.operands[argument.getArgNumber()];
    Slot &slot = slots[argument];
    slot.number = operand;
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    uint64_t bytes = operand * abi::kOperandUnit, address = 0;
    switch (cast<MemorySpaceAttr>(type.getMemorySpace()).getValue()) {
    case MemorySpace::Arena:
    case MemorySpace::Words:
      address = args.arena + bytes;
      break;
    case MemorySpace::Constant:
      address = args.constants + bytes;
      break;
    case MemorySpace::KVCache:
      address = worker.queue.kvCache + bytes;
      break;
    case MemorySpace::Stream:
      address = worker.queue.stream + bytes;
      break;
    case MemorySpace::External:
      address = reinterpret_cast<uint64_t *>(args.externals)[operand];
      break;
    case MemorySpace::Logits:
      if (args.logits)
        address = args.logits + 4 * worker.step * args.logitsStride;
      break;
    case MemorySpace::Token:
    case MemorySpace::Control:
      break; // the kernel has its own
    case MemorySpace::Scratch:
      throw EmulatorError("has scratch as an operand");
    }
    slot.memory = reinterpret_cast<uint8_t *>(address);
  }
}

bool BodyRun::execute(KernelBodyOp body) {
  bindArguments(body);
  try {
    for (Operation &op : body.getBody().front())
      run(op);
  } catch (const NotThere &) {
    return false;
  }
  return true;
}

void BodyRun::run(Operation &op) {
  llvm::TypeSwitch<Operation *>(&op)
      .Case<KernelScratchOp, KernelEmbedOp, KernelGemvOp, KernelStoreRowsOp,
            KernelStoreGatedOp, KernelStoreQKVOp, KernelStoreLogitsOp,
            KernelRingAttentionOp, KernelCombineSplitsOp, KernelNextTokenOp>(
          [&](auto operation) { run(operation); })
      .Case([&](KernelPositionOp at) { slots[at].number = position(); })
      .Case([&](KernelInputTagOp input) {
        slots[input].number = tag(in.tagIn[input.getNumber()]);
      })
      .Case([&](KernelOutputTagOp output) {
        slots[output].number = tag(in.tagOut);
      })
      .Case<KernelReturnOp>([](auto) {})
      .Default([](Operation *other) {
        throw EmulatorError("has no meaning for " +
                            other->getName().getStringRef().str());
      });
}

void BodyRun::run(KernelScratchOp op) {
  scratch.resize(layout::kInstructionsOffset);
  slots[op].memory = scratch.data() + op.getOffset();
}

void BodyRun::run(KernelEmbedOp op) {
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  uint64_t row = uint64_t(worker.token) * typeOf(op.getTable()).getDimSize(1);
  for (uint64_t i = begin; i < begin + count; ++i)
    send(op.getOut(), i,
         loadElement(typeOf(op.getTable()).getElementType(),
                     slots[op.getTable()].memory, row + i),
         op.getTag());
}

void BodyRun::run(KernelGemvOp op) {
  auto packed = static_cast<abi::PackLayout>(op.packLayout());
  Type element = typeOf(op.getWeights()).getElementType();
  uint64_t columns = elementsOf(op.getInput()), tiles = number(op.getTiles());
  const uint8_t *stream = slots[op.getWeights()].memory;
  uint64_t offset = uint64_t(in.runOffset) * abi::kFragmentBytes;
  if (reinterpret_cast<uint64_t>(stream) != worker.queue.stream + offset)
    throw EmulatorError("multiplies other weights than its run brings");
  std::vector<double> x(columns);
  double squares = 0, scale = 1;
  for (uint64_t k = 0; k < columns; ++k) {
    x[k] = op.getTag() ? poll(op.getInput(), k, op.getTag())
                       : floats(op.getInput())[k];
    squares += x[k] * x[k];
    if (op.getNorm())
      x[k] *= floats(op.getNorm())[k];
  }
  if (op.getNorm())
    scale = 1 / std::sqrt(squares / double(columns) +
                          op.getEpsilon()->convertToDouble());

  // The stage of the schedule: a tile's blocks divide into stageBytes.
  uint32_t blocks = layout::kMaxStageBlocks;
  layout::RunShape shape = layout::runShape(packed, columns, blocks);
  while (shape.stageBytes() != in.stageBytes && blocks > 1)
    shape = layout::runShape(packed, columns, blocks /= 2);
  if (shape.stageBytes() != in.stageBytes ||
      shape.stages(tiles) != in.stageCount)
    throw EmulatorError("has a run of another length than its weights");
  uint64_t unit = layout::blockColumns(packed);
  for (uint64_t r = 0; r < tiles * op.getTileRows(); ++r) {
    uint64_t tile = r / op.getTileRows();
    uint32_t row = r % op.getTileRows();
    double sum = 0;
    for (uint64_t k = 0; k < columns; ++k) {
      uint64_t panel = k / shape.panelColumns, inPanel = k % shape.panelColumns;
      const uint8_t *block = stream + shape.tileOffset(tiles, panel, tile) +
                             inPanel / unit * abi::kFragmentBytes;
      uint32_t byte = layout::fragmentByte(packed, row, inPanel % unit);
      sum += x[k] * loadElement(element, block + byte, 0);
    }
    floats(op.getOut())[r] = float(sum * scale);
  }
}

void BodyRun::run(KernelStoreRowsOp op) {
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  // Words of rows say something of all words only to who has seen them before.
  if (op.getResidualTag() && !(in.flags & abi::kResidualPolled))
    for (uint64_t i = 0; i < elementsOf(op.getResidual()); ++i)
      poll(op.getResidual(), i, op.getResidualTag());
  std::vector<double> rows(count);
  for (uint64_t r = 0; r < count; ++r) {
    rows[r] = floats(op.getValues())[r];
    if (Value residual = op.getResidual())
      rows[r] += op.getResidualTag()
                     ? poll(residual, begin + r, op.getResidualTag())
                     : floats(residual)[begin + r];
  }
  for (uint64_t r = 0; r < count; ++r)
    send(op.getOut(), begin + r, rows[r], op.getTag());
}

/// First and second row of unit `u` in tiles of two halves.
static std::pair<double, double> rowsOf(const float *values, uint64_t u,
                                        uint64_t tileRows) {
  uint64_t half = tileRows / 2;
  const float *first = values + u / half * tileRows + u % half;
  return {first[0], first[half]};
}

void BodyRun::run(KernelStoreGatedOp op) {
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  for (uint64_t u = 0; u < count; ++u) {
    auto [gate, up] = rowsOf(floats(op.getValues()), u, op.getTileRows());
    send(op.getOut(), begin + u, gate / (1 + std::exp(-gate)) * up,
         op.getTag());
  }
}

void BodyRun::run(KernelStoreQKVOp op) {
  if (op.getCache())
    throw EmulatorError("stores into a cache");
  ArrayRef<int64_t> shape = typeOf(op.getQuery()).getShape();
  uint64_t heads = shape[1], half = shape[2] / 2;
  const float *angles = floats(op.getTable()) + position() * 2 * half;
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  for (uint64_t u = 0; u < count; ++u) {
    uint64_t head = (begin + u) / half, i = (begin + u) % half;
    auto [first, second] = rowsOf(floats(op.getValues()), u, op.getTileRows());
    bool isValue = head % heads == heads - 1;
    double cosine = isValue ? 1 : angles[i];
    double sine = isValue ? 0 : angles[half + i];
    uint64_t at = head * 2 * half + i;
    send(op.getQuery(), at, first * cosine - second * sine, op.getTag());
    send(op.getQuery(), at + half, second * cosine + first * sine, op.getTag());
  }
}

void BodyRun::run(KernelStoreLogitsOp op) {
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  const float *values = floats(op.getValues());
  uint64_t best = 0;
  for (uint64_t r = 0; r < count; ++r) {
    if (args.logits)
      floats(op.getLogits())[begin + r] = values[r];
    if (values[r] > values[best])
      best = r;
  }
  uint64_t part = number(op.getPart());
  send(op.getPartials(), 2 * part, bitsOf(values[best]), op.getTag());
  send(op.getPartials(), 2 * part + 1, uint32_t(begin + best), op.getTag());
  if (part != 0)
    return;
  const auto &control = *reinterpret_cast<abi::Control *>(args.control);
  uint32_t wantsStop = __atomic_load_n(&control.stop, __ATOMIC_ACQUIRE);
  send(op.getPartials(), elementsOf(op.getPartials()) - 1, wantsStop,
       op.getTag());
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// A worker's blocks of one layer and head. Only the worker sees how a row lies
/// in its block, so it is simply one row after the other.
struct CacheBlocks {
  CacheBlocks(KernelRingAttentionOp op, uint8_t *memory)
      : element(typeOf(op.getCache()).getElementType()), memory(memory),
        splits(op.getSplits()), rowElements(layout::kvPaddedDim(op.getDim())),
        positions(
            layout::kvBlockPositions(element.getIntOrFloatBitWidth() / 8)),
        blockBytes(layout::kvBlockBytes(op.getDim())) {}

  uint64_t splitOf(uint64_t position) const {
    return position / positions % splits;
  }
  /// Keys (plane 0) or values (1) of a position.
  uint8_t *row(uint64_t position, uint64_t plane) const {
    uint64_t block = position / positions / splits;
    uint64_t inBlock = plane * positions + position % positions;
    return memory + block * blockBytes +
           inBlock * rowElements * element.getIntOrFloatBitWidth() / 8;
  }

  Type element;
  uint8_t *memory;
  uint64_t splits, rowElements, positions, blockBytes;
};
} // namespace

void BodyRun::run(KernelRingAttentionOp op) {
  uint64_t dim = op.getDim(), heads = op.getHeads(), splits = op.getSplits();
  uint64_t head = number(op.getHead()), split = number(op.getSplit());
  CacheBlocks cache(op, slots[op.getCache()].memory);
  if (in.stageBytes != cache.blockBytes ||
      in.stageCount != (splits << 16 | split))
    throw EmulatorError("has a run of other blocks than its cache");
  uint64_t rows = heads + 2;
  std::vector<double> query(rows * dim);
  for (uint64_t i = 0; i < query.size(); ++i)
    query[i] = poll(op.getQuery(), head * rows * dim + i, op.getQueryTag());

  if (cache.splitOf(position()) == split)
    for (uint64_t plane : {0, 1})
      for (uint64_t i = 0; i < dim; ++i)
        storeElement(cache.element, cache.row(position(), plane), i,
                     query[(heads + plane) * dim + i]);
  for (uint64_t h = 0; h < heads; ++h) {
    double maximum = -1e30, sum = 0;
    std::vector<double> out(dim);
    for (uint64_t p = 0; p <= position(); ++p) {
      if (cache.splitOf(p) != split)
        continue;
      double score = 0;
      for (uint64_t i = 0; i < dim; ++i)
        score +=
            query[h * dim + i] * loadElement(cache.element, cache.row(p, 0), i);
      score *= op.getScale().convertToDouble();
      double top = std::max(maximum, score);
      double before = std::exp(maximum - top), weight = std::exp(score - top);
      maximum = top;
      sum = sum * before + weight;
      for (uint64_t i = 0; i < dim; ++i)
        out[i] = out[i] * before +
                 weight * loadElement(cache.element, cache.row(p, 1), i);
    }
    uint64_t at = ((head * heads + h) * splits + split) * (dim + 2);
    send(op.getPartials(), at, maximum, op.getTag());
    send(op.getPartials(), at + 1, sum, op.getTag());
    // Without blocks there are no words for the output.
    for (uint64_t i = 0; i < dim && sum != 0; ++i)
      send(op.getPartials(), at + 2 + i, out[i], op.getTag());
  }
}

void BodyRun::run(KernelCombineSplitsOp op) {
  ArrayRef<int64_t> shape = typeOf(op.getPartials()).getShape();
  uint64_t splits = shape[1], dim = shape[2] - 2;
  uint64_t begin = number(op.getBegin()), count = number(op.getCount());
  std::vector<double> result(count);
  for (uint64_t e = 0; e < count; ++e) {
    uint64_t head = (begin + e) / dim, inHead = (begin + e) % dim;
    double maximum = -1e30, sum = 0, value = 0;
    for (uint64_t split = 0; split < splits; ++split) {
      uint64_t at = (head * splits + split) * (dim + 2);
      double m = poll(op.getPartials(), at, op.getPartialsTag());
      double l = poll(op.getPartials(), at + 1, op.getPartialsTag());
      if (l == 0)
        continue;
      double o = poll(op.getPartials(), at + 2 + inHead, op.getPartialsTag());
      double top = std::max(maximum, m);
      double before = std::exp(maximum - top), weight = std::exp(m - top);
      maximum = top;
      sum = sum * before + l * weight;
      value = value * before + o * weight;
    }
    result[e] = value / sum;
  }
  for (uint64_t e = 0; e < count; ++e)
    send(op.getOut(), begin + e, result[e], op.getTag());
}

//===----------------------------------------------------------------------===//
// End of a step
//===----------------------------------------------------------------------===//

void BodyRun::run(KernelNextTokenOp op) {
  uint64_t parts = (elementsOf(op.getBest()) - 1) / 2;
  float best = 0;
  int32_t token = -1;
  for (uint64_t part = 0; part < parts; ++part) {
    float value = poll(op.getBest(), 2 * part, op.getTag());
    auto index = int32_t(pollBits(op.getBest(), 2 * part + 1, op.getTag()));
    if (token >= 0 && (value < best || (value == best && index > token)))
      continue;
    best = value;
    token = index;
  }
  worker.stop = pollBits(op.getBest(), 2 * parts, op.getTag()) != 0;
  auto *tokens = reinterpret_cast<int32_t *>(args.tokens);
  uint64_t next = position() + 1;
  if (next < args.promptLength)
    token = tokens[next];
  else
    for (uint32_t i = 0; i < args.stopTokenCount; ++i)
      worker.stop |=
          token == reinterpret_cast<const int32_t *>(args.stopTokens)[i];
  worker.token = token;
  if (worker.index != 0)
    return;
  tokens[next] = token;
  auto *host = reinterpret_cast<uint64_t *>(args.hostTokens);
  __atomic_store_n(&host[worker.step], uint64_t(1) << 32 | uint32_t(token),
                   __ATOMIC_RELEASE);
}

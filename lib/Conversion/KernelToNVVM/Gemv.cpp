//===- Gemv.cpp - Matrix-vector product -----------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The warps multiply their shares of the columns of each tile (Multiply.cpp)
// and leave the sums in `part`; after 16 tiles, threads add the warps' sums of
// a row. A vector that is longer than a panel is multiplied panel by panel:
// each warp adds to its own sums, and the words of the next panel are under way
// meanwhile. docs/GpuKernel.md, sections 3.4 and 4.2.
//
//===----------------------------------------------------------------------===//

#include "EarlyLoads.h"
#include "GpuPattern.h"
#include "Handoff.h"
#include "Multiply.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

namespace {

class Gemv {
public:
  Gemv(GpuBuilder &code, const layout::RunShape &shape, int32_t tileRows,
       Multiplier &multiplier, KernelGemvOp::Adaptor operands)
      : code(code), shape(shape), tileRows(tileRows), multiplier(multiplier),
        operands(operands), mine(makeRowVariable(code)) {}

  /// `input` lies in shared memory.
  void emitStaged();
  /// `input` is the vector, of `columns` elements; the blocks of a panel hold
  /// `whole` columns.
  void emitPanels(int64_t columns, int64_t whole);

private:
  void multiplyTile(Value place, Value isFirstPanel);
  void sumTiles(Value first, Value last);

  GpuBuilder &code;
  layout::RunShape shape;
  int32_t tileRows;
  Multiplier &multiplier;
  KernelGemvOp::Adaptor operands;
  Value mine; ///< the row that this thread has added last
};

} // namespace

/// The next tile's sums go to place `place` (i32) of `part`, or are added there
/// unless this is the first panel (null: the only one).
void Gemv::multiplyTile(Value place, Value isFirstPanel) {
  Value part = code.shared(SharedPart::Part);
  Value y = multiplier.multiplyTile();
  auto [row, hasRow] = multiplier.rowOfLane();
  code.ifThen(hasRow, [&, row = row] {
    Value inTile = code.add(code.mul32(code.warp(), layout::kGroupWarps), row);
    Value at =
        code.zext(code.add(code.mul32(place, layout::kPartStride), inTile));
    Value sum = y;
    if (isFirstPanel)
      sum = code.select(isFirstPanel, y, code.addf(code.loadF32(part, at), y));
    code.storeF32(sum, part, at);
  });
}

/// Rows of tiles [first, last), i32: the sum over the warps, in their order.
/// Thread r mod 512 adds row r.
void Gemv::sumTiles(Value first, Value last) {
  Value part = code.shared(SharedPart::Part);
  Value firstRow = code.mul32(first, tileRows);
  Value count = code.mul32(code.sub(last, first), tileRows);
  Value row = code.make<arith::AndIOp>(code.sub(code.thread(), firstRow),
                                       code.i32(abi::kGpuConsumers - 1));
  code.blockBarrier();
  code.ifThen(code.less(row, count), [&] {
    Value tile = code.mul32(code.div32(row, tileRows), layout::kPartStride);
    Value base = code.zext(code.add(tile, code.rem32(row, tileRows)));
    SmallVector<Value> sums;
    for (int64_t warp = 0; warp < layout::kGroups * layout::kGroupWarps; ++warp)
      sums.push_back(code.loadF32(part, code.add(base, 8 * warp)));
    Value sum = sumOf(code, sums);
    code.store(sum, mine, 4);
    code.storeF32(sum, operands.getOut(), code.zext(code.add(firstRow, row)));
  });
}

void Gemv::emitStaged() {
  code.stamp(abi::Stamp::Input);
  multiplier.loadInput(operands.getInput(), operands.getScale());
  EarlyLoads::finish(code);
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(0), tiles, layout::kPartTiles, [&](Value first) {
    Value last = code.min(code.add32(first, layout::kPartTiles), tiles);
    code.loop32(first, last, 1, [&](Value tile) {
      multiplyTile(code.sub(tile, first), Value());
    });
    sumTiles(first, last);
    code.ifThen(code.less(last, tiles), [&] { code.blockBarrier(); });
  });
  code.stamp(abi::Stamp::Weights);
}

void Gemv::emitPanels(int64_t columns, int64_t whole) {
  int64_t panels = shape.panels, size = shape.panelColumns;
  Value staged = code.shared(SharedPart::Staged);
  Value tag = operands.getTag() ? code.narrow(operands.getTag()) : Value();
  VectorReceiver receiver(code, operands.getInput(), tag,
                          {columns - (panels - 1) * size, size}, whole);
  receiver.load(code.i32(0), code.i32(size));
  receiver.wait();
  receiver.write(staged);
  EarlyLoads::finish(code);
  code.blockBarrier();
  code.stamp(abi::Stamp::Input);
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(0), code.i32(panels), 1, [&](Value panel) {
    multiplier.loadInput(staged, Value());
    Value next = code.add32(panel, 1);
    Value begin = code.mul32(next, size);
    Value hasNext = code.less(next, code.i32(panels));
    Value count = code.min(code.sub(code.i32(columns), begin), code.i32(size));
    code.ifThen(hasNext, [&] { receiver.load(begin, count); });
    Value isFirst = code.equal(panel, code.i32(0));
    code.loop32(code.i32(0), tiles, 1,
                [&](Value tile) { multiplyTile(tile, isFirst); });
    code.ifThen(hasNext, [&] {
      receiver.wait();
      code.blockBarrier();
      receiver.write(staged);
      code.blockBarrier();
    });
  });
  sumTiles(code.i32(0), tiles);
  code.stamp(abi::Stamp::Weights);
}

namespace {

struct GemvLowering : GpuPattern<KernelGemvOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelGemvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = cast<MemRefType>(op.getWeights().getType()).getElementType();
    uint64_t unit = layout::blockColumns(abiLayout(op));
    GpuBuilder code(rewriter, op, kernel);
    layout::RunShape shape = {};
    if (unit)
      shape = layout::runShape(abiLayout(op), elements(op.getInput()),
                               kernel.gpu.getStage() / abi::kFragmentBytes);
    std::unique_ptr<Multiplier> multiplier =
        makeMultiplier(code, op.packLayout(), shape, element, op.getHiLo());
    if (!multiplier)
      return op.emitOpError()
             << "has no lowering for weights of " << element << " in layout "
             << stringifyPackLayout(op.packLayout());
    if (failed(checkInput(op, shape, shape.tileBlocks() * unit)))
      return failure();
    Gemv gemv(code, shape, op.getTileRows(), *multiplier, adaptor);
    if (shape.panels > 1)
      gemv.emitPanels(elements(op.getInput()), shape.tileBlocks() * unit);
    else
      gemv.emitStaged();
    rewriter.eraseOp(op);
    return success();
  }

  static abi::PackLayout abiLayout(KernelGemvOp op) {
    return static_cast<abi::PackLayout>(op.packLayout());
  }

  static LogicalResult
  checkInput(KernelGemvOp op, const layout::RunShape &shape, int64_t whole) {
    int64_t columns = elements(op.getInput());
    uint64_t panels = op.getPanels().value_or(1);
    if (panels != shape.panels)
      return op.emitOpError() << "expects " << shape.panels << " panels for "
                              << columns << " columns, found " << panels;
    if (panels == 1 && columns != whole)
      return op.emitOpError() << "expects a staged vector of whole stages, "
                              << whole << " elements, found " << columns;
    if (panels == 1 && op.getTag())
      return op.emitOpError("expects a staged vector, found words");
    if (panels > 1 && op.getScale())
      return op.emitOpError("has no lowering for a scale with several panels");
    return success();
  }
};

/// Elements thread, thread + 512, ... of [0, n).
void forMine(GpuBuilder &code, Value n, function_ref<void(Value)> body) {
  code.loop(code.zext(code.thread()), n, abi::kGpuConsumers, body);
}

struct StageLowering : GpuPattern<KernelStageOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelStageOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    GpuBuilder code(rewriter, op, kernel);
    int64_t n = elements(op.getInput());
    forMine(code, code.i64(n), [&](Value i) {
      code.storeF32(code.loadF32(adaptor.getInput(), i), adaptor.getOut(), i);
    });
    forMine(code, code.i64(elements(op.getOut()) - n), [&](Value i) {
      code.storeF32(code.f32(0.0f), adaptor.getOut(), code.add(i, n));
    });
    code.blockBarrier();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::amk::populateGpuGemvPatterns(const TypeConverter &converter,
                                        const GpuKernel &kernel,
                                        RewritePatternSet &patterns) {
  patterns.add<GemvLowering, StageLowering>(converter, patterns.getContext(),
                                            kernel);
}

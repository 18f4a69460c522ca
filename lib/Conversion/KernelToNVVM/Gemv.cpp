//===- Gemv.cpp - Matrix-vector product -----------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each warp multiplies its share of the columns of each tile (WarpShare.cpp,
// Multiply.cpp) and leaves the sums in `part`; after 16 tiles, threads add the
// warps' sums of a row. A vector that is longer than a panel is multiplied
// panel by panel: each warp adds to its own sums, and the words of the next
// panel are under way meanwhile. With a norm, the root mean square is a factor
// of the rows: nobody waits for it before. docs/GpuKernel.md, sections 3.4
// and 4.2.
//
//===----------------------------------------------------------------------===//

#include "EarlyLoads.h"
#include "GpuPattern.h"
#include "Multiply.h"
#include "Reduce.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

namespace {

class Gemv {
public:
  Gemv(GpuBuilder &code, KernelGemvOp op, KernelGemvOp::Adaptor operands,
       const layout::RunShape &shape, Multiplier &multiplier, WarpShare &share)
      : code(code), op(op), operands(operands), shape(shape),
        tileRows(op.getTileRows()), multiplier(multiplier), share(share),
        mine(makeRowVariable(code)) {}
  void emit();

private:
  void emitTiles();
  void emitPanels();
  void leaveSquares();
  Value rootMeanSquare();
  Value reciprocalRoot(Value x);
  void multiplyTile(Value place, Value isFirstPanel);
  void sumTiles(Value first, Value last);

  Value warpSums() {
    return code.shared(SharedPart::State, code.i32(layout::StateOffset::kSums));
  }

  GpuBuilder &code;
  KernelGemvOp op;
  KernelGemvOp::Adaptor operands;
  layout::RunShape shape;
  int32_t tileRows;
  Multiplier &multiplier;
  WarpShare &share;
  Value mine; ///< the row that this thread has added last
};

} // namespace

static constexpr int32_t kWarps = layout::kGroups * layout::kGroupWarps;

//===----------------------------------------------------------------------===//
// Norm
//===----------------------------------------------------------------------===//

/// For rootMeanSquare(), behind a barrier.
void Gemv::leaveSquares() {
  if (!op.getNorm())
    return;
  code.ifThen(code.equal(code.lane(), code.i32(0)), [&] {
    code.storeF32(share.squares(), warpSums(), code.zext(code.warp()));
  });
}

/// 1 / sqrt(x): an approximation and a step of Newton's method, which takes it
/// to an error of about one unit in the last place, in a quarter of the time.
Value Gemv::reciprocalRoot(Value x) {
  Value y = LLVM::CallIntrinsicOp::create(
                code.b, code.loc, code.b.getF32Type(),
                code.b.getStringAttr("llvm.nvvm.rsqrt.approx.f"), ValueRange{x})
                .getResults();
  Value half = code.mulf(code.mulf(x, code.f32(-0.5f)), y);
  return code.mulf(y, code.fma(half, y, code.f32(1.5f)));
}

/// 1 / rms of the vector; the sum has the same order in every thread.
Value Gemv::rootMeanSquare() {
  constexpr int32_t lanes = 4;
  auto four = VectorType::get({lanes}, code.b.getF32Type());
  SmallVector<Value> sums;
  for (int32_t warp = 0; warp < kWarps; warp += lanes) {
    Value some = code.load(four, code.atF32(warpSums(), code.i64(warp)), 16);
    for (int32_t j = 0; j < lanes; ++j)
      sums.push_back(code.make<LLVM::ExtractElementOp>(some, code.i32(j)));
  }
  Value mean =
      code.mulf(sumOf(code, sums), code.f32(1.0f / elements(op.getInput())));
  Value epsilon = code.f32(op.getEpsilon()->convertToDouble());
  return reciprocalRoot(code.addf(mean, epsilon));
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// The next tile's sums go to place `place` (i32) of `part`, or are added there
/// unless this is the first panel (null: the only one).
void Gemv::multiplyTile(Value place, Value isFirstPanel) {
  auto multiply = [&] {
    Value part = code.shared(SharedPart::Part);
    Value y = multiplier.multiplyTile();
    auto [row, hasRow] = multiplier.rowOfLane();
    code.ifThen(hasRow, [&, row = row] {
      Value inTile =
          code.add(code.mul32(code.warp(), layout::kGroupWarps), row);
      Value at =
          code.zext(code.add(code.mul32(place, layout::kPartStride), inTile));
      Value sum = y;
      if (isFirstPanel)
        sum =
            code.select(isFirstPanel, y, code.addf(code.loadF32(part, at), y));
      code.storeF32(sum, part, at);
    });
  };
  Value has = hasBlocks(code, shape);
  if (!has)
    return multiply();
  code.ifThen(has, multiply);
  code.ifThen(negate(code, has), [&] { multiplier.skipTile(); });
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
    for (int64_t warp = 0; warp < kWarps; ++warp)
      if (warp % layout::kGroupWarps < busyWarps(shape))
        sums.push_back(code.loadF32(part, code.add(base, 8 * warp)));
    Value sum = sumOf(code, sums);
    if (op.getNorm())
      sum = code.mulf(sum, rootMeanSquare());
    code.store(sum, mine, 4);
    code.storeF32(sum, operands.getOut(), code.zext(code.add(firstRow, row)));
  });
}

void Gemv::emit() {
  share.load(code.i32(0));
  share.wait();
  EarlyLoads::finish(code);
  code.stamp(abi::Stamp::Input);
  if (shape.panels > 1)
    emitPanels();
  else
    emitTiles();
  code.stamp(abi::Stamp::Weights);
}

void Gemv::emitTiles() {
  multiplier.loadInput(share);
  leaveSquares();
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(0), tiles, layout::kPartTiles, [&](Value first) {
    Value last = code.min(code.add32(first, layout::kPartTiles), tiles);
    code.loop32(first, last, 1, [&](Value tile) {
      multiplyTile(code.sub(tile, first), Value());
    });
    sumTiles(first, last);
    code.ifThen(code.less(last, tiles), [&] { code.blockBarrier(); });
  });
}

void Gemv::emitPanels() {
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(0), code.i32(shape.panels), 1, [&](Value panel) {
    multiplier.loadInput(share);
    Value next = code.add32(panel, 1);
    Value hasNext = code.less(next, code.i32(shape.panels));
    code.ifThen(hasNext, [&] { share.load(next); });
    Value isFirst = code.equal(panel, code.i32(0));
    code.loop32(code.i32(0), tiles, 1,
                [&](Value tile) { multiplyTile(tile, isFirst); });
    code.ifThen(hasNext, [&] { share.wait(); });
  });
  leaveSquares();
  sumTiles(code.i32(0), tiles);
}

namespace {

struct GemvLowering : GpuPattern<KernelGemvOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelGemvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = cast<MemRefType>(op.getWeights().getType()).getElementType();
    auto layout = static_cast<abi::PackLayout>(op.packLayout());
    int64_t columns = elements(op.getInput());
    int32_t blockColumns = layout::blockColumns(layout);
    GpuBuilder code(rewriter, op, kernel);
    layout::RunShape shape = {};
    if (blockColumns)
      shape = layout::runShape(layout, columns,
                               kernel.gpu.getStage() / abi::kFragmentBytes);
    std::unique_ptr<Multiplier> multiplier =
        makeMultiplier(code, op.packLayout(), shape, element, op.getHiLo());
    if (!multiplier)
      return op.emitOpError()
             << "has no lowering for weights of " << element << " in layout "
             << stringifyPackLayout(op.packLayout());
    Value tag = adaptor.getTag() ? code.narrow(adaptor.getTag()) : Value();
    WarpShare share(code, {adaptor.getInput(), tag, adaptor.getNorm(), columns},
                    shape, blockColumns);
    Gemv(code, op, adaptor, shape, *multiplier, share).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::amk::populateGpuGemvPatterns(const TypeConverter &converter,
                                        const GpuKernel &kernel,
                                        RewritePatternSet &patterns) {
  patterns.add<GemvLowering>(converter, patterns.getContext(), kernel);
}

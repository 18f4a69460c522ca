//===- Gemv.cpp - Matrix-vector product -----------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each warp multiplies its share of the columns of each tile (WarpShare.cpp,
// Multiply.cpp) and leaves the sums in `part`; after a batch of up to 16 tiles,
// threads add the warps' sums of a row. Where a warp has all its blocks of a
// tile in one stage, it takes a stage before it needs it: the first before the
// words are there. A vector that is longer than a panel is multiplied panel by
// panel: each warp adds to its own sums, and the words of the next panel are
// under way meanwhile. With a norm, the root mean square is a factor of the
// rows: nobody waits for it before.
//
// The last warps add the rows. Short vectors leave them without blocks, so that
// those who wait for words are in the next task by then. docs/GpuKernel.md,
// sections 3.4 and 4.2.
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

static constexpr int32_t kWarp = 32;
static constexpr int32_t kWarps = layout::kGroups * layout::kGroupWarps;

/// Tiles whose sums have room in `part`, whole stages.
static int32_t batchTiles(const layout::RunShape &shape) {
  return layout::kPartTiles / shape.stageTiles * shape.stageTiles;
}

static bool takesStagesAhead(const layout::RunShape &shape) {
  return shape.panels == 1 && shape.tileStages == layout::kGroups;
}

/// No panels for layouts without blocks.
static layout::RunShape runShapeOf(KernelGemvOp op, const GpuKernel &kernel) {
  auto layout = static_cast<abi::PackLayout>(op.packLayout());
  if (layout::blockColumns(layout) == 0)
    return {};
  return layout::runShape(layout, elements(op.getInput()),
                          kernel.gpu.getStage() / abi::kFragmentBytes);
}

namespace {

class Gemv {
public:
  Gemv(GpuBuilder &code, KernelGemvOp op, KernelGemvOp::Adaptor operands,
       const layout::RunShape &shape, Multiplier &multiplier, WarpShare &share)
      : code(code), op(op), operands(operands), shape(shape),
        tileRows(op.getTileRows()), mostRows(elements(op.getOut())),
        mostTiles(layout::ceilDiv(mostRows, tileRows)),
        batch(batchTiles(shape)), multiplier(multiplier), share(share),
        mine(makeRowVariable(code)) {}
  void emit();

private:
  /// Tiles of a stage, at most.
  uint32_t tilesOfStage() const {
    return std::min<uint32_t>(shape.stageTiles, mostTiles);
  }
  void emitBatches(function_ref<void(Value, Value)> body);
  void emitStages();
  void emitTiles();
  void emitPanels();
  void loadInput();
  void addSquares();
  void multiplyStage(Value place, Value next, Value tiles,
                     function_ref<void()> meanwhile = nullptr);
  void leaveSum(Value y, Value place, Value isFirstPanel);
  void leaveSquares();
  Value rootMeanSquare();
  Value reciprocalRoot(Value x);
  void multiplyTile(Value place, Value isFirstPanel);
  void sumTiles(Value first, Value last);
  void sumRow(Value row, Value firstRow);

  Value warpSums() {
    return code.shared(SharedPart::State, code.i32(layout::StateOffset::kSums));
  }

  GpuBuilder &code;
  KernelGemvOp op;
  KernelGemvOp::Adaptor operands;
  layout::RunShape shape;
  int32_t tileRows;
  int64_t mostRows, mostTiles; ///< of a task
  int32_t batch;               ///< tiles whose sums have room in `part`
  Multiplier &multiplier;
  WarpShare &share;
  Value mine; ///< the row that this thread has added last
};

} // namespace

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

/// A tile's sums go to place `place` (i32) of `part`, or are added there unless
/// this is the first panel (null: the only one).
void Gemv::leaveSum(Value y, Value place, Value isFirstPanel) {
  Value part = code.shared(SharedPart::Part);
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

void Gemv::multiplyTile(Value place, Value isFirstPanel) {
  ifHasBlocks(
      code, shape,
      [&] { leaveSum(multiplier.multiplyTile(), place, isFirstPanel); },
      [&] { multiplier.skipTile(); });
}

/// Multiplies the tiles of the stage that was taken, and takes the one that
/// begins with tile `next` (i32; null: there is none), unless the task has only
/// `tiles`. Sums of tiles that the task does not have are added by nobody.
/// `meanwhile` is for what may come behind the products.
void Gemv::multiplyStage(Value place, Value next, Value tiles,
                         function_ref<void()> meanwhile) {
  SmallVector<Value> sums;
  for (uint32_t i = 0; i < tilesOfStage(); ++i)
    sums.push_back(multiplier.multiplyTaken(i));
  if (meanwhile)
    meanwhile();
  if (next)
    code.ifThen(code.less(next, tiles), [&] { multiplier.takeStage(); });
  for (auto [i, sum] : llvm::enumerate(sums))
    leaveSum(sum, code.add32(place, int32_t(i)), Value());
}

/// Row `row` (i32) of those from `firstRow` on: the sum over the warps, in
/// their order.
void Gemv::sumRow(Value row, Value firstRow) {
  Value part = code.shared(SharedPart::Part);
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
}

/// Rows of tiles [first, last), i32.
void Gemv::sumTiles(Value first, Value last) {
  Value firstRow = code.mul32(first, tileRows);
  Value count = code.mul32(code.sub(last, first), tileRows);
  Value row = code.make<arith::AndIOp>(code.sub(code.rowThread(), firstRow),
                                       code.i32(abi::kGpuConsumers - 1));
  code.blockBarrier();
  code.ifThen(code.less(row, count), [&] { sumRow(row, firstRow); });
  // Nobody reads `part` any more: warps without rows may begin the next task,
  // which writes there.
  if (code.endsWithRows())
    code.blockBarrier();
}

void Gemv::emit() {
  share.load(code.i32(0));
  if (takesStagesAhead(shape)) {
    multiplier.makeRoom(tilesOfStage());
    ifHasBlocks(code, shape, [&] { multiplier.takeStage(); });
  }
  // Of an earlier phase than the vector, so that it has come before.
  EarlyLoads::finish(code);
  share.wait();
  code.stamp(abi::Stamp::Input);
  if (shape.panels > 1)
    emitPanels();
  else if (takesStagesAhead(shape))
    emitStages();
  else
    emitTiles();
  code.stamp(abi::Stamp::Weights);
}

/// Runs body(first, last) for the tiles of each batch but the first (i32).
void Gemv::emitBatches(function_ref<void(Value, Value)> body) {
  if (mostTiles <= batch)
    return;
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(batch), tiles, batch, [&](Value first) {
    code.blockBarrier();
    Value last = code.min(code.add32(first, batch), tiles);
    body(first, last);
    sumTiles(first, last);
  });
}

void Gemv::loadInput() {
  if (multiplier.needsSquares())
    share.addSquares();
  multiplier.loadInput(share);
}

/// Of what loadInput() has loaded, if it has not done so: the sum over the
/// lanes takes time, in which products are made.
void Gemv::addSquares() {
  if (!multiplier.needsSquares())
    share.addSquares();
}

void Gemv::emitStages() {
  int32_t step = shape.stageTiles;
  Value tiles = code.narrow(operands.getTiles());
  Value zero = code.i32(0), last = code.min(code.i32(batch), tiles);
  auto skip = [&](Value from, Value to) {
    code.loop32(from, to, step, [&](Value) { multiplier.skipStage(); });
  };
  auto multiply = [&](Value from, Value to, Value first) {
    code.loop32(from, to, step, [&](Value tile) {
      multiplyStage(code.sub(tile, first), code.add32(tile, step), tiles);
    });
  };
  // Further batches need the input, too: then it is not behind a branch.
  bool hasMore = mostTiles > step, hasBatches = mostTiles > batch;
  if (hasBatches)
    loadInput();
  ifHasBlocks(
      code, shape,
      [&] {
        if (!hasBatches)
          loadInput();
        multiplyStage(zero, hasMore ? code.i32(step) : Value(), tiles,
                      [&] { addSquares(); });
        leaveSquares();
        if (hasMore)
          multiply(code.i32(step), last, zero);
      },
      [&] {
        leaveSquares();
        skip(zero, last);
      });
  sumTiles(zero, last);
  emitBatches([&](Value first, Value last) {
    ifHasBlocks(
        code, shape, [&] { multiply(first, last, first); },
        [&] { skip(first, last); });
  });
}

void Gemv::emitTiles() {
  loadInput();
  addSquares();
  leaveSquares();
  Value zero = code.i32(0), tiles = code.narrow(operands.getTiles());
  auto multiply = [&](Value first, Value last) {
    code.loop32(first, last, 1, [&](Value tile) {
      multiplyTile(code.sub(tile, first), Value());
    });
  };
  Value last = code.min(code.i32(batch), tiles);
  multiply(zero, last);
  sumTiles(zero, last);
  emitBatches(multiply);
}

void Gemv::emitPanels() {
  Value tiles = code.narrow(operands.getTiles());
  code.loop32(code.i32(0), code.i32(shape.panels), 1, [&](Value panel) {
    loadInput();
    addSquares();
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

bool mlir::amk::takesStagesAhead(KernelGemvOp op, const GpuKernel &kernel) {
  return ::takesStagesAhead(runShapeOf(op, kernel));
}

bool mlir::amk::sharesStages(KernelProgramOp program, const GpuKernel &kernel) {
  WalkResult result = program.walk([&](KernelGemvOp op) {
    return runShapeOf(op, kernel).stageTiles > 1 ? WalkResult::interrupt()
                                                 : WalkResult::advance();
  });
  return result.wasInterrupted();
}

void mlir::amk::planRows(GpuBuilder &code, KernelGemvOp op) {
  layout::RunShape shape = runShapeOf(op, code.kernel);
  if (shape.panels == 0)
    return;
  // The last warps: in tasks with short vectors they have nothing else to do.
  int64_t rows = elements(op.getOut());
  int64_t first = abi::kGpuConsumers - llvm::alignTo(rows, kWarp);
  bool areLast = rows <= batchTiles(shape) * int64_t(op.getTileRows()) &&
                 llvm::all_of(op.getOut().getUsers(), [&](Operation *user) {
                   return isa<KernelGemvOp, KernelStoreRowsOp,
                              KernelStoreGatedOp, KernelStoreQKVOp>(user);
                 });
  code.setRows(std::max<int64_t>(first, 0), areLast);
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
    layout::RunShape shape = runShapeOf(op, kernel);
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

//===- RingAttention.cpp - Attention over the cache's ring ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kv head and one split of the context. Blocks of the cache come through
// the ring; each warp keeps the running maximum, sum and output of the blocks
// it has had; at the end warps are joined in their order. A split of one block
// is not joined: its warp sends what it has. docs/GpuKernel.md, section 5.
//
// The step's own row is not in the cache yet. It lies in a block of its own in
// shared memory, from which the warp with the last block takes it; once all
// stages have landed, it is copied into the cache.
//
//===----------------------------------------------------------------------===//

#include "RingAttention.h"
#include "GpuPattern.h"

#include "AttentionBlocks.h"
#include "Words.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

using State = AttentionBlocks::State;

static constexpr int32_t kWarps = layout::kGroups * layout::kGroupWarps;
static constexpr int32_t kMaxHeads = AttentionShape::kMaxHeads;
/// Elements that each warp leaves for the others at a time.
static constexpr int32_t kRoundElements = layout::kStagedBytes / 4 / kWarps;
// Queries, then a block; behind `staged` lies `part`, which is free.
static_assert(kMaxHeads * AttentionShape::kMaxDim * 4 +
                  layout::kvBlockBytes(AttentionShape::kMaxDim) <=
              layout::kRowsOffset - layout::kStagedOffset);

static int32_t positionsOf(Type element) {
  return layout::kvBlockPositions(element.isF32() ? 4 : 2);
}

AttentionShape::AttentionShape(KernelRingAttentionOp op, Type element,
                               int32_t stageBytes)
    : element(element), heads(op.getHeads()), dim(op.getDim()),
      splits(op.getSplits()), tiles(layout::kvPaddedDim(dim) / kTile),
      sharers(llvm::PowerOf2Ceil(layout::ceilDiv(dim, kWarpDim))),
      warpTiles(layout::ceilDiv(tiles, sharers)),
      positions(positionsOf(element)), blockBytes(layout::kvBlockBytes(dim)),
      stageBlocks(stageBytes / blockBytes),
      scale(op.getScale().convertToDouble() * 1.4426950408889634) {}

namespace {

class RingAttention {
public:
  /// `alone` is for a split of one block: of shape.spread().
  RingAttention(GpuBuilder &code, KernelRingAttentionOp::Adaptor operands,
                const AttentionShape &shape, AttentionBlocks &blocks,
                AttentionBlocks &alone)
      : code(code), operands(operands), shape(shape), math(blocks),
        alone(alone),
        roundHeads(std::min({shape.heads, kRoundElements / shape.perWarp(),
                             int32_t(abi::kGpuConsumers) / shape.dim})) {}
  void emit();

private:
  void prepare();
  void findWords();
  void clearPadding();
  void receive();
  State stages();
  State pieces(Value slot, Value firstBlock, Value count, Value first,
               State state);
  State piece(Value slot, Value firstBlock, Value number, State state);
  void attendAlone();
  void sendAlone(const State &state);
  void appendRow();
  void leaveSums(const State &state);
  void joinSums();
  void leaveOutput(const State &state, int32_t round);
  Value sumOutput(Value element, Value inRound);
  void sendOutput(int32_t round);
  void sendJoined(const State &state);
  void append(Value cache, ArrayRef<Value> newRow);
  void countAppend();

  Value again(Value value);
  Value ownRow();
  Value isBusy(Value warp);
  Value roundPlace(Value warp, Value inRound, Value e);
  Value wordsOf(Value head);
  Value isOwner();
  State ifElse(Value condition, const State &state, function_ref<State()> then,
               function_ref<State()> otherwise);
  State loop32(Value from, Value to, int32_t step, State state,
               function_ref<State(Value, State)> body);

  GpuBuilder &code;
  KernelRingAttentionOp::Adaptor operands;
  const AttentionShape &shape;
  AttentionBlocks &math, &alone;
  int32_t roundHeads; ///< whose output the warps leave at a time
  // i32: the step's row in its block, blocks of this split, the row again if
  // the step's block is one of them, else -1.
  Value row, blocks, rowIfOwner;
  // What is sent: the words of the unit's first head and split, and their tag.
  Value words, tag;
  // Of head lane / 4 over all warps: maximum and sum. Warps that had a block,
  // as bits.
  Value maximum, sum, busy;
};

} // namespace

//===----------------------------------------------------------------------===//
// Short hands
//===----------------------------------------------------------------------===//

/// Computes a value once more, from the instruction in shared memory: operands
/// that are kept during the stages are registers that their loop needs.
Value RingAttention::again(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() != 0 || op->hasTrait<OpTrait::ConstantLike>())
    return value;
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, again(operand));
  return code.b.clone(*op, mapping)
      ->getResult(cast<OpResult>(value).getResultNumber());
}

/// The row of the step if it is in this split's last block. LLVM does not see
/// that it is always the same: what is made of it for a block would be made
/// before the loop of stages, and kept.
Value RingAttention::ownRow() {
  auto same = NVVM::InlinePtxOp::create(
      code.b, code.loc, TypeRange{code.b.getI32Type()}, ValueRange{rowIfOwner},
      ValueRange(), "mov.b32 $0, $1;", Value());
  return same.getResult(0);
}

/// Whether the step's block is one of this split's.
Value RingAttention::isOwner() {
  return code.make<arith::CmpIOp>(arith::CmpIPredicate::sge, rowIfOwner,
                                  code.i32(0));
}

/// Both give values of the types of `state`.
State RingAttention::ifElse(Value condition, const State &state,
                            function_ref<State()> then,
                            function_ref<State()> otherwise) {
  auto ifOp = scf::IfOp::create(code.b, code.loc, TypeRange(ValueRange(state)),
                                condition,
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(code.b);
  code.b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  scf::YieldOp::create(code.b, code.loc, then());
  code.b.setInsertionPointToStart(&ifOp.getElseRegion().front());
  scf::YieldOp::create(code.b, code.loc, otherwise());
  return State(ifOp.getResults());
}

State RingAttention::loop32(Value from, Value to, int32_t step, State state,
                            function_ref<State(Value, State)> body) {
  auto forOp =
      scf::ForOp::create(code.b, code.loc, from, to, code.i32(step), state);
  OpBuilder::InsertionGuard guard(code.b);
  code.b.setInsertionPointToStart(forOp.getBody());
  State result =
      body(forOp.getInductionVar(), State(forOp.getRegionIterArgs()));
  // A loop without values has its terminator already.
  if (!result.empty())
    scf::YieldOp::create(code.b, code.loc, result);
  return State(forOp.getResults());
}

//===----------------------------------------------------------------------===//
// Query, key and value of the step
//===----------------------------------------------------------------------===//

void RingAttention::prepare() {
  Value split = code.narrow(operands.getSplit());
  Value position = code.narrow(operands.getPosition());
  Value last = code.div32(position, shape.positions);
  row = code.rem32(position, shape.positions);
  Value isOwner = code.equal(code.rem32(last, shape.splits), split);
  rowIfOwner = code.select(isOwner, row, code.i32(-1));
  Value some = code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, last, split);
  Value count = code.add32(code.div32(code.sub(last, split), shape.splits), 1);
  blocks = code.select(some, count, code.i32(0));
}

/// Elements from dim to the end of its tile are zero in queries and keys, as
/// they are multiplied.
void RingAttention::clearPadding() {
  int32_t pairs = (shape.padded() - shape.dim) / 2;
  if (pairs == 0)
    return;
  Value thread = code.thread();
  Value e = code.add32(code.mul32(code.rem32(thread, pairs), 2), shape.dim);
  Value head = code.div32(thread, pairs), zero = code.f32(0);
  code.ifThen(code.less(head, code.i32(shape.heads)),
              [&] { math.placeQuery(head, e, zero, zero); });
  code.ifThen(code.equal(head, code.i32(shape.heads)),
              [&] { math.placeKey(row, e, zero, zero); });
}

/// Polls [heads queries, key, value] of the unit's head. Writes `staged`, which
/// the task before has left behind a barrier.
void RingAttention::receive() {
  clearPadding();
  int32_t heads = shape.heads, dim = shape.dim;
  Value words = code.at(operands.getQuery(),
                        code.mul(operands.getHead(), int64_t(heads + 2) * dim),
                        code.b.getI64Type());
  Value index;
  WordPoller poller(code, words, code.narrow(operands.getQueryTag()));
  poller.add(2, [&] { return index; });
  Value pairs = code.i32((heads + 2) * dim / 2);
  forMyNumbers(code, pairs, [&](Value pair, Value exists) {
    index = code.mul32(pair, 2);
    poller.load();
    poller.wait();
    Value x0 = poller.value(0, 0), x1 = poller.value(0, 1);
    Value number = code.div32(index, dim), e = code.rem32(index, dim);
    auto isOf = [&](int32_t head) -> Value {
      return code.make<arith::AndIOp>(exists,
                                      code.equal(number, code.i32(head)));
    };
    Value isQuery =
        code.make<arith::AndIOp>(exists, code.less(number, code.i32(heads)));
    code.ifThen(isQuery, [&] { math.placeQuery(number, e, x0, x1); });
    code.ifThen(isOf(heads), [&] { math.placeKey(row, e, x0, x1); });
    code.ifThen(isOf(heads + 1), [&] { math.placeValue(row, e, x0, x1); });
  });
}

//===----------------------------------------------------------------------===//
// The stages
//===----------------------------------------------------------------------===//

/// A piece is a block, or what one of the warps that share a block does of it.
State RingAttention::piece(Value slot, Value firstBlock, Value number,
                           State state) {
  Value block = code.div32(number, shape.sharers);
  Value base = code.byteAt(slot, code.mul32(block, shape.blockBytes));
  Value isLast = code.equal(code.add32(code.add(firstBlock, block), 1), blocks);
  return ifElse(
      code.make<arith::AndIOp>(isOwner(), isLast), state,
      [&] { return math.addBlock(base, ownRow(), state); },
      [&] { return math.addBlock(base, Value(), state); });
}

/// Pieces first, first + 8, ... of `count` in the stage at `slot`, whose first
/// block is `firstBlock` of the split's.
State RingAttention::pieces(Value slot, Value firstBlock, Value count,
                            Value first, State state) {
  if (shape.stageBlocks * shape.sharers <= int32_t(layout::kGroupWarps))
    return ifElse(
        code.less(first, count), state,
        [&] { return piece(slot, firstBlock, first, state); },
        [&] { return state; });
  return loop32(first, count, layout::kGroupWarps, state,
                [&](Value number, State now) {
                  return piece(slot, firstBlock, number, now);
                });
}

State RingAttention::stages() {
  int32_t perStage = shape.stageBlocks;
  // As many pairs of stages as the loader copies.
  Value pairs = code.div32(code.add32(blocks, 2 * perStage - 1), 2 * perStage);
  return loop32(
      code.i32(0), pairs, 1, math.initialState(), [&](Value pair, State now) {
        Value slot = code.acquireStage();
        Value stage = code.add(code.mul32(pair, layout::kGroups), code.group());
        Value firstBlock = code.mul32(stage, perStage);
        Value left = code.select(code.less(firstBlock, blocks),
                                 code.sub(blocks, firstBlock), code.i32(0));
        Value count =
            code.mul32(code.min(left, code.i32(perStage)), shape.sharers);
        // Stages with few pieces go to the one and the other half of the warps.
        Value turn = code.mul32(code.rem32(pair, 2), layout::kGroupWarps / 2);
        Value first =
            code.rem32(code.add(code.warpInGroup(), turn), layout::kGroupWarps);
        now = pieces(slot, firstBlock, count, first, now);
        code.releaseStage();
        return now;
      });
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void RingAttention::findWords() {
  tag = code.narrow(again(operands.getTag()));
  Value head = code.narrow(again(operands.getHead()));
  Value split = code.narrow(again(operands.getSplit()));
  Value line = code.add(code.mul32(head, shape.heads * shape.splits), split);
  words =
      code.at(again(operands.getPartials()),
              code.zext(code.mul32(line, shape.dim + 2)), code.b.getI64Type());
}

/// Index of a head's words: maximum, sum, output.
Value RingAttention::wordsOf(Value head) {
  return code.zext(code.mul32(head, shape.splits * (shape.dim + 2)));
}

/// Of a split of one block: a warp has as few tiles of the output as can be, so
/// that few instructions lie between the query and the words. All have the same
/// sums.
void RingAttention::sendAlone(const State &state) {
  alone.emitSums(state, [&](Value head, Value maximum, Value sum) {
    code.ifThen(code.equal(code.warp(), code.i32(0)), [&] {
      code.sendPair(words, wordsOf(head), maximum, sum, tag);
    });
  });
  Value first = code.mul32(code.warp(), alone.shape.perWarp());
  auto sendPair = [&](Value head, Value e, Value x0, Value x1) {
    Value element = code.add(first, e);
    code.ifThen(code.less(element, code.i32(shape.dim)), [&] {
      Value place = code.add(code.add(wordsOf(head), code.zext(element)), 2);
      code.sendPair(words, place, x0, x1, tag);
    });
  };
  alone.emitOutput(state, 0, shape.heads, sendPair);
}

/// A split of one block, or of none, which only says that it is done.
void RingAttention::attendAlone() {
  code.ifThen(code.equal(blocks, code.i32(0)), [&] {
    Value head = code.thread();
    code.ifThen(code.less(head, code.i32(shape.heads)), [&] {
      code.sendPair(words, wordsOf(head), code.f32(kNoScore), code.f32(0), tag);
    });
  });
  code.ifThen(code.equal(blocks, code.i32(1)), [&] {
    // Of the two stages the first has the block.
    Value slot = code.acquireStage();
    code.ifThen(code.less(code.warp(), code.i32(alone.shape.sharers)), [&] {
      State none = alone.initialState();
      sendAlone(ifElse(
          isOwner(), none, [&] { return alone.addBlock(slot, ownRow(), none); },
          [&] { return alone.addBlock(slot, Value(), none); }));
    });
    code.releaseStage();
  });
  code.stamp(abi::Stamp::Weights);
}

/// rows[warp][head]: maximum and sum.
void RingAttention::leaveSums(const State &state) {
  math.emitSums(state, [&](Value head, Value maximum, Value sum) {
    Value place = code.add(code.mul32(code.warp(), kMaxHeads), head);
    Value rows = code.shared(SharedPart::Rows);
    Value at = code.zext(code.mul32(place, 2));
    code.storeF32(maximum, rows, at);
    code.storeF32(sum, rows, code.add(at, 1));
  });
}

/// Over all warps, in every lane for head lane / 4.
void RingAttention::joinSums() {
  Value rows = code.shared(SharedPart::Rows);
  auto load = [&](Value warp, Value head, int32_t which) {
    Value place = code.add(code.mul32(warp, kMaxHeads), head);
    return code.loadF32(rows,
                        code.zext(code.add32(code.mul32(place, 2), which)));
  };
  Value lane = code.lane();
  // Those without a block have no score of any head.
  Value had = code.make<arith::CmpFOp>(
      arith::CmpFPredicate::OGT, load(code.rem32(lane, kWarps), code.i32(0), 0),
      code.f32(kNoScore));
  busy = code.ballot(had);

  Value head = code.div32(lane, 4), t = code.rem32(lane, 4);
  SmallVector<Value> maxima, sums;
  for (int32_t i = 0; i < kWarps / shape.sharers / 4; ++i) {
    Value warp = code.mul32(code.add32(t, 4 * i), shape.sharers);
    maxima.push_back(load(warp, head, 0));
    sums.push_back(load(warp, head, 1));
  }
  maximum = maxima.front();
  for (Value other : ArrayRef(maxima).drop_front())
    maximum = code.make<arith::MaxNumFOp>(maximum, other);
  for (int32_t mask : {1, 2})
    maximum =
        code.make<arith::MaxNumFOp>(maximum, code.shuffleXor(maximum, mask));
  sum = code.f32(0);
  for (auto [m, l] : llvm::zip(maxima, sums))
    sum = code.fma(emitExp2(code, code.subf(m, maximum)), l, sum);
  for (int32_t mask : {1, 2})
    sum = code.addf(sum, code.shuffleXor(sum, mask));
}

Value RingAttention::isBusy(Value warp) {
  Value bit = code.make<arith::ShRUIOp>(busy, warp);
  return code.make<arith::TruncIOp>(code.b.getI1Type(), bit);
}

/// In staged[warp][head of the round][element of the warp's]. Heads begin at
/// different banks where that is easy.
Value RingAttention::roundPlace(Value warp, Value inRound, Value e) {
  int32_t perWarp = shape.perWarp();
  if (llvm::isPowerOf2_32(perWarp))
    e = code.make<arith::XOrIOp>(e,
                                 code.rem32(code.mul32(inRound, 8), perWarp));
  Value line = code.add(code.mul32(warp, roundHeads), inRound);
  return code.add(code.mul32(line, perWarp), e);
}

void RingAttention::leaveOutput(const State &state, int32_t round) {
  int32_t first = round * roundHeads;
  math.emitOutput(
      state, first, roundHeads, [&](Value head, Value e, Value x0, Value x1) {
        Value at = roundPlace(code.warp(), code.add32(head, -first), e);
        Value staged = code.shared(SharedPart::Staged);
        code.storeF32(x0, staged, code.zext(at));
        code.storeF32(x1, staged, code.add(code.zext(at), 1));
      });
}

/// Over the warps that had a block, in their order.
Value RingAttention::sumOutput(Value element, Value inRound) {
  Value staged = code.shared(SharedPart::Staged);
  Value first = code.div32(element, shape.perWarp()); // its sharer
  Value local = code.rem32(element, shape.perWarp());
  Value sum = code.f32(0);
  for (int32_t k = 0; k < kWarps; k += shape.sharers) {
    Value warp = code.add32(first, k);
    // Loaded in any case: loads behind branches would wait for each other.
    Value x = code.loadF32(staged, code.zext(roundPlace(warp, inRound, local)));
    sum = code.addf(sum, code.select(isBusy(warp), x, code.f32(0)));
  }
  return sum;
}

/// A thread has at most one element of the round.
void RingAttention::sendOutput(int32_t round) {
  int32_t first = round * roundHeads;
  int32_t count = std::min(roundHeads, shape.heads - first);
  Value thread = code.thread();
  code.ifThen(code.less(thread, code.i32(count * shape.dim)), [&] {
    Value inRound = code.div32(thread, shape.dim);
    Value element = code.rem32(thread, shape.dim);
    Value place = code.add(wordsOf(code.add32(inRound, first)),
                           code.zext(code.add32(element, 2)));
    code.send(words, place, sumOutput(element, inRound), tag);
  });
}

void RingAttention::sendJoined(const State &state) {
  joinSums();
  Value lane = code.lane(), head = code.div32(lane, 4);
  Value sends = code.make<arith::AndIOp>(
      code.less(code.thread(), code.i32(4 * shape.heads)),
      code.equal(code.rem32(lane, 4), code.i32(0)));
  code.ifThen(sends, [&] {
    code.send(words, wordsOf(head), maximum, tag);
    code.send(words, code.add(wordsOf(head), 1), sum, tag);
  });
  State scaled = math.rescale(state, maximum);
  for (int32_t round = 0; round * roundHeads < shape.heads; ++round) {
    if (round > 0)
      code.blockBarrier();
    code.ifThen(isBusy(code.warp()), [&] { leaveOutput(scaled, round); });
    code.blockBarrier();
    sendOutput(round);
  }
}

//===----------------------------------------------------------------------===//
// The cache
//===----------------------------------------------------------------------===//

/// Copies the step's row to the split's last block. Run when all stages have
/// landed: a copy never reads what is written here.
void RingAttention::append(Value cache, ArrayRef<Value> newRow) {
  Value own = ownRow();
  Value isOwner =
      code.make<arith::CmpIOp>(arith::CmpIPredicate::sge, own, code.i32(0));
  code.ifThen(isOwner, [&] {
    Value number = code.zext(code.add32(blocks, -1));
    Value block = code.byteAt(cache, code.mul(number, shape.blockBytes));
    math.storeNewRow(newRow, own, block);
  });
}

/// Tells the loader that this layer's row is in the cache, or belongs to
/// another worker.
void RingAttention::countAppend() {
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    Value appended = code.shared(SharedPart::State,
                                 code.i32(layout::StateOffset::kAppended));
    code.countShared32(code.i32(1), appended);
  });
}

/// The step's row goes to the cache when all stages have landed: behind a
/// barrier, which also lets warps read what others have left.
void RingAttention::appendRow() {
  // Asked for before it is needed: it comes from global memory.
  Value cache = again(operands.getCache());
  // Others than the owner read a row, too, and drop it.
  SmallVector<Value> newRow =
      math.loadNewRow(code.rem32(ownRow(), shape.positions));
  code.blockBarrier();
  append(cache, newRow);
}

void RingAttention::emit() {
  prepare();
  findWords();
  receive();
  // All that others see of this task's reads is over: what comes from other
  // workers is there.
  code.blockBarrier();
  code.stamp(abi::Stamp::Input);
  Value isJoined = code.less(code.i32(1), blocks);
  auto either = scf::IfOp::create(code.b, code.loc, isJoined,
                                  /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(code.b);
    code.b.setInsertionPointToStart(&either.getElseRegion().front());
    attendAlone();
    appendRow();
    code.b.setInsertionPointToStart(&either.getThenRegion().front());
    State state = stages();
    code.stamp(abi::Stamp::Weights);
    leaveSums(state);
    findWords();
    appendRow();
    sendJoined(state);
  }
  // The row is in the cache, and shared memory is free.
  code.blockBarrier();
  countAppend();
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

namespace {

struct RingAttentionLowering : GpuPattern<KernelRingAttentionOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelRingAttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = cast<MemRefType>(op.getCache().getType()).getElementType();
    if (!element.isBF16() && !element.isF16() && !element.isF32())
      return op.emitOpError() << "has no lowering for a cache of " << element;
    int64_t heads = op.getHeads(), dim = op.getDim();
    if (heads > kMaxHeads || dim > AttentionShape::kMaxDim || dim % 2 != 0)
      return op.emitOpError()
             << "expects up to " << kMaxHeads << " heads of an even number of "
             << "up to " << AttentionShape::kMaxDim << " elements, found "
             << heads << " of " << dim;
    AttentionShape shape(op, element, kernel.gpu.getStage());
    if (shape.stageBlocks == 0)
      return op.emitOpError()
             << "expects stages of at least " << shape.blockBytes
             << " bytes for heads of " << dim << " elements, found "
             << kernel.gpu.getStage();
    GpuBuilder code(rewriter, op, kernel);
    AttentionShape spread = shape.spread();
    auto make = element.isF32() ? makeScalarBlocks : makeMmaBlocks;
    auto blocks = make(code, shape), alone = make(code, spread);
    RingAttention(code, adaptor, shape, *blocks, *alone).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mlir::amk::populateGpuRingAttentionPatterns(const TypeConverter &converter,
                                                 const GpuKernel &kernel,
                                                 RewritePatternSet &patterns) {
  patterns.add<RingAttentionLowering>(converter, patterns.getContext(), kernel);
}

FailureOr<int32_t> mlir::amk::findKVBlock(KernelProgramOp program) {
  int32_t found = 0;
  WalkResult result = program.walk([&](KernelRingAttentionOp op) {
    Type element = cast<MemRefType>(op.getCache().getType()).getElementType();
    int32_t positions = positionsOf(element);
    if (found != 0 && positions != found) {
      op.emitOpError() << "has a cache of blocks of " << positions
                       << " positions, where others of the program have "
                       << found;
      return WalkResult::interrupt();
    }
    found = positions;
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  return found;
}

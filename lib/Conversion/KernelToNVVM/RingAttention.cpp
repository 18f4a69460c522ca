//===- RingAttention.cpp - Attention over the cache's ring ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kv head and one split of the context. The query heads of the kv head are
// A, rows 0 to 7 their high parts and rows 8 to 15 their low parts; blocks of 16
// positions of the cache, which come through the ring as fragments, are B. Each
// warp keeps the running maximum, sum and output of the blocks it has had; at the
// end warps are joined in their order. docs/GpuKernel.md, section 5.
//
// The step's own row is not in the cache yet. It is put as a row of a block in
// shared memory, which the last warps treat as one more block with this one
// position; once all stages have landed, it is copied into the cache.
//
//===----------------------------------------------------------------------===//

#include "RingAttention.h"

#include "Combine.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static constexpr int32_t kPositions = kAttentionBlock, kTile = 16, kColumns = 8;
static constexpr int32_t kFragment = abi::kFragmentBytes;
static constexpr int32_t kMaxHeads = 8, kMaxDim = 128;
/// Heads and elements of each whose results the warps leave at a time.
static constexpr int32_t kRoundHeads = 4, kWarpDim = 64;
static constexpr int32_t kWarps = layout::kGroups * layout::kGroupWarps;
static_assert(kWarps * kRoundHeads * kWarpDim * 4 <= layout::kStagedBytes);
static_assert(kMaxDim / kTile * 2 * kFragment <=
              layout::kRowsOffset - layout::kPartOffset);

namespace {

class RingAttention {
public:
  RingAttention(GpuBuilder &code, KernelRingAttentionOp op,
                KernelRingAttentionOp::Adaptor operands, Type element)
      : code(code), operands(operands), element(element),
        heads(op.getHeads()), dim(op.getDim()), splits(op.getSplits()),
        tiles(layout::ceilDiv(op.getDim(), kTile)),
        halves(op.getDim() > kWarpDim ? 2 : 1),
        warpTiles(layout::ceilDiv(tiles, halves)),
        blockBytes(2 * tiles * kFragment),
        stageBlocks(code.kernel.gpu.getStage() / blockBytes),
        scale(op.getScale().convertToDouble() * 1.4426950408889634) {}
  void emit();

private:
  // Running maximum and sum (of this lane's positions) of head lane / 4, then
  // four accumulators for every 8 elements of the output.
  using State = SmallVector<Value>;

  void prepare();
  void receive();
  void placeQuery(Value head, Value e, Value x0, Value x1);
  void placeKey(Value block, Value e, Value x0, Value x1);
  void placeValue(Value block, Value e, Value x0, Value x1);
  void clearPadding();
  State newRow(State state);
  State stages(State state);
  State pieces(Value slot, Value firstBlock, Value count, Value first,
               State state);
  State piece(Value base, Value begin, Value end, State state);
  SmallVector<Value> scores(Value base);
  void output(Value base, ArrayRef<Value> p, ArrayRef<Value> valid,
              State &state);
  void append();
  void leaveSums(const State &state);
  void leaveOutput(const State &state, int32_t round);
  struct Joined {
    Value isMine, head, element, maximum, sum, value;
  };
  Joined join(int32_t round);
  void publish(const Joined &joined);
  void countAppend();

  // Short hands, i32.
  Value g() { return code.div32(code.lane(), 4); }
  Value t() { return code.rem32(code.lane(), 4); }
  Value half() {
    return halves == 1 ? code.i32(0) : code.rem32(code.warp(), halves);
  }
  Value staged(Value bytes) { return code.shared(SharedPart::Staged, bytes); }
  /// The block that holds the step's own row.
  Value newBlock() { return code.shared(SharedPart::Part); }
  Value sum(std::initializer_list<Value> values);
  Value pack(Value x0, Value x1);
  std::array<Value, 2> highAndLow(Value x0, Value x1);
  SmallVector<Value> loadFragment(Value base, int32_t offset);
  State ifState(Value condition, State state, function_ref<State()> then);
  State loop32(Value from, Value to, int32_t step, State state,
               function_ref<State(Value, State)> body);

  GpuBuilder &code;
  KernelRingAttentionOp::Adaptor operands;
  Type element; ///< of the cache
  int32_t heads, dim, splits, tiles, halves, warpTiles, blockBytes, stageBlocks;
  double scale; ///< with log2(e): exponentials are of base 2
  // All i32: the unit's split, the step's position and its block, blocks of this
  // split, whether the step's block is one of them (i1).
  Value split, position, last, blocks, isOwner;
};

} // namespace

//===----------------------------------------------------------------------===//
// Short hands
//===----------------------------------------------------------------------===//

Value RingAttention::sum(std::initializer_list<Value> values) {
  Value result;
  for (Value value : values)
    result = result ? code.add(result, value) : value;
  return result;
}

/// Two floats, rounded, as a register.
Value RingAttention::pack(Value x0, Value x1) {
  OpBuilder &b = code.b;
  Value pair = code.make<LLVM::PoisonOp>(VectorType::get({2}, b.getF32Type()));
  pair = code.make<LLVM::InsertElementOp>(pair, x0, code.i32(0));
  pair = code.make<LLVM::InsertElementOp>(pair, x1, code.i32(1));
  Value rounded =
      code.make<LLVM::FPTruncOp>(VectorType::get({2}, element), pair);
  return code.make<LLVM::BitcastOp>(b.getI32Type(), rounded);
}

std::array<Value, 2> RingAttention::highAndLow(Value x0, Value x1) {
  Value high = pack(x0, x1);
  Value rounded =
      code.make<LLVM::BitcastOp>(VectorType::get({2}, element), high);
  auto rest = [&](Value x, int32_t i) {
    Value part = code.make<LLVM::ExtractElementOp>(rounded, code.i32(i));
    return code.subf(x, code.make<LLVM::FPExtOp>(code.b.getF32Type(), part));
  };
  return {high, pack(rest(x0, 0), rest(x1, 1))};
}

/// This lane's four registers of the fragment block at base + offset.
SmallVector<Value> RingAttention::loadFragment(Value base, int32_t offset) {
  auto type = VectorType::get({4}, code.b.getI32Type());
  Value bytes = code.add32(code.mul32(code.lane(), 16), offset);
  Value vector = code.load(type, code.byteAt(base, bytes), 16);
  SmallVector<Value> registers;
  for (int32_t r = 0; r < 4; ++r)
    registers.push_back(
        code.make<LLVM::ExtractElementOp>(vector, code.i32(r)));
  return registers;
}

RingAttention::State RingAttention::ifState(Value condition, State state,
                                            function_ref<State()> then) {
  auto ifOp = scf::IfOp::create(code.b, code.loc,
                                TypeRange(ValueRange(state)), condition,
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(code.b);
  code.b.setInsertionPointToStart(&ifOp.getElseRegion().front());
  scf::YieldOp::create(code.b, code.loc, state);
  code.b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  State result = then();
  scf::YieldOp::create(code.b, code.loc, result);
  return State(ifOp.getResults());
}

RingAttention::State
RingAttention::loop32(Value from, Value to, int32_t step, State state,
                      function_ref<State(Value, State)> body) {
  auto forOp = scf::ForOp::create(code.b, code.loc, from, to, code.i32(step),
                                  state);
  OpBuilder::InsertionGuard guard(code.b);
  code.b.setInsertionPointToStart(forOp.getBody());
  State result = body(forOp.getInductionVar(), State(forOp.getRegionIterArgs()));
  // A loop without values has its terminator already.
  if (!result.empty())
    scf::YieldOp::create(code.b, code.loc, result);
  return State(forOp.getResults());
}

//===----------------------------------------------------------------------===//
// Query, key and value of the step
//===----------------------------------------------------------------------===//

void RingAttention::prepare() {
  split = code.narrow(operands.getSplit());
  position = code.narrow(operands.getPosition());
  last = code.div32(position, kPositions);
  isOwner = code.equal(code.rem32(last, splits), split);
  Value some = code.make<arith::CmpIOp>(arith::CmpIPredicate::uge, last, split);
  Value count = code.add32(code.div32(code.sub(last, split), splits), 1);
  blocks = code.select(some, count, code.i32(0));
}

/// Elements e, e + 1 of a query head: registers of A, high and low parts.
void RingAttention::placeQuery(Value head, Value e, Value x0, Value x1) {
  Value u = code.rem32(e, kTile);
  Value lane = code.add(code.mul32(head, 4),
                        code.div32(code.rem32(u, kColumns), 2));
  Value bytes = sum({code.mul32(code.div32(e, kTile), kFragment),
                     code.mul32(lane, 16),
                     code.mul32(code.div32(u, kColumns), 8)});
  Value factor = code.f32(static_cast<float>(scale));
  auto parts = highAndLow(code.mulf(x0, factor), code.mulf(x1, factor));
  code.store(parts[0], staged(bytes), 4);
  code.store(parts[1], staged(code.add32(bytes, 4)), 4);
}

/// Byte of elements e, e + 1 of position `p` of a block's keys.
static Value keyByte(GpuBuilder &code, Value e, Value p) {
  Value u = code.rem32(e, kTile), row = code.rem32(p, kPositions);
  Value lane = code.add(code.mul32(code.rem32(row, kColumns), 4),
                        code.div32(code.rem32(u, kColumns), 2));
  Value word = code.add(code.mul32(code.div32(row, kColumns), 2),
                        code.div32(u, kColumns));
  Value inFragment = code.add(code.mul32(lane, 16), code.mul32(word, 4));
  return code.add(code.mul32(code.div32(e, kTile), kFragment), inFragment);
}

/// Byte of element e of position `p` of a block's values, from their begin.
static Value valueByte(GpuBuilder &code, Value e, Value p) {
  Value row = code.rem32(p, kPositions);
  Value lane = code.add(code.mul32(code.rem32(e, kColumns), 4),
                        code.div32(code.rem32(row, kColumns), 2));
  Value word =
      code.add(code.mul32(code.rem32(code.div32(e, kColumns), 2), 2),
               code.div32(row, kColumns));
  Value inFragment = code.add(code.mul32(lane, 16), code.mul32(word, 4));
  Value inWord = code.mul32(code.rem32(row, 2), 2);
  return code.add(code.add(code.mul32(code.div32(e, kTile), kFragment), inWord),
                  inFragment);
}

void RingAttention::placeKey(Value block, Value e, Value x0, Value x1) {
  code.store(pack(x0, x1), code.byteAt(block, keyByte(code, e, position)), 4);
}

void RingAttention::placeValue(Value block, Value e, Value x0, Value x1) {
  Value values = code.byteAt(block, code.i32(tiles * kFragment));
  int32_t next = 0;
  for (Value x : {x0, x1}) {
    Value rounded = code.make<LLVM::FPTruncOp>(element, x);
    Value byte = valueByte(code, code.add32(e, next++), position);
    code.store(rounded, code.byteAt(values, byte), 2);
  }
}

/// Elements from dim to the end of its tile are zero in queries and keys, as
/// they are multiplied.
void RingAttention::clearPadding() {
  int32_t pairs = (tiles * kTile - dim) / 2;
  if (pairs == 0)
    return;
  Value thread = code.thread();
  Value e = code.add32(code.mul32(code.rem32(thread, pairs), 2), dim);
  Value head = code.div32(thread, pairs), zero = code.f32(0);
  code.ifThen(code.less(head, code.i32(heads)),
              [&] { placeQuery(head, e, zero, zero); });
  code.ifThen(code.equal(head, code.i32(heads)),
              [&] { placeKey(newBlock(), e, zero, zero); });
}

/// Polls [heads queries, key, value] of the unit's head. Writes `staged` and
/// `part`, which the task before has left behind a barrier.
void RingAttention::receive() {
  clearPadding();
  Value words =
      code.at(operands.getQuery(),
              code.mul(operands.getHead(), int64_t(heads + 2) * dim),
              code.b.getI64Type());
  Value tag = code.narrow(operands.getQueryTag());
  int32_t pairs = (heads + 2) * dim / 2;
  Value thread = code.thread();
  loop32(thread, code.i32(pairs), abi::kGpuConsumers, {},
         [&](Value pair, State) -> State {
           Value index = code.mul32(pair, 2);
           auto x = emitPollPair(code, words, code.zext(index), tag);
           Value row = code.div32(index, dim), e = code.rem32(index, dim);
           code.ifThen(code.less(row, code.i32(heads)),
                       [&] { placeQuery(row, e, x[0], x[1]); });
           code.ifThen(code.equal(row, code.i32(heads)),
                       [&] { placeKey(newBlock(), e, x[0], x[1]); });
           code.ifThen(code.equal(row, code.i32(heads + 1)),
                       [&] { placeValue(newBlock(), e, x[0], x[1]); });
           return {};
         });
}

//===----------------------------------------------------------------------===//
// A block of the cache
//===----------------------------------------------------------------------===//

/// Of head lane / 4 and positions 2t, 2t + 1, 2t + 8, 2t + 9.
SmallVector<Value> RingAttention::scores(Value base) {
  SmallVector<Value> c[2];
  for (SmallVector<Value> &accumulators : c)
    accumulators.assign(4, code.f32(0));
  Value query = code.shared(SharedPart::Staged);
  for (int32_t tile = 0; tile < tiles; ++tile) {
    SmallVector<Value> a = loadFragment(query, tile * kFragment);
    SmallVector<Value> b = loadFragment(base, tile * kFragment);
    for (int32_t n = 0; n < 2; ++n)
      c[n] = SmallVector<Value>(code.kernel.arch.emitMma(
          code, element, a, {b[2 * n], b[2 * n + 1]}, c[n]));
  }
  SmallVector<Value> s;
  for (SmallVector<Value> &accumulators : c)
    for (int32_t i = 0; i < 2; ++i)
      s.push_back(code.addf(accumulators[i], accumulators[i + 2]));
  return s;
}

/// Adds P V to this warp's elements of the output.
void RingAttention::output(Value base, ArrayRef<Value> p,
                           ArrayRef<Value> valid, State &state) {
  SmallVector<Value> a;
  for (int32_t n = 0; n < 2; ++n)
    llvm::append_range(a, highAndLow(p[2 * n], p[2 * n + 1]));
  // Rows beyond the position may hold anything, and 0 times anything is not 0.
  Value masks[2];
  for (int32_t n = 0; n < 2; ++n)
    masks[n] = code.make<arith::OrIOp>(
        code.select(valid[2 * n], code.i32(0xffff), code.i32(0)),
        code.select(valid[2 * n + 1], code.i32(int32_t(0xffff0000)),
                    code.i32(0)));
  Value first = code.mul32(half(), warpTiles);
  for (int32_t i = 0; i < warpTiles; ++i) {
    // The second warp may have a tile less; it takes the last one twice, and
    // nobody reads the second result.
    Value tile = code.min(code.add32(first, i), code.i32(tiles - 1));
    Value values = code.byteAt(base, code.mul32(tile, kFragment));
    SmallVector<Value> b = loadFragment(values, tiles * kFragment);
    for (int32_t r = 0; r < 4; ++r)
      b[r] = code.make<arith::AndIOp>(b[r], masks[r % 2]);
    for (int32_t n = 0; n < 2; ++n) {
      Value *o = &state[2 + 4 * (2 * i + n)];
      SmallVector<Value, 4> d = code.kernel.arch.emitMma(
          code, element, a, {b[2 * n], b[2 * n + 1]}, ArrayRef(o, 4));
      std::copy(d.begin(), d.end(), o);
    }
  }
}

/// Positions [begin, end) of the block at `base`.
RingAttention::State RingAttention::piece(Value base, Value begin, Value end,
                                          State state) {
  SmallVector<Value> s = scores(base), valid, p;
  Value length = code.sub(end, begin);
  for (int32_t i = 0; i < 4; ++i) {
    Value row = code.add32(code.mul32(t(), 2), i % 2 + kColumns * (i / 2));
    valid.push_back(code.less(code.sub(row, begin), length));
    s[i] = code.select(valid[i], s[i], code.f32(kNoScore));
  }
  auto max = [&](Value x, Value y) {
    return code.make<arith::MaxNumFOp>(x, y);
  };
  Value most = max(max(s[0], s[1]), max(s[2], s[3]));
  for (int32_t mask : {1, 2})
    most = max(most, code.shuffleXor(most, mask));
  Value maximum = max(state[0], most);
  Value factor = emitExp2(code, code.subf(state[0], maximum));
  for (int32_t i = 0; i < 4; ++i)
    p.push_back(code.select(valid[i],
                            emitExp2(code, code.subf(s[i], maximum)),
                            code.f32(0)));
  Value all = code.addf(code.addf(p[0], p[1]), code.addf(p[2], p[3]));
  state[0] = maximum;
  state[1] = code.fma(state[1], factor, all);
  for (Value &o : MutableArrayRef(state).drop_front(2))
    o = code.mulf(o, factor);
  output(base, p, valid, state);
  return state;
}

/// The step's own row, for which the last warps need no stage.
RingAttention::State RingAttention::newRow(State state) {
  Value isLast = code.less(code.i32(kWarps - halves - 1), code.warp());
  return ifState(code.make<arith::AndIOp>(isLast, isOwner), state, [&] {
    Value row = code.rem32(position, kPositions);
    return piece(newBlock(), row, code.add32(row, 1), state);
  });
}

/// Pieces first, first + 8, ... of `count` in the stage at `slot`, whose first
/// block is `firstBlock` of the split's.
RingAttention::State RingAttention::pieces(Value slot, Value firstBlock,
                                           Value count, Value first,
                                           State state) {
  auto one = [&](Value number, State now) {
    Value block = code.div32(number, halves);
    Value global = code.add(
        code.mul32(code.add(firstBlock, block), splits), split);
    Value before = code.sub(position, code.mul32(global, kPositions));
    Value base = code.byteAt(slot, code.mul32(block, blockBytes));
    return piece(base, code.i32(0), code.min(before, code.i32(kPositions)),
                 now);
  };
  if (stageBlocks * halves <= int32_t(layout::kGroupWarps))
    return ifState(code.less(first, count), state,
                   [&] { return one(first, state); });
  return loop32(first, count, layout::kGroupWarps, state, one);
}

RingAttention::State RingAttention::stages(State state) {
  // As many pairs of stages as the loader copies.
  Value pairs = code.div32(code.add32(blocks, 2 * stageBlocks - 1),
                           2 * stageBlocks);
  return loop32(code.i32(0), pairs, 1, state, [&](Value pair, State now) {
    Value slot = code.acquireStage();
    Value stage = code.add(code.mul32(pair, layout::kGroups), code.group());
    Value firstBlock = code.mul32(stage, stageBlocks);
    Value left = code.select(code.less(firstBlock, blocks),
                             code.sub(blocks, firstBlock), code.i32(0));
    Value count =
        code.mul32(code.min(left, code.i32(stageBlocks)), halves);
    // Stages with few pieces go to the one and the other half of the warps.
    Value turn = code.mul32(code.rem32(pair, 2), layout::kGroupWarps / 2);
    Value first = code.rem32(code.add(code.warpInGroup(), turn),
                             layout::kGroupWarps);
    now = pieces(slot, firstBlock, count, first, now);
    code.releaseStage();
    return now;
  });
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Copies the step's row to its block of the cache. Run when all stages have
/// landed: a copy never reads what is written here.
void RingAttention::append() {
  Value number = code.div32(last, splits);
  Value block = code.byteAt(operands.getCache(),
                            code.mul(code.zext(number), blockBytes));
  int32_t padded = tiles * kTile;
  Value thread = code.thread();
  auto copy = [&](Type type, unsigned bytes, Value byte) {
    Value value = code.load(type, code.byteAt(newBlock(), byte), bytes);
    code.store(value, code.byteAt(block, byte), bytes);
  };
  code.ifThen(isOwner, [&] {
    code.ifThen(code.less(thread, code.i32(padded)), [&] {
      Value byte = valueByte(code, thread, position);
      copy(code.b.getI16Type(), 2, code.add32(byte, tiles * kFragment));
    });
    Value pair = code.add32(thread, -padded);
    code.ifThen(code.less(pair, code.i32(padded / 2)), [&] {
      copy(code.b.getI32Type(), 4,
           keyByte(code, code.mul32(pair, 2), position));
    });
  });
}

/// rows[warp][head]: maximum and sum.
void RingAttention::leaveSums(const State &state) {
  Value total = state[1];
  for (int32_t mask : {1, 2})
    total = code.addf(total, code.shuffleXor(total, mask));
  code.ifThen(code.equal(t(), code.i32(0)), [&] {
    Value place = code.add(code.mul32(code.warp(), kMaxHeads), g());
    Value at = code.zext(code.mul32(place, 2));
    Value rows = code.shared(SharedPart::Rows);
    code.storeF32(state[0], rows, at);
    code.storeF32(total, rows, code.add(at, 1));
  });
}

/// staged[warp][head of the round][element of the warp's].
void RingAttention::leaveOutput(const State &state, int32_t round) {
  Value isTurn =
      code.equal(code.div32(g(), kRoundHeads), code.i32(round));
  code.ifThen(isTurn, [&] {
    Value head = code.rem32(g(), kRoundHeads);
    Value row = code.add(code.mul32(code.warp(), kRoundHeads), head);
    Value first = code.add(code.mul32(row, kWarpDim), code.mul32(t(), 2));
    for (int32_t n = 0; n < 2 * warpTiles; ++n)
      for (int32_t i = 0; i < 2; ++i) {
        const Value *o = &state[2 + 4 * n];
        Value at = code.add32(first, kColumns * n + i);
        code.storeF32(code.addf(o[i], o[i + 2]),
                      code.shared(SharedPart::Staged), code.zext(at));
      }
  });
}

/// This thread's element of the round: warps in their order.
RingAttention::Joined RingAttention::join(int32_t round) {
  Value staged = code.shared(SharedPart::Staged);
  Value rows = code.shared(SharedPart::Rows);
  Value thread = code.thread();
  int32_t count = std::min(kRoundHeads, heads - round * kRoundHeads);
  Joined result;
  result.isMine = code.less(thread, code.i32(count * dim));
  Value inRound = code.rem32(code.div32(thread, dim), kRoundHeads);
  result.head = code.add32(inRound, round * kRoundHeads);
  result.element = code.rem32(thread, dim);
  int32_t perWarp = warpTiles * kTile;
  Value firstWarp = code.div32(result.element, perWarp); // its half
  Value local = code.rem32(result.element, perWarp);
  auto sumPlace = [&](int32_t k) {
    Value warp = code.add32(firstWarp, k * halves);
    Value place = code.add(code.mul32(warp, kMaxHeads), result.head);
    return code.zext(code.mul32(place, 2));
  };
  Value most;
  for (int32_t k = 0; k < kWarps / halves; ++k) {
    Value m = code.loadF32(rows, sumPlace(k));
    most = most ? code.make<arith::MaxNumFOp>(most, m) : m;
  }
  result.maximum = most;
  result.sum = result.value = code.f32(0);
  for (int32_t k = 0; k < kWarps / halves; ++k) {
    Value at = sumPlace(k);
    Value w = emitExp2(code, code.subf(code.loadF32(rows, at), most));
    Value row =
        code.add(code.mul32(code.add32(firstWarp, k * halves), kRoundHeads),
                 inRound);
    Value o = code.add(code.mul32(row, kWarpDim), local);
    result.sum =
        code.fma(w, code.loadF32(rows, code.add(at, 1)), result.sum);
    result.value =
        code.fma(w, code.loadF32(staged, code.zext(o)), result.value);
  }
  return result;
}

void RingAttention::publish(const Joined &joined) {
  Value tag = code.narrow(operands.getTag());
  Value head = code.add(code.mul(operands.getHead(), heads),
                        code.zext(joined.head));
  Value row = code.mul(code.add(code.mul(head, splits), operands.getSplit()),
                       dim + 2);
  Value words = operands.getPartials();
  // A split without blocks only says that it is done.
  Value some = code.less(code.i32(0), blocks);
  code.ifThen(joined.isMine, [&] {
    code.ifThen(some, [&] {
      Value place = code.add(row, code.zext(code.add32(joined.element, 2)));
      code.send(words, place, joined.value, tag);
    });
    code.ifThen(code.equal(joined.element, code.i32(0)), [&] {
      code.send(words, row, joined.maximum, tag);
      code.send(words, code.add(row, 1), joined.sum, tag);
    });
  });
}

/// Tells the loader that this layer's row is in the cache, or belongs to another
/// worker.
void RingAttention::countAppend() {
  code.ifThen(code.equal(code.thread(), code.i32(0)), [&] {
    Value appended = code.shared(
        SharedPart::State, code.i32(layout::StateOffset::kAppended));
    Value before = code.load(code.b.getI32Type(), appended, 4);
    code.storeShared32(code.add32(before, 1), appended);
  });
}

void RingAttention::emit() {
  prepare();
  receive();
  code.blockBarrier();
  code.stamp(abi::Stamp::Input);
  State state(2 + 8 * warpTiles, code.f32(0));
  state[0] = code.f32(kNoScore);
  state = stages(newRow(state));
  code.stamp(abi::Stamp::Weights);

  code.blockBarrier();
  append();
  leaveSums(state);
  SmallVector<Joined> joined;
  for (int32_t round = 0; round * kRoundHeads < heads; ++round) {
    if (round > 0)
      code.blockBarrier();
    leaveOutput(state, round);
    code.blockBarrier();
    joined.push_back(join(round));
  }
  // Everything of shared memory has been read, the row is in the cache.
  code.blockBarrier();
  countAppend();
  for (const Joined &part : joined)
    publish(part);
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

namespace {

struct RingAttentionLowering : OpConversionPattern<KernelRingAttentionOp> {
  RingAttentionLowering(const TypeConverter &converter, MLIRContext *context,
                        const GpuKernel &kernel)
      : OpConversionPattern(converter, context), kernel(kernel) {}
  LogicalResult
  matchAndRewrite(KernelRingAttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = cast<MemRefType>(op.getCache().getType()).getElementType();
    if (!element.isBF16() && !element.isF16())
      return op.emitOpError()
             << "has no lowering for a cache of " << element;
    int64_t heads = op.getHeads(), dim = op.getDim();
    if (heads > kMaxHeads || dim > kMaxDim || dim % 2 != 0)
      return op.emitOpError()
             << "expects up to " << kMaxHeads << " heads of an even number of "
             << "up to " << kMaxDim << " elements, found " << heads << " of "
             << dim;
    GpuBuilder code(rewriter, op, kernel);
    RingAttention(code, op, adaptor, element).emit();
    rewriter.eraseOp(op);
    return success();
  }
  const GpuKernel &kernel;
};

} // namespace

void mlir::amk::populateGpuRingAttentionPatterns(
    const TypeConverter &converter, const GpuKernel &kernel,
    RewritePatternSet &patterns) {
  patterns.add<RingAttentionLowering>(converter, patterns.getContext(),
                                      kernel);
}

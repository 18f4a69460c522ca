//===- Gemv.cpp - Matrix-vector product on tensor cores -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights are A, as fragments that come through the ring; activations are B, in
// registers for the whole task: column n is half n mod 2 of 32 columns of K, of
// the high (n / 2 = 0) or low part (1) of x. docs/GpuKernel.md, sections 3 and
// 4.2.
//
//===----------------------------------------------------------------------===//

#include "GpuBuilder.h"

#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::amk;
namespace abi = ::amk::abi;
namespace layout = ::amk::gpu;

static int64_t elements(Value memref) {
  return cast<MemRefType>(memref.getType()).getNumElements();
}

namespace {

template <typename OpTy>
struct GpuPattern : OpConversionPattern<OpTy> {
  GpuPattern(const TypeConverter &converter, MLIRContext *context,
             const GpuKernel &kernel)
      : OpConversionPattern<OpTy>(converter, context), kernel(kernel) {}
  const GpuKernel &kernel;
};

class MmaGemv {
public:
  MmaGemv(GpuBuilder &code, const layout::RunShape &shape, Type element,
          bool hiLo)
      : code(code), shape(shape), element(element), hiLo(hiLo) {}

  /// B registers of this warp for the staged vector.
  void loadInput(Value staged, Value scale);
  void multiply(Value tiles, Value out);

private:
  /// Block i of this warp in a stage, and whether there is one. A warp without
  /// takes any other one, with zeros as B.
  std::pair<Value, Value> blockInStage(int64_t i);
  Value planeOf(Value x0, Value x1);
  Value multiplyTile();
  void sumTiles(Value first, Value last, Value out);

  GpuBuilder &code;
  layout::RunShape shape;
  Type element;
  bool hiLo;
  SmallVector<std::array<Value, 2>> input; ///< [stage of group][block]
};

} // namespace

std::pair<Value, Value> MmaGemv::blockInStage(int64_t i) {
  int32_t perWarp = shape.warpBlocks;
  Value block =
      code.add32(code.mul32(code.warpInGroup(), perWarp), int32_t(i));
  Value isThere = code.less(block, code.i32(shape.stageBlocks));
  return {code.select(isThere, block, code.i32(0)), isThere};
}

/// Two neighbours of x as a B register: their high or low parts, by column.
Value MmaGemv::planeOf(Value x0, Value x1) {
  OpBuilder &b = code.b;
  auto pairType = VectorType::get({2}, element);
  auto floats = VectorType::get({2}, b.getF32Type());
  auto asRegister = [&](Value pair) {
    return code.make<LLVM::BitcastOp>(b.getI32Type(), pair);
  };
  Value x = code.make<LLVM::PoisonOp>(floats);
  x = code.make<LLVM::InsertElementOp>(x, x0, code.i32(0));
  x = code.make<LLVM::InsertElementOp>(x, x1, code.i32(1));
  Value high = code.make<LLVM::FPTruncOp>(pairType, x);
  Value zero = code.i32(0);
  // Column of this lane: lane / 4; its plane: column / 2.
  Value plane = code.div32(code.lane(), 8);
  Value low = zero;
  if (hiLo) {
    Value rest = code.make<LLVM::FSubOp>(
        x, code.make<LLVM::FPExtOp>(floats, high));
    low = asRegister(code.make<LLVM::FPTruncOp>(pairType, rest));
  }
  Value value =
      code.select(code.equal(plane, code.i32(1)), low, zero);
  return code.select(code.equal(plane, zero), asRegister(high), value);
}

void MmaGemv::loadInput(Value staged, Value scale) {
  Value lane = code.lane();
  // 16 * (column mod 2) + 2 * (lane mod 4), in elements.
  Value half = code.mul32(code.rem32(code.div32(lane, 4), 2), 16);
  Value inBlock = code.add(half, code.mul32(code.rem32(lane, 4), 2));
  for (uint32_t stage = 0; stage < shape.tileStages / 2; ++stage)
    for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
      auto [block, isThere] = blockInStage(i);
      Value number = code.add32(code.group(), int32_t(2 * stage));
      Value c = code.add(code.mul32(number, shape.stageBlocks), block);
      Value first = code.add(code.mul32(c, 32), inBlock);
      std::array<Value, 2> registers;
      for (int32_t k = 0; k < 2; ++k) {
        Value at = code.zext(code.add32(first, 8 * k));
        Value x0 = code.loadF32(staged, at);
        Value x1 = code.loadF32(staged, code.add(at, 1));
        if (scale) {
          x0 = code.mulf(x0, scale);
          x1 = code.mulf(x1, scale);
        }
        registers[k] =
            code.select(isThere, planeOf(x0, x1), code.i32(0));
      }
      input.push_back(registers);
    }
}

/// The product of a tile and this warp's columns: row lane / 4, in the lanes
/// that are multiples of 4.
Value MmaGemv::multiplyTile() {
  auto vector = VectorType::get({4}, code.b.getI32Type());
  SmallVector<Value> sums[2];
  for (SmallVector<Value> &chain : sums)
    chain.assign(4, code.f32(0.0f));
  Value inBlock = code.mul32(code.lane(), 16);
  unsigned next = 0;
  for (uint32_t stage = 0; stage < shape.tileStages / 2; ++stage) {
    Value slot = code.acquireStage();
    SmallVector<Value> weights;
    for (uint32_t i = 0; i < shape.warpBlocks; ++i) {
      Value offset = code.add(
          code.mul32(blockInStage(i).first, abi::kFragmentBytes), inBlock);
      weights.push_back(code.load(vector, code.byteAt(slot, offset), 16));
    }
    code.releaseStage();
    for (Value weight : weights) {
      SmallVector<Value> a;
      for (int32_t r = 0; r < 4; ++r)
        a.push_back(code.make<LLVM::ExtractElementOp>(weight, code.i32(r)));
      SmallVector<Value> &chain = sums[next % 2];
      chain = llvm::to_vector(llvm::map_range(
          code.kernel.arch.emitMma(code, element, a, input[next], chain),
          [](Value v) { return v; }));
      ++next;
    }
  }
  // Of C only equal halves mean anything: registers 0 and 3.
  Value d = code.addf(sums[0][0], sums[0][3]);
  Value y = code.addf(d, code.addf(sums[1][0], sums[1][3]));
  return hiLo ? code.addf(y, code.shuffleXor(y, 1)) : y;
}

/// Rows of tiles [first, last): the sum over the warps, in their order.
void MmaGemv::sumTiles(Value first, Value last, Value out) {
  Value part = code.shared(SharedPart::Part);
  Value count = code.mul32(code.sub(last, first), 8);
  Value row = code.thread();
  code.blockBarrier();
  code.ifThen(code.less(row, count), [&] {
    Value tile = code.mul32(code.div32(row, 8), layout::kPartStride);
    Value base = code.zext(code.add(tile, code.rem32(row, 8)));
    Value sum = code.loadF32(part, base);
    for (int64_t warp = 1; warp < layout::kGroups * layout::kGroupWarps; ++warp)
      sum = code.addf(sum, code.loadF32(part, code.add(base, 8 * warp)));
    code.storeF32(sum, out, code.zext(code.add(code.mul32(first, 8), row)));
  });
  code.blockBarrier();
}

void MmaGemv::multiply(Value tiles, Value out) {
  Value part = code.shared(SharedPart::Part);
  Value lane = code.lane();
  code.loop(code.i64(0), tiles, layout::kPartTiles, [&](Value first) {
    Value last = code.min(code.add(first, layout::kPartTiles), tiles);
    code.loop(first, last, 1, [&](Value tile) {
      Value y = multiplyTile();
      code.ifThen(code.equal(code.rem32(lane, 4), code.i32(0)), [&] {
        Value place = code.narrow(code.sub(tile, first));
        Value at = code.add(code.mul32(place, layout::kPartStride),
                            code.mul32(code.warp(), 8));
        code.storeF32(y, part,
                      code.zext(code.add(at, code.div32(lane, 4))));
      });
    });
    sumTiles(code.narrow(first), code.narrow(last), out);
  });
}

namespace {

struct GemvLowering : GpuPattern<KernelGemvOp> {
  using GpuPattern::GpuPattern;
  LogicalResult
  matchAndRewrite(KernelGemvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = cast<MemRefType>(op.getWeights().getType()).getElementType();
    if (op.packLayout() != PackLayout::MmaTile8x2 ||
        !(element.isBF16() || element.isF16()))
      return op.emitOpError() << "has no lowering for weights of " << element
                              << " in layout "
                              << stringifyPackLayout(op.packLayout());
    if (op.getPanels().value_or(1) != 1)
      return op.emitOpError("has no lowering for several panels");
    uint32_t maxBlocks = kernel.gpu.getStage() / abi::kFragmentBytes;
    int64_t columns = elements(op.getInput());
    layout::RunShape shape =
        layout::runShape(abi::PackLayout::MmaTile8x2, columns, maxBlocks);
    int64_t whole = int64_t(shape.tileStages) * shape.stageBlocks * 32;
    if (shape.panels != 1 || columns != whole)
      return op.emitOpError() << "expects a staged vector of whole stages, "
                              << whole << " elements, found " << columns;
    GpuBuilder code(rewriter, op, kernel);
    MmaGemv gemv(code, shape, element, op.getHiLo());
    gemv.loadInput(adaptor.getInput(), adaptor.getScale());
    code.stamp(abi::Stamp::Input);
    gemv.multiply(adaptor.getTiles(), adaptor.getOut());
    code.stamp(abi::Stamp::Weights);
    rewriter.eraseOp(op);
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

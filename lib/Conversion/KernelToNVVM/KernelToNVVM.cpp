//===- KernelToNVVM.cpp - Kernel bodies for a GPU --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program with a `gpu` attribute becomes one persistent kernel: see
// GpuProgram.cpp. Without, one body is one kernel of one thread block, which
// serves to compare bodies with the CPU's: operations are collective over the
// block's threads, scratch is shared memory, and a block barrier separates
// operations.
//
//===----------------------------------------------------------------------===//

#include "../Utils/KernelTypeConverter.h"
#include "GpuPattern.h"
#include "RingAttention.h"

#include "amk/Conversion/GpuArchs.h"
#include "amk/Conversion/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::amk {
#define GEN_PASS_DEF_CONVERTAMKKERNELTONVVM
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

/// LLVM 22's own NVPTX string. Without it 64-bit accesses are split in two.
static constexpr StringLiteral kDataLayout =
    "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64";
static constexpr StringLiteral kScratchName = "amk_scratch";
static constexpr StringLiteral kReduceName = "amk_reduce";
static constexpr unsigned kGlobal = 1, kShared = 3;
static constexpr int64_t kWarp = 32, kMaxThreads = 1024;

namespace {

/// Code that all threads of the block run together.
class BlockBuilder : public CodeBuilder {
public:
  BlockBuilder(OpBuilder &builder, Location loc, int64_t threads)
      : CodeBuilder(builder, loc), threads(threads) {}

  Value thread() { return zext(make<NVVM::ThreadIdXOp>(b.getI32Type())); }
  void barrier() { NVVM::Barrier0Op::create(b, loc); }

  /// Elements i = thread, thread + threads, ... of [0, n).
  void forMine(Value n, function_ref<void(Value)> body) {
    loop(thread(), n, threads, body);
  }

  /// Sum over the lanes of a warp; every lane gets it.
  Value warpSum(Value value, int64_t lanes = kWarp) {
    for (int64_t offset = lanes / 2; offset > 0; offset /= 2)
      value = addf(value, make<NVVM::ShflOp>(b.getF32Type(), i32(-1), value,
                                             i32(offset), i32(kWarp - 1),
                                             NVVM::ShflKind::bfly, UnitAttr()));
    return value;
  }

  /// Sum over the block in a fixed order; every thread gets it.
  Value blockSum(Value value) {
    Value slots = make<LLVM::AddressOfOp>(sharedPtr(), kReduceName);
    Value sum = warpSum(value);
    Value lane = rem(thread(), kWarp), warp = div(thread(), kWarp);
    ifThen(equal(lane, i64(0)), [&] { storeF32(sum, slots, warp); });
    barrier();
    Value total = f32(0.0f);
    for (int64_t w = 0; w < threads / kWarp; ++w)
      total = addf(total, loadF32(slots, i64(w)));
    return total;
  }

  LLVM::LLVMPointerType sharedPtr() {
    return LLVM::LLVMPointerType::get(b.getContext(), kShared);
  }

  int64_t threads;
};

template <typename OpTy>
struct BlockPattern : OpConversionPattern<OpTy> {
  BlockPattern(const TypeConverter &converter, MLIRContext *context,
               int64_t threads)
      : OpConversionPattern<OpTy>(converter, context), threads(threads) {}
  int64_t threads;
};

struct StageLowering : BlockPattern<KernelStageOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelStageOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockBuilder code(rewriter, op.getLoc(), threads);
    int64_t n = elements(op.getInput());
    code.forMine(code.i64(n), [&](Value i) {
      code.storeF32(code.loadF32(adaptor.getInput(), i), adaptor.getOut(), i);
    });
    code.forMine(code.i64(elements(op.getOut()) - n), [&](Value i) {
      code.storeF32(code.f32(0.0f), adaptor.getOut(), code.add(i, n));
    });
    code.barrier();
    rewriter.eraseOp(op);
    return success();
  }
};

struct RmsNormLowering : BlockPattern<KernelRmsNormOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelRmsNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockBuilder code(rewriter, op.getLoc(), threads);
    int64_t n = elements(op.getInput());
    Value squares =
        code.loop(code.thread(), code.i64(n), threads, code.f32(0.0f),
                  [&](Value i, ValueRange sum) {
                    Value x = code.loadF32(adaptor.getInput(), i);
                    return SmallVector<Value>{code.fma(x, x, sum[0])};
                  })[0];
    Value mean = code.divf(code.blockSum(squares), code.f32(n));
    Value epsilon = code.f32(op.getEpsilon().convertToDouble());
    Value scale = code.divf(code.f32(1.0f),
                            code.make<LLVM::SqrtOp>(code.addf(mean, epsilon)));
    code.forMine(code.i64(n), [&](Value i) {
      Value x = code.loadF32(adaptor.getInput(), i);
      Value w = code.loadF32(adaptor.getWeight(), i);
      code.storeF32(code.mulf(w, code.mulf(x, scale)), adaptor.getOut(), i);
    });
    code.forMine(code.i64(elements(op.getOut()) - n), [&](Value i) {
      code.storeF32(code.f32(0.0f), adaptor.getOut(), code.add(i, n));
    });
    code.barrier();
    rewriter.eraseOp(op);
    return success();
  }
};

/// A warp takes whole tiles; lane l multiplies element l of every chunk.
struct GemvLowering : BlockPattern<KernelGemvOp> {
  using BlockPattern::BlockPattern;

  LogicalResult
  matchAndRewrite(KernelGemvOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockBuilder code(rewriter, op.getLoc(), threads);
    Type element = cast<MemRefType>(op.getWeights().getType()).getElementType();
    int64_t rows = op.getTileRows(), columns = elements(op.getInput());
    Value lane = code.rem(code.thread(), kWarp);
    Value warp = code.div(code.thread(), kWarp);
    code.loop(warp, adaptor.getTiles(), threads / kWarp, [&](Value tile) {
      Value weights = code.at(adaptor.getWeights(),
                              code.mul(tile, rows * columns), element);
      SmallVector<Value> sums = multiplyTile(code, weights, adaptor.getInput(),
                                             lane, element, rows, columns);
      for (auto [row, sum] : llvm::enumerate(sums)) {
        Value total = code.warpSum(sum);
        Value index = code.add(code.mul(tile, rows), row);
        code.ifThen(code.equal(lane, code.i64(0)),
                    [&] { code.storeF32(total, adaptor.getOut(), index); });
      }
    });
    code.barrier();
    rewriter.eraseOp(op);
    return success();
  }

  /// Column of a chunk that its element `lane` belongs to: bf16 chunks
  /// interleave their halves (see abi::PackLayout).
  static Value columnOf(BlockBuilder &code, Value lane, Type element) {
    if (!element.isBF16())
      return lane;
    int64_t half = ::amk::abi::kPackChunk / 2;
    return code.add(code.div(lane, 2), code.mul(code.rem(lane, 2), half));
  }

  static Value loadWeight(BlockBuilder &code, Value pointer, Type element) {
    if (element.isF32())
      return code.load(element, pointer, 4);
    if (element.isF16())
      return code.make<arith::ExtFOp>(code.b.getF32Type(),
                                      code.load(element, pointer, 2));
    Value bits = code.make<arith::ExtUIOp>(
        code.b.getI32Type(), code.load(code.b.getI16Type(), pointer, 2));
    return code.make<arith::BitcastOp>(
        code.b.getF32Type(), code.make<arith::ShLIOp>(bits, code.i32(16)));
  }

  static SmallVector<Value> multiplyTile(BlockBuilder &code, Value weights,
                                         Value input, Value lane, Type element,
                                         int64_t rows, int64_t columns) {
    constexpr int64_t chunk = ::amk::abi::kPackChunk;
    SmallVector<Value> zeros(rows, code.f32(0.0f));
    Value column = columnOf(code, lane, element);
    return code.loop(
        code.i64(0), code.i64(columns), chunk, zeros,
        [&](Value k, ValueRange sums) {
          Value x = code.loadF32(input, code.add(k, column));
          Value first =
              code.at(weights, code.add(code.mul(k, rows), lane), element);
          SmallVector<Value> next;
          for (int64_t row = 0; row < rows; ++row) {
            Value w = loadWeight(
                code, code.at(first, code.i64(row * chunk), element), element);
            next.push_back(code.fma(w, x, sums[row]));
          }
          return next;
        });
  }
};

struct StoreRowsLowering : BlockPattern<KernelStoreRowsOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelStoreRowsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockBuilder code(rewriter, op.getLoc(), threads);
    code.forMine(adaptor.getCount(), [&](Value u) {
      Value row = code.add(adaptor.getBegin(), u);
      Value value = code.loadF32(adaptor.getValues(), u);
      if (adaptor.getResidual())
        value = code.addf(code.loadF32(adaptor.getResidual(), row), value);
      code.storeF32(value, adaptor.getOut(), row);
    });
    code.barrier();
    rewriter.eraseOp(op);
    return success();
  }
};

struct ScratchLowering : BlockPattern<KernelScratchOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelScratchOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    BlockBuilder code(rewriter, op.getLoc(), threads);
    Value base = code.make<LLVM::AddressOfOp>(code.sharedPtr(), kScratchName);
    rewriter.replaceOp(op, code.byteAt(base, code.i64(op.getOffset())));
    return success();
  }
};

struct ReturnLowering : BlockPattern<KernelReturnOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getStop())
      return rewriter.notifyMatchFailure(op, "gates have no GPU lowering");
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, ValueRange());
    return success();
  }
};

/// void body(arguments...): pointers and 64-bit integers, in order.
struct BodyLowering : BlockPattern<KernelBodyOp> {
  using BlockPattern::BlockPattern;
  LogicalResult
  matchAndRewrite(KernelBodyOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> types;
    for (Type type : op.getBody().getArgumentTypes())
      types.push_back(getTypeConverter()->convertType(type));
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(getContext()), types);
    auto func =
        LLVM::LLVMFuncOp::create(rewriter, op.getLoc(), op.getSymName(), type);
    func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                  rewriter.getUnitAttr());
    func->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                  rewriter.getUnitAttr());
    // The code is right for this number of threads only.
    func->setAttr(
        NVVM::NVVMDialect::getReqntidAttrName(),
        rewriter.getDenseI32ArrayAttr({static_cast<int32_t>(threads)}));
    Block *entry = func.addEntryBlock(rewriter);
    rewriter.inlineBlockBefore(&op.getBody().front(), entry, entry->end(),
                               entry->getArguments());
    rewriter.eraseOp(op);
    return success();
  }
};

struct ConvertAMKKernelToNVVM
    : mlir::amk::impl::ConvertAMKKernelToNVVMBase<ConvertAMKKernelToNVVM> {
  using ConvertAMKKernelToNVVMBase::ConvertAMKKernelToNVVMBase;

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    for (auto program :
         llvm::to_vector(getOperation().getOps<KernelProgramOp>()))
      if (failed(convertProgram(program)))
        return signalPassFailure();
  }

private:
  /// LLVM ends the process for a chip or a feature that it does not know.
  LogicalResult checkOptions() {
    if (threads % kWarp != 0 || threads < kWarp || threads > kMaxThreads)
      return getOperation().emitError()
             << "threads: found " << threads.getValue()
             << ", expected a multiple of " << kWarp << " from " << kWarp
             << " to " << kMaxThreads;
    if (!findArch(chip))
      return getOperation().emitError() << "chip: found '" << chip
                                        << "', expected one of " << archNames();
    return success();
  }

  /// As one persistent kernel for the architecture that the program names.
  LogicalResult convertPersistent(KernelProgramOp program) {
    const ArchRow *row = findArch(program.getGpuAttr().getArch());
    if (!row)
      return program.emitOpError()
             << "expects one of " << archNames() << " as arch, found "
             << program.getGpuAttr();
    std::unique_ptr<ArchEmitter> emitter = makeEmitter(*row);
    FailureOr<int32_t> kvBlock = findKVBlock(program);
    if (failed(kvBlock))
      return failure();
    OpBuilder builder(program);
    gpu::GPUModuleOp module = createModule(builder, program, *row);
    // What describes code in a bundle.
    module->setAttr(kGpuAttrName, program.getGpuAttr());
    // Symbols of the module must be around what names them.
    program->moveBefore(module.getBody(), module.getBody()->end());
    GpuKernel kernel{*emitter, program.getGpuAttr(), *kvBlock};
    kernel.sharesStages = sharesStages(program, kernel);
    return lowerGpuProgram(program, module, kernel);
  }

  LogicalResult convertProgram(KernelProgramOp program) {
    if (program.getGpu())
      return convertPersistent(program);
    KernelTypeConverter converter(kGlobal, kShared);
    RewritePatternSet patterns(&getContext());
    int64_t count = threads;
    patterns.add<BodyLowering, GemvLowering, ReturnLowering, RmsNormLowering,
                 ScratchLowering, StageLowering, StoreRowsLowering>(
        converter, &getContext(), count);
    ConversionTarget target(getContext());
    target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect,
                           arith::ArithDialect, scf::SCFDialect,
                           math::MathDialect>();
    target.addIllegalDialect<AMKDialect>();
    target.addLegalOp<KernelProgramOp>();

    // The functions must be inside the module whose globals they name.
    OpBuilder builder(program);
    gpu::GPUModuleOp module =
        createModule(builder, program, *findArch(chip));
    addSharedMemory(module);
    if (failed(applyFullConversion(program, target, std::move(patterns))))
      return failure();
    Block &body = program.getBody().front();
    module.getBody()->getOperations().splice(module.getBody()->end(),
                                             body.getOperations());
    program.erase();
    return success();
  }

  gpu::GPUModuleOp createModule(OpBuilder &builder, KernelProgramOp program,
                                const ArchRow &row) {
    auto target = NVVM::NVVMTargetAttr::get(&getContext(), /*optLevel=*/3,
                                            "nvptx64-nvidia-cuda", row.name,
                                            row.features);
    auto module = gpu::GPUModuleOp::create(
        builder, program.getLoc(), program.getSymName(),
        builder.getArrayAttr(Attribute(target)));
    module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                    builder.getStringAttr(kDataLayout));
    return module;
  }

  void addSharedMemory(gpu::GPUModuleOp module) {
    OpBuilder builder(&getContext());
    Location loc = module.getLoc();
    builder.setInsertionPointToStart(module.getBody());
    auto addShared = [&](StringRef name, Type type, LLVM::Linkage linkage,
                         int64_t alignment) {
      LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false, linkage,
                             name, Attribute(), alignment, kShared);
    };
    Type i8 = builder.getI8Type(), f32 = builder.getF32Type();
    addShared(kScratchName, LLVM::LLVMArrayType::get(i8, 0),
              LLVM::Linkage::External, 1024);
    addShared(kReduceName, LLVM::LLVMArrayType::get(f32, kMaxThreads / kWarp),
              LLVM::Linkage::Internal, 16);
  }
};

} // namespace

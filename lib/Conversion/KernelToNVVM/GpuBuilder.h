//===- GpuBuilder.h - What bodies of the GPU kernel may use -----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every body is a private function
//
//   (i32, i32) body(ptr args, ptr<3> instruction, i32 step, i32 slot, i32 par)
//
// that the 512 consumer threads run together; the last two arguments and the
// results are the state of the worker's ring. Lowerings of single operations
// make a GpuBuilder where they are and need not know any of this.
//
// Rules for every body (docs/GpuKernel.md, section 4): between its last read of
// shared data and the first word that it publishes there is a blockBarrier()
// after which those reads have returned; it publishes nothing before its first
// blockBarrier(), and it has at least one.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_GPUBUILDER_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_GPUBUILDER_H

#include "Arch.h"

#include "amk/Support/GpuLayout.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::amk {

/// Parts of the block's shared memory.
enum class SharedPart {
  Ring,
  Staged,
  Part,
  Rows,
  Instructions,
  Barriers,
  State
};

/// Of one kernel program; outlives its lowering.
struct GpuKernel {
  const ArchEmitter &arch;
  GpuAttr gpu;
  /// Positions of a block of the KV cache; 0 without attention.
  int32_t kvBlock = 0;
  /// Whether tiles share stages in some body: see RunShape::stageTiles.
  bool sharesStages = false;
};

constexpr StringLiteral kSharedName = "amk_shared";
constexpr StringLiteral kWaitSlowName = "amk_wait_slow";
/// On functions that have registers for arguments of the launch.
constexpr StringLiteral kKeepArgsAttrName = "amk.keep_args";

/// Failed attempts of a bounded wait between visits of its slow path; a power
/// of two.
constexpr int32_t kSpinLimit = 4096;

class GpuBuilder : public CodeBuilder {
public:
  /// For code inside `function`, a body or the kernel itself.
  GpuBuilder(OpBuilder &builder, Location loc, const GpuKernel &kernel,
             LLVM::LLVMFuncOp function)
      : CodeBuilder(builder, loc), kernel(kernel), function(function) {}
  /// For the lowering of an operation in a body, once it is a function.
  GpuBuilder(OpBuilder &builder, Operation *op, const GpuKernel &kernel)
      : GpuBuilder(builder, op->getLoc(), kernel,
                   op->getParentOfType<LLVM::LLVMFuncOp>()) {}

  //===--- Where am I (all i32) ---===//
  Value thread();
  Value lane();
  Value warp();
  Value group();       ///< 0 or 1
  Value warpInGroup(); ///< 0 to 7
  Value worker();
  /// The row of the task that this thread adds and sends, modulo 512: rows are
  /// with threads one after the other, from `firstThread` of setRows() on.
  Value rowThread();
  /// Whether the body ends with its rows: warps without any have left it when
  /// they are sent, and no barrier follows.
  bool endsWithRows();
  /// For those who build functions; planRows() decides.
  void setRows(int32_t firstThread, bool areLast);

  //===--- i32 arithmetic (CodeBuilder's is i64) ---===//
  Value add32(Value a, int32_t c) { return c ? add(a, i32(c)) : a; }
  Value mul32(Value a, int32_t c) { return c == 1 ? a : mul(a, i32(c)); }
  Value div32(Value a, int32_t c) { return make<arith::DivUIOp>(a, i32(c)); }
  Value rem32(Value a, int32_t c) { return make<arith::RemUIOp>(a, i32(c)); }
  Value narrow(Value value) {
    return make<arith::TruncIOp>(b.getI32Type(), value);
  }
  /// for (i = from; i < to; i += step) body(i), all i32
  void loop32(Value from, Value to, int32_t step,
              function_ref<void(Value)> body);

  //===--- Barriers, shuffles ---===//
  void blockBarrier(); ///< of the consumers: bar.sync 1, 512
  void warpBarrier();
  Value shuffleXor(Value value, int32_t mask); ///< of 32 bits
  /// What lane `from` (i32) has, of 32 bits.
  Value shuffle(Value value, Value from);
  /// The lanes for which `condition` holds, as bits (i32).
  Value ballot(Value condition);
  /// Sum over a warp in a fixed order; every lane gets it.
  Value warpSum(Value f32);

  //===--- The task ---===//
  /// Operand i of the instruction: an integer as i64, or the pointer (address
  /// space 1) that it stands for. Loads from shared memory: cheap, so ask where
  /// it is needed instead of keeping it.
  Value operand(unsigned i);
  Value pointer(MemorySpace space, unsigned i);
  /// Field of the instruction, of a type of 32 bits.
  Value instructionField(uint64_t offset);
  Value hasFlag(::amk::abi::DeviceFlag flag); ///< of the instruction, i1
  Value position(); ///< i32
  Value step();     ///< i32
  /// Tags of this step (i32), and of which counter's words: see
  /// abi::DeviceInstruction.
  Value inputTag(unsigned number);
  Value outputTag();

  //===--- Memory ---===//
  Value args(); ///< abi::GpuArgs, generic pointer
  /// Of abi::GpuArgs. Constant in a launch: with kKeepArgsAttrName on the
  /// function LLVM need not read it again after a barrier.
  Value argsField(Type type, uint64_t offset);
  /// Global pointer from a field of GpuArgs.
  Value argsPointer(uint64_t offset);
  /// base + bytes, both of shared memory.
  Value shared(SharedPart part);
  Value shared(SharedPart part, Value byteOffset); ///< i32
  LLVM::LLVMPointerType sharedPtr();
  LLVM::LLVMPointerType globalPtr();

  //===--- Waits ---===//
  struct Failure {
    ::amk::abi::WaitKind kind;
    Value what, seen, expected; ///< i32; null: 0
    Value address;              ///< i64; null: 0
  };
  /// Repeats `attempt` until it gives true. After kSpinLimit failures, and then
  /// every so often, it takes the slow path: `failure` is called to say what
  /// the report would be. Waits between workers end when the launch is aborted.
  /// With `byWarp` all lanes go round together: `attempt` gives all of them the
  /// same.
  void waitFor(function_ref<Value()> attempt, function_ref<Failure()> failure,
               bool byWarp = false);
  /// The word at `pointer` of shared memory, as other warps change it.
  Value loadShared32(Value pointer);
  void storeShared32(Value value, Value pointer);
  /// A number that others poll: both are atomic operations, as racecheck of
  /// compute-sanitizer takes a store and a load for a race.
  void countShared32(Value amount, Value pointer); ///< releases
  Value pollShared32(Value pointer);               ///< acquires
  /// Waits for the phase `parity` of a barrier.
  void waitBarrier(::amk::abi::WaitKind kind, Value bar, Value parity,
                   Value slot);

  //===--- The consumers' side of the ring, strictly in order of stages ---===//
  /// Waits until the next stage of my group is full; its address.
  Value acquireStage();
  /// This lane has read it; to be called once for each stage, by warps without
  /// work in it, too.
  void releaseStage();

  /// A variable on the stack, which LLVM makes a register of; of i32 unless a
  /// type is given.
  LLVM::AllocaOp variable(Type type = {});
  /// Makes room for the ring's state, and reads and writes it. For those who
  /// build functions.
  void initRingState(Value slot, Value parity);
  SmallVector<Value, 2> ringState();
  void setRingState(ValueRange slotAndParity);
  /// bars + offset + 8 * slot
  Value barrier(uint32_t offset, Value slot);

  //===--- Timeline (Trace.cpp): nothing unless the program has `trace` ---===//
  /// Thread 0 writes the clock.
  void stamp(::amk::abi::Stamp which);
  /// Published, by the thread that has sent the first row.
  void stampRows();
  /// The loader writes the clock before and after it asks for a task's run.
  void stampLoad(bool isEnd);
  /// Thread 0 writes the clocks when the worker begins and ends.
  void stampWorker(bool isEnd);
  /// Adds the time that `wait` takes to what thread 0 has waited for the ring.
  void timeRingWait(function_ref<void()> wait);

  //===--- Words (docs/GpuKernel.md, 4.1 and 4.3) ---===//
  /// Stores value (f32 or i32) and tag as word `row` (i64) of `words`.
  void send(Value words, Value row, Value value, Value tag);
  /// The same for two f32, of which `row` is the first's: an even one.
  void sendPair(Value words, Value row, Value first, Value second, Value tag);

  /// In a function that is no body: what instruction() and step() are.
  void setTask(Value instruction, Value step) {
    currentInstruction = instruction;
    currentStep = step;
  }
  /// Pointer to the task's abi::DeviceInstruction in shared memory.
  Value instruction();

  const GpuKernel &kernel;
  LLVM::LLVMFuncOp function;

private:
  Value currentInstruction, currentStep;
};

/// Arguments of a body function.
enum BodyArgument : unsigned {
  kBodyArgs,
  kBodyInstruction,
  kBodyStep,
  kBodySlot,
  kBodyParity,
  kBodyArguments,
};

//===----------------------------------------------------------------------===//
// Parts of the kernel function
//===----------------------------------------------------------------------===//

/// Of the launch's stages, as the loader sees it: emits its whole life. Run by
/// all lanes of the loader warp.
void emitLoader(GpuBuilder &code);

/// Adds `amk_wait_slow` and the kernel, which runs `bodies` in the order of
/// their numbers.
void buildGpuMain(OpBuilder &builder, Location loc, const GpuKernel &kernel,
                  ArrayRef<LLVM::LLVMFuncOp> bodies);

/// How rows of bodies with a product go to threads.
void planRows(GpuBuilder &code, KernelGemvOp op);
/// Whether warps take a stage before they need it, so that the time from words
/// to rows is short; longer vectors need the registers.
bool takesStagesAhead(KernelGemvOp op, const GpuKernel &kernel);
/// What GpuKernel::sharesStages is to be.
bool sharesStages(KernelProgramOp program, const GpuKernel &kernel);

/// Lowers a program with a `gpu` attribute into `module`, where it lies.
LogicalResult lowerGpuProgram(KernelProgramOp program, Operation *module,
                              const GpuKernel &kernel);

void populateGpuGemvPatterns(const TypeConverter &converter,
                             const GpuKernel &kernel,
                             RewritePatternSet &patterns);
void populateGpuEpiloguePatterns(const TypeConverter &converter,
                                 const GpuKernel &kernel,
                                 RewritePatternSet &patterns);
void populateGpuStepPatterns(const TypeConverter &converter,
                             const GpuKernel &kernel,
                             RewritePatternSet &patterns);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_GPUBUILDER_H

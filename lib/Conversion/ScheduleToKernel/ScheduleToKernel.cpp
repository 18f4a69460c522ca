//===- ScheduleToKernel.cpp - Bodies for the tasks of a schedule ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A body serves every task that is alike but for offsets and ranges: same
// operation, same buffer types, same attributes, the same operands equal. Its
// arguments are, in order, the task's buffers other than weights, then the
// weight stream if it has weights, then begin and count of its units, then the
// number of weight tiles, then the part (head only). Bodies of linear tasks are
// the composition prologue, gemv, epilogue; the others are one kernel
// operation.
//
//===----------------------------------------------------------------------===//

#include "amk/Conversion/Passes.h"
#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

namespace mlir::amk {
#define GEN_PASS_DEF_CONVERTAMKSCHEDULETOKERNEL
#include "amk/Conversion/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;

//===----------------------------------------------------------------------===//
// Which tasks share a body
//===----------------------------------------------------------------------===//

/// Units of a task, or null for tasks that always cover everything.
static RangeAttr unitsOf(TaskOpInterface task) {
  return task->getAttrOfType<RangeAttr>("units");
}

/// Everything of a task that its body depends on.
static std::string bodyKey(TaskOpInterface task) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << task->getName();
  for (NamedAttribute attr : task->getAttrDictionary()) {
    StringRef name = attr.getName();
    if (name == "phase" || name == "units" || name == "stream_offset" ||
        name == "call")
      continue;
    os << ' ' << name << '=' << attr.getValue();
  }
  // Which operands are one buffer decides which argument the body reads.
  for (Value operand : task->getOperands())
    os << ' ' << operand.getType()
       << operand.getDefiningOp<BufferOp>().getKindAttr() << '#'
       << std::distance(task->operand_begin(),
                        llvm::find(task->getOperands(), operand));
  return key;
}

namespace {
struct BodyGroup {
  SmallVector<TaskOpInterface> tasks;
  int64_t maxTiles = 0; ///< of any task's weights
  /// Of the tasks, the first in the task graph.
  std::pair<int64_t, int64_t> first{INT64_MAX, 0};
};

//===----------------------------------------------------------------------===//
// Building a body
//===----------------------------------------------------------------------===//

/// Builds the body of one group, from any of its tasks.
class BodyBuilder {
public:
  BodyBuilder(OpBuilder &builder, const BodyGroup &group)
      : b(builder), task(group.tasks.front()), loc(task.getLoc()),
        maxTiles(group.maxTiles) {}

  LogicalResult build(StringRef name);
  int64_t scratchBytes() const { return scratchEnd; }

private:
  void addArguments();
  LogicalResult buildOps();
  Value stageInput(Value input, Value norm, FloatAttr epsilon);
  Value gemv(Value staged);
  Value scratch(ArrayRef<int64_t> shape);
  Value position() {
    return KernelPositionOp::create(b, loc, b.getIndexType());
  }
  Value arg(Value buffer) { return arguments.lookup(buffer); }

  template <typename OpTy, typename... Args>
  void emit(Args &&...args) {
    OpTy::create(b, loc, std::forward<Args>(args)...);
  }

  OpBuilder &b;
  TaskOpInterface task;
  Location loc;
  int64_t maxTiles;
  int64_t scratchEnd = 0;
  Block *block = nullptr;
  DenseMap<Value, Value> arguments;
  Value stream, begin, count, tiles, part, stop;
};
} // namespace

static MemRefType kernelType(MemRefType type, MemorySpace space) {
  return MemRefType::get(type.getShape(), type.getElementType(), AffineMap(),
                         MemorySpaceAttr::get(type.getContext(), space));
}

static BufferOp bufferOf(Value value) {
  return value.getDefiningOp<BufferOp>();
}

void BodyBuilder::addArguments() {
  for (Value operand : task->getOperands()) {
    BufferOp buffer = bufferOf(operand);
    if (buffer.getKind() == BufferKind::Weight)
      continue;
    Type type = kernelType(cast<MemRefType>(operand.getType()),
                           kernelMemorySpace(buffer.getKind()));
    // A buffer that a task uses twice still has one argument per use.
    Value argument = block->addArgument(type, loc);
    arguments.try_emplace(operand, argument);
  }
  auto index = [&] { return block->addArgument(b.getIndexType(), loc); };
  std::optional<WeightUse> use = task.getWeightUse();
  if (use)
    stream = block->addArgument(
        kernelType(MemRefType::get({ShapedType::kDynamic}, use->element),
                   MemorySpace::Stream),
        loc);
  if (unitsOf(task)) {
    begin = index();
    count = index();
  }
  if (use)
    tiles = index();
  if (isa<TaskHeadOp>(task))
    part = index();
}

Value BodyBuilder::scratch(ArrayRef<int64_t> shape) {
  auto type =
      kernelType(MemRefType::get(shape, b.getF32Type()), MemorySpace::Scratch);
  Value value =
      KernelScratchOp::create(b, loc, type, b.getI64IntegerAttr(scratchEnd));
  scratchEnd = llvm::alignTo(scratchEnd + byteSize(type), 64);
  return value;
}

/// The input in scratch, normalised if asked for, padded for the gemv.
Value BodyBuilder::stageInput(Value input, Value norm, FloatAttr epsilon) {
  Value staged = scratch({1, task.getWeightUse()->paddedColumns()});
  if (norm)
    emit<KernelRmsNormOp>(arg(input), arg(norm), staged, epsilon);
  else
    emit<KernelStageOp>(arg(input), staged);
  return staged;
}

/// The products of all tiles of the task, in scratch.
Value BodyBuilder::gemv(Value staged) {
  int64_t tileRows = task.getWeightUse()->tileRows;
  Value values = scratch({maxTiles * tileRows});
  emit<KernelGemvOp>(stream, staged, values, tiles, /*scale=*/Value(),
                     /*tag=*/Value(), b.getI64IntegerAttr(tileRows),
                     PackLayoutAttr(), UnitAttr(), IntegerAttr());
  return values;
}

LogicalResult BodyBuilder::buildOps() {
  auto withInput = [&](auto op) {
    return gemv(stageInput(op.getInput(), op.getNorm(), op.getEpsilonAttr()));
  };
  return TypeSwitch<Operation *, LogicalResult>(task)
      .Case([&](TaskGateOp op) {
        stop =
            KernelGateOp::create(b, loc, b.getI1Type(), arg(op.getControl()));
        return success();
      })
      .Case([&](TaskEmbedOp op) {
        emit<KernelEmbedOp>(arg(op.getToken()), arg(op.getTable()),
                            arg(op.getOut()), begin, count, position(),
                            /*tag=*/Value());
        return success();
      })
      .Case([&](TaskRmsNormOp op) {
        emit<KernelRmsNormOp>(arg(op.getInput()), arg(op.getWeight()),
                              arg(op.getOut()), op.getEpsilonAttr());
        return success();
      })
      .Case([&](TaskLinearOp op) {
        Value residual = op.getResidual() ? arg(op.getResidual()) : Value();
        emit<KernelStoreRowsOp>(withInput(op), arg(op.getOut()), begin, count,
                                residual, /*residual_tag=*/Value(),
                                /*tag=*/Value());
        return success();
      })
      .Case([&](TaskQKVOp op) {
        emit<KernelStoreQKVOp>(withInput(op), arg(op.getTable()),
                               arg(op.getQuery()), arg(op.getCache()), begin,
                               count, position(), /*tag=*/Value(),
                               op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskGatedLinearOp op) {
        emit<KernelStoreGatedOp>(op.getActivationAttr(), withInput(op),
                                 arg(op.getOut()), begin, count,
                                 /*tag=*/Value(), op.getTileRowsAttr());
        return success();
      })
      .Case([&](TaskHeadOp op) {
        emit<KernelStoreLogitsOp>(withInput(op), arg(op.getLogits()),
                                  arg(op.getPartials()), begin, count, part,
                                  /*tag=*/Value());
        return success();
      })
      .Case([&](TaskRopeOp op) {
        emit<KernelRopeOp>(arg(op.getInput()), arg(op.getTable()),
                           arg(op.getOut()), begin, count, position(),
                           op.getHeadDimAttr());
        return success();
      })
      .Case([&](TaskKVAppendOp op) {
        emit<KernelKVAppendOp>(arg(op.getKey()), arg(op.getValue()),
                               arg(op.getCache()), begin, count, position());
        return success();
      })
      .Case([&](TaskAttentionOp op) {
        // Scores of one block of positions, then the sums of one head.
        int64_t dim = cast<MemRefType>(op.getCache().getType()).getDimSize(3);
        Value room = scratch({kAttentionBlock + dim});
        emit<KernelAttentionOp>(
            arg(op.getQuery()), arg(op.getCache()), arg(op.getOut()), room,
            begin, count, position(), op.getSplitsAttr(), op.getScaleAttr());
        return success();
      })
      .Case([&](TaskAttentionCombineOp op) {
        emit<KernelAttentionCombineOp>(arg(op.getPartials()), arg(op.getOut()),
                                       begin, count);
        return success();
      })
      .Case([&](TaskGatedActivationOp op) {
        emit<KernelGatedActivationOp>(op.getActivationAttr(), arg(op.getGate()),
                                      arg(op.getUp()), arg(op.getOut()), begin,
                                      count);
        return success();
      })
      .Case([&](TaskAddOp op) {
        emit<KernelAddOp>(arg(op.getLhs()), arg(op.getRhs()), arg(op.getOut()),
                          begin, count);
        return success();
      })
      .Case([&](TaskArgmaxOp op) {
        Value partials = KernelScratchOp::create(
            b, loc,
            kernelType(MemRefType::get({1, 2}, b.getI32Type()),
                       MemorySpace::Scratch),
            b.getI64IntegerAttr(0));
        scratchEnd = 64;
        emit<KernelArgmaxOp>(arg(op.getLogits()), partials);
        emit<KernelFinishStepOp>(partials, arg(op.getToken()),
                                 arg(op.getControl()), position());
        return success();
      })
      .Case([&](TaskArgmaxCombineOp op) {
        emit<KernelFinishStepOp>(arg(op.getPartials()), arg(op.getToken()),
                                 arg(op.getControl()), position());
        return success();
      })
      .Default(
          [&](Operation *op) { return op->emitOpError("has no kernel body"); });
}

LogicalResult BodyBuilder::build(StringRef name) {
  OpBuilder::InsertionGuard guard(b);
  auto body = KernelBodyOp::create(b, loc, b.getStringAttr(name));
  block = b.createBlock(&body.getBody());
  addArguments();
  if (failed(buildOps()))
    return failure();
  emit<KernelReturnOp>(stop);
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// What earlier passes must have decided before operands can be written.
static LogicalResult verifyPlaced(TaskOpInterface task) {
  if (task.getWeightUse() && !task.getStreamOffsetAttr())
    return task.emitError("expects a stream_offset; run amk-pack-weights");
  for (Value operand : task->getOperands()) {
    BufferOp buffer = bufferOf(operand);
    if (buffer.getKind() != BufferKind::Weight && !buffer.getOffset())
      return task.emitError()
                 .append("expects buffers with an offset; run "
                         "amk-allocate-buffers")
                 .attachNote(buffer.getLoc())
             << "buffer \"" << buffer.getName() << "\" has none";
  }
  return success();
}

using BodyGroups =
    llvm::MapVector<std::string, BodyGroup, std::map<std::string, unsigned>>;

/// In the order of the task graph, so that another placement of the same tasks
/// has the same code.
static FailureOr<SmallVector<BodyGroup>> groupTasks(ScheduleOp schedule) {
  BodyGroups groups;
  WalkResult result = schedule.walk([&](TaskOpInterface task) {
    if (isa<TaskOpaqueOp>(task)) {
      if (task.getCallAttr())
        return WalkResult::advance();
      task->emitOpError("has no call, and no kernel body can be made for an "
                        "opaque task; expected the call that the back end "
                        "which put it in gives it");
      return WalkResult::interrupt();
    }
    if (failed(verifyPlaced(task)))
      return WalkResult::interrupt();
    BodyGroup &group = groups[bodyKey(task)];
    group.tasks.push_back(task);
    PhaseAttr phase = task.getPhase();
    group.first = std::min(group.first, {phase.getIndex(), phase.getPart()});
    if (auto use = task.getWeightUse())
      group.maxTiles = std::max(group.maxTiles, use->tileCount());
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  SmallVector<BodyGroup> sorted;
  for (auto &[key, group] : groups)
    sorted.push_back(std::move(group));
  llvm::sort(sorted, [](const BodyGroup &a, const BodyGroup &b) {
    return a.first < b.first;
  });
  return sorted;
}

static LogicalResult convertSchedule(ScheduleOp schedule) {
  if (schedule.getUnsynchronized())
    return schedule.emitOpError("expects a synchronised schedule");
  auto groups = groupTasks(schedule);
  if (failed(groups))
    return failure();

  OpBuilder builder(schedule->getContext());
  builder.setInsertionPointAfter(schedule);
  auto program = KernelProgramOp::create(
      builder, schedule.getLoc(),
      builder.getStringAttr(schedule.getSymName() + "_kernel"),
      builder.getI64IntegerAttr(0), GpuAttr());
  builder.createBlock(&program.getBody());

  int64_t scratchBytes = 64;
  llvm::StringMap<unsigned> uses;
  for (const BodyGroup &group : *groups) {
    StringRef kind = group.tasks.front()->getName().stripDialect();
    kind.consume_front("task.");
    std::string name = (kind + "_" + Twine(uses[kind]++)).str();
    BodyBuilder body(builder, group);
    if (failed(body.build(name)))
      return failure();
    scratchBytes = std::max(scratchBytes, body.scratchBytes());
    auto symbol = FlatSymbolRefAttr::get(builder.getContext(), name);
    for (TaskOpInterface task : group.tasks)
      task.setCallAttr(CallAttr::get(
          builder.getContext(), symbol,
          builder.getDenseI64ArrayAttr(instructionOperands(task))));
  }
  program.setScratchBytes(scratchBytes);
  return success();
}

namespace {
struct ConvertAMKScheduleToKernel
    : mlir::amk::impl::ConvertAMKScheduleToKernelBase<
          ConvertAMKScheduleToKernel> {
  void runOnOperation() override {
    for (auto schedule :
         llvm::make_early_inc_range(getOperation().getOps<ScheduleOp>()))
      if (failed(convertSchedule(schedule)))
        return signalPassFailure();
  }
};
} // namespace

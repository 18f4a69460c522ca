//===- BundlePlan.cpp - What a bundle says about a schedule ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/BundlePlan.h"
#include "TableEncoder.h"
#include "amk/Dialect/AMK/IR/GpuWeights.h"

#include <map>

using namespace mlir;
using namespace mlir::amk;
using namespace ::amk::runtime;
using ::amk::abi::IOLayout;

static std::optional<::amk::DType> dtypeOf(Type element) {
  if (element.isF16())
    return ::amk::DType::F16;
  if (element.isBF16())
    return ::amk::DType::BF16;
  if (element.isF32())
    return ::amk::DType::F32;
  return std::nullopt;
}

/// What the manifest says of a tensor of the checkpoint, or an error on `op`.
static FailureOr<TensorSpec> tensorSpec(Operation *op, StringRef name,
                                        ShapedType type, Type element) {
  std::optional<::amk::DType> dtype = dtypeOf(element);
  if (!dtype)
    return op->emitOpError("has checkpoint tensor '")
           << name << "' of " << element << ", expected f32, f16 or bf16";
  if (!type.hasStaticShape())
    return op->emitOpError("has checkpoint tensor '")
           << name << "' of type " << type << ", expected a static shape";
  return TensorSpec{
      name.str(), *dtype,
      std::vector<int64_t>(type.getShape().begin(), type.getShape().end())};
}

static bool sameTensor(const TensorSpec &a, const TensorSpec &b) {
  return a.dtype == b.dtype && a.shape == b.shape;
}

namespace {

class Planner {
public:
  Planner(ScheduleOp schedule, KernelProgramOp program)
      : schedule(schedule), program(program) {}

  FailureOr<::amk::BundlePlan> run() {
    describeModel();
    if (failed(describeGpu()) || failed(collectTensors()) ||
        failed(checkBuffers()))
      return failure();
    describeMemory();
    for (auto buffer : schedule.getOps<BufferOp>())
      addConstant(buffer);
    addExternals();
    auto tables =
        encodeTables(schedule, program, plan.manifest.memory, tensorIndex);
    if (failed(tables))
      return failure();
    plan.tables = std::move(*tables);
    return std::move(plan);
  }

private:
  LogicalResult collectTensors();
  LogicalResult addTensor(BufferOp buffer,
                          std::map<std::string, TensorSpec> &tensors);
  LogicalResult checkRoom(BufferOp buffer);
  LogicalResult checkReach(BufferOp buffer);
  LogicalResult checkBuffers();
  void describeModel();
  LogicalResult describeGpu();
  LogicalResult addKVRun(TaskAttentionOp attention);
  void describeMemory();
  void addConstant(BufferOp buffer);
  void addExternals();
  uint32_t sourceIndex(BufferOp buffer) {
    return tensorIndex.lookup(*buffer.getSource());
  }

  ScheduleOp schedule;
  KernelProgramOp program;
  ::amk::BundlePlan plan;
  TensorIndices tensorIndex;
};

} // namespace

LogicalResult Planner::addTensor(BufferOp buffer,
                                 std::map<std::string, TensorSpec> &tensors) {
  auto type = cast<MemRefType>(buffer.getResult().getType());
  Type element = type.getElementType();
  if (auto attr = buffer->getAttrOfType<TypeAttr>(kSourceElementAttrName))
    element = attr.getValue();
  FailureOr<TensorSpec> spec =
      tensorSpec(buffer, *buffer.getSource(), type, element);
  if (failed(spec))
    return failure();
  auto [it, inserted] = tensors.emplace(spec->name, *spec);
  if (!inserted && !sameTensor(it->second, *spec))
    return buffer.emitOpError("gives checkpoint tensor '")
           << spec->name << "' another type than an earlier buffer";
  return success();
}

/// All tensors of the checkpoint, sorted by name.
LogicalResult Planner::collectTensors() {
  std::map<std::string, TensorSpec> tensors;
  for (auto buffer : schedule.getOps<BufferOp>())
    if (buffer.getSource() && failed(addTensor(buffer, tensors)))
      return failure();
  if (DictionaryAttr derived = schedule.getDerivedTensorsAttr()) {
    for (NamedAttribute entry : derived) {
      auto type = dyn_cast<TypeAttr>(entry.getValue());
      auto tensor = type ? dyn_cast<ShapedType>(type.getValue()) : ShapedType();
      if (!tensor)
        return schedule.emitOpError("expects a tensor type for derived tensor ")
               << entry.getName();
      FailureOr<TensorSpec> spec = tensorSpec(schedule, entry.getName(), tensor,
                                              tensor.getElementType());
      if (failed(spec))
        return failure();
      tensors.emplace(spec->name, *spec);
    }
  }
  for (auto &[name, spec] : tensors) {
    tensorIndex[name] = plan.manifest.tensors.size();
    plan.manifest.tensors.push_back(std::move(spec));
  }
  return success();
}

/// The runtime holds requests to the model's context and vocabulary and asks
/// no buffer whether it has room for them.
LogicalResult Planner::checkRoom(BufferOp buffer) {
  auto check = [&](StringRef what, int64_t found,
                   int64_t expected) -> LogicalResult {
    if (found >= expected)
      return success();
    return buffer.emitOpError()
           << "has " << found << " " << what << ", expected at least the "
           << expected << " of the model";
  };
  auto type = cast<MemRefType>(buffer.getResult().getType());
  ModelConfigAttr config = schedule.getConfig();
  // A GPU's caches are parts; addKVRun() looks at them.
  bool isPart = plan.manifest.gpu.has_value();
  if (buffer.getKind() == BufferKind::KVCache && type.getRank() == 4 && !isPart)
    return check("positions", type.getDimSize(2), config.getMaxContext());
  if (buffer.getKind() == BufferKind::Table && type.getRank() == 2)
    return check("rows", type.getDimSize(0), config.getVocab());
  return success();
}

/// A GPU's instructions say where a buffer is in units of 16 bytes; a token for
/// each worker is kept by just those workers.
LogicalResult Planner::checkReach(BufferOp buffer) {
  uint64_t workers = schedule.getWorkers();
  auto type = cast<MemRefType>(buffer.getResult().getType());
  if (isTokenOfWorkers(buffer) && uint64_t(type.getNumElements()) != workers)
    return buffer.emitOpError()
           << "has " << type.getNumElements()
           << " elements, expected one for each of " << workers << " workers";
  ::amk::abi::Space space = addressSpace(buffer.getKind());
  if (!plan.manifest.gpu || (space != ::amk::abi::Space::Arena &&
                             space != ::amk::abi::Space::Constant))
    return success();
  if (*buffer.getOffset() % ::amk::abi::kOperandUnit == 0)
    return success();
  return buffer.emitOpError()
         << "has offset " << *buffer.getOffset() << ", expected a multiple of "
         << ::amk::abi::kOperandUnit << " for a GPU";
}

/// Everything but packed weights has its place.
LogicalResult Planner::checkBuffers() {
  for (auto buffer : schedule.getOps<BufferOp>()) {
    if (buffer.getKind() != BufferKind::Weight && !buffer.getOffset())
      return buffer.emitOpError("has no offset; run amk-allocate-buffers");
    if (failed(checkRoom(buffer)) || failed(checkReach(buffer)))
      return failure();
  }
  return success();
}

void Planner::describeModel() {
  ModelConfigAttr config = schedule.getConfig();
  ModelInfo &model = plan.manifest.model;
  model.family = config.getFamily().str();
  model.vocabSize = config.getVocab();
  model.hiddenSize = config.getHidden();
  model.layers = config.getLayers();
  model.maxContext = config.getMaxContext();
  ArrayRef<int32_t> eos = config.getEos();
  model.eosTokenIds.assign(eos.begin(), eos.end());
  if (config.getBos() >= 0)
    model.bosTokenId = config.getBos();
  plan.manifest.workers = schedule.getWorkers();
}

static OperandKind operandKind(BlockArgument argument) {
  auto type = dyn_cast<MemRefType>(argument.getType());
  if (!type) {
    bool isSplit = llvm::any_of(argument.getUsers(), [&](Operation *user) {
      auto attention = dyn_cast<KernelRingAttentionOp>(user);
      return attention && attention.getSplit() == argument;
    });
    return isSplit ? OperandKind::Split : OperandKind::Integer;
  }
  switch (cast<MemorySpaceAttr>(type.getMemorySpace()).getValue()) {
  case MemorySpace::Arena:
  case MemorySpace::Words:
    return OperandKind::Arena;
  case MemorySpace::Constant:
    return OperandKind::Constant;
  case MemorySpace::KVCache:
    return OperandKind::KVCache;
  case MemorySpace::External:
    return OperandKind::External;
  case MemorySpace::Stream:
    return OperandKind::Stream;
  case MemorySpace::Token:
  case MemorySpace::Control:
  case MemorySpace::Logits:
    return OperandKind::IO;
  case MemorySpace::Scratch:
    break; // bodies have theirs from amk.kernel.scratch
  }
  llvm_unreachable("scratch is no operand");
}

/// All runs of the KV cache have blocks alike, and as many as the longest
/// context takes.
LogicalResult Planner::addKVRun(TaskAttentionOp attention) {
  GpuTargetInfo &gpu = *plan.manifest.gpu;
  auto cache = cast<MemRefType>(attention.getCache().getType());
  uint32_t splits = attention.getSplits(), block = cache.getDimSize(2);
  if (gpu.kvSplits == 0) {
    gpu.kvSplits = splits;
    gpu.kvBlock = block;
  }
  if (splits != gpu.kvSplits || block != gpu.kvBlock)
    return attention.emitOpError()
           << "has " << splits << " splits and blocks of " << block
           << " positions, expected " << gpu.kvSplits << " and " << gpu.kvBlock
           << " as of the attention before";
  int64_t blocks = llvm::divideCeil(
      llvm::divideCeil(plan.manifest.model.maxContext, block), splits);
  if (cache.getDimSize(0) != blocks)
    return attention.emitOpError()
           << "has " << cache.getDimSize(0) << " blocks in its cache, expected "
           << blocks << " for the " << plan.manifest.model.maxContext
           << " positions of the model";
  return success();
}

/// What a GPU's runtime must know of the schedule and its bodies.
LogicalResult Planner::describeGpu() {
  FailureOr<std::optional<uint32_t>> stageBytes = ringStageBytes(schedule);
  if (failed(stageBytes))
    return failure();
  if (!*stageBytes)
    return success();
  GpuTargetInfo &gpu = plan.manifest.gpu.emplace();
  gpu.stageBytes = **stageBytes;
  for (auto body : program.getOps<KernelBodyOp>()) {
    BodyInfo info;
    info.name = body.getSymName();
    for (BlockArgument argument : body.getBody().getArguments())
      info.operands.push_back(operandKind(argument));
    gpu.bodies.push_back(std::move(info));
  }
  WalkResult result = schedule.walk([&](TaskAttentionOp attention) {
    return attention.getRing() && failed(addKVRun(attention))
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void Planner::describeMemory() {
  MemoryInfo &memory = plan.manifest.memory;
  memory.arenaBytes = schedule.getArenaBytes().value_or(0);
  memory.scratchBytes = program.getScratchBytes();
  memory.ioBytes = IOLayout::kLogits +
                   sizeof(float) * uint64_t(plan.manifest.model.vocabSize);
  for (auto buffer : schedule.getOps<BufferOp>()) {
    auto grow = [&](uint64_t &bytes) {
      bytes = std::max(bytes, *buffer.getOffset() + buffer.getBytes());
    };
    if (buffer.getKind() == BufferKind::KVCache)
      grow(memory.kvBytes);
    else if (addressSpace(buffer.getKind()) == ::amk::abi::Space::Constant)
      grow(memory.constantBytes);
  }
}

void Planner::addConstant(BufferOp buffer) {
  ConstantInfo constant;
  auto type = cast<MemRefType>(buffer.getResult().getType());
  if (buffer.getKind() == BufferKind::Vector) {
    constant.kind = ConstantInfo::Kind::TensorF32;
    constant.tensor = sourceIndex(buffer);
    constant.count = type.getNumElements();
  } else if (buffer.getKind() == BufferKind::Rotary) {
    constant.kind = ConstantInfo::Kind::Rotary;
    constant.positions = type.getDimSize(0);
    ArrayRef<float> frequencies = *buffer.getInvFreq();
    constant.invFreq.assign(frequencies.begin(), frequencies.end());
    constant.scale = buffer.getScale()->convertToDouble();
  } else {
    return;
  }
  constant.offset = *buffer.getOffset();
  plan.manifest.constants.push_back(std::move(constant));
}

/// A table's offset is its index in KernelArgs::externals.
void Planner::addExternals() {
  std::map<uint64_t, uint32_t> tables;
  for (auto buffer : schedule.getOps<BufferOp>())
    if (buffer.getKind() == BufferKind::Table)
      tables[*buffer.getOffset()] = sourceIndex(buffer);
  for (auto [offset, tensor] : tables)
    plan.manifest.externals.push_back(tensor);
}

/// The only operation of its kind in the module.
template <typename OpT>
static FailureOr<OpT> findSingle(ModuleOp module) {
  auto ops = module.getOps<OpT>();
  if (!llvm::hasSingleElement(ops)) {
    module.emitError("expected one '")
        << OpT::getOperationName() << "' to make a bundle from, found "
        << llvm::range_size(ops);
    return failure();
  }
  return *ops.begin();
}

FailureOr<::amk::BundlePlan> mlir::amk::planBundle(ModuleOp module) {
  auto schedule = findSingle<ScheduleOp>(module);
  auto program = findSingle<KernelProgramOp>(module);
  if (failed(schedule) || failed(program))
    return failure();
  return Planner(*schedule, *program).run();
}

//===- BundlePlan.cpp - What a bundle says about a schedule ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/BundlePlan.h"
#include "TableEncoder.h"
#include "amk/Dialect/AMK/IR/AMK.h"

#include <map>

using namespace mlir;
using namespace mlir::amk;
using namespace ::amk::runtime;
using ::amk::abi::IOLayout;

static ::amk::DType dtypeOf(Type element) {
  if (element.isF16())
    return ::amk::DType::F16;
  return element.isBF16() ? ::amk::DType::BF16 : ::amk::DType::F32;
}

static TensorSpec tensorSpec(StringRef name, ShapedType type, Type element) {
  return {name.str(), dtypeOf(element),
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
    if (failed(collectTensors()) || failed(checkBuffers()))
      return failure();
    describeModel();
    describeMemory();
    for (auto buffer : schedule.getOps<BufferOp>())
      addConstant(buffer);
    addExternals();
    auto tables = encodeTables(schedule, program, plan.manifest.memory,
                               tensorIndex);
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
  LogicalResult checkBuffers();
  void describeModel();
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
  TensorSpec spec = tensorSpec(*buffer.getSource(), type, element);
  auto [it, inserted] = tensors.emplace(spec.name, spec);
  if (!inserted && !sameTensor(it->second, spec))
    return buffer.emitOpError("gives checkpoint tensor '")
           << spec.name << "' another type than an earlier buffer";
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
      TensorSpec spec =
          tensorSpec(entry.getName(), tensor, tensor.getElementType());
      tensors.emplace(spec.name, spec);
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
  if (buffer.getKind() == BufferKind::KVCache && type.getRank() == 4)
    return check("positions", type.getDimSize(2), config.getMaxContext());
  if (buffer.getKind() == BufferKind::Table && type.getRank() == 2)
    return check("rows", type.getDimSize(0), config.getVocab());
  return success();
}

/// Everything but packed weights has its place.
LogicalResult Planner::checkBuffers() {
  for (auto buffer : schedule.getOps<BufferOp>()) {
    if (buffer.getKind() != BufferKind::Weight && !buffer.getOffset())
      return buffer.emitOpError("has no offset; run amk-allocate-buffers");
    if (failed(checkRoom(buffer)))
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

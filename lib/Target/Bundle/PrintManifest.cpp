//===- PrintManifest.cpp - The text of manifest.json ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Json.h"
#include "amk/Target/BundleWriter.h"

using namespace amk;
using namespace amk::runtime;
// Keys in the order of docs/BundleFormat.md.
using nlohmann::ordered_json;

static ordered_json modelJson(const ModelInfo &model) {
  ordered_json json = {
      {"family", model.family},          {"vocab_size", model.vocabSize},
      {"hidden_size", model.hiddenSize}, {"layers", model.layers},
      {"max_context", model.maxContext}, {"eos_token_ids", model.eosTokenIds}};
  if (model.bosTokenId)
    json["bos_token_id"] = *model.bosTokenId;
  return json;
}

static ordered_json targetJson(const Manifest &manifest) {
  if (!manifest.gpu)
    return {{"kind", "cpu"}, {"workers", manifest.workers}};
  ordered_json bodies = ordered_json::array();
  for (const BodyInfo &body : manifest.gpu->bodies) {
    ordered_json operands = ordered_json::array();
    for (OperandKind kind : body.operands)
      operands.push_back(operandKindName(kind));
    bodies.push_back({{"name", body.name}, {"operands", operands}});
  }
  return {{"kind", "cuda"},
          {"workers", manifest.workers},
          {"stage_bytes", manifest.gpu->stageBytes},
          {"kv_splits", manifest.gpu->kvSplits},
          {"kv_block", manifest.gpu->kvBlock},
          {"bodies", bodies}};
}

static ordered_json gpuCodeJson(const CodeInfo &code) {
  bool isPtx = code.gpu->format == GpuCodeInfo::Format::Ptx;
  return {{"arch", code.arch},
          {"file", code.file},
          {"format", isPtx ? "ptx" : "cubin"},
          {"shared_bytes", code.gpu->sharedBytes},
          {"registers", code.gpu->registers},
          {"spill_bytes", code.gpu->spillBytes},
          {"stages", code.gpu->stages},
          {"in_flight", code.gpu->inFlight},
          {"trace", code.gpu->trace},
          {"hash", code.hash}};
}

static ordered_json codeJson(const CodeInfo &code) {
  if (code.gpu)
    return gpuCodeJson(code);
  return {{"arch", code.arch},
          {"file", code.file},
          {"features", code.features},
          {"sanitizer", code.sanitizer},
          {"hash", code.hash}};
}

static ordered_json memoryJson(const MemoryInfo &memory) {
  return {{"arena_bytes", memory.arenaBytes},
          {"kv_bytes", memory.kvBytes},
          {"constant_bytes", memory.constantBytes},
          {"scratch_bytes", memory.scratchBytes},
          {"io_bytes", memory.ioBytes}};
}

static ordered_json constantJson(const ConstantInfo &constant,
                                 const Manifest &manifest) {
  if (constant.kind == ConstantInfo::Kind::TensorF32)
    return {{"kind", "tensor_f32"},
            {"tensor", manifest.tensors[constant.tensor].name},
            {"offset", constant.offset},
            {"count", constant.count}};
  return {{"kind", "rotary"},
          {"offset", constant.offset},
          {"positions", constant.positions},
          {"inv_freq", constant.invFreq},
          {"scale", constant.scale}};
}

static ordered_json tensorJson(const TensorSpec &tensor) {
  return {{"name", tensor.name},
          {"dtype", std::string(dtypeName(tensor.dtype))},
          {"shape", tensor.shape}};
}

std::string amk::printManifest(const Manifest &manifest) {
  ordered_json code = ordered_json::array();
  for (const CodeInfo &info : manifest.code)
    code.push_back(codeJson(info));
  ordered_json constants = ordered_json::array();
  for (const ConstantInfo &constant : manifest.constants)
    constants.push_back(constantJson(constant, manifest));
  ordered_json external = ordered_json::array();
  for (uint32_t tensor : manifest.externals)
    external.push_back(manifest.tensors[tensor].name);
  ordered_json tensors = ordered_json::array();
  for (const TensorSpec &tensor : manifest.tensors)
    tensors.push_back(tensorJson(tensor));
  ordered_json document = {
      {"format", "amk-bundle"},
      {"version", kBundleVersion},
      {"amk_version", manifest.amkVersion},
      {"model", modelJson(manifest.model)},
      {"target", targetJson(manifest)},
      {"code", std::move(code)},
      {"tables",
       {{"file", manifest.tablesFile}, {"hash", manifest.tablesHash}}},
      {"memory", memoryJson(manifest.memory)},
      {"constants", std::move(constants)},
      {"external", std::move(external)},
      {"tensors", std::move(tensors)}};
  return document.dump(1) + "\n";
}

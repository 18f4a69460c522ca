//===- Manifest.h - manifest.json of a bundle -------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The contents of manifest.json after every check that needs no other file. The
// format is docs/BundleFormat.md.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_MANIFEST_H
#define AMK_RUNTIME_MANIFEST_H

#include "amk/Support/DType.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amk::runtime {

constexpr int64_t kBundleVersion = 1;

/// No size in a bundle may exceed this many bytes (4 TiB).
constexpr uint64_t kMaxBytes = 1ull << 42;

struct ModelInfo {
  std::string family;
  uint32_t vocabSize = 0;
  uint32_t hiddenSize = 0;
  uint32_t layers = 0;
  uint32_t maxContext = 0;
  std::vector<int32_t> eosTokenIds;
  std::optional<int32_t> bosTokenId;
};

/// What is particular to code for a GPU.
struct GpuCodeInfo {
  enum class Format { Cubin, Ptx };
  Format format = Format::Ptx;
  uint32_t sharedBytes = 0; ///< dynamic, of a block
  uint32_t registers = 0;   ///< of a thread; 0 if nothing has assembled it yet
  uint32_t spillBytes = 0;  ///< of a thread
  uint32_t stages = 0;      ///< of the ring
  uint32_t inFlight = 0;    ///< copies on their way at any time
  bool trace = false;       ///< writes clock stamps
};

struct CodeInfo {
  std::string arch;
  std::string file;
  std::vector<std::string> features; ///< CPU only
  std::string sanitizer;             ///< CPU only
  std::string hash;
  std::optional<GpuCodeInfo> gpu; ///< exactly for targets that are GPUs
};

/// How the value of an operand in the tables is meant.
enum class OperandKind {
  Integer,
  Arena,    ///< byte offset in the space, as the next two
  Constant,
  KVCache,
  External, ///< index in Manifest::externals
  IO,       ///< token, control or logits, which the kernel finds by itself
  Split,    ///< an integer: which split of the context a task works on
  Stream,   ///< byte offset of the task's weights in its worker's stream
};

struct BodyInfo {
  std::string name;
  std::vector<OperandKind> operands;
};

/// What is particular to bundles for GPUs.
struct GpuTargetInfo {
  uint32_t stageBytes = 0; ///< of the ring; weights are cut into such stages
  uint32_t kvSplits = 0;   ///< of the context; 0: no attention through the ring
  uint32_t kvBlock = 0;    ///< positions in a block of the cache; 0 with kvSplits
  std::vector<BodyInfo> bodies; ///< by abi::Instruction::body
};

struct MemoryInfo {
  uint64_t arenaBytes = 0;
  uint64_t kvBytes = 0;
  uint64_t constantBytes = 0;
  uint64_t scratchBytes = 0;
  uint64_t ioBytes = 0;
};

/// One range of the Constant space, built at load.
struct ConstantInfo {
  enum class Kind { TensorF32, Rotary };
  Kind kind = Kind::TensorF32;
  uint64_t offset = 0; ///< bytes
  uint32_t tensor = 0; ///< TensorF32: index in Manifest::tensors
  uint64_t count = 0;  ///< TensorF32: elements
  uint64_t positions = 0;     ///< Rotary
  std::vector<float> invFreq; ///< Rotary
  float scale = 1;            ///< Rotary

  uint64_t bytes() const;
};

struct TensorSpec {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;

  uint64_t elements() const;
  uint64_t bytes() const;
  /// Rows and columns of a matrix; a vector is one row.
  uint64_t rows() const;
  uint64_t columns() const;
};

struct Manifest {
  std::string amkVersion;
  ModelInfo model;
  uint32_t workers = 0;
  std::optional<GpuTargetInfo> gpu; ///< none: the target is the CPU
  std::vector<CodeInfo> code;
  std::string tablesFile;
  std::string tablesHash;
  MemoryInfo memory;
  std::vector<ConstantInfo> constants;
  std::vector<uint32_t> externals; ///< indices in `tensors`
  std::vector<TensorSpec> tensors;
};

/// "integer", "arena", ...
const char *operandKindName(OperandKind kind);

/// Parses and checks the text of a manifest. `file` names it in errors.
/// Throws amk::Error.
Manifest parseManifest(const std::string &text, const std::string &file);

} // namespace amk::runtime

#endif // AMK_RUNTIME_MANIFEST_H

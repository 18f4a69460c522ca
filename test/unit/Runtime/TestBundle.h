//===- TestBundle.h - Writes bundles and checkpoints for tests --*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_RUNTIME_TESTBUNDLE_H
#define AMK_TEST_UNIT_RUNTIME_TESTBUNDLE_H

#include "amk/Runtime/Manifest.h"
#include "amk/Schedule/Tables.h"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace amk::test {

/// A directory that goes away with the object.
class TempDir {
public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir &) = delete;
  TempDir &operator=(const TempDir &) = delete;
  std::string file(const std::string &name) const { return path + "/" + name; }

  std::string path;
};

void writeFile(const std::string &path, const std::string &bytes);

struct TensorData {
  runtime::TensorSpec spec;
  std::string bytes;
};

/// A tensor of reproducible random bits, finite in every dtype.
TensorData randomTensor(const std::string &name, DType dtype,
                        std::vector<int64_t> shape);

/// Writes `directory`/model.safetensors.
void writeCheckpoint(const std::string &directory,
                     const std::vector<TensorData> &tensors);

/// The text's offset in the strings.
uint32_t addString(schedule::Tables &tables, const std::string &text);

/// Appends to the last queue.
void addInstruction(schedule::Tables &tables, const std::string &name,
                    uint32_t body, const std::vector<uint64_t> &operands,
                    const std::vector<abi::Wait> &waits,
                    const std::vector<abi::Signal> &signals,
                    const std::vector<abi::Access> &accesses);

/// What the schedule of a test model is like. See TestKernel.h.
struct ModelOptions {
  uint32_t workers = 2;
  uint32_t vocab = 16;
  uint32_t maxContext = 64;
  std::vector<int32_t> eos;
  uint32_t sleepMillis = 0; ///< of every worker in every step
  bool loseSignal = false;  ///< the kernel does not do what the schedule says
  bool missingWait = false; ///< the schedule has a race
  bool oldAbi = false;
};

/// A bundle and its checkpoint in a directory of their own. The public parts
/// may be changed before write().
class TestModel {
public:
  explicit TestModel(const ModelOptions &options = {});

  /// Hashes are taken from what is written; writes the bundle and weights.
  void write();

  std::string bundlePath() const { return dir.file("bundle"); }
  std::string weightsPath() const { return dir.file("weights"); }

  /// What the model generates, computed without the runtime.
  std::vector<int32_t> reference(std::vector<int32_t> history,
                                 uint32_t count) const;

  ModelOptions options;
  nlohmann::json manifest;
  schedule::Tables tables;
  std::vector<TensorData> tensors;
  TempDir dir;

private:
  uint32_t addCounter(const std::string &name);
  void buildTensors();
  void buildMemory();
  void buildTables();
  void buildWorker(uint32_t worker);
  void buildManifest();
};

} // namespace amk::test

#endif // AMK_TEST_UNIT_RUNTIME_TESTBUNDLE_H

//===- Safetensors.h - Checkpoint tensors, memory-mapped -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Headers are parsed as hostile input: sizes, overlaps, gaps and names are
// checked before any byte of a tensor is used. Weights are never copied here.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_SAFETENSORS_H
#define AMK_SUPPORT_SAFETENSORS_H

#include "amk/Support/DType.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace amk {

struct TensorInfo {
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::string file;        ///< path of the file that holds it
  uint64_t offset = 0;     ///< of the data, from the start of the file
  uint64_t bytes = 0;
};

/// All tensors of one HuggingFace directory: model.safetensors, or the shards
/// of model.safetensors.index.json. Reads headers only.
class TensorIndex {
public:
  /// Throws amk::Error. Keys of the result are tensor names. A file can change
  /// after this: compare TensorInfo with MappedFile::size() before reading.
  static TensorIndex open(const std::string &directory);

  /// Parses the header of one safetensors image: `bytes` are the first
  /// `available` bytes of the file, which must hold the whole header, and
  /// `fileBytes` is its full size. For open() and the fuzzer.
  static std::map<std::string, TensorInfo>
  parseHeader(const char *bytes, uint64_t available, uint64_t fileBytes,
              const std::string &file);

  const std::map<std::string, TensorInfo> &tensors() const { return entries; }
  const TensorInfo *find(const std::string &name) const;

private:
  std::map<std::string, TensorInfo> entries;
};

/// A read-only mapping of a whole file.
class MappedFile {
public:
  /// Throws amk::Error; an empty file is an error.
  static std::shared_ptr<MappedFile> open(const std::string &path);
  const uint8_t *data() const { return base; }
  uint64_t size() const { return bytes; }
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

private:
  MappedFile() = default;


  const uint8_t *base = nullptr;
  uint64_t bytes = 0;
};

} // namespace amk

#endif // AMK_SUPPORT_SAFETENSORS_H

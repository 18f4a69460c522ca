//===- Weights.h - Where the tensors of a model come from -------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Either a HuggingFace directory whose tensors are exactly those of the
// manifest, memory-mapped, or dummy weights that are a pure function of the
// tensor's name, the element's index and a seed (amk/Support/Hash.h).
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_WEIGHTS_H
#define AMK_RUNTIME_WEIGHTS_H

#include "amk/Runtime/Manifest.h"
#include "amk/Runtime/Memory.h"
#include "amk/Support/Safetensors.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace amk::runtime {

class Weights {
public:
  /// Throws amk::Error that names the first tensor that is missing, not
  /// expected, or of another dtype or shape.
  static Weights fromDirectory(const Manifest &manifest,
                               const std::string &directory);
  static Weights dummy(const Manifest &manifest, uint64_t seed);

  /// Bytes of one row in the tensor's own dtype. `scratch` holds at least a
  /// row; the result points into it or into a mapping. Thread-safe.
  const uint8_t *row(uint32_t tensor, uint64_t row, uint8_t *scratch) const;

  /// A whole tensor in one piece. Dummy tensors are generated on all cores at
  /// the first call; not thread-safe.
  const uint8_t *whole(uint32_t tensor);

  /// One line for reports: the directory or the seed.
  const std::string &description() const { return source; }

private:
  explicit Weights(const Manifest &manifest) : tensors(manifest.tensors) {}

  void generate(uint32_t tensor, uint64_t firstElement, uint64_t count,
                uint8_t *out) const;

  std::vector<TensorSpec> tensors;
  std::string source;
  /// Mapped weights: the mappings and the first byte of every tensor.
  std::vector<std::shared_ptr<MappedFile>> files;
  std::vector<const uint8_t *> mapped;
  /// Dummy weights.
  std::vector<uint64_t> streams;
  std::vector<Buffer> generated;
};

/// Converts `count` elements of `dtype` at `from` (any alignment) to float32.
void convertToFloat(DType dtype, const uint8_t *from, uint64_t count,
                    float *to);

} // namespace amk::runtime

#endif // AMK_RUNTIME_WEIGHTS_H

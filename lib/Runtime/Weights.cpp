//===- Weights.cpp - Where the tensors of a model come from ---------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Weights.h"
#include "Parallel.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"

#include <algorithm>
#include <cstring>
#include <map>

using namespace amk;
using namespace amk::runtime;

/// Elements of a dummy tensor that one thread generates at a time.
static constexpr uint64_t kGenerateBlock = 1 << 18;

static std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

static void checkTensor(const TensorSpec &expected, const TensorInfo &found) {
  if (found.dtype != expected.dtype)
    fail(found.file, expected.name + ": dtype: found " +
                         std::string(dtypeName(found.dtype)) + ", expected " +
                         std::string(dtypeName(expected.dtype)) +
                         " as compiled");
  if (found.shape != expected.shape)
    fail(found.file, expected.name + ": shape: found " +
                         shapeText(found.shape) + ", expected " +
                         shapeText(expected.shape) + " as compiled");
}

/// The tensors of the directory are exactly those the code was compiled for.
static void checkTensors(const Manifest &manifest, const TensorIndex &index,
                         const std::string &directory) {
  std::map<std::string, const TensorSpec *> expected;
  for (const TensorSpec &tensor : manifest.tensors) {
    const TensorInfo *found = index.find(tensor.name);
    if (!found)
      fail(directory, "tensor " + tensor.name +
                          ": not found, expected by the bundle");
    checkTensor(tensor, *found);
    expected[tensor.name] = &tensor;
  }
  for (const auto &[name, info] : index.tensors())
    if (!expected.count(name))
      fail(info.file, "tensor " + name + ": the bundle has no such tensor");
}

Weights Weights::fromDirectory(const Manifest &manifest,
                               const std::string &directory) {
  TensorIndex index = TensorIndex::open(directory);
  checkTensors(manifest, index, directory);
  Weights weights(manifest);
  weights.source = directory;
  std::map<std::string, std::shared_ptr<MappedFile>> mappings;
  for (const TensorSpec &tensor : manifest.tensors) {
    const TensorInfo &info = *index.find(tensor.name);
    std::shared_ptr<MappedFile> &file = mappings[info.file];
    if (!file)
      file = MappedFile::open(info.file);
    // The file may have changed since its header was read.
    if (info.bytes != tensor.bytes() || info.offset > file->size() ||
        info.bytes > file->size() - info.offset)
      fail(info.file, tensor.name + ": " + std::to_string(info.bytes) +
                          " bytes at " + std::to_string(info.offset) +
                          " are not inside the file");
    weights.mapped.push_back(file->data() + info.offset);
  }
  for (auto &[path, file] : mappings)
    weights.files.push_back(file);
  return weights;
}

Weights Weights::dummy(const Manifest &manifest, uint64_t seed) {
  Weights weights(manifest);
  weights.source = "dummy weights, seed " + std::to_string(seed);
  for (const TensorSpec &tensor : manifest.tensors)
    weights.streams.push_back(mix64(fnv1a(tensor.name) ^ seed));
  weights.generated.resize(manifest.tensors.size());
  return weights;
}

void Weights::generate(uint32_t tensor, uint64_t firstElement, uint64_t count,
                       uint8_t *out) const {
  const TensorSpec &spec = tensors[tensor];
  DummyRange range =
      dummyRange(spec.name, spec.shape.size(), spec.columns());
  uint64_t stream = streams[tensor];
  auto value = [&](uint64_t i) {
    float u = dummyUniform(stream, firstElement + i);
    return range.centre + (2.0f * u - 1.0f) * range.halfWidth;
  };
  auto store = [&](auto convert) {
    for (uint64_t i = 0; i < count; ++i) {
      auto bits = convert(value(i));
      std::memcpy(out + i * sizeof(bits), &bits, sizeof(bits));
    }
  };
  switch (spec.dtype) {
  case DType::F32:
    return store([](float f) { return f; });
  case DType::F16:
    return store(floatToHalf);
  case DType::BF16:
    return store(floatToBfloat);
  }
}

const uint8_t *Weights::row(uint32_t tensor, uint64_t row,
                            uint8_t *scratch) const {
  uint64_t columns = tensors[tensor].columns();
  if (!mapped.empty())
    return mapped[tensor] + row * columns * byteSize(tensors[tensor].dtype);
  generate(tensor, row * columns, columns, scratch);
  return scratch;
}

const uint8_t *Weights::whole(uint32_t tensor) {
  if (!mapped.empty())
    return mapped[tensor];
  Buffer &buffer = generated[tensor];
  if (buffer.data())
    return buffer.data();
  const TensorSpec &spec = tensors[tensor];
  buffer = Buffer(spec.bytes(), "dummy tensor " + spec.name);
  uint64_t elements = spec.elements();
  uint64_t blocks = (elements + kGenerateBlock - 1) / kGenerateBlock;
  parallelFor(blocks, [&](uint64_t block) {
    uint64_t first = block * kGenerateBlock;
    generate(tensor, first, std::min(kGenerateBlock, elements - first),
             buffer.data() + first * byteSize(spec.dtype));
  });
  return buffer.data();
}

void amk::runtime::convertToFloat(DType dtype, const uint8_t *from,
                                  uint64_t count, float *to) {
  if (dtype == DType::F32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
    to[i] = dtype == DType::F16 ? halfToFloat(bits) : bfloatToFloat(bits);
  }
}

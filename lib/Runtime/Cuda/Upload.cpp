//===- Upload.cpp - Brings data to the device -----------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Upload.h"
#include "../Noise.h"

#include <algorithm>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;

Uploader::Uploader(uint64_t bufferBytes)
    : buffers{{bufferBytes, "upload"}, {bufferBytes, "upload"}} {}

unsigned Uploader::nextBuffer() {
  unsigned buffer = next;
  next ^= 1;
  streams[buffer].synchronize("upload");
  return buffer;
}

void Uploader::finish() {
  for (const Stream &stream : streams)
    stream.synchronize("upload");
}

void Uploader::add(uint64_t to, const uint8_t *from, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes;) {
    unsigned buffer = nextBuffer();
    uint64_t part = std::min(bytes - done, buffers[buffer].size());
    std::memcpy(buffers[buffer].data(), from + done, part);
    streams[buffer].upload(to + done, buffers[buffer].data(), part, "upload");
    done += part;
  }
}

void Uploader::addNoise(uint64_t to, uint64_t bytes) {
  unsigned buffer = nextBuffer();
  fillWithNoise(buffers[buffer].data(), std::min(bytes, buffers[buffer].size()));
  for (uint64_t done = 0; done < bytes;) {
    uint64_t part = std::min(bytes - done, buffers[buffer].size());
    streams[buffer].upload(to + done, buffers[buffer].data(), part, "noise");
    done += part;
  }
}

void Uploader::addWeights(const Bundle &bundle, const Weights &weights,
                          const std::vector<uint64_t> &addresses,
                          const ProgressFn &progress) {
  StreamPacker packer(bundle.tables.segments, bundle.manifest.tensors, weights,
                      buffers[0].size(), progress);
  for (size_t batch = 0; batch < packer.batches(); ++batch) {
    unsigned buffer = nextBuffer();
    packer.pack(batch, buffers[buffer].data());
    for (const StreamPart &part : packer.parts(batch))
      streams[buffer].upload(addresses[part.worker] + part.streamOffset,
                             buffers[buffer].data() + part.batchOffset,
                             part.bytes, "packed weights");
  }
}

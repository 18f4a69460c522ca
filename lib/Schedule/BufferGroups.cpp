//===- BufferGroups.cpp - Which buffers may share bytes -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferGroups.h"

#include <algorithm>
#include <tuple>

using namespace amk::schedule;

void BufferGroups::build(const Program &program) {
  groups.clear();
  buffers.clear();
  for (uint32_t i = 0; i != program.buffers.size(); ++i)
    if (program.buffers[i].bytes != 0)
      buffers.push_back(i);
  auto before = [&](uint32_t a, uint32_t b) {
    const Buffer &x = program.buffers[a], &y = program.buffers[b];
    return std::tie(x.space, x.offset, a) < std::tie(y.space, y.offset, b);
  };
  if (!std::is_sorted(buffers.begin(), buffers.end(), before))
    std::sort(buffers.begin(), buffers.end(), before);
  uint64_t end = 0;
  for (uint32_t i = 0; i != buffers.size(); ++i) {
    const Buffer &buffer = program.buffers[buffers[i]];
    if (i == 0 || program.buffers[buffers[i - 1]].space != buffer.space ||
        buffer.offset >= end) {
      groups.push_back({i, i});
      end = 0;
    }
    groups.back().end = i + 1;
    end = std::max(end, buffer.offset + buffer.bytes);
  }
}

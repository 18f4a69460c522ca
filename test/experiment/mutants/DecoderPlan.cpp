//===- DecoderPlan.cpp - Schedules shaped like a decoder's ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecoderPlan.h"

#include <algorithm>

using namespace amk;
using namespace amk::mutants;
using namespace amk::schedule;

DecoderShape amk::mutants::randomShape(Random &random) {
  DecoderShape s;
  s.workers = random.between(2, 5);
  s.layers = random.between(1, 2);
  s.rows = random.between(1, 2);
  s.heads = 2 * random.between(1, 2);
  s.kvHeads = random.between(1, 2);
  s.kvSplits = random.between(1, 2);
  s.tiles = random.between(2, 4);
  s.downSplits = random.between(1, 3);
  s.groupPerHead = random.chance(60);
  s.reuseAddresses = random.chance(60);
  s.lockStep = random.chance(60);
  return s;
}

namespace {

enum SpaceNumber : uint32_t { Arena, Cache, Io };

class Builder {
public:
  Builder(const DecoderShape &s, Random &random)
      : s(s), random(random), width(s.heads * s.headBytes),
        kvWidth(s.kvHeads * s.headBytes) {}

  Plan build() {
    plan.frame.spaces = {{"arena", 0, 0, Space::kGlobal},
                         {"kv", 0, 0, Space::kGlobal},
                         {"io", 0, 0, Space::kGlobal}};
    for (uint32_t w = 0; w < s.workers; ++w)
      plan.frame.agents.push_back({"worker " + std::to_string(w), w, {}});
    plan.frame.limits.workers = s.workers;
    token = addBuffer("token", BufferKind::Carried, Io, 4 * s.rows);
    logits = addBuffer("logits", BufferKind::Output, Io, 64 * s.rows);
    embed();
    for (unsigned layer = 0; layer < s.layers; ++layer)
      addLayer("layers." + std::to_string(layer) + ".");
    head();
    return std::move(plan);
  }

private:
  const DecoderShape &s;
  Random &random;
  uint64_t width, kvWidth;
  Plan plan;
  uint32_t token = 0, logits = 0, hidden = 0;
  uint32_t group = 0;
  /// Arena bytes that nobody reads any more: offset, size.
  std::vector<std::pair<uint64_t, uint64_t>> freed;

  uint32_t addBuffer(const std::string &name, BufferKind kind, uint32_t space,
                     uint64_t bytes) {
    uint64_t &end = plan.frame.spaces[space].bytes;
    uint64_t offset = end;
    auto fits = [&](auto range) { return range.second >= bytes; };
    auto hole = std::find_if(freed.begin(), freed.end(), fits);
    if (space == Arena && s.reuseAddresses && hole != freed.end()) {
      offset = hole->first;
      freed.erase(hole);
    } else {
      end += bytes;
    }
    plan.frame.buffers.push_back({name, kind, space, offset, bytes});
    return plan.frame.buffers.size() - 1;
  }

  uint32_t scratch(const std::string &name, uint64_t bytes) {
    return addBuffer(name, BufferKind::Scratch, Arena, bytes);
  }

  void free(uint32_t buffer) {
    const Buffer &b = plan.frame.buffers[buffer];
    freed.insert(freed.begin(), {b.offset, b.bytes});
  }

  PlanTask &addTask(const std::string &name, bool streamsWeights = false) {
    PlanTask task;
    task.action.name = name;
    task.agent = random.chance(70) ? plan.tasks.size() % s.workers
                                   : random.below(s.workers);
    task.group = group;
    task.streamsWeights = streamsWeights;
    plan.tasks.push_back(task);
    return plan.tasks.back();
  }

  static void touch(PlanTask &task, AccessMode mode, Region region) {
    task.action.accesses.push_back({mode, region, Access::kNoCounter});
  }

  /// Columns [begin, end) of a buffer of `rows` rows of `pitch` bytes.
  Region columns(uint32_t buffer, uint64_t pitch, uint64_t begin,
                 uint64_t end) const {
    return {buffer, begin, plan.frame.buffers[buffer].bytes / pitch,
            end - begin, pitch};
  }
  Region whole(uint32_t buffer) const {
    uint64_t bytes = plan.frame.buffers[buffer].bytes;
    return {buffer, 0, 1, bytes, bytes};
  }
  /// Tile `i` of `count`, in units of 4 bytes.
  Region tile(uint32_t buffer, uint64_t pitch, unsigned i,
              unsigned count) const {
    uint64_t units = pitch / 4;
    return columns(buffer, pitch, units * i / count * 4,
                   units * (i + 1) / count * 4);
  }

  void embed() {
    hidden = scratch("h", width * s.rows);
    unsigned tiles = random.between(1, 2);
    for (unsigned i = 0; i < tiles; ++i) {
      PlanTask &task = addTask("embed[" + std::to_string(i) + "]");
      if (s.lockStep)
        touch(task, AccessMode::ReadPrevious, whole(token));
      touch(task, AccessMode::Write, tile(hidden, width, i, tiles));
    }
    ++group;
  }

  void addLayer(const std::string &prefix) {
    uint64_t qkvWidth = width + 2 * kvWidth;
    uint32_t qkv = scratch(prefix + "qkv", qkvWidth * s.rows);
    linear(prefix + "qkv", hidden, qkv, qkvWidth);
    uint32_t context = attention(prefix, qkv, qkvWidth);
    free(qkv);
    uint32_t mid = scratch(prefix + "mid", width * s.rows);
    linear(prefix + "o", context, mid, width, hidden);
    free(context);
    free(hidden);
    uint32_t gated = scratch(prefix + "gated", 2 * width * s.rows);
    linear(prefix + "gate_up", mid, gated, 2 * width);
    hidden = scratch(prefix + "h", width * s.rows);
    down(prefix + "down", gated, mid);
    free(gated);
    free(mid);
  }

  static constexpr uint32_t kNone = UINT32_MAX;

  void linear(const std::string &name, uint32_t in, uint32_t out,
              uint64_t outWidth, uint32_t residual = kNone) {
    for (unsigned i = 0; i < s.tiles; ++i) {
      PlanTask &task = addTask(name + "[" + std::to_string(i) + "]", true);
      touch(task, AccessMode::Read, whole(in));
      if (residual != kNone)
        touch(task, AccessMode::Read, tile(residual, outWidth, i, s.tiles));
      touch(task, AccessMode::Write, tile(out, outWidth, i, s.tiles));
    }
    ++group;
  }

  /// Append, split attention and combine. Returns the buffer of the context.
  uint32_t attention(const std::string &prefix, uint32_t qkv,
                     uint64_t qkvWidth) {
    uint32_t cache = addBuffer(prefix + "kv", BufferKind::Carried, Cache,
                               2 * kvWidth * s.positions);
    append(prefix, qkv, qkvWidth, cache);
    uint64_t perHead = s.headBytes * s.rows;
    uint32_t partial =
        scratch(prefix + "partial", s.heads * s.kvSplits * perHead);
    uint32_t context = scratch(prefix + "context", width * s.rows);
    for (unsigned head = 0; head < s.heads; ++head) {
      for (unsigned split = 0; split < s.kvSplits; ++split)
        attend(prefix, qkv, qkvWidth, cache, partial, head, split);
      group += s.groupPerHead;
    }
    group += !s.groupPerHead;
    for (unsigned head = 0; head < s.heads; ++head) {
      PlanTask &task =
          addTask(prefix + "combine[" + std::to_string(head) + "]");
      uint64_t bytes = s.kvSplits * perHead;
      touch(task, AccessMode::Read, {partial, head * bytes, 1, bytes, bytes});
      touch(task, AccessMode::Write,
            columns(context, width, head * s.headBytes,
                    (head + 1) * s.headBytes));
    }
    ++group;
    free(partial);
    return context;
  }

  void append(const std::string &prefix, uint32_t qkv, uint64_t qkvWidth,
              uint32_t cache) {
    for (unsigned head = 0; head < s.kvHeads; ++head) {
      PlanTask &task = addTask(prefix + "append[" + std::to_string(head) + "]");
      for (unsigned part = 0; part < 2; ++part) {
        uint64_t begin = part * kvWidth + head * s.headBytes;
        touch(
            task, AccessMode::Read,
            columns(qkv, qkvWidth, width + begin, width + begin + s.headBytes));
        // The position is known at run time only: any row of this head.
        touch(task, AccessMode::Write,
              columns(cache, 2 * kvWidth, begin, begin + s.headBytes));
      }
      group += s.groupPerHead;
    }
    group += !s.groupPerHead;
  }

  void attend(const std::string &prefix, uint32_t qkv, uint64_t qkvWidth,
              uint32_t cache, uint32_t partial, unsigned head, unsigned split) {
    PlanTask &task = addTask(prefix + "attend[" + std::to_string(head) + "," +
                             std::to_string(split) + "]");
    uint64_t column = head * s.headBytes;
    touch(task, AccessMode::Read,
          columns(qkv, qkvWidth, column, column + s.headBytes));
    uint64_t rows = s.positions / s.kvSplits, pitch = 2 * kvWidth;
    uint64_t kvHead = head * s.kvHeads / s.heads;
    for (unsigned part = 0; part < 2; ++part)
      touch(task, AccessMode::Read,
            {cache,
             split * rows * pitch + part * kvWidth + kvHead * s.headBytes, rows,
             s.headBytes, pitch});
    uint64_t bytes = s.headBytes * s.rows;
    touch(task, AccessMode::Write,
          {partial, (head * s.kvSplits + split) * bytes, 1, bytes, bytes});
  }

  void down(const std::string &name, uint32_t gated, uint32_t mid) {
    for (unsigned part = 0; part < s.downSplits; ++part) {
      for (unsigned i = 0; i < s.tiles; ++i) {
        PlanTask &task = addTask(name + "[" + std::to_string(i) + "," +
                                     std::to_string(part) + "]",
                                 true);
        touch(task, AccessMode::Read,
              tile(gated, 2 * width, part, s.downSplits));
        if (part == 0)
          touch(task, AccessMode::Read, tile(mid, width, i, s.tiles));
        touch(task, part == 0 ? AccessMode::Write : AccessMode::Reduce,
              tile(hidden, width, i, s.tiles));
      }
      ++group;
    }
  }

  void head() {
    linear("head", hidden, logits, 64);
    PlanTask &task = addTask("argmax");
    touch(task, AccessMode::Read, whole(logits));
    touch(task, AccessMode::Write, whole(token));
    ++group;
  }
};

} // namespace

Plan amk::mutants::makeDecoderPlan(const DecoderShape &shape, Random &random) {
  return Builder(shape, random).build();
}

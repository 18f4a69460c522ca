//===- State.h - States of a launch -----------------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A state of a launch as a short string of bytes, and a set of such strings.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ORACLE_STATE_H
#define AMK_TEST_EXPERIMENT_ORACLE_STATE_H

#include "Launch.h"

#include <cstring>

namespace amk::oracle {

/// How far an agent is with its current action.
enum class Phase : uint8_t {
  Reached,  ///< may wait
  Started,  ///< its accesses are open
  Complete, ///< not yet signalled; only of actions with a signal event
};

/// Where the parts of a state lie.
class StateLayout {
public:
  explicit StateLayout(const Launch &launch);

  size_t bytes() const { return numBytes; }

  /// The instance of `agent` that is current; all before it are finished.
  unsigned index(const uint8_t *state, unsigned agent) const {
    return state[agent] / 3;
  }
  Phase phase(const uint8_t *state, unsigned agent) const {
    return static_cast<Phase>(state[agent] % 3);
  }
  void setPosition(uint8_t *state, unsigned agent, unsigned index,
                   Phase phase) const {
    state[agent] = static_cast<uint8_t>(index * 3 + unsigned(phase));
  }

  /// Bit i: the ordinary writes of instance i of `agent` are flushed.
  uint64_t flushed(const uint8_t *state, unsigned agent) const {
    uint64_t mask = 0;
    std::memcpy(&mask, state + maskOffset[agent], maskBytes[agent]);
    return mask;
  }
  void setFlushed(uint8_t *state, unsigned agent, uint64_t mask) const {
    std::memcpy(state + maskOffset[agent], &mask, maskBytes[agent]);
  }

  /// How many flushes k `agent` has done.
  uint8_t &tagFlushes(uint8_t *state, unsigned agent, int64_t k) const {
    return state[tagOffset[agent][size_t(k)]];
  }
  uint8_t tagFlushes(const uint8_t *state, unsigned agent, int64_t k) const {
    return state[tagOffset[agent][size_t(k)]];
  }

  ContentId &content(uint8_t *state, unsigned cell) const {
    return state[contentOffset[cell]];
  }
  ContentId content(const uint8_t *state, unsigned cell) const {
    return state[contentOffset[cell]];
  }
  /// Cells that nobody reads have no content in the state.
  bool keepsContent(unsigned cell) const { return contentOffset[cell] != 0; }

private:
  size_t numBytes = 0;
  std::vector<size_t> maskOffset, maskBytes, contentOffset;
  std::vector<std::vector<size_t>> tagOffset;
};

/// States that have been seen, each with how it was reached.
class StateSet {
public:
  explicit StateSet(size_t stateBytes);

  /// The number of `state`, or -1 if it has been added before.
  int64_t add(const uint8_t *state, int64_t parent, uint32_t event);
  const uint8_t *state(int64_t number) const {
    return storage.data() + size_t(number) * stateBytes;
  }
  int64_t parent(int64_t number) const { return origins[number].parent; }
  uint32_t event(int64_t number) const { return origins[number].event; }
  size_t size() const { return origins.size(); }

private:
  struct Origin {
    int64_t parent;
    uint32_t event;
  };
  uint64_t hash(const uint8_t *state) const;
  void grow();

  size_t stateBytes;
  std::vector<uint8_t> storage;
  std::vector<Origin> origins;
  std::vector<uint32_t> table; ///< number + 1; 0: free
};

} // namespace amk::oracle

#endif // AMK_TEST_EXPERIMENT_ORACLE_STATE_H

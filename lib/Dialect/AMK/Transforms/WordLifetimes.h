//===- WordLifetimes.h - When buffers of words are in use -------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two buffers of value+tag words, A and B, may share bytes if whatever uses A
// has ended before B is written, and the other way round from a step to the
// next. Those who read B need no look: they wait for all of its words.
//
// Words that somebody has waited for are there, so A is out of use when all its
// readers are complete. What an action knows of others' completion follows from
// its queue's order and from tags: who stores a word is complete, and knew what
// it knew when it started. This leaves out what other counters add: too few
// buffers may share, never too many. The verifier decides the result anyway.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_DIALECT_AMK_TRANSFORMS_WORDLIFETIMES_H
#define AMK_LIB_DIALECT_AMK_TRANSFORMS_WORDLIFETIMES_H

#include "amk/Dialect/AMK/IR/ScheduleModel.h"

namespace mlir::amk {

class WordLifetimes {
public:
  /// `buffers` are places in `program.buffers`. Keeps no reference.
  WordLifetimes(const ::amk::schedule::Program &program,
                ArrayRef<uint32_t> buffers);

  /// By places in `buffers`.
  bool mayShare(size_t a, size_t b) const {
    return endsBefore(a, b) || endsBefore(b, a);
  }

private:
  static constexpr uint32_t kNever = UINT32_MAX;

  /// All positions are [agents].
  struct Lifetime {
    std::vector<uint32_t> firstWrite, lastUse; ///< kNever: none
    /// From which action on the agent knows that the buffer is out of use, in
    /// the same step and in the next.
    std::vector<uint32_t> freeFrom, freeFromNextStep;
    bool isRead = true; ///< all its words
  };
  /// Of every agent, how many of its actions are complete, counted from the
  /// first of step 0.
  using Clock = std::vector<uint32_t>;

  void findUses(ArrayRef<uint32_t> buffers);
  void computeClocks(unsigned step);
  void computeClock(unsigned step, uint32_t agent, uint32_t position);
  uint32_t firstAfter(const Lifetime &lifetime, unsigned step, uint32_t agent);
  bool endsBefore(size_t a, size_t b) const;

  const ::amk::schedule::Program &program; ///< while it is constructed
  std::vector<Lifetime> lifetimes;
  std::vector<std::vector<Clock>> clocks[2]; ///< [steps][agents][actions]
  std::vector<Clock> flushed; ///< [counters] what who sees its words knows
};

} // namespace mlir::amk

#endif // AMK_LIB_DIALECT_AMK_TRANSFORMS_WORDLIFETIMES_H

//===- Timeline.h - What every worker did, and when -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Made of the clock stamps of one launch of a kernel with a trace. A task's time
// is cut at its stamps: waiting for activations of other workers, then waiting
// for weights or computing, then the epilogue that publishes the results.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_TIMELINE_H
#define AMK_RUNTIME_TIMELINE_H

#include "amk/Schedule/Tables.h"
#include "amk/Support/Stamps.h"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace amk::runtime {

/// What the last launch of a session wrote; see SessionOptions::trace.
struct Trace {
  uint32_t startPosition = 0, steps = 0; ///< steps: that completed
  std::vector<abi::TaskStamps> tasks;    ///< [steps][instructions]
  std::vector<abi::WorkerClocks> clocks; ///< [workers]
};

/// A task in one step. Times are microseconds from the launch's begin.
struct TaskSpan {
  uint32_t step = 0, worker = 0, instruction = 0;
  double begin = 0;     ///< its instruction was there
  double input = 0;     ///< its input was complete
  double weights = 0;   ///< it had used the last of its weights
  double published = 0; ///< its results were sent
  double ringWait = 0;  ///< between input and weights, waiting for the ring
  /// The loader's work for it.
  struct Load {
    double begin = 0, end = 0;
  };
  std::optional<Load> load;

  double computing() const { return weights - input - ringWait; }
};

/// Microseconds, summed up over tasks.
struct TimeSpent {
  uint64_t tasks = 0;
  double activations = 0; ///< waiting for them
  double ring = 0;        ///< waiting for weights or the KV cache
  double computing = 0;
  double epilogue = 0;
  double between = 0; ///< from the task before until the instruction was there

  double all() const {
    return activations + ring + computing + epilogue + between;
  }
  void add(const TaskSpan &span, double before);
};

/// A task on the longest chain: the one before it on the chain is what it was
/// held up by last, its predecessor in its queue or a task whose words it read.
struct ChainLink {
  size_t span = 0; ///< in Timeline::spans()
  double since = 0; ///< when the link before was published
  bool handOff = false; ///< from another worker
};

class Timeline {
public:
  /// Throws amk::Error if the stamps make no sense.
  Timeline(const schedule::Tables &tables, const Trace &trace);

  /// By worker, in the order of execution.
  const std::vector<TaskSpan> &spans() const { return list; }
  double microseconds() const { return length; }

  struct Phase {
    std::string name; ///< "qkv": of all layers
    TimeSpent spent;
  };
  /// In the order of the first task of each.
  std::vector<Phase> byPhase() const;
  std::vector<TimeSpent> byWorker() const;
  /// From the first step to the last task of all, in this order.
  std::vector<ChainLink> longestChain() const;

  /// For Perfetto and chrome://tracing: a track for each worker and loader.
  void writeTrace(std::ostream &out) const;
  /// Into a file; throws amk::Error.
  void writeTrace(const std::string &path) const;
  /// Tables of all of this, as text.
  std::string summary() const;

private:
  void addWorker(const abi::Queue &queue, const abi::WorkerClocks &clocks,
                 const Trace &trace);
  double endBefore(size_t span) const;
  std::string chainSummary() const;

  const schedule::Tables &tables;
  uint32_t steps, startPosition;
  std::vector<TaskSpan> list;
  std::vector<size_t> place; ///< [steps][instructions] in `list`; or kNowhere
  double origin = 0;         ///< nanoseconds of the devices' clock
  double length = 0;
};

/// "qkv" of "layers.3.qkv[7]", "head" of "head[0]".
std::string phaseOfTask(const std::string &name);

} // namespace amk::runtime

#endif // AMK_RUNTIME_TIMELINE_H

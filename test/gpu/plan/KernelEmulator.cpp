//===- KernelEmulator.cpp - A GPU's kernel, interpreted -------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmulator.h"
#include "BodyRun.h"

using namespace amk;
using namespace amk::test;
using namespace mlir::amk;

KernelEmulator::KernelEmulator(KernelProgramOp program)
    : bodies(program.getOps<KernelBodyOp>().begin(),
             program.getOps<KernelBodyOp>().end()) {}

/// Release counters; loaders and appends are in the order of a worker's tasks
/// anyway.
static bool areReached(const BodyRun &run) {
  if (!(run.in.flags & abi::kCounterWaits))
    return true;
  for (const abi::DeviceWait &wait : run.in.waits)
    if (wait.counter != abi::kNone &&
        int64_t(run.counter(wait.counter)) <
            wait.threshold + int64_t(run.worker.step) * wait.perStep)
      return false;
  return true;
}

/// Runs the worker's next task; false if it has to wait.
static bool runNext(EmulatedWorker &worker, const abi::GpuArgs &args,
                    llvm::ArrayRef<KernelBodyOp> bodies) {
  const auto *list =
      reinterpret_cast<abi::DeviceInstruction *>(worker.queue.instructions);
  BodyRun run(args, worker, list[worker.next]);
  if (run.in.body >= bodies.size())
    throw EmulatorError("has no body " + std::to_string(run.in.body));
  if (!areReached(run) || !run.execute(bodies[run.in.body]))
    return false;
  if (run.in.flags & abi::kCounterSignals)
    run.counter(run.in.signalCounter) += run.in.signalAmount;
  if (++worker.next != worker.queue.count)
    return true;
  worker.next = 0;
  worker.isDone = worker.stop || ++worker.step == args.steps;
  return true;
}

void KernelEmulator::run(const void *parameter) {
  const abi::GpuArgs &args = *static_cast<const abi::GpuArgs *>(parameter);
  const auto *queues = reinterpret_cast<abi::DeviceQueue *>(args.queues);
  std::vector<EmulatedWorker> workers;
  int32_t token = reinterpret_cast<int32_t *>(args.tokens)[args.startPosition];
  for (uint32_t w = 0; w < args.workers; ++w)
    workers.push_back({queues[w], w, token});
  auto fail = [&](const EmulatedWorker &worker, const std::string &what) {
    message = "worker " + std::to_string(worker.index) + ", step " +
              std::to_string(worker.step) + ", task " +
              std::to_string(worker.next) + " of its queue: " + what;
    reinterpret_cast<abi::Control *>(args.control)->aborted = 1;
  };
  size_t running = workers.size();
  while (running != 0) {
    bool hasMoved = false;
    for (EmulatedWorker &worker : workers) {
      // As far as it gets, also into the next step.
      try {
        while (!worker.isDone && runNext(worker, args, bodies)) {
          hasMoved = true;
          running -= worker.isDone;
        }
      } catch (const EmulatorError &error) {
        return fail(worker, error.what());
      }
    }
    if (hasMoved)
      continue;
    for (const EmulatedWorker &worker : workers)
      if (!worker.isDone)
        return fail(worker, "waits for words that nobody sends");
  }
}

//===- Passes.td - Passes within the amk dialect -*- tablegen -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_TRANSFORMS_PASSES_TD
#define AMK_DIALECT_AMK_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Layer level: fusion. Independent of each other; every subset is valid.
//===----------------------------------------------------------------------===//

def FuseGatedLinear : Pass<"amk-fuse-gated-linear", "::mlir::amk::ModelOp"> {
  let summary = "Merge gate and up projections with the gated activation";
  let description = [{
    `gated_activation(linear(x, gate), linear(x, up))` becomes
    `amk.fused.gated_linear`. Both linears must read the same input and have no
    other use.
  }];
}

def FuseHead : Pass<"amk-fuse-head", "::mlir::amk::ModelOp"> {
  let summary = "Merge the last linear with the argmax";
  let description = [{
    `argmax(linear(x, w))`, where the logits are otherwise only the model's
    output, becomes `amk.fused.head`.
  }];
}

def FuseNorm : Pass<"amk-fuse-norm", "::mlir::amk::ModelOp"> {
  let summary = "Merge RMS norms into the operations that read them";
  let description = [{
    A norm whose users are all linears or fused operations without a norm, that
    read it as their input, becomes the prologue of each. With more users than
    `max-users` it stays, since each user computes it again. Run it after the
    other fusions, which leave fewer users.
  }];
  let options = [
    Option<"maxUsers", "max-users", "unsigned", "1",
           "Largest number of operations that may recompute a norm">
  ];
}

def FuseQKV : Pass<"amk-fuse-qkv", "::mlir::amk::ModelOp"> {
  let summary = "Merge q, k, v projections with rotary and KV append";
  let description = [{
    Three linears of one input, of which two are rotated by the same table and
    position, key and value are appended to the cache, and nothing else is used,
    become `amk.fused.qkv`.
  }];
}

def FuseResidual : Pass<"amk-fuse-residual", "::mlir::amk::ModelOp"> {
  let summary = "Merge residual additions into the linear before them";
  let description = [{
    `add(r, linear(x, w))`, in either order, where the linear has no other use
    and r does not depend on it, becomes `amk.fused.linear` with a residual.
  }];
}

//===----------------------------------------------------------------------===//
// Schedule level
//===----------------------------------------------------------------------===//

def AllocateBuffers : Pass<"amk-allocate-buffers", "::mlir::amk::ScheduleOp"> {
  let summary = "Give every buffer its place in its address space";
  let description = [{
    Activations share bytes where the schedule orders all accesses of one before
    all accesses of the other, within a step and from each step to the next.
    Value+tag words share with words only. KV caches, constants and tables get
    consecutive places, and so do the shared buffers of each worker. Runs on a
    synchronised schedule; the result is verified again as a whole.
  }];
  let options = [
    Option<"reuse", "reuse", "bool", "true",
           "Let activations share bytes (false: one place each)">,
    Option<"alignment", "alignment", "unsigned", "64",
           "Alignment of every buffer in bytes, a power of two">
  ];
}

def ChooseHandOff : Pass<"amk-choose-hand-off", "::mlir::amk::GraphOp"> {
  let summary = "Say how workers of a GPU pass each activation on";
  let description = [{
    Every activation without `hand_off` gets one. `hand_off tag`: its values lie
    in words of 8 bytes, each with the tag of its step, and readers poll them all.
    `hand_off release`: they lie as they are, and readers wait for a counter;
    twice the latency, but half the bytes to read. Only activations of at least
    `release-elements` elements get the latter, and not those of attention and of
    the choice of the next token, whose kernel bodies know words only.
  }];
  let options = [
    Option<"releaseElements", "release-elements", "int64_t", "0",
           "Elements from which on activations pass by a counter; 0: none do">
  ];
}

def CoarsenSync : Pass<"amk-coarsen-sync", "::mlir::amk::ScheduleOp"> {
  let summary = "Join the counters of a phase where that costs little";
  let description = [{
    Replaces the counters of the tasks of one phase by one counter per phase,
    where the waits that become stronger cannot delay anybody (every consumer
    waits for most of the phase anyway), measured by `slack`: the share of a
    phase's tasks that a consumer may additionally wait for. Refuses a merge
    that would create a wait cycle. Tag and parity counters stay as they are.
  }];
  let options = [
    Option<"slack", "slack", "double", "1.0",
           "Largest share of a phase that a consumer may wait for in addition">
  ];
}

def InsertHandOff : Pass<"amk-insert-hand-off", "::mlir::amk::ScheduleOp"> {
  let summary = "Add the counters, waits, signals and loaders of a GPU";
  let description = [{
    What `amk-insert-sync` is for CPUs. Activations pass from worker to worker in
    value+tag words, or by a counter: each buffer with `hand_off tag` gets a tag
    counter, one with three dimensions (groups, heads) one for each index of the
    first, and each with `hand_off release` a release counter. A task waits for
    the counters of what it reads, in the order of its accesses, and signals those
    of what it writes. The tag of a buffer is 1 for the first phase that writes
    words, 2 for the next, and so on.

    A worker with `amk.task.attention ring` tasks gets a loader queue with one
    `amk.task.load_kv` for each of them: the k-th waits until the attention task
    has appended its row in the step before (`appended`), the attention task
    waits until the cache is in the ring (`loaded`).

    There are no gates: what keeps steps apart is that the chain of hand-offs leads
    through all workers. The result is a verified schedule with `tags` and
    `amk.stage_bytes`, and without the `unsynchronized` mark. Refuses schedules
    with counters or loader queues, and activations without `hand_off`.
  }];
  let options = [
    Option<"stageBytes", "stage-bytes", "unsigned", "16384",
           "Bytes of a stage of the workers' rings">,
    Option<"targetWorkers", "target-workers", "unsigned", "0",
           "Workers that the target can hold at once; 0: not known">,
    Option<"sharedBytes", "shared-bytes", "unsigned", "0",
           "Shared memory that a worker of the target has; 0: not known">
  ];
}

def InsertSync : Pass<"amk-insert-sync", "::mlir::amk::ScheduleOp"> {
  let summary = "Add the counters, waits and signals that the tasks need";
  let description = [{
    Derives every order that a step needs from what the tasks touch, and gives
    producers with the same consumers one counter. Steps are kept apart by the
    gates: each waits for the end of the step before. Tasks that nothing in
    the step waits for are joined by the last task. The result is a verified
    schedule without the `unsynchronized` mark. Refuses schedules with counters
    or loader queues.
  }];
}

def PackWeights : Pass<"amk-pack-weights", "::mlir::amk::ScheduleOp"> {
  let summary = "Lay out every worker's weights as one stream in queue order";
  let description = [{
    Sets `stream_offset` of each task that uses weights. Segments begin at
    multiples of 64 bytes. In a schedule with `amk.stage_bytes`, the size of the
    stages of a GPU's ring, weights are fragment blocks in whole stages, and
    segments begin at multiples of 512 bytes.
  }];
}

def PlaceTasks : Pass<"amk-place-tasks", "::mlir::ModuleOp"> {
  let summary = "Turn each task graph into queues of workers";
  let description = [{
    Part i of a phase goes to worker (i + shift) mod workers. `placement`
    chooses the shift: `block` is 0 for every phase, so that a part of one
    phase is on the same worker as the same part of the next; `rotate` begins
    each phase at the worker after the last one used, which spreads phases with
    few parts. Every queue begins with a gate.

    `bytes` is for GPUs and makes no gates. Parts with weights, the largest
    first, go to the worker with the fewest weight bytes so far in the step, at
    most ceil(parts / workers) of a phase to one; attention goes to worker
    (unit mod workers), so that a worker keeps its caches; the rest as `block`.
  }];
  let options = [
    Option<"workers", "workers", "unsigned", "1", "Number of workers">,
    Option<"placement", "placement", "std::string", "\"block\"",
           "block, rotate or bytes">
  ];
  let dependentDialects = ["::mlir::amk::AMKDialect"];
}

def SimplifyWaits : Pass<"amk-simplify-waits", "::mlir::amk::ScheduleOp"> {
  let summary = "Remove waits that other waits imply, and unused counters";
  let description = [{
    A wait is redundant if everything it waits for is ordered before the task
    without it, through the worker's own order and the remaining waits. Waits
    on tag and parity counters stay.
  }];
}

//===----------------------------------------------------------------------===//
// Inspection
//===----------------------------------------------------------------------===//

def PrintSchedule : Pass<"amk-print-schedule", "::mlir::ModuleOp"> {
  let summary = "Write the module's schedules for people or tools";
  let description = [{
    `text`: a table per queue. `dot`: a graph of tasks with one edge per wait
    and producer. `json`: buffers, counters, queues, tasks with their accesses,
    waits and signals.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"text\"", "text, dot or json">,
    Option<"output", "output", "std::string", "\"-\"", "File, or - for stdout">
  ];
}

//===----------------------------------------------------------------------===//
// Gates: what must hold at the end of a level
//===----------------------------------------------------------------------===//

def VerifyLayers : Pass<"amk-verify-layers", "::mlir::ModuleOp"> {
  let summary = "Gate of the layer level";
  let description = [{
    The module holds models with unfused operations only; weights are
    defined once per name and used; every cache is appended to once.
  }];
}

def VerifyFusedLayers : Pass<"amk-verify-fused-layers", "::mlir::ModuleOp"> {
  let summary = "Gate of the fused layer level";
  let description = "As `amk-verify-layers`, with fused operations allowed.";
}

def VerifyTaskGraph : Pass<"amk-verify-task-graph", "::mlir::ModuleOp"> {
  let summary = "Gate of the task graph level";
  let description = [{
    The module holds graphs only; in graph order every byte is written once per
    step before it is read, outputs are complete, accesses are in bounds.
  }];
}

def VerifySchedule : Pass<"amk-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "Gate of the schedule level";
  let description = [{
    The module holds synchronised schedules only, all buffers and streams have
    their place. Safety itself is the schedule op's own verifier.
  }];
}

def VerifyKernel : Pass<"amk-verify-kernel", "::mlir::ModuleOp"> {
  let summary = "Gate of the kernel level";
  let description = [{
    Every task of the schedule has a body and as many operands as the body has
    arguments, at most `abi::kMaxOperands`; scratch lies inside
    `scratch_bytes`.
  }];
}

#endif // AMK_DIALECT_AMK_TRANSFORMS_PASSES_TD

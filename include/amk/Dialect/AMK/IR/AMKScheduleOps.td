//===- AMKScheduleOps.td - Schedule level ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKSCHEDULEOPS_TD
#define AMK_DIALECT_AMK_IR_AMKSCHEDULEOPS_TD

include "amk/Dialect/AMK/IR/AMKAttributes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def ScheduleOpGroup : OpDocGroup {
  let summary = "Schedule level";
  let description = [{
    Tasks in worker queues. The schedule op's verifier proves the schedule safe
    with the core of `lib/Schedule`; `docs/ScheduleSpec.md` states the rules.
  }];
}

def AMK_ScheduleOp : AMK_Op<"schedule", [Symbol, IsolatedFromAbove,
    SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "The tasks of one decode step, placed on workers";
  let description = [{
    One `amk.queue` per worker, in order, each followed by the worker's `loader`
    queue if it has one. A step runs every queue once; a launch runs many steps,
    and a queue begins its next step without waiting for the others unless it
    says so.

    While `unsynchronized` is present, waits and signals are still missing and
    only the structure is verified; `amk-insert-sync` removes it, and from then
    on an unsafe schedule does not verify.

    `arena_bytes` is the size of the activations' address space once
    `amk-allocate-buffers` has run. `tags` says what tags value+tag words carry
    (stride 0 and 32 bits without it), `limits` what the target has: a schedule
    that needs more does not verify.

    ```mlir
    amk.schedule @step workers = 1 config = #amk.config<family = "llama", vocab = 32,
        hidden = 8, layers = 0, context = 16, eos = [], bos = -1>
        limits = <workers = 132, shared_bytes = 232448> {
      %control = amk.buffer control "control" : memref<1xi32>
      %done = amk.counter "done"
      amk.queue 0 {
        amk.wait %done >= 0
        amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control) : (memref<1xi32>) -> ()
        amk.signal %done += 1
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$workers,
                       AMK_ModelConfigAttr:$config, UnitAttr:$unsynchronized,
                       OptionalAttr<I64Attr>:$arena_bytes,
                       OptionalAttr<AMK_TagFormatAttr>:$tags,
                       OptionalAttr<AMK_LimitsAttr>:$limits,
                       OptionalAttr<DictionaryAttr>:$derived_tensors);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `workers` `=` $workers `config` `=` $config
    (`unsynchronized` $unsynchronized^)? (`arena_bytes` `=` $arena_bytes^)?
    (`tags` `=` $tags^)? (`limits` `=` $limits^)?
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let opDocGroup = ScheduleOpGroup;
}

def AMK_CounterOp : AMK_Op<"counter", [HasParent<"ScheduleOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Declares a counter and how it is made";
  let description = [{
    - Without more, a word in memory, signalled with release and waited for with
      acquire: whoever waits sees all that the signalling workers did before.
    - `tag base N`: no word of its own. A wait polls the value+tag words that
      `write_tagged` accesses store, and sees only these. It is satisfied when
      all words of the step are there, so its threshold is what a step adds. N
      is the tag in step 0 of a launch; see `#amk.tags`.
      `of` says which bytes of a buffer with `hand_off tag` these words are: what
      a task writes there, and signals the counter for, it stores as words.
    - `parity N`: N barriers in turn, each waited for by its parity; else like
      the first. The n-th signal of a launch completes a phase of barrier
      n mod N. One queue signals, always 1.

    ```mlir
    %done = amk.counter "done"
    %words = amk.counter "layers.0.o" tag base 16
    %query = amk.counter "layers.0.qkv.3" tag base 3 of %q[1024 to 2048]
        : memref<8x4x32xf32>
    %full = amk.counter "full" parity 4
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<I64Attr>:$tag_base,
                       OptionalAttr<I64Attr>:$barriers,
                       Optional<AMK_Buffer>:$buffer,
                       OptionalAttr<AMK_RangeAttr>:$bytes);
  let results = (outs AMK_CounterType:$result);
  let assemblyFormat = [{
    $name (`tag` `base` $tag_base^)? (`parity` $barriers^)?
    (`of` $buffer^ `` custom<ByteRange>($bytes))? attr-dict
    (`:` type($buffer)^)?
  }];
  let hasVerifier = 1;
  let opDocGroup = ScheduleOpGroup;
  let extraClassDeclaration = [{
    ::amk::schedule::Protocol getProtocol();
  }];
}

def AMK_QueueOp : AMK_Op<"queue", [HasParent<"ScheduleOp">, SingleBlock,
    NoTerminator, NoRegionArguments]> {
  let summary = "What one worker does in a step, in order";
  let description = [{
    A sequence of waits, one task, signals; again and again. The waits before a
    task belong to it, and so do the signals after it. A `loader` queue runs
    beside the other queue of its worker and shares its memory: it brings data
    into rings before they are needed.

    ```mlir
    amk.queue 0 {
      amk.wait %full >= 1
      amk.task.opaque #amk.phase<1, "layers.0.o", 0 of 1> (%ring, %x)
          accesses [read %ring[0 to 64], write %x[0 to 16]]
          : (memref<64xi8>, memref<4xf32>) -> ()
    }
    amk.queue 0 loader {
      amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%ring)
          accesses [write %ring[0 to 64]] : (memref<64xi8>) -> ()
      amk.signal %full += 1
    }
    ```
  }];
  let arguments = (ins I64Attr:$worker, UnitAttr:$loader);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$worker (`loader` $loader^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let opDocGroup = ScheduleOpGroup;
}

def AMK_WaitOp : AMK_Op<"wait", [HasParent<"QueueOp">]> {
  let summary = "Waits until a counter has grown enough in this step";
  let description = [{
    In step s of the launch: counter >= threshold + s * (what all signals of one
    step add to it). So threshold n waits for n of this step, and threshold 0
    for everything of the step before. Of a parity counter the wait is for the
    phase that the n-th signal completes; of a tag counter for all its words.

    ```mlir
    amk.wait %done >= 132
    ```
  }];
  let arguments = (ins AMK_CounterType:$counter, I64Attr:$threshold);
  let assemblyFormat = "$counter ` ` `>` `` `=` $threshold attr-dict";
  let opDocGroup = ScheduleOpGroup;
}

def AMK_SignalOp : AMK_Op<"signal", [HasParent<"QueueOp">]> {
  let summary = "Adds to a counter, after everything before it is visible";
  let description = [{
    Of a tag counter the signal stands for the words that the task before it
    stores (its `write_tagged` accesses); it adds 1 and makes nothing else
    visible.

    ```mlir
    amk.signal %done += 1
    ```
  }];
  let arguments = (ins AMK_CounterType:$counter,
                       ConfinedAttr<I64Attr, [IntPositive]>:$amount);
  let assemblyFormat = "$counter ` ` `+` `` `=` $amount attr-dict";
  let opDocGroup = ScheduleOpGroup;
}

#endif // AMK_DIALECT_AMK_IR_AMKSCHEDULEOPS_TD

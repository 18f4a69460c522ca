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
    One `amk.queue` per worker, in order. A step runs every queue once; a launch
    runs many steps, and a worker begins its next step without waiting for the
    others unless its queue says so.

    While `unsynchronized` is present, waits and signals are still missing and
    only the structure is verified; `amk-insert-sync` removes it, and from then
    on an unsafe schedule does not verify.

    `arena_bytes` is the size of the activations' address space once
    `amk-allocate-buffers` has run.

    ```mlir
    amk.schedule @step workers = 1 config = #amk.config<family = "llama", vocab = 32,
        hidden = 8, layers = 0, context = 16, eos = [], bos = -1> {
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
                       OptionalAttr<DictionaryAttr>:$derived_tensors);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `workers` `=` $workers `config` `=` $config
    (`unsynchronized` $unsynchronized^)? (`arena_bytes` `=` $arena_bytes^)?
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let opDocGroup = ScheduleOpGroup;
}

def AMK_CounterOp : AMK_Op<"counter", [HasParent<"ScheduleOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Declares a counter";
  let arguments = (ins StrAttr:$name);
  let results = (outs AMK_CounterType:$result);
  let assemblyFormat = "$name attr-dict";
  let opDocGroup = ScheduleOpGroup;
}

def AMK_QueueOp : AMK_Op<"queue", [HasParent<"ScheduleOp">, SingleBlock,
    NoTerminator, NoRegionArguments]> {
  let summary = "What one worker does in a step, in order";
  let description = [{
    A sequence of waits, one task, signals; again and again. The waits before a
    task belong to it, and so do the signals after it.
  }];
  let arguments = (ins I64Attr:$worker);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$worker attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let opDocGroup = ScheduleOpGroup;
}

def AMK_WaitOp : AMK_Op<"wait", [HasParent<"QueueOp">]> {
  let summary = "Waits until a counter has grown enough in this step";
  let description = [{
    In step s of the launch: counter >= threshold + s * (what all signals of one
    step add to it). So threshold n waits for n of this step, and threshold 0
    for everything of the step before.
  }];
  let arguments = (ins AMK_CounterType:$counter, I64Attr:$threshold);
  let assemblyFormat = "$counter ` ` `>` `` `=` $threshold attr-dict";
  let opDocGroup = ScheduleOpGroup;
}

def AMK_SignalOp : AMK_Op<"signal", [HasParent<"QueueOp">]> {
  let summary = "Adds to a counter, after everything before it is visible";
  let arguments = (ins AMK_CounterType:$counter,
                       ConfinedAttr<I64Attr, [IntPositive]>:$amount);
  let assemblyFormat = "$counter ` ` `+` `` `=` $amount attr-dict";
  let opDocGroup = ScheduleOpGroup;
}

#endif // AMK_DIALECT_AMK_IR_AMKSCHEDULEOPS_TD

//===- AMKTaskOps.td - Task graph level ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKTASKOPS_TD
#define AMK_DIALECT_AMK_IR_AMKTASKOPS_TD

include "amk/Dialect/AMK/IR/AMKAttributes.td"
include "amk/Dialect/AMK/IR/AMKInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def AMK_Buffer : MemRefOf<[F32, F16, BF16, I8, I32, I64]>;
def AMK_F32Buffer : MemRefOf<[F32]>;
def AMK_I32Buffer : MemRefOf<[I32]>;
def AMK_WeightBuffer : MemRefOf<[F32, F16, BF16]>;
def AMK_CacheBuffer : MemRefOf<[F32, F16, BF16]>;

def TaskOpGroup : OpDocGroup {
  let summary = "Task graph level";
  let description = [{
    Tiles on buffers. A task reads and writes whole units (rows, heads,
    elements) of its buffers; `units` is the half-open range that it covers.
  }];
}

def AMK_GraphOp : AMK_Op<"graph", [Symbol, IsolatedFromAbove, SingleBlock,
    NoTerminator, NoRegionArguments]> {
  let summary = "The tasks of one decode step, unplaced";
  let description = [{
    Buffers first, then tasks in an order in which every read follows the writes
    it needs. That order is the meaning of the program; which tasks may run at
    the same time follows from what they touch.

    ```mlir
    amk.graph @step config = #amk.config<family = "llama", vocab = 32,
        hidden = 8, layers = 0, context = 16, eos = [], bos = -1> {
      %token = amk.buffer token "token" : memref<1xi32>
      %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
      %x = amk.buffer activation "x" : memref<1x8xf32>
      amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
          (%token, %table) to (%x)
          : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, AMK_ModelConfigAttr:$config,
                       OptionalAttr<DictionaryAttr>:$derived_tensors);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `config` `=` $config attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let opDocGroup = TaskOpGroup;
}

def AMK_BufferOp : AMK_Op<"buffer", [ParentOneOf<["GraphOp", "ScheduleOp"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Memory that tasks share";
  let description = [{
    `source` names the checkpoint tensor of a `weight`, `table` or `vector`.
    `inv_freq` and `scale` define a `rotary` table as in
    `amk.layer.rotary_table`. `offset` is the place in its address space, in
    bytes, once `amk-allocate-buffers` has run; activations whose lifetimes
    provably do not overlap share bytes.

    `shared` and `ring` buffers belong to schedules. A `shared` buffer lies in the
    shared memory of `worker`, with `offset` counted from its begin; only queues
    of that worker may touch it. A `ring` keeps `capacity` bytes of an endless
    tape, in the shared memory of `worker` or, without it, in memory that all
    reach; the type is the tape of one step, and byte x of step s of a launch
    lies at byte (x + s * (bytes of the type)) mod `capacity`. A ring has no
    offset: it shares its bytes with no other buffer.

    `hand_off` says how workers of a GPU pass an activation to each other; with
    `tag` its values lie in words of 8 bytes. Absent on a CPU, which uses
    `release`.

    ```mlir
    %x = amk.buffer activation "layers.0.hidden" offset 256 : memref<1x576xf32>
    %w = amk.buffer weight "q" source "model.layers.0.self_attn.q_proj.weight" : memref<576x576xbf16>
    %s = amk.buffer shared "staged" worker 3 offset 0 : memref<1x576xf32>
    %r = amk.buffer ring "stream" worker 3 capacity 65536 : memref<262144xi8>
    ```
  }];
  let arguments = (ins AMK_BufferKind:$kind, StrAttr:$name,
                       OptionalAttr<StrAttr>:$source,
                       OptionalAttr<I64Attr>:$worker,
                       OptionalAttr<I64Attr>:$capacity,
                       OptionalAttr<I64Attr>:$offset,
                       OptionalAttr<DenseF32ArrayAttr>:$inv_freq,
                       OptionalAttr<F64Attr>:$scale,
                       OptionalAttr<AMK_HandOff>:$hand_off);
  let results = (outs Res<AMK_Buffer, "", [MemAlloc]>:$result);
  let assemblyFormat = [{
    $kind $name (`source` $source^)? (`worker` $worker^)?
    (`capacity` $capacity^)? (`offset` $offset^)?
    (`inv_freq` `=` custom<ExactFloats>($inv_freq)^ `scale` `=` $scale)?
    (`hand_off` $hand_off^)? attr-dict `:` type($result)
  }];
  let opDocGroup = TaskOpGroup;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Bytes of the buffer, without padding: a word for each element where
    /// workers pass them in words.
    int64_t getBytes();
    /// True for the kinds that kernels write: the ones the verifier follows.
    bool isMutable();
  }];
}

class AMK_TaskOp<string mnemonic, list<Trait> traits = []>
    : AMK_Op<"task." # mnemonic, !listconcat(traits, [
        ParentOneOf<["GraphOp", "QueueOp"]>,
        MemoryEffects<[MemRead, MemWrite]>,
        AMK_TaskOpInterface])> {
  let opDocGroup = TaskOpGroup;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    void getAccesses(::llvm::SmallVectorImpl<::mlir::amk::BufferAccess> &);
    ::std::optional<::mlir::amk::WeightUse> getWeightUse();
  }];
  // Every task has these; see AMK_TaskOpInterface.
  dag common = (ins AMK_PhaseAttr:$phase, OptionalAttr<I64Attr>:$stream_offset,
                    OptionalAttr<AMK_CallAttr>:$call);
  string suffix = [{
    (`stream_offset` $stream_offset^)? (`call` $call^)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def AMK_TaskGateOp : AMK_TaskOp<"gate"> {
  let summary = "Begins a worker's step: leaves the launch if the stop flag is set";
  let arguments = !con((ins AMK_I32Buffer:$control), common);
  let assemblyFormat = "$phase `(` $control `)`" # suffix;
}

def AMK_TaskOpaqueOp : AMK_TaskOp<"opaque", [AttrSizedOperandSegments]> {
  let summary = "A task that says itself what it touches";
  let description = [{
    The extension point for back ends whose work is none of the other tasks:
    loads into rings, value+tag hand-offs, reductions. All other tasks derive
    their accesses from their meaning; this one declares them, and the
    declaration is **trusted**: nothing compares it with what its body does.

    `accesses` lists what it does to its buffers, in bytes of the buffer:
    `%x[A to B]` are bytes A to B - 1, and `rows N stride S` repeats them N times,
    S bytes apart. Modes are those of `#amk.access`. `write_tagged ... of %c`
    names the tag counter whose words are stored, one of `counters`. Buffers
    that it reads but nothing writes (weights, tables) are operands without an
    access.

    No body is made for it: the back end that puts the task in sets `call`.

    ```mlir
    amk.task.opaque #amk.phase<7, "layers.0.o", 2 of 4> (%in, %out) counters (%c)
        accesses [read %in[0 to 256] rows 4 stride 1024,
                  write_tagged %out[64 to 128] of %c]
        : (memref<4x256xf32>, memref<64xi64>, !amk.counter) -> ()
    ```
  }];
  let arguments = !con((ins Variadic<AMK_Buffer>:$buffers,
    Variadic<AMK_CounterType>:$counters, AMK_AccessArrayAttr:$accesses), common);
  let assemblyFormat = [{
    $phase `(` $buffers `)` (`counters` `(` $counters^ `)`)?
    `accesses` custom<Accesses>(ref($buffers), ref($counters), $accesses)
  }] # suffix;
}

def AMK_TaskEmbedOp : AMK_TaskOp<"embed"> {
  let summary = "Elements `units` of the token's row of a table, as float32";
  let description = [{
    `token` has one element, or one for each worker: then the task reads element
    `part` of it.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, AMK_I32Buffer:$token,
    AMK_WeightBuffer:$table, AMK_F32Buffer:$out), common);
  let assemblyFormat =
    "$phase $units `(` $token `,` $table `)` `to` `(` $out `)`" # suffix;
}

def AMK_TaskRmsNormOp : AMK_TaskOp<"rms_norm"> {
  let summary = "Normalises a whole vector";
  let arguments = !con((ins AMK_F32Buffer:$input, AMK_F32Buffer:$weight,
    AMK_F32Buffer:$out, F64Attr:$epsilon), common);
  let assemblyFormat = [{
    $phase `(` $input `,` $weight `)` `to` `(` $out `)` `epsilon` `=` $epsilon
  }] # suffix;
}

def AMK_TaskLinearOp : AMK_TaskOp<"linear", [AttrSizedOperandSegments]> {
  let summary = "Rows `units` of a matrix-vector product";
  let description = [{
    Optionally the input passes through a norm first and a residual is added to
    the result. `tile_rows` rows are multiplied together and lie together in
    the stream.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, I64Attr:$tile_rows,
    AMK_F32Buffer:$input, Optional<AMK_F32Buffer>:$norm,
    AMK_WeightBuffer:$weight, Optional<AMK_F32Buffer>:$residual,
    AMK_F32Buffer:$out, OptionalAttr<F64Attr>:$epsilon), common);
  let assemblyFormat = [{
    $phase $units `tile` $tile_rows `(` $input `)`
    (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weight` `(` $weight `)` (`residual` `(` $residual^ `)`)?
    `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskQKVOp : AMK_TaskOp<"qkv", [AttrSizedOperandSegments]> {
  let summary = "Row pairs `units` of the projections, rotated";
  let description = [{
    Query, key and value rows are one list of heads. Unit p is the pair of rows
    i and i + d/2 of head p / (d/2), i = p % (d/2), which the rotary embedding
    mixes. Query pairs go to `query`, key and value pairs to row `position` of
    the cache `[2, heads, positions, d]` (0 keys, 1 values; values unrotated).

    Without a cache the heads are listed by kv head (`PackRows::RotaryGroups`):
    its query heads, its key head, its value head. All of them go to `query`,
    `[kv heads, query heads of one + 2, d]`, where `amk.task.attention ring` finds
    them. A tile then belongs to one head. For GPUs.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, I64Attr:$tile_rows,
    AMK_F32Buffer:$input, Optional<AMK_F32Buffer>:$norm,
    AMK_WeightBuffer:$query_weight, AMK_WeightBuffer:$key_weight,
    AMK_WeightBuffer:$value_weight, AMK_F32Buffer:$table,
    AMK_F32Buffer:$query, Optional<AMK_F32Buffer>:$cache,
    OptionalAttr<F64Attr>:$epsilon), common);
  let assemblyFormat = [{
    $phase $units `tile` $tile_rows `(` $input `)`
    (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weights` `(` $query_weight `,` $key_weight `,` $value_weight `)`
    `rotary` `(` $table `)` `to` `(` $query (`,` $cache^)? `)`
  }] # suffix;
}

def AMK_TaskGatedLinearOp : AMK_TaskOp<"gated_linear"> {
  let summary = "Rows `units` of activation(gate x) * (up x)";
  let arguments = !con((ins AMK_Activation:$activation, AMK_RangeAttr:$units,
    I64Attr:$tile_rows, AMK_F32Buffer:$input, Optional<AMK_F32Buffer>:$norm,
    AMK_WeightBuffer:$gate_weight, AMK_WeightBuffer:$up_weight,
    AMK_F32Buffer:$out, OptionalAttr<F64Attr>:$epsilon), common);
  let assemblyFormat = [{
    $phase $activation $units `tile` $tile_rows `(` $input `)`
    (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weights` `(` $gate_weight `,` $up_weight `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskHeadOp : AMK_TaskOp<"head"> {
  let summary = "Rows `units` of the logits and their largest";
  let description = [{
    Row `part` of `partials` (`memref<PARTSx2xi32>`) receives the bits of the
    largest logit of the range and its index (the lowest one of equals).

    For `amk.task.next_token`, `partials` has one dimension of 2 * PARTS + 1:
    those rows, then an element for part 0, which is not 0 if the host wants the
    launch to stop.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, I64Attr:$tile_rows,
    AMK_F32Buffer:$input, Optional<AMK_F32Buffer>:$norm,
    AMK_WeightBuffer:$weight, AMK_F32Buffer:$logits, AMK_I32Buffer:$partials,
    OptionalAttr<F64Attr>:$epsilon), common);
  let assemblyFormat = [{
    $phase $units `tile` $tile_rows `(` $input `)`
    (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weight` `(` $weight `)` `to` `(` $logits `,` $partials `)`
  }] # suffix;
}

def AMK_TaskRopeOp : AMK_TaskOp<"rope"> {
  let summary = "Rotates heads `units`";
  let arguments = !con((ins AMK_RangeAttr:$units, I64Attr:$head_dim,
    AMK_F32Buffer:$input, AMK_F32Buffer:$table, AMK_F32Buffer:$out), common);
  let assemblyFormat = [{
    $phase $units `head_dim` `=` $head_dim `(` $input `,` $table `)`
    `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskKVAppendOp : AMK_TaskOp<"kv_append"> {
  let summary = "Writes row `position` of kv heads `units`";
  let arguments = !con((ins AMK_RangeAttr:$units, AMK_F32Buffer:$key,
    AMK_F32Buffer:$value, AMK_F32Buffer:$cache), common);
  let assemblyFormat = [{
    $phase $units `(` $key `,` $value `)` `to` `(` $cache `)`
  }] # suffix;
}

def AMK_TaskAttentionOp : AMK_TaskOp<"attention"> {
  let summary = "Attention of `units`, each a kv head and a part of the context";
  let description = [{
    Unit u is kv head u / splits and split u % splits of the positions 0 to
    `position`. When the step runs, they are cut into `splits` pieces of whole
    blocks of 16 positions, as equal as that allows; the last pieces may be
    short or empty.
    With one split, `out` is the attention result `[1, heads * d]`. With more
    it is `[heads, splits, d + 2]`: unnormalised sums, then the running maximum
    and the running denominator, for `amk.task.attention_combine`.

    With `ring`, for GPUs, a task has one unit, whose part of the cache is its own
    and comes through the ring of the worker's shared memory: `cache` is
    `[blocks, 2, positions, d']` with blocks of 16 positions (8 of float32), d'
    the dimension d rounded up to 16, 0 keys and 1 values. Block b of the context
    is block b / splits of split b % splits. `query` is what `amk.task.qkv`
    without a cache writes; its key and value, too, are of this step, and the
    task that has the block of `position` appends them. `out` is
    `[heads, splits, d + 2]`, for any number of splits, for
    `amk.task.combine_splits`.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, I64Attr:$splits,
    F64Attr:$scale, AMK_F32Buffer:$query, AMK_CacheBuffer:$cache,
    AMK_F32Buffer:$out, UnitAttr:$ring), common);
  let assemblyFormat = [{
    $phase $units `splits` `=` $splits `scale` `=` $scale (`ring` $ring^)?
    `(` $query `,` $cache `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskAttentionCombineOp : AMK_TaskOp<"attention_combine"> {
  let summary = "Joins the splits of query heads `units` in a fixed order";
  let arguments = !con((ins AMK_RangeAttr:$units, AMK_F32Buffer:$partials,
    AMK_F32Buffer:$out), common);
  let assemblyFormat = [{
    $phase $units `(` $partials `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskCombineSplitsOp : AMK_TaskOp<"combine_splits"> {
  let summary = "Joins the splits of elements `units`, which one head has";
  let description = [{
    `partials` is what `amk.task.attention ring` writes, `[heads, splits, d + 2]`;
    `out` is `[1, heads * d]`. For GPUs, in the place of
    `amk.task.attention_combine`.
  }];
  let arguments = !con((ins AMK_RangeAttr:$units, AMK_F32Buffer:$partials,
    AMK_F32Buffer:$out), common);
  let assemblyFormat = [{
    $phase $units `(` $partials `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskLoadKVOp : AMK_TaskOp<"load_kv"> {
  let summary = "Brings the cache of an `amk.task.attention ring` into the ring";
  let description = [{
    In the loader queue of the worker that has the attention task. Reads what
    steps before this one appended.

    ```mlir
    amk.task.load_kv #amk.phase<2, "layers.0.attention", 3 of 4> (%kv)
        : (memref<2x2x16x64xbf16>) -> ()
    ```
  }];
  let arguments = !con((ins AMK_CacheBuffer:$cache), common);
  let assemblyFormat = "$phase `(` $cache `)`" # suffix;
}

def AMK_TaskGatedActivationOp : AMK_TaskOp<"gated_activation"> {
  let summary = "Elements `units` of activation(gate) * up";
  let arguments = !con((ins AMK_Activation:$activation, AMK_RangeAttr:$units,
    AMK_F32Buffer:$gate, AMK_F32Buffer:$up, AMK_F32Buffer:$out), common);
  let assemblyFormat = [{
    $phase $activation $units `(` $gate `,` $up `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskAddOp : AMK_TaskOp<"add"> {
  let summary = "Elements `units` of lhs + rhs";
  let arguments = !con((ins AMK_RangeAttr:$units, AMK_F32Buffer:$lhs,
    AMK_F32Buffer:$rhs, AMK_F32Buffer:$out), common);
  let assemblyFormat = [{
    $phase $units `(` $lhs `,` $rhs `)` `to` `(` $out `)`
  }] # suffix;
}

def AMK_TaskArgmaxOp : AMK_TaskOp<"argmax"> {
  let summary = "Ends a step: the index of the largest logit becomes the token";
  let description = [{
    Writes the next token (unless the prompt gives it), sets the stop flag on a
    stop token and reports the step to the host.
  }];
  let arguments = !con((ins AMK_F32Buffer:$logits, AMK_I32Buffer:$token,
    AMK_I32Buffer:$control), common);
  let assemblyFormat = [{
    $phase `(` $logits `)` `to` `(` $token `,` $control `)`
  }] # suffix;
}

def AMK_TaskArgmaxCombineOp : AMK_TaskOp<"argmax_combine"> {
  let summary = "Ends a step from the partial maxima of `amk.task.head`";
  let arguments = !con((ins AMK_I32Buffer:$partials, AMK_I32Buffer:$token,
    AMK_I32Buffer:$control), common);
  let assemblyFormat = [{
    $phase `(` $partials `)` `to` `(` $token `,` $control `)`
  }] # suffix;
}

def AMK_TaskNextTokenOp : AMK_TaskOp<"next_token"> {
  let summary = "Ends a worker's step: every worker finds the next token itself";
  let description = [{
    Reads the partial maxima of all `amk.task.head` tasks and the element after
    them, and writes the token to element `part` of `token`, which has one for
    each worker. For GPUs, in the place of `amk.task.argmax_combine`.
  }];
  let arguments = !con((ins AMK_I32Buffer:$partials, AMK_I32Buffer:$token),
                       common);
  let assemblyFormat = [{
    $phase `(` $partials `)` `to` `(` $token `)`
  }] # suffix;
}

#endif // AMK_DIALECT_AMK_IR_AMKTASKOPS_TD

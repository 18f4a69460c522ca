//===- AMKAttributes.td - Attributes, enums and types ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKATTRIBUTES_TD
#define AMK_DIALECT_AMK_IR_AMKATTRIBUTES_TD

include "amk/Dialect/AMK/IR/AMKDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/EnumAttr.td"

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def AMK_BufferKind : I32EnumAttr<"BufferKind", "what a buffer holds", [
    I32EnumAttrCase<"Activation", 0, "activation">,
    I32EnumAttrCase<"KVCache", 1, "kv_cache">,
    I32EnumAttrCase<"Token", 2, "token">,
    I32EnumAttrCase<"Control", 3, "control">,
    I32EnumAttrCase<"Logits", 4, "logits">,
    I32EnumAttrCase<"Vector", 5, "vector">,
    I32EnumAttrCase<"Rotary", 6, "rotary">,
    I32EnumAttrCase<"Weight", 7, "weight">,
    I32EnumAttrCase<"Table", 8, "table">,
    I32EnumAttrCase<"Shared", 9, "shared">,
    I32EnumAttrCase<"Ring", 10, "ring">]> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    `activation`: float32 values of one step, in the arena. `kv_cache`: keys and
    values, kept over steps. `token`: the token that the next step reads.
    `control`: the stop flag. `logits`: the output. `vector`: a small
    checkpoint tensor converted to float32 at load (norm weights). `rotary`:
    the cos/sin table. `weight`: a matrix packed into the workers' streams.
    `table`: a checkpoint matrix read in place (the embedding). `shared`: values
    of one step in one worker's shared memory. `ring`: an endless tape of which
    only the last bytes are kept, for data on its way to a worker.
  }];
}

def AMK_MemorySpace : I32EnumAttr<"MemorySpace", "where a kernel pointer points", [
    I32EnumAttrCase<"Arena", 0, "arena">,
    I32EnumAttrCase<"KVCache", 1, "kv_cache">,
    I32EnumAttrCase<"Constant", 2, "constant">,
    I32EnumAttrCase<"Stream", 3, "stream">,
    I32EnumAttrCase<"External", 4, "external">,
    I32EnumAttrCase<"Scratch", 5, "scratch">,
    I32EnumAttrCase<"Token", 6, "token">,
    I32EnumAttrCase<"Control", 7, "control">,
    I32EnumAttrCase<"Logits", 8, "logits">,
    I32EnumAttrCase<"Words", 9, "words">]> {
  let cppNamespace = "::mlir::amk";
  let genSpecializedAttr = 0;
}

def AMK_PackLayout : I32EnumAttr<"PackLayout", "how packed weights lie", [
    I32EnumAttrCase<"RowInterleaved32", 0, "row_interleaved32">,
    I32EnumAttrCase<"MmaTile8x2", 1, "mma_tile8x2">,
    I32EnumAttrCase<"MmaTile4x4", 2, "mma_tile4x4">,
    I32EnumAttrCase<"ScalarTile8", 3, "scalar_tile8">,
    I32EnumAttrCase<"MmaTile8x2S8", 4, "mma_tile8x2_s8">]> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    The values of `abi::PackLayout`, where the layouts are described.
    `row_interleaved32` is for CPUs, the others for GPUs.
  }];
}

def AMK_HandOff : I32EnumAttr<"HandOff", "how a buffer passes between workers", [
    I32EnumAttrCase<"Release", 0, "release">,
    I32EnumAttrCase<"Tag", 1, "tag">]> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    `release`: plain stores, then an addition to a counter; readers wait for the
    counter. `tag`: each value with the step's tag in one word of 8 bytes;
    readers poll the words.
  }];
}

def AMK_Activation : I32EnumAttr<"Activation", "gate activation", [
    I32EnumAttrCase<"Silu", 0, "silu">]> {
  let cppNamespace = "::mlir::amk";
  let description = "`silu`: x / (1 + exp(-x)).";
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

class AMK_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<AMK_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def AMK_MemorySpaceAttr : EnumAttr<AMK_Dialect, AMK_MemorySpace, "space"> {
  let assemblyFormat = "`<` $value `>`";
}

def AMK_ModelConfigAttr : AMK_Attr<"ModelConfig", "config"> {
  let summary = "What the host must know about a model";
  let description = [{
    Facts about the whole model that no single op carries: the family it was
    imported as, the sizes that the runtime checks requests against, and the
    tokens that start and end a text (`bos` is -1 when the model has none).

    ```mlir
    #amk.config<family = "llama", vocab = 1024, hidden = 192, layers = 6,
                context = 512, eos = [0], bos = 0>
    ```
  }];
  let parameters = (ins
    StringRefParameter<>:$family, "int64_t":$vocab, "int64_t":$hidden,
    "int64_t":$layers, "int64_t":$maxContext,
    "DenseI32ArrayAttr":$eos, "int64_t":$bos);
  let assemblyFormat = [{
    `<` `family` `=` $family `,` `vocab` `=` $vocab `,` `hidden` `=` $hidden
    `,` `layers` `=` $layers `,` `context` `=` $maxContext
    `,` `eos` `=` $eos `,` `bos` `=` $bos `>`
  }];
  let genVerifyDecl = 1;
}

def AMK_PhaseAttr : AMK_Attr<"Phase", "phase"> {
  let summary = "Which part of which layer operation a task is";
  let description = [{
    All tasks cut from one layer operation share `index` and `label`; `part`
    counts them from 0 to `parts` - 1. The text `label[part]` names the task
    in diagnostics, tables and traces.

    ```mlir
    #amk.phase<3, "layers.0.qkv", 1 of 4>
    ```
  }];
  let parameters = (ins "int64_t":$index, StringRefParameter<>:$label,
                        "int64_t":$part, "int64_t":$parts);
  let assemblyFormat = "`<` $index `,` $label `,` $part `of` $parts `>`";
  let genVerifyDecl = 1;
}

def AMK_AccessAttr : AMK_Attr<"Access", "access"> {
  let summary = "What an opaque task does to bytes of one of its buffers";
  let description = [{
    `rows` runs of `row_bytes` bytes, `row_stride` bytes apart, from byte
    `offset` of the buffer that is operand `buffer` of the task. `mode` is one of

    - `read`: what this step wrote,
    - `read_previous`: what the step before wrote (buffers kept over steps only),
    - `write`: ordinary stores; others see them after a release,
    - `write_tagged`: value+tag words; `counter` is the place, among the counters
      of the task, of the tag counter whose words they are,
    - `reduce`: adds to what is there.

    `counter` is -1 in all modes but `write_tagged`. Tasks print it in a shorter
    form; see `amk.task.opaque`.

    ```mlir
    #amk.access<write, buffer = 0, offset = 64, rows = 4, row_bytes = 16,
                row_stride = 32, counter = -1>
    ```
  }];
  let parameters = (ins "::amk::schedule::AccessMode":$mode, "int64_t":$buffer,
    "int64_t":$offset, "int64_t":$rows, "int64_t":$rowBytes,
    "int64_t":$rowStride, "int64_t":$counter);
  let assemblyFormat = [{
    `<` custom<AccessMode>($mode) `,` `buffer` `=` $buffer `,`
    `offset` `=` $offset `,` `rows` `=` $rows `,` `row_bytes` `=` $rowBytes `,`
    `row_stride` `=` $rowStride `,` `counter` `=` $counter `>`
  }];
  let genVerifyDecl = 1;
}

def AMK_AccessArrayAttr : TypedArrayAttrBase<AMK_AccessAttr, "accesses">;

def AMK_TagFormatAttr : AMK_Attr<"TagFormat", "tags"> {
  let summary = "What tags the value+tag words of a schedule carry";
  let description = [{
    The words of a tag counter with base b carry the tag (b + s * `stride`) mod
    2^`bits` in step s of a launch. `bits` is 1 to 64.

    ```mlir
    #amk.tags<stride = 1, bits = 32>
    ```
  }];
  let parameters = (ins "int64_t":$stride, "int64_t":$bits);
  let assemblyFormat = "`<` `stride` `=` $stride `,` `bits` `=` $bits `>`";
  let genVerifyDecl = 1;
}

def AMK_LimitsAttr : AMK_Attr<"Limits", "limits"> {
  let summary = "What the target of a schedule has";
  let description = [{
    `workers` can be resident at the same time, each with `shared_bytes` bytes
    of shared memory. 0 stands for a number that is not known and not checked.

    ```mlir
    #amk.limits<workers = 132, shared_bytes = 232448>
    ```
  }];
  let parameters = (ins "int64_t":$workers, "int64_t":$sharedBytes);
  let assemblyFormat = [{
    `<` `workers` `=` $workers `,` `shared_bytes` `=` $sharedBytes `>`
  }];
  let genVerifyDecl = 1;
}

def AMK_RangeAttr : AMK_Attr<"Range", "range"> {
  let summary = "A half-open range [begin, end) of a task's units";
  let parameters = (ins "int64_t":$begin, "int64_t":$end);
  let assemblyFormat = "`<` $begin `,` $end `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t size() const { return getEnd() - getBegin(); }
  }];
}

def AMK_CallAttr : AMK_Attr<"Call", "call"> {
  let summary = "How the kernel runs a task: a body and its operands";
  let description = [{
    The operands are what the table encoder writes into the instruction, in the
    order of the body's arguments: byte offsets for buffers, plain integers for
    indices.

    ```mlir
    #amk.call<@linear_0, [0, 256, 4096]>
    ```
  }];
  let parameters = (ins "FlatSymbolRefAttr":$body, "DenseI64ArrayAttr":$operands);
  let assemblyFormat = "`<` $body `,` $operands `>`";
}

def AMK_GpuAttr : AMK_Attr<"Gpu", "gpu"> {
  let summary = "What a kernel program for a GPU is made for";
  let description = [{
    `arch` is the architecture; the ring of a worker has `stages` stages of
    `stage` bytes in `groups` groups of 8 consumer warps, and at most
    `in_flight` copies are on their way at any time. `trace` makes the kernel
    write clock stamps of every task. docs/GpuKernel.md, section 1, has the
    numbers of every architecture.

    ```mlir
    #amk.gpu<arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
             groups = 2, trace = false>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$arch, "int64_t":$stage,
    "int64_t":$stages, "int64_t":$inFlight, "int64_t":$groups, "bool":$trace);
  let assemblyFormat = [{
    `<` `arch` `=` $arch `,` `stage` `=` $stage `,` `stages` `=` $stages `,`
    `in_flight` `=` $inFlight `,` `groups` `=` $groups `,` `trace` `=` $trace
    `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class AMK_Type<string name, string typeMnemonic> : TypeDef<AMK_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def AMK_KVCacheType : AMK_Type<"KVCache", "kv"> {
  let summary = "The keys and values of one layer, as a value";
  let description = [{
    `heads` key/value heads with `positions` rows of `dim` elements each, once
    for keys and once for values. Threaded through the layer ops as a value, so
    that they stay pure.

    ```mlir
    !amk.kv<heads = 2, positions = 512, dim = 32, element = f32>
    ```
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$positions,
                        "int64_t":$dim, "Type":$element);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def AMK_CounterType : AMK_Type<"Counter", "counter"> {
  let summary = "A counter that only grows within a launch";
  let description = [{
    What `amk.counter` declares, and waits, signals and tagged stores name.
  }];
}

#endif // AMK_DIALECT_AMK_IR_AMKATTRIBUTES_TD

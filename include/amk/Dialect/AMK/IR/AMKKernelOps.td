//===- AMKKernelOps.td - Kernel level ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKKERNELOPS_TD
#define AMK_DIALECT_AMK_IR_AMKKERNELOPS_TD

include "amk/Dialect/AMK/IR/AMKAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def AMK_KernelMem : MemRefOf<[F32, F16, BF16, I32, I8]>;
def AMK_KernelF32 : MemRefOf<[F32]>;
/// Values in value+tag words, lower half value, upper half tag.
def AMK_KernelWords : MemRefOf<[I64]>;
/// Plain values, or words in #amk.space<words>; these need a tag operand.
def AMK_KernelF32OrWords : MemRefOf<[F32, I64]>;
def AMK_KernelI32OrWords : MemRefOf<[I32, I64]>;
def AMK_KernelI32 : MemRefOf<[I32]>;

def KernelOpGroup : OpDocGroup {
  let summary = "Kernel level";
  let description = [{
    What a worker executes. Every operation is collective over the lanes of one
    worker: one thread with vector registers on a CPU, the consumer warps of a
    thread block on a GPU. Memory spaces say where a pointer leads; scratch is
    private to the worker. Operations of one body run in order, and what one
    writes to scratch the next one sees.
  }];
}

def AMK_KernelProgramOp : AMK_Op<"kernel.program", [Symbol, SymbolTable,
    IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "All bodies of a persistent kernel";
  let description = [{
    The order of the bodies is their number in the dispatch. `scratch_bytes`
    is the most that any body uses. With `gpu` it is one persistent kernel for
    that GPU, and scratch begins at the staged vector of
    `amk/Support/GpuLayout.h`; without, it is for a CPU.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$scratch_bytes,
                       OptionalAttr<AMK_GpuAttr>:$gpu);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `scratch_bytes` `=` $scratch_bytes (`gpu` $gpu^)?
    attr-dict-with-keyword $body
  }];
  let opDocGroup = KernelOpGroup;
}

def AMK_KernelBodyOp : AMK_Op<"kernel.body", [Symbol, IsolatedFromAbove,
    SingleBlock, HasParent<"KernelProgramOp">]> {
  let summary = "The code of one class of tasks";
  let description = [{
    Arguments are buffers (`memref` with an `#amk.space`) and indices; the
    instruction of a task gives their values in order.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let opDocGroup = KernelOpGroup;
}

class AMK_KernelOp<string mnemonic, list<Trait> traits = []>
    : AMK_Op<"kernel." # mnemonic, traits> {
  let opDocGroup = KernelOpGroup;
}

def AMK_KernelReturnOp : AMK_KernelOp<"return",
    [Terminator, HasParent<"KernelBodyOp">, Pure]> {
  let summary = "Ends a body; a true operand ends the worker's launch";
  let arguments = (ins Optional<I1>:$stop);
  let assemblyFormat = "($stop^)? attr-dict";
}

def AMK_KernelPositionOp : AMK_KernelOp<"position",
    [Pure, HasParent<"KernelBodyOp">]> {
  let summary = "The position of the step's token";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def AMK_KernelInputTagOp : AMK_KernelOp<"input_tag",
    [Pure, HasParent<"KernelBodyOp">]> {
  let summary = "The tag of this step's words of the task's n-th tagged input";
  let description = [{
    The inputs are numbered in the order of the body's arguments. GPU only.
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$number);
  let results = (outs Index:$result);
  let assemblyFormat = "$number attr-dict";
  let hasVerifier = 1;
}

def AMK_KernelOutputTagOp : AMK_KernelOp<"output_tag",
    [Pure, HasParent<"KernelBodyOp">]> {
  let summary = "The tag of the words that the task stores in this step";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def AMK_KernelScratchOp : AMK_KernelOp<"scratch",
    [Pure, HasParent<"KernelBodyOp">]> {
  let summary = "A piece of the worker's private memory";
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$offset);
  let results = (outs AMK_KernelMem:$result);
  let assemblyFormat = "$offset attr-dict `:` type($result)";
  let hasVerifier = 1;
}

class AMK_KernelMemoryOp<string mnemonic, list<Trait> traits = []>
    : AMK_KernelOp<mnemonic, !listconcat(traits,
        [HasParent<"KernelBodyOp">, MemoryEffects<[MemRead, MemWrite]>])> {
  let hasVerifier = 1;
}

def AMK_KernelGateOp : AMK_KernelMemoryOp<"gate"> {
  let summary = "Whether the step before set the stop flag";
  let arguments = (ins AMK_KernelI32:$control);
  let results = (outs I1:$stop);
  let assemblyFormat = "$control attr-dict `:` type($control)";
}

def AMK_KernelEmbedOp : AMK_KernelMemoryOp<"embed"> {
  let summary = "out[begin .. begin+count) = float32(table[token][same])";
  let arguments = (ins AMK_KernelI32:$token, AMK_KernelMem:$table,
    AMK_KernelF32OrWords:$out, Index:$begin, Index:$count, Index:$position,
    Optional<Index>:$tag);
  let assemblyFormat = [{
    $token `,` $table `to` $out `[` $begin `,` $count `]` `at` $position
    (`tag` $tag^)? attr-dict `:` type(operands)
  }];
}

def AMK_KernelRmsNormOp : AMK_KernelMemoryOp<"rms_norm"> {
  let summary = "out = rms_norm(input) * weight; elements beyond the input are 0";
  let arguments = (ins AMK_KernelF32:$input, AMK_KernelF32:$weight,
    AMK_KernelF32:$out, F64Attr:$epsilon);
  let assemblyFormat = [{
    $input `,` $weight `to` $out `epsilon` `=` $epsilon attr-dict
    `:` type(operands)
  }];
}

def AMK_KernelStageOp : AMK_KernelMemoryOp<"stage"> {
  let summary = "out = input; elements beyond the input are 0";
  let arguments = (ins AMK_KernelF32:$input, AMK_KernelF32:$out);
  let assemblyFormat = "$input `to` $out attr-dict `:` type(operands)";
}

def AMK_KernelGemvOp : AMK_KernelMemoryOp<"gemv", [AttrSizedOperandSegments]> {
  let summary = "Multiplies packed weight tiles with a vector";
  let description = [{
    `weights` points at `tiles` tiles of `tile_rows` rows (layout
    `RowInterleaved32` of `amk/Support/Abi.h`), each as long as `input`, a
    staged vector of a multiple of 32 elements. Row r of the tiles gives element
    r of `out`. The order of the additions of a row depends on the row's length
    only.

    The rest is for GPUs, where the tiles come through the ring. `layout` is one
    of the fragment layouts, and `input` any vector: plain values, or words with
    a `tag`, which are polled until all carry it. With a `norm`, element i is
    input i times norm[i], and rows are divided by the root mean square of
    `input` with `epsilon`. With `hi_lo` the activations go into the tensor core
    as the sum of two numbers of the weights' type.
  }];
  let arguments = (ins AMK_KernelMem:$weights, AMK_KernelF32OrWords:$input,
    AMK_KernelF32:$out, Index:$tiles, Optional<Index>:$tag,
    Optional<AMK_KernelF32>:$norm, OptionalAttr<F64Attr>:$epsilon,
    ConfinedAttr<I64Attr, [IntPositive]>:$tile_rows,
    OptionalAttr<AMK_PackLayout>:$layout, UnitAttr:$hi_lo);
  let assemblyFormat = [{
    $weights `,` $input (`tag` $tag^)?
    (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)? `to` $out
    `tiles` `=` $tiles `tile_rows` `=` $tile_rows (`layout` $layout^)?
    (`hi_lo` $hi_lo^)? attr-dict `:` type(operands)
  }];
  let extraClassDeclaration = [{
    PackLayout packLayout() {
      return getLayout().value_or(PackLayout::RowInterleaved32);
    }
  }];
}

def AMK_KernelStoreRowsOp : AMK_KernelMemoryOp<"store_rows",
    [AttrSizedOperandSegments]> {
  let summary = "out[begin + r] = values[r] (+ residual[begin + r]), r < count";
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32OrWords:$out,
    Index:$begin, Index:$count, Optional<AMK_KernelF32OrWords>:$residual,
    Optional<Index>:$residual_tag, Optional<Index>:$tag);
  let assemblyFormat = [{
    $values `to` $out `[` $begin `,` $count `]`
    (`residual` `(` $residual^ (`tag` $residual_tag^)? `)`)? (`tag` $tag^)?
    attr-dict `:` type(operands)
  }];
}

def AMK_KernelStoreGatedOp : AMK_KernelMemoryOp<"store_gated"> {
  let summary = "out[begin + u] = activation(gate[u]) * up[u], u < count";
  let description = [{
    `values` are tiles of `tile_rows` / 2 gate rows and as many up rows
    (`PackRows::Gated`).
  }];
  let arguments = (ins AMK_Activation:$activation, AMK_KernelF32:$values,
    AMK_KernelF32OrWords:$out, Index:$begin, Index:$count,
    Optional<Index>:$tag, I64Attr:$tile_rows);
  let assemblyFormat = [{
    $activation $values `to` $out `[` $begin `,` $count `]`
    `tile_rows` `=` $tile_rows (`tag` $tag^)? attr-dict `:` type(operands)
  }];
}

def AMK_KernelStoreQKVOp : AMK_KernelMemoryOp<"store_qkv",
    [AttrSizedOperandSegments]> {
  let summary = "Rotates row pairs and stores them as query or cache row";
  let description = [{
    `values` are tiles of `tile_rows` / 2 first rows and their partners
    (`PackRows::RotaryPairs`) of pairs begin .. begin + count. `cache` is
    `[2, kv heads, positions, d]`.

    Without `cache` the pairs are those of `PackRows::RotaryGroups`, and `query`
    takes all of them: `[kv heads, query heads of one + 2, d]`, plain values or
    words with a `tag`; query and key heads are rotated. GPU only.
  }];
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32:$table,
    AMK_KernelF32OrWords:$query, Optional<AMK_KernelF32>:$cache, Index:$begin,
    Index:$count, Index:$position, Optional<Index>:$tag, I64Attr:$tile_rows);
  let assemblyFormat = [{
    $values `,` $table `to` $query (`,` $cache^)? `[` $begin `,` $count `]`
    `at` $position `tile_rows` `=` $tile_rows (`tag` $tag^)? attr-dict
    `:` type(operands)
  }];
}

def AMK_KernelStoreLogitsOp : AMK_KernelMemoryOp<"store_logits"> {
  let summary = "Stores logits and the largest of them in row `part` of partials";
  let description = [{
    As words, the partials of `parts` workers are `2 * parts + 1` words: bits of
    the value and index for each part, then the flags of part 0, which are 1 if
    the host wants the launch to stop.
  }];
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32:$logits,
    AMK_KernelI32OrWords:$partials, Index:$begin, Index:$count, Index:$part,
    Optional<Index>:$tag);
  let assemblyFormat = [{
    $values `to` $logits `[` $begin `,` $count `]` `,` $partials `[` $part `]`
    (`tag` $tag^)? attr-dict `:` type(operands)
  }];
}

def AMK_KernelRopeOp : AMK_KernelMemoryOp<"rope"> {
  let summary = "Rotates heads begin .. begin + count";
  let arguments = (ins AMK_KernelF32:$input, AMK_KernelF32:$table,
    AMK_KernelF32:$out, Index:$begin, Index:$count, Index:$position,
    I64Attr:$head_dim);
  let assemblyFormat = [{
    $input `,` $table `to` $out `[` $begin `,` $count `]` `at` $position
    `head_dim` `=` $head_dim attr-dict `:` type(operands)
  }];
}

def AMK_KernelKVAppendOp : AMK_KernelMemoryOp<"kv_append"> {
  let summary = "Copies kv heads begin .. begin + count to row `position`";
  let arguments = (ins AMK_KernelF32:$key, AMK_KernelF32:$value,
    AMK_KernelF32:$cache, Index:$begin, Index:$count, Index:$position);
  let assemblyFormat = [{
    $key `,` $value `to` $cache `[` $begin `,` $count `]` `at` $position
    attr-dict `:` type(operands)
  }];
}

def AMK_KernelAttentionOp : AMK_KernelMemoryOp<"attention"> {
  let summary = "Attention of units begin .. begin + count; see amk.task.attention";
  let arguments = (ins AMK_KernelF32:$query, AMK_KernelF32:$cache,
    AMK_KernelF32:$out, AMK_KernelF32:$scratch, Index:$begin, Index:$count,
    Index:$position, I64Attr:$splits, F64Attr:$scale);
  let assemblyFormat = [{
    $query `,` $cache `to` $out `scratch` `(` $scratch `)`
    `[` $begin `,` $count `]` `at` $position `splits` `=` $splits
    `scale` `=` $scale attr-dict `:` type(operands)
  }];
}

def AMK_KernelAttentionCombineOp : AMK_KernelMemoryOp<"attention_combine"> {
  let summary = "Joins the splits of query heads begin .. begin + count";
  let arguments = (ins AMK_KernelF32:$partials, AMK_KernelF32:$out,
    Index:$begin, Index:$count);
  let assemblyFormat = [{
    $partials `to` $out `[` $begin `,` $count `]` attr-dict `:` type(operands)
  }];
}

def AMK_KernelRingAttentionOp : AMK_KernelMemoryOp<"ring_attention"> {
  let summary = "Attention of one kv head and one split, the cache from the ring";
  let description = [{
    `query` is `[kv heads, heads + 2, dim]`: words that `store_qkv` made of this
    step's token; head `unit` of it is received. `cache` is the layer's part of
    the worker's own KV cache, whose blocks of 16 positions (8 of float32) come through the
    ring; the owner of the step's block appends the new row to it. `partials` is
    `[kv heads * heads, splits, dim + 2]`: maximum, sum, then `dim`
    unnormalised outputs. docs/GpuKernel.md, section 5. GPU only.
  }];
  let arguments = (ins AMK_KernelWords:$query, Index:$query_tag,
    AMK_KernelMem:$cache, AMK_KernelWords:$partials, Index:$tag, Index:$head,
    Index:$split, Index:$position, I64Attr:$heads, I64Attr:$dim,
    I64Attr:$splits, F64Attr:$scale);
  let assemblyFormat = [{
    $query `tag` $query_tag `,` $cache `to` $partials `tag` $tag
    `unit` `(` $head `,` $split `)` `at` $position `heads` `=` $heads
    `dim` `=` $dim `splits` `=` $splits `scale` `=` $scale attr-dict
    `:` type(operands)
  }];
}

def AMK_KernelCombineSplitsOp : AMK_KernelMemoryOp<"combine_splits"> {
  let summary = "Joins the splits of elements begin .. begin + count of a head";
  let description = [{
    `partials` are those of `ring_attention`. Elements are those of the attention
    result `[heads * dim]`; all of a piece belong to one head. GPU only.
  }];
  let arguments = (ins AMK_KernelWords:$partials, Index:$partials_tag,
    AMK_KernelF32OrWords:$out, Index:$begin, Index:$count, Index:$position,
    Optional<Index>:$tag);
  let assemblyFormat = [{
    $partials `tag` $partials_tag `to` $out `[` $begin `,` $count `]`
    `at` $position (`tag` $tag^)? attr-dict `:` type(operands)
  }];
}

def AMK_KernelNextTokenOp : AMK_KernelMemoryOp<"next_token"> {
  let summary = "Ends a worker's step: the best of the partials is the next token";
  let description = [{
    Every worker reduces the words of `store_logits` alike and keeps the token;
    worker 0 reports it to the host. Sets the worker's stop flag. GPU only.
  }];
  let arguments = (ins AMK_KernelWords:$best, Index:$tag, Index:$position);
  let assemblyFormat = [{
    $best `tag` $tag `at` $position attr-dict `:` type(operands)
  }];
}

def AMK_KernelGatedActivationOp : AMK_KernelMemoryOp<"gated_activation"> {
  let summary = "out = activation(gate) * up for elements begin .. begin + count";
  let arguments = (ins AMK_Activation:$activation, AMK_KernelF32:$gate,
    AMK_KernelF32:$up, AMK_KernelF32:$out, Index:$begin, Index:$count);
  let assemblyFormat = [{
    $activation $gate `,` $up `to` $out `[` $begin `,` $count `]` attr-dict
    `:` type(operands)
  }];
}

def AMK_KernelAddOp : AMK_KernelMemoryOp<"add"> {
  let summary = "out = lhs + rhs for elements begin .. begin + count";
  let arguments = (ins AMK_KernelF32:$lhs, AMK_KernelF32:$rhs,
    AMK_KernelF32:$out, Index:$begin, Index:$count);
  let assemblyFormat = [{
    $lhs `,` $rhs `to` $out `[` $begin `,` $count `]` attr-dict
    `:` type(operands)
  }];
}

def AMK_KernelArgmaxOp : AMK_KernelMemoryOp<"argmax"> {
  let summary = "Row 0 of partials = the largest value and its index";
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelI32:$partials);
  let assemblyFormat = "$values `to` $partials attr-dict `:` type(operands)";
}

def AMK_KernelFinishStepOp : AMK_KernelMemoryOp<"finish_step"> {
  let summary = "The best of the partial maxima becomes the next token";
  let description = [{
    Writes the token at position + 1 unless the prompt gives it, sets the stop
    flag if it is a stop token, and reports the step to the host.
  }];
  let arguments = (ins AMK_KernelI32:$partials, AMK_KernelI32:$token,
    AMK_KernelI32:$control, Index:$position);
  let assemblyFormat = [{
    $partials `to` $token `,` $control `at` $position attr-dict
    `:` type(operands)
  }];
}

#endif // AMK_DIALECT_AMK_IR_AMKKERNELOPS_TD

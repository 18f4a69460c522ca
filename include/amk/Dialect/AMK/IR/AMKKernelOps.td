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

def AMK_KernelMem : MemRefOf<[F32, F16, BF16, I32]>;
def AMK_KernelF32 : MemRefOf<[F32]>;
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
    is the most that any body uses.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$scratch_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `scratch_bytes` `=` $scratch_bytes attr-dict-with-keyword $body
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
    AMK_KernelF32:$out, Index:$begin, Index:$count, Index:$position);
  let assemblyFormat = [{
    $token `,` $table `to` $out `[` $begin `,` $count `]` `at` $position attr-dict
    `:` type(operands)
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

def AMK_KernelGemvOp : AMK_KernelMemoryOp<"gemv"> {
  let summary = "Multiplies packed weight tiles with a staged vector";
  let description = [{
    `weights` points at `tiles` tiles of `tile_rows` rows (layout
    `RowInterleaved32` of `amk/Support/Abi.h`), each as long as `input`, a
    multiple of 32. Row r of the tiles gives element r of `out`. The order of
    the additions of a row depends on the row's length only.
  }];
  let arguments = (ins AMK_KernelMem:$weights, AMK_KernelF32:$input,
    AMK_KernelF32:$out, Index:$tiles,
    ConfinedAttr<I64Attr, [IntPositive]>:$tile_rows);
  let assemblyFormat = [{
    $weights `,` $input `to` $out `tiles` `=` $tiles `tile_rows` `=` $tile_rows
    attr-dict `:` type(operands)
  }];
}

def AMK_KernelStoreRowsOp : AMK_KernelMemoryOp<"store_rows"> {
  let summary = "out[begin + r] = values[r] (+ residual[begin + r]), r < count";
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32:$out,
    Index:$begin, Index:$count, Optional<AMK_KernelF32>:$residual);
  let assemblyFormat = [{
    $values `to` $out `[` $begin `,` $count `]` (`residual` `(` $residual^ `)`)?
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
    AMK_KernelF32:$out, Index:$begin, Index:$count, I64Attr:$tile_rows);
  let assemblyFormat = [{
    $activation $values `to` $out `[` $begin `,` $count `]`
    `tile_rows` `=` $tile_rows attr-dict `:` type(operands)
  }];
}

def AMK_KernelStoreQKVOp : AMK_KernelMemoryOp<"store_qkv"> {
  let summary = "Rotates row pairs and stores them as query or cache row";
  let description = [{
    `values` are tiles of `tile_rows` / 2 first rows and their partners
    (`PackRows::RotaryPairs`) of pairs begin .. begin + count. `cache` is
    `[2, kv heads, positions, d]`.
  }];
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32:$table,
    AMK_KernelF32:$query, AMK_KernelF32:$cache, Index:$begin, Index:$count,
    Index:$position, I64Attr:$tile_rows);
  let assemblyFormat = [{
    $values `,` $table `to` $query `,` $cache `[` $begin `,` $count `]`
    `at` $position `tile_rows` `=` $tile_rows attr-dict `:` type(operands)
  }];
}

def AMK_KernelStoreLogitsOp : AMK_KernelMemoryOp<"store_logits"> {
  let summary = "Stores logits and the largest of them in row `part` of partials";
  let arguments = (ins AMK_KernelF32:$values, AMK_KernelF32:$logits,
    AMK_KernelI32:$partials, Index:$begin, Index:$count, Index:$part);
  let assemblyFormat = [{
    $values `to` $logits `[` $begin `,` $count `]` `,` $partials `[` $part `]`
    attr-dict `:` type(operands)
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

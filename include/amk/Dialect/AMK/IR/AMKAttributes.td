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
    I32EnumAttrCase<"Table", 8, "table">]> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    `activation`: float32 values of one step, in the arena. `kv_cache`: keys and
    values, kept over steps. `token`: the token that the next step reads.
    `control`: the stop flag. `logits`: the output. `vector`: a small
    checkpoint tensor converted to float32 at load (norm weights). `rotary`:
    the cos/sin table. `weight`: a matrix packed into the workers' streams.
    `table`: a checkpoint matrix read in place (the embedding).
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
    I32EnumAttrCase<"Logits", 8, "logits">]> {
  let cppNamespace = "::mlir::amk";
  let genSpecializedAttr = 0;
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
}

#endif // AMK_DIALECT_AMK_IR_AMKATTRIBUTES_TD

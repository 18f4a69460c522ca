//===- AMKLayerOps.td - Layer and fused-layer level ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKLAYEROPS_TD
#define AMK_DIALECT_AMK_IR_AMKLAYEROPS_TD

include "amk/Dialect/AMK/IR/AMKAttributes.td"
include "amk/Dialect/AMK/IR/AMKInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/IR/SymbolInterfaces.td"

// Activations are [tokens, features] in float32, whatever the weights are.
def AMK_Vector : 2DTensorOf<[F32]>;
def AMK_Weight : AnyTypeOf<[RankedTensorOf<[F32, F16, BF16]>]>;
def AMK_TokenTensor : 1DTensorOf<[I32]>;
def AMK_RotaryTensor : 3DTensorOf<[F32]>;

def LayerOpGroup : OpDocGroup {
  let summary = "Layer level";
  let description = "The model on tensors: pure operations, weights by name.";
}

def AMK_ModelOp : AMK_Op<"model", [Symbol, IsolatedFromAbove, SingleBlock,
    NoTerminator]> {
  let summary = "One decode step of a model";
  let description = [{
    The body maps a token and its position to the next token and the logits.
    Its block has two arguments: `tensor<1xi32>` token ids and `tensor<1xi32>`
    positions. It ends in `amk.layer.output`.

    `derived_tensors` lists checkpoint tensors that the model's arithmetic does
    not read because they follow from the configuration (rotary frequencies in
    old checkpoints).

    ```mlir
    amk.model @tiny config = #amk.config<family = "llama", vocab = 32, hidden = 8,
        layers = 0, context = 16, eos = [2], bos = 1> {
    ^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
      %e = amk.layer.weight "model.embed_tokens.weight" : tensor<32x8xf32>
      %x = amk.layer.embed %token, %e : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
      %l = amk.layer.linear %x, %e : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
      %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
      amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
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
}

class AMK_LayerOp<string mnemonic, list<Trait> traits = []>
    : AMK_Op<"layer." # mnemonic,
             !listconcat(traits, [HasParent<"ModelOp">])> {
  let opDocGroup = LayerOpGroup;
}

def AMK_LayerWeightOp : AMK_LayerOp<"weight", [Pure]> {
  let summary = "A checkpoint tensor by name";
  let description = [{
    ```mlir
    %w = amk.layer.weight "model.norm.weight" : tensor<8xbf16>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs AMK_Weight:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def AMK_LayerRotaryTableOp : AMK_LayerOp<"rotary_table", [Pure]> {
  let summary = "Cosines and sines of the rotary embedding";
  let description = [{
    Row p holds cos(p * inv_freq[i]) * scale for all i, then the sines. The
    product is rounded to float32 before cos and sin, as HuggingFace does.
    Shape [positions, 2, head_dim / 2].

    ```mlir
    %r = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0 : tensor<16x2x2xf32>
    ```
  }];
  let arguments = (ins DenseF32ArrayAttr:$inv_freq, F64Attr:$scale);
  let results = (outs AMK_RotaryTensor:$result);
  let assemblyFormat = [{
    `inv_freq` `=` custom<ExactFloats>($inv_freq) `scale` `=` $scale attr-dict
    `:` type($result)
  }];
  let hasVerifier = 1;
}

def AMK_LayerKVCacheOp : AMK_LayerOp<"kv_cache", [Pure]> {
  let summary = "The keys and values of a layer at the start of the step";
  let description = [{
    ```mlir
    %kv = amk.layer.kv_cache 0 : !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
    ```
  }];
  let arguments = (ins I64Attr:$layer);
  let results = (outs AMK_KVCacheType:$result);
  let assemblyFormat = "$layer attr-dict `:` type($result)";
}

def AMK_LayerEmbedOp : AMK_LayerOp<"embed", [Pure]> {
  let summary = "Looks up the row of a table, converted to float32";
  let arguments = (ins AMK_TokenTensor:$token, AMK_Weight:$table);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $token `,` $table attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerRmsNormOp : AMK_LayerOp<"rms_norm", [Pure]> {
  let summary = "x * rsqrt(mean(x^2) + epsilon) * weight";
  let description = [{
    Zhang and Sennrich, Root Mean Square Layer Normalization, 2019; computed in
    float32 and multiplied by the weight last, as HuggingFace's LlamaRMSNorm.
  }];
  let arguments = (ins AMK_Vector:$input, AMK_Weight:$weight, F64Attr:$epsilon);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $input `,` $weight `epsilon` `=` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerLinearOp : AMK_LayerOp<"linear", [Pure]> {
  let summary = "result[n] = sum over k of weight[n, k] * input[k]";
  let description = "Weights keep their type; products are summed in float32.";
  let arguments = (ins AMK_Vector:$input, AMK_Weight:$weight);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $input `,` $weight attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerRopeOp : AMK_LayerOp<"rope", [Pure]> {
  let summary = "Rotary position embedding of every head";
  let description = [{
    For each head and i < head_dim / 2, with c and s the table's values at the
    position: (x[i], x[i + d/2]) becomes (x[i]*c - x[i+d/2]*s,
    x[i+d/2]*c + x[i]*s) (the rotate-half convention of HuggingFace's Llama).
  }];
  let arguments = (ins AMK_Vector:$input, AMK_RotaryTensor:$table,
                       AMK_TokenTensor:$position, I64Attr:$head_dim);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $input `,` $table `at` $position `head_dim` `=` $head_dim attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerKVAppendOp : AMK_LayerOp<"kv_append", [Pure]> {
  let summary = "The cache with one more row of keys and values";
  let arguments = (ins AMK_KVCacheType:$cache, AMK_Vector:$key,
                       AMK_Vector:$value, AMK_TokenTensor:$position);
  let results = (outs AMK_KVCacheType:$result);
  let assemblyFormat = [{
    $cache `,` $key `,` $value `at` $position attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerAttentionOp : AMK_LayerOp<"attention", [Pure]> {
  let summary = "softmax(scale * q k^T) v over positions 0 to `position`";
  let description = [{
    Query head h reads key/value head h / (query heads / kv heads). The softmax
    is computed in float32.
  }];
  let arguments = (ins AMK_Vector:$query, AMK_KVCacheType:$cache,
                       AMK_TokenTensor:$position, F64Attr:$scale);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $query `,` $cache `at` $position `scale` `=` $scale attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerGatedActivationOp : AMK_LayerOp<"gated_activation", [Pure]> {
  let summary = "activation(gate) * up";
  let arguments = (ins AMK_Activation:$activation, AMK_Vector:$gate,
                       AMK_Vector:$up);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $activation $gate `,` $up attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AMK_LayerAddOp : AMK_LayerOp<"add", [Pure, SameOperandsAndResultType]> {
  let summary = "lhs + rhs";
  let arguments = (ins AMK_Vector:$lhs, AMK_Vector:$rhs);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def AMK_LayerArgmaxOp : AMK_LayerOp<"argmax", [Pure]> {
  let summary = "The index of the largest logit, the lowest one of equals";
  let arguments = (ins AMK_Vector:$logits);
  let results = (outs AMK_TokenTensor:$result);
  let assemblyFormat = "$logits attr-dict `:` functional-type(operands, results)";
}

def AMK_LayerOutputOp : AMK_LayerOp<"output"> {
  let summary = "Ends a model: the next token and the logits";
  let arguments = (ins AMK_TokenTensor:$token, AMK_Vector:$logits);
  let assemblyFormat = [{
    $token `,` $logits attr-dict `:` type($token) `,` type($logits)
  }];
}

//===----------------------------------------------------------------------===//
// Fused layer level
//===----------------------------------------------------------------------===//

def FusedOpGroup : OpDocGroup {
  let summary = "Fused layer level";
  let description = [{
    Layer operations with the ones before and after merged in. `norm(%w,
    epsilon = e)` is an optional prologue: the input passes through
    `amk.layer.rms_norm` first.
  }];
}

class AMK_FusedOp<string mnemonic, list<Trait> traits = []>
    : AMK_Op<"fused." # mnemonic, !listconcat(traits, [Pure,
        HasParent<"ModelOp">,
        AMK_NormPrologueOpInterface])> {
  let opDocGroup = FusedOpGroup;
  let hasVerifier = 1;
}

def AMK_FusedLinearOp : AMK_FusedOp<"linear", [AttrSizedOperandSegments]> {
  let summary = "Linear with optional norm prologue and residual epilogue";
  let description = [{
    ```mlir
    %y = amk.fused.linear %x norm(%nw, epsilon = 1.0e-5) weight(%w) residual(%r)
       : (tensor<1x8xf32>, tensor<8xf32>, tensor<16x8xf32>, tensor<1x16xf32>) -> tensor<1x16xf32>
    ```
  }];
  let arguments = (ins AMK_Vector:$input, Optional<AMK_Weight>:$norm,
                       AMK_Weight:$weight, Optional<AMK_Vector>:$residual,
                       OptionalAttr<F64Attr>:$epsilon);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $input (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weight` `(` $weight `)` (`residual` `(` $residual^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def AMK_FusedQKVOp : AMK_FusedOp<"qkv"> {
  let summary = "Query, key and value projections, rotary, KV append";
  let description = [{
    Results: the rotated query and the cache with the new row.
  }];
  let arguments = (ins AMK_Vector:$input, Optional<AMK_Weight>:$norm,
                       AMK_Weight:$query_weight, AMK_Weight:$key_weight,
                       AMK_Weight:$value_weight, AMK_RotaryTensor:$table,
                       AMK_KVCacheType:$cache, AMK_TokenTensor:$position,
                       OptionalAttr<F64Attr>:$epsilon);
  let results = (outs AMK_Vector:$query, AMK_KVCacheType:$result_cache);
  let assemblyFormat = [{
    $input (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weights` `(` $query_weight `,` $key_weight `,` $value_weight `)`
    `rotary` `(` $table `)` `append` `(` $cache `at` $position `)`
    attr-dict `:` functional-type(operands, results)
  }];
}

def AMK_FusedGatedLinearOp : AMK_FusedOp<"gated_linear"> {
  let summary = "activation(gate_weight x) * (up_weight x)";
  let arguments = (ins AMK_Activation:$activation, AMK_Vector:$input,
                       Optional<AMK_Weight>:$norm, AMK_Weight:$gate_weight,
                       AMK_Weight:$up_weight, OptionalAttr<F64Attr>:$epsilon);
  let results = (outs AMK_Vector:$result);
  let assemblyFormat = [{
    $activation $input (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weights` `(` $gate_weight `,` $up_weight `)`
    attr-dict `:` functional-type(operands, results)
  }];
}

def AMK_FusedHeadOp : AMK_FusedOp<"head"> {
  let summary = "Logits and their argmax in one pass over the head's weights";
  let arguments = (ins AMK_Vector:$input, Optional<AMK_Weight>:$norm,
                       AMK_Weight:$weight, OptionalAttr<F64Attr>:$epsilon);
  let results = (outs AMK_TokenTensor:$token, AMK_Vector:$logits);
  let assemblyFormat = [{
    $input (`norm` `(` $norm^ `,` `epsilon` `=` $epsilon `)`)?
    `weight` `(` $weight `)`
    attr-dict `:` functional-type(operands, results)
  }];
}

#endif // AMK_DIALECT_AMK_IR_AMKLAYEROPS_TD

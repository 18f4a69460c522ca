// Three projections of one input, rotated and appended, are one op.

// RUN: amk-opt %s -amk-fuse-qkv | FileCheck %s
// RUN: amk-opt %s -amk-fuse-qkv -mlir-print-debuginfo \
// RUN:   -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

!kv = !amk.kv<heads = 1, positions = 16, dim = 4, element = f32>
!kv2 = !amk.kv<heads = 2, positions = 16, dim = 2, element = f32>

// CHECK-LABEL: amk.model @fuses
// CHECK-DAG:     %[[WQ:.*]] = amk.layer.weight "q"
// CHECK-DAG:     %[[WK:.*]] = amk.layer.weight "k"
// CHECK-DAG:     %[[WV:.*]] = amk.layer.weight "v"
// CHECK-DAG:     %[[TABLE:.*]] = amk.layer.rotary_table
// CHECK-DAG:     %[[CACHE:.*]] = amk.layer.kv_cache 0
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[Q:.*]], %[[NEW:.*]] = amk.fused.qkv %[[X]]
// CHECK-SAME:      weights(%[[WQ]], %[[WK]], %[[WV]]) rotary(%[[TABLE]])
// CHECK-SAME:      append(%[[CACHE]] at %{{.*}})
// CHECK-NEXT:    amk.layer.attention %[[Q]], %[[NEW]]

// The name of the layer stays, with the component that the op now is.
// LOC-LABEL: amk.model @fuses
// LOC:         amk.fused.qkv
// LOC-SAME:      loc("layers.0.qkv"(fused["layers.0.q_proj", "layers.0.k_proj",
// LOC-SAME:        "layers.0.v_proj", "layers.0.rope_q", "layers.0.rope_k",
// LOC-SAME:        "layers.0.kv_append"]))
amk.model @fuses config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.q_proj")
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
      loc("layers.0.k_proj")
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
      loc("layers.0.v_proj")
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
      loc("layers.0.rope_q")
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
      loc("layers.0.rope_k")
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
      loc("layers.0.kv_append")
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Attention reads the cache of the step before.

// CHECK-LABEL: amk.model @cache_not_appended
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @cache_not_appended config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %cache at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The query is not rotated.

// CHECK-LABEL: amk.model @query_not_rotated
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @query_not_rotated config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %q, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The key is not rotated.

// CHECK-LABEL: amk.model @key_not_rotated
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @key_not_rotated config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %k, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The value is not the result of a linear alone.

// CHECK-LABEL: amk.model @value_not_linear
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @value_not_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %s = amk.layer.add %v, %v : tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %s at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Query and key are rotated by different tables.

// CHECK-LABEL: amk.model @other_table
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @other_table config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %other = amk.layer.rotary_table inv_freq = [1.0, 0.5] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %other at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The query is rotated for another position.

// CHECK-LABEL: amk.model @query_position
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @query_position config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %token head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The cache is appended to at another position.

// CHECK-LABEL: amk.model @append_position
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @append_position config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %token
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// A head of the rotation is two heads of the cache.

// CHECK-LABEL: amk.model @head_dim
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @head_dim config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv2
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv2, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv2
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv2, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The value is projected from something else.

// CHECK-LABEL: amk.model @other_input
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @other_input config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %x2 = amk.layer.add %x, %x : tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x2, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The weights cannot share a stream: their types differ.

// CHECK-LABEL: amk.model @element_types
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @element_types config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The unrotated query has another use.

// CHECK-LABEL: amk.model @query_used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @query_used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %z = amk.layer.add %y, %q : tensor<1x8xf32>
  amk.layer.output %token, %z : tensor<1xi32>, tensor<1x8xf32>
}

// The rotated query has another use.

// CHECK-LABEL: amk.model @rotated_query_used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @rotated_query_used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %z = amk.layer.add %y, %qr : tensor<1x8xf32>
  amk.layer.output %token, %z : tensor<1xi32>, tensor<1x8xf32>
}

// Two attentions read the cache.

// CHECK-LABEL: amk.model @two_attentions
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @two_attentions config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %y2 = amk.layer.attention %qr, %new at %position scale = 0.25
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %z = amk.layer.add %y, %y2 : tensor<1x8xf32>
  amk.layer.output %token, %z : tensor<1xi32>, tensor<1x8xf32>
}

// One projection is key and value.

// CHECK-LABEL: amk.model @value_is_key
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.attention
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @value_is_key config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wq = amk.layer.weight "q" : tensor<8x8xbf16>
  %wk = amk.layer.weight "k" : tensor<4x8xbf16>
  %wv = amk.layer.weight "v" : tensor<4x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.linear %x, %wq
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %k = amk.layer.linear %x, %wk
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %v = amk.layer.linear %x, %wv
      : (tensor<1x8xf32>, tensor<4x8xbf16>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %k at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %y = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

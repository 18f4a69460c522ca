// What the verifiers of the fused layer level refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  %n = amk.layer.weight "n" : tensor<4xf32>
  // expected-error @below {{expects a norm weight of 8 elements}}
  %y = amk.fused.linear %x norm(%n, epsilon = 1.0e-5) weight(%w)
      : (tensor<1x8xf32>, tensor<4xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  %n = amk.layer.weight "n" : tensor<8xf32>
  // expected-error @below {{expects 0 < epsilon < 1, found 2}}
  %y = amk.fused.linear %x norm(%n, epsilon = 2.0) weight(%w)
      : (tensor<1x8xf32>, tensor<8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  // expected-error @below {{expects norm and epsilon together}}
  %y = "amk.fused.linear"(%x, %w)
      <{epsilon = 1.0e-5 : f64, operandSegmentSizes = array<i32: 1, 0, 1, 0>}>
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  // expected-error @below {{expects the same number of tokens}}
  %y = amk.fused.linear %x weight(%w)
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<2x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  // expected-error @below {{expects the residual to have the result's type}}
  %y = amk.fused.linear %x weight(%w) residual(%x)
      : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  // expected-error @below {{expects 5 rows of weight}}
  %y = amk.fused.linear %x weight(%w)
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x5xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %w = amk.layer.weight "w" : tensor<4x9xf32>
  // expected-error @below {{expects 8 columns of weight}}
  %y = amk.fused.linear %x weight(%w)
      : (tensor<1x8xf32>, tensor<4x9xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<4x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects 8 rows of query_weight, found 'tensor<4x8xf32>'}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<4x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects 8 rows of key_weight, found 'tensor<4x8xf32>'}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<4x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<4x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects 8 rows of value_weight, found 'tensor<4x8xf32>'}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<4x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x4xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects 8 columns of value_weight}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x4xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0, 1.0, 1.0] scale = 1.0
      : tensor<16x2x4xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects a rotary table [positions, 2, 2], found 'tensor<16x2x4xf32>'}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<12x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects a multiple of 2 query heads of 4 features, found 'tensor<1x12xf32>'}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<12x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x12xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects the same number of tokens}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<2x8xf32>, !kv)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q = amk.layer.weight "q" : tensor<8x8xf32>
  %k = amk.layer.weight "k" : tensor<8x8xf32>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %r = amk.layer.rotary_table inv_freq = [1.0, 1.0] scale = 1.0
      : tensor<16x2x2xf32>
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects the cache to keep its type}}
  %y, %z = amk.fused.qkv %x weights(%q, %k, %v) rotary(%r)
      append(%c at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.weight "g" : tensor<5x8xf32>
  %u = amk.layer.weight "u" : tensor<4x8xf32>
  // expected-error @below {{expects 4 rows of gate_weight}}
  %y = amk.fused.gated_linear silu %x weights(%g, %u)
      : (tensor<1x8xf32>, tensor<5x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.weight "g" : tensor<4x8xf32>
  %u = amk.layer.weight "u" : tensor<5x8xf32>
  // expected-error @below {{expects 4 rows of up_weight}}
  %y = amk.fused.gated_linear silu %x weights(%g, %u)
      : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<5x8xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.weight "g" : tensor<4x8xf32>
  %u = amk.layer.weight "u" : tensor<4x9xf32>
  // expected-error @below {{expects 8 columns of up_weight}}
  %y = amk.fused.gated_linear silu %x weights(%g, %u)
      : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<4x9xf32>) -> tensor<1x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.weight "g" : tensor<4x8xf32>
  %u = amk.layer.weight "u" : tensor<4x8xf32>
  // expected-error @below {{expects the same number of tokens}}
  %y = amk.fused.gated_linear silu %x weights(%g, %u)
      : (tensor<1x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<2x4xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %h = amk.layer.weight "h" : tensor<31x8xf32>
  // expected-error @below {{expects 32 rows of weight}}
  %t, %l = amk.fused.head %x weight(%h)
      : (tensor<1x8xf32>, tensor<31x8xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %h = amk.layer.weight "h" : tensor<32x9xf32>
  // expected-error @below {{expects 8 columns of weight}}
  %t, %l = amk.fused.head %x weight(%h)
      : (tensor<1x8xf32>, tensor<32x9xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %h = amk.layer.weight "h" : tensor<32x8xf32>
  // expected-error @below {{expects the same number of tokens}}
  %t, %l = amk.fused.head %x weight(%h)
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> (tensor<1xi32>, tensor<2x32xf32>)
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

// Gate and up rows lie in one stream, so they have one element type.
#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.weight "g" : tensor<16x8xbf16>
  %u = amk.layer.weight "u" : tensor<16x8xf16>
  // expected-error @below {{expects weights of one element type, found 'tensor<16x8xbf16>' and 'tensor<16x8xf16>'}}
  %y = amk.fused.gated_linear silu %x weights(%g, %u)
      : (tensor<1x8xf32>, tensor<16x8xbf16>, tensor<16x8xf16>) -> tensor<1x16xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// What the verifiers of the layer level refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects two block arguments, token ids and positions, each tensor<?xi32>}}
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects two block arguments, token ids and positions, each tensor<?xi32>}}
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi64>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects amk.layer.output at the end}}
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.model @m config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  // expected-error @below {{is only allowed at the end of a model}}
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
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
  // expected-error @below {{expects a result [positions, 2, 3] for 3 frequencies}}
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
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
  // expected-error @below {{expects a result [positions, 2, 2] for 2 frequencies}}
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1] scale = 1.0
      : tensor<16x1x2xf32>
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects a matrix as table, found 'tensor<8xf32>'}}
  %y = amk.layer.embed %token, %w
      : (tensor<1xi32>, tensor<8xf32>) -> tensor<1x8xf32>
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
  %w = amk.layer.weight "w" : tensor<32x8xf32>
  // expected-error @below {{expects one row per token}}
  %y = amk.layer.embed %token, %w
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<2x8xf32>
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
  %w = amk.layer.weight "w" : tensor<32x8xf32>
  // expected-error @below {{expects 8 features of the result, found 'tensor<1x9xf32>'}}
  %y = amk.layer.embed %token, %w
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x9xf32>
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects the result to have the input's type}}
  %y = amk.layer.rms_norm %x, %w epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x9xf32>
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
  %w = amk.layer.weight "w" : tensor<9xf32>
  // expected-error @below {{expects a norm weight of 8 elements, found 'tensor<9xf32>'}}
  %y = amk.layer.rms_norm %x, %w epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<9xf32>) -> tensor<1x8xf32>
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
  %w = amk.layer.weight "w" : tensor<1x8xf32>
  // expected-error @below {{expects a norm weight of 8 elements, found 'tensor<1x8xf32>'}}
  %y = amk.layer.rms_norm %x, %w epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects 0 < epsilon < 1, found 0}}
  %y = amk.layer.rms_norm %x, %w epsilon = 0.0
      : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects 0 < epsilon < 1, found 1}}
  %y = amk.layer.rms_norm %x, %w epsilon = 1.0
      : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects 0 < epsilon < 1, found nan}}
  %y = amk.layer.rms_norm %x, %w epsilon = 0x7FF8000000000000
      : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
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
  // expected-error @below {{expects the same number of tokens in 'tensor<1x8xf32>' and 'tensor<2x4xf32>'}}
  %y = amk.layer.linear %x, %w
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
  %w = amk.layer.weight "w" : tensor<8xf32>
  // expected-error @below {{expects a matrix as weight, found 'tensor<8xf32>'}}
  %y = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8xf32>) -> tensor<1x4xf32>
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
  // expected-error @below {{expects 5 rows of weight, found 'tensor<4x8xf32>'}}
  %y = amk.layer.linear %x, %w
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
  // expected-error @below {{expects 8 columns of weight, as many as the input has features}}
  %y = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<4x9xf32>) -> tensor<1x4xf32>
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
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1] scale = 1.0
      : tensor<16x2x2xf32>
  // expected-error @below {{expects the result to have the input's type}}
  %y = amk.layer.rope %x, %r at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
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
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1] scale = 1.0
      : tensor<16x2x2xf32>
  // expected-error @below {{expects an even head_dim, found 3}}
  %y = amk.layer.rope %x, %r at %position head_dim = 3
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
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
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1] scale = 1.0
      : tensor<16x2x2xf32>
  // expected-error @below {{expects a rotary table [positions, 2, 4], found}}
  %y = amk.layer.rope %x, %r at %position head_dim = 8
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
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
  %r = amk.layer.rotary_table inv_freq = [1.0, 0.1, 0.01] scale = 1.0
      : tensor<16x2x3xf32>
  // expected-error @below {{expects whole heads of 6 features}}
  %y = amk.layer.rope %x, %r at %position head_dim = 6
      : (tensor<1x8xf32>, tensor<16x2x3xf32>, tensor<1xi32>) -> tensor<1x8xf32>
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
  %c = amk.layer.kv_cache 0 : !kv
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  %s = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @below {{expects 8 features of the key, found 'tensor<1x4xf32>'}}
  %y = amk.layer.kv_append %c, %s, %x at %position
      : (!kv, tensor<1x4xf32>, tensor<1x8xf32>, tensor<1xi32>) -> !kv
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
  %c = amk.layer.kv_cache 0 : !kv
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  %s = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @below {{expects 8 features of the value, found 'tensor<1x4xf32>'}}
  %y = amk.layer.kv_append %c, %x, %s at %position
      : (!kv, tensor<1x8xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
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
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects the cache to keep its type}}
  %y = amk.layer.kv_append %c, %x, %x at %position
      : (!kv, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1xi32>) ->
      !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>
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
  %c = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{expects the result to have the query's type}}
  %y = amk.layer.attention %x, %c at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x4xf32>
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
  %c = amk.layer.kv_cache 0 : !kv
  %w = amk.layer.weight "w" : tensor<4x8xf32>
  %s = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @below {{expects a multiple of 2 query heads of 4 features, found 'tensor<1x4xf32>'}}
  %y = amk.layer.attention %s, %c at %position scale = 0.5
      : (tensor<1x4xf32>, !kv, tensor<1xi32>) -> tensor<1x4xf32>
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
  %s = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @below {{expects gate, up and result of one type}}
  %y = amk.layer.gated_activation silu %x, %s
      : (tensor<1x8xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

// -----

// expected-error @below {{expects parent op 'amk.model'}}
%w = amk.layer.weight "w" : tensor<8xf32>

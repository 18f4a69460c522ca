// RUN: amk-opt %s -split-input-file -verify-diagnostics -convert-amk-layer-to-task
// RUN: not amk-opt %s -split-input-file -convert-amk-layer-to-task=workers=0 2>&1 | FileCheck %s --check-prefix=WORKERS
// RUN: not amk-opt %s -split-input-file -convert-amk-layer-to-task=tile-rows=3 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: not amk-opt %s -split-input-file -convert-amk-layer-to-task=kv-splits=65 2>&1 | FileCheck %s --check-prefix=SPLITS

// WORKERS: convert-amk-layer-to-task: workers: found 0, expected 1 to 4096
// TILE: convert-amk-layer-to-task: tile-rows: found 3, expected an even number from 2 to 16
// SPLITS: convert-amk-layer-to-task: kv-splits: found 65, expected at most 64

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{has no task form: expected one token and its position per step, found 'tensor<2xi32>'}}
amk.model @tokens config = #config {
^bb0(%token: tensor<2xi32>, %position: tensor<2xi32>):
  %e = amk.layer.weight "embed" : tensor<8x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<2xi32>, tensor<8x8xf32>) -> tensor<2x8xf32>
  %t = amk.layer.argmax %x : (tensor<2x8xf32>) -> tensor<2xi32>
  amk.layer.output %t, %x : tensor<2xi32>, tensor<2x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.model @computed_weight config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<8x1xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<8x1xf32>) -> tensor<1x1xf32>
  // expected-error@+1 {{has no task form: expected its weights straight from amk.layer.weight}}
  %l = amk.layer.linear %x, %x
      : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %t = amk.layer.argmax %l : (tensor<1x1xf32>) -> tensor<1xi32>
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x1xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.model @token_used config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<8x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  // expected-error@+1 {{has no task form: expected its token to be the model's output and nothing else}}
  %t = amk.layer.argmax %x : (tensor<1x8xf32>) -> tensor<1xi32>
  // expected-error@+1 {{has no task form: expected the model's token}}
  %y = amk.layer.embed %t, %e
      : (tensor<1xi32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %t, %y : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 4, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 1, positions = 16, dim = 4, element = f32>

// The attention reads the cache before the append, which happens in place.
amk.model @old_cache config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<8x4xf32>
  // expected-note@+1 {{see the first here}}
  %cache = amk.layer.kv_cache 0 : !kv
  // expected-error@+1 {{is a second cache of layer 0}}
  %again = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  // expected-error@+1 {{has no task form: tasks append in place, so nothing else may use the cache it appends to}}
  %new = amk.layer.kv_append %cache, %x, %x at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %a = amk.layer.attention %x, %cache at %position scale = 0.5
      : (tensor<1x4xf32>, !kv, tensor<1xi32>) -> tensor<1x4xf32>
  // expected-error@+1 {{has no task form: expected the model's position}}
  %b = amk.layer.attention %a, %new at %token scale = 0.5
      : (tensor<1x4xf32>, !kv, tensor<1xi32>) -> tensor<1x4xf32>
  %t = amk.layer.argmax %b : (tensor<1x4xf32>) -> tensor<1xi32>
  amk.layer.output %t, %b : tensor<1xi32>, tensor<1x4xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.model @no_argmax config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<8x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  // expected-error@+1 {{has no task form: expected the token of an argmax or a fused head}}
  amk.layer.output %token, %x : tensor<1xi32>, tensor<1x8xf32>
}

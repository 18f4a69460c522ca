// What the gates of the layer and fused layer level refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-verify-layers

// A module without a model. The diagnostic is on the module itself.

// expected-error @below {{expected at least one amk.model at the layer level}}
module {
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Every operation that does not belong here is reported.

amk.model @levels config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  // expected-error @below {{'amk.fused.head' op is not allowed at the layer level; expected amk.layer.*}}
  %t, %l = amk.fused.head %x weight(%e)
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  // expected-error @below {{'arith.addf' op is not allowed at the layer level}}
  %m = arith.addf %l, %l : tensor<1x32xf32>
  amk.layer.output %t, %m : tensor<1xi32>, tensor<1x32xf32>
}

// expected-error @below {{'amk.graph' op is not allowed at the layer level; expected amk.model}}
amk.graph @graph config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.model @weights config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  // expected-note @below {{first defined here}}
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  // expected-error @below {{defines 'embed' again}}
  %e2 = amk.layer.weight "embed" : tensor<32x8xf32>
  // expected-error @below {{defines 'norm', which nothing reads}}
  %n = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e2
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  amk.layer.output %token, %l : tensor<1xi32>, tensor<1x32xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>

amk.model @caches config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  // The old value is read beside the append, which may overwrite it in place.
  // expected-error @below {{must be read by one append and nothing else}}
  // expected-note @below {{first defined here}}
  %c0 = amk.layer.kv_cache 0 : !kv
  // expected-note @below {{read here}}
  %c1 = amk.layer.kv_append %c0, %x, %x at %position
      : (!kv, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1xi32>) -> !kv
  // expected-note @below {{read here}}
  %a = amk.layer.attention %x, %c0 at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  // expected-error @below {{appends to a cache that was appended to before}}
  %c2 = amk.layer.kv_append %c1, %a, %a at %position
      : (!kv, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1xi32>) -> !kv
  // expected-error @below {{defines the cache of layer 0 again}}
  %d0 = amk.layer.kv_cache 0 : !kv
  %d1 = amk.layer.kv_append %d0, %x, %x at %position
      : (!kv, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1xi32>) -> !kv
  // expected-error @below {{must be read by one append and nothing else}}
  %unused = amk.layer.kv_cache 1 : !kv
  %b = amk.layer.attention %a, %d1 at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %b : tensor<1xi32>, tensor<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.model @dynamic config = #config {
^bb0(%token: tensor<?xi32>, %position: tensor<?xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  // expected-error @below {{expects static shapes, found 'tensor<?x8xf32>'}}
  %x = amk.layer.embed %token, %e
      : (tensor<?xi32>, tensor<32x8xf32>) -> tensor<?x8xf32>
  amk.layer.output %token, %x : tensor<?xi32>, tensor<?x8xf32>
}

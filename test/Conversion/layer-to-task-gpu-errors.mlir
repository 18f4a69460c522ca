// RUN: amk-opt %s -split-input-file -verify-diagnostics -convert-amk-layer-to-task="gpu tile-rows=8 workers=2"
// RUN: not amk-opt %s -split-input-file -convert-amk-layer-to-task="gpu workers=2" 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: not amk-opt %s -split-input-file -convert-amk-layer-to-task="gpu tile-rows=8 kv-splits=65536" 2>&1 | FileCheck %s --check-prefix=SPLITS
// RUN: not amk-opt %S/layer-to-task-gpu.mlir -convert-amk-layer-to-task="gpu tile-rows=8 kv-splits=1368" 2>&1 | FileCheck %s --check-prefix=ROOM

// TILE: convert-amk-layer-to-task: tile-rows: found 4, expected 8 with gpu
// SPLITS: convert-amk-layer-to-task: kv-splits: found 65536, expected at most 65535
// ROOM: 'amk.layer.attention' op has no task form on a GPU: expected fewer splits of the context, found 1368

#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @unfused config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %w = amk.layer.weight "w" : tensor<16x16xbf16>
  // expected-error @below {{has no task form on a GPU: expected layers fused by all of the amk-fuse passes}}
  %y = amk.layer.linear %x, %w
      : (tensor<1x16xf32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %t, %l = amk.fused.head %y weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @odd_norm config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x15xbf16>
  %n = amk.layer.weight "n" : tensor<15xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x15xbf16>) -> tensor<1x15xf32>
  // expected-error @below {{has no task form on a GPU: expected an even number of features under a norm, found 'tensor<1x15xf32>'}}
  %t, %l = amk.fused.head %x norm(%n, epsilon = 1.0e-5) weight(%e)
      : (tensor<1x15xf32>, tensor<15xf32>, tensor<16x15xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 8, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @many_queries config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<72x16xbf16>
  %wk = amk.layer.weight "k" : tensor<8x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x72xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x4xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{has no task form on a GPU: expected at most 8 query heads of one kv head, found 9}}
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<72x16xbf16>, tensor<8x16xbf16>,
         tensor<8x16xbf16>, tensor<32x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x72xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x72xf32>, !kv, tensor<1xi32>) -> tensor<1x72xf32>
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x72xf32>, tensor<16x72xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 4, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @small_heads config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<4x16xbf16>
  %wk = amk.layer.weight "k" : tensor<4x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x4xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1.]
      scale = 1.0 : tensor<32x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{has no task form on a GPU: expected heads of a multiple of 8 elements up to 256, found 4}}
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<4x16xbf16>, tensor<4x16xbf16>,
         tensor<4x16xbf16>, tensor<32x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x4xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x4xf32>, !kv, tensor<1xi32>) -> tensor<1x4xf32>
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x4xf32>, tensor<16x4xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 264, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @large_heads config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<264x16xbf16>
  %wk = amk.layer.weight "k" : tensor<264x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x264xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x132xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{has no task form on a GPU: expected heads of a multiple of 8 elements up to 256, found 264}}
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<264x16xbf16>, tensor<264x16xbf16>,
         tensor<264x16xbf16>, tensor<32x2x132xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x264xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x264xf32>, !kv, tensor<1xi32>) -> tensor<1x264xf32>
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x264xf32>, tensor<16x264xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 8, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @unread_cache config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<8x16xbf16>
  %wk = amk.layer.weight "k" : tensor<8x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x4xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  // expected-error @below {{has no task form on a GPU: expected one amk.layer.attention to read its cache}}
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<8x16xbf16>, tensor<8x16xbf16>,
         tensor<8x16xbf16>, tensor<32x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  %o = amk.fused.linear %q weight(%wo) residual(%x)
      : (tensor<1x8xf32>, tensor<16x8xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 8, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @other_query config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<8x16xbf16>
  %wk = amk.layer.weight "k" : tensor<8x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x4xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<8x16xbf16>, tensor<8x16xbf16>,
         tensor<8x16xbf16>, tensor<32x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  %wx = amk.layer.weight "wx" : tensor<8x8xbf16>
  %qx = amk.fused.linear %q weight(%wx)
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  // expected-error @below {{has no task form on a GPU: expected the query and the cache of an amk.fused.qkv that nothing else reads}}
  %a = amk.layer.attention %qx, %new at %position scale = 0.25
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x8xf32>, tensor<16x8xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 8, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @second_append config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x16xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x16xbf16>) -> tensor<1x16xf32>
  %wq = amk.layer.weight "q" : tensor<8x16xbf16>
  %wk = amk.layer.weight "k" : tensor<8x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x8xbf16>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x4xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %w8 = amk.layer.weight "w8" : tensor<8x16xbf16>
  %q0, %first = amk.fused.qkv %x weights(%w8, %w8, %w8) rotary(%table)
      append(%cache at %position)
      : (tensor<1x16xf32>, tensor<8x16xbf16>, tensor<8x16xbf16>,
         tensor<8x16xbf16>, tensor<32x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  // expected-error @below {{has no task form on a GPU: expected its cache straight from amk.layer.kv_cache}}
  %q, %new = amk.fused.qkv %x weights(%wq, %wk, %wk) rotary(%table)
      append(%first at %position)
      : (tensor<1x16xf32>, tensor<8x16xbf16>, tensor<8x16xbf16>,
         tensor<8x16xbf16>, tensor<32x2x4xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x8xf32>, tensor<16x8xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32>
  %t, %l = amk.fused.head %o weight(%e)
      : (tensor<1x16xf32>, tensor<16x16xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// -----

!kv = !amk.kv<heads = 1, positions = 32, dim = 8, element = f32>
#config = #amk.config<family = "llama", vocab = 16, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

amk.model @mixed_caches config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<16x8xbf16>
  %w = amk.layer.weight "w" : tensor<8x8xbf16>
  %v = amk.layer.weight "v" : tensor<8x8xf32>
  %table = amk.layer.rotary_table inv_freq = [1., 1., 1., 1.]
      scale = 1.0 : tensor<32x2x4xf32>
  %cache0 = amk.layer.kv_cache 0 : !kv
  %cache1 = amk.layer.kv_cache 1 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<16x8xbf16>) -> tensor<1x8xf32>
  %q0, %new0 = amk.fused.qkv %x weights(%w, %w, %w) rotary(%table)
      append(%cache0 at %position)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<8x8xbf16>, tensor<8x8xbf16>,
         tensor<32x2x4xf32>, !kv, tensor<1xi32>) -> (tensor<1x8xf32>, !kv)
  %a0 = amk.layer.attention %q0, %new0 at %position scale = 0.25
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  // expected-error @below {{has no task form on a GPU: expected the cache of a unit to be 'memref<1x2x16x16xbf16>' as in the first layer, found 'memref<2x2x8x16xf32>'}}
  %q1, %new1 = amk.fused.qkv %a0 weights(%v, %v, %v) rotary(%table)
      append(%cache1 at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<32x2x4xf32>, !kv, tensor<1xi32>) -> (tensor<1x8xf32>, !kv)
  %a1 = amk.layer.attention %q1, %new1 at %position scale = 0.25
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %t, %l = amk.fused.head %a1 weight(%e)
      : (tensor<1x8xf32>, tensor<16x8xbf16>)
      -> (tensor<1xi32>, tensor<1x16xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x16xf32>
}

// Fused operations with and without their optional parts.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 1, positions = 16, dim = 4, element = f32>

// CHECK: amk.model @fused
amk.model @fused config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  // CHECK: %[[N:.*]] = amk.layer.weight "norm"
  %n = amk.layer.weight "norm" : tensor<8xbf16>
  // CHECK: %[[W:.*]] = amk.layer.weight "square"
  %w = amk.layer.weight "square" : tensor<8x8xbf16>
  // CHECK: %[[WKV:.*]] = amk.layer.weight "kv"
  %wkv = amk.layer.weight "kv" : tensor<4x8xbf16>
  // CHECK: %[[TABLE:.*]] = amk.layer.rotary_table
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  // CHECK: %[[CACHE:.*]] = amk.layer.kv_cache
  %cache = amk.layer.kv_cache 0 : !kv
  // CHECK: %[[X:.*]] = amk.layer.embed
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[A:.*]] = amk.fused.linear %[[X]] weight(%[[W]])
  // CHECK-SAME:   : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %a = amk.fused.linear %x weight(%w)
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[B:.*]] = amk.fused.linear %[[A]]
  // CHECK-SAME:   norm(%[[N]], epsilon = 1.000000e-05) weight(%[[W]]) :
  %b = amk.fused.linear %a norm(%n, epsilon = 1.0e-5) weight(%w)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[C:.*]] = amk.fused.linear %[[B]] weight(%[[W]])
  // CHECK-SAME:   residual(%[[X]]) :
  %c = amk.fused.linear %b weight(%w) residual(%x)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[D:.*]] = amk.fused.linear %[[C]]
  // CHECK-SAME:   norm(%[[N]], epsilon = 1.000000e-05) weight(%[[W]])
  // CHECK-SAME:   residual(%[[X]]) :
  %d = amk.fused.linear %c norm(%n, epsilon = 1.0e-5) weight(%w) residual(%x)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xbf16>, tensor<1x8xf32>)
      -> tensor<1x8xf32>
  // CHECK-NEXT: %[[Q:.*]], %[[NEW:.*]] = amk.fused.qkv %[[D]]
  // CHECK-SAME:   norm(%[[N]], epsilon = 1.000000e-05)
  // CHECK-SAME:   weights(%[[W]], %[[WKV]], %[[WKV]]) rotary(%[[TABLE]])
  // CHECK-SAME:   append(%[[CACHE]] at %{{.*}}) :
  %q, %new = amk.fused.qkv %d norm(%n, epsilon = 1.0e-5)
      weights(%w, %wkv, %wkv) rotary(%table) append(%cache at %position)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xbf16>, tensor<4x8xbf16>,
         tensor<4x8xbf16>, tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  // CHECK-NEXT: amk.fused.qkv %[[Q]] weights(
  %q2, %new2 = amk.fused.qkv %q weights(%w, %wkv, %wkv) rotary(%table)
      append(%new at %position)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<4x8xbf16>,
         tensor<4x8xbf16>, tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  // CHECK-NEXT: %[[G:.*]] = amk.fused.gated_linear silu %[[Q]]
  // CHECK-SAME:   norm(%[[N]], epsilon = 1.000000e-05)
  // CHECK-SAME:   weights(%[[W]], %[[W]]) :
  %g = amk.fused.gated_linear silu %q norm(%n, epsilon = 1.0e-5) weights(%w, %w)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xbf16>, tensor<8x8xbf16>)
      -> tensor<1x8xf32>
  // CHECK-NEXT: %[[H:.*]] = amk.fused.gated_linear silu %[[G]] weights(
  %h = amk.fused.gated_linear silu %g weights(%w, %w)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  // CHECK-NEXT: amk.fused.head %[[H]] norm(%[[N]], epsilon = 1.000000e-05)
  // CHECK-SAME:   weight(%{{.*}}) :
  %t0, %l0 = amk.fused.head %h norm(%n, epsilon = 1.0e-5) weight(%e)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<32x8xf32>)
      -> (tensor<1xi32>, tensor<1x32xf32>)
  // CHECK-NEXT: %[[T:.*]], %[[L:.*]] = amk.fused.head %[[H]] weight(%{{.*}}) :
  %t, %l = amk.fused.head %h weight(%e)
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  // CHECK-NEXT: amk.layer.output %[[T]], %[[L]]
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

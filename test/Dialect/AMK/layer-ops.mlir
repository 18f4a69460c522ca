// Layer operations survive text, generic text and bytecode.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 1, positions = 16, dim = 4, element = f32>

// CHECK:      amk.model @layer
// CHECK-SAME:   config = <family = "llama", vocab = 32, hidden = 8, layers = 1,
// CHECK-SAME:   context = 16, eos = [2], bos = 1>
// CHECK-SAME:   attributes {derived_tensors = {inv_freq = "rotary"}}
amk.model @layer config = #config
    attributes {derived_tensors = {inv_freq = "rotary"}} {
// CHECK-NEXT: ^bb0(%[[TOKEN:.*]]: tensor<1xi32>, %[[POSITION:.*]]: tensor<1xi32>):
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  // CHECK-NEXT: %[[E:.*]] = amk.layer.weight "embed" : tensor<32x8xbf16>
  %e = amk.layer.weight "embed" : tensor<32x8xbf16>
  // CHECK-NEXT: %[[N:.*]] = amk.layer.weight "norm" : tensor<8xf16>
  %n = amk.layer.weight "norm" : tensor<8xf16>
  // CHECK-NEXT: %[[W:.*]] = amk.layer.weight "kv" : tensor<4x8xf32>
  %w = amk.layer.weight "kv" : tensor<4x8xf32>
  // CHECK-NEXT: %[[TABLE:.*]] = amk.layer.rotary_table
  // CHECK-SAME:   inv_freq = [1.000000e+00, 0.00999999977]
  // CHECK-SAME:   scale = 1.500000e+00 : tensor<16x2x2xf32>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.5
      : tensor<16x2x2xf32>
  // CHECK-NEXT: %[[CACHE:.*]] = amk.layer.kv_cache 0
  // CHECK-SAME:   : <heads = 1, positions = 16, dim = 4, element = f32>
  %cache = amk.layer.kv_cache 0 : !kv
  // CHECK-NEXT: %[[X:.*]] = amk.layer.embed %[[TOKEN]], %[[E]]
  // CHECK-SAME:   : (tensor<1xi32>, tensor<32x8xbf16>) -> tensor<1x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xbf16>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[XN:.*]] = amk.layer.rms_norm %[[X]], %[[N]]
  // CHECK-SAME:   epsilon = 1.000000e-05
  // CHECK-SAME:   : (tensor<1x8xf32>, tensor<8xf16>) -> tensor<1x8xf32>
  %xn = amk.layer.rms_norm %x, %n epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xf16>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[K:.*]] = amk.layer.linear %[[XN]], %[[W]]
  // CHECK-SAME:   : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  %k = amk.layer.linear %xn, %w
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // CHECK-NEXT: %[[KR:.*]] = amk.layer.rope %[[K]], %[[TABLE]]
  // CHECK-SAME:   at %[[POSITION]] head_dim = 4
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  // CHECK-NEXT: %[[NEW:.*]] = amk.layer.kv_append %[[CACHE]], %[[KR]], %[[K]]
  // CHECK-SAME:   at %[[POSITION]]
  %new = amk.layer.kv_append %cache, %kr, %k at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  // CHECK-NEXT: %[[A:.*]] = amk.layer.attention %[[XN]], %[[NEW]]
  // CHECK-SAME:   at %[[POSITION]] scale = 5.000000e-01
  %a = amk.layer.attention %xn, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[G:.*]] = amk.layer.gated_activation silu %[[A]], %[[X]]
  %g = amk.layer.gated_activation silu %a, %x
      : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // CHECK-NEXT: %[[S:.*]] = amk.layer.add %[[G]], %[[X]] : tensor<1x8xf32>
  %s = amk.layer.add %g, %x : tensor<1x8xf32>
  // CHECK-NEXT: %[[L:.*]] = amk.layer.linear %[[S]], %[[E]]
  %l = amk.layer.linear %s, %e
      : (tensor<1x8xf32>, tensor<32x8xbf16>) -> tensor<1x32xf32>
  // CHECK-NEXT: %[[T:.*]] = amk.layer.argmax %[[L]]
  // CHECK-SAME:   : (tensor<1x32xf32>) -> tensor<1xi32>
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  // CHECK-NEXT: amk.layer.output %[[T]], %[[L]]
  // CHECK-SAME:   : tensor<1xi32>, tensor<1x32xf32>
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

// What the gates of the layer levels let through: a layer with everything in
// its place, and at the fused level fused operations beside unfused ones.

// RUN: amk-opt %s -amk-verify-fused-layers | FileCheck %s
// RUN: not amk-opt %s -amk-verify-layers 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNFUSED
// RUN: not amk-opt %s -amk-verify-schedule 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SCHEDULE

// UNFUSED: 'amk.fused.qkv' op is not allowed at the layer level
// UNFUSED: 'amk.fused.head' op is not allowed at the layer level
// SCHEDULE: 'amk.model' op is not allowed at the schedule level; expected
// SCHEDULE: expected at least one amk.schedule at the schedule level

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 16, dim = 4, element = f32>

// CHECK: amk.model @fused
amk.model @fused config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "w" : tensor<8x8xf32>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %q, %new = amk.fused.qkv %x weights(%w, %w, %w) rotary(%table)
      append(%cache at %position)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>,
         tensor<16x2x2xf32>, !kv, tensor<1xi32>) -> (tensor<1x8xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %t, %l = amk.fused.head %a weight(%e)
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

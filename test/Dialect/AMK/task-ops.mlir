// Every task, with what fusion and later passes add to it.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK: amk.graph @tasks
// CHECK-SAME: attributes {derived_tensors = {inv_freq = "rotary"}}
amk.graph @tasks config = #config
    attributes {derived_tensors = {inv_freq = "rotary"}} {
  // CHECK-NEXT: amk.buffer token "token" : memref<1xi32>
  %token = amk.buffer token "token" : memref<1xi32>
  // CHECK-NEXT: %[[CONTROL:.*]] = amk.buffer control "control" offset 64
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  // CHECK-NEXT: amk.buffer logits "logits"
  %logits = amk.buffer logits "logits" : memref<1x32xf32>
  // CHECK-NEXT: amk.buffer table "embed" source "embed"
  %table = amk.buffer table "embed" source "embed" : memref<32x8xbf16>
  // CHECK-NEXT: amk.buffer vector "norm" source "n" offset 128
  %norm = amk.buffer vector "norm" source "n" offset 128 : memref<8xf32>
  // CHECK-NEXT: amk.buffer rotary "rotary"
  // CHECK-SAME:   inv_freq = [1.000000e+00, 0.00999999977] scale = 1.500000e+00
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.01] scale = 1.5
      : memref<16x2x2xf32>
  // CHECK-NEXT: amk.buffer kv_cache "cache"
  %cache = amk.buffer kv_cache "cache" : memref<2x1x16x4xf32>
  // CHECK-NEXT: amk.buffer weight "w" source "w"
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %wkv = amk.buffer weight "wkv" source "wkv" : memref<4x8xbf16>
  %head = amk.buffer weight "head" source "embed" : memref<32x8xbf16>
  // CHECK: %[[X:.*]] = amk.buffer activation "x"
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // CHECK-NEXT: %[[Y:.*]] = amk.buffer activation "y"
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %k = amk.buffer activation "k" : memref<1x4xf32>
  %parts = amk.buffer activation "parts" : memref<2x2x6xf32>
  %maxima = amk.buffer activation "maxima" : memref<1x2xi32>
  // CHECK: amk.task.gate <0, "gate", 0 of 1>(%[[CONTROL]])
  // CHECK-SAME:   call <@gate, [64]> : (memref<1xi32>) -> ()
  amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control) call <@gate, [64]>
      : (memref<1xi32>) -> ()
  // CHECK-NEXT: amk.task.embed <1, "embed", 1 of 2> <4, 8>
  amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<4, 8>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xbf16>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.rms_norm <2, "norm", 0 of 1>
  // CHECK-SAME:   epsilon = 1.000000e-05
  amk.task.rms_norm #amk.phase<2, "norm", 0 of 1> (%x, %norm) to (%y)
      epsilon = 1.0e-5 : (memref<1x8xf32>, memref<8xf32>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.linear <3, "o", 0 of 1> <0, 8> tile 4(%[[X]])
  // CHECK-SAME:   weight(%{{.*}}) to(%[[Y]]) stream_offset 64
  amk.task.linear #amk.phase<3, "o", 0 of 1> #amk.range<0, 8> tile 4 (%x)
      weight(%w) to (%y) stream_offset 64
      : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.linear <4, "o", 0 of 1> <0, 8> tile 4(%[[X]])
  // CHECK-SAME:   norm(%{{.*}}, epsilon = 1.000000e-05) weight(
  // CHECK-SAME:   residual(%[[X]]) to(%[[Y]])
  // CHECK-SAME:   stream_offset 128 call <@linear, [0, 1]>
  amk.task.linear #amk.phase<4, "o", 0 of 1> #amk.range<0, 8> tile 4 (%x)
      norm(%norm, epsilon = 1.0e-5) weight(%w) residual(%x) to (%y)
      stream_offset 128 call <@linear, [0, 1]>
      : (memref<1x8xf32>, memref<8xf32>, memref<8x8xbf16>, memref<1x8xf32>,
         memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.qkv <5, "qkv", 0 of 1> <0, 8> tile 4(%[[X]])
  // CHECK-SAME:   norm(%{{.*}}, epsilon = 1.000000e-05)
  // CHECK-SAME:   weights(%{{.*}}, %{{.*}}, %{{.*}}) rotary(%{{.*}})
  amk.task.qkv #amk.phase<5, "qkv", 0 of 1> #amk.range<0, 8> tile 4 (%x)
      norm(%norm, epsilon = 1.0e-5) weights(%w, %wkv, %wkv) rotary(%rotary)
      to (%y, %cache)
      : (memref<1x8xf32>, memref<8xf32>, memref<8x8xbf16>, memref<4x8xbf16>,
         memref<4x8xbf16>, memref<16x2x2xf32>, memref<1x8xf32>,
         memref<2x1x16x4xf32>) -> ()
  // CHECK-NEXT: amk.task.gated_linear <6, "gate_up", 0 of 1> silu <0, 8>
  // CHECK-SAME:   tile 4(%[[X]]) weights(
  amk.task.gated_linear #amk.phase<6, "gate_up", 0 of 1> silu #amk.range<0, 8>
      tile 4 (%x) weights(%w, %w) to (%y)
      : (memref<1x8xf32>, memref<8x8xbf16>, memref<8x8xbf16>, memref<1x8xf32>)
      -> ()
  // CHECK-NEXT: amk.task.head <7, "lm_head", 0 of 1> <0, 32> tile 4
  amk.task.head #amk.phase<7, "lm_head", 0 of 1> #amk.range<0, 32> tile 4 (%x)
      weight(%head) to (%logits, %maxima)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<1x32xf32>, memref<1x2xi32>)
      -> ()
  // CHECK-NEXT: amk.task.rope <8, "rope", 0 of 1> <0, 2> head_dim = 4
  amk.task.rope #amk.phase<8, "rope", 0 of 1> #amk.range<0, 2> head_dim = 4
      (%x, %rotary) to (%y)
      : (memref<1x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.kv_append <9, "append", 0 of 1> <0, 1>
  amk.task.kv_append #amk.phase<9, "append", 0 of 1> #amk.range<0, 1> (%k, %k)
      to (%cache)
      : (memref<1x4xf32>, memref<1x4xf32>, memref<2x1x16x4xf32>) -> ()
  // CHECK-NEXT: amk.task.attention <10, "attention", 1 of 2> <1, 2>
  // CHECK-SAME:   splits = 2 scale = 5.000000e-01
  amk.task.attention #amk.phase<10, "attention", 1 of 2> #amk.range<1, 2>
      splits = 2 scale = 0.5 (%x, %cache) to (%parts)
      : (memref<1x8xf32>, memref<2x1x16x4xf32>, memref<2x2x6xf32>) -> ()
  // CHECK-NEXT: amk.task.attention_combine <11, "combine", 0 of 1> <0, 2>
  amk.task.attention_combine #amk.phase<11, "combine", 0 of 1> #amk.range<0, 2>
      (%parts) to (%y) : (memref<2x2x6xf32>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.gated_activation <12, "act", 0 of 1> silu <0, 8>
  amk.task.gated_activation #amk.phase<12, "act", 0 of 1> silu #amk.range<0, 8>
      (%x, %y) to (%y)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.add <13, "add", 0 of 1> <0, 8>
  amk.task.add #amk.phase<13, "add", 0 of 1> #amk.range<0, 8> (%x, %y) to (%y)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  // CHECK-NEXT: amk.task.argmax <14, "argmax", 0 of 1>
  amk.task.argmax #amk.phase<14, "argmax", 0 of 1> (%logits)
      to (%token, %control)
      : (memref<1x32xf32>, memref<1xi32>, memref<1xi32>) -> ()
  // CHECK-NEXT: amk.task.argmax_combine <15, "argmax", 0 of 1>
  amk.task.argmax_combine #amk.phase<15, "argmax", 0 of 1> (%maxima)
      to (%token, %control)
      : (memref<1x2xi32>, memref<1xi32>, memref<1xi32>) -> ()
}

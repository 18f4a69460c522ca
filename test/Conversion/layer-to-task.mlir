// Every operation of the layer level and of the fused level has a task form.

// RUN: amk-opt %s -convert-amk-layer-to-task="workers=2 tile-rows=4 kv-splits=2" | FileCheck %s
// RUN: amk-opt %s -convert-amk-layer-to-task="workers=2 tile-rows=4 kv-splits=2" -amk-verify-task-graph -amk-place-tasks=workers=2 -amk-insert-sync | amk-opt -o /dev/null
// RUN: amk-opt %s -convert-amk-layer-to-task="workers=1" | FileCheck %s --check-prefix=ONE
// RUN: amk-opt %s -convert-amk-layer-to-task="workers=8" | FileCheck %s --check-prefix=EIGHT
// RUN: amk-opt %s -convert-amk-layer-to-task="workers=2" -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 10, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
!kv = !amk.kv<heads = 1, positions = 16, dim = 4, element = f32>

// CHECK-LABEL: amk.graph @layers
// CHECK-SAME:    derived_tensors = {inv_freq = true}
// CHECK-DAG:     %[[ROTARY:.*]] = amk.buffer rotary "rotary_table" inv_freq = [1.000000e+00, 0.00999999977] scale = 1.000000e+00 : memref<16x2x2xf32>
// CHECK-DAG:     %[[CACHE:.*]] = amk.buffer kv_cache "kv_cache" : memref<2x1x16x4xf32>
// CHECK-DAG:     %[[TABLE:.*]] = amk.buffer table "embed.table" source "embed" : memref<10x8xbf16>
// CHECK-DAG:     %[[TOKEN:.*]] = amk.buffer token "token" : memref<1xi32>
// CHECK-DAG:     %[[X:.*]] = amk.buffer activation "embed" : memref<1x8xf32>
// CHECK-DAG:     %[[NORMW:.*]] = amk.buffer vector "rms_norm.weight" source "norm" {amk.source_element = bf16} : memref<8xf32>
// CHECK-DAG:     %[[N:.*]] = amk.buffer activation "rms_norm" : memref<1x8xf32>
// CHECK-DAG:     %[[QW:.*]] = amk.buffer weight "layers.0.q_proj.weight" source "q" : memref<8x8xf32>
// CHECK-DAG:     %[[Q:.*]] = amk.buffer activation "layers.0.q_proj" : memref<1x8xf32>
// CHECK-DAG:     %[[PARTIALS:.*]] = amk.buffer activation "attention.partials" : memref<2x2x6xf32>
// CHECK-DAG:     %[[HEADW:.*]] = amk.buffer weight "head.weight" source "embed" : memref<10x8xbf16>
// CHECK-DAG:     %[[LOGITS:.*]] = amk.buffer logits "head" : memref<1x10xf32>
// CHECK-DAG:     %[[CONTROL:.*]] = amk.buffer control "control" : memref<1xi32>
// CHECK:         amk.task.embed <0, "embed", 0 of 1> <0, 8>(%[[TOKEN]], %[[TABLE]]) to(%[[X]])
// CHECK-NEXT:    amk.task.rms_norm <1, "rms_norm", 0 of 1>(%[[X]], %[[NORMW]]) to(%[[N]]) epsilon = 1.000000e-05
// CHECK-NEXT:    amk.task.linear <2, "layers.0.q_proj", 0 of 2> <0, 4> tile 4(%[[N]]) weight(%[[QW]]) to(%[[Q]])
// CHECK-NEXT:    amk.task.linear <2, "layers.0.q_proj", 1 of 2> <4, 8> tile 4(%[[N]]) weight(%[[QW]]) to(%[[Q]])
// One tile is never cut.
// CHECK-NEXT:    amk.task.linear <3, "linear", 0 of 1> <0, 4>
// CHECK-NEXT:    amk.task.linear <4, "linear", 0 of 1> <0, 4>
// CHECK-NEXT:    amk.task.rope <5, "rope", 0 of 2> <0, 1> head_dim = 4(%[[Q]], %[[ROTARY]])
// CHECK-NEXT:    amk.task.rope <5, "rope", 1 of 2> <1, 2> head_dim = 4
// CHECK-NEXT:    amk.task.rope <6, "rope", 0 of 1> <0, 1> head_dim = 4
// CHECK-NEXT:    amk.task.kv_append <7, "kv_append", 0 of 1> <0, 1>({{.*}}) to(%[[CACHE]])
// CHECK-NEXT:    amk.task.attention <8, "attention", 0 of 2> <0, 1> splits = 2 scale = 5.000000e-01({{.*}}, %[[CACHE]]) to(%[[PARTIALS]])
// CHECK-NEXT:    amk.task.attention <8, "attention", 1 of 2> <1, 2> splits = 2
// CHECK-NEXT:    amk.task.attention_combine <9, "attention.combine", 0 of 2> <0, 1>(%[[PARTIALS]])
// CHECK-NEXT:    amk.task.attention_combine <9, "attention.combine", 1 of 2> <1, 2>(%[[PARTIALS]])
// CHECK-NEXT:    amk.task.gated_activation <10, "gated_activation", 0 of 1> silu <0, 8>
// CHECK-NEXT:    amk.task.add <11, "add", 0 of 1> <0, 8>
// The last tile of an odd number of rows is smaller; tied weights are one
// source in two buffers.
// CHECK-NEXT:    amk.task.linear <12, "head", 0 of 2> <0, 4> tile 4({{.*}}) weight(%[[HEADW]]) to(%[[LOGITS]])
// CHECK-NEXT:    amk.task.linear <12, "head", 1 of 2> <4, 10> tile 4
// CHECK-NEXT:    amk.task.argmax <13, "argmax", 0 of 1>(%[[LOGITS]]) to(%[[TOKEN]], %[[CONTROL]])
// CHECK-NEXT:  }

// Without splits attention writes its result itself.
// ONE-LABEL: amk.graph @layers
// ONE:         amk.task.attention <8, "attention", 0 of 1> <0, 1> splits = 1
// ONE-NEXT:    amk.task.gated_activation

// As many splits as give every worker a unit.
// EIGHT-LABEL: amk.graph @layers
// EIGHT:         amk.task.attention <8, "attention", 7 of 8> <7, 8> splits = 8

// LOC-LABEL: amk.graph @layers
// LOC:         amk.task.linear <2, "layers.0.q_proj", 0 of 2>
// LOC-SAME:    loc("layers.0.q_proj[0]"("layers.0.q_proj"))
amk.model @layers config = #config attributes {derived_tensors = {inv_freq = true}} {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<10x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %wq = amk.layer.weight "q" : tensor<8x8xf32>
  %wk = amk.layer.weight "k" : tensor<4x8xf32>
  %wv = amk.layer.weight "v" : tensor<4x8xf32>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<10x8xbf16>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %q = amk.layer.linear %n, %wq
      : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      loc("layers.0.q_proj")
  %k = amk.layer.linear %n, %wk
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  %v = amk.layer.linear %n, %wv
      : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  %qr = amk.layer.rope %q, %table at %position head_dim = 4
      : (tensor<1x8xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x8xf32>
  %kr = amk.layer.rope %k, %table at %position head_dim = 4
      : (tensor<1x4xf32>, tensor<16x2x2xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  %new = amk.layer.kv_append %cache, %kr, %v at %position
      : (!kv, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi32>) -> !kv
  %a = amk.layer.attention %qr, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %g = amk.layer.gated_activation silu %a, %n
      : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %s = amk.layer.add %g, %x : tensor<1x8xf32>
  %l = amk.layer.linear %s, %e
      : (tensor<1x8xf32>, tensor<10x8xbf16>) -> tensor<1x10xf32> loc("head")
  %t = amk.layer.argmax %l : (tensor<1x10xf32>) -> tensor<1xi32>
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x10xf32>
}

// CHECK-LABEL: amk.graph @fused
// CHECK-DAG:     %[[NORM:.*]] = amk.buffer vector "qkv.norm" source "norm"
// CHECK-DAG:     %[[QUERY:.*]] = amk.buffer activation "qkv.query" : memref<1x8xf32>
// CHECK-DAG:     %[[CACHE:.*]] = amk.buffer kv_cache
// CHECK-DAG:     %[[LOGITS:.*]] = amk.buffer logits "head.logits" : memref<1x10xf32>
// CHECK-DAG:     %[[PARTIALS:.*]] = amk.buffer activation "head.partials" : memref<2x2xi32>
// 8 row pairs, 2 of them in a tile.
// CHECK:         amk.task.qkv <1, "qkv", 0 of 2> <0, 4> tile 4({{.*}}) norm(%[[NORM]], epsilon = 1.000000e-05) weights({{.*}}) rotary({{.*}}) to(%[[QUERY]], %[[CACHE]])
// CHECK-NEXT:    amk.task.qkv <1, "qkv", 1 of 2> <4, 8> tile 4
// CHECK-NEXT:    amk.task.attention
// CHECK-NEXT:    amk.task.attention
// CHECK-NEXT:    amk.task.attention_combine
// CHECK-NEXT:    amk.task.attention_combine
// CHECK-NEXT:    amk.task.linear <4, "linear", 0 of 2> <0, 4> tile 4({{.*}}) weight({{.*}}) residual({{.*}})
// CHECK-NEXT:    amk.task.linear <4, "linear", 1 of 2> <4, 8> tile 4({{.*}}) weight({{.*}}) residual({{.*}})
// 3 tiles of 2 rows of both matrices.
// CHECK-NEXT:    amk.task.gated_linear <5, "gated_linear", 0 of 2> silu <0, 2> tile 4({{.*}}) norm(%[[NORM]],
// CHECK-NEXT:    amk.task.gated_linear <5, "gated_linear", 1 of 2> silu <2, 6> tile 4
// CHECK-NEXT:    amk.task.linear <6, "linear", 0 of 2> <0, 4>
// CHECK-NEXT:    amk.task.linear <6, "linear", 1 of 2> <4, 8>
// CHECK-NEXT:    amk.task.head <7, "head", 0 of 2> <0, 4> tile 4({{.*}}) norm(%[[NORM]], epsilon = 1.000000e-05) weight({{.*}}) to(%[[LOGITS]], %[[PARTIALS]])
// CHECK-NEXT:    amk.task.head <7, "head", 1 of 2> <4, 10>
// CHECK-NEXT:    amk.task.argmax_combine <8, "head.argmax", 0 of 1>(%[[PARTIALS]])
// CHECK-NEXT:  }
amk.model @fused config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<10x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %wq = amk.layer.weight "q" : tensor<8x8xf32>
  %wk = amk.layer.weight "k" : tensor<4x8xf32>
  %wv = amk.layer.weight "v" : tensor<4x8xf32>
  %wg = amk.layer.weight "gate" : tensor<6x8xf32>
  %wu = amk.layer.weight "up" : tensor<6x8xf32>
  %wd = amk.layer.weight "down" : tensor<8x6xf32>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.01] scale = 1.0
      : tensor<16x2x2xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<10x8xbf16>) -> tensor<1x8xf32>
  %q, %new = amk.fused.qkv %x norm(%nw, epsilon = 1.0e-5) weights(%wq, %wk, %wv)
      rotary(%table) append(%cache at %position)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xf32>, tensor<4x8xf32>,
         tensor<4x8xf32>, tensor<16x2x2xf32>, !kv, tensor<1xi32>)
      -> (tensor<1x8xf32>, !kv)
  %a = amk.layer.attention %q, %new at %position scale = 0.5
      : (tensor<1x8xf32>, !kv, tensor<1xi32>) -> tensor<1x8xf32>
  %o = amk.fused.linear %a weight(%wq) residual(%x)
      : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %g = amk.fused.gated_linear silu %o norm(%nw, epsilon = 1.0e-5)
      weights(%wg, %wu)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<6x8xf32>, tensor<6x8xf32>)
      -> tensor<1x6xf32>
  %d = amk.fused.linear %g weight(%wd) residual(%o)
      : (tensor<1x6xf32>, tensor<8x6xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %t, %l = amk.fused.head %d norm(%nw, epsilon = 1.0e-5) weight(%e)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<10x8xbf16>)
      -> (tensor<1xi32>, tensor<1x10xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x10xf32>
}

// Elementwise phases are cut only where every part has 256 elements or more.
// CHECK-LABEL: amk.graph @wide
// CHECK:         amk.task.embed <0, "embed", 0 of 2> <0, 288>
// CHECK-NEXT:    amk.task.embed <0, "embed", 1 of 2> <288, 576>
// CHECK-NEXT:    amk.task.argmax
// ONE-LABEL:   amk.graph @wide
// ONE:           amk.task.embed <0, "embed", 0 of 1> <0, 576>
// EIGHT-LABEL: amk.graph @wide
// EIGHT:         amk.task.embed <0, "embed", 1 of 2> <288, 576>
amk.model @wide config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<10x576xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<10x576xf32>) -> tensor<1x576xf32>
  %t = amk.layer.argmax %x : (tensor<1x576xf32>) -> tensor<1xi32>
  amk.layer.output %t, %x : tensor<1xi32>, tensor<1x576xf32>
}

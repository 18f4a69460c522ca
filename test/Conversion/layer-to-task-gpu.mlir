// The task graph of a GPU: a cache for each unit of attention, words of a group
// of heads, a token for each worker, no gates and no control.

// RUN: amk-opt %s -convert-amk-layer-to-task="gpu workers=3 tile-rows=8 kv-splits=2" -amk-verify-task-graph | FileCheck %s
// RUN: amk-opt %s -convert-amk-layer-to-task="gpu workers=16 tile-rows=8" -amk-verify-task-graph | FileCheck %s --check-prefix=MANY
// RUN: amk-opt %s -convert-amk-layer-to-task="gpu workers=1 tile-rows=8 kv-splits=1024" | FileCheck %s --check-prefix=SPLITS
// RUN: amk-opt %s -convert-amk-layer-to-task="gpu workers=3 tile-rows=8" -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 40, hidden = 16, layers = 1,
                      context = 64, eos = [2], bos = 1>
!kv = !amk.kv<heads = 2, positions = 64, dim = 8, element = f32>

// CHECK-LABEL: amk.graph @small
// CHECK-NOT:     amk.buffer control
// CHECK-NOT:     amk.task.gate
// CHECK-DAG:     %[[TOKEN:.*]] = amk.buffer token "token" : memref<3xi32>
// CHECK-DAG:     %[[X0:.*]] = amk.buffer activation "embed" : memref<1x16xf32>
// CHECK-DAG:     %[[Q:.*]] = amk.buffer activation "layers.0.qkv.query" : memref<2x4x8xf32>
// CHECK-DAG:     %[[P:.*]] = amk.buffer activation "layers.0.attention.partials" : memref<4x2x10xf32>
// CHECK-DAG:     %[[KV0:.*]] = amk.buffer kv_cache "layers.0.kv.0" : memref<2x2x16x16xbf16>
// CHECK-DAG:     %[[KV1:.*]] = amk.buffer kv_cache "layers.0.kv.1" : memref<2x2x16x16xbf16>
// CHECK-DAG:     %[[KV2:.*]] = amk.buffer kv_cache "layers.0.kv.2" : memref<2x2x16x16xbf16>
// CHECK-DAG:     %[[KV3:.*]] = amk.buffer kv_cache "layers.0.kv.3" : memref<2x2x16x16xbf16>
// CHECK-DAG:     %[[A:.*]] = amk.buffer activation "layers.0.attention" : memref<1x32xf32>
// CHECK-DAG:     %[[X1:.*]] = amk.buffer activation "layers.0.o" : memref<1x16xf32>
// CHECK-DAG:     %[[G:.*]] = amk.buffer activation "layers.0.gate_up" : memref<1x24xf32>
// CHECK-DAG:     %[[X2:.*]] = amk.buffer activation "layers.0.down" : memref<1x16xf32>
// CHECK-DAG:     %[[LOGITS:.*]] = amk.buffer logits "head.logits" : memref<1x40xf32>
// CHECK-DAG:     %[[BEST:.*]] = amk.buffer activation "head.partials" : memref<7xi32>
// Elements in pairs.
// CHECK:         amk.task.embed <0, "embed", 0 of 3> <0, 4>(%[[TOKEN]], %{{.*}}) to(%[[X0]])
// CHECK-NEXT:    amk.task.embed <0, "embed", 1 of 3> <4, 10>
// CHECK-NEXT:    amk.task.embed <0, "embed", 2 of 3> <10, 16>
// 8 heads of one tile each.
// CHECK-NEXT:    amk.task.qkv <1, "layers.0.qkv", 0 of 3> <0, 8> tile 8(%[[X0]]) norm({{.*}}) weights({{.*}}) rotary({{.*}}) to(%[[Q]]) :
// CHECK-NEXT:    amk.task.qkv <1, "layers.0.qkv", 1 of 3> <8, 20> tile 8
// CHECK-NEXT:    amk.task.qkv <1, "layers.0.qkv", 2 of 3> <20, 32> tile 8
// CHECK-NEXT:    amk.task.attention <2, "layers.0.attention", 0 of 4> <0, 1> splits = 2 scale = 2.500000e-01 ring(%[[Q]], %[[KV0]]) to(%[[P]])
// CHECK-NEXT:    amk.task.attention <2, "layers.0.attention", 1 of 4> <1, 2> splits = 2 scale = 2.500000e-01 ring(%[[Q]], %[[KV1]]) to(%[[P]])
// CHECK-NEXT:    amk.task.attention <2, "layers.0.attention", 2 of 4> <2, 3> splits = 2 scale = 2.500000e-01 ring(%[[Q]], %[[KV2]]) to(%[[P]])
// CHECK-NEXT:    amk.task.attention <2, "layers.0.attention", 3 of 4> <3, 4> splits = 2 scale = 2.500000e-01 ring(%[[Q]], %[[KV3]]) to(%[[P]])
// Pieces never leave a head, so 3 workers get 4.
// CHECK-NEXT:    amk.task.combine_splits <3, "layers.0.attention.combine", 0 of 4> <0, 8>(%[[P]]) to(%[[A]])
// CHECK-NEXT:    amk.task.combine_splits <3, "layers.0.attention.combine", 1 of 4> <8, 16>
// CHECK-NEXT:    amk.task.combine_splits <3, "layers.0.attention.combine", 2 of 4> <16, 24>
// CHECK-NEXT:    amk.task.combine_splits <3, "layers.0.attention.combine", 3 of 4> <24, 32>
// CHECK-NEXT:    amk.task.linear <4, "layers.0.o", 0 of 2> <0, 8> tile 8(%[[A]]) weight({{.*}}) residual(%[[X0]]) to(%[[X1]])
// CHECK-NEXT:    amk.task.linear <4, "layers.0.o", 1 of 2> <8, 16> tile 8
// CHECK-NEXT:    amk.task.gated_linear <5, "layers.0.gate_up", 0 of 3> silu <0, 8> tile 8(%[[X1]]) norm({{.*}}) weights({{.*}}) to(%[[G]])
// CHECK-NEXT:    amk.task.gated_linear <5, "layers.0.gate_up", 1 of 3> silu <8, 16> tile 8
// CHECK-NEXT:    amk.task.gated_linear <5, "layers.0.gate_up", 2 of 3> silu <16, 24> tile 8
// CHECK-NEXT:    amk.task.linear <6, "layers.0.down", 0 of 2> <0, 8> tile 8(%[[G]]) weight({{.*}}) residual(%[[X1]]) to(%[[X2]])
// CHECK-NEXT:    amk.task.linear <6, "layers.0.down", 1 of 2> <8, 16> tile 8
// CHECK-NEXT:    amk.task.head <7, "head", 0 of 3> <0, 8> tile 8(%[[X2]]) norm({{.*}}) weight({{.*}}) to(%[[LOGITS]], %[[BEST]])
// CHECK-NEXT:    amk.task.head <7, "head", 1 of 3> <8, 24> tile 8
// CHECK-NEXT:    amk.task.head <7, "head", 2 of 3> <24, 40> tile 8
// CHECK-NEXT:    amk.task.next_token <8, "head.next_token", 0 of 3>(%[[BEST]]) to(%[[TOKEN]])
// CHECK-NEXT:    amk.task.next_token <8, "head.next_token", 1 of 3>(%[[BEST]]) to(%[[TOKEN]])
// CHECK-NEXT:    amk.task.next_token <8, "head.next_token", 2 of 3>(%[[BEST]]) to(%[[TOKEN]])
// CHECK-NEXT:  }

// No more splits than the context has blocks of 16 positions; pieces small
// enough for all workers; every worker has a part of the embedding and finds the
// token, and no phase has empty parts.
// MANY-LABEL: amk.graph @small
// MANY-DAG:     amk.buffer token "token" : memref<16xi32>
// MANY-DAG:     amk.buffer activation "layers.0.attention.partials" : memref<4x4x10xf32>
// MANY-DAG:     amk.buffer kv_cache "layers.0.kv.7" : memref<1x2x16x16xbf16>
// MANY-NOT:     layers.0.kv.8
// MANY-DAG:     amk.buffer activation "head.partials" : memref<11xi32>
// MANY:         amk.task.embed <0, "embed", 15 of 16> <15, 16>
// MANY-NEXT:    amk.task.qkv <1, "layers.0.qkv", 0 of 8> <0, 4>
// MANY:         amk.task.attention <2, "layers.0.attention", 7 of 8> <7, 8> splits = 4
// MANY:         amk.task.combine_splits <3, "layers.0.attention.combine", 15 of 16> <30, 32>
// MANY:         amk.task.next_token <8, "head.next_token", 15 of 16>

// A task has room for what it joins.
// SPLITS-LABEL: amk.graph @small
// SPLITS:         amk.task.combine_splits <3, "layers.0.attention.combine", 15 of 16> <30, 32>

// LOC-LABEL: amk.graph @small
// LOC:         amk.task.combine_splits <3, "layers.0.attention.combine", 1 of 4>
// LOC-SAME:    loc("layers.0.attention.combine[1]"("layers.0.attention"))
amk.model @small config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<40x16xbf16>
  %nw = amk.layer.weight "norm" : tensor<16xbf16>
  %wq = amk.layer.weight "q" : tensor<32x16xbf16>
  %wk = amk.layer.weight "k" : tensor<16x16xbf16>
  %wv = amk.layer.weight "v" : tensor<16x16xbf16>
  %wo = amk.layer.weight "o" : tensor<16x32xbf16>
  %wg = amk.layer.weight "gate" : tensor<24x16xbf16>
  %wu = amk.layer.weight "up" : tensor<24x16xbf16>
  %wd = amk.layer.weight "down" : tensor<16x24xbf16>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0
      : tensor<64x2x4xf32>
  %cache = amk.layer.kv_cache 0 : !kv
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<40x16xbf16>) -> tensor<1x16xf32>
  %q, %new = amk.fused.qkv %x norm(%nw, epsilon = 1.0e-5) weights(%wq, %wk, %wv)
      rotary(%table) append(%cache at %position)
      : (tensor<1x16xf32>, tensor<16xbf16>, tensor<32x16xbf16>,
         tensor<16x16xbf16>, tensor<16x16xbf16>, tensor<64x2x4xf32>, !kv,
         tensor<1xi32>) -> (tensor<1x32xf32>, !kv) loc("layers.0.qkv")
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x32xf32>, !kv, tensor<1xi32>) -> tensor<1x32xf32>
      loc("layers.0.attention")
  %o = amk.fused.linear %a weight(%wo) residual(%x)
      : (tensor<1x32xf32>, tensor<16x32xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32> loc("layers.0.o")
  %g = amk.fused.gated_linear silu %o norm(%nw, epsilon = 1.0e-5)
      weights(%wg, %wu)
      : (tensor<1x16xf32>, tensor<16xbf16>, tensor<24x16xbf16>,
         tensor<24x16xbf16>) -> tensor<1x24xf32> loc("layers.0.gate_up")
  %d = amk.fused.linear %g weight(%wd) residual(%o)
      : (tensor<1x24xf32>, tensor<16x24xbf16>, tensor<1x16xf32>)
      -> tensor<1x16xf32> loc("layers.0.down")
  %t, %l = amk.fused.head %d norm(%nw, epsilon = 1.0e-5) weight(%e)
      : (tensor<1x16xf32>, tensor<16xbf16>, tensor<40x16xbf16>)
      -> (tensor<1xi32>, tensor<1x40xf32>) loc("head")
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x40xf32>
}

#wide = #amk.config<family = "llama", vocab = 2056, hidden = 160, layers = 0,
                    context = 64, eos = [2], bos = 1>

// What a task may have of weights: 128 tiles, 16 with more than 4096 columns.
// SPLITS-LABEL: amk.graph @large
// SPLITS:         amk.buffer activation "head.partials" : memref<7xi32>
// SPLITS:         amk.task.gated_linear <1, "gate_up", 0 of 9> silu <0, 456> tile 8
// SPLITS:         amk.task.gated_linear <1, "gate_up", 8 of 9> silu <3648, 4104> tile 8
// SPLITS-NEXT:    amk.task.linear <2, "down", 0 of 2> <0, 80> tile 8
// SPLITS-NEXT:    amk.task.linear <2, "down", 1 of 2> <80, 160> tile 8
// SPLITS-NEXT:    amk.task.head <3, "head", 0 of 3> <0, 680> tile 8
// SPLITS-NEXT:    amk.task.head <3, "head", 1 of 3> <680, 1368> tile 8
// SPLITS-NEXT:    amk.task.head <3, "head", 2 of 3> <1368, 2056> tile 8
// SPLITS-NEXT:    amk.task.next_token <4, "head.next_token", 0 of 1>
amk.model @large config = #wide {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<2056x160xf32>
  %wg = amk.layer.weight "gate" : tensor<4104x160xf32>
  %wu = amk.layer.weight "up" : tensor<4104x160xf32>
  %wd = amk.layer.weight "down" : tensor<160x4104xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<2056x160xf32>) -> tensor<1x160xf32>
  %g = amk.fused.gated_linear silu %x weights(%wg, %wu)
      : (tensor<1x160xf32>, tensor<4104x160xf32>, tensor<4104x160xf32>)
      -> tensor<1x4104xf32> loc("gate_up")
  %d = amk.fused.linear %g weight(%wd) residual(%x)
      : (tensor<1x4104xf32>, tensor<160x4104xf32>, tensor<1x160xf32>)
      -> tensor<1x160xf32> loc("down")
  %t, %l = amk.fused.head %d weight(%e)
      : (tensor<1x160xf32>, tensor<2056x160xf32>)
      -> (tensor<1xi32>, tensor<1x2056xf32>) loc("head")
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x2056xf32>
}

// Blocks of a cache of float32 have 8 positions.
// CHECK-LABEL: amk.graph @float
// CHECK:         amk.buffer kv_cache "layers.3.kv.0" : memref<2x2x8x32xf32>
amk.model @float config = #wide {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<2056x24xf32>
  %w = amk.layer.weight "q" : tensor<24x24xf32>
  %table = amk.layer.rotary_table
      inv_freq = [1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.] scale = 1.0
      : tensor<25x2x12xf32>
  %cache = amk.layer.kv_cache 3
      : !amk.kv<heads = 1, positions = 25, dim = 24, element = f32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<2056x24xf32>) -> tensor<1x24xf32>
  %q, %new = amk.fused.qkv %x weights(%w, %w, %w)
      rotary(%table) append(%cache at %position)
      : (tensor<1x24xf32>, tensor<24x24xf32>, tensor<24x24xf32>,
         tensor<24x24xf32>, tensor<25x2x12xf32>,
         !amk.kv<heads = 1, positions = 25, dim = 24, element = f32>,
         tensor<1xi32>)
      -> (tensor<1x24xf32>,
          !amk.kv<heads = 1, positions = 25, dim = 24, element = f32>)
  %a = amk.layer.attention %q, %new at %position scale = 0.25
      : (tensor<1x24xf32>,
         !amk.kv<heads = 1, positions = 25, dim = 24, element = f32>,
         tensor<1xi32>) -> tensor<1x24xf32>
  %t, %l = amk.fused.head %a weight(%e)
      : (tensor<1x24xf32>, tensor<2056x24xf32>)
      -> (tensor<1xi32>, tensor<1x2056xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x2056xf32>
}

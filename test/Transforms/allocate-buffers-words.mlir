// Words share memory with words of other layers and phases where the schedule lets
// them, here those of the query with those of the gated product, but not with
// those that are still read: the residual outlives the phases up to `o`.

// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off,amk-allocate-buffers{alignment=256}))" | FileCheck %s
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off,amk-allocate-buffers{alignment=256 reuse=false}))" | FileCheck %s --check-prefix=OWN
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off,amk-allocate-buffers{alignment=256},amk-pack-weights),amk-verify-schedule)" -o /dev/null

// CHECK: arena_bytes = 1536
// CHECK: activation "embed" offset 1024 hand_off tag
// CHECK: activation "layers.0.qkv" offset 0 hand_off tag
// CHECK: kv_cache "layers.0.kv.0" offset 0 :
// CHECK: kv_cache "layers.0.kv.1" offset 2048 :
// CHECK: activation "layers.0.attention" offset 512 hand_off tag
// CHECK: activation "layers.0.combine" offset 1280 hand_off tag
// CHECK: activation "layers.0.o" offset 512 hand_off tag
// CHECK: activation "layers.0.gated" offset 0 hand_off tag
// CHECK: activation "layers.0.down" offset 768 hand_off tag
// CHECK: activation "head" offset 0 hand_off tag

// OWN: arena_bytes = 2816

#config = #amk.config<family = "llama", vocab = 16, hidden = 32, layers = 1,
                      context = 32, eos = [0], bos = 1>

amk.graph @step config = #config {
  %token = amk.buffer token "token" : memref<2xi32>
  %table = amk.buffer table "embed" source "embed" : memref<16x32xbf16>
  %rotary = amk.buffer rotary "rotary"
      inv_freq = [1.0, 0.5, 0.25, 0.125] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "q" source "q" : memref<32x32xbf16>
  %wk = amk.buffer weight "k" source "k" : memref<16x32xbf16>
  %wv = amk.buffer weight "v" source "v" : memref<16x32xbf16>
  %wo = amk.buffer weight "o" source "o" : memref<32x32xbf16>
  %wg = amk.buffer weight "gate" source "gate" : memref<48x32xbf16>
  %wu = amk.buffer weight "up" source "up" : memref<48x32xbf16>
  %wd = amk.buffer weight "down" source "down" : memref<32x48xbf16>
  %wh = amk.buffer weight "head" source "head" : memref<16x32xbf16>
  %x0 = amk.buffer activation "embed" : memref<1x32xf32>
  %q = amk.buffer activation "layers.0.qkv" : memref<2x4x8xf32>
  %kv0 = amk.buffer kv_cache "layers.0.kv.0" : memref<2x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "layers.0.kv.1" : memref<2x2x16x16xbf16>
  %p = amk.buffer activation "layers.0.attention" : memref<4x1x10xf32>
  %a = amk.buffer activation "layers.0.combine" : memref<1x32xf32>
  %x1 = amk.buffer activation "layers.0.o" : memref<1x32xf32>
  %g = amk.buffer activation "layers.0.gated" : memref<1x48xf32>
  %x2 = amk.buffer activation "layers.0.down" : memref<1x32xf32>
  %logits = amk.buffer logits "logits" : memref<1x16xf32>
  %best = amk.buffer activation "head" : memref<5xi32>
  amk.task.embed #amk.phase<0, "embed", 0 of 2> #amk.range<0, 16> (%token, %table) to (%x0)
      : (memref<2xi32>, memref<16x32xbf16>, memref<1x32xf32>) -> ()
  amk.task.embed #amk.phase<0, "embed", 1 of 2> #amk.range<16, 32> (%token, %table) to (%x0)
      : (memref<2xi32>, memref<16x32xbf16>, memref<1x32xf32>) -> ()
  amk.task.qkv #amk.phase<1, "layers.0.qkv", 0 of 2> #amk.range<0, 20> tile 8
      (%x0) weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x32xf32>, memref<32x32xbf16>, memref<16x32xbf16>, memref<16x32xbf16>,
        memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
  amk.task.qkv #amk.phase<1, "layers.0.qkv", 1 of 2> #amk.range<20, 32> tile 8
      (%x0) weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x32xf32>, memref<32x32xbf16>, memref<16x32xbf16>, memref<16x32xbf16>,
        memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
  amk.task.attention #amk.phase<2, "layers.0.attention", 0 of 2> #amk.range<0, 1> splits = 1 scale = 0.5 ring
      (%q, %kv0) to (%p)
      : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x1x10xf32>) -> ()
  amk.task.attention #amk.phase<2, "layers.0.attention", 1 of 2> #amk.range<1, 2> splits = 1 scale = 0.5 ring
      (%q, %kv1) to (%p)
      : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x1x10xf32>) -> ()
  amk.task.combine_splits #amk.phase<3, "layers.0.combine", 0 of 4> #amk.range<0, 8> (%p) to (%a)
      : (memref<4x1x10xf32>, memref<1x32xf32>) -> ()
  amk.task.combine_splits #amk.phase<3, "layers.0.combine", 1 of 4> #amk.range<8, 16> (%p) to (%a)
      : (memref<4x1x10xf32>, memref<1x32xf32>) -> ()
  amk.task.combine_splits #amk.phase<3, "layers.0.combine", 2 of 4> #amk.range<16, 24> (%p) to (%a)
      : (memref<4x1x10xf32>, memref<1x32xf32>) -> ()
  amk.task.combine_splits #amk.phase<3, "layers.0.combine", 3 of 4> #amk.range<24, 32> (%p) to (%a)
      : (memref<4x1x10xf32>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<4, "layers.0.o", 0 of 2> #amk.range<0, 24> tile 8
      (%a) weight(%wo) residual(%x0) to (%x1)
      : (memref<1x32xf32>, memref<32x32xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<4, "layers.0.o", 1 of 2> #amk.range<24, 32> tile 8
      (%a) weight(%wo) residual(%x0) to (%x1)
      : (memref<1x32xf32>, memref<32x32xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
  amk.task.gated_linear #amk.phase<5, "layers.0.gated", 0 of 2> silu #amk.range<0, 24> tile 8
      (%x1) weights(%wg, %wu) to (%g)
      : (memref<1x32xf32>, memref<48x32xbf16>, memref<48x32xbf16>, memref<1x48xf32>) -> ()
  amk.task.gated_linear #amk.phase<5, "layers.0.gated", 1 of 2> silu #amk.range<24, 48> tile 8
      (%x1) weights(%wg, %wu) to (%g)
      : (memref<1x32xf32>, memref<48x32xbf16>, memref<48x32xbf16>, memref<1x48xf32>) -> ()
  amk.task.linear #amk.phase<6, "layers.0.down", 0 of 2> #amk.range<0, 24> tile 8
      (%g) weight(%wd) residual(%x1) to (%x2)
      : (memref<1x48xf32>, memref<32x48xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<6, "layers.0.down", 1 of 2> #amk.range<24, 32> tile 8
      (%g) weight(%wd) residual(%x1) to (%x2)
      : (memref<1x48xf32>, memref<32x48xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
  amk.task.head #amk.phase<7, "head", 0 of 2> #amk.range<0, 8> tile 8
      (%x2) weight(%wh) to (%logits, %best)
      : (memref<1x32xf32>, memref<16x32xbf16>, memref<1x16xf32>, memref<5xi32>) -> ()
  amk.task.head #amk.phase<7, "head", 1 of 2> #amk.range<8, 16> tile 8
      (%x2) weight(%wh) to (%logits, %best)
      : (memref<1x32xf32>, memref<16x32xbf16>, memref<1x16xf32>, memref<5xi32>) -> ()
  amk.task.next_token #amk.phase<8, "next_token", 0 of 2> (%best) to (%token)
      : (memref<5xi32>, memref<2xi32>) -> ()
  amk.task.next_token #amk.phase<8, "next_token", 1 of 2> (%best) to (%token)
      : (memref<5xi32>, memref<2xi32>) -> ()
}

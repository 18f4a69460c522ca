// One layer for two workers: what the passes from the graph to the verified
// schedule of a GPU make of it.

// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off))" | FileCheck %s
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off{stage-bytes=8192 target-workers=132 shared-bytes=101376}))" | FileCheck %s --check-prefix=LIMITS
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off),amk-place-tasks{workers=1 placement=bytes},amk.schedule(amk-insert-hand-off))" | FileCheck %s --check-prefix=ONE
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off{release-elements=1}),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off))" | FileCheck %s --check-prefix=RELEASE
// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off{release-elements=48}),amk-place-tasks{workers=2 placement=bytes},amk.schedule(amk-insert-hand-off))" | FileCheck %s --check-prefix=GATED

// LIMITS: amk.schedule @step
// LIMITS-SAME: limits = <workers = 132, shared_bytes = 101376>
// LIMITS-SAME: amk.stage_bytes = 8192 : i64

// CHECK:      amk.schedule @step workers = 2
// CHECK-NOT:  unsynchronized
// CHECK-SAME: tags = <stride = 9, bits = 32>
// CHECK-NOT:  limits
// CHECK-SAME: amk.stage_bytes = 16384 : i64

// A counter for each kv head, for each head, and for each other buffer.
// CHECK: %[[X0:.*]] = amk.counter "embed" tag base 1 of %{{.*}}[0 to 256]
// CHECK: %[[Q0:.*]] = amk.counter "layers.0.qkv.0" tag base 2 of %{{.*}}[0 to 256]
// CHECK: %[[Q1:.*]] = amk.counter "layers.0.qkv.1" tag base 2 of %{{.*}}[256 to 512]
// CHECK: %[[P0:.*]] = amk.counter "layers.0.attention.0" tag base 3 of %{{.*}}[0 to 80]
// CHECK: %[[P1:.*]] = amk.counter "layers.0.attention.1" tag base 3 of %{{.*}}[80 to 160]
// CHECK: %[[P2:.*]] = amk.counter "layers.0.attention.2" tag base 3 of %{{.*}}[160 to 240]
// CHECK: %[[P3:.*]] = amk.counter "layers.0.attention.3" tag base 3 of %{{.*}}[240 to 320]
// CHECK: %[[A:.*]] = amk.counter "layers.0.combine" tag base 4 of %{{.*}}[0 to 256]
// CHECK: %[[X1:.*]] = amk.counter "layers.0.o" tag base 5 of %{{.*}}[0 to 256]
// CHECK: %[[G:.*]] = amk.counter "layers.0.gated" tag base 6 of %{{.*}}[0 to 384]
// CHECK: %[[X2:.*]] = amk.counter "layers.0.down" tag base 7 of %{{.*}}[0 to 256]
// CHECK: %[[BEST:.*]] = amk.counter "head" tag base 8 of %{{.*}}[0 to 40]
// CHECK: %[[LOADED:.*]] = amk.counter "loaded.0"
// CHECK-NEXT: %[[APPENDED:.*]] = amk.counter "appended.0"
// CHECK-NEXT: amk.counter "loaded.1"
// CHECK-NEXT: amk.counter "appended.1"

// CHECK:      amk.queue 0 {
// CHECK-NEXT:   amk.task.embed <0, "embed", 0 of 2>
// CHECK-NEXT:   amk.signal %[[X0]] += 1
// CHECK-NEXT:   amk.wait %[[X0]] >= 2
// CHECK-NEXT:   amk.task.qkv <1, "layers.0.qkv", 0 of 2>
// The part reaches into the second group of heads.
// CHECK-NEXT:   amk.signal %[[Q0]] += 1
// CHECK-NEXT:   amk.signal %[[Q1]] += 1
// CHECK-NEXT:   amk.wait %[[Q0]] >= 1
// CHECK-NEXT:   amk.wait %[[LOADED]] >= 1
// CHECK-NEXT:   amk.task.attention <2, "layers.0.attention", 0 of 2>
// CHECK-NEXT:   amk.signal %[[P0]] += 1
// CHECK-NEXT:   amk.signal %[[P1]] += 1
// CHECK-NEXT:   amk.signal %[[APPENDED]] += 1
// CHECK-NEXT:   amk.wait %[[P0]] >= 1
// CHECK-NEXT:   amk.task.combine_splits <3, "layers.0.combine", 0 of 4>
// CHECK-NEXT:   amk.signal %[[A]] += 1
// CHECK-NEXT:   amk.wait %[[P2]] >= 1
// CHECK-NEXT:   amk.task.combine_splits <3, "layers.0.combine", 2 of 4>
// CHECK-NEXT:   amk.signal %[[A]] += 1
// The input before the residual.
// CHECK-NEXT:   amk.wait %[[A]] >= 4
// CHECK-NEXT:   amk.wait %[[X0]] >= 2
// CHECK-NEXT:   amk.task.linear <4, "layers.0.o", 1 of 2>
// CHECK-NEXT:   amk.signal %[[X1]] += 1
// CHECK-NEXT:   amk.wait %[[X1]] >= 2
// CHECK-NEXT:   amk.task.gated_linear <5, "layers.0.gated", 0 of 2>
// CHECK-NEXT:   amk.signal %[[G]] += 1
// CHECK-NEXT:   amk.wait %[[G]] >= 2
// CHECK-NEXT:   amk.wait %[[X1]] >= 2
// CHECK-NEXT:   amk.task.linear <6, "layers.0.down", 0 of 2>
// CHECK-NEXT:   amk.signal %[[X2]] += 1
// CHECK-NEXT:   amk.wait %[[X2]] >= 2
// CHECK-NEXT:   amk.task.head <7, "head", 1 of 2>
// CHECK-NEXT:   amk.signal %[[BEST]] += 1
// CHECK-NEXT:   amk.wait %[[BEST]] >= 2
// CHECK-NEXT:   amk.task.next_token <8, "next_token", 0 of 2>
// CHECK-NEXT: }
// CHECK-NEXT: amk.queue 0 loader {
// CHECK-NEXT:   amk.wait %[[APPENDED]] >= 0
// CHECK-NEXT:   amk.task.load_kv <2, "layers.0.attention", 0 of 2>
// CHECK-NEXT:   amk.signal %[[LOADED]] += 1
// CHECK-NEXT: }
// CHECK-NEXT: amk.queue 1 {
// CHECK:      amk.queue 1 loader {

// By counters, where bodies can: what attention and the choice of the token read
// or write stays in words, whose tags are numbered without the others.
// RELEASE: amk.schedule @step
// RELEASE-SAME: tags = <stride = 4, bits = 32>
// RELEASE-DAG:  amk.buffer activation "embed" hand_off release
// RELEASE-DAG:  amk.buffer activation "layers.0.qkv" hand_off tag
// RELEASE-DAG:  amk.buffer activation "layers.0.attention" hand_off tag
// RELEASE-DAG:  amk.buffer activation "layers.0.combine" hand_off release
// RELEASE-DAG:  amk.buffer activation "layers.0.o" hand_off release
// RELEASE-DAG:  amk.buffer activation "layers.0.gated" hand_off release
// RELEASE-DAG:  amk.buffer activation "layers.0.down" hand_off release
// RELEASE-DAG:  amk.buffer activation "head" hand_off tag
// RELEASE:      %[[X0:.*]] = amk.counter "embed"{{$}}
// RELEASE:      amk.counter "layers.0.qkv.0" tag base 1
// RELEASE:      amk.counter "layers.0.attention.0" tag base 2
// RELEASE:      %[[A:.*]] = amk.counter "layers.0.combine"{{$}}
// RELEASE:      %[[X1:.*]] = amk.counter "layers.0.o"{{$}}
// RELEASE:      amk.counter "head" tag base 3
// RELEASE:      amk.queue 0 {
// RELEASE:        amk.wait %[[A]] >= 4
// RELEASE-NEXT:   amk.wait %[[X0]] >= 2
// RELEASE-NEXT:   amk.task.linear <4, "layers.0.o", 1 of 2>
// RELEASE-NEXT:   amk.signal %[[X1]] += 1
// RELEASE-NEXT:   amk.wait %[[X1]] >= 2
// RELEASE-NEXT:   amk.task.gated_linear

// The larger one only.
// GATED: amk.schedule @step
// GATED-SAME: tags = <stride = 8, bits = 32>
// GATED: %[[G:.*]] = amk.counter "layers.0.gated"{{$}}
// GATED: %[[X2:.*]] = amk.counter "layers.0.down" tag base 6
// GATED:        amk.signal %[[G]] += 1
// GATED-NEXT:   amk.wait %[[G]] >= 2
// GATED-NEXT:   amk.wait %{{.*}} >= 2
// GATED-NEXT:   amk.task.linear <6, "layers.0.down", 0 of 2>
// GATED-NEXT:   amk.signal %[[X2]] += 1

// One worker has both units: the loader waits for an append of the step before,
// which is fewer and fewer appends ago.
// ONE:      amk.queue 0 {
// ONE:        amk.wait %loaded.0 >= 1
// ONE-NEXT:   amk.task.attention <2, "layers.0.attention", 0 of 2>
// ONE:        amk.wait %loaded.0 >= 2
// ONE-NEXT:   amk.task.attention <2, "layers.0.attention", 1 of 2>
// ONE:      amk.queue 0 loader {
// ONE-NEXT:   amk.wait %appended.0 >= -1
// ONE-NEXT:   amk.task.load_kv <2, "layers.0.attention", 0 of 2>
// ONE-NEXT:   amk.signal %loaded.0 += 1
// ONE-NEXT:   amk.wait %appended.0 >= 0
// ONE-NEXT:   amk.task.load_kv <2, "layers.0.attention", 1 of 2>
// ONE-NEXT:   amk.signal %loaded.0 += 1
// ONE-NEXT: }

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

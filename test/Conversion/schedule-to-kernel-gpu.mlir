// Bodies for a GPU: words with their tags, multiplication of what comes through
// the ring, attention by head and split. Loads of the cache get no body.

// RUN: amk-opt %s -convert-amk-schedule-to-kernel -amk-verify-kernel -split-input-file | FileCheck %s
// RUN: amk-opt %s -convert-amk-schedule-to-kernel=hi-lo -split-input-file | FileCheck %s --check-prefix=HILO

#config = #amk.config<family = "llama", vocab = 32, hidden = 32, layers = 1,
                      context = 64, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @step
// CHECK:         amk.task.embed {{.*}} call <@embed_0, [0, 0, 0, 0, 32]>
// CHECK:         amk.task.qkv {{.*}} call <@qkv_0, [0, 0, 768, 256, 0, 0, 32, 8]>
// Query, cache, partials, head, split.
// CHECK:         amk.task.attention {{.*}} call <@attention_0, [256, 0, 768, 0, 0]>
// CHECK:         amk.task.attention {{.*}} call <@attention_0, [256, 2048, 768, 0, 1]>
// CHECK:         amk.task.attention {{.*}} call <@attention_0, [256, 4096, 768, 1, 0]>
// CHECK:         amk.task.attention {{.*}} call <@attention_0, [256, 6144, 768, 1, 1]>
// CHECK:         amk.task.combine_splits {{.*}} call <@combine_splits_0, [768, 1536, 0, 8]>
// CHECK:         amk.task.linear {{.*}} "o"{{.*}} call <@linear_0, [1536, 0, 1792, 8192, 0, 32, 4]>
// CHECK:         amk.task.gated_linear {{.*}} call <@gated_linear_0, [1792, 256, 2048, 12288, 0, 64, 16]>
// CHECK:         amk.task.linear {{.*}} "down"{{.*}} call <@linear_1, [2048, 1792, 2560, 28672, 0, 32, 4]>
// CHECK:         amk.task.head {{.*}} call <@head_0, [2560, 512, 128, 2816, 32768, 0, 32, 4, 0]>
// CHECK:         amk.task.next_token {{.*}} call <@next_token_0, [2816, 0]>
// CHECK:         amk.task.load_kv
// CHECK-NOT:     call

// CHECK-LABEL: amk.kernel.program @step_kernel scratch_bytes = 25600 {

// CHECK-LABEL: amk.kernel.body @embed_0(%arg0: memref<1xi32, #amk.space<token>>, %arg1: memref<32x32xbf16, #amk.space<external>>, %arg2: memref<1x32xi64, #amk.space<words>>, %arg3: index, %arg4: index)
// CHECK:         %[[TAG:.*]] = amk.kernel.output_tag
// CHECK:         amk.kernel.embed %arg0, %arg1 to %arg2[%arg3, %arg4] at %{{.*}} tag %[[TAG]]

// CHECK-LABEL: amk.kernel.body @qkv_0(
// CHECK:         %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK:         amk.kernel.gemv %arg4, %arg0 tag %[[IN]] norm(%arg1, epsilon = 1.000000e-05) to %[[ROWS:.*]] tiles = %arg7 tile_rows = 8 layout mma_tile8x2 :
// HILO:          amk.kernel.gemv {{.*}} layout mma_tile8x2 hi_lo :
// CHECK:         %[[TAG:.*]] = amk.kernel.output_tag
// CHECK:         amk.kernel.store_qkv %[[ROWS]], %arg2 to %arg3[%arg5, %arg6] at %{{.*}} tile_rows = 8 tag %[[TAG]]

// CHECK-LABEL: amk.kernel.body @attention_0(%arg0: memref<2x4x8xi64, #amk.space<words>>, %arg1: memref<?xbf16, #amk.space<kv_cache>>, %arg2: memref<4x2x10xi64, #amk.space<words>>, %arg3: index, %arg4: index)
// CHECK:         %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK:         %[[TAG:.*]] = amk.kernel.output_tag
// CHECK:         amk.kernel.ring_attention %arg0 tag %[[IN]], %arg1 to %arg2 tag %[[TAG]] unit(%arg3, %arg4) at %{{.*}} heads = 2 dim = 8 splits = 2 scale = 5.000000e-01

// CHECK-LABEL: amk.kernel.body @combine_splits_0(
// CHECK:         %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK:         %[[TAG:.*]] = amk.kernel.output_tag
// CHECK:         amk.kernel.combine_splits %arg0 tag %[[IN]] to %arg1[%arg2, %arg3] at %{{.*}} tag %[[TAG]]

// The input has the first tag, the residual the second.
// CHECK-LABEL: amk.kernel.body @linear_0(
// CHECK:         %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK:         amk.kernel.gemv %arg3, %arg0 tag %[[IN]] to %[[ROWS:.*]] tiles = %arg6 tile_rows = 8 layout mma_tile8x2 :
// CHECK:         %[[RESIDUAL:.*]] = amk.kernel.input_tag 1
// CHECK:         %[[TAG:.*]] = amk.kernel.output_tag
// CHECK:         amk.kernel.store_rows %[[ROWS]] to %arg2[%arg4, %arg5] residual(%arg1 tag %[[RESIDUAL]]) tag %[[TAG]]

// CHECK-LABEL: amk.kernel.body @gated_linear_0(
// CHECK:         %[[ROWS:.*]] = amk.kernel.scratch 25088 : memref<128xf32
// CHECK:         amk.kernel.gemv %{{.*}}, %arg0 tag %{{.*}} norm(%arg1, epsilon = 1.000000e-05) to %[[ROWS]]
// CHECK:         amk.kernel.store_gated silu %[[ROWS]] to %arg2[%arg4, %arg5] tile_rows = 8 tag %

// CHECK-LABEL: amk.kernel.body @linear_1(

// CHECK-LABEL: amk.kernel.body @head_0(
// CHECK:         amk.kernel.store_logits %{{.*}} to %arg2[%arg5, %arg6], %arg3[%arg8] tag %

// CHECK-LABEL: amk.kernel.body @next_token_0(
// CHECK:         %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK:         amk.kernel.next_token %arg0 tag %[[IN]] at %

amk.schedule @step workers = 1 config = #config arena_bytes = 3072
    tags = <stride = 9, bits = 32> limits = <workers = 132, shared_bytes = 232448>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %logits = amk.buffer logits "logits" offset 128 : memref<1x32xf32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x32xbf16>
  %n0 = amk.buffer vector "n0" source "n0" offset 0 : memref<32xf32>
  %n1 = amk.buffer vector "n1" source "n1" offset 256 : memref<32xf32>
  %n2 = amk.buffer vector "n2" source "n2" offset 512 : memref<32xf32>
  %rotary = amk.buffer rotary "rotary" offset 768 inv_freq = [1.0, 0.5, 0.25, 0.125] scale = 1.0 : memref<64x2x4xf32>
  %wq = amk.buffer weight "q" source "q" : memref<32x32xbf16>
  %wk = amk.buffer weight "k" source "k" : memref<16x32xbf16>
  %wv = amk.buffer weight "v" source "v" : memref<16x32xbf16>
  %wo = amk.buffer weight "o" source "o" : memref<32x32xbf16>
  %wg = amk.buffer weight "g" source "g" : memref<64x32xbf16>
  %wu = amk.buffer weight "u" source "u" : memref<64x32xbf16>
  %wd = amk.buffer weight "d" source "d" : memref<32x64xbf16>
  %wh = amk.buffer weight "h" source "h" : memref<32x32xbf16>
  %x0 = amk.buffer activation "x0" offset 0 hand_off tag : memref<1x32xf32>
  %q = amk.buffer activation "q" offset 256 hand_off tag : memref<2x4x8xf32>
  %p = amk.buffer activation "p" offset 768 hand_off tag : memref<4x2x10xf32>
  %a = amk.buffer activation "a" offset 1536 hand_off tag : memref<1x32xf32>
  %x1 = amk.buffer activation "x1" offset 1792 hand_off tag : memref<1x32xf32>
  %g = amk.buffer activation "g" offset 2048 hand_off tag : memref<1x64xf32>
  %x2 = amk.buffer activation "x2" offset 2560 hand_off tag : memref<1x32xf32>
  %best = amk.buffer activation "best" offset 2816 hand_off tag : memref<3xi32>
  %kv0 = amk.buffer kv_cache "kv.0" offset 0 : memref<2x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "kv.1" offset 2048 : memref<2x2x16x16xbf16>
  %kv2 = amk.buffer kv_cache "kv.2" offset 4096 : memref<2x2x16x16xbf16>
  %kv3 = amk.buffer kv_cache "kv.3" offset 6144 : memref<2x2x16x16xbf16>
  %tx0 = amk.counter "tx0" tag base 1 of %x0[0 to 256] : memref<1x32xf32>
  %tq0 = amk.counter "tq0" tag base 2 of %q[0 to 256] : memref<2x4x8xf32>
  %tq1 = amk.counter "tq1" tag base 2 of %q[256 to 512] : memref<2x4x8xf32>
  %tp0 = amk.counter "tp0" tag base 3 of %p[0 to 160] : memref<4x2x10xf32>
  %tp1 = amk.counter "tp1" tag base 3 of %p[160 to 320] : memref<4x2x10xf32>
  %tp2 = amk.counter "tp2" tag base 3 of %p[320 to 480] : memref<4x2x10xf32>
  %tp3 = amk.counter "tp3" tag base 3 of %p[480 to 640] : memref<4x2x10xf32>
  %ta = amk.counter "ta" tag base 4 of %a[0 to 256] : memref<1x32xf32>
  %tx1 = amk.counter "tx1" tag base 5 of %x1[0 to 256] : memref<1x32xf32>
  %tg = amk.counter "tg" tag base 6 of %g[0 to 512] : memref<1x64xf32>
  %tx2 = amk.counter "tx2" tag base 7 of %x2[0 to 256] : memref<1x32xf32>
  %tbest = amk.counter "tbest" tag base 8 of %best[0 to 24] : memref<3xi32>
  %loaded = amk.counter "loaded.0"
  %appended = amk.counter "appended.0"
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 32>
        (%token, %table) to (%x0)
        : (memref<1xi32>, memref<32x32xbf16>, memref<1x32xf32>) -> ()
    amk.signal %tx0 += 1
    amk.wait %tx0 >= 1
    amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x0)
        norm(%n0, epsilon = 1.0e-5) weights(%wq, %wk, %wv) rotary(%rotary)
        to (%q) stream_offset 0
        : (memref<1x32xf32>, memref<32xf32>, memref<32x32xbf16>, memref<16x32xbf16>, memref<16x32xbf16>, memref<64x2x4xf32>, memref<2x4x8xf32>) -> ()
    amk.signal %tq0 += 1
    amk.signal %tq1 += 1
    amk.wait %tq0 >= 1
    amk.wait %loaded >= 1
    amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1>
        splits = 2 scale = 0.5 ring (%q, %kv0) to (%p)
        : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
    amk.signal %tp0 += 1
    amk.signal %tp1 += 1
    amk.signal %appended += 1
    amk.wait %tq0 >= 1
    amk.wait %loaded >= 2
    amk.task.attention #amk.phase<2, "attention", 1 of 4> #amk.range<1, 2>
        splits = 2 scale = 0.5 ring (%q, %kv1) to (%p)
        : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
    amk.signal %tp0 += 1
    amk.signal %tp1 += 1
    amk.signal %appended += 1
    amk.wait %tq1 >= 1
    amk.wait %loaded >= 3
    amk.task.attention #amk.phase<2, "attention", 2 of 4> #amk.range<2, 3>
        splits = 2 scale = 0.5 ring (%q, %kv2) to (%p)
        : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
    amk.signal %tp2 += 1
    amk.signal %tp3 += 1
    amk.signal %appended += 1
    amk.wait %tq1 >= 1
    amk.wait %loaded >= 4
    amk.task.attention #amk.phase<2, "attention", 3 of 4> #amk.range<3, 4>
        splits = 2 scale = 0.5 ring (%q, %kv3) to (%p)
        : (memref<2x4x8xf32>, memref<2x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
    amk.signal %tp2 += 1
    amk.signal %tp3 += 1
    amk.signal %appended += 1
    amk.wait %tp0 >= 2
    amk.task.combine_splits #amk.phase<3, "combine", 0 of 4> #amk.range<0, 8>
        (%p) to (%a) : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
    amk.signal %ta += 1
    amk.wait %tp1 >= 2
    amk.task.combine_splits #amk.phase<3, "combine", 1 of 4> #amk.range<8, 16>
        (%p) to (%a) : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
    amk.signal %ta += 1
    amk.wait %tp2 >= 2
    amk.task.combine_splits #amk.phase<3, "combine", 2 of 4> #amk.range<16, 24>
        (%p) to (%a) : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
    amk.signal %ta += 1
    amk.wait %tp3 >= 2
    amk.task.combine_splits #amk.phase<3, "combine", 3 of 4> #amk.range<24, 32>
        (%p) to (%a) : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
    amk.signal %ta += 1
    amk.wait %ta >= 4
    amk.wait %tx0 >= 1
    amk.task.linear #amk.phase<4, "o", 0 of 1> #amk.range<0, 32> tile 8 (%a)
        weight(%wo) residual(%x0) to (%x1) stream_offset 8192
        : (memref<1x32xf32>, memref<32x32xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
    amk.signal %tx1 += 1
    amk.wait %tx1 >= 1
    amk.task.gated_linear #amk.phase<5, "gate_up", 0 of 1> silu #amk.range<0, 64>
        tile 8 (%x1) norm(%n1, epsilon = 1.0e-5) weights(%wg, %wu) to (%g)
        stream_offset 12288
        : (memref<1x32xf32>, memref<32xf32>, memref<64x32xbf16>, memref<64x32xbf16>, memref<1x64xf32>) -> ()
    amk.signal %tg += 1
    amk.wait %tg >= 1
    amk.wait %tx1 >= 1
    amk.task.linear #amk.phase<6, "down", 0 of 1> #amk.range<0, 32> tile 8 (%g)
        weight(%wd) residual(%x1) to (%x2) stream_offset 28672
        : (memref<1x64xf32>, memref<32x64xbf16>, memref<1x32xf32>, memref<1x32xf32>) -> ()
    amk.signal %tx2 += 1
    amk.wait %tx2 >= 1
    amk.task.head #amk.phase<7, "head", 0 of 1> #amk.range<0, 32> tile 8 (%x2)
        norm(%n2, epsilon = 1.0e-5) weight(%wh) to (%logits, %best)
        stream_offset 32768
        : (memref<1x32xf32>, memref<32xf32>, memref<32x32xbf16>, memref<1x32xf32>, memref<3xi32>) -> ()
    amk.signal %tbest += 1
    amk.wait %tbest >= 1
    amk.task.next_token #amk.phase<8, "next", 0 of 1> (%best) to (%token)
        : (memref<3xi32>, memref<1xi32>) -> ()
  }
  amk.queue 0 loader {
    amk.wait %appended >= -3
    amk.task.load_kv #amk.phase<2, "attention", 0 of 4> (%kv0)
        : (memref<2x2x16x16xbf16>) -> ()
    amk.signal %loaded += 1
    amk.wait %appended >= -2
    amk.task.load_kv #amk.phase<2, "attention", 1 of 4> (%kv1)
        : (memref<2x2x16x16xbf16>) -> ()
    amk.signal %loaded += 1
    amk.wait %appended >= -1
    amk.task.load_kv #amk.phase<2, "attention", 2 of 4> (%kv2)
        : (memref<2x2x16x16xbf16>) -> ()
    amk.signal %loaded += 1
    amk.wait %appended >= 0
    amk.task.load_kv #amk.phase<2, "attention", 3 of 4> (%kv3)
        : (memref<2x2x16x16xbf16>) -> ()
    amk.signal %loaded += 1
  }
}

// -----

// More than 4096 columns. Other layouts: rows of 4, and float32, which has no
// parts. What counters hand on is read as it is.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.kernel.program @wide_kernel
// CHECK-LABEL: amk.kernel.body @linear_0(%arg0: memref<1x8192xi64, #amk.space<words>>
// CHECK-NEXT:    %[[ROWS:.*]] = amk.kernel.scratch 25088 : memref<8xf32
// CHECK-NEXT:    %[[IN:.*]] = amk.kernel.input_tag 0
// CHECK-NEXT:    amk.kernel.gemv %arg2, %arg0 tag %[[IN]] to %[[ROWS]] tiles = %arg5 tile_rows = 8 layout mma_tile8x2 :
// CHECK-NEXT:    amk.kernel.store_rows %[[ROWS]] to %arg1[%arg3, %arg4] :
// HILO-LABEL:  amk.kernel.program @wide_kernel
// HILO:          layout mma_tile8x2 hi_lo :

// CHECK-LABEL: amk.kernel.body @linear_1(
// CHECK-NEXT:    %[[ROWS:.*]] = amk.kernel.scratch 25088 : memref<8xf32
// CHECK-NEXT:    amk.kernel.gemv %arg2, %arg0 to %[[ROWS]] tiles = %arg5 tile_rows = 4 layout mma_tile4x4 :
// HILO:          layout mma_tile4x4 hi_lo :

// CHECK-LABEL: amk.kernel.body @linear_2(
// CHECK:         amk.kernel.gemv %arg3, %arg0 norm(%arg1, epsilon = 1.000000e-05) to %{{.*}} tiles = %arg6 tile_rows = 8 layout scalar_tile8 :
// HILO:          layout scalar_tile8 :
amk.schedule @wide workers = 1 config = #config arena_bytes = 66560
    tags = <stride = 2, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8192xf32>
  %norm = amk.buffer vector "n" source "n" offset 0 : memref<8xf32>
  %wide = amk.buffer weight "a" source "a" : memref<8x8192xbf16>
  %flat = amk.buffer weight "b" source "b" : memref<8x8xf16>
  %exact = amk.buffer weight "c" source "c" : memref<8x8xf32>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8192xf32>
  %y = amk.buffer activation "y" offset 65536 : memref<1x8xf32>
  %z = amk.buffer activation "z" offset 65792 hand_off release : memref<1x8xf32>
  %v = amk.buffer activation "v" offset 66048 : memref<1x8xf32>
  %tx = amk.counter "x" tag base 1 of %x[0 to 65536] : memref<1x8192xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8192>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8192xf32>, memref<1x8192xf32>) -> ()
    amk.signal %tx += 1
    amk.wait %tx >= 1
    amk.task.linear #amk.phase<1, "wide", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%wide) to (%y) stream_offset 0
        : (memref<1x8192xf32>, memref<8x8192xbf16>, memref<1x8xf32>) -> ()
    amk.task.linear #amk.phase<2, "flat", 0 of 1> #amk.range<0, 8> tile 4 (%y)
        weight(%flat) to (%z) stream_offset 131072
        : (memref<1x8xf32>, memref<8x8xf16>, memref<1x8xf32>) -> ()
    amk.task.linear #amk.phase<3, "exact", 0 of 1> #amk.range<0, 8> tile 8 (%z)
        norm(%norm, epsilon = 1.0e-5) weight(%exact) to (%v)
        stream_offset 133120
        : (memref<1x8xf32>, memref<8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
  }
}

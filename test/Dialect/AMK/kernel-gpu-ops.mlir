// Operations of the kernel level that only GPUs have.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

!words = memref<64xi64, #amk.space<words>>
!best = memref<9xi64, #amk.space<words>>
!qkv = memref<1x4x4xi64, #amk.space<words>>
!parts = memref<2x3x6xi64, #amk.space<words>>
!joined = memref<8xi64, #amk.space<words>>
!norm = memref<64xf32, #amk.space<constant>>
!rotary = memref<16x2x2xf32, #amk.space<constant>>
!stream = memref<?xbf16, #amk.space<stream>>
!cache = memref<?xbf16, #amk.space<kv_cache>>
!embed = memref<32x64xbf16, #amk.space<external>>
!token = memref<1xi32, #amk.space<token>>
!logits = memref<1x64xf32, #amk.space<logits>>
!staged = memref<64xf32, #amk.space<scratch>>
!rows = memref<64xf32, #amk.space<scratch>>

// CHECK: amk.kernel.program @kernels scratch_bytes = 29184
// CHECK-SAME: gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
// CHECK-SAME: groups = 2, trace = false> {
amk.kernel.program @kernels scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  // CHECK: amk.kernel.body @matrix
  amk.kernel.body @matrix(%x: !words, %n: !norm, %w: !stream, %out: !words,
                          %res: !words, %logits: !logits, %best: !best,
                          %begin: index, %count: index, %part: index) {
    // CHECK: %[[IN:.*]] = amk.kernel.input_tag 0
    %in = amk.kernel.input_tag 0
    // CHECK-NEXT: %[[RES:.*]] = amk.kernel.input_tag 1
    %res_tag = amk.kernel.input_tag 1
    // CHECK-NEXT: %[[OUT:.*]] = amk.kernel.output_tag
    %tag = amk.kernel.output_tag
    // CHECK-NEXT: %[[STAGED:.*]] = amk.kernel.scratch 0
    %staged = amk.kernel.scratch 0 : !staged
    %rows = amk.kernel.scratch 25088 : !rows
    // CHECK: amk.kernel.gemv %[[W:.*]], %[[X:.*]] tag %[[IN]]
    // CHECK-SAME: norm(%{{.*}}, epsilon = 1.000000e-05) to %[[ROWS:.*]] tiles =
    // CHECK-SAME: tile_rows = 8 layout mma_tile8x2 hi_lo :
    amk.kernel.gemv %w, %x tag %in norm(%n, epsilon = 1.0e-5) to %rows
        tiles = %count tile_rows = 8 layout mma_tile8x2 hi_lo
        : !stream, !words, !rows, index, index, !norm
    // CHECK-NEXT: amk.kernel.gemv %[[W]], %[[X]] tag %[[IN]] to %[[ROWS]]
    // CHECK-SAME: tile_rows = 8 layout scalar_tile8 :
    amk.kernel.gemv %w, %x tag %in to %rows
        tiles = %count tile_rows = 8 layout scalar_tile8
        : !stream, !words, !rows, index, index
    // CHECK-NEXT: amk.kernel.gemv %[[W]], %[[STAGED]] to %[[ROWS]]
    // CHECK-SAME: tile_rows = 8 layout mma_tile8x2 :
    amk.kernel.gemv %w, %staged to %rows
        tiles = %count tile_rows = 8 layout mma_tile8x2
        : !stream, !staged, !rows, index
    // CHECK-NEXT: amk.kernel.store_rows %[[ROWS]] to %{{.*}}[%{{.*}}, %{{.*}}]
    // CHECK-SAME: residual(%{{.*}} tag %[[RES]]) tag %[[OUT]] :
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%res tag %res_tag) tag %tag
        : !rows, !words, index, index, !words, index, index
    // CHECK-NEXT: amk.kernel.store_gated silu %[[ROWS]] to
    // CHECK-SAME: tile_rows = 8 tag %[[OUT]] :
    amk.kernel.store_gated silu %rows to %out[%begin, %count] tile_rows = 8
        tag %tag : !rows, !words, index, index, index
    // CHECK-NEXT: amk.kernel.store_logits %[[ROWS]] to
    // CHECK-SAME: tag %[[OUT]] :
    amk.kernel.store_logits %rows to %logits[%begin, %count], %best[%part]
        tag %tag : !rows, !logits, !best, index, index, index, index
    amk.kernel.return
  }
  // CHECK: amk.kernel.body @attention
  amk.kernel.body @attention(%q: !qkv, %cache: !cache, %p: !parts,
                             %r: !rotary, %out: !joined, %best: !best,
                             %token: !token, %table: !embed, %x: !words,
                             %begin: index, %count: index, %head: index,
                             %split: index) {
    %rows = amk.kernel.scratch 25088 : !rows
    %pos = amk.kernel.position
    %in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    // CHECK: amk.kernel.embed %{{.*}}, %{{.*}} to %{{.*}}[%{{.*}}, %{{.*}}] at
    // CHECK-SAME: tag %{{.*}} :
    amk.kernel.embed %token, %table to %x[%begin, %count] at %pos tag %tag
        : !token, !embed, !words, index, index, index, index
    // CHECK: amk.kernel.store_qkv %{{.*}}, %{{.*}} to %[[Q:.*]][%{{.*}}, %{{.*}}]
    // CHECK-SAME: tile_rows = 8 tag
    amk.kernel.store_qkv %rows, %r to %q[%begin, %count] at %pos tile_rows = 8
        tag %tag : !rows, !rotary, !qkv, index, index, index, index
    // CHECK: amk.kernel.ring_attention %[[Q]] tag %[[IN:.*]], %{{.*}} to
    // CHECK-SAME: %[[P:.*]] tag %[[TAG:.*]] unit(%{{.*}}, %{{.*}}) at
    // CHECK-SAME: heads = 2 dim = 4 splits = 3 scale = 5.000000e-01 :
    amk.kernel.ring_attention %q tag %in, %cache to %p tag %tag
        unit(%head, %split) at %pos heads = 2 dim = 4 splits = 3 scale = 0.5
        : !qkv, index, !cache, !parts, index, index, index, index
    // CHECK: amk.kernel.combine_splits %[[P]] tag %[[IN]] to
    // CHECK-SAME: tag %[[TAG]] :
    amk.kernel.combine_splits %p tag %in to %out[%begin, %count] at %pos
        tag %tag : !parts, index, !joined, index, index, index, index
    // CHECK: amk.kernel.next_token %{{.*}} tag %[[IN]] at %{{.*}} :
    amk.kernel.next_token %best tag %in at %pos : !best, index, index
    amk.kernel.return
  }
}

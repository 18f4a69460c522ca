// Every kernel operation.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

!arena = memref<1x8xf32, #amk.space<arena>>
!const = memref<8xf32, #amk.space<constant>>
!rotary = memref<16x2x2xf32, #amk.space<constant>>
!cache = memref<2x1x16x4xf32, #amk.space<kv_cache>>
!stream = memref<256xbf16, #amk.space<stream>>
!embed = memref<32x8xbf16, #amk.space<external>>
!token = memref<1xi32, #amk.space<token>>
!control = memref<1xi32, #amk.space<control>>
!logits = memref<1x32xf32, #amk.space<logits>>
!maxima = memref<1x2xi32, #amk.space<arena>>
!parts = memref<2x2x6xf32, #amk.space<arena>>
!staged = memref<32xf32, #amk.space<scratch>>
!rows = memref<24xf32, #amk.space<scratch>>

// CHECK: amk.kernel.program @kernels scratch_bytes = 192 {
amk.kernel.program @kernels scratch_bytes = 192 {
  // CHECK-NEXT: amk.kernel.body @gate(%[[C:.*]]: memref<1xi32, #amk.space<control>>) {
  amk.kernel.body @gate(%control: !control) {
    // CHECK-NEXT: %[[STOP:.*]] = amk.kernel.gate %[[C]]
    %stop = amk.kernel.gate %control : !control
    // CHECK-NEXT: amk.kernel.return %[[STOP]]
    amk.kernel.return %stop
  }
  // CHECK: amk.kernel.body @empty() attributes {note = "none"} {
  amk.kernel.body @empty() attributes {note = "none"} {
    // CHECK-NEXT: amk.kernel.return{{$}}
    amk.kernel.return
  }
  // CHECK: amk.kernel.body @weights
  amk.kernel.body @weights(%x: !arena, %n: !const, %w: !stream, %r: !rotary,
                           %cache: !cache, %logits: !logits, %maxima: !maxima,
                           %begin: index, %count: index) {
    // CHECK: %[[P:.*]] = amk.kernel.position
    %p = amk.kernel.position
    // CHECK-NEXT: %[[STAGED:.*]] = amk.kernel.scratch 0
    %staged = amk.kernel.scratch 0 : !staged
    // CHECK-NEXT: %[[ROWS:.*]] = amk.kernel.scratch 128
    %rows = amk.kernel.scratch 128 : !rows
    // CHECK-NEXT: amk.kernel.rms_norm %{{.*}}, %{{.*}} to %[[STAGED]]
    // CHECK-SAME:   epsilon = 1.000000e-05
    amk.kernel.rms_norm %x, %n to %staged epsilon = 1.0e-5
        : !arena, !const, !staged
    // CHECK-NEXT: amk.kernel.stage %{{.*}} to %[[STAGED]]
    amk.kernel.stage %x to %staged : !arena, !staged
    // CHECK-NEXT: amk.kernel.gemv %{{.*}}, %[[STAGED]] to %[[ROWS]]
    // CHECK-SAME:   tiles = %{{.*}} tile_rows = 4
    amk.kernel.gemv %w, %staged to %rows tiles = %count tile_rows = 4
        : !stream, !staged, !rows, index
    // CHECK-NEXT: amk.kernel.store_rows %[[ROWS]] to %[[X:.*]][%{{.*}}, %{{.*}}] :
    amk.kernel.store_rows %rows to %x[%begin, %count]
        : !rows, !arena, index, index
    // CHECK-NEXT: amk.kernel.store_rows %[[ROWS]] to %[[X]][%{{.*}}, %{{.*}}]
    // CHECK-SAME:   residual(%[[X]]) :
    amk.kernel.store_rows %rows to %x[%begin, %count] residual(%x)
        : !rows, !arena, index, index, !arena
    // CHECK-NEXT: amk.kernel.store_gated silu %[[ROWS]] to %[[X]]
    // CHECK-SAME:   tile_rows = 4
    amk.kernel.store_gated silu %rows to %x[%begin, %count] tile_rows = 4
        : !rows, !arena, index, index
    // CHECK-NEXT: amk.kernel.store_qkv %[[ROWS]], %{{.*}} to %[[X]],
    // CHECK-SAME:   at %[[P]] tile_rows = 4
    amk.kernel.store_qkv %rows, %r to %x, %cache[%begin, %count] at %p
        tile_rows = 4 : !rows, !rotary, !arena, !cache, index, index, index
    // CHECK-NEXT: amk.kernel.store_logits %[[ROWS]] to
    amk.kernel.store_logits %rows to %logits[%begin, %count], %maxima[%begin]
        : !rows, !logits, !maxima, index, index, index
    amk.kernel.return
  }
  // CHECK: amk.kernel.body @others
  amk.kernel.body @others(%x: !arena, %r: !rotary, %cache: !cache,
                          %parts: !parts, %logits: !logits, %maxima: !maxima,
                          %token: !token, %control: !control, %table: !embed,
                          %begin: index, %count: index) {
    %p = amk.kernel.position
    %rows = amk.kernel.scratch 0 : !rows
    // CHECK: amk.kernel.embed %{{.*}}, %{{.*}} to %[[X:.*]][%{{.*}}, %{{.*}}] at
    amk.kernel.embed %token, %table to %x[%begin, %count] at %p
        : !token, !embed, !arena, index, index, index
    // CHECK-NEXT: amk.kernel.rope %[[X]], %{{.*}} to %[[X]]
    // CHECK-SAME:   head_dim = 4
    amk.kernel.rope %x, %r to %x[%begin, %count] at %p head_dim = 4
        : !arena, !rotary, !arena, index, index, index
    // CHECK-NEXT: amk.kernel.kv_append %[[X]], %[[X]] to
    amk.kernel.kv_append %x, %x to %cache[%begin, %count] at %p
        : !arena, !arena, !cache, index, index, index
    // CHECK-NEXT: amk.kernel.attention %[[X]], %{{.*}} to %{{.*}} scratch(
    // CHECK-SAME:   splits = 2 scale = 5.000000e-01
    amk.kernel.attention %x, %cache to %parts scratch(%rows)[%begin, %count]
        at %p splits = 2 scale = 0.5
        : !arena, !cache, !parts, !rows, index, index, index
    // CHECK-NEXT: amk.kernel.attention_combine
    amk.kernel.attention_combine %parts to %x[%begin, %count]
        : !parts, !arena, index, index
    // CHECK-NEXT: amk.kernel.gated_activation silu %[[X]], %[[X]] to %[[X]]
    amk.kernel.gated_activation silu %x, %x to %x[%begin, %count]
        : !arena, !arena, !arena, index, index
    // CHECK-NEXT: amk.kernel.add %[[X]], %[[X]] to %[[X]]
    amk.kernel.add %x, %x to %x[%begin, %count]
        : !arena, !arena, !arena, index, index
    // CHECK-NEXT: amk.kernel.argmax
    amk.kernel.argmax %logits to %maxima : !logits, !maxima
    // CHECK-NEXT: amk.kernel.finish_step %{{.*}} to %{{.*}}, %{{.*}} at
    amk.kernel.finish_step %maxima to %token, %control at %p
        : !maxima, !token, !control, index
    amk.kernel.return
  }
}

// Matrix bodies that the persistent kernel has no code for.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -convert-amk-kernel-to-nvvm

!w = memref<?xbf16, #amk.space<stream>>
!x = memref<1x64xf32, #amk.space<scratch>>
!rows = memref<8xf32, #amk.space<scratch>>
amk.kernel.program @layout scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%w: !w, %n: index) {
    %x = amk.kernel.scratch 0 : !x
    %rows = amk.kernel.scratch 25088 : !rows
    // expected-error @below {{failed to legalize operation 'amk.kernel.gemv'}}
    // expected-error @below {{has no lowering for weights of 'bf16' in layout scalar_tile8}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8
        layout scalar_tile8 : !w, !x, !rows, index
    amk.kernel.return
  }
}

// -----

!w = memref<?xf32, #amk.space<stream>>
!x = memref<1x64xf32, #amk.space<scratch>>
!rows = memref<8xf32, #amk.space<scratch>>
amk.kernel.program @element scratch_bytes = 29184
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2,
         groups = 2, trace = false> {
  amk.kernel.body @body(%w: !w, %n: index) {
    %x = amk.kernel.scratch 0 : !x
    %rows = amk.kernel.scratch 25088 : !rows
    // expected-error @below {{failed to legalize operation 'amk.kernel.gemv'}}
    // expected-error @below {{has no lowering for weights of 'f32' in layout mma_tile8x2}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8
        layout mma_tile8x2 : !w, !x, !rows, index
    amk.kernel.return
  }
}

// -----

!staged = memref<1x4112xf32, #amk.space<scratch>>
amk.kernel.program @staged scratch_bytes = 45568
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body() {
    // expected-error @below {{expects bytes of [0, 16384) or [25088, 29184), found [0, 16448)}}
    %staged = amk.kernel.scratch 0 : !staged
    amk.kernel.return
  }
}

// -----

// Keys and values lie in the caches of attention's workers.
!rows = memref<8xf32, #amk.space<scratch>>
!angles = memref<16x2x8xf32, #amk.space<constant>>
!query = memref<1x32xf32, #amk.space<arena>>
!cache = memref<2x1x16x16xf32, #amk.space<kv_cache>>
amk.kernel.program @cache scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%angles: !angles, %query: !query, %cache: !cache,
                        %begin: index, %count: index) {
    %rows = amk.kernel.scratch 25088 : !rows
    %position = amk.kernel.position
    // expected-error @below {{failed to legalize operation 'amk.kernel.store_qkv'}}
    // expected-error @below {{has no lowering to a GPU with a cache}}
    amk.kernel.store_qkv %rows, %angles to %query, %cache[%begin, %count]
        at %position tile_rows = 8
        : !rows, !angles, !query, !cache, index, index, index
    amk.kernel.return
  }
}

// -----

// The host's wish to stop has no other way to the workers.
!rows = memref<8xf32, #amk.space<scratch>>
!logits = memref<1x8xf32, #amk.space<logits>>
!best = memref<1x2xi32, #amk.space<arena>>
amk.kernel.program @logits scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%logits: !logits, %best: !best, %begin: index,
                        %count: index, %part: index) {
    %rows = amk.kernel.scratch 25088 : !rows
    // expected-error @below {{failed to legalize operation 'amk.kernel.store_logits'}}
    // expected-error @below {{has no lowering to a GPU but for words}}
    amk.kernel.store_logits %rows to %logits[%begin, %count], %best[%part]
        : !rows, !logits, !best, index, index, index
    amk.kernel.return
  }
}

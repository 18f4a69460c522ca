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

!w = memref<?xbf16, #amk.space<stream>>
!x = memref<1x8192xi64, #amk.space<words>>
!rows = memref<8xf32, #amk.space<scratch>>
amk.kernel.program @panels scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%x: !x, %w: !w, %n: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !rows
    // expected-error @below {{failed to legalize operation 'amk.kernel.gemv'}}
    // expected-error @below {{expects 2 panels for 8192 columns, found 3}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8 tag %in
        layout mma_tile8x2 panels 3 : !w, !x, !rows, index, index
    amk.kernel.return
  }
}

// -----

// A vector of one panel is received before.
!w = memref<?xbf16, #amk.space<stream>>
!x = memref<1x64xi64, #amk.space<words>>
!rows = memref<8xf32, #amk.space<scratch>>
amk.kernel.program @words scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%x: !x, %w: !w, %n: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !rows
    // expected-error @below {{failed to legalize operation 'amk.kernel.gemv'}}
    // expected-error @below {{expects a staged vector, found words}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8 tag %in
        layout mma_tile8x2 : !w, !x, !rows, index, index
    amk.kernel.return
  }
}

// -----

// A norm needs the whole vector.
!w = memref<?xbf16, #amk.space<stream>>
!x = memref<1x8192xi64, #amk.space<words>>
!y = memref<1x64xi64, #amk.space<words>>
!staged = memref<1x64xf32, #amk.space<scratch>>
!norm = memref<64xf32, #amk.space<constant>>
!rows = memref<8xf32, #amk.space<scratch>>
amk.kernel.program @scale scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%x: !x, %y: !y, %norm: !norm, %w: !w, %n: index) {
    %in = amk.kernel.input_tag 0
    %staged = amk.kernel.scratch 0 : !staged
    %rows = amk.kernel.scratch 25088 : !rows
    %scale = amk.kernel.receive %y tag %in norm(%norm, epsilon = 1.0e-05)
        to %staged : (!y, index, !norm, !staged) -> f32
    // expected-error @below {{failed to legalize operation 'amk.kernel.gemv'}}
    // expected-error @below {{has no lowering for a scale with several panels}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8 scale %scale
        tag %in layout mma_tile8x2 panels 2 : !w, !x, !rows, index, f32, index
    amk.kernel.return
  }
}

// -----

!x = memref<1x4100xi64, #amk.space<words>>
!staged = memref<1x4112xf32, #amk.space<scratch>>
amk.kernel.program @receive scratch_bytes = 45568
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%x: !x) {
    %in = amk.kernel.input_tag 0
    // expected-error @below {{expects bytes of [0, 16384) or [25088, 29184), found [0, 16448)}}
    %staged = amk.kernel.scratch 0 : !staged
    amk.kernel.receive %x tag %in to %staged : (!x, index, !staged) -> ()
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

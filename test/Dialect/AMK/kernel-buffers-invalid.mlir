// What operations of bodies refuse: lowerings rely on ranks and static shapes,
// and divide by tile sizes, head sizes and splits.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Lowerings unroll by the shapes of buffers.
amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<?xf32, #amk.space<arena>>, %y: memref<32xf32, #amk.space<arena>>) {
    // expected-error @below {{expects static, contiguous, non-empty buffers}}
    amk.kernel.stage %x to %y : memref<?xf32, #amk.space<arena>>, memref<32xf32, #amk.space<arena>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<0xf32, #amk.space<arena>>, %y: memref<32xf32, #amk.space<arena>>) {
    // expected-error @below {{expects static, contiguous, non-empty buffers}}
    amk.kernel.stage %x to %y : memref<0xf32, #amk.space<arena>>, memref<32xf32, #amk.space<arena>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xf32, #amk.space<arena>>, %y: memref<4xf32, #amk.space<arena>>) {
    // expected-error @below {{expects at least 8 elements of out}}
    amk.kernel.stage %x to %y : memref<8xf32, #amk.space<arena>>, memref<4xf32, #amk.space<arena>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xf32, #amk.space<arena>>, %w: memref<4xf32, #amk.space<arena>>, %y: memref<8xf32, #amk.space<arena>>) {
    // expected-error @below {{expects at least 8 elements of the weight}}
    amk.kernel.rms_norm %x, %w to %y epsilon = 1.0e-5 : memref<8xf32, #amk.space<arena>>, memref<4xf32, #amk.space<arena>>, memref<8xf32, #amk.space<arena>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%t: memref<1xi32, #amk.space<token>>, %e: memref<8xf32, #amk.space<external>>, %y: memref<1x8xf32, #amk.space<arena>>, %n: index) {
    // expected-error @below {{expects the table of rank 2}}
    amk.kernel.embed %t, %e to %y[%n, %n] at %n : memref<1xi32, #amk.space<token>>, memref<8xf32, #amk.space<external>>, memref<1x8xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<?xf32, #amk.space<stream>>, %x: memref<32xf32, #amk.space<scratch>>, %y: memref<66xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects an even tile of 2 to 64 rows, found 66}}
    amk.kernel.gemv %w, %x to %y tiles = %n tile_rows = 66 : memref<?xf32, #amk.space<stream>>, memref<32xf32, #amk.space<scratch>>, memref<66xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

// One row per tile would be half a unit.
amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%v: memref<32xf32, #amk.space<scratch>>, %y: memref<1x8xf32, #amk.space<arena>>, %n: index) {
    // expected-error @below {{expects an even tile of 2 to 64 rows, found 1}}
    amk.kernel.store_gated silu %v to %y[%n, %n] tile_rows = 1 : memref<32xf32, #amk.space<scratch>>, memref<1x8xf32, #amk.space<arena>>, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%k: memref<1x8xf32, #amk.space<arena>>, %v: memref<1x8xf32, #amk.space<arena>>, %c: memref<1x8xf32, #amk.space<arena>>, %n: index) {
    // expected-error @below {{expects the cache of rank 4}}
    amk.kernel.kv_append %k, %v to %c[%n, %n] at %n : memref<1x8xf32, #amk.space<arena>>, memref<1x8xf32, #amk.space<arena>>, memref<1x8xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%k: memref<1x8xf32, #amk.space<arena>>, %v: memref<1x8xf32, #amk.space<arena>>, %c: memref<3x2x16x4xf32, #amk.space<kv_cache>>, %n: index) {
    // expected-error @below {{expects a cache [2, heads, positions, dim]}}
    amk.kernel.kv_append %k, %v to %c[%n, %n] at %n : memref<1x8xf32, #amk.space<arena>>, memref<1x8xf32, #amk.space<arena>>, memref<3x2x16x4xf32, #amk.space<kv_cache>>, index, index, index
    amk.kernel.return
  }
}

// -----

// A size of 0 would be divided by.
amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<1x8xf32, #amk.space<arena>>, %t: memref<16x2x2xf32, #amk.space<constant>>, %y: memref<1x8xf32, #amk.space<arena>>, %n: index) {
    // expected-error @below {{expects heads of an even size, found 0}}
    amk.kernel.rope %x, %t to %y[%n, %n] at %n head_dim = 0 : memref<1x8xf32, #amk.space<arena>>, memref<16x2x2xf32, #amk.space<constant>>, memref<1x8xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%v: memref<32xf32, #amk.space<scratch>>, %t: memref<16x2x3xf32, #amk.space<constant>>, %q: memref<1x8xf32, #amk.space<arena>>, %c: memref<2x2x16x4xf32, #amk.space<kv_cache>>, %n: index) {
    // expected-error @below {{expects a rotary table [positions, 2, 2]}}
    amk.kernel.store_qkv %v, %t to %q, %c[%n, %n] at %n tile_rows = 4 : memref<32xf32, #amk.space<scratch>>, memref<16x2x3xf32, #amk.space<constant>>, memref<1x8xf32, #amk.space<arena>>, memref<2x2x16x4xf32, #amk.space<kv_cache>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%q: memref<1x8xf32, #amk.space<arena>>, %c: memref<2x2x16x4xf32, #amk.space<kv_cache>>, %y: memref<1x8xf32, #amk.space<arena>>, %s: memref<20xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects 1 to 64 splits, found 0}}
    amk.kernel.attention %q, %c to %y scratch(%s)[%n, %n] at %n splits = 0 scale = 1.0 : memref<1x8xf32, #amk.space<arena>>, memref<2x2x16x4xf32, #amk.space<kv_cache>>, memref<1x8xf32, #amk.space<arena>>, memref<20xf32, #amk.space<scratch>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%q: memref<1x9xf32, #amk.space<arena>>, %c: memref<2x2x16x4xf32, #amk.space<kv_cache>>, %y: memref<1x8xf32, #amk.space<arena>>, %s: memref<20xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects a multiple of 2 query heads of 4 elements}}
    amk.kernel.attention %q, %c to %y scratch(%s)[%n, %n] at %n splits = 1 scale = 1.0 : memref<1x9xf32, #amk.space<arena>>, memref<2x2x16x4xf32, #amk.space<kv_cache>>, memref<1x8xf32, #amk.space<arena>>, memref<20xf32, #amk.space<scratch>>, index, index, index
    amk.kernel.return
  }
}

// -----

// Scores of a block of 16 positions and the sums of one head.
amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%q: memref<1x8xf32, #amk.space<arena>>, %c: memref<2x2x16x4xf32, #amk.space<kv_cache>>, %y: memref<1x8xf32, #amk.space<arena>>, %s: memref<19xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects at least 20 elements of scratch}}
    amk.kernel.attention %q, %c to %y scratch(%s)[%n, %n] at %n splits = 1 scale = 1.0 : memref<1x8xf32, #amk.space<arena>>, memref<2x2x16x4xf32, #amk.space<kv_cache>>, memref<1x8xf32, #amk.space<arena>>, memref<19xf32, #amk.space<scratch>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%p: memref<2x1x2xf32, #amk.space<arena>>, %y: memref<1x8xf32, #amk.space<arena>>, %n: index) {
    // expected-error @below {{expects partials [heads, splits, dim + 2]}}
    amk.kernel.attention_combine %p to %y[%n, %n] : memref<2x1x2xf32, #amk.space<arena>>, memref<1x8xf32, #amk.space<arena>>, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<1x8xf32, #amk.space<arena>>, %p: memref<2x3xi32, #amk.space<arena>>) {
    // expected-error @below {{expects partials [parts, 2]}}
    amk.kernel.argmax %x to %p : memref<1x8xf32, #amk.space<arena>>, memref<2x3xi32, #amk.space<arena>>
    amk.kernel.return
  }
}

// What the verifiers refuse in operations that only GPUs have.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

amk.kernel.program @odd_stages scratch_bytes = 0
    // expected-error @below {{expected an even number of stages from 2 to 16, found 11}}
    gpu <arch = "sm_80", stage = 16384, stages = 11, in_flight = 2, groups = 2,
         trace = false> {
}

// -----

amk.kernel.program @stage scratch_bytes = 0
    // expected-error @below {{expected a stage of a positive multiple of 512 bytes, found 1000}}
    gpu <arch = "sm_80", stage = 1000, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
}

// -----

amk.kernel.program @flight scratch_bytes = 0
    // expected-error @below {{expected in_flight from 1 to the number of stages, found 9}}
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 9, groups = 2,
         trace = false> {
}

// -----

amk.kernel.program @groups scratch_bytes = 0
    // expected-error @below {{expected 2 groups, found 4}}
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2, groups = 4,
         trace = false> {
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{expects a number below 2, found 2}}
    %t = amk.kernel.input_tag 2
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xi64, #amk.space<arena>>,
                        %w: memref<?xbf16, #amk.space<stream>>,
                        %s: memref<8xf32, #amk.space<scratch>>, %c: index) {
    %t = amk.kernel.input_tag 0
    // expected-error @below {{expects i64 elements of the input in #amk.space<words> and only there, found}}
    amk.kernel.gemv %w, %x tag %t to %s tiles = %c tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>, memref<8xi64, #amk.space<arena>>,
          memref<8xf32, #amk.space<scratch>>, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<7xi64, #amk.space<words>>,
                        %n: memref<7xf32, #amk.space<constant>>,
                        %w: memref<?xbf16, #amk.space<stream>>,
                        %s: memref<8xf32, #amk.space<scratch>>, %c: index) {
    %t = amk.kernel.input_tag 0
    // expected-error @below {{expects an even number of elements with a norm, found}}
    amk.kernel.gemv %w, %x tag %t norm(%n, epsilon = 1.0e-5) to %s
        tiles = %c tile_rows = 8 layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>, memref<7xi64, #amk.space<words>>,
          memref<8xf32, #amk.space<scratch>>, index, index,
          memref<7xf32, #amk.space<constant>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xi64, #amk.space<words>>,
                        %w: memref<?xbf16, #amk.space<stream>>,
                        %s: memref<8xf32, #amk.space<scratch>>, %c: index) {
    %t = amk.kernel.input_tag 0
    // expected-error @below {{expects an epsilon with a norm, and only then}}
    "amk.kernel.gemv"(%w, %x, %s, %c, %t) <{epsilon = 1.0e-5 : f64,
        layout = 1 : i32, tile_rows = 8 : i64,
        operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0>}>
        : (memref<?xbf16, #amk.space<stream>>, memref<8xi64, #amk.space<words>>,
           memref<8xf32, #amk.space<scratch>>, index, index) -> ()
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xi64, #amk.space<words>>,
                        %rows: memref<8xf32, #amk.space<scratch>>,
                        %n: index) {
    // expected-error @below {{expects a tag for out, found}}
    amk.kernel.store_rows %rows to %x[%n, %n]
        : memref<8xf32, #amk.space<scratch>>,
          memref<8xi64, #amk.space<words>>, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%x: memref<8xf32, #amk.space<arena>>,
                        %rows: memref<8xf32, #amk.space<scratch>>,
                        %n: index) {
    %t = amk.kernel.output_tag
    // expected-error @below {{expects no tag for out, found}}
    amk.kernel.store_rows %rows to %x[%n, %n] tag %t
        : memref<8xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<?xbf16, #amk.space<stream>>,
                        %x: memref<32xf32, #amk.space<scratch>>,
                        %rows: memref<8xf32, #amk.space<scratch>>,
                        %n: index) {
    // expected-error @below {{expects a fragment layout for tag, norm and hi_lo}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 8 hi_lo
        : memref<?xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<?xbf16, #amk.space<stream>>,
                        %x: memref<32xf32, #amk.space<scratch>>,
                        %rows: memref<8xf32, #amk.space<scratch>>,
                        %n: index) {
    // expected-error @below {{expects tile_rows of 8 for this layout, found 4}}
    amk.kernel.gemv %w, %x to %rows tiles = %n tile_rows = 4
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%best: memref<4xi64, #amk.space<words>>) {
    %t = amk.kernel.input_tag 0
    %p = amk.kernel.position
    // expected-error @below {{expects two words for each part and one, found}}
    amk.kernel.next_token %best tag %t at %p
        : memref<4xi64, #amk.space<words>>, index, index
    amk.kernel.return
  }
}

// Programs that have no lowering to the host.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -convert-amk-kernel-to-llvm

amk.kernel.program @loose scratch_bytes = 0 {
  // expected-error @below {{is not allowed beside the bodies of a program}}
  %c = arith.constant 1 : index
}

// -----

amk.kernel.program @scratch scratch_bytes = 64 {
  // expected-error @below {{expects its scratch from amk.kernel.scratch, found the argument}}
  amk.kernel.body @body(%s: memref<4xf32, #amk.space<scratch>>) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @dynamic scratch_bytes = 64 {
  // expected-error @below {{expects a static shape of every argument but weights, found}}
  amk.kernel.body @body(%x: memref<?xf32, #amk.space<arena>>) {
    amk.kernel.return
  }
}

// -----

// expected-error @below {{is for a GPU (#amk.gpu<arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3, groups = 2, trace = false>), expected one for the host}}
amk.kernel.program @gpu scratch_bytes = 64
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
}

// -----

amk.kernel.program @layout scratch_bytes = 64 {
  amk.kernel.body @body(%w: memref<?xbf16, #amk.space<stream>>, %n: index) {
    %x = amk.kernel.scratch 0 : memref<32xf32, #amk.space<scratch>>
    // expected-error @below {{has no lowering to the host for weights in layout mma_tile8x2, expected row_interleaved32}}
    amk.kernel.gemv %w, %x to %x tiles = %n tile_rows = 8 layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<32xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @words scratch_bytes = 64 {
  // expected-error @below {{expects plain values on the host, found the argument}}
  amk.kernel.body @body(%x: memref<8xi64, #amk.space<words>>) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @groups scratch_bytes = 64 {
  amk.kernel.body @body(%r: memref<16x2x2xf32, #amk.space<constant>>,
                        %q: memref<1x3x4xf32, #amk.space<arena>>, %n: index) {
    %x = amk.kernel.scratch 0 : memref<32xf32, #amk.space<scratch>>
    // expected-error @below {{has no lowering to the host without a cache}}
    amk.kernel.store_qkv %x, %r to %q[%n, %n] at %n tile_rows = 8
        : memref<32xf32, #amk.space<scratch>>,
          memref<16x2x2xf32, #amk.space<constant>>,
          memref<1x3x4xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}

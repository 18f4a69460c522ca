// What the verifiers of the kernel level refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -allow-unregistered-dialect

amk.kernel.program @kernels scratch_bytes = 0 {
  // expected-error @below {{expects arguments to be index or a memref with an #amk.space, found 'memref<8xf32>'}}
  amk.kernel.body @body(%x: memref<8xf32>) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  // expected-error @below {{expects arguments to be index or a memref with an #amk.space}}
  amk.kernel.body @body(%x: memref<8xf32, 3>) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  // expected-error @below {{expects arguments to be index or a memref with an #amk.space, found 'i32'}}
  amk.kernel.body @body(%x: i32) {
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  // expected-error @below {{expects amk.kernel.return at the end}}
  amk.kernel.body @body() {
    "test.end"() : () -> ()
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{expects a memref in #amk.space<scratch>, found 'memref<8xf32>'}}
    %s = amk.kernel.scratch 0 : memref<8xf32>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{expects a memref in #amk.space<scratch>, found}}
    %s = amk.kernel.scratch 0 : memref<8xf32, #amk.space<arena>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{expects a static shape, found}}
    %s = amk.kernel.scratch 0 : memref<?xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{expects an offset that is a multiple of 64, found 32}}
    %s = amk.kernel.scratch 32 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body() {
    // expected-error @below {{attribute 'offset' failed to satisfy constraint}}
    %s = amk.kernel.scratch -64 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<64xbf16, #amk.space<stream>>,
                        %i: memref<31xf32, #amk.space<scratch>>,
                        %o: memref<4xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects a staged input of a multiple of 32 elements}}
    amk.kernel.gemv %w, %i to %o tiles = %n tile_rows = 4
        : memref<64xbf16, #amk.space<stream>>,
          memref<31xf32, #amk.space<scratch>>,
          memref<4xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<64xbf16, #amk.space<stream>>,
                        %i: memref<?xf32, #amk.space<scratch>>,
                        %o: memref<4xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects static, contiguous, non-empty buffers}}
    amk.kernel.gemv %w, %i to %o tiles = %n tile_rows = 4
        : memref<64xbf16, #amk.space<stream>>,
          memref<?xf32, #amk.space<scratch>>,
          memref<4xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<64xbf16, #amk.space<stream>>,
                        %i: memref<32xf32, #amk.space<scratch>>,
                        %o: memref<6xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects room for whole tiles of 4 rows}}
    amk.kernel.gemv %w, %i to %o tiles = %n tile_rows = 4
        : memref<64xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<6xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<64xbf16, #amk.space<stream>>,
                        %i: memref<32xf32, #amk.space<scratch>>,
                        %o: memref<?xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{expects static, contiguous, non-empty buffers}}
    amk.kernel.gemv %w, %i to %o tiles = %n tile_rows = 4
        : memref<64xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<?xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

amk.kernel.program @kernels scratch_bytes = 0 {
  amk.kernel.body @body(%w: memref<64xbf16, #amk.space<stream>>,
                        %i: memref<32xf32, #amk.space<scratch>>,
                        %o: memref<4xf32, #amk.space<scratch>>, %n: index) {
    // expected-error @below {{attribute 'tile_rows' failed to satisfy constraint}}
    amk.kernel.gemv %w, %i to %o tiles = %n tile_rows = 0
        : memref<64xbf16, #amk.space<stream>>,
          memref<32xf32, #amk.space<scratch>>,
          memref<4xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

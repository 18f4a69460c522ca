// Bodies for a GPU that do something else than what their tasks stand for.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-verify-kernel

// A body without the multiplication that takes the run.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    // expected-error @below {{calls a body with 0 of 'amk.kernel.gemv', expected one for its run}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  // expected-note @below {{the body is here}}
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    amk.kernel.return
  }
}

// -----

// A run without weights.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{calls a body with 1 of 'amk.kernel.gemv', expected none for its run}}
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  // expected-note @below {{the body is here}}
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    %none = amk.kernel.scratch 64 : memref<64xf32, #amk.space<scratch>>
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %none, %staged to %rows tiles = %count tile_rows = 8
        layout mma_tile8x2
        : memref<64xf32, #amk.space<scratch>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

// Another layout, other columns, other tiles than the run has.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    // expected-error @below {{calls a body that multiplies weights of another layout, scalar_tile8}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    // expected-note @below {{see the operation here}}
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    // expected-error @below {{calls a body that multiplies 128 columns, expected the stages of 8}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x128xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    // expected-note @below {{see the operation here}}
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x128xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    // expected-error @below {{calls a body that does not multiply the 1 tiles of the task}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    // expected-note @below {{see the operation here}}
    amk.kernel.gemv %w, %staged to %rows tiles = %count tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

// The first tag is that of the first wait, but bodies take it for that of the
// first input.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tr >= 1
    amk.wait %tx >= 1
    // expected-error @below {{waits for the words of counter "tr" where it needs those of buffer "x"}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

// A number of waits that is not that of the inputs.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    // expected-error @below {{waits for 2 tag counters, expected one for each of its 1 inputs in words}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) to (%y) stream_offset 0
        call <@linear, [0, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    // expected-error @below {{calls a body that asks for tag 1 of 1}}
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) to (%y) stream_offset 0
        call <@linear, [0, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 25600 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    // expected-note @below {{see the operation here}}
    %tag = amk.kernel.input_tag 1
    amk.kernel.return
  }
}

// -----

// Made for an architecture with other stages.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @step workers = 1 config = #config arena_bytes = 768
    tags = <stride = 4, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %r = amk.buffer activation "r" offset 256 hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 512 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  %tr = amk.counter "tr" tag base 2 of %r[0 to 64] : memref<1x8xf32>
  %ty = amk.counter "ty" tag base 3 of %y[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "x", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
    amk.task.embed #amk.phase<1, "r", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%r) call <@other, [0, 0, 256, 0, 8]>
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tr += 1
    amk.wait %tx >= 1
    amk.wait %tr >= 1
    amk.task.linear #amk.phase<2, "y", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) residual(%r) to (%y) stream_offset 0
        call <@linear, [0, 256, 512, 0, 0, 8, 1]>
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %ty += 1
  }
}
// expected-error @below {{'amk.kernel.program' op has stages of 8192 bytes, expected the 16384 of the schedule}}
amk.kernel.program @kernels scratch_bytes = 25600
    gpu <arch = "sm_86", stage = 8192, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @other(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @linear(%x: memref<1x8xi64, #amk.space<words>>,
      %r: memref<1x8xi64, #amk.space<words>>,
      %out: memref<1x8xi64, #amk.space<words>>,
      %w: memref<?xbf16, #amk.space<stream>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 25088 : memref<8xf32, #amk.space<scratch>>
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<8xf32, #amk.space<scratch>>, index
    amk.kernel.return
  }
}

// -----

// A worker keeps its own token, and no other.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tokens workers = 2 config = #config arena_bytes = 256
    tags = <stride = 2, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<2xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x8xf32>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "tx" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
  }
  amk.queue 1 {
    // expected-error @below {{uses the token of worker 0 on worker 1}}
    amk.task.embed #amk.phase<0, "x", 0 of 2> #amk.range<0, 8>
        (%token, %table) to (%x) call <@embed, [0, 0, 0, 0, 8]>
        : (memref<2xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 64 {
  amk.kernel.body @embed(%token: memref<2xi32, #amk.space<token>>,
      %table: memref<32x8xf32, #amk.space<external>>,
      %out: memref<1x8xi64, #amk.space<words>>, %begin: index, %count: index) {
    amk.kernel.return
  }
}

// -----

// Attention on another part of the cache than the loader brings.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @attention workers = 1 config = #config arena_bytes = 512
    tags = <stride = 3, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x24xf32>
  %q = amk.buffer activation "q" offset 0 hand_off tag : memref<1x3x8xf32>
  %p = amk.buffer activation "p" offset 256 hand_off tag : memref<1x2x10xf32>
  %kv = amk.buffer kv_cache "kv" offset 0 : memref<1x2x8x16xf32>
  %tq = amk.counter "tq" tag base 1 of %q[0 to 192] : memref<1x3x8xf32>
  %tp = amk.counter "tp" tag base 2 of %p[0 to 160] : memref<1x2x10xf32>
  %loaded = amk.counter "loaded.0"
  %appended = amk.counter "appended.0"
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "q", 0 of 1> #amk.range<0, 24>
        (%token, %table) to (%q) call <@embed, [0, 0, 0, 0, 24]>
        : (memref<1xi32>, memref<32x24xf32>, memref<1x3x8xf32>) -> ()
    amk.signal %tq += 1
    amk.wait %tq >= 1
    amk.wait %loaded >= 1
    // expected-error @below {{calls a body that has 4 splits, expected 2}}
    amk.task.attention #amk.phase<1, "a", 1 of 2> #amk.range<1, 2>
        splits = 2 scale = 0.5 ring (%q, %kv) to (%p)
        call <@attention, [0, 0, 256, 0, 1]>
        : (memref<1x3x8xf32>, memref<1x2x8x16xf32>, memref<1x2x10xf32>) -> ()
    amk.signal %tp += 1
    amk.signal %appended += 1
  }
  amk.queue 0 loader {
    amk.wait %appended >= 0
    amk.task.load_kv #amk.phase<1, "a", 1 of 2> (%kv)
        : (memref<1x2x8x16xf32>) -> ()
    amk.signal %loaded += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 64 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x24xf32, #amk.space<external>>,
      %out: memref<1x3x8xi64, #amk.space<words>>, %begin: index,
      %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @attention(%q: memref<1x3x8xi64, #amk.space<words>>,
      %kv: memref<?xf32, #amk.space<kv_cache>>,
      %p: memref<1x4x10xi64, #amk.space<words>>, %head: index,
      %split: index) {
    %in = amk.kernel.input_tag 0
    %out = amk.kernel.output_tag
    %at = amk.kernel.position
    // expected-note @below {{see the operation here}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %out
        unit(%head, %split) at %at heads = 1 dim = 8 splits = 4 scale = 0.5
        : memref<1x3x8xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<1x4x10xi64, #amk.space<words>>, index, index, index, index
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @attention workers = 1 config = #config arena_bytes = 512
    tags = <stride = 3, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x24xf32>
  %q = amk.buffer activation "q" offset 0 hand_off tag : memref<1x3x8xf32>
  %p = amk.buffer activation "p" offset 256 hand_off tag : memref<1x2x10xf32>
  %kv = amk.buffer kv_cache "kv" offset 0 : memref<1x2x8x16xf32>
  %tq = amk.counter "tq" tag base 1 of %q[0 to 192] : memref<1x3x8xf32>
  %tp = amk.counter "tp" tag base 2 of %p[0 to 160] : memref<1x2x10xf32>
  %loaded = amk.counter "loaded.0"
  %appended = amk.counter "appended.0"
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "q", 0 of 1> #amk.range<0, 24>
        (%token, %table) to (%q) call <@embed, [0, 0, 0, 0, 24]>
        : (memref<1xi32>, memref<32x24xf32>, memref<1x3x8xf32>) -> ()
    amk.signal %tq += 1
    amk.wait %tq >= 1
    amk.wait %loaded >= 1
    // expected-error @below {{calls a body that has blocks of 2048 bytes, expected the 1024 of the task}}
    amk.task.attention #amk.phase<1, "a", 1 of 2> #amk.range<1, 2>
        splits = 2 scale = 0.5 ring (%q, %kv) to (%p)
        call <@attention, [0, 0, 256, 0, 1]>
        : (memref<1x3x8xf32>, memref<1x2x8x16xf32>, memref<1x2x10xf32>) -> ()
    amk.signal %tp += 1
    amk.signal %appended += 1
  }
  amk.queue 0 loader {
    amk.wait %appended >= 0
    amk.task.load_kv #amk.phase<1, "a", 1 of 2> (%kv)
        : (memref<1x2x8x16xf32>) -> ()
    amk.signal %loaded += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 64 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x24xf32, #amk.space<external>>,
      %out: memref<1x3x8xi64, #amk.space<words>>, %begin: index,
      %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @attention(%q: memref<1x3x32xi64, #amk.space<words>>,
      %kv: memref<?xf32, #amk.space<kv_cache>>,
      %p: memref<1x2x34xi64, #amk.space<words>>, %head: index,
      %split: index) {
    %in = amk.kernel.input_tag 0
    %out = amk.kernel.output_tag
    %at = amk.kernel.position
    // expected-note @below {{see the operation here}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %out
        unit(%head, %split) at %at heads = 1 dim = 32 splits = 2 scale = 0.5
        : memref<1x3x32xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<1x2x34xi64, #amk.space<words>>, index, index, index, index
    amk.kernel.return
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @attention workers = 1 config = #config arena_bytes = 512
    tags = <stride = 3, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x24xf32>
  %q = amk.buffer activation "q" offset 0 hand_off tag : memref<1x3x8xf32>
  %p = amk.buffer activation "p" offset 256 hand_off tag : memref<1x2x10xf32>
  %kv = amk.buffer kv_cache "kv" offset 0 : memref<1x2x8x16xf32>
  %tq = amk.counter "tq" tag base 1 of %q[0 to 192] : memref<1x3x8xf32>
  %tp = amk.counter "tp" tag base 2 of %p[0 to 160] : memref<1x2x10xf32>
  %loaded = amk.counter "loaded.0"
  %appended = amk.counter "appended.0"
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "q", 0 of 1> #amk.range<0, 24>
        (%token, %table) to (%q) call <@embed, [0, 0, 0, 0, 24]>
        : (memref<1xi32>, memref<32x24xf32>, memref<1x3x8xf32>) -> ()
    amk.signal %tq += 1
    amk.wait %tq >= 1
    amk.wait %loaded >= 1
    // expected-error @below {{calls a body that does not work on head 0, split 1}}
    amk.task.attention #amk.phase<1, "a", 1 of 2> #amk.range<1, 2>
        splits = 2 scale = 0.5 ring (%q, %kv) to (%p)
        call <@attention, [0, 0, 256, 0, 1]>
        : (memref<1x3x8xf32>, memref<1x2x8x16xf32>, memref<1x2x10xf32>) -> ()
    amk.signal %tp += 1
    amk.signal %appended += 1
  }
  amk.queue 0 loader {
    amk.wait %appended >= 0
    amk.task.load_kv #amk.phase<1, "a", 1 of 2> (%kv)
        : (memref<1x2x8x16xf32>) -> ()
    amk.signal %loaded += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 64 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x24xf32, #amk.space<external>>,
      %out: memref<1x3x8xi64, #amk.space<words>>, %begin: index,
      %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @attention(%q: memref<1x3x8xi64, #amk.space<words>>,
      %kv: memref<?xf32, #amk.space<kv_cache>>,
      %p: memref<1x2x10xi64, #amk.space<words>>, %head: index,
      %split: index) {
    %in = amk.kernel.input_tag 0
    %out = amk.kernel.output_tag
    %at = amk.kernel.position
    // expected-note @below {{see the operation here}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %out
        unit(%split, %head) at %at heads = 1 dim = 8 splits = 2 scale = 0.5
        : memref<1x3x8xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<1x2x10xi64, #amk.space<words>>, index, index, index, index
    amk.kernel.return
  }
}

// -----

// The loader is part of the kernel and runs no bodies.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @attention workers = 1 config = #config arena_bytes = 512
    tags = <stride = 3, bits = 32>
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "t" source "t" offset 0 : memref<32x24xf32>
  %q = amk.buffer activation "q" offset 0 hand_off tag : memref<1x3x8xf32>
  %p = amk.buffer activation "p" offset 256 hand_off tag : memref<1x2x10xf32>
  %kv = amk.buffer kv_cache "kv" offset 0 : memref<1x2x8x16xf32>
  %tq = amk.counter "tq" tag base 1 of %q[0 to 192] : memref<1x3x8xf32>
  %tp = amk.counter "tp" tag base 2 of %p[0 to 160] : memref<1x2x10xf32>
  %loaded = amk.counter "loaded.0"
  %appended = amk.counter "appended.0"
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "q", 0 of 1> #amk.range<0, 24>
        (%token, %table) to (%q) call <@embed, [0, 0, 0, 0, 24]>
        : (memref<1xi32>, memref<32x24xf32>, memref<1x3x8xf32>) -> ()
    amk.signal %tq += 1
    amk.wait %tq >= 1
    amk.wait %loaded >= 1
    amk.task.attention #amk.phase<1, "a", 1 of 2> #amk.range<1, 2>
        splits = 2 scale = 0.5 ring (%q, %kv) to (%p)
        call <@attention, [0, 0, 256, 0, 1]>
        : (memref<1x3x8xf32>, memref<1x2x8x16xf32>, memref<1x2x10xf32>) -> ()
    amk.signal %tp += 1
    amk.signal %appended += 1
  }
  amk.queue 0 loader {
    amk.wait %appended >= 0
    // expected-error @below {{'amk.task.load_kv' op expects no kernel body: loaders run none}}
    amk.task.load_kv #amk.phase<1, "a", 1 of 2> (%kv) call <@attention, [0]>
        : (memref<1x2x8x16xf32>) -> ()
    amk.signal %loaded += 1
  }
}
amk.kernel.program @kernels scratch_bytes = 64 {
  amk.kernel.body @embed(%token: memref<1xi32, #amk.space<token>>,
      %table: memref<32x24xf32, #amk.space<external>>,
      %out: memref<1x3x8xi64, #amk.space<words>>, %begin: index,
      %count: index) {
    amk.kernel.return
  }
  amk.kernel.body @attention(%q: memref<1x3x8xi64, #amk.space<words>>,
      %kv: memref<?xf32, #amk.space<kv_cache>>,
      %p: memref<1x2x10xi64, #amk.space<words>>, %head: index,
      %split: index) {
    %in = amk.kernel.input_tag 0
    %out = amk.kernel.output_tag
    %at = amk.kernel.position
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %out
        unit(%head, %split) at %at heads = 1 dim = 8 splits = 2 scale = 0.5
        : memref<1x3x8xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<1x2x10xi64, #amk.space<words>>, index, index, index, index
    amk.kernel.return
  }
}

// What the gate of the schedule level refuses.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-verify-schedule

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// expected-error @below {{is not synchronised; run amk-insert-sync}}
amk.schedule @unsynchronized workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Every buffer but packed weights needs its place, and may not share it.

// expected-error @below {{has activations but no arena_bytes}}
amk.schedule @places workers = 1 config = #config {
  // expected-error @below {{'control' expects offset 64, found 0}}
  %control = amk.buffer control "control" offset 0 : memref<1xi32>
  // expected-error @below {{'cache' has no offset}}
  %cache = amk.buffer kv_cache "cache" : memref<2x1x16x8xf32>
  // expected-error @below {{'x' has no offset}}
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 0 : memref<1x8xf32>
  // expected-note @below {{'norm' ends at 32}}
  %norm = amk.buffer vector "norm" source "norm" offset 0 : memref<8xf32>
  // expected-error @below {{'norm2' begins at 28, inside another buffer}}
  %norm2 = amk.buffer vector "norm2" source "norm2" offset 28 : memref<8xf32>
  %norm3 = amk.buffer vector "norm3" source "norm3" offset 60 : memref<8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  // expected-note @below {{'embed' ends at 1}}
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  // expected-error @below {{'embed2' begins at 0, inside another buffer}}
  %table2 = amk.buffer table "embed2" source "embed" offset 0
      : memref<32x8xf32>
  // expected-note @below {{'token' ends at 4}}
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  // expected-error @below {{'token2' begins at 0, inside another buffer}}
  %token2 = amk.buffer token "token2" offset 0 : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    amk.signal %done += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Weights of a worker: 2 tiles of 2 rows of 32 columns of f32 are 512 bytes.

amk.schedule @streams workers = 1 config = #config arena_bytes = 256 {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<4x8xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %a = amk.buffer activation "a" offset 64 : memref<1x4xf32>
  %b = amk.buffer activation "b" offset 128 : memref<1x4xf32>
  %c = amk.buffer activation "c" offset 192 : memref<1x4xf32>
  %d = amk.buffer activation "d" offset 208 : memref<1x4xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    // expected-error @below {{has its weights at byte 448, inside those of another task}}
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%a) stream_offset 448
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-note @below {{task b[0] uses bytes [0, 512)}}
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%b) stream_offset 0
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-error @below {{uses weights but has no stream_offset}}
    amk.task.linear #amk.phase<3, "c", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%c)
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-error @below {{expects a stream_offset that is a multiple of 64, found 1000}}
    amk.task.linear #amk.phase<4, "d", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%d) stream_offset 1000
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// On a GPU 8 columns of f32 are 2 stages of one block for each tile.

amk.schedule @gpu_streams workers = 1 config = #config arena_bytes = 256
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<4x8xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %a = amk.buffer activation "a" offset 64 : memref<1x4xf32>
  %b = amk.buffer activation "b" offset 128 : memref<1x4xf32>
  %c = amk.buffer activation "c" offset 192 : memref<1x4xf32>
  %d = amk.buffer activation "d" offset 208 : memref<1x4xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    // expected-error @below {{has its weights at byte 512, inside those of another task}}
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 4> tile 8 (%x)
        weight(%w) to (%a) stream_offset 512
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-note @below {{task b[0] uses bytes [0, 1024)}}
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 4> tile 8 (%x)
        weight(%w) to (%b) stream_offset 0
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-error @below {{uses weights but has no stream_offset}}
    amk.task.linear #amk.phase<3, "c", 0 of 1> #amk.range<0, 4> tile 8 (%x)
        weight(%w) to (%c)
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    // expected-error @below {{expects a stream_offset that is a multiple of 512, found 1088}}
    amk.task.linear #amk.phase<4, "d", 0 of 1> #amk.range<0, 4> tile 8 (%x)
        weight(%w) to (%d) stream_offset 1088
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// expected-error @below {{expected at least one amk.schedule at the schedule level}}
module {
  // expected-error @below {{'amk.graph' op is not allowed at the schedule level; expected amk.schedule}}
  amk.graph @graph config = #config {
    %control = amk.buffer control "control" : memref<1xi32>
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.schedule @tables workers = 1 config = #config {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  // expected-error @below {{'table' expects an offset less than 1, the number of tables, found 7}}
  %table = amk.buffer table "table" source "table" offset 7 : memref<32x8xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

// Columns are padded to 32: 2^59 bytes become 2^64.

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.schedule @padded workers = 1 config = #config
    arena_bytes = 576460752303423552 {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<8x1xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x1xf32>
  %y = amk.buffer activation "y" offset 64 : memref<1x144115188075855872xf32>
  %w = amk.buffer weight "w" source "w" : memref<144115188075855872x1xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 1>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x1xf32>, memref<1x1xf32>) -> ()
    // expected-error @below {{has 144115188075855872 units of weights with 1 columns of 'f32', expected less than 2^63 bytes when they are packed}}
    amk.task.linear #amk.phase<1, "p", 0 of 1> #amk.range<0, 144115188075855872> tile 4
        (%x) weight(%w) to (%y) stream_offset 0
        : (memref<1x1xf32>, memref<144115188075855872x1xf32>, memref<1x144115188075855872xf32>) -> ()
  }
}

// AMK-R3: writes of the same bytes are ordered.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Two workers write bytes 12 to 16. (In order they would break AMK-C3 instead.)

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_write workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    // expected-note @below {{task layers.0.q[0] of worker 0 writes x [0, 16) here}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    // expected-error @below {{[AMK-R3] task layers.0.k[0] of worker 1: writes x [12, 32) without waiting for 'layers.0.q[0]' (worker 0), which writes x [0, 16)}}
    amk.task.opaque #amk.phase<0, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[12 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: they write different bytes.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_write workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[16 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Rows of 16 bytes: the third of the one hits the third of the other.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_write workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<4x8xf32>
  amk.queue 0 {
    // expected-note @below {{task layers.0.q[0] of worker 0 writes x 4 x 16 bytes from 0, 32 apart here}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16] rows 4 stride 32]
        : (memref<4x8xf32>) -> ()
  }
  amk.queue 1 {
    // expected-error @below {{[AMK-R3] task layers.0.k[0] of worker 1: writes x 3 x 16 bytes from 16, 31 apart without waiting for 'layers.0.q[0]' (worker 0), which writes x 4 x 16 bytes from 0, 32 apart}}
    amk.task.opaque #amk.phase<0, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[16 to 32] rows 3 stride 31]
        : (memref<4x8xf32>) -> ()
  }
}

// -----

// Closest accepted: they interleave.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_write workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<4x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16] rows 4 stride 32]
        : (memref<4x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[16 to 32] rows 3 stride 32]
        : (memref<4x8xf32>) -> ()
  }
}

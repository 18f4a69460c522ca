// AMK-S2: regions lie in their buffers, buffers in their spaces.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// One byte too many.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S2] task layers.0.norm[0] of worker 0: writes x [0, 33), but x has 32 bytes}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 33]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: the whole buffer.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Rows that leave the buffer: the last one begins at byte 30.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S2] task layers.0.norm[0] of worker 0: writes x 4 x 4 bytes from 0, 10 apart, but x has 32 bytes}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 4] rows 4 stride 10]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: it begins at byte 27 and ends with the buffer.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 5] rows 4 stride 9]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Sums that do not fit 64 bits.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S2] task layers.0.norm[0] of worker 0: writes x 9223372036854775807 x 4 bytes from 0, 9223372036854775807 apart, but x has 32 bytes}}
    // expected-error @below {{[AMK-S4] task layers.0.norm[0] of worker 0: the accesses up to this task have more than 67108864 rows that do not touch}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 4] rows 9223372036854775807 stride 9223372036854775807]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// A buffer that ends at byte 96 of an arena of 95 bytes.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{[AMK-S2] buffer 'x' has 32 bytes from 64, but arena has 95 bytes}}
amk.schedule @bounds workers = 1 config = #config arena_bytes = 95 {
  %x = amk.buffer activation "x" offset 64 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @bounds workers = 1 config = #config arena_bytes = 96 {
  %x = amk.buffer activation "x" offset 64 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

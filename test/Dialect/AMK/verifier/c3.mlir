// AMK-C3: no byte of a buffer is written twice in a step, not even in order.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Both write bytes 12 to 16.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @written_twice workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    // expected-note @below {{task layers.0.q[0] of worker 0 writes x [0, 16) here}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
    // expected-error @below {{[AMK-C3] task layers.0.k[0] of worker 0: writes x [12, 32), but 'layers.0.q[0]' (worker 0) writes x [0, 16) in the same step}}
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[12 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @written_twice workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%x)
        accesses [write %x[16 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

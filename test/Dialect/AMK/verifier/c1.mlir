// AMK-C1: bytes are written in a step before they are read in it.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// The last four bytes are whatever was there.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @undefined workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 28]]
        : (memref<1x8xf32>) -> ()
    // expected-error @below {{[AMK-C1] task layers.0.qkv[0] of worker 0: reads x [0, 32), but nothing wrote x [28, 32) before in this step}}
    amk.task.opaque #amk.phase<1, "layers.0.qkv", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @undefined workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "layers.0.qkv", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

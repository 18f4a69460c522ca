// AMK-C4: between a write and its reads no other buffer takes the bytes.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// y begins inside x and is written before x is read.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @clobbered workers = 1 config = #config arena_bytes = 60 {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 28 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    // expected-note @below {{task layers.0.q[0] of worker 0 writes y [0, 32) here}}
    amk.task.opaque #amk.phase<1, "layers.0.q", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    // expected-error @below {{[AMK-C4] task layers.0.o[0] of worker 0: reads x [0, 32), but 'layers.0.q[0]' (worker 0) writes y [0, 32) over x [28, 32) before}}
    amk.task.opaque #amk.phase<2, "layers.0.o", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: behind x.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @clobbered workers = 1 config = #config arena_bytes = 64 {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 32 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "layers.0.q", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<2, "layers.0.o", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Also accepted: inside x, but after its last read.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @clobbered workers = 1 config = #config arena_bytes = 60 {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 28 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<2, "layers.0.o", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "layers.0.q", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

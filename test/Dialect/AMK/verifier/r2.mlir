// AMK-R2: a write is ordered after the reads before it.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// The writer of the next step does not wait for the reader of this one.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_read workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %written = amk.counter "written"
  %read = amk.counter "read"
  amk.queue 0 {
    // expected-error @below {{[AMK-R2] task layers.0.norm[0] of worker 0: writes x [0, 32) without waiting for 'layers.0.qkv[0]' (worker 1), which reads x [0, 32) in the step before}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %written += 1
  }
  amk.queue 1 {
    amk.wait %written >= 1
    // expected-note @below {{task layers.0.qkv[0] of worker 1 reads x [0, 32) here}}
    amk.task.opaque #amk.phase<1, "layers.0.qkv", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %read += 1
  }
}

// -----

// Closest accepted: it does.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_read workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %written = amk.counter "written"
  %read = amk.counter "read"
  amk.queue 0 {
    amk.wait %read >= 0
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %written += 1
  }
  amk.queue 1 {
    amk.wait %written >= 1
    amk.task.opaque #amk.phase<1, "layers.0.qkv", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %read += 1
  }
}

// -----

// One step late: two are enough for a race.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @write_after_read workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %written = amk.counter "written"
  %read = amk.counter "read"
  amk.queue 0 {
    amk.wait %read >= -1
    // expected-error @below {{[AMK-R2] task layers.0.norm[0] of worker 0: writes x [0, 32) without waiting for 'layers.0.qkv[0]' (worker 1), which reads x [0, 32) in the step before}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %written += 1
  }
  amk.queue 1 {
    amk.wait %written >= 1
    // expected-note @below {{task layers.0.qkv[0] of worker 1 reads x [0, 32) here}}
    amk.task.opaque #amk.phase<1, "layers.0.qkv", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %read += 1
  }
}

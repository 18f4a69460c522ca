// AMK-N1: reductions into the same bytes have one order, so that sums have one
// value.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Either may be the first.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @reductions workers = 3 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %cleared = amk.counter "cleared"
  %first = amk.counter "first"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.clear", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %cleared += 1
  }
  amk.queue 1 {
    amk.wait %cleared >= 1
    // expected-note @below {{task layers.0.down_a[0] of worker 1 adds to x [0, 32) here}}
    amk.task.opaque #amk.phase<1, "layers.0.down_a", 0 of 1> (%x)
        accesses [reduce %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %first += 1
    amk.signal %done += 1
  }
  amk.queue 2 {
    amk.wait %cleared >= 1
    amk.wait %first >= 0
    // expected-error @below {{[AMK-N1] task layers.0.down_b[0] of worker 2: adds to x [0, 32) without waiting for 'layers.0.down_a[0]' (worker 1), which adds to x [0, 32)}}
    amk.task.opaque #amk.phase<1, "layers.0.down_b", 0 of 1> (%x)
        accesses [reduce %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: the second waits for the first.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @reductions workers = 3 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %cleared = amk.counter "cleared"
  %first = amk.counter "first"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.clear", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %cleared += 1
  }
  amk.queue 1 {
    amk.wait %cleared >= 1
    amk.task.opaque #amk.phase<1, "layers.0.down_a", 0 of 1> (%x)
        accesses [reduce %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %first += 1
    amk.signal %done += 1
  }
  amk.queue 2 {
    amk.wait %cleared >= 1
    amk.wait %first >= 1
    amk.task.opaque #amk.phase<1, "layers.0.down_b", 0 of 1> (%x)
        accesses [reduce %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

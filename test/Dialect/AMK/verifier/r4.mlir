// AMK-R4: a tag orders its own words, not the ordinary data before them.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// The reader of x has seen the words of w, which were stored after x. The stores
// to x may still be on their way.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @plain_over_tag workers = 2 config = #config tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer activation "w" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %plain = amk.counter "plain"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-note @below {{task layers.0.o[0] of worker 0 writes x [0, 32) here}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x, %w) counters (%words)
        accesses [write %x[0 to 32], write_tagged %w[0 to 32] of %words]
        : (memref<1x8xf32>, memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
    amk.signal %plain += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    // expected-error @below {{[AMK-R4] task layers.0.norm[0] of worker 1: reads x [0, 32) after waiting only for tagged words of 'layers.0.o[0]' (worker 0), which writes x [0, 32)}}
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x, %w)
        accesses [read %x[0 to 32], read %w[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: it waits for a release as well.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @plain_over_tag workers = 2 config = #config tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer activation "w" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %plain = amk.counter "plain"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x, %w) counters (%words)
        accesses [write %x[0 to 32], write_tagged %w[0 to 32] of %words]
        : (memref<1x8xf32>, memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
    amk.signal %plain += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    amk.wait %plain >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x, %w)
        accesses [read %x[0 to 32], read %w[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

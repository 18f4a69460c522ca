// AMK-S4: numbers fit the fields of tables.bin.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// A threshold of 2^31.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ranges workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.counter "c"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %c += 4294967295
  }
  amk.queue 1 {
    amk.wait %c >= 2147483648
    // expected-error @below {{[AMK-S4] task layers.0.o[0] of worker 1: a wait has threshold 2147483648, expected a 32-bit integer}}
    amk.task.opaque #amk.phase<1, "layers.0.o", 0 of 1> (%x) accesses [] : (memref<1x8xf32>) -> ()
  }
}

// -----

// A signal of 2^32.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ranges workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.counter "c"
  amk.queue 0 {
    // expected-error @below {{[AMK-S4] task layers.0.norm[0] of worker 0: a signal adds 4294967296, expected at most 4294967295}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %c += 4294967296
  }
  amk.queue 1 {
    amk.wait %c >= 2147483647
    amk.task.opaque #amk.phase<1, "layers.0.o", 0 of 1> (%x) accesses [] : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: 2^31 - 1 and 2^32 - 1.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ranges workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.counter "c"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %c += 4294967295
  }
  amk.queue 1 {
    amk.wait %c >= 2147483647
    amk.task.opaque #amk.phase<1, "layers.0.o", 0 of 1> (%x) accesses [] : (memref<1x8xf32>) -> ()
  }
}

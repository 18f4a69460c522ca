// Violations that have nothing to do with each other are all reported, those of a
// kind and those of several.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Races on x and y, in this step and with the next, and an output that nobody
// writes.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{[AMK-C2] nothing writes logits [0, 32) in a step}}
amk.schedule @several workers = 3 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  %a = amk.counter "a"
  %b = amk.counter "b"
  amk.queue 0 {
    // expected-note @below {{task layers.0.q[0] of worker 0 writes x [0, 32) here}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
    // expected-error @below {{[AMK-R2] task layers.0.k[0] of worker 0: writes y [0, 32) without waiting for 'layers.0.v[0]' (worker 2), which reads y [0, 32)}}
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    // expected-error @below {{[AMK-R1] task layers.0.o[0] of worker 1: reads x [0, 32) without waiting for 'layers.0.q[0]' (worker 0), which writes x [0, 32)}}
    amk.task.opaque #amk.phase<2, "layers.0.o", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %b += 1
  }
  amk.queue 2 {
    // expected-note @below {{task layers.0.v[0] of worker 2 reads y [0, 32) here}}
    // expected-error @below {{[AMK-C1] task layers.0.v[0] of worker 2: reads y [0, 32), but nothing wrote y [0, 32) before in this step}}
    amk.task.opaque #amk.phase<2, "layers.0.v", 0 of 1> (%y)
        accesses [read %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Two cycles.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @cycles workers = 4 config = #config {
  %a = amk.counter "a"
  %b = amk.counter "b"
  %c = amk.counter "c"
  %d = amk.counter "d"
  amk.queue 0 {
    amk.wait %b >= 1
    // expected-error @below {{[AMK-D1] task layers.0.o[0] of worker 0: never starts: wait cycle of length 2}}
    // expected-note @below {{task layers.0.o[0] of worker 0 waits for counter 'b' to reach 1; it reaches 0, and 'layers.1.o[0]' (worker 1) would signal it}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %a += 1
  }
  amk.queue 1 {
    amk.wait %a >= 1
    // expected-note @below {{task layers.1.o[0] of worker 1 waits for counter 'a' to reach 1; it reaches 0, and 'layers.0.o[0]' (worker 0) would signal it}}
    amk.task.opaque #amk.phase<1, "layers.1.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %b += 1
  }
  amk.queue 2 {
    amk.wait %d >= 1
    // expected-error @below {{[AMK-D1] task layers.2.o[0] of worker 2: never starts: wait cycle of length 2}}
    // expected-note @below {{task layers.2.o[0] of worker 2 waits for counter 'd' to reach 1; it reaches 0, and 'layers.3.o[0]' (worker 3) would signal it}}
    amk.task.opaque #amk.phase<2, "layers.2.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c += 1
  }
  amk.queue 3 {
    amk.wait %c >= 1
    // expected-note @below {{task layers.3.o[0] of worker 3 waits for counter 'c' to reach 1; it reaches 0, and 'layers.2.o[0]' (worker 2) would signal it}}
    amk.task.opaque #amk.phase<3, "layers.3.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %d += 1
  }
}

// -----

// Two rules of form.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S2] task layers.0.q[0] of worker 0: writes x [0, 33), but x has 32 bytes}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 33]]
        : (memref<1x8xf32>) -> ()
    // expected-error @below {{[AMK-S5] task layers.0.k[0] of worker 0: reads the step before of y [0, 32), which is not carried}}
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%y)
        accesses [read_previous %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// AMK-D1: no wait that no execution satisfies, no wait cycle.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// A step adds 2, and the wait is for 3.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %a = amk.counter "a"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 2
  }
  amk.queue 1 {
    amk.wait %a >= 3
    // expected-error @below {{[AMK-D1] task layers.0.k[0] of worker 1: waits for counter 'a' to reach 3, but all signals of a step add up to 2}}
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%x) accesses [] : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %a = amk.counter "a"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 2
  }
  amk.queue 1 {
    amk.wait %a >= 2
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%x) accesses [] : (memref<1x8xf32>) -> ()
  }
}

// -----

// Two workers wait for each other: one note per edge of the cycle.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %a = amk.counter "a"
  %b = amk.counter "b"
  amk.queue 0 {
    amk.wait %b >= 1
    // expected-error @below {{[AMK-D1] task layers.0.q[0] of worker 0: never starts: wait cycle of length 2}}
    // expected-note @below {{task layers.0.q[0] of worker 0 waits for counter 'b' to reach 1; it reaches 0, and 'layers.0.k[0]' (worker 1) would signal it}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
  }
  amk.queue 1 {
    amk.wait %a >= 1
    // expected-note @below {{task layers.0.k[0] of worker 1 waits for counter 'a' to reach 1; it reaches 0, and 'layers.0.q[0]' (worker 0) would signal it}}
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %b += 1
  }
}

// -----

// Closest accepted: the second waits for the step before.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %a = amk.counter "a"
  %b = amk.counter "b"
  amk.queue 0 {
    amk.wait %b >= 1
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
  }
  amk.queue 1 {
    amk.wait %a >= 0
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> (%y)
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %b += 1
  }
}

// -----

// A queue that waits for what it signals later.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 1 config = #config {
  %c = amk.counter "c"
  amk.queue 0 {
    amk.wait %c >= 1
    // expected-error @below {{[AMK-D1] task layers.0.q[0] of worker 0: never starts: wait cycle of length 1}}
    // expected-note @below {{task layers.0.q[0] of worker 0 waits for counter 'c' to reach 1; it reaches 0, and 'layers.0.k[0]' (worker 0) would signal it}}
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> () accesses [] : () -> ()
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> () accesses [] : () -> ()
    amk.signal %c += 1
  }
}

// -----

// Closest accepted: earlier.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 1 config = #config {
  %c = amk.counter "c"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.q", 0 of 1> () accesses [] : () -> ()
    amk.signal %c += 1
    amk.wait %c >= 1
    amk.task.opaque #amk.phase<1, "layers.0.k", 0 of 1> () accesses [] : () -> ()
  }
}

// -----

// A cycle of ten: eight notes and the number of the others.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-note @below {{and 2 more}}
amk.schedule @deadlock workers = 10 config = #config {
  %c0 = amk.counter "c0"
  %c1 = amk.counter "c1"
  %c2 = amk.counter "c2"
  %c3 = amk.counter "c3"
  %c4 = amk.counter "c4"
  %c5 = amk.counter "c5"
  %c6 = amk.counter "c6"
  %c7 = amk.counter "c7"
  %c8 = amk.counter "c8"
  %c9 = amk.counter "c9"
  amk.queue 0 {
    amk.wait %c1 >= 1
    // expected-error @below {{[AMK-D1] task layers.0.o[0] of worker 0: never starts: wait cycle of length 10}}
    // expected-note @below {{task layers.0.o[0] of worker 0 waits for counter 'c1' to reach 1; it reaches 0, and 'layers.1.o[0]' (worker 1) would signal it}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c0 += 1
  }
  amk.queue 1 {
    amk.wait %c2 >= 1
    // expected-note @below {{task layers.1.o[0] of worker 1 waits for counter 'c2' to reach 1; it reaches 0, and 'layers.2.o[0]' (worker 2) would signal it}}
    amk.task.opaque #amk.phase<1, "layers.1.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c1 += 1
  }
  amk.queue 2 {
    amk.wait %c3 >= 1
    // expected-note @below {{task layers.2.o[0] of worker 2 waits for counter 'c3' to reach 1; it reaches 0, and 'layers.3.o[0]' (worker 3) would signal it}}
    amk.task.opaque #amk.phase<2, "layers.2.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c2 += 1
  }
  amk.queue 3 {
    amk.wait %c4 >= 1
    // expected-note @below {{task layers.3.o[0] of worker 3 waits for counter 'c4' to reach 1; it reaches 0, and 'layers.4.o[0]' (worker 4) would signal it}}
    amk.task.opaque #amk.phase<3, "layers.3.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c3 += 1
  }
  amk.queue 4 {
    amk.wait %c5 >= 1
    // expected-note @below {{task layers.4.o[0] of worker 4 waits for counter 'c5' to reach 1; it reaches 0, and 'layers.5.o[0]' (worker 5) would signal it}}
    amk.task.opaque #amk.phase<4, "layers.4.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c4 += 1
  }
  amk.queue 5 {
    amk.wait %c6 >= 1
    // expected-note @below {{task layers.5.o[0] of worker 5 waits for counter 'c6' to reach 1; it reaches 0, and 'layers.6.o[0]' (worker 6) would signal it}}
    amk.task.opaque #amk.phase<5, "layers.5.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c5 += 1
  }
  amk.queue 6 {
    amk.wait %c7 >= 1
    // expected-note @below {{task layers.6.o[0] of worker 6 waits for counter 'c7' to reach 1; it reaches 0, and 'layers.7.o[0]' (worker 7) would signal it}}
    amk.task.opaque #amk.phase<6, "layers.6.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c6 += 1
  }
  amk.queue 7 {
    amk.wait %c8 >= 1
    // expected-note @below {{task layers.7.o[0] of worker 7 waits for counter 'c8' to reach 1; it reaches 0, and 'layers.8.o[0]' (worker 8) would signal it}}
    amk.task.opaque #amk.phase<7, "layers.7.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c7 += 1
  }
  amk.queue 8 {
    amk.wait %c9 >= 1
    amk.task.opaque #amk.phase<8, "layers.8.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c8 += 1
  }
  amk.queue 9 {
    amk.wait %c0 >= 1
    amk.task.opaque #amk.phase<9, "layers.9.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c9 += 1
  }
}

// -----

// Closest accepted: one of them waits for the step before.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @deadlock workers = 10 config = #config {
  %c0 = amk.counter "c0"
  %c1 = amk.counter "c1"
  %c2 = amk.counter "c2"
  %c3 = amk.counter "c3"
  %c4 = amk.counter "c4"
  %c5 = amk.counter "c5"
  %c6 = amk.counter "c6"
  %c7 = amk.counter "c7"
  %c8 = amk.counter "c8"
  %c9 = amk.counter "c9"
  amk.queue 0 {
    amk.wait %c1 >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c0 += 1
  }
  amk.queue 1 {
    amk.wait %c2 >= 1
    amk.task.opaque #amk.phase<1, "layers.1.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c1 += 1
  }
  amk.queue 2 {
    amk.wait %c3 >= 1
    amk.task.opaque #amk.phase<2, "layers.2.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c2 += 1
  }
  amk.queue 3 {
    amk.wait %c4 >= 1
    amk.task.opaque #amk.phase<3, "layers.3.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c3 += 1
  }
  amk.queue 4 {
    amk.wait %c5 >= 1
    amk.task.opaque #amk.phase<4, "layers.4.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c4 += 1
  }
  amk.queue 5 {
    amk.wait %c6 >= 1
    amk.task.opaque #amk.phase<5, "layers.5.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c5 += 1
  }
  amk.queue 6 {
    amk.wait %c7 >= 1
    amk.task.opaque #amk.phase<6, "layers.6.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c6 += 1
  }
  amk.queue 7 {
    amk.wait %c8 >= 1
    amk.task.opaque #amk.phase<7, "layers.7.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c7 += 1
  }
  amk.queue 8 {
    amk.wait %c9 >= 1
    amk.task.opaque #amk.phase<8, "layers.8.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c8 += 1
  }
  amk.queue 9 {
    amk.wait %c0 >= 1
    amk.task.opaque #amk.phase<9, "layers.9.o", 0 of 1> () accesses [] : () -> ()
    amk.signal %c9 += 1
  }
}

// AMK-S5: protocols, rings, shared memory and access modes are used as they are
// meant.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// A signal on a tag counter by a task that stores none of its words.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-error @below {{[AMK-S5] task layers.0.o[0] of worker 0: signals counter 'words' but writes no words of it}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: it stores tagged words.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// A wait for more than the words of the step: a tag has no number.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 0
    // expected-error @below {{[AMK-S5] task layers.0.norm[0] of worker 1: waits for tag counter 'words' to reach 0, expected all 1}}
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Two queues that signal one parity counter.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %full = amk.counter "full" parity 2
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
    amk.signal %full += 1
  }
  amk.queue 1 {
    // expected-error @below {{[AMK-S5] task layers.1.load[0] of worker 1: signals counter 'full', as does worker 0: a parity counter has one signalling agent}}
    amk.task.opaque #amk.phase<0, "layers.1.load", 0 of 1> (%x)
        accesses [write %x[16 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %full += 1
  }
}

// -----

// Closest accepted: one.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %full = amk.counter "full" parity 2
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%x)
        accesses [write %x[0 to 16]]
        : (memref<1x8xf32>) -> ()
    amk.signal %full += 1
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.1.load", 0 of 1> (%x)
        accesses [write %x[16 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// The parity signal after a release signal: who saw the latter cannot rely on the
// former.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %full = amk.counter "full" parity 2
  %done = amk.counter "done"
  amk.queue 0 {
    // expected-error @below {{[AMK-S5] task layers.0.load[0] of worker 0: signals counter 'full' after release counter 'done'}}
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
    amk.signal %full += 1
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %full = amk.counter "full" parity 2
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %full += 1
    amk.signal %done += 1
  }
}

// -----

// The value of the step before, of a buffer that keeps none.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S5] task layers.0.norm[0] of worker 0: reads the step before of x [0, 4), which is not carried}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [read_previous %x[0 to 4]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: a buffer that does.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 1 config = #config {
  %x = amk.buffer token "x" : memref<1xi32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [read_previous %x[0 to 4]]
        : (memref<1xi32>) -> ()
  }
}

// -----

// Worker 0 touches the shared memory of worker 1.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config {
  %x = amk.buffer shared "x" worker 1 : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{[AMK-S5] task layers.0.norm[0] of worker 0: writes x [0, 32) in the shared memory of worker 1}}
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
  }
}

// -----

// Closest accepted: its own.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config {
  %x = amk.buffer shared "x" worker 0 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
  }
}

// -----

// Ordinary data that shares bytes with tagged words, even though at another time:
// its bits could look like a tag.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config arena_bytes = 64
    tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 16 : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-error @below {{[AMK-S5] task layers.0.o[0] of worker 0: writes words to x [0, 32), which 'layers.0.norm[0]' (worker 1) writes without tags}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    // expected-note @below {{task layers.0.norm[0] of worker 1 writes y [0, 32) here}}
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [read %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: beside them.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @form workers = 2 config = #config arena_bytes = 64
    tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 32 : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [read %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

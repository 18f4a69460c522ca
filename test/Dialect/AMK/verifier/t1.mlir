// AMK-T1: no word that is there already carries the tag that is waited for.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// The words of every step carry the same tag.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tags workers = 2 config = #config tags = <stride = 0, bits = 32> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-note @below {{task layers.0.o[0] of worker 0 writes the stale words}}
    // expected-note @below {{task layers.0.o[0] of worker 0 writes those waited for}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    // expected-error @below {{[AMK-T1] task layers.0.norm[0] of worker 1: waits for the words of 'words', and can find those of 'words' of the step before with the same tag}}
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// So do those of stride 2 in one bit.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tags workers = 2 config = #config tags = <stride = 2, bits = 1> {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-note @below {{task layers.0.o[0] of worker 0 writes the stale words}}
    // expected-note @below {{task layers.0.o[0] of worker 0 writes those waited for}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%words)
        accesses [write_tagged %x[0 to 32] of %words]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    // expected-error @below {{[AMK-T1] task layers.0.norm[0] of worker 1: waits for the words of 'words', and can find those of 'words' of the step before with the same tag}}
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: the tags of two steps differ, if only by one bit.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tags workers = 2 config = #config tags = <stride = 1, bits = 1> {
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

// Two counters in the same bytes: y may be taken for read while it is still x.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tags workers = 2 config = #config arena_bytes = 32
    tags = <stride = 2, bits = 32> {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 0 : memref<1x8xf32>
  %a = amk.counter "a" tag base 0
  %b = amk.counter "b" tag base 0
  %use = amk.counter "use"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    // expected-note @below {{task layers.0.o[0] of worker 0 writes the stale words}}
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%a)
        accesses [write_tagged %x[0 to 32] of %a]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %a += 1
    amk.wait %use >= 1
    // expected-note @below {{task layers.1.o[0] of worker 0 writes those waited for}}
    amk.task.opaque #amk.phase<2, "layers.1.o", 0 of 1> (%y) counters (%b)
        accesses [write_tagged %y[0 to 32] of %b]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %b += 1
  }
  amk.queue 1 {
    amk.wait %a >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %use += 1
    amk.wait %b >= 1
    // expected-error @below {{[AMK-T1] task layers.1.norm[0] of worker 1: waits for the words of 'b', and can find those of 'a' with the same tag}}
    amk.task.opaque #amk.phase<3, "layers.1.norm", 0 of 1> (%y)
        accesses [read %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// -----

// Closest accepted: with tags of their own.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tags workers = 2 config = #config arena_bytes = 32
    tags = <stride = 2, bits = 32> {
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 0 : memref<1x8xf32>
  %a = amk.counter "a" tag base 0
  %b = amk.counter "b" tag base 1
  %use = amk.counter "use"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "layers.0.o", 0 of 1> (%x) counters (%a)
        accesses [write_tagged %x[0 to 32] of %a]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %a += 1
    amk.wait %use >= 1
    amk.task.opaque #amk.phase<2, "layers.1.o", 0 of 1> (%y) counters (%b)
        accesses [write_tagged %y[0 to 32] of %b]
        : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %b += 1
  }
  amk.queue 1 {
    amk.wait %a >= 1
    amk.task.opaque #amk.phase<1, "layers.0.norm", 0 of 1> (%x)
        accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %use += 1
    amk.wait %b >= 1
    amk.task.opaque #amk.phase<3, "layers.1.norm", 0 of 1> (%y)
        accesses [read %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
}

// RUN: amk-opt %s -split-input-file -verify-diagnostics -pass-pipeline="builtin.module(amk.schedule(amk-insert-hand-off))"
// RUN: not amk-opt %s -split-input-file -pass-pipeline="builtin.module(amk.schedule(amk-insert-hand-off{stage-bytes=12000}))" 2>&1 | FileCheck %s --check-prefix=STAGE

// STAGE: expects amk.stage_bytes to be an i64, a power of two from 512 to 16384, found 12000

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{is synchronised already; expected an `unsynchronized` one}}
amk.schedule @done workers = 1 config = #config {
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @loader workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
  // expected-error@+1 {{is a loader; expected a schedule without loaders}}
  amk.queue 0 loader {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @counter workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{is in a schedule that is about to be synchronised; expected one without counters}}
  %c = amk.counter "c"
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @release workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{cannot be handed off: expected a hand_off, which amk-choose-hand-off sets}}
  %x = amk.buffer activation "x" : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @phases workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  amk.queue 0 {
    // expected-note@+1 {{see a task of the other here}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
    // expected-error@+1 {{writes an activation that another phase writes as well; expected one phase, whose counter it has}}
    amk.task.opaque #amk.phase<1, "b", 0 of 1> (%x) accesses [write %x[32 to 64]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @unwritten workers = 1 config = #config unsynchronized {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+1 {{reads an activation that no task writes}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [read %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @cache workers = 1 config = #config unsynchronized {
  %kv = amk.buffer kv_cache "kv" : memref<2x2x16x16xf32>
  amk.queue 0 {
    // expected-error@+1 {{uses a cache; expected amk.task.attention with `ring` to be the only task that does}}
    amk.task.opaque #amk.phase<0, "append", 0 of 1> (%kv) accesses [write %kv[0 to 64]]
        : (memref<2x2x16x16xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @wide workers = 1 config = #config unsynchronized {
  %q = amk.buffer activation "q" hand_off tag : memref<1x3x512xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x512xbf16>
  %p = amk.buffer activation "p" hand_off tag : memref<1x1x514xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "q", 0 of 1> (%q) accesses [write %q[0 to 12288]]
        : (memref<1x3x512xf32>) -> ()
    // expected-error@+1 {{has blocks of 32768 bytes of its cache, which have no room in the stages of 16384 bytes of this target's ring}}
    amk.task.attention #amk.phase<1, "attention", 0 of 1> #amk.range<0, 1>
        splits = 1 scale = 0.25 ring (%q, %kv) to (%p)
        : (memref<1x3x512xf32>, memref<1x2x16x512xbf16>, memref<1x1x514xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Worker 1 is not heard of until it stores words of `b`. By then worker 0 could
// have stored them again.
amk.schedule @silent workers = 2 config = #config unsynchronized {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" hand_off tag : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [write %x[0 to 64]]
        : (memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "b", 0 of 2> (%x, %y)
        accesses [read %x[0 to 64], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<2, "end", 0 of 2> (%y) accesses [read %y[0 to 64]]
        : (memref<1x8xf32>) -> ()
  }
  // expected-error@+1 {{has no task before 'b', so that nobody hears when it has ended a step; expected fewer workers}}
  amk.queue 1 {
    amk.task.opaque #amk.phase<1, "b", 1 of 2> (%x, %y)
        accesses [read %x[0 to 64], write %y[32 to 64]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.opaque #amk.phase<2, "end", 1 of 2> (%y) accesses [read %y[0 to 64]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// The verifier has the last word: worker 1 stores words before `b`, but nobody
// reads them.
amk.schedule @unsafe workers = 2 config = #config unsynchronized {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %y = amk.buffer activation "y" hand_off tag : memref<1x8xf32>
  %z = amk.buffer activation "z" hand_off tag : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [write %x[0 to 64]]
        : (memref<1x8xf32>) -> ()
    // expected-error@+1 {{[AMK-R2] task b[0] of worker 0}}
    amk.task.opaque #amk.phase<2, "b", 0 of 1> (%x, %y)
        accesses [read %x[0 to 64], write %y[0 to 64]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<1, "unread", 0 of 1> (%z) accesses [write %z[0 to 64]]
        : (memref<1x8xf32>) -> ()
    // expected-note@+1 {{reads y [0, 64) here}}
    amk.task.opaque #amk.phase<3, "end", 0 of 1> (%y) accesses [read %y[0 to 64]]
        : (memref<1x8xf32>) -> ()
  }
}

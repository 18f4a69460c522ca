// AMK-P1: who waits by parity never falls two phases behind.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// One barrier: the load of layer 1 completes the next phase while the use of layer 0
// may still wait for the first, and the parity is then what it was before.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 64 : memref<64xi8>
  %full = amk.counter "full" parity 1
  %empty = amk.counter "empty"
  amk.queue 0 {
    amk.wait %full >= 1
    // expected-error @below {{[AMK-P1] task layers.0.use[0] of worker 0: waits for 'full' to reach 1, and can fall two phases behind its barrier}}
    amk.task.opaque #amk.phase<0, "layers.0.use", 0 of 1> (%stream)
        accesses [read %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
    amk.wait %full >= 2
    // expected-error @below {{[AMK-P1] task layers.1.use[0] of worker 0: waits for 'full' to reach 2, and can fall two phases behind its barrier}}
    amk.task.opaque #amk.phase<1, "layers.1.use", 0 of 1> (%stream)
        accesses [read %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
  }
  amk.queue 0 loader {
    amk.wait %empty >= -1
    // expected-note @below {{task layers.0.load[0] of worker 0 loader completes the phase after without waiting for it}}
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%stream)
        accesses [write %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
    amk.wait %empty >= 0
    // expected-note @below {{task layers.1.load[0] of worker 0 loader completes the phase after without waiting for it}}
    amk.task.opaque #amk.phase<1, "layers.1.load", 0 of 1> (%stream)
        accesses [write %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
}

// -----

// Closest accepted: two barriers.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 64 : memref<64xi8>
  %full = amk.counter "full" parity 2
  %empty = amk.counter "empty"
  amk.queue 0 {
    amk.wait %full >= 1
    amk.task.opaque #amk.phase<0, "layers.0.use", 0 of 1> (%stream)
        accesses [read %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
    amk.wait %full >= 2
    amk.task.opaque #amk.phase<1, "layers.1.use", 0 of 1> (%stream)
        accesses [read %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
  }
  amk.queue 0 loader {
    amk.wait %empty >= -1
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%stream)
        accesses [write %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
    amk.wait %empty >= 0
    amk.task.opaque #amk.phase<1, "layers.1.load", 0 of 1> (%stream)
        accesses [write %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
}

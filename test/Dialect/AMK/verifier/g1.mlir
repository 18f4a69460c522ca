// AMK-G1: ring bytes are used for the last time before the tape that comes around
// replaces them.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Two slots of 32 bytes would do: a load waits for the use two loads back. In one
// slot, the load of layer 1 replaces what layer 0 still reads.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 32 : memref<64xi8>
  %full = amk.counter "full"
  %empty = amk.counter "empty"
  amk.queue 0 {
    amk.wait %full >= 1
    // expected-note @below {{task layers.0.use[0] of worker 0 reads stream [0, 32) here}}
    amk.task.opaque #amk.phase<0, "layers.0.use", 0 of 1> (%stream)
        accesses [read %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
    amk.wait %full >= 2
    // expected-note @below {{task layers.1.use[0] of worker 0 reads stream [32, 64) here}}
    amk.task.opaque #amk.phase<1, "layers.1.use", 0 of 1> (%stream)
        accesses [read %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
  }
  amk.queue 0 loader {
    amk.wait %empty >= -1
    // expected-error @below {{[AMK-G1] task layers.0.load[0] of worker 0 loader: writes stream [0, 32) in ring stream of 32 bytes without waiting for 'layers.1.use[0]' (worker 0), which reads stream [32, 64) in the same memory in the step before}}
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%stream)
        accesses [write %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
    amk.wait %empty >= 0
    // expected-error @below {{[AMK-G1] task layers.1.load[0] of worker 0 loader: writes stream [32, 64) in ring stream of 32 bytes without waiting for 'layers.0.use[0]' (worker 0), which reads stream [0, 32) in the same memory}}
    amk.task.opaque #amk.phase<1, "layers.1.load", 0 of 1> (%stream)
        accesses [write %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
}

// -----

// Closest accepted: two slots.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 64 : memref<64xi8>
  %full = amk.counter "full"
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

// -----

// Also accepted: one slot, and each load waits for the use before it.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 32 : memref<64xi8>
  %full = amk.counter "full"
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
    amk.wait %empty >= 0
    amk.task.opaque #amk.phase<0, "layers.0.load", 0 of 1> (%stream)
        accesses [write %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
    amk.wait %empty >= 1
    amk.task.opaque #amk.phase<1, "layers.1.load", 0 of 1> (%stream)
        accesses [write %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
}

// -----

// Two slots, but one is released before its use.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @ring workers = 1 config = #config {
  %stream = amk.buffer ring "stream" worker 0 capacity 64 : memref<64xi8>
  %full = amk.counter "full"
  %empty = amk.counter "empty"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.begin", 0 of 1> () accesses [] : () -> ()
    amk.signal %empty += 1
    amk.wait %full >= 1
    // expected-note @below {{task layers.0.use[0] of worker 0 reads stream [0, 32) here}}
    amk.task.opaque #amk.phase<0, "layers.0.use", 0 of 1> (%stream)
        accesses [read %stream[0 to 32]]
        : (memref<64xi8>) -> ()
    amk.wait %full >= 2
    amk.task.opaque #amk.phase<1, "layers.1.use", 0 of 1> (%stream)
        accesses [read %stream[32 to 64]]
        : (memref<64xi8>) -> ()
    amk.signal %empty += 1
  }
  amk.queue 0 loader {
    amk.wait %empty >= -1
    // expected-error @below {{[AMK-G1] task layers.0.load[0] of worker 0 loader: writes stream [0, 32) in ring stream of 64 bytes without waiting for 'layers.0.use[0]' (worker 0), which reads stream [0, 32) in the same memory in the step before}}
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

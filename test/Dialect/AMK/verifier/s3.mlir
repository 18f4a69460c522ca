// AMK-S3: not more workers, and not more shared memory, than the target has.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Two workers where one can be resident: the other never runs.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{[AMK-S3] the program has 2 workers, but at most 1 can be resident at once}}
amk.schedule @resources workers = 2 config = #config
    limits = <workers = 1, shared_bytes = 128> {
  %x = amk.buffer shared "x" worker 1 offset 0 : memref<1x8xf32>
  %y = amk.buffer shared "y" worker 1 offset 64 : memref<1x8xf32>
  %ring = amk.buffer ring "ring" worker 1 capacity 32 : memref<64xi8>
  amk.queue 0 {
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [write %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: both can.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @resources workers = 2 config = #config
    limits = <workers = 2, shared_bytes = 128> {
  %x = amk.buffer shared "x" worker 1 offset 0 : memref<1x8xf32>
  %y = amk.buffer shared "y" worker 1 offset 64 : memref<1x8xf32>
  %ring = amk.buffer ring "ring" worker 1 capacity 32 : memref<64xi8>
  amk.queue 0 {
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [write %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// Worker 1 has shared buffers up to byte 96 and a ring of 32 bytes beside them:
// 128 bytes.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{[AMK-S3] the spaces in the shared memory of worker 1 take 128 bytes, expected at most 127}}
amk.schedule @resources workers = 2 config = #config
    limits = <workers = 2, shared_bytes = 127> {
  %x = amk.buffer shared "x" worker 1 offset 0 : memref<1x8xf32>
  %y = amk.buffer shared "y" worker 1 offset 64 : memref<1x8xf32>
  %ring = amk.buffer ring "ring" worker 1 capacity 32 : memref<64xi8>
  amk.queue 0 {
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [write %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted. 0 stands for limits that are not known.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @resources workers = 2 config = #config
    limits = <workers = 0, shared_bytes = 128> {
  %x = amk.buffer shared "x" worker 1 offset 0 : memref<1x8xf32>
  %y = amk.buffer shared "y" worker 1 offset 64 : memref<1x8xf32>
  %ring = amk.buffer ring "ring" worker 1 capacity 32 : memref<64xi8>
  amk.queue 0 {
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x, %y)
        accesses [write %x[0 to 32], write %y[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

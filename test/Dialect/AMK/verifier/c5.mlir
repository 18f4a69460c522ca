// AMK-C5: a read finds the version that it means.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Attention reads the cache before the keys and values of its own step are there.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @version workers = 1 config = #config {
  %k = amk.buffer activation "k" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<1x8xf32>
  %o = amk.buffer activation "o" : memref<1x8xf32>
  %cache = amk.buffer kv_cache "cache" : memref<2x2x4x4xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.qkv", 0 of 1> (%k, %q)
        accesses [write %k[0 to 32], write %q[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    // expected-error @below {{[AMK-C5] task layers.0.attention[0] of worker 0: reads cache [0, 256) before 'layers.0.append[0]' (worker 0) of the same step writes cache [0, 256)}}
    amk.task.attention #amk.phase<1, "layers.0.attention", 0 of 1> #amk.range<0, 2>
        splits = 1 scale = 1.0 (%q, %cache) to (%o) : (memref<1x8xf32>, memref<2x2x4x4xf32>, memref<1x8xf32>) -> ()
    // expected-note @below {{task layers.0.append[0] of worker 0 writes cache [0, 256) here}}
    amk.task.kv_append #amk.phase<2, "layers.0.append", 0 of 1> #amk.range<0, 2>
        (%k, %k) to (%cache) : (memref<1x8xf32>, memref<1x8xf32>, memref<2x2x4x4xf32>) -> ()
  }
}

// -----

// Closest accepted: the append comes first.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @version workers = 1 config = #config {
  %k = amk.buffer activation "k" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<1x8xf32>
  %o = amk.buffer activation "o" : memref<1x8xf32>
  %cache = amk.buffer kv_cache "cache" : memref<2x2x4x4xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.qkv", 0 of 1> (%k, %q)
        accesses [write %k[0 to 32], write %q[0 to 32]]
        : (memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.kv_append #amk.phase<1, "layers.0.append", 0 of 1> #amk.range<0, 2>
        (%k, %k) to (%cache) : (memref<1x8xf32>, memref<1x8xf32>, memref<2x2x4x4xf32>) -> ()
    amk.task.attention #amk.phase<2, "layers.0.attention", 0 of 1> #amk.range<0, 2>
        splits = 1 scale = 1.0 (%q, %cache) to (%o) : (memref<1x8xf32>, memref<2x2x4x4xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// The token of the step before, after it was replaced.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @version workers = 1 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  amk.queue 0 {
    // expected-note @below {{task argmax[0] of worker 0 writes token [0, 4) here}}
    amk.task.opaque #amk.phase<0, "argmax", 0 of 1> (%token)
        accesses [write %token[0 to 4]]
        : (memref<1xi32>) -> ()
    // expected-error @below {{[AMK-C5] task embed[0] of worker 0: reads token [0, 4) after 'argmax[0]' (worker 0) of the same step writes token [0, 4)}}
    amk.task.opaque #amk.phase<1, "embed", 0 of 1> (%token)
        accesses [read_previous %token[0 to 4]]
        : (memref<1xi32>) -> ()
  }
}

// -----

// Closest accepted: before that.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @version workers = 1 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "embed", 0 of 1> (%token)
        accesses [read_previous %token[0 to 4]]
        : (memref<1xi32>) -> ()
    amk.task.opaque #amk.phase<1, "argmax", 0 of 1> (%token)
        accesses [write %token[0 to 4]]
        : (memref<1xi32>) -> ()
  }
}

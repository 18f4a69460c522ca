// What amk-insert-hand-off makes for two workers, and the same without one wait.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Nothing is missing.
amk.schedule @safe workers = 2 config = #config tags = <stride = 4, bits = 32> {
  %token = amk.buffer token "token" : memref<2xi32>
  %x = amk.buffer activation "x" hand_off tag : memref<1x4xf32>
  %g = amk.buffer activation "g" hand_off tag : memref<1x4xf32>
  %best = amk.buffer activation "best" hand_off tag : memref<1x4xf32>
  %kv0 = amk.buffer kv_cache "kv.0" : memref<1x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "kv.1" : memref<1x2x16x16xbf16>
  %x_words = amk.counter "x" tag base 1 of %x[0 to 32] : memref<1x4xf32>
  %g_words = amk.counter "g" tag base 2 of %g[0 to 32] : memref<1x4xf32>
  %best_words = amk.counter "best" tag base 3 of %best[0 to 32] : memref<1x4xf32>
  %loaded0 = amk.counter "loaded.0"
  %appended0 = amk.counter "appended.0"
  %loaded1 = amk.counter "loaded.1"
  %appended1 = amk.counter "appended.1"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "embed", 0 of 2> (%token, %x)
        accesses [read_previous %token[0 to 4], write %x[0 to 16]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded0 >= 1
    amk.task.opaque #amk.phase<1, "attention", 0 of 2> (%x, %kv0, %g)
        accesses [read %x[0 to 32], write %kv0[0 to 1024], write %g[0 to 16]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended0 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 0 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[0 to 16]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 0 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[0 to 4]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 0 loader {
    amk.wait %appended0 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 0 of 2> (%kv0)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded0 += 1
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "embed", 1 of 2> (%token, %x)
        accesses [read_previous %token[4 to 8], write %x[16 to 32]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded1 >= 1
    amk.task.opaque #amk.phase<1, "attention", 1 of 2> (%x, %kv1, %g)
        accesses [read %x[0 to 32], write %kv1[0 to 1024], write %g[16 to 32]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended1 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 1 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[16 to 32]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 1 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[4 to 8]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 1 loader {
    amk.wait %appended1 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 1 of 2> (%kv1)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded1 += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// The loader brings the cache before the step before has appended its row.
amk.schedule @appended workers = 2 config = #config tags = <stride = 4, bits = 32> {
  %token = amk.buffer token "token" : memref<2xi32>
  %x = amk.buffer activation "x" hand_off tag : memref<1x4xf32>
  %g = amk.buffer activation "g" hand_off tag : memref<1x4xf32>
  %best = amk.buffer activation "best" hand_off tag : memref<1x4xf32>
  %kv0 = amk.buffer kv_cache "kv.0" : memref<1x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "kv.1" : memref<1x2x16x16xbf16>
  %x_words = amk.counter "x" tag base 1 of %x[0 to 32] : memref<1x4xf32>
  %g_words = amk.counter "g" tag base 2 of %g[0 to 32] : memref<1x4xf32>
  %best_words = amk.counter "best" tag base 3 of %best[0 to 32] : memref<1x4xf32>
  %loaded0 = amk.counter "loaded.0"
  %appended0 = amk.counter "appended.0"
  %loaded1 = amk.counter "loaded.1"
  %appended1 = amk.counter "appended.1"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "embed", 0 of 2> (%token, %x)
        accesses [read_previous %token[0 to 4], write %x[0 to 16]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded0 >= 1
    // expected-note@+1 {{writes kv.0 [0, 1024) here}}
    amk.task.opaque #amk.phase<1, "attention", 0 of 2> (%x, %kv0, %g)
        accesses [read %x[0 to 32], write %kv0[0 to 1024], write %g[0 to 16]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended0 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 0 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[0 to 16]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 0 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[0 to 4]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 0 loader {
    // expected-error@+1 {{[AMK-R1] task attention[0] of worker 0 loader: reads kv.0}}
    amk.task.load_kv #amk.phase<1, "attention", 0 of 2> (%kv0)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded0 += 1
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "embed", 1 of 2> (%token, %x)
        accesses [read_previous %token[4 to 8], write %x[16 to 32]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded1 >= 1
    amk.task.opaque #amk.phase<1, "attention", 1 of 2> (%x, %kv1, %g)
        accesses [read %x[0 to 32], write %kv1[0 to 1024], write %g[16 to 32]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended1 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 1 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[16 to 32]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 1 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[4 to 8]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 1 loader {
    amk.wait %appended1 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 1 of 2> (%kv1)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded1 += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Attention appends while the loader still reads the cache.
amk.schedule @loaded workers = 2 config = #config tags = <stride = 4, bits = 32> {
  %token = amk.buffer token "token" : memref<2xi32>
  %x = amk.buffer activation "x" hand_off tag : memref<1x4xf32>
  %g = amk.buffer activation "g" hand_off tag : memref<1x4xf32>
  %best = amk.buffer activation "best" hand_off tag : memref<1x4xf32>
  %kv0 = amk.buffer kv_cache "kv.0" : memref<1x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "kv.1" : memref<1x2x16x16xbf16>
  %x_words = amk.counter "x" tag base 1 of %x[0 to 32] : memref<1x4xf32>
  %g_words = amk.counter "g" tag base 2 of %g[0 to 32] : memref<1x4xf32>
  %best_words = amk.counter "best" tag base 3 of %best[0 to 32] : memref<1x4xf32>
  %loaded0 = amk.counter "loaded.0"
  %appended0 = amk.counter "appended.0"
  %loaded1 = amk.counter "loaded.1"
  %appended1 = amk.counter "appended.1"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "embed", 0 of 2> (%token, %x)
        accesses [read_previous %token[0 to 4], write %x[0 to 16]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded0 >= 1
    amk.task.opaque #amk.phase<1, "attention", 0 of 2> (%x, %kv0, %g)
        accesses [read %x[0 to 32], write %kv0[0 to 1024], write %g[0 to 16]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended0 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 0 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[0 to 16]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 0 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[0 to 4]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 0 loader {
    amk.wait %appended0 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 0 of 2> (%kv0)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded0 += 1
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "embed", 1 of 2> (%token, %x)
        accesses [read_previous %token[4 to 8], write %x[16 to 32]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    // expected-error@+1 {{[AMK-R2] task attention[1] of worker 1: writes kv.1}}
    amk.task.opaque #amk.phase<1, "attention", 1 of 2> (%x, %kv1, %g)
        accesses [read %x[0 to 32], write %kv1[0 to 1024], write %g[16 to 32]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended1 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 1 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[16 to 32]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 1 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[4 to 8]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 1 loader {
    amk.wait %appended1 >= 0
    // expected-note@+1 {{reads kv.1 [0, 1024) here}}
    amk.task.load_kv #amk.phase<1, "attention", 1 of 2> (%kv1)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded1 += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// A matrix task multiplies before the words of the other worker are there.
amk.schedule @g workers = 2 config = #config tags = <stride = 4, bits = 32> {
  %token = amk.buffer token "token" : memref<2xi32>
  %x = amk.buffer activation "x" hand_off tag : memref<1x4xf32>
  %g = amk.buffer activation "g" hand_off tag : memref<1x4xf32>
  %best = amk.buffer activation "best" hand_off tag : memref<1x4xf32>
  %kv0 = amk.buffer kv_cache "kv.0" : memref<1x2x16x16xbf16>
  %kv1 = amk.buffer kv_cache "kv.1" : memref<1x2x16x16xbf16>
  %x_words = amk.counter "x" tag base 1 of %x[0 to 32] : memref<1x4xf32>
  %g_words = amk.counter "g" tag base 2 of %g[0 to 32] : memref<1x4xf32>
  %best_words = amk.counter "best" tag base 3 of %best[0 to 32] : memref<1x4xf32>
  %loaded0 = amk.counter "loaded.0"
  %appended0 = amk.counter "appended.0"
  %loaded1 = amk.counter "loaded.1"
  %appended1 = amk.counter "appended.1"
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "embed", 0 of 2> (%token, %x)
        accesses [read_previous %token[0 to 4], write %x[0 to 16]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded0 >= 1
    amk.task.opaque #amk.phase<1, "attention", 0 of 2> (%x, %kv0, %g)
        accesses [read %x[0 to 32], write %kv0[0 to 1024], write %g[0 to 16]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended0 += 1
    // expected-error@+1 {{[AMK-R1] task down[0] of worker 0: reads g [0, 32)}}
    amk.task.opaque #amk.phase<2, "down", 0 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[0 to 16]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 0 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[0 to 4]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 0 loader {
    amk.wait %appended0 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 0 of 2> (%kv0)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded0 += 1
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "embed", 1 of 2> (%token, %x)
        accesses [read_previous %token[4 to 8], write %x[16 to 32]]
        : (memref<2xi32>, memref<1x4xf32>) -> ()
    amk.signal %x_words += 1
    amk.wait %x_words >= 2
    amk.wait %loaded1 >= 1
    // expected-note@+1 {{writes g [16, 32) here}}
    amk.task.opaque #amk.phase<1, "attention", 1 of 2> (%x, %kv1, %g)
        accesses [read %x[0 to 32], write %kv1[0 to 1024], write %g[16 to 32]]
        : (memref<1x4xf32>, memref<1x2x16x16xbf16>, memref<1x4xf32>) -> ()
    amk.signal %g_words += 1
    amk.signal %appended1 += 1
    amk.wait %g_words >= 2
    amk.task.opaque #amk.phase<2, "down", 1 of 2> (%g, %best)
        accesses [read %g[0 to 32], write %best[16 to 32]] : (memref<1x4xf32>, memref<1x4xf32>) -> ()
    amk.signal %best_words += 1
    amk.wait %best_words >= 2
    amk.task.opaque #amk.phase<3, "next", 1 of 2> (%best, %token)
        accesses [read %best[0 to 32], write %token[4 to 8]]
        : (memref<1x4xf32>, memref<2xi32>) -> ()
  }
  amk.queue 1 loader {
    amk.wait %appended1 >= 0
    amk.task.load_kv #amk.phase<1, "attention", 1 of 2> (%kv1)
        : (memref<1x2x16x16xbf16>) -> ()
    amk.signal %loaded1 += 1
  }
}

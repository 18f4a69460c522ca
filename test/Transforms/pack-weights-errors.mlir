// RUN: amk-opt %s -verify-diagnostics -amk-pack-weights

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Two matrices of 2^62 bytes each are one byte too many.
amk.schedule @long workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<1x1073741824xf32>
  %y = amk.buffer activation "y" : memref<1x1073741824xf32>
  %w = amk.buffer weight "w" source "w" : memref<1073741824x1073741824xf32>
  amk.queue 0 {
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 1073741824> tile 4
        (%x) weight(%w) to (%y)
        : (memref<1x1073741824xf32>, memref<1073741824x1073741824xf32>, memref<1x1073741824xf32>) -> ()
    // expected-error@+1 {{makes the stream of worker 0 longer than 2^63 bytes}}
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 1073741824> tile 4
        (%x) weight(%w) to (%y)
        : (memref<1x1073741824xf32>, memref<1073741824x1073741824xf32>, memref<1x1073741824xf32>) -> ()
  }
}

// RUN: amk-opt %s -verify-diagnostics -amk-place-tasks=placement=bytes

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Columns are padded to 32: 2^59 bytes become 2^64.
amk.graph @padded config = #config {
  %x = amk.buffer activation "x" : memref<1x1xf32>
  %y = amk.buffer activation "y" : memref<1x144115188075855872xf32>
  %w = amk.buffer weight "w" source "w" : memref<144115188075855872x1xf32>
  // expected-error@+1 {{has 144115188075855872 units of weights with 1 columns of 'f32', expected less than 2^63 bytes when they are packed}}
  amk.task.linear #amk.phase<1, "p", 0 of 1> #amk.range<0, 144115188075855872> tile 4
      (%x) weight(%w) to (%y) : (memref<1x1xf32>, memref<144115188075855872x1xf32>, memref<1x144115188075855872xf32>) -> ()
}

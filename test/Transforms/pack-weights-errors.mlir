// RUN: amk-opt %s -verify-diagnostics -amk-pack-weights

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// A matrix of 2^59 bytes is allowed; sixteen of them are one byte too many.
amk.schedule @long workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<1x268435456xf32>
  %y = amk.buffer activation "y" : memref<1x536870912xf32>
  %w = amk.buffer weight "w" source "w" : memref<536870912x268435456xf32>
  amk.queue 0 {
    amk.task.linear #amk.phase<1, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<2, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<3, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<4, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<5, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<6, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<7, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<8, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<9, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<10, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<11, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<12, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<13, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<14, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    amk.task.linear #amk.phase<15, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
    // expected-error@+1 {{makes the stream of worker 0 longer than 2^63 bytes}}
    amk.task.linear #amk.phase<16, "p", 0 of 1> #amk.range<0, 536870912> tile 4
        (%x) weight(%w) to (%y) : (memref<1x268435456xf32>, memref<536870912x268435456xf32>, memref<1x536870912xf32>) -> ()
  }
}

// Columns are padded to 32.
amk.schedule @padded workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<1x1xf32>
  %y = amk.buffer activation "y" : memref<1x144115188075855872xf32>
  %w = amk.buffer weight "w" source "w" : memref<144115188075855872x1xf32>
  amk.queue 0 {
    // expected-error@+1 {{makes the stream of worker 0 longer than 2^63 bytes}}
    amk.task.linear #amk.phase<1, "p", 0 of 1> #amk.range<0, 144115188075855872> tile 4
        (%x) weight(%w) to (%y) : (memref<1x1xf32>, memref<144115188075855872x1xf32>, memref<1x144115188075855872xf32>) -> ()
  }
}

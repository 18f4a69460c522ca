// Segments follow each other in queue order, from multiples of 64 bytes;
// columns are padded to 32 elements and units to whole tiles.

// RUN: amk-opt %s -amk-pack-weights | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @packed
amk.schedule @packed workers = 2 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x40xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<40x8xbf16>
  %v = amk.buffer weight "v" source "v" : memref<8x40xf32>
  amk.queue 0 {
    // 5 rows of 8 columns: 2 tiles of 4 rows of 32 elements of 2 bytes.
    // CHECK: amk.task.linear <1, "a", 0 of 2>
    // CHECK-SAME: stream_offset 0
    amk.task.linear #amk.phase<1, "a", 0 of 2> #amk.range<0, 5> tile 4 (%x)
        weight(%w) to (%y)
        : (memref<1x8xf32>, memref<40x8xbf16>, memref<1x40xf32>) -> ()
    // CHECK: amk.task.add
    // CHECK-NOT: stream_offset
    amk.task.add #amk.phase<2, "add", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    // CHECK: amk.task.linear <3, "b", 0 of 1>
    // CHECK-SAME: stream_offset 512
    amk.task.linear #amk.phase<3, "b", 0 of 1> #amk.range<0, 8> tile 2 (%y)
        weight(%v) to (%z)
        : (memref<1x40xf32>, memref<8x40xf32>, memref<1x8xf32>) -> ()
    // 4 tiles of 2 rows of 64 elements of 4 bytes later.
    // CHECK: amk.task.linear <4, "c", 0 of 1>
    // CHECK-SAME: stream_offset 2560
    amk.task.linear #amk.phase<4, "c", 0 of 1> #amk.range<0, 8> tile 2 (%y)
        weight(%v) to (%z)
        : (memref<1x40xf32>, memref<8x40xf32>, memref<1x8xf32>) -> ()
  }
  // Every worker has its own stream.
  // CHECK: amk.queue 1
  amk.queue 1 {
    // CHECK: amk.task.linear <1, "a", 1 of 2>
    // CHECK-SAME: stream_offset 0
    amk.task.linear #amk.phase<1, "a", 1 of 2> #amk.range<5, 40> tile 4 (%x)
        weight(%w) to (%y)
        : (memref<1x8xf32>, memref<40x8xbf16>, memref<1x40xf32>) -> ()
  }
}

// With stages of a GPU's ring, weights lie in fragment blocks of 512 bytes: per
// panel and tile an even number of stages, all with the same number of blocks.

// RUN: amk-opt %s -amk-pack-weights | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @stages_of_16_kib
amk.schedule @stages_of_16_kib workers = 2 config = #config unsynchronized
    attributes {amk.stage_bytes = 16384 : i64} {
  %x = amk.buffer activation "x" : memref<1x576xf32>
  %y = amk.buffer activation "y" : memref<1x13xf32>
  %z = amk.buffer activation "z" : memref<1x8192xf32>
  %v = amk.buffer activation "v" : memref<1x40xf32>
  %n = amk.buffer vector "n" source "n" : memref<576xf32>
  %w = amk.buffer weight "w" source "w" : memref<13x576xbf16>
  %wide = amk.buffer weight "wide" source "wide" : memref<13x8192xf16>
  %f = amk.buffer weight "f" source "f" : memref<13x40xf32>
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001]
      scale = 1.0 : memref<16x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x576xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x576xbf16>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  amk.queue 0 {
    // CHECK: amk.task.linear <1, "a", 0 of 1>
    // CHECK-SAME: stream_offset 0
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 13> tile 8 (%x)
        norm(%n, epsilon = 1.0e-5) weight(%w) to (%y)
        : (memref<1x576xf32>, memref<576xf32>, memref<13x576xbf16>, memref<1x13xf32>) -> ()
    // 2 tiles of 2 stages of 9 blocks later.
    // CHECK: amk.task.linear <2, "b", 0 of 1>
    // CHECK-SAME: stream_offset 18432
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 13> tile 8 (%z)
        weight(%wide) to (%y)
        : (memref<1x8192xf32>, memref<13x8192xf16>, memref<1x13xf32>) -> ()
    // 2 panels of 2 tiles of 4 stages of 32 blocks later.
    // CHECK: amk.task.linear <3, "c", 0 of 1>
    // CHECK-SAME: stream_offset 280576
    amk.task.linear #amk.phase<3, "c", 0 of 1> #amk.range<0, 5> tile 4 (%x)
        weight(%w) to (%y)
        : (memref<1x576xf32>, memref<13x576xbf16>, memref<1x13xf32>) -> ()
    // Blocks of 4 rows and 64 columns: 2 tiles of 2 stages of 5 blocks later.
    // CHECK: amk.task.linear <4, "d", 0 of 1>
    // CHECK-SAME: stream_offset 290816
    amk.task.linear #amk.phase<4, "d", 0 of 1> #amk.range<0, 1> tile 8 (%v)
        weight(%f) to (%y)
        : (memref<1x40xf32>, memref<13x40xf32>, memref<1x13xf32>) -> ()
    // Blocks of 16 columns of f32: 2 stages of 2 blocks later.
    // CHECK: amk.task.linear <5, "e", 0 of 1>
    // CHECK-SAME: stream_offset 292864
    amk.task.linear #amk.phase<5, "e", 0 of 1> #amk.range<0, 1> tile 8 (%v)
        weight(%f) to (%y)
        : (memref<1x40xf32>, memref<13x40xf32>, memref<1x13xf32>) -> ()
    // The last heads of a group and the first of the next: 2 tiles.
    // CHECK: amk.task.qkv <6, "f", 0 of 1>
    // CHECK-SAME: stream_offset 294912
    amk.task.qkv #amk.phase<6, "f", 0 of 1> #amk.range<12, 20> tile 8 (%x)
        weights(%wq, %wk, %wk) rotary(%rotary) to (%q)
        : (memref<1x576xf32>, memref<32x576xbf16>, memref<16x576xbf16>, memref<16x576xbf16>, memref<16x2x4xf32>, memref<2x4x8xf32>) -> ()
    // CHECK: amk.task.linear <7, "g", 0 of 1>
    // CHECK-SAME: stream_offset 313344
    amk.task.linear #amk.phase<7, "g", 0 of 1> #amk.range<0, 13> tile 8 (%x)
        weight(%w) to (%y)
        : (memref<1x576xf32>, memref<13x576xbf16>, memref<1x13xf32>) -> ()
  }
  amk.queue 1 {
  }
}

// With 8 blocks a stage, the 18 blocks of a tile are 4 stages of 5.
// CHECK-LABEL: amk.schedule @stages_of_4_kib
amk.schedule @stages_of_4_kib workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 4096 : i64} {
  %x = amk.buffer activation "x" : memref<1x576xf32>
  %y = amk.buffer activation "y" : memref<1x13xf32>
  %w = amk.buffer weight "w" source "w" : memref<13x576xbf16>
  amk.queue 0 {
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) to (%y)
        : (memref<1x576xf32>, memref<13x576xbf16>, memref<1x13xf32>) -> ()
    // CHECK: amk.task.linear <2, "b", 0 of 1>
    // CHECK-SAME: stream_offset 10240
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 8> tile 8 (%x)
        weight(%w) to (%y)
        : (memref<1x576xf32>, memref<13x576xbf16>, memref<1x13xf32>) -> ()
  }
}

// Narrowly placed: neighbours touch, and activations share bytes in order.

// RUN: amk-opt %s -amk-verify-schedule | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK: amk.schedule @placed
amk.schedule @placed workers = 1 config = #config arena_bytes = 48 {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %table2 = amk.buffer table "other" source "other" offset 1 : memref<32x8xf32>
  %norm = amk.buffer vector "norm" source "norm" offset 0 : memref<8xf32>
  %norm2 = amk.buffer vector "norm2" source "norm2" offset 32 : memref<8xf32>
  %w = amk.buffer weight "w" source "w" : memref<4x8xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %a = amk.buffer activation "a" offset 32 : memref<1x4xf32>
  %b = amk.buffer activation "b" offset 32 : memref<1x4xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%a) stream_offset 512
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%b) stream_offset 0
        : (memref<1x8xf32>, memref<4x8xf32>, memref<1x4xf32>) -> ()
  }
}

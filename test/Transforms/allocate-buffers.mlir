// RUN: amk-opt %s -amk-allocate-buffers | FileCheck %s
// RUN: amk-opt %s -amk-allocate-buffers=reuse=false | FileCheck %s --check-prefix=APART
// RUN: amk-opt %s -amk-allocate-buffers=alignment=256 | FileCheck %s --check-prefix=ALIGN

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// a -> b -> c on one worker. When c is written nobody reads a any more, so they
// share bytes; b is read then. e is written beside all of them by the other
// worker, before anything orders it, so it shares with none.

// CHECK-LABEL: amk.schedule @reuse
// CHECK-SAME:    arena_bytes = 192
// CHECK:         token "token" offset 0
// CHECK:         control "control" offset 64
// CHECK:         logits "logits" offset 128
// CHECK:         table "table" source "table" offset 0
// CHECK:         table "table2" source "table2" offset 1
// CHECK:         vector "norm" source "norm" offset 0
// CHECK:         rotary "rotary" offset 64
// CHECK:         vector "norm2" source "norm2" offset 128
// CHECK:         kv_cache "kv0" offset 0
// CHECK:         kv_cache "kv1" offset 256
// CHECK:         weight "w" source "w" :
// CHECK:         activation "a" offset 0
// CHECK:         activation "b" offset 64
// CHECK:         activation "c" offset 0
// CHECK:         activation "e" offset 128

// APART-LABEL: amk.schedule @reuse
// APART-SAME:    arena_bytes = 256
// APART:         activation "a" offset 0
// APART:         activation "b" offset 64
// APART:         activation "c" offset 128
// APART:         activation "e" offset 192

// ALIGN-LABEL: amk.schedule @reuse
// ALIGN-SAME:    arena_bytes = 768
// ALIGN:         rotary "rotary" offset 256
// ALIGN:         activation "b" offset 256
amk.schedule @reuse workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %table2 = amk.buffer table "table2" source "table2" : memref<8x8xf32>
  %norm = amk.buffer vector "norm" source "norm" : memref<8xf32>
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0] scale = 1.0
      : memref<2x2x1xf32>
  %norm2 = amk.buffer vector "norm2" source "norm2" : memref<8xf32>
  %kv0 = amk.buffer kv_cache "kv0" : memref<2x1x16x2xf32>
  %kv1 = amk.buffer kv_cache "kv1" : memref<2x1x16x2xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %a = amk.buffer activation "a" : memref<1x8xf32>
  %b = amk.buffer activation "b" : memref<1x8xf32>
  %c = amk.buffer activation "c" : memref<1x8xf32>
  %e = amk.buffer activation "e" : memref<1x8xf32>
  %done = amk.counter "done"
  %other = amk.counter "e"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "a", 0 of 1> #amk.range<0, 8> (%token, %table)
        to (%a) : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<2, "b", 0 of 1> #amk.range<0, 8> (%a, %a) to (%b)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<3, "c", 0 of 1> #amk.range<0, 8> (%b, %b) to (%c)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.wait %other >= 1
    amk.task.add #amk.phase<5, "logits", 0 of 1> #amk.range<0, 8> (%c, %e)
        to (%logits)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.argmax #amk.phase<6, "argmax", 0 of 1> (%logits)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<4, "e", 0 of 1> #amk.range<0, 8> (%token, %table)
        to (%e) : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %other += 1
  }
}

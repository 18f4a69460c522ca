// The worker of a part is found without overflow, however many parts there are.

// RUN: amk-opt %s "-amk-place-tasks=workers=3 placement=rotate" | FileCheck %s

// CHECK:      amk.queue 2 {
// CHECK-NEXT:   amk.task.gate
// CHECK-NEXT:   amk.task.embed <2, "y", 9223372036854775806 of 9223372036854775807>
amk.graph @g config = #amk.config<family = "llama", vocab = 32, hidden = 16,
                                  layers = 0, context = 16, eos = [], bos = -1> {
  %control = amk.buffer control "control" : memref<1xi32>
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "table" source "embed" : memref<32x16xf32>
  %x = amk.buffer activation "x" : memref<1x16xf32>
  %y = amk.buffer activation "y" : memref<1x16xf32>
  amk.task.embed #amk.phase<0, "x", 0 of 2> #amk.range<0, 16>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x16xf32>, memref<1x16xf32>) -> ()
  amk.task.embed #amk.phase<1, "y", 9223372036854775806 of 9223372036854775807>
      #amk.range<0, 16> (%token, %table) to (%y)
      : (memref<1xi32>, memref<32x16xf32>, memref<1x16xf32>) -> ()
}

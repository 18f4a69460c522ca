// Tasks share a body if they are alike in everything that the body depends on:
// also in which of their operands are one buffer.

// RUN: amk-opt %s -convert-amk-schedule-to-kernel | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 16, layers = 1,
                      context = 16, eos = [], bos = -1>

// CHECK-LABEL: amk.schedule @sums
// CHECK:         "double"{{.*}} call <@add_0, [0, 0, 64, 0, 16]>
// CHECK:         "sum"{{.*}} call <@add_1, [0, 64, 128, 0, 16]>
// CHECK:         "again"{{.*}} call <@add_1, [64, 128, 192, 0, 16]>
// CHECK-LABEL: amk.kernel.body @add_0(%arg0: {{.*}}, %arg1: {{.*}}, %arg2: {{.*}}, %arg3: index, %arg4: index)
// CHECK:         amk.kernel.add %arg0, %arg0 to %arg2[%arg3, %arg4]
// CHECK-LABEL: amk.kernel.body @add_1(
// CHECK:         amk.kernel.add %arg0, %arg1 to %arg2[%arg3, %arg4]
amk.schedule @sums workers = 1 config = #config arena_bytes = 256 {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "table" source "embed" offset 0 : memref<32x16xf32>
  %a = amk.buffer activation "a" offset 0 : memref<1x16xf32>
  %b = amk.buffer activation "b" offset 64 : memref<1x16xf32>
  %c = amk.buffer activation "c" offset 128 : memref<1x16xf32>
  %d = amk.buffer activation "d" offset 192 : memref<1x16xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 1> #amk.range<0, 16>
        (%token, %table) to (%a)
        : (memref<1xi32>, memref<32x16xf32>, memref<1x16xf32>) -> ()
    amk.task.add #amk.phase<2, "double", 0 of 1> #amk.range<0, 16>
        (%a, %a) to (%b)
        : (memref<1x16xf32>, memref<1x16xf32>, memref<1x16xf32>) -> ()
    amk.task.add #amk.phase<3, "sum", 0 of 1> #amk.range<0, 16>
        (%a, %b) to (%c)
        : (memref<1x16xf32>, memref<1x16xf32>, memref<1x16xf32>) -> ()
    amk.task.add #amk.phase<4, "again", 0 of 1> #amk.range<0, 16>
        (%b, %c) to (%d)
        : (memref<1x16xf32>, memref<1x16xf32>, memref<1x16xf32>) -> ()
  }
}

// Two parts of a phase that together write everything, before it is read.

// RUN: amk-opt %s -amk-verify-task-graph | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK: amk.graph @complete
amk.graph @complete config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  amk.task.embed #amk.phase<0, "embed", 0 of 2> #amk.range<0, 4>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  amk.task.embed #amk.phase<0, "embed", 1 of 2> #amk.range<4, 8>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  amk.task.add #amk.phase<1, "add", 0 of 1> #amk.range<0, 8>
      (%x, %x) to (%logits)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

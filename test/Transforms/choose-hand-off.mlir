// RUN: amk-opt %s -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off))" | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Activations only, and what is chosen already stays.
// CHECK: amk.buffer token "token" : memref<2xi32>
// CHECK: amk.buffer activation "x" hand_off tag : memref<1x8xf32>
// CHECK: amk.buffer activation "best" hand_off tag : memref<5xi32>
// CHECK: amk.buffer activation "y" hand_off release : memref<1x8xf16>
// CHECK: amk.buffer logits "logits" : memref<1x8xf32>
amk.graph @step config = #config {
  %token = amk.buffer token "token" : memref<2xi32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %best = amk.buffer activation "best" : memref<5xi32>
  %y = amk.buffer activation "y" hand_off release : memref<1x8xf16>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
}

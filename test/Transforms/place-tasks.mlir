// Tasks keep the order of the graph within each queue; every queue begins with
// a gate, and the phases of the graph move up to make room for it.

// RUN: amk-opt %s -amk-place-tasks=workers=2 | FileCheck %s --check-prefixes=CHECK,BLOCK
// RUN: amk-opt %s -amk-place-tasks="workers=2 placement=rotate" | FileCheck %s --check-prefixes=CHECK,ROTATE
// RUN: amk-opt %s -amk-place-tasks=workers=4 | FileCheck %s --check-prefix=IDLE

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @step workers = 2
// CHECK-SAME:    unsynchronized
// CHECK-SAME:    derived_tensors = {inv_freq = true}
// CHECK:         %[[TOKEN:.*]] = amk.buffer token "token"
// CHECK:         %[[CONTROL:.*]] = amk.buffer control "control"
// CHECK:         %[[LOGITS:.*]] = amk.buffer logits "logits"

// BLOCK:       amk.queue 0
// BLOCK-NEXT:    amk.task.gate <0, "gate", 0 of 2>(%[[CONTROL]])
// BLOCK-NEXT:    amk.task.embed <1, "embed", 0 of 1>
// BLOCK-NEXT:    amk.task.linear <2, "head", 0 of 3>
// BLOCK-NEXT:    amk.task.linear <2, "head", 2 of 3>
// BLOCK-NEXT:    amk.task.argmax <3, "argmax", 0 of 1>
// BLOCK-NEXT:  }
// BLOCK-NEXT:  amk.queue 1
// BLOCK-NEXT:    amk.task.gate <0, "gate", 1 of 2>(%[[CONTROL]])
// BLOCK-NEXT:    amk.task.linear <2, "head", 1 of 3>
// BLOCK-NEXT:  }

// ROTATE:      amk.queue 0
// ROTATE-NEXT:   amk.task.gate
// ROTATE-NEXT:   amk.task.embed <1, "embed", 0 of 1>
// ROTATE-NEXT:   amk.task.linear <2, "head", 1 of 3>
// ROTATE-NEXT:   amk.task.argmax <3, "argmax", 0 of 1>
// ROTATE-NEXT: }
// ROTATE-NEXT: amk.queue 1
// ROTATE-NEXT:   amk.task.gate
// ROTATE-NEXT:   amk.task.linear <2, "head", 0 of 3>
// ROTATE-NEXT:   amk.task.linear <2, "head", 2 of 3>
// ROTATE-NEXT: }

// IDLE:        amk.queue 3
// IDLE-NEXT:     amk.task.gate <0, "gate", 3 of 4>
// IDLE-NEXT:   }
amk.graph @step config = #config attributes {derived_tensors = {inv_freq = true}} {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %w = amk.buffer weight "w" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %logits = amk.buffer logits "logits" : memref<1x32xf32>
  amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  amk.task.linear #amk.phase<1, "head", 0 of 3> #amk.range<0, 8> tile 4 (%x)
      weight(%w) to (%logits)
      : (memref<1x8xf32>, memref<32x8xf32>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<1, "head", 1 of 3> #amk.range<8, 20> tile 4 (%x)
      weight(%w) to (%logits)
      : (memref<1x8xf32>, memref<32x8xf32>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<1, "head", 2 of 3> #amk.range<20, 32> tile 4 (%x)
      weight(%w) to (%logits)
      : (memref<1x8xf32>, memref<32x8xf32>, memref<1x32xf32>) -> ()
  amk.task.argmax #amk.phase<2, "argmax", 0 of 1> (%logits)
      to (%token, %control)
      : (memref<1x32xf32>, memref<1xi32>, memref<1xi32>) -> ()
}

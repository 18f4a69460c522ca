// The result is verified as a safe schedule; what the checks add is that no
// wait or counter is there that the tasks do not need.

// RUN: amk-opt %s -amk-insert-sync | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Every part of "head" reads all of x: one counter joins the parts of "embed",
// also for the part on the same worker.

// CHECK-LABEL: amk.schedule @all_to_all workers = 2
// CHECK-NOT:   unsynchronized
// CHECK:       %[[DONE:.*]] = amk.counter "done"
// CHECK-NEXT:  %[[EMBED:.*]] = amk.counter "embed"
// CHECK-NEXT:  %[[HEAD:.*]] = amk.counter "head"
// CHECK-NEXT:  amk.queue 0
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.embed
// CHECK-NEXT:    amk.signal %[[EMBED]] += 1
// CHECK-NEXT:    amk.wait %[[EMBED]] >= 2
// CHECK-NEXT:    amk.task.linear
// CHECK-NEXT:    amk.signal %[[HEAD]] += 1
// CHECK-NEXT:    amk.wait %[[HEAD]] >= 2
// CHECK-NEXT:    amk.task.argmax
// CHECK-NEXT:    amk.signal %[[DONE]] += 1
// CHECK-NEXT:  }
// CHECK-NEXT:  amk.queue 1
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.embed
// CHECK-NEXT:    amk.signal %[[EMBED]] += 1
// CHECK-NEXT:    amk.wait %[[EMBED]] >= 2
// CHECK-NEXT:    amk.task.linear
// CHECK-NEXT:    amk.signal %[[HEAD]] += 1
// CHECK-NEXT:  }
amk.schedule @all_to_all workers = 2 config = #config unsynchronized {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<8x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 2> #amk.range<0, 4>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.linear #amk.phase<2, "head", 0 of 2> #amk.range<0, 4> tile 2 (%x)
        weight(%w) to (%logits)
        : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.argmax #amk.phase<3, "argmax", 0 of 1> (%logits)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<4, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.linear #amk.phase<2, "head", 1 of 2> #amk.range<4, 8> tile 2 (%x)
        weight(%w) to (%logits)
        : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
  }
}

// Parts that are read by different tasks get counters of their own. What queue
// 1 computes for nobody, and the idle queue 2, must still end within the step.

// CHECK-LABEL: amk.schedule @parts workers = 3
// CHECK-DAG:   %[[DONE:.*]] = amk.counter "done"
// CHECK-DAG:   %[[GATE:.*]] = amk.counter "gate"
// CHECK-DAG:   %[[EMBED0:.*]] = amk.counter "embed"
// CHECK-DAG:   %[[EMBED1:.*]] = amk.counter "embed#1"
// CHECK-DAG:   %[[UNUSED:.*]] = amk.counter "unused"
// CHECK:       amk.queue 0
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.embed
// CHECK-NEXT:    amk.signal %[[EMBED0]] += 1
// CHECK-NEXT:    amk.wait %[[EMBED1]] >= 1
// CHECK-NEXT:    amk.task.add
// CHECK-NEXT:    amk.wait %[[GATE]] >= 1
// CHECK-NEXT:    amk.wait %[[UNUSED]] >= 1
// CHECK-NEXT:    amk.task.argmax
// CHECK-NEXT:    amk.signal %[[DONE]] += 1
// CHECK-NEXT:  }
// CHECK-NEXT:  amk.queue 1
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.embed
// CHECK-NEXT:    amk.signal %[[EMBED1]] += 1
// CHECK-NEXT:    amk.wait %[[EMBED0]] >= 1
// CHECK-NEXT:    amk.task.add
// CHECK-NEXT:    amk.signal %[[UNUSED]] += 1
// CHECK-NEXT:  }
// CHECK-NEXT:  amk.queue 2
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.signal %[[GATE]] += 1
// CHECK-NEXT:  }
amk.schedule @parts workers = 3 config = #config unsynchronized {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %unused = amk.buffer activation "unused" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 3> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 2> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<2, "used", 0 of 1> #amk.range<0, 8> (%y, %y)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.argmax #amk.phase<4, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 1 of 3> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<0, 8>
        (%token, %table) to (%y)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<3, "unused", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%unused) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
  amk.queue 2 {
    amk.task.gate #amk.phase<0, "gate", 2 of 3> (%control)
        : (memref<1xi32>) -> ()
  }
}

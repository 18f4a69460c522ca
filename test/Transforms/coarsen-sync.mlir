// RUN: amk-opt %s -amk-coarsen-sync | FileCheck %s --check-prefixes=CHECK,MERGED
// RUN: amk-opt %s -amk-coarsen-sync=slack=0.25 | FileCheck %s --check-prefixes=CHECK,APART

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Each "sum" waits for one of two parts of "embed", and after the merge for
// both: half of the phase more than it needs.

// CHECK-LABEL: amk.schedule @crossed

// MERGED:      amk.counter "done"
// MERGED-NEXT: %[[EMBED:.*]] = amk.counter "embed"
// MERGED-NEXT: %[[SUM:.*]] = amk.counter "sum"
// MERGED-NEXT: amk.queue 0
// MERGED:        amk.task.embed
// MERGED-NEXT:   amk.signal %[[EMBED]] += 1
// MERGED-NEXT:   amk.wait %[[EMBED]] >= 2
// MERGED-NEXT:   amk.task.add
// MERGED-NEXT:   amk.wait %[[SUM]] >= 1
// MERGED:      amk.queue 1
// MERGED:        amk.task.embed
// MERGED-NEXT:   amk.signal %[[EMBED]] += 1
// MERGED-NEXT:   amk.wait %[[EMBED]] >= 2
// MERGED-NEXT:   amk.task.add
// MERGED-NEXT:   amk.signal %[[SUM]] += 1

// APART:       %[[E0:.*]] = amk.counter "embed"
// APART-NEXT:  %[[E1:.*]] = amk.counter "embed#1"
// APART:         amk.wait %[[E1]] >= 1
// APART:         amk.wait %[[E0]] >= 1
amk.schedule @crossed workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %u = amk.buffer activation "u" : memref<1x8xf32>
  %done = amk.counter "done"
  %e0 = amk.counter "embed"
  %e1 = amk.counter "embed#1"
  %s = amk.counter "sum"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 2> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e0 += 1
    amk.wait %e1 >= 1
    amk.task.add #amk.phase<2, "sum", 0 of 2> #amk.range<0, 8> (%y, %y)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.wait %s >= 1
    amk.task.argmax #amk.phase<3, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<0, 8>
        (%token, %table) to (%y)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e1 += 1
    amk.wait %e0 >= 1
    amk.task.add #amk.phase<2, "sum", 1 of 2> #amk.range<0, 8> (%x, %x)
        to (%u) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %s += 1
  }
}

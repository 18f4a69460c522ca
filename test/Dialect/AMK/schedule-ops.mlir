// Schedules: unsynchronised, and with counters, waits and signals.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK: amk.schedule @plain workers = 1 config = <{{.*}}> unsynchronized {
amk.schedule @plain workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// CHECK: amk.schedule @synchronised workers = 2 config = <{{.*}}>
// CHECK-SAME: arena_bytes = 128
// CHECK-SAME: attributes {derived_tensors = {inv_freq = "rotary"}}
amk.schedule @synchronised workers = 2 config = #config arena_bytes = 128
    attributes {derived_tensors = {inv_freq = "rotary"}} {
  %control = amk.buffer control "control" : memref<1xi32>
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 64 : memref<1x8xf32>
  // CHECK: %[[A:.*]] = amk.counter "embedded"
  %embedded = amk.counter "embedded"
  // CHECK-NEXT: %[[B:.*]] = amk.counter "read"
  %read = amk.counter "read"
  // CHECK-NEXT: amk.queue 0 {
  amk.queue 0 {
    // CHECK-NEXT: amk.wait %[[B]]{{ ?> ?= }}0
    amk.wait %read >= 0
    // CHECK-NEXT: amk.task.embed
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    // CHECK-NEXT: amk.signal %[[A]]{{ \+ ?= }}2
    amk.signal %embedded += 2
  }
  // CHECK: amk.queue 1 {
  amk.queue 1 {
    // CHECK-NEXT: amk.wait %[[A]]{{ ?> ?= }}2
    amk.wait %embedded >= 2
    // CHECK-NEXT: amk.task.add
    amk.task.add #amk.phase<1, "add", 0 of 1> #amk.range<0, 8> (%x, %x) to (%y)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    // CHECK-NEXT: amk.signal %[[B]]{{ \+ ?= }}1
    amk.signal %read += 1
  }
}

// Loaders, rings, shared memory, the three kinds of counters and tasks that say
// themselves what they touch.

// CHECK: amk.schedule @protocols workers = 2
// CHECK-SAME: tags = <stride = 1, bits = 32> limits = <workers = 2, shared_bytes = 96>
amk.schedule @protocols workers = 2 config = #config
    tags = <stride = 1, bits = 32> limits = <workers = 2, shared_bytes = 96> {
  // CHECK-NEXT: %[[RING:.*]] = amk.buffer ring "ring" worker 0 capacity 64 : memref<64xi8>
  %ring = amk.buffer ring "ring" worker 0 capacity 64 : memref<64xi8>
  // CHECK-NEXT: %[[SUM:.*]] = amk.buffer shared "sum" worker 0 offset 0 : memref<8xf32>
  %sum = amk.buffer shared "sum" worker 0 offset 0 : memref<8xf32>
  // CHECK-NEXT: %[[X:.*]] = amk.buffer activation "x" : memref<16xi64>
  %x = amk.buffer activation "x" : memref<16xi64>
  %token = amk.buffer token "token" : memref<1xi32>
  // CHECK: %[[FULL:.*]] = amk.counter "full" parity 2
  %full = amk.counter "full" parity 2
  // CHECK-NEXT: %[[WORDS:.*]] = amk.counter "words" tag base 7
  %words = amk.counter "words" tag base 7
  %used = amk.counter "used"
  %done = amk.counter "done"
  // CHECK: amk.queue 0 {
  amk.queue 0 {
    amk.wait %done >= 0
    // CHECK: amk.task.opaque <0, "clear", 0 of 1>(%[[SUM]]) accesses [write %[[SUM]][0 to 32]]
    amk.task.opaque #amk.phase<0, "clear", 0 of 1> (%sum)
        accesses [write %sum[0 to 32]] : (memref<8xf32>) -> ()
    amk.wait %full >= 1
    // CHECK: amk.task.opaque <1, "add", 0 of 1>(%[[RING]], %[[SUM]])
    // CHECK-SAME: accesses [read %[[RING]][0 to 16] rows 2 stride 32, reduce %[[SUM]][0 to 32]]
    amk.task.opaque #amk.phase<1, "add", 0 of 1> (%ring, %sum)
        accesses [read %ring[0 to 16] rows 2 stride 32, reduce %sum[0 to 32]]
        : (memref<64xi8>, memref<8xf32>) -> ()
    amk.signal %used += 1
    // CHECK: amk.task.opaque <2, "send", 0 of 1>(%[[SUM]], %[[X]]) counters(%[[WORDS]])
    // CHECK-SAME: accesses [read %[[SUM]][0 to 32], write_tagged %[[X]][0 to 128] of %[[WORDS]]]
    // CHECK-SAME: call <@send, [0, 64]>
    amk.task.opaque #amk.phase<2, "send", 0 of 1> (%sum, %x) counters (%words)
        accesses [read %sum[0 to 32], write_tagged %x[0 to 128] of %words]
        call <@send, [0, 64]> : (memref<8xf32>, memref<16xi64>, !amk.counter) -> ()
    amk.signal %words += 1
  }
  // CHECK: amk.queue 0 loader {
  amk.queue 0 loader {
    amk.wait %used >= 0
    amk.task.opaque #amk.phase<0, "load", 0 of 1> (%ring)
        accesses [write %ring[0 to 64]] : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
  amk.queue 1 {
    // CHECK: accesses [] : () -> ()
    amk.task.opaque #amk.phase<0, "nothing", 0 of 1> () accesses [] : () -> ()
    amk.wait %words >= 1
    // CHECK: accesses [read_previous %{{.*}}[0 to 4], read %[[X]][0 to 128]]
    amk.task.opaque #amk.phase<3, "receive", 0 of 1> (%token, %x)
        accesses [read_previous %token[0 to 4], read %x[0 to 128]]
        : (memref<1xi32>, memref<16xi64>) -> ()
    amk.signal %done += 1
  }
}

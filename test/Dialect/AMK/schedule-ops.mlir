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

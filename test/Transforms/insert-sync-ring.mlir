// Bytes of a ring that differ on the tape may be the same in memory, so all of
// its accesses are ordered.

// RUN: amk-opt %s -amk-insert-sync | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @ring
// CHECK:       amk.queue 0
// CHECK-NEXT:    amk.wait %done >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.opaque <1, "load_a"
// CHECK-NEXT:    amk.signal %load_a += 1
// CHECK-NEXT:    amk.wait %use_a >= 1
// CHECK-NEXT:    amk.task.opaque <3, "load_b"
// CHECK-NEXT:    amk.signal %load_b += 1
// CHECK:       amk.queue 1
// CHECK-NEXT:    amk.wait %done >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.wait %load_a >= 1
// CHECK-NEXT:    amk.task.opaque <2, "use_a"
// CHECK-NEXT:    amk.signal %use_a += 1
// CHECK-NEXT:    amk.wait %load_b >= 1
// CHECK-NEXT:    amk.task.opaque <4, "use_b"
// CHECK-NEXT:    amk.signal %done += 1
amk.schedule @ring workers = 2 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %ring = amk.buffer ring "ring" capacity 32 : memref<64xi8>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.opaque #amk.phase<1, "load_a", 0 of 1> (%ring)
        accesses [write %ring[0 to 32]] : (memref<64xi8>) -> ()
    amk.task.opaque #amk.phase<3, "load_b", 0 of 1> (%ring)
        accesses [write %ring[32 to 64]] : (memref<64xi8>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.opaque #amk.phase<2, "use_a", 0 of 1> (%ring)
        accesses [read %ring[0 to 32]] : (memref<64xi8>) -> ()
    amk.task.opaque #amk.phase<4, "use_b", 0 of 1> (%ring)
        accesses [read %ring[32 to 64]] : (memref<64xi8>) -> ()
  }
}

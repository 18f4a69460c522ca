// Shared buffers get places in the memory of their worker, rings get none, and
// value+tag words share with nothing.

// RUN: amk-opt %s -amk-allocate-buffers | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// x, y and z are in use one after the other: x and z share bytes, and y, which
// holds words, could share with them but for its tags.

// CHECK-LABEL: amk.schedule @spaces
// CHECK-SAME:    arena_bytes = 128
// CHECK-DAG:   amk.buffer shared "s0" worker 0 offset 0
// CHECK-DAG:   amk.buffer shared "s1" worker 1 offset 0
// CHECK-DAG:   amk.buffer shared "t0" worker 0 offset 64
// CHECK-DAG:   amk.buffer ring "ring" worker 0 capacity 32 : memref<32xi8>
// CHECK-DAG:   amk.buffer activation "x" offset 0
// CHECK-DAG:   amk.buffer activation "y" offset 64
// CHECK-DAG:   amk.buffer activation "z" offset 0
amk.schedule @spaces workers = 2 config = #config
    tags = <stride = 1, bits = 32> {
  %s0 = amk.buffer shared "s0" worker 0 : memref<4xf32>
  %s1 = amk.buffer shared "s1" worker 1 : memref<8xf32>
  %t0 = amk.buffer shared "t0" worker 0 : memref<8xf32>
  %ring = amk.buffer ring "ring" worker 0 capacity 32 : memref<32xi8>
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<4xi64>
  %z = amk.buffer activation "z" : memref<8xf32>
  %words = amk.counter "words" tag base 0
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x)
        accesses [write %x[0 to 32]] : (memref<8xf32>) -> ()
    amk.task.opaque #amk.phase<1, "b", 0 of 1> (%x)
        accesses [read %x[0 to 32]] : (memref<8xf32>) -> ()
    amk.task.opaque #amk.phase<2, "c", 0 of 1> (%y) counters (%words)
        accesses [write_tagged %y[0 to 32] of %words]
        : (memref<4xi64>, !amk.counter) -> ()
    amk.signal %words += 1
    amk.wait %words >= 1
    amk.task.opaque #amk.phase<3, "d", 0 of 1> (%y)
        accesses [read %y[0 to 32]] : (memref<4xi64>) -> ()
    amk.task.opaque #amk.phase<4, "e", 0 of 1> (%z)
        accesses [write %z[0 to 32]] : (memref<8xf32>) -> ()
    amk.task.opaque #amk.phase<5, "f", 0 of 1> (%z)
        accesses [read %z[0 to 32]] : (memref<8xf32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
  }
}

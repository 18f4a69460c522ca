// The release counters of a phase become one; tag and parity counters stay.

// RUN: amk-opt %s -amk-coarsen-sync | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @protocols
// CHECK:       amk.counter "words_a" tag base 0
// CHECK-NEXT:  amk.counter "words_b" tag base 0
// CHECK-NEXT:  %[[A:.*]] = amk.counter "plain_a"
// CHECK-NEXT:  amk.counter "done"
// CHECK:       amk.queue 2
// CHECK-NEXT:    amk.wait %words_a >= 1
// CHECK-NEXT:    amk.wait %words_b >= 1
// CHECK-NEXT:    amk.wait %[[A]] >= 2
// CHECK-NEXT:    amk.task.opaque
amk.schedule @protocols workers = 3 config = #config
    tags = <stride = 1, bits = 32> {
  %x = amk.buffer activation "x" : memref<4xi64>
  %y = amk.buffer activation "y" : memref<4xi64>
  %words_a = amk.counter "words_a" tag base 0
  %words_b = amk.counter "words_b" tag base 0
  %plain_a = amk.counter "plain_a"
  %plain_b = amk.counter "plain_b"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "send", 0 of 2> (%x) counters (%words_a)
        accesses [write_tagged %x[0 to 32] of %words_a]
        : (memref<4xi64>, !amk.counter) -> ()
    amk.signal %words_a += 1
    amk.signal %plain_a += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "send", 1 of 2> (%y) counters (%words_b)
        accesses [write_tagged %y[0 to 32] of %words_b]
        : (memref<4xi64>, !amk.counter) -> ()
    amk.signal %words_b += 1
    amk.signal %plain_b += 1
  }
  amk.queue 2 {
    amk.wait %words_a >= 1
    amk.wait %words_b >= 1
    amk.wait %plain_a >= 1
    amk.wait %plain_b >= 1
    amk.task.opaque #amk.phase<1, "receive", 0 of 1> (%x, %y)
        accesses [read %x[0 to 32], read %y[0 to 32]]
        : (memref<4xi64>, memref<4xi64>) -> ()
    amk.signal %done += 1
  }
}

// Waits on tag and parity counters stay. A tag implies no other wait, since it
// orders only its own words; a parity does. Counters whose words a task stores
// stay as well.

// RUN: amk-opt %s -amk-simplify-waits | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @protocols
// CHECK:       %[[WORDS:.*]] = amk.counter "words" tag base 0
// CHECK-NEXT:  amk.counter "unread" tag base 1
// CHECK-NEXT:  %[[FULL:.*]] = amk.counter "full" parity 2
// CHECK-NEXT:  %[[FIRST:.*]] = amk.counter "first"
// CHECK-NEXT:  %[[DONE:.*]] = amk.counter "done"
// CHECK-NEXT:  amk.queue 0
// CHECK:       amk.queue 1
// CHECK-NEXT:    amk.wait %[[WORDS]] >= 1
// CHECK-NEXT:    amk.task.opaque <1, "receive"
// CHECK-NEXT:    amk.wait %[[FIRST]] >= 1
// CHECK-NEXT:    amk.task.opaque <2, "read"
// CHECK-NEXT:    amk.wait %[[WORDS]] >= 1
// CHECK-NEXT:    amk.wait %[[FULL]] >= 1
// CHECK-NEXT:    amk.task.opaque <3, "again"
// CHECK-NEXT:    amk.task.opaque <4, "more"
// CHECK-NEXT:    amk.signal %[[DONE]] += 1
amk.schedule @protocols workers = 2 config = #config
    tags = <stride = 2, bits = 32> {
  %x = amk.buffer activation "x" : memref<4xi64>
  %y = amk.buffer activation "y" : memref<8xf32>
  %z = amk.buffer activation "z" : memref<4xi64>
  %words = amk.counter "words" tag base 0
  %unread = amk.counter "unread" tag base 1
  %full = amk.counter "full" parity 2
  %first = amk.counter "first"
  %second = amk.counter "second"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "send", 0 of 1> (%x, %y, %z)
        counters (%words, %unread)
        accesses [write_tagged %x[0 to 32] of %words, write %y[0 to 32],
                  write_tagged %z[0 to 32] of %unread]
        : (memref<4xi64>, memref<8xf32>, memref<4xi64>, !amk.counter,
           !amk.counter) -> ()
    amk.signal %words += 1
    amk.signal %unread += 1
    amk.signal %full += 1
    amk.signal %first += 1
    amk.signal %second += 1
  }
  amk.queue 1 {
    amk.wait %words >= 1
    amk.task.opaque #amk.phase<1, "receive", 0 of 1> (%x)
        accesses [read %x[0 to 32]] : (memref<4xi64>) -> ()
    amk.wait %first >= 1
    amk.task.opaque #amk.phase<2, "read", 0 of 1> (%y)
        accesses [read %y[0 to 32]] : (memref<8xf32>) -> ()
    amk.wait %words >= 1
    amk.wait %full >= 1
    amk.task.opaque #amk.phase<3, "again", 0 of 1> (%x)
        accesses [read %x[0 to 32]] : (memref<4xi64>) -> ()
    amk.wait %second >= 1
    amk.task.opaque #amk.phase<4, "more", 0 of 1> (%y)
        accesses [read %y[0 to 32]] : (memref<8xf32>) -> ()
    amk.signal %done += 1
  }
}

// Here it is the parity that makes the wait for "second" needless.

// CHECK-LABEL: amk.schedule @parity
// CHECK-NOT:   amk.counter "second"
// CHECK:       amk.queue 1
// CHECK-NEXT:    amk.wait %full >= 1
// CHECK-NEXT:    amk.task.opaque
// CHECK-NEXT:    amk.task.opaque
// CHECK-NEXT:    amk.signal
amk.schedule @parity workers = 2 config = #config {
  %y = amk.buffer activation "y" : memref<8xf32>
  %full = amk.counter "full" parity 2
  %second = amk.counter "second"
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.opaque #amk.phase<0, "send", 0 of 1> (%y)
        accesses [write %y[0 to 32]] : (memref<8xf32>) -> ()
    amk.signal %full += 1
    amk.signal %second += 1
  }
  amk.queue 1 {
    amk.wait %full >= 1
    amk.task.opaque #amk.phase<1, "read", 0 of 1> (%y)
        accesses [read %y[0 to 32]] : (memref<8xf32>) -> ()
    amk.wait %second >= 1
    amk.task.opaque #amk.phase<2, "more", 0 of 1> (%y)
        accesses [read %y[0 to 32]] : (memref<8xf32>) -> ()
    amk.signal %done += 1
  }
}

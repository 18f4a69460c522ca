// RUN: amk-opt %s -amk-simplify-waits | FileCheck %s

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Waits that go: "embed" at the argmax (the other queue waited for it before it
// signalled "sum"), "embed" and "done" at "more" (the queue waited already).
// Nobody waits for "unused".

// CHECK-LABEL: amk.schedule @implied
// CHECK:       %[[DONE:.*]] = amk.counter "done"
// CHECK-NEXT:  %[[E:.*]] = amk.counter "embed"
// CHECK-NEXT:  %[[S:.*]] = amk.counter "sum"
// CHECK-NEXT:  amk.queue 0
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.task.embed
// CHECK-NEXT:    amk.signal %[[E]] += 1
// CHECK-NEXT:    amk.wait %[[S]] >= 1
// CHECK-NEXT:    amk.task.argmax
// CHECK-NEXT:    amk.signal %[[DONE]] += 1
// CHECK-NEXT:  }
// CHECK-NEXT:  amk.queue 1
// CHECK-NEXT:    amk.wait %[[DONE]] >= 0
// CHECK-NEXT:    amk.task.gate
// CHECK-NEXT:    amk.wait %[[E]] >= 1
// CHECK-NEXT:    amk.task.add
// CHECK-NEXT:    amk.task.add
// CHECK-NEXT:    amk.signal %[[S]] += 1
// CHECK-NEXT:  }
amk.schedule @implied workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %done = amk.counter "done"
  %e = amk.counter "embed"
  %s = amk.counter "sum"
  %unused = amk.counter "unused"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e += 1
    amk.signal %unused += 1
    amk.wait %s >= 1
    amk.wait %e >= 1
    amk.task.argmax #amk.phase<4, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.wait %e >= 1
    amk.task.add #amk.phase<2, "sum", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%y) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.wait %e >= 1
    amk.wait %done >= 0
    amk.task.add #amk.phase<3, "more", 0 of 1> #amk.range<0, 8> (%x, %y)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %s += 1
  }
}

// Of two equal waits one stays. One for more comes later and stays as well; the
// weaker one beside it goes.

// CHECK-LABEL: amk.schedule @partial
// CHECK:       %[[E:.*]] = amk.counter "embed"
// CHECK:       amk.queue 1
// CHECK:         amk.task.gate
// CHECK-NEXT:    amk.wait %[[E]] >= 1
// CHECK-NEXT:    amk.task.add
// CHECK-NEXT:    amk.wait %[[E]] >= 2
// CHECK-NEXT:    amk.task.add
amk.schedule @partial workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %u = amk.buffer activation "u" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %done = amk.counter "done"
  %e = amk.counter "embed"
  %s = amk.counter "sum"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 2> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e += 1
    amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<0, 8>
        (%token, %table) to (%y)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e += 1
    amk.wait %s >= 1
    amk.task.argmax #amk.phase<4, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.wait %e >= 1
    amk.wait %e >= 1
    amk.task.add #amk.phase<2, "sum", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%u) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.wait %e >= 2
    amk.wait %e >= 1
    amk.task.add #amk.phase<3, "more", 0 of 1> #amk.range<0, 8> (%u, %y)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %s += 1
  }
}

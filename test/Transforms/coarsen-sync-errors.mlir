// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-coarsen-sync
// RUN: not amk-opt %s -split-input-file -amk-coarsen-sync=slack=1.5 2>&1 | FileCheck %s

// CHECK: amk-coarsen-sync: slack: found 1.5{{.*}}, expected a share from 0 to 1

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// The second part of "embed" runs behind a task that waits for the first.
amk.schedule @cycle workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %done = amk.counter "done"
  %e0 = amk.counter "embed"
  %e1 = amk.counter "embed#1"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    // expected-remark@+1 {{the counters of phase 'embed' stay apart: one counter for all of its tasks would create a wait cycle}}
    amk.task.embed #amk.phase<1, "embed", 0 of 2> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e0 += 1
    amk.wait %e1 >= 1
    amk.task.argmax #amk.phase<3, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.wait %e0 >= 1
    amk.task.add #amk.phase<2, "sum", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 1 of 2> #amk.range<0, 8>
        (%token, %table) to (%y)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e1 += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{is unsynchronized; run amk-insert-sync first}}
amk.schedule @early workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
}

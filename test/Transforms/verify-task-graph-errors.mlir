// What the gate of the task graph level refuses.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-verify-task-graph

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// A read of bytes that no earlier task of the step wrote.

amk.graph @read_before_write config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 4>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  // expected-error @below {{[AMK-C1] task add[0] of graph order}}
  amk.task.add #amk.phase<1, "add", 0 of 1> #amk.range<0, 8>
      (%x, %x) to (%y)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Two tasks that write the same bytes. Bytes 0 to 16 and 16 to 32 would do.

amk.graph @written_twice config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // expected-note @below {{task embed[0] of graph order}}
  amk.task.embed #amk.phase<0, "embed", 0 of 2> #amk.range<0, 5>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  // expected-error @below {{[AMK-C3] task embed[1] of graph order}}
  amk.task.embed #amk.phase<0, "embed", 1 of 2> #amk.range<4, 8>
      (%token, %table) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// Half of the logits.

// expected-error @below {{[AMK-C2]}}
amk.graph @incomplete config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 4>
      (%token, %table) to (%logits)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.graph @levels config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
}

// expected-error @below {{'amk.schedule' op is not allowed at the task graph level; expected amk.graph}}
amk.schedule @schedule workers = 1 config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control) : (memref<1xi32>) -> ()
    amk.signal %done += 1
  }
}

// What the verifiers of queues and schedules refuse. The rules of a safe
// schedule have their own tests; here is that they are asked at all.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    // expected-error @below {{expects a task before it in its queue}}
    amk.signal %done += 1
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-note @below {{see the wait here}}
    amk.wait %done >= 0
    // expected-error @below {{expects no wait between it and its task}}
    amk.signal %done += 1
    amk.task.gate #amk.phase<1, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-error @below {{is not allowed in a queue; expects waits, tasks and signals}}
    %c = arith.constant 1 : index
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-error @below {{expects a task after it in its queue}}
    amk.wait %done >= 0
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
  // expected-error @below {{is not allowed in a schedule; expects buffers, counters and queues}}
  %c = arith.constant 1 : index
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  // expected-error @below {{expects worker 0, found 1}}
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects one queue per worker, found 1 for 2}}
amk.schedule @s workers = 2 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects one queue per worker, found 2 for 1}}
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{expects one queue per worker, found 0 for 0}}
amk.schedule @s workers = 0 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-error @below {{failed to satisfy constraint}}
    amk.signal %done += 0
  }
}

// -----

// A wait that nothing satisfies.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 2 config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    amk.wait %done >= 1
    // expected-error @below {{[AMK-D1] task embed[0] of worker 0}}
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

// The reader does not wait for the writer.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 2 config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
  %done = amk.counter "done"
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    // expected-note @below {{task embed[0] of worker 0 writes x [0, 32) here}}
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    // expected-error @below {{[AMK-R1] task add[0] of worker 1}}
    amk.task.add #amk.phase<1, "add", 0 of 1> #amk.range<0, 8> (%x, %x) to (%y)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// expected-error @below {{expects at most 4096 workers, found 4097}}
amk.schedule @crowd workers = 4097 config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1, context = 16, eos = [2], bos = 1> {
  %c = amk.counter "c"
}

// -----

// expected-error @below {{expects arena_bytes that are not negative, found -1}}
amk.schedule @negative workers = 0 config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1, context = 16, eos = [2], bos = 1> arena_bytes = -1 {
  %c = amk.counter "c"
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
  // expected-error @below {{expects the queue of worker 1 just before its loader}}
  amk.queue 1 loader {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects the queue of worker 0 just before its loader}}
  amk.queue 0 loader {
  }
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
  amk.queue 0 loader {
  }
  // expected-error @below {{expects the queue of worker 0 just before its loader}}
  amk.queue 0 loader {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 2 config = #config unsynchronized {
  amk.queue 0 {
  }
  amk.queue 1 {
  }
  // expected-error @below {{expects the queue of worker 0 just before its loader}}
  amk.queue 0 loader {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a tag base or a number of barriers, not both}}
  %c = "amk.counter"() <{name = "c", tag_base = 0 : i64, barriers = 1 : i64}> : () -> !amk.counter
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a tag base from 0 on, found -1}}
  %c = amk.counter "c" tag base -1
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects 1 to 2^32 - 1 barriers, found 0}}
  %c = amk.counter "c" parity 0
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects 1 to 2^32 - 1 barriers, found 4294967296}}
  %c = amk.counter "c" parity 4294967296
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{lies in the memory of worker 1 of 1}}
  %x = amk.buffer shared "x" worker 1 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{lies in the memory of worker 2 of 1}}
  %x = amk.buffer ring "x" worker 2 capacity 8 : memref<8xf32>
  amk.queue 0 {
  }
}

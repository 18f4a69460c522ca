// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-insert-sync

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @no_gate workers = 1 config = #config unsynchronized {
  %a = amk.buffer activation "a" : memref<1x8xf32>
  %b = amk.buffer activation "b" : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+1 {{is the first task of its queue; expected amk.task.gate there}}
    amk.task.add #amk.phase<1, "add", 0 of 1> #amk.range<0, 8> (%a, %a) to (%b)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @counters workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{is in a schedule that is about to be synchronised}}
  %done = amk.counter "done"
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// The queue turns the order of the graph around.
amk.schedule @order workers = 1 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %a = amk.buffer activation "a" : memref<1x8xf32>
  %b = amk.buffer activation "b" : memref<1x8xf32>
  %c = amk.buffer activation "c" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
    // expected-error@+1 {{runs before first[0] on its worker but needs it first}}
    amk.task.add #amk.phase<2, "second", 0 of 1> #amk.range<0, 8> (%b, %b)
        to (%c) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    // expected-note@+1 {{see the other task here}}
    amk.task.add #amk.phase<1, "first", 0 of 1> #amk.range<0, 8> (%a, %a)
        to (%b) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// No queue contradicts a need by itself; both together do.
amk.schedule @cycle workers = 2 config = #config unsynchronized {
  %control = amk.buffer control "control" : memref<1xi32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %a = amk.buffer activation "a" : memref<1x8xf32>
  %b = amk.buffer activation "b" : memref<1x8xf32>
  %c = amk.buffer activation "c" : memref<1x8xf32>
  %e = amk.buffer activation "e" : memref<1x8xf32>
  %d = amk.buffer activation "d" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.add #amk.phase<2, "b", 0 of 1> #amk.range<0, 8> (%c, %c) to (%b)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    // expected-error@+1 {{cannot be synchronised: the orders of the queues and what tasks need of each other form a cycle}}
    amk.task.add #amk.phase<1, "a", 0 of 1> #amk.range<0, 8> (%x, %x) to (%a)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<4, "e", 0 of 1> #amk.range<0, 8> (%x, %x) to (%e)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.add #amk.phase<3, "d", 0 of 1> #amk.range<0, 8> (%a, %a) to (%d)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.task.add #amk.phase<1, "c", 0 of 1> #amk.range<0, 8> (%x, %x) to (%c)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>
amk.schedule @loader workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
  // expected-error @below {{'amk.queue' op is a loader; expected a schedule without loaders, whose tasks the order of phases orders}}
  amk.queue 0 loader {
  }
}

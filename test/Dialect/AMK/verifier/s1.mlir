// AMK-S1: every counter, space and buffer that is named exists. SSA form sees to
// counters of waits and signals and to buffers; what is left are the declared
// accesses of opaque tasks, which their own verifier checks.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// An access to a buffer that is no operand of the task.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @references workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        // expected-error @below {{custom op 'amk.task.opaque' expected one of the task's buffers}}
        accesses [write %y[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted: it is one.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @references workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "layers.0.norm", 0 of 1> (%x)
        accesses [write %x[0 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// In the generic form: one buffer, an access to the second.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @references workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  amk.queue 0 {
    // expected-error @below {{'amk.task.opaque' op expects accesses to one of its 1 buffers, found buffer 1}}
    "amk.task.opaque"(%x, %words) <{
        phase = #amk.phase<0, "layers.0.norm", 0 of 1>,
        accesses = [#amk.access<write_tagged, buffer = 1, offset = 0, rows = 1,
                                row_bytes = 32, row_stride = 0, counter = 0>],
        operandSegmentSizes = array<i32: 1, 1>
      }> : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
}

// -----

// One counter, an access with the second.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @references workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  amk.queue 0 {
    // expected-error @below {{'amk.task.opaque' op expects accesses with one of its 1 counters, found counter 1}}
    "amk.task.opaque"(%x, %words) <{
        phase = #amk.phase<0, "layers.0.norm", 0 of 1>,
        accesses = [#amk.access<write_tagged, buffer = 0, offset = 0, rows = 1,
                                row_bytes = 32, row_stride = 0, counter = 1>],
        operandSegmentSizes = array<i32: 1, 1>
      }> : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @references workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %words = amk.counter "words" tag base 0
  amk.queue 0 {
    "amk.task.opaque"(%x, %words) <{
        phase = #amk.phase<0, "layers.0.norm", 0 of 1>,
        accesses = [#amk.access<write_tagged, buffer = 0, offset = 0, rows = 1,
                                row_bytes = 32, row_stride = 0, counter = 0>],
        operandSegmentSizes = array<i32: 1, 1>
      }> : (memref<1x8xf32>, !amk.counter) -> ()
    amk.signal %words += 1
  }
}

// Opaque tasks whose accesses do not fit their operands. Whether the bytes lie in
// the buffers is rule AMK-S2.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected one of the task's buffers}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [read %y[0 to 4]] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  %c = amk.counter "c" tag base 0
  amk.queue 0 {
    // expected-error @below {{expected one of the task's counters}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [write_tagged %x[0 to 4] of %c] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected a counter for write_tagged, found -1}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [write_tagged %x[0 to 4]] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected one of read, read_previous, write, write_tagged, reduce}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [change %x[0 to 4]] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected bytes [begin to end] with 0 <= begin < end, found [4 to 4]}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [read %x[4 to 4]] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected bytes [begin to end] with 0 <= begin < end, found [-4 to 4]}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [read %x[-4 to 4]] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expected rows from 1 on and a row_stride from 0 on, found 0 and 4}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x) accesses [read %x[0 to 4] rows 0 stride 4] : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-note @below {{see the buffer here}}
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  amk.queue 0 {
    // expected-error @below {{expects accesses to buffers that kernels write, found kind weight}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%w) accesses [read %w[0 to 4]] : (memref<8x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expects accesses to one of its 1 buffers, found buffer 1}}
    "amk.task.opaque"(%x) <{phase = #amk.phase<0, "a", 0 of 1>,
        accesses = [#amk.access<read, buffer = 1, offset = 0, rows = 1, row_bytes = 4,
                                row_stride = 0, counter = -1>],
        operandSegmentSizes = array<i32: 1, 0>}> : (memref<8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" : memref<8xf32>
  %y = amk.buffer activation "y" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expects accesses with one of its 0 counters, found counter 0}}
    "amk.task.opaque"(%x) <{phase = #amk.phase<0, "a", 0 of 1>,
        accesses = [#amk.access<write_tagged, buffer = 0, offset = 0, rows = 1,
                                row_bytes = 4, row_stride = 0, counter = 0>],
        operandSegmentSizes = array<i32: 1, 0>}> : (memref<8xf32>) -> ()
  }
}

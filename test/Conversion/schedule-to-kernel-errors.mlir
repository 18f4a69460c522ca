// What has no kernel body.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -convert-amk-schedule-to-kernel

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @opaque workers = 1 config = #config {
  %x = amk.buffer activation "x" offset 0 : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{'amk.task.opaque' op has no call, and no kernel body can be made for an opaque task; expected the call that the back end which put it in gives it}}
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x)
        accesses [write %x[0 to 32]] : (memref<8xf32>) -> ()
  }
}

// -----

// With one it is left alone.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @called workers = 1 config = #config {
  %x = amk.buffer activation "x" offset 0 : memref<8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "a", 0 of 1> (%x)
        accesses [write %x[0 to 32]] call <@mine, [0]> : (memref<8xf32>) -> ()
  }
}

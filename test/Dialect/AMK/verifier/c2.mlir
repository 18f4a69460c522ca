// AMK-C2: every byte of the output is written in every step.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

// Nobody writes bytes 16 to 20.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// expected-error @below {{[AMK-C2] nothing writes logits [16, 20) in a step}}
amk.schedule @incomplete workers = 2 config = #config {
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "head", 0 of 2> (%logits)
        accesses [write %logits[0 to 16]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "head", 1 of 2> (%logits)
        accesses [write %logits[20 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// -----

// Closest accepted.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @incomplete workers = 2 config = #config {
  %logits = amk.buffer logits "logits" : memref<1x8xf32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "head", 0 of 2> (%logits)
        accesses [write %logits[0 to 16]]
        : (memref<1x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "head", 1 of 2> (%logits)
        accesses [write %logits[16 to 32]]
        : (memref<1x8xf32>) -> ()
  }
}

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @kind workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{does not take a hand_off for kind logits}}
  %y = amk.buffer logits "y" hand_off tag : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @element workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{expects f32 or i32 with `hand_off tag`, found 'i64'}}
  %y = amk.buffer activation "y" hand_off tag : memref<1x8xi64>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// 2^61 elements fit as f32, but not as words.
amk.schedule @size workers = 1 config = #config unsynchronized {
  // expected-error@+1 {{expects sizes from 1 on and less than 2^63 bits}}
  %y = amk.buffer activation "y" hand_off tag : memref<144115188075855872xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @no_tag workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  // expected-error@+1 {{expects a buffer and bytes of it together, and a tag base with them}}
  %c = amk.counter "c" of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @no_words workers = 1 config = #config unsynchronized {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off release : memref<1x8xf32>
  // expected-error@+1 {{expects bytes of a buffer with `hand_off tag`, found [0 to 64]}}
  %c = amk.counter "c" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @outside workers = 1 config = #config unsynchronized {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  // expected-error@+1 {{expects bytes of its buffer, which has 64, found [56 to 72]}}
  %c = amk.counter "c" tag base 1 of %x[56 to 72] : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @half_words workers = 1 config = #config unsynchronized {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  // expected-error@+1 {{expects whole words of 8 bytes, found [0 to 12]}}
  %c = amk.counter "c" tag base 1 of %x[0 to 12] : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @empty workers = 1 config = #config unsynchronized {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  // expected-error@+1 {{expected 0 <= begin < end, found [8, 8)}}
  %c = amk.counter "c" tag base 1 of %x[8 to 8] : memref<1x8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// The task stores one word more than the counters that it signals have.
amk.schedule @unsignalled workers = 1 config = #config tags = <stride = 2, bits = 32> {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %a = amk.counter "a" tag base 1 of %x[0 to 32] : memref<1x8xf32>
  %b = amk.counter "b" tag base 1 of %x[32 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+1 {{writes words of 'x'; expects to signal the tag counters of all of them}}
    amk.task.opaque #amk.phase<0, "x", 0 of 2> (%x)
        accesses [write %x[0 to 40]] : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
    amk.task.opaque #amk.phase<0, "x", 1 of 2> (%x)
        accesses [write %x[40 to 64]] : (memref<1x8xf32>) -> ()
    amk.signal %b += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Nobody can wait for words to which more is added.
amk.schedule @reduced workers = 1 config = #config tags = <stride = 2, bits = 32> {
  // expected-note@+1 {{see the buffer here}}
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %a = amk.counter "a" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+1 {{writes words of 'x'; expects to signal the tag counters of all of them}}
    amk.task.opaque #amk.phase<0, "x", 0 of 1> (%x)
        accesses [reduce %x[0 to 64]] : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// Words that two counters claim are stored twice.
amk.schedule @twice workers = 1 config = #config tags = <stride = 2, bits = 32> {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %a = amk.counter "a" tag base 1 of %x[0 to 40] : memref<1x8xf32>
  %b = amk.counter "b" tag base 1 of %x[32 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+2 {{[AMK-C3]}}
    // expected-note@+1 {{writes x [0, 40) here}}
    amk.task.opaque #amk.phase<0, "x", 0 of 1> (%x)
        accesses [write %x[0 to 64]] : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
    amk.signal %b += 1
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// What leaves the buffer is not cut: it is out of bounds.
amk.schedule @bounds workers = 1 config = #config tags = <stride = 2, bits = 32> {
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %a = amk.counter "a" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error@+2 {{[AMK-S2]}}
    // expected-error@+1 {{[AMK-S5] task x[0] of worker 0: signals counter 'a' but writes no words of it}}
    amk.task.opaque #amk.phase<0, "x", 0 of 1> (%x)
        accesses [write %x[0 to 32] rows 2 stride 4611686018427387904]
        : (memref<1x8xf32>) -> ()
    amk.signal %a += 1
  }
}

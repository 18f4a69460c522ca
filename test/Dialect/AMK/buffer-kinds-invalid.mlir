// RUN: amk-opt %s -split-input-file -verify-diagnostics

// What the verifier follows as an access depends on the kind of the buffer, so
// a buffer of the wrong kind would hide a race. Here the linear would read an
// activation that another worker writes, without a wait.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @activation_as_weight workers = 2 config = #config {
  // expected-note @below {{see the buffer here}}
  %x = amk.buffer activation "x" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  %wide = amk.buffer table "wide" source "wide" : memref<32x64xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "a", 0 of 1> #amk.range<0, 64> (%token, %wide) to (%x)
        : (memref<1xi32>, memref<32x64xf32>, memref<8x8xf32>) -> ()
  }
  amk.queue 1 {
    amk.task.embed #amk.phase<1, "b", 0 of 1> #amk.range<0, 8> (%token, %table) to (%y)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    // expected-error @below {{expects a buffer of kind weight as weight, found activation}}
    amk.task.linear #amk.phase<2, "c", 0 of 1> #amk.range<0, 8> tile 4 (%y) weight(%x) to (%z)
        : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

// A norm weight is built at load; writing it is not an access either.
#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @constant_as_output config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" : memref<32x8xf32>
  // expected-note @below {{see the buffer here}}
  %norm = amk.buffer vector "norm" source "norm" : memref<8xf32>
  // expected-error @below {{expects a buffer of kind activation or logits as out, found vector}}
  amk.task.embed #amk.phase<0, "a", 0 of 1> #amk.range<0, 8> (%token, %table) to (%norm)
      : (memref<1xi32>, memref<32x8xf32>, memref<8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @cache_as_vector workers = 1 config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // expected-note @below {{see the buffer here}}
  %c = amk.buffer kv_cache "c" : memref<8xf32>
  amk.queue 0 {
    // expected-error @below {{expects a buffer of kind vector as weight, found kv_cache}}
    amk.task.rms_norm #amk.phase<0, "n", 0 of 1> (%x, %c) to (%x) epsilon = 1.0e-5
        : (memref<1x8xf32>, memref<8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a worker for kind shared}}
  %x = amk.buffer shared "x" : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{does not take a worker for kind activation}}
  %x = amk.buffer activation "x" worker 0 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a non-negative worker, found -1}}
  %x = amk.buffer shared "x" worker -1 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a capacity for kind ring}}
  %x = amk.buffer ring "x" worker 0 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{does not take a capacity for kind shared}}
  %x = amk.buffer shared "x" worker 0 capacity 8 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects a capacity from 1 on, found 0}}
  %x = amk.buffer ring "x" capacity 0 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{does not take an offset for kind ring}}
  %x = amk.buffer ring "x" capacity 8 offset 0 : memref<8xf32>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects f32, f16, bf16 or i32 for kind table, found}}
  %x = amk.buffer table "x" source "x" : memref<8xi8>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-error @below {{expects f32, f16, bf16 or i32 for kind kv_cache, found}}
  %x = amk.buffer kv_cache "x" : memref<2x1x1x8xi64>
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a schedule around kind shared, found a graph}}
  %x = amk.buffer shared "x" worker 0 : memref<8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a schedule around kind ring, found a graph}}
  %x = amk.buffer ring "x" capacity 8 : memref<8xf32>
}

// What the verifiers of buffers and of tasks without weights refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a static, contiguous shape, found 'memref<?xf32>'}}
  %b = amk.buffer activation "b" : memref<?xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a static, contiguous shape}}
  %b = amk.buffer activation "b" : memref<8xf32, strided<[2]>>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a source for kind weight}}
  %b = amk.buffer weight "b" : memref<8x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a source for kind table}}
  %b = amk.buffer table "b" : memref<8x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a source for kind vector}}
  %b = amk.buffer vector "b" : memref<8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{does not take a source for kind activation}}
  %b = amk.buffer activation "b" source "s" : memref<8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects inv_freq and scale for rotary tables, and only for them}}
  %b = amk.buffer rotary "b" : memref<16x2x2xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects inv_freq and scale for rotary tables, and only for them}}
  %b = amk.buffer activation "b" inv_freq = [1.0] scale = 1.0 : memref<8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a non-negative offset, found -64}}
  %b = amk.buffer activation "b" offset -64 : memref<8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %tok = amk.buffer token "tok" : memref<1xi32>
  %tab = amk.buffer table "tab" source "t" : memref<32x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // expected-error @below {{covers units [4, 9) of 8}}
  amk.task.embed #amk.phase<0, "t", 0 of 1> #amk.range<4, 9> (%tok, %tab) to (%x)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %tok = amk.buffer token "tok" : memref<1xi32>
  %tab = amk.buffer table "tab" source "t" : memref<32x8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  // expected-error @below {{expects a matrix [rows, 4] as table, found 'memref<32x8xf32>'}}
  amk.task.embed #amk.phase<0, "t", 0 of 1> #amk.range<0, 4> (%tok, %tab) to (%z)
      : (memref<1xi32>, memref<32x8xf32>, memref<1x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %n4 = amk.buffer vector "n4" source "n" : memref<4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of weight, found 'memref<4xf32>'}}
  amk.task.rms_norm #amk.phase<0, "t", 0 of 1> (%x, %n4) to (%y) epsilon = 1.0e-5
      : (memref<1x8xf32>, memref<4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %n = amk.buffer vector "n" source "n" : memref<8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  // expected-error @below {{expects 8 elements of out, found 'memref<1x4xf32>'}}
  amk.task.rms_norm #amk.phase<0, "t", 0 of 1> (%x, %n) to (%z) epsilon = 1.0e-5
      : (memref<1x8xf32>, memref<8xf32>, memref<1x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a rotary table [positions, 2, 4]}}
  amk.task.rope #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> head_dim = 8 (%x, %r) to (%y)
      : (memref<1x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  // expected-error @below {{expects 8 elements of out}}
  amk.task.rope #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> head_dim = 4 (%x, %r) to (%z)
      : (memref<1x8xf32>, memref<16x2x2xf32>, memref<1x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [0, 3) of 2}}
  amk.task.rope #amk.phase<0, "t", 0 of 1> #amk.range<0, 3> head_dim = 4 (%x, %r) to (%y)
      : (memref<1x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c3 = amk.buffer kv_cache "c3" : memref<2x16x4xf32>
  // expected-error @below {{expects a cache [2, heads, positions, dim], found 'memref<2x16x4xf32>'}}
  amk.task.kv_append #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> (%x, %y) to (%c3)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects 8 elements of key, found 'memref<1x4xf32>'}}
  amk.task.kv_append #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> (%z, %x) to (%c)
      : (memref<1x4xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects 8 elements of value, found 'memref<1x4xf32>'}}
  amk.task.kv_append #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> (%x, %z) to (%c)
      : (memref<1x8xf32>, memref<1x4xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{covers units [0, 3) of 2}}
  amk.task.kv_append #amk.phase<0, "t", 0 of 1> #amk.range<0, 3> (%x, %y) to (%c)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c3 = amk.buffer kv_cache "c3" : memref<2x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a cache [2, heads, positions, dim]}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 1 scale = 0.5 (%x, %c3) to (%y)
      : (memref<1x8xf32>, memref<2x16x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 1 to 64 splits, found 0}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 0 scale = 0.5 (%x, %c) to (%y)
      : (memref<1x8xf32>, memref<2x2x16x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 1 to 64 splits, found 65}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 65 scale = 0.5 (%x, %c) to (%y)
      : (memref<1x8xf32>, memref<2x2x16x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q12 = amk.buffer activation "q12" : memref<1x12xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a multiple of 2 query heads of 4 elements, found 'memref<1x12xf32>'}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 1 scale = 0.5 (%q12, %c) to (%y)
      : (memref<1x12xf32>, memref<2x2x16x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  // expected-error @below {{expects 8 elements of out, found 'memref<1x4xf32>'}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 1 scale = 0.5 (%x, %c) to (%z)
      : (memref<1x8xf32>, memref<2x2x16x4xf32>, memref<1x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 24 elements of out, found 'memref<1x8xf32>'}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 2 scale = 0.5 (%x, %c) to (%y)
      : (memref<1x8xf32>, memref<2x2x16x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %p = amk.buffer activation "p" : memref<2x2x6xf32>
  // expected-error @below {{covers units [0, 5) of 4}}
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 5> splits = 2 scale = 0.5 (%x, %c) to (%p)
      : (memref<1x8xf32>, memref<2x2x16x4xf32>, memref<2x2x6xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p2 = amk.buffer activation "p2" : memref<2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects partials [heads, splits, dim + 2], found 'memref<2x2xf32>'}}
  amk.task.attention_combine #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> (%p2) to (%y)
      : (memref<2x2xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<2x2x6xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  // expected-error @below {{expects 8 elements of out}}
  amk.task.attention_combine #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> (%p) to (%z)
      : (memref<2x2x6xf32>, memref<1x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<2x2x6xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [0, 3) of 2}}
  amk.task.attention_combine #amk.phase<0, "t", 0 of 1> #amk.range<0, 3> (%p) to (%y)
      : (memref<2x2x6xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of gate}}
  amk.task.gated_activation #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> (%z, %x) to (%y)
      : (memref<1x4xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of up}}
  amk.task.gated_activation #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> (%x, %z) to (%y)
      : (memref<1x8xf32>, memref<1x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [0, 9) of 8}}
  amk.task.gated_activation #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 9> (%x, %x) to (%y)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of lhs}}
  amk.task.add #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> (%z, %x) to (%y)
      : (memref<1x4xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of rhs}}
  amk.task.add #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> (%x, %z) to (%y)
      : (memref<1x8xf32>, memref<1x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [8, 9) of 8}}
  amk.task.add #amk.phase<0, "t", 0 of 1> #amk.range<8, 9> (%x, %x) to (%y)
      : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %m3 = amk.buffer activation "m3" : memref<2x3xi32>
  %tok = amk.buffer token "tok" : memref<1xi32>
  %ctl = amk.buffer control "ctl" : memref<1xi32>
  // expected-error @below {{expects partials [parts, 2], found 'memref<2x3xi32>'}}
  amk.task.argmax_combine #amk.phase<0, "t", 0 of 1> (%m3) to (%tok, %ctl)
      : (memref<2x3xi32>, memref<1xi32>, memref<1xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects sizes from 1 on and less than 2^63 bits, found 'memref<2x0x16x4xf32>'}}
  %b = amk.buffer kv_cache "b" : memref<2x0x16x4xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects sizes from 1 on and less than 2^63 bits, found 'memref<4294967296x4294967296xf32>'}}
  %b = amk.buffer activation "b" : memref<4294967296x4294967296xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects a shape [positions, 2, 1] for 1 frequencies, found 'memref<16x2x4xf32>'}}
  %b = amk.buffer rotary "b" inv_freq = [1.0] scale = 1.0 : memref<16x2x4xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects inv_freq and scale for rotary tables, and only for them}}
  %b = "amk.buffer"() <{kind = 6 : i32, name = "b", inv_freq = array<f32: 1.0>}>
      : () -> memref<16x2x1xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  // expected-error @below {{expects inv_freq and scale for rotary tables, and only for them}}
  %b = "amk.buffer"() <{kind = 0 : i32, name = "b", scale = 1.0 : f64}>
      : () -> memref<16xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// A task before its buffers is refused for the buffer, not computed with.
amk.graph @g config = #config {
  amk.task.attention #amk.phase<0, "t", 0 of 1> #amk.range<0, 1> splits = 1 scale = 1.0 (%x, %c) to (%y)
      : (memref<1x8xf32>, memref<2x0x16x4xf32>, memref<1x8xf32>) -> ()
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // expected-error @below {{expects sizes from 1 on}}
  %c = amk.buffer kv_cache "c" : memref<2x0x16x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @foreign config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  // expected-error @below {{'arith.constant' op is not allowed in a graph; expects buffers and tasks}}
  %c = arith.constant 1 : index
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @nested config = #config {
  // expected-error @below {{'builtin.module' op is not allowed in a graph; expects buffers and tasks}}
  builtin.module {}
}

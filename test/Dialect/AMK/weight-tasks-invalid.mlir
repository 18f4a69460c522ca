// What the verifiers of tasks with weights refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects an even tile of 2 to 64 rows, found 3}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 3 (%x) weight(%w) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects an even tile of 2 to 64 rows, found 66}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 66 (%x) weight(%w) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %n4 = amk.buffer vector "n4" source "n" : memref<4xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of norm}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) norm(%n4, epsilon = 1.0e-5) weight(%w) to (%y)
      : (memref<1x8xf32>, memref<4xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a matrix [8, 8] as weight, found 'memref<4x8xf32>'}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) weight(%w4) to (%y)
      : (memref<1x8xf32>, memref<4x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w9 = amk.buffer weight "w9" source "w9" : memref<8x9xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a matrix [8, 8] as weight, found 'memref<8x9xf32>'}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) weight(%w9) to (%y)
      : (memref<1x8xf32>, memref<8x9xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %z = amk.buffer activation "z" : memref<1x4xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects 8 elements of residual}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) weight(%w) residual(%z) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x4xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [4, 12) of 8}}
  amk.task.linear #amk.phase<0, "t", 0 of 1> #amk.range<4, 12> tile 4 (%x) weight(%w) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects an even tile of 2 to 64 rows, found 0}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 0 (%x) weights(%w, %w, %w)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c3 = amk.buffer kv_cache "c3" : memref<2x16x4xf32>
  // expected-error @below {{expects a cache [2, heads, positions, dim]}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %w, %w)
      rotary(%r) to (%y, %c3)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  %r3 = amk.buffer rotary "r3" inv_freq = [1.0, 0.1, 0.01] scale = 1.0 : memref<16x2x3xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a rotary table [positions, 2, 2], found 'memref<16x2x3xf32>'}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %w, %w)
      rotary(%r3) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<16x2x3xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects a matrix [8, 8] as query_weight}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w4, %w, %w)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<4x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects a matrix [8, 8] as key_weight}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %w4, %w)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<4x8xf32>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects a matrix [8, 8] as value_weight}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %w, %w4)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<4x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %wh = amk.buffer weight "wh" source "wh" : memref<8x8xf16>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects weights of one element type}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %wh, %w)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf16>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %wh = amk.buffer weight "wh" source "wh" : memref<8x8xf16>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{expects weights of one element type}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 12> tile 4 (%x) weights(%w, %w, %wh)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf16>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %r = amk.buffer rotary "r" inv_freq = [1.0, 0.1] scale = 1.0 : memref<16x2x2xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %c = amk.buffer kv_cache "c" : memref<2x2x16x4xf32>
  // expected-error @below {{covers units [0, 13) of 12}}
  amk.task.qkv #amk.phase<0, "t", 0 of 1> #amk.range<0, 13> tile 4 (%x) weights(%w, %w, %w)
      rotary(%r) to (%y, %c)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<16x2x2xf32>, memref<1x8xf32>, memref<2x2x16x4xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects an even tile}}
  amk.task.gated_linear #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> tile 1 (%x) weights(%w, %w) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a matrix [8, 8] as gate_weight}}
  amk.task.gated_linear #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> tile 4 (%x) weights(%w4, %w) to (%y)
      : (memref<1x8xf32>, memref<4x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects a matrix [8, 8] as up_weight}}
  amk.task.gated_linear #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> tile 4 (%x) weights(%w, %w4) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<4x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %wh = amk.buffer weight "wh" source "wh" : memref<8x8xf16>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{expects weights of one element type}}
  amk.task.gated_linear #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 8> tile 4 (%x) weights(%w, %wh) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf16>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  // expected-error @below {{covers units [0, 9) of 8}}
  amk.task.gated_linear #amk.phase<0, "t", 0 of 1> silu #amk.range<0, 9> tile 4 (%x) weights(%w, %w) to (%y)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %m1 = amk.buffer activation "m1" : memref<1x2xi32>
  // expected-error @below {{expects an even tile}}
  amk.task.head #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 1 (%x) weight(%w) to (%y, %m1)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>, memref<1x2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w4 = amk.buffer weight "w4" source "w4" : memref<4x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %m1 = amk.buffer activation "m1" : memref<1x2xi32>
  // expected-error @below {{expects a matrix [8, 8] as weight}}
  amk.task.head #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) weight(%w4) to (%y, %m1)
      : (memref<1x8xf32>, memref<4x8xf32>, memref<1x8xf32>, memref<1x2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %m = amk.buffer activation "m" : memref<2x2xi32>
  // expected-error @below {{expects partials [1, 2] or [3], found 'memref<2x2xi32>'}}
  amk.task.head #amk.phase<0, "t", 0 of 1> #amk.range<0, 8> tile 4 (%x) weight(%w) to (%y, %m)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>, memref<2x2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xf32>
  %y = amk.buffer activation "y" : memref<1x8xf32>
  %m1 = amk.buffer activation "m1" : memref<1x2xi32>
  // expected-error @below {{covers units [0, 9) of 8}}
  amk.task.head #amk.phase<0, "t", 0 of 1> #amk.range<0, 9> tile 4 (%x) weight(%w) to (%y, %m1)
      : (memref<1x8xf32>, memref<8x8xf32>, memref<1x8xf32>, memref<1x2xi32>) -> ()
}
